/**
 * The fault harness: seeded runs in which processes, servers and providers fail while messages go out, and afterwards
 * the ledger is held against what providers and CRM recorded. `npm run test:faults -- --seeds 200 --json`.
 */
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { killAll } from '../test/faults/process.ts'
import { openServers, possibleGrounds } from '../test/faults/seeded/grounds.ts'
import { failuresOf, reportOf } from '../test/faults/seeded/report.ts'
import { runSchedule, timesFor, type Run } from '../test/faults/seeded/run.ts'
import { scheduleOf, type Ground, type ScheduleOptions } from '../test/faults/seeded/schedule.ts'

const USAGE = `npm run test:faults -- [--seeds N] [--from SEED] [--actions N] [--profile all|kills|none] [--ground NAME] [--slow N] [--json]

  Without --seeds: the tests of single faults, and then a few seeds.
  --seeds N    runs of this many seeds, and nothing else
  --from SEED  the first of them, default 1
  --actions N  e-mails, texts and tasks of a run, default 250
  --profile    what goes wrong: all, kills alone, or none
  --ground     embedded, database (PostgreSQL) or redis (PostgreSQL and Redis); default: in turn all that can be started
  --slow N     leases and timeouts so many times as long, for a machine that is busy; default 1
  --json       the report as JSON on the standard output
`

/** Without --seeds. */
const SHORT = 3

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    from: { type: 'string', default: '1' },
    actions: { type: 'string', default: '250' },
    profile: { type: 'string', default: 'all' },
    ground: { type: 'string' },
    slow: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  process.stdout.write(USAGE)
  process.exit(0)
}

const say = (line: string): void => void process.stderr.write(`${line}\n`)

if (values.seeds === undefined) {
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'vitest.faults.config.ts']
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

const [seeds, from, actions] = [values.seeds ?? String(SHORT), values.from, values.actions].map(wholeNumber)
const grounds = values.ground === undefined ? possibleGrounds() : [groundOf(values.ground)]
const options: ScheduleOptions = { grounds, actions, profile: profileOf(values.profile) }
say(`${seeds} seeds from ${from}, ${actions} actions each, on ${grounds.join(', ')}`)

const times = timesFor(wholeNumber(values.slow))
const servers = openServers()
const runs: Run[] = []
const broken: string[] = []
try {
  for (let seed = from; seed < from + seeds; seed++) {
    const schedule = scheduleOf(seed, options)
    say(`seed ${seed} on ${schedule.ground} with ${schedule.crm}`)
    try {
      const run = await runSchedule(schedule, { servers, times, trace: (line) => say(`  ${line}`) })
      runs.push(run)
      say(
        `  ${JSON.stringify(run.states)}; in doubt ${JSON.stringify(run.doubts)}; ${run.seconds.toFixed(1)} s`,
      )
      for (const line of reportOf([run], times).wrong) say(`  WRONG ${line}`)
    } catch (cause) {
      broken.push(
        `seed ${seed} on ${schedule.ground}: ${cause instanceof Error ? cause.stack : String(cause)}`,
      )
      say(`  BROKEN ${broken.at(-1)}`)
    }
  }
} finally {
  await killAll()
  await servers.remove()
}
const report = reportOf(runs, times)
const failures = [...broken, ...failuresOf(report)]
if (values.json) process.stdout.write(`${JSON.stringify({ ...report, failures }, null, 2)}\n`)
else process.stdout.write(`${JSON.stringify(report, null, 2)}\n${failures.join('\n')}\n`)
process.exit(failures.length === 0 ? 0 : 1)

function wholeNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) refuse(`"${text}" is no whole number above 0.`)
  return Number(text)
}

function groundOf(name: string): Ground {
  const found = possibleGrounds().find((one) => one === name)
  return found ?? refuse(`--ground ${name}: here there are ${possibleGrounds().join(', ')}.`)
}

function profileOf(name: string): ScheduleOptions['profile'] {
  return name === 'all' || name === 'kills' || name === 'none' ? name : refuse(`--profile ${name} is none.`)
}

function refuse(why: string): never {
  say(`${why}\n\n${USAGE}`)
  process.exit(2)
}
