/**
 * The loop over a customer file on the embedded database, in a temporary folder:
 *
 *   node bench/loop.ts [--customers 100000] [--threads 2]
 *
 * Generated customers are synced, scored, decided on and written back by the steps themselves; then all of it again
 * with nothing changed. Rows written are counted in the database, by the transactions that rows say they are from,
 * and by how many rows there are. What is noted of the passes themselves (runs, steps) is counted apart.
 *
 * Bars, for 100,000 customers on a quiet machine: first pass 90 s (score 25 s, write back 15 s), second 10 s and no
 * row. The ratio is the time against the bar, scaled to the number of customers: below 1 is within.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { writeWorld } from '../connectors/world/write.ts'
import { openConnectors, openFile } from '../src/loop/connectors.ts'
import { decideBook } from '../src/loop/decide-book.ts'
import { openEngines } from '../src/loop/engines.ts'
import { runStep } from '../src/loop/run-step.ts'
import { scoreBook } from '../src/loop/score-book.ts'
import type { Counts, LoopServices, LoopStep, StepName } from '../src/loop/services.ts'
import { sync } from '../src/loop/sync.ts'
import { writeBack } from '../src/loop/write-back.ts'
import { openSecrets } from '../src/security/secrets.ts'
import { openVault } from '../src/security/vault.ts'
import { createConnection } from '../src/store/connections.ts'
import type { Database } from '../src/store/database.ts'
import { firstDump } from '../src/store/first-dump.ts'
import { openDatabase } from '../src/store/open.ts'
import { createTenant } from '../src/store/tenants.ts'

const { values: options } = parseArgs({
  options: {
    customers: { type: 'string', default: '100000' },
    threads: { type: 'string', default: '2' },
  },
})
const customers = Number(options.customers)
const steps: Readonly<Partial<Record<StepName, LoopStep>>> = {
  sync,
  score: scoreBook,
  decide: decideBook,
  write_back: writeBack,
}
/** Seconds for 100,000 customers. */
const BARS: Readonly<Record<string, number>> = { score: 25, write_back: 15, first: 90, second: 10 }
const PASSES = new Set(['runs', 'steps'])

const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
const print = (line: string): void => void process.stdout.write(`${line}\n`)
try {
  await measure()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function measure(): Promise<void> {
  const path = join(folder, 'customers.csv')
  await writeWorld(path, { seed: 7, rows: customers, asOf: new Date().toISOString().slice(0, 10) })
  print(
    `${customers.toLocaleString('en')} customers, ${(statSync(path).size / 2 ** 20).toFixed(0)} MB of CSV, embedded database`,
  )
  const database = await openDatabase({ url: null, folder: join(folder, 'database'), dump: firstDump() })
  const vault = openVault({ masterKey: randomBytes(32) })
  const engines = openEngines({ threads: Number(options.threads), dataFolder: folder })
  const services: LoopServices = {
    database,
    engines,
    connectors: openConnectors({ csv: openFile }),
    secrets: openSecrets(vault),
    clock: () => new Date(),
    log: pino({ level: 'silent' }),
  }
  try {
    const tenant = await database.asSystem('a benchmark', (tx) => createTenant(tx, 'Benchmark'))
    const connection = await database.withTenant(tenant, (tx) =>
      createConnection(tx, {
        kind: 'csv',
        name: 'Customers',
        sandbox: false,
        config: { path },
        population: { kind: 'everyone' },
      }),
    )
    const pass = async (name: string, cause: string): Promise<void> => {
      print(`\n${`${name} pass`.padEnd(14)}     wall      CPU   bar x  rows written`)
      const begun = await standOf(database)
      let total = 0
      for (const step of Object.keys(steps) as StepName[]) {
        const { signal } = new AbortController()
        const before = await standOf(database)
        const cpu = process.cpuUsage()
        const start = performance.now()
        const counts = await runStep(services, steps as Record<StepName, LoopStep>, {
          tenant,
          connection,
          step,
          cause,
          signal,
        })
        const seconds = (performance.now() - start) / 1000
        const { user, system } = process.cpuUsage(cpu)
        total += seconds
        const bar = name === 'first' ? step : ''
        line(step, {
          seconds,
          cpu: (user + system) / 1e6,
          bar,
          rows: (await writtenSince(database, before)).rows,
          counts,
        })
      }
      const { rows, passes } = await writtenSince(database, begun)
      line('all', {
        seconds: total,
        cpu: null,
        bar: name,
        rows,
        counts: { 'rows of runs and steps': passes },
      })
    }
    await pass('first', 'first')
    await pass('second', 'schedule')
    print(
      `\npeak memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB, database ${await sizeOf(database)}`,
    )
  } finally {
    await engines.close()
    await database.close()
  }
}

interface Measured {
  readonly seconds: number
  readonly cpu: number | null
  readonly bar: string
  readonly rows: number
  readonly counts: Counts
}

function line(name: string, { seconds, cpu, bar, rows, counts }: Measured): void {
  const limit = BARS[bar] === undefined ? null : (BARS[bar] * customers) / 100_000
  const ratio = limit === null ? '' : (seconds / limit).toFixed(2)
  const said = Object.entries(counts).map(([what, count]) => `${what} ${count.toLocaleString('en')}`)
  print(
    `${name.padEnd(14)}${seconds.toFixed(1).padStart(7)} s${(cpu === null ? '' : `${cpu.toFixed(1)} s`).padStart(9)}${ratio.padStart(8)}${rows.toLocaleString('en').padStart(14)}  ${said.join(', ')}`,
  )
}

/** Where the numbering of transactions stood, and the rows of each table. */
interface Stand {
  readonly transaction: number
  readonly rows: ReadonlyMap<string, number>
}

async function standOf(database: Database): Promise<Stand> {
  return database.asSystem('a benchmark', async (tx) => {
    const [{ transaction }] = await tx.query<{ transaction: number }>(
      'select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as transaction',
    )
    const tables = await tx.query<{ name: string }>(
      `select table_name as name from information_schema.tables
       where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`,
    )
    const rows = new Map<string, number>()
    for (const { name } of tables) {
      const [{ count }] = await tx.query<{ count: number }>(`select count(*) as count from "${name}"`)
      rows.set(name, count)
    }
    return { transaction, rows }
  })
}

/**
 * Rows that were added or changed, and not less than those that were changed or deleted: a row keeps no trace of
 * how often. Zero means that nothing was written that is still there, and nothing is gone.
 */
async function writtenSince(
  database: Database,
  before: Stand,
): Promise<{ readonly rows: number; readonly passes: number }> {
  const now = await standOf(database)
  return database.asSystem('a benchmark', async (tx) => {
    const written = { rows: 0, passes: 0 }
    for (const [name, count] of now.rows) {
      // Transactions are numbered from the first one on: none of a benchmark comes round to zero again.
      const [{ fresh }] = await tx.query<{ fresh: number }>(
        `select count(*) as fresh from "${name}" where xmin::text::bigint >= $1`,
        [before.transaction],
      )
      const gone = (before.rows.get(name) ?? 0) - (count - fresh)
      written[PASSES.has(name) ? 'passes' : 'rows'] += Math.max(fresh, gone)
    }
    return written
  })
}

async function sizeOf(database: Database): Promise<string> {
  const [{ size }] = await database.asSystem('a benchmark', (tx) =>
    tx.query<{ size: number }>('select pg_database_size(current_database()) as size'),
  )
  return `${(size / 2 ** 20).toFixed(0)} MB`
}
