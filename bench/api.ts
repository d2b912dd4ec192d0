/**
 * POST /v1/score under load, beside an empty Express handler in the same run:
 *
 *   node bench/api.ts [--seconds 8] [--rounds 3] [--connections 50] [--customers 100000]
 *
 * The server is this process: embedded database, models, authentication, log. The load generator (autocannon) is a
 * process of its own on the same machine. Each round measures the empty handler and both modes, one after the other;
 * the ratio is that of the round's own empty handler, and the median round counts.
 */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import express from 'express'
import { pino } from 'pino'
import { HoldfastError } from '../src/contracts/errors.ts'
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
    seconds: { type: 'string', default: '8' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '50' },
    customers: { type: 'string', default: '100000' },
  },
})
const customers = Number(options.customers)
const rounds = Number(options.rounds)

interface Load {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  readonly failed: number
}

const database = await openDatabase({ url: null, folder: null, dump: firstDump() })
const tenant = await database.asSystem('a benchmark', (tx) => createTenant(tx, 'Benchmark'))
const connection = await addConnection(database, tenant)
const { first } = await fillBook(database, tenant, connection, { count: customers })
await database.asSystem('a benchmark', refreshStatistics)
const { key } = await database.withTenant(tenant, (tx) =>
  createApiKey(tx, { name: 'bench', scopes: ['score'], actor: 'bench' }),
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
    log: pino({ level: 'info' }, createWriteStream('/dev/null')),
    connectors: {
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
// Each tenth customer of the book left it; 5,003 others in an order that skips about.
const byId = Array.from({ length: 5003 }, (_, n) => {
  const at = (n * 7919) % customers
  return JSON.stringify({ id: first + (at % 10 === 9 ? at - 1 : at) })
})

const rows: { empty: Load; features: Load; id: Load }[] = []
await load(`${server.url}/v1/score`, byFeatures, 2)
await load(`${server.url}/v1/score`, byId, 2)
for (let round = 0; round < rounds; round++) {
  const row = {
    empty: await load(emptyUrl, ['']),
    features: await load(`${server.url}/v1/score`, byFeatures),
    id: await load(`${server.url}/v1/score`, byId),
  }
  rows.push(row)
  console.log(
    `round ${round + 1}: empty ${shown(row.empty)}; by features ${shown(row.features)} = ${percent(row.features, row.empty)}; by id ${shown(row.id)} = ${percent(row.id, row.empty)}`,
  )
}
const median = (of: (row: (typeof rows)[number]) => number): number =>
  rows.map(of).toSorted((a, b) => a - b)[Math.floor(rows.length / 2)]
const ratio = median((row) => row.features.perSecond / row.empty.perSecond)
const p99 = median((row) => row.features.p99)
const idP99 = median((row) => row.id.p99)
console.log(`
${options.connections} connections, ${customers.toLocaleString('en')} customers, median of ${rounds} rounds
by features  ${(100 * ratio).toFixed(1)} % of an empty Express handler (bar 10 %), p99 ${p99} ms (bar 40 ms)
by id        ${(100 * median((row) => row.id.perSecond / row.empty.perSecond)).toFixed(1)} %, p99 ${idP99} ms (bar 50 ms)
memory       ${Math.round(process.memoryUsage().rss / 1e6)} MB resident, the embedded database with the book included`)
await server.close()
emptyServer.closeAllConnections()
emptyServer.close()
await engines.close()
await database.close()

/** Autocannon in a process of its own, so that it does not take the server's thread. */
async function load(
  url: string,
  bodies: readonly string[],
  seconds = Number(options.seconds),
): Promise<Load> {
  const script = `
    const autocannon = require(${JSON.stringify(createRequire(import.meta.url).resolve('autocannon'))})
    const { url, bodies, seconds, connections, key } = JSON.parse(require('fs').readFileSync(0, 'utf8'))
    const headers = { 'content-type': 'application/json', authorization: 'Bearer ' + key }
    let next = 0
    autocannon({
      url, connections, duration: seconds, method: 'POST',
      requests: [{ method: 'POST', headers, body: bodies[0], ...(bodies.length > 1 ? { setupRequest: (one) => ({ ...one, body: bodies[next++ % bodies.length] }) } : {}) }],
    }).then((result) => process.stdout.write(JSON.stringify(result)))`
  const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(JSON.stringify({ url, bodies, seconds, connections: Number(options.connections), key }))
  let text = ''
  for await (const part of child.stdout) text += String(part)
  const result = JSON.parse(text) as {
    requests: { average: number }
    latency: { p50: number; p99: number }
    errors: number
    timeouts: number
    non2xx: number
  }
  const failed = result.errors + result.timeouts + result.non2xx
  if (failed > 0) throw new Error(`${failed} requests to ${url} failed: the figures would mean nothing.`)
  return {
    perSecond: result.requests.average,
    p50: result.latency.p50,
    p99: result.latency.p99,
    failed,
  }
}

function shown({ perSecond, p50, p99 }: Load): string {
  return `${Math.round(perSecond).toLocaleString('en')}/s (p50 ${p50}, p99 ${p99} ms)`
}

function percent(of: Load, whole: Load): string {
  return `${((100 * of.perSecond) / whole.perSecond).toFixed(1)} %`
}
