/**
 * The whole `score` process, from start to exit: wall clock, peak memory, and whether it is linear in rows.
 *
 *   node bench/score.ts [--rows 1000000] [--repeats 3] [--telco ../shared/data/telco.csv]
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { writeWorld } from '../connectors/world/write.ts'

const root = resolve(import.meta.dirname, '..')
const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    repeats: { type: 'string', default: '3' },
    telco: { type: 'string', default: join(root, '../shared/data/telco.csv') },
  },
})
const rows = Number(values.rows)
const repeats = Number(values.repeats)
const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
/** Twenty columns, as a billing export would have them. */
const twenty = [
  'customer_id',
  'company',
  'industry',
  'plan',
  'seats',
  'contract',
  'renewal_date',
  'tenure_months',
  'monthly_charges',
  'monthly_charges_change',
  'avg_daily_usage_min',
  'usage_trend',
  'days_since_last_activity',
  'support_tickets',
  'payment_fails_last_3m',
  'last_interaction_sentiment',
  'days_since_last_contact',
  'engagement_score',
  'email_consent',
  'sms_consent',
]

try {
  if (existsSync(values.telco)) {
    report('telco.csv, 7,043 customers', await best(values.telco), { seconds: 1.5, memoryMb: 500 })
  } else {
    process.stdout.write(`telco.csv: skipped, ${values.telco} is absent\n`)
  }
  const quarter = join(folder, 'quarter.csv')
  const whole = join(folder, 'whole.csv')
  await writeWorld(quarter, { seed: 42, rows: rows / 4, columns: twenty })
  await writeWorld(whole, { seed: 42, rows, columns: twenty })
  const small = await best(quarter)
  const large = await best(whole)
  report(`${rows / 4} customers, 20 columns`, small)
  report(
    `${rows} customers, 20 columns`,
    large,
    rows === 1_000_000 ? { seconds: 40, memoryMb: 1500 } : undefined,
  )
  process.stdout.write(
    `four times the rows take ${(large.seconds / small.seconds).toFixed(2)} times as long (linear: 4, less where start-up counts)\n`,
  )
} finally {
  rmSync(folder, { recursive: true })
}

interface Run {
  readonly seconds: number
  readonly memoryMb: number
}

async function best(file: string): Promise<Run> {
  const runs: Run[] = []
  for (let i = 0; i < repeats; i++) runs.push(await run(file))
  return runs.reduce((a, b) => (b.seconds < a.seconds ? b : a))
}

/** One process; peak memory is the kernel's high-water mark, read while it lives. */
function run(file: string): Promise<Run> {
  const started = performance.now()
  const child = spawn(
    process.execPath,
    [join(root, 'src/cli.ts'), 'score', file, '--out', join(folder, 'plan.csv'), '--json', '--quiet'],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  let memoryKb = 0
  const poll = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
      memoryKb = Math.max(memoryKb, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0))
    } catch {
      // gone already, or no /proc on this system: memory stays unknown
    }
  }, 10)
  return new Promise((done, failed) => {
    child.once('error', failed)
    child.once('exit', (code) => {
      clearInterval(poll)
      if (code !== 0) failed(new Error(`score ended with ${code}`))
      else done({ seconds: (performance.now() - started) / 1000, memoryMb: memoryKb / 1024 })
    })
  })
}

function report(name: string, run: Run, bar?: Run): void {
  const against = (value: number, limit: number | undefined): string =>
    limit === undefined ? '' : ` (${(value / limit).toFixed(2)} of the bar of ${limit})`
  process.stdout.write(
    `${name}: ${run.seconds.toFixed(2)} s${against(run.seconds, bar?.seconds)}, ${run.memoryMb.toFixed(0)} MB${against(run.memoryMb, bar?.memoryMb)}\n`,
  )
}
