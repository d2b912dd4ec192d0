/**
 * The preview of a whole book on the embedded database, in a temporary folder:
 *
 *   node --expose-gc bench/preview.ts [--customers 100000] [--threads 2]
 *
 * Generated customers are synced and scored by the steps themselves; then it is asked what would be sent, twice. Printed
 * are the time, and the memory that was in use at most while it was made against before, database included. Rows are
 * counted before and after: nothing is written.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { writeWorld } from '../connectors/world/write.ts'
import { openConnectors, openFile } from '../src/loop/connectors.ts'
import { openEngines } from '../src/loop/engines.ts'
import { previewBook } from '../src/loop/preview-book.ts'
import { previewJudge } from '../src/loop/preview-judge.ts'
import { runStep } from '../src/loop/run-step.ts'
import { scoreBook } from '../src/loop/score-book.ts'
import type { LoopServices, LoopStep, StepName } from '../src/loop/services.ts'
import { sync } from '../src/loop/sync.ts'
import { openSecrets } from '../src/security/secrets.ts'
import { openVault } from '../src/security/vault.ts'
import { createConnection } from '../src/store/connections.ts'
import { firstDump } from '../src/store/first-dump.ts'
import { openDatabase } from '../src/store/open.ts'
import { countRows } from '../src/store/portable.ts'
import { saveSettings } from '../src/store/settings-versions.ts'
import { createTenant } from '../src/store/tenants.ts'

const { values: options } = parseArgs({
  options: {
    customers: { type: 'string', default: '100000' },
    threads: { type: 'string', default: '2' },
  },
})
const customers = Number(options.customers)
const STEPS: Readonly<Partial<Record<StepName, LoopStep>>> = { sync, score: scoreBook }
/** So that something is worth doing for many, and each of them is judged. */
const LIVELY = { currency: { file: 'EUR' }, gate: { threshold: 0.5 }, margin: { gross: 0.9 } }

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
  const database = await openDatabase({ url: null, folder: join(folder, 'database'), dump: firstDump() })
  const engines = openEngines({ threads: Number(options.threads), dataFolder: folder })
  const services: LoopServices = {
    database,
    engines,
    connectors: openConnectors({ csv: openFile }),
    secrets: openSecrets(openVault({ masterKey: randomBytes(32) })),
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
        config: { path, idColumn: 'customer_id', nameColumn: 'company', emailColumn: 'email' },
        population: { kind: 'everyone' },
      }),
    )
    await database.withTenant(tenant, (tx) => saveSettings(tx, LIVELY, { expected: 0, author: 'benchmark' }))
    for (const step of Object.keys(STEPS) as StepName[]) {
      const { signal } = new AbortController()
      const call = { tenant, connection, step, cause: 'first', signal }
      await runStep(services, STEPS as Record<StepName, LoopStep>, call)
    }
    // A company's keys are made at their first use, whatever that is.
    await database.withTenant(tenant, async (tx) => {
      await services.secrets.addressKey(tx)
      await services.secrets.linkKey(tx)
    })
    print(`preview of ${customers.toLocaleString('en')} customers, embedded database`)
    const rows = () => database.asSystem('a benchmark counts', countRows)
    const before = await rows()
    for (const name of ['first', 'second']) {
      const judge = previewJudge({ ...services, publicUrl: null, localUrl: 'http://localhost' }, tenant)
      globalThis.gc?.()
      const begun = process.memoryUsage.rss()
      let most = begun
      const timer = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 20)
      const cpu = process.cpuUsage()
      const start = performance.now()
      const { signal } = new AbortController()
      const made = await previewBook(services, { tenant, judge, whole: true, signal })
      const seconds = (performance.now() - start) / 1000
      clearInterval(timer)
      const { user, system } = process.cpuUsage(cpu)
      const chosen = made?.actions.reduce((sum, one) => sum + one.chosen, 0) ?? 0
      const mb = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MB`
      print(
        `${name.padEnd(7)} ${seconds.toFixed(1)} s, ${((user + system) / 1e6).toFixed(1)} s of CPU; ${mb(begun)} before, ${mb(most)} at most (+${mb(most - begun)}); ${chosen.toLocaleString('en')} chosen, ${made?.examples.length} examples, ${(JSON.stringify(made).length / 1024).toFixed(0)} KB`,
      )
    }
    const changed = Object.entries(await rows()).filter(([table, many]) => before[table] !== many)
    print(`rows written: ${changed.length === 0 ? 'none' : changed.map(([table]) => table).join(', ')}`)
  } finally {
    await engines.close()
    await database.close()
  }
}
