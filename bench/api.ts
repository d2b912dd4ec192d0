/**
 * The API under load, beside an empty Express handler in the same run:
 *
 *   node bench/api.ts [--seconds 8] [--rounds 3] [--connections 50] [--customers 100000] [--short]
 *
 * The server is this process as it is in production: embedded database, models, authentication, log. The load
 * generator (autocannon) is a process of its own on the same machine. Each round measures the empty handler, then
 * POST /v1/score in both modes; the ratio is that of the round's own empty handler, and the median round counts. CPU
 * is what this process used a request, all threads: it moves less than time does when the machine is busy.
 */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { devNull, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import express from 'express'
import { HoldfastError } from '../src/contracts/errors.ts'
import { openLog } from '../src/log.ts'
import { openEngines } from '../src/loop/engines.ts'
import { createApiKey } from '../src/security/api-keys.ts'
import { openSecrets } from '../src/security/secrets.ts'
import { openVault } from '../src/security/vault.ts'
import { apiRoutes } from '../src/server/api/routes.ts'
import { startServer } from '../src/server/server.ts'
import { firstDump } from '../src/store/first-dump.ts'
import { openDatabase } from '../src/store/open.ts'
import { refreshStatistics } from '../src/store/statistics.ts'
import { createTenant } from '../src/store/tenants.ts'
import { fillBook } from '../test/support/book.ts'
import { addConnection } from '../test/support/database.ts'

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string' },
    rounds: { type: 'string' },
    connections: { type: 'string', default: '50' },
    customers: { type: 'string' },
    short: { type: 'boolean', default: false },
  },
})
const { short } = options
const seconds = Number(options.seconds ?? (short ? 3 : 8))
const rounds = Number(options.rounds ?? (short ? 1 : 3))
const customers = Number(options.customers ?? (short ? 10_000 : 100_000))
const connections = Number(options.connections)
/** Of the reads: pages and records that people and programs open. */
const READERS = 10

interface Load {
  readonly perSecond: number
  /** Milliseconds. */
  readonly p50: number
  readonly p97_5: number
  readonly p99: number
  /** Microseconds of this process a request. */
  readonly cpu: number
}

// On disk, as in production: what is not in the database's own cache is read from there.
const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
const database = await openDatabase({ url: null, folder, dump: firstDump() })
const tenant = await database.asSystem('a benchmark', (tx) => createTenant(tx, 'Benchmark'))
const connection = await addConnection(database, tenant)
const { first } = await fillBook(database, tenant, connection, { count: customers, decided: 1 })
await database.asSystem('a benchmark', refreshStatistics)
const { key } = await database.withTenant(tenant, (tx) =>
  createApiKey(tx, { name: 'bench', scopes: ['score', 'read'], actor: 'bench' }),
)
const vault = openVault({ masterKey: randomBytes(32) })
const engines = openEngines({ threads: 1, dataFolder: 'none' })
const server = await startServer({
  host: '127.0.0.1',
  port: 0,
  trustProxy: false,
  routes: apiRoutes,
  version: 'bench',
  services: {
    database,
    engines,
    vault,
    secrets: openSecrets(vault),
    clock: () => new Date(),
    // Requests are logged as in production; where to is not what is measured.
    log: openLog({ level: 'info', destination: createWriteStream(devNull) }),
    connectors: {
      can: () => false,
      open: () => Promise.reject(new HoldfastError('connector_configuration', 'There is none here.')),
    },
    queue: null,
    inbox: null,
    publicUrl: null,
  },
})
const empty = express()
empty.post('/', (_request, response) => void response.end())
const emptyServer = createServer(empty)
await new Promise<void>((resolve) => {
  emptyServer.listen(0, '127.0.0.1', resolve)
})
const emptyUrl = `http://127.0.0.1:${(emptyServer.address() as AddressInfo).port}/`
const scoreUrl = `${server.url}/v1/score`

/** Of the shipped starter model: all that it looks at. */
const features = {
  tenureMonths: 3,
  recurringAmount: 89.4,
  recurringAmountChange: 0.05,
  usagePerDay: 31,
  usageTrend: -0.2,
  daysSinceLastActivity: 12,
  supportTickets: 3,
  paymentFailures: 1,
  sentiment: -0.2,
  contract: 'Month-to-month',
  monthsToRenewal: 2,
}
const byFeatures = [JSON.stringify({ features, recurring: { amountMinor: 8940, currency: 'USD' } })]
// Each tenth customer of the book left it; the others in an order that skips about.
const ids = Array.from({ length: 5003 }, (_, n) => {
  const at = (n * 7919) % customers
  return first + (at % 10 === 9 ? at - 1 : at)
})
const byId = ids.map((id) => JSON.stringify({ id }))
const reads = {
  'GET /v1/customers (most to lose first)': ['/v1/customers'],
  'GET /v1/customers (HIGH, by probability)': ['/v1/customers?level=HIGH&sort=probability'],
  'GET /v1/customers/{id}': ids.slice(0, 500).map((id) => `/v1/customers/${id}`),
  'GET /v1/decisions': ['/v1/decisions'],
  'GET /v1/connections': ['/v1/connections'],
}

