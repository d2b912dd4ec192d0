/**
 * From a change in HubSpot to the risk written back onto the record, in the real service on the embedded database: the
 * sandbox's webhook, refresh, score, write back.
 *
 *     node bench/webhook.ts --changes 100 --burst 20
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { seedSample } from '../connectors/hubspot/sandbox/sample.ts'
import { startHubSpotSandbox } from '../connectors/hubspot/sandbox/server.ts'
import { startWebhooks } from '../connectors/hubspot/sandbox/webhooks.ts'
import { readConfig } from '../src/config.ts'
import { openLog } from '../src/log.ts'
import { keepPortalTokens } from '../src/security/portal-tokens.ts'
import { apiRoutes } from '../src/server/api/routes.ts'
import { startServer } from '../src/server/server.ts'
import type { AppKey } from '../src/server/services.ts'
import { openService, startServiceQueue } from '../src/service.ts'
import { createConnection } from '../src/store/connections.ts'
import { recentRuns } from '../src/store/runs.ts'
import { listSteps } from '../src/store/steps.ts'
import { activateTenant, createTenant } from '../src/store/tenants.ts'

const { values: options } = parseArgs({
  options: {
    customers: { type: 'string', default: '2000' },
    changes: { type: 'string', default: '100' },
    burst: { type: 'string', default: '20' },
    trace: { type: 'boolean', default: false },
  },
})
/** Milliseconds. */
const BAR = 1000
const print = (line: string): void => void process.stdout.write(`${line}\n`)
let mapped: ReadonlyMap<string, string> = new Map()
const folder = mkdtempSync(join(tmpdir(), 'holdfast-webhook-'))
try {
  await measure()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function measure(): Promise<void> {
  const sandbox = await startHubSpotSandbox({
    clock: () => new Date(),
    seed: (state) => void seedSample(state, { customers: Number(options.customers), seed: 7 }),
  })
  const { state, portal, app } = sandbox
  const lines: { at: number; text: string }[] = []
  const destination = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push({ at: performance.now(), text: chunk.toString() })
      done()
    },
  })
  const service = await openService({
    config: {
      ...readConfig({ HOLDFAST_DATA: folder, PORT: '0' }),
      hubspot: { clientId: app.clientId, clientSecret: app.clientSecret, apiUrl: sandbox.url },
    },
    clock: () => new Date(),
    log: openLog({ level: 'info', destination }),
    alone: true,
  })
  const { database, vault } = service
  const tenant = await database.asSystem('a benchmark', (tx) => createTenant(tx, 'Benchmark'))
  const { accessToken, refreshToken } = sandbox.authorize()
  const connection = await database.withTenant(tenant, async (tx) => {
    await activateTenant(tx, tenant)
    const expiresAt = new Date().toISOString()
    await keepPortalTokens(tx, { vault, portal, tokens: { accessToken, refreshToken, expiresAt } })
    return createConnection(tx, {
      kind: 'hubspot',
      name: 'A portal',
      sandbox: true,
      externalId: portal,
      config: { portal, object: 'companies', auth: 'oauth' },
      population: { kind: 'property', property: 'lifecyclestage', values: ['customer'] },
    })
  })
  const queue = await startServiceQueue(service, 'all')
  const appKeys: AppKey[] = []
  const server = await startServer({
    host: '127.0.0.1',
    port: 0,
    trustProxy: false,
    services: { ...service, queue, appKeys },
    routes: apiRoutes,
    version: '0.0.0',
  })
  const url = `${server.url}/webhooks/hubspot`
  appKeys.push({ secret: app.clientSecret, base: server.url })
  const quiet = async (): Promise<void> => {
    for (let still = 0; still < 5;) {
      const steps = await database.withTenant(tenant, (tx) => listSteps(tx, { connection }))
      const busy = steps.some(({ state: is }) => is === 'running' || is === 'due')
      still = busy ? 0 : still + 1
      await sleep(100)
    }
  }
  const begun = performance.now()
  await quiet()
  print(
    `${options.customers} customers: first loop ${((performance.now() - begun) / 1000).toFixed(1)} s, ${process.memoryUsage.rss() >> 20} MB`,
  )
  const properties = await watched()
  const webhooks = startWebhooks(sandbox, {
    targetUrl: url,
    gatherMs: 0,
    subscriptions: properties.map((propertyName) => ({
      subscriptionType: 'object.propertyChange',
      objectType: 'company',
      propertyName,
    })),
  })
  const ids = await customersOf()
  const waiting = new Map<string, (at: number) => void>()
  state.onChange((change) => {
    if (change.kind !== 'property' || !change.property.startsWith('holdfast_')) return
    waiting.get(change.id)?.(performance.now())
    waiting.delete(change.id)
  })
  const written = (id: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${id} was not written within 20 s`)), 20_000)
      waiting.set(id, (at) => {
        clearTimeout(late)
        resolve(at)
      })
    })
  const change = async (id: string): Promise<number> => {
    const shown = await percentOf(id)
    const done = written(id)
    const at = performance.now()
    state.updateRecord('companies', id, extremes(shown < 30))
    return (await done) - at
  }

  const changes = Number(options.changes)
  const one: number[] = []
  for (let i = 0; i < changes; i++) {
    const from = lines.length
    const asked = sandbox.requests().length
    const ms = await change(ids[i % ids.length])
    one.push(ms)
    await quietly()
    if (options.trace && (i >= changes - 3 || ms > 800)) {
      print(`  ${i}: ${ms.toFixed(0)} ms`)
      trace(lines.slice(from))
      for (const { method, path, at } of sandbox.requests().slice(asked))
        print(`      ${at.toISOString().slice(17, 23)} ${method} ${path}`)
    }
  }
  report('one after another', one)
  const burst: number[] = []
  const size = Number(options.burst)
  for (let from = 0; from < changes; from += size) {
    burst.push(...(await Promise.all(ids.slice(200 + from, 200 + from + size).map(change))))
    await quietly()
  }
  report(`in bursts of ${size}`, burst)
  await breakdown()
  await webhooks.stop()
  await server.close()
  await queue.drain()
  await service.close()
  await sandbox.close()

  /** Until nothing is left to do: the next change begins with nothing under way. */
  async function quietly(): Promise<void> {
    await sleep(30)
    for (;;) {
      const steps = await database.withTenant(tenant, (tx) => listSteps(tx, { connection }))
      if (steps.every(({ state: is }) => is !== 'running' && is !== 'due')) return
      await sleep(20)
    }
  }

  async function customersOf(): Promise<readonly string[]> {
    const rows = await database.withTenant(tenant, (tx) =>
      tx.query<{ id: string }>(
        `select external_id as id from customers where tenant_id = $1 and status = 'active' order by id limit 1000`,
        [tenant],
      ),
    )
    return rows.map(({ id }) => id)
  }

  async function percentOf(id: string): Promise<number> {
    const [row] = await database.withTenant(tenant, (tx) =>
      tx.query<{ percent: number }>(
        `select s.probability * 100 as percent from scores s join customers c using (tenant_id)
         where s.tenant_id = $1 and c.id = s.customer_id and c.external_id = $2`,
        [tenant, id],
      ),
    )
    return row.percent
  }

  async function watched(): Promise<readonly string[]> {
    const [row] = await database.withTenant(tenant, (tx) =>
      tx.query<{ mapping: { columns: { column: string; feature?: string; kind?: string }[] } }>(
        'select mapping from connections where tenant_id = $1',
        [tenant],
      ),
    )
    if (options.trace)
      print(row.mapping.columns.map(({ column, feature }) => `${column}=${feature}`).join(' '))
    mapped = new Map(row.mapping.columns.map(({ column, feature }) => [feature ?? column, column]))
    return row.mapping.columns.map(({ column }) => column)
  }

  async function breakdown(): Promise<void> {
    const runs = await database.withTenant(tenant, (tx) => recentRuns(tx, { connection, limit: 1000 }))
    for (const step of ['refresh', 'score', 'write_back', 'decide']) {
      const ms = runs
        .filter((run) => run.step === step && run.finishedAt !== null)
        .slice(0, changes)
        .map((run) => run.finishedAt!.getTime() - run.startedAt.getTime())
        .toSorted((a, b) => a - b)
      print(
        `  ${step.padEnd(12)} ${ms.length} runs, median ${ms[ms.length >> 1]} ms, p95 ${ms[Math.floor(ms.length * 0.95)]} ms`,
      )
    }
  }
}

/** Somebody about to leave, or as loyal as can be. */
function extremes(leaving: boolean): Record<string, number> {
  const values: Readonly<Record<string, readonly [number, number]>> = {
    usageTrend: [-0.9, 0.6],
    supportTickets: [20, 0],
    paymentFailures: [6, 0],
    usagePerDay: [1, 300],
    engagement: [1, 99],
    responseRate: [0.01, 0.9],
  }
  return Object.fromEntries(
    Object.entries(values).flatMap(([feature, [bad, good]]) => {
      const column = mapped.get(feature)
      return column === undefined ? [] : [[column, leaving ? bad : good]]
    }),
  )
}

function report(what: string, all: readonly number[]): void {
  const sorted = all.toSorted((a, b) => a - b)
  const at = (share: number): string =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))].toFixed(0)
  const p95 = Number(at(0.95))
  print(
    `${what.padEnd(20)} ${sorted.length} changes: median ${at(0.5)} ms, p95 ${at(0.95)} ms, most ${at(1)} ms; bar x ${(p95 / BAR).toFixed(2)}`,
  )
}

function trace(lines: readonly { at: number; text: string }[]): void {
  const start = lines[0]?.at ?? 0
  for (const { at, text } of lines) {
    const { msg, step, route, ms, counts } = JSON.parse(text) as Record<string, unknown>
    print(
      `    +${(at - start).toFixed(0)} ms ${String(msg)} ${String(step ?? route ?? '')} ${String(ms ?? '')} ${JSON.stringify(counts ?? {})}`,
    )
  }
}