const rows: { empty: Load; features: Load; id: Load }[] = []
await load({ url: scoreUrl, bodies: byFeatures, seconds: 2 })
await load({ url: scoreUrl, bodies: byId, seconds: 2 })
for (let round = 0; round < rounds; round++) {
  const row = {
    empty: await load({ url: emptyUrl, bodies: [''] }),
    features: await load({ url: scoreUrl, bodies: byFeatures }),
    id: await load({ url: scoreUrl, bodies: byId }),
  }
  rows.push(row)
  print(
    `round ${round + 1}: empty ${shown(row.empty)}\n         by features ${shown(row.features)} = ${percent(row.features, row.empty)}\n         by id ${shown(row.id)} = ${percent(row.id, row.empty)}`,
  )
}
const median = (of: (row: (typeof rows)[number]) => number): number =>
  rows.map(of).toSorted((a, b) => a - b)[Math.floor(rows.length / 2)]
const share = (mode: 'features' | 'id'): string =>
  `${(100 * median((row) => row[mode].perSecond / row.empty.perSecond)).toFixed(1)} %`
print(`
POST /v1/score: ${connections} connections, ${customers.toLocaleString('en')} customers, median of ${rounds} rounds
by features  ${share('features')} of an empty Express handler (bar 10 %), p99 ${median((row) => row.features.p99)} ms (bar 40 ms)
by id        ${share('id')}, p99 ${median((row) => row.id.p99)} ms (bar 50 ms)
memory       ${Math.round(process.memoryUsage().rss / 1e6)} MB resident, the embedded database included

Reads: ${READERS} connections`)
for (const [name, paths] of Object.entries(reads)) {
  const read = await load({ url: server.url, paths, connections: READERS, seconds: Math.min(seconds, 4) })
  print(`${name.padEnd(42)} ${shown(read)}, p97.5 ${read.p97_5} ms`)
}
await server.close()
emptyServer.closeAllConnections()
emptyServer.close()
await engines.close()
await database.close()
rmSync(folder, { recursive: true })

interface Ask {
  readonly url: string
  /** Of a POST to `url`, one after the other. */
  readonly bodies?: readonly string[]
  /** To GET, one after the other. */
  readonly paths?: readonly string[]
  readonly connections?: number
  readonly seconds?: number
}

/** Autocannon in a process of its own, so that it does not take the server's thread. */
async function load(ask: Ask): Promise<Load> {
  const script = `
    const autocannon = require(${JSON.stringify(createRequire(import.meta.url).resolve('autocannon'))})
    const { url, bodies, paths, seconds, connections, key } = JSON.parse(require('fs').readFileSync(0, 'utf8'))
    const headers = { 'content-type': 'application/json', authorization: 'Bearer ' + key }
    const method = bodies ? 'POST' : 'GET'
    const many = (bodies ?? paths).length > 1
    const at = (n) => (bodies ? { body: bodies[n % bodies.length] } : { path: paths[n % paths.length] })
    let next = 0
    autocannon({
      url, connections, duration: seconds, method,
      requests: [{ method, headers, ...at(0), ...(many ? { setupRequest: (one) => ({ ...one, ...at(next++) }) } : {}) }],
    }).then((result) => process.stdout.write(JSON.stringify(result)))`
  const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  const before = process.cpuUsage()
  child.stdin.end(JSON.stringify({ seconds, connections, key, ...ask }))
  let text = ''
  for await (const part of child.stdout) text += String(part)
  const used = process.cpuUsage(before)
  const result = JSON.parse(text) as {
    requests: { average: number; total: number }
    latency: { p50: number; p97_5: number; p99: number }
    errors: number
    timeouts: number
    non2xx: number
  }
  const failed = result.errors + result.timeouts + result.non2xx
  if (failed > 0) throw new Error(`${failed} requests to ${ask.url} failed: the figures would mean nothing.`)
  return {
    perSecond: result.requests.average,
    p50: result.latency.p50,
    p97_5: result.latency.p97_5,
    p99: result.latency.p99,
    cpu: (used.user + used.system) / result.requests.total,
  }
}

function shown({ perSecond, p50, p99, cpu }: Load): string {
  return `${Math.round(perSecond).toLocaleString('en')}/s (p50 ${p50}, p99 ${p99} ms, CPU ${Math.round(cpu)} µs)`
}

function percent(of: Load, whole: Load): string {
  return `${((100 * of.perSecond) / whole.perSecond).toFixed(1)} %`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
