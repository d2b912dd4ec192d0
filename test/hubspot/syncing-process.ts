/**
 * A process that syncs a portal into an embedded database, to be killed at any time: starts where the one before it
 * was, says what it does a line at a time, and ends with what it has when it is told to on its standard input.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { pino } from 'pino'
import { openHubSpotClient } from '../../connectors/hubspot/client.ts'
import { openHubSpotConnector } from '../../connectors/hubspot/connector.ts'
import { openPacers } from '../../connectors/hubspot/limiter.ts'
import { fixedToken } from '../../connectors/hubspot/tokens.ts'
import type { ConnectionId, TenantId } from '../../src/contracts/ids.ts'
import { openConnectors } from '../../src/loop/connectors.ts'
import type { LoopServices } from '../../src/loop/services.ts'
import { sync } from '../../src/loop/sync.ts'
import { createConnection } from '../../src/store/connections.ts'
import { openDatabase } from '../../src/store/open.ts'
import { startRun } from '../../src/store/runs.ts'
import { createTenant } from '../../src/store/tenants.ts'

interface Place {
  readonly tenant: TenantId
  readonly connection: ConnectionId
}

const [folder, url, portal, token, dump] = process.argv.slice(2)
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const clock = (): Date => new Date()
const database = await openDatabase({ url: null, folder, dump: dump || null })

async function begin(): Promise<Place> {
  const tenant = await database.asSystem('a test begins', (tx) => createTenant(tx, 'Test company', 'salt'))
  const connection = await database.withTenant(tenant, (tx) =>
    createConnection(tx, {
      kind: 'hubspot',
      name: 'Portal',
      sandbox: false,
      config: { portal, object: 'companies', auth: 'private_app' },
      population: { kind: 'everyone' },
    }),
  )
  writeFileSync(`${folder}/place.json`, JSON.stringify({ tenant, connection }))
  return { tenant, connection }
}

function known(): Place | null {
  try {
    return JSON.parse(readFileSync(`${folder}/place.json`, 'utf8')) as Place
  } catch {
    return null
  }
}

const { tenant, connection } = known() ?? (await begin())
const fast = { calls: 10_000, windowMs: 10 }
const client = openHubSpotClient({
  baseUrl: url,
  portal,
  tokens: fixedToken(token),
  pacer: openPacers({ limits: { oauth: { call: fast, search: fast } } }).of(portal, 'oauth'),
  clock,
})
const key = Buffer.alloc(32, 7)
const services: LoopServices = {
  database,
  engines: { get: () => Promise.reject(new Error('no model is needed')), close: async () => undefined },
  connectors: openConnectors({
    hubspot: { open: ({ config }) => openHubSpotConnector({ config, client, clock }) },
  }),
  secrets: { addressKey: async () => key, linkKey: async () => key },
  clock,
  log: pino({ level: 'silent' }),
}

async function once(): Promise<void> {
  const run = await database.withTenant(tenant, (tx) =>
    startRun(tx, { connection, step: 'sync', cause: 'cli' }),
  )
  const { signal } = new AbortController()
  const progress = () => say('page')
  const counts = await sync(services, { tenant, connection, run, cause: 'cli', signal, progress })
  say(`synced ${JSON.stringify(counts)}`)
}

let last = false
createInterface({ input: process.stdin }).on('line', () => void (last = true))
say('ready')
for (;;) {
  const ending = last
  await once()
  if (ending) break
}
const held = await database.withTenant(tenant, (tx) =>
  tx.query<{ external_id: string; properties: Record<string, unknown> }>(
    `select external_id, properties from customers where status <> 'deleted'`,
  ),
)
const changes = await database.withTenant(tenant, (tx) =>
  tx.query<{ customer_id: string; changes: unknown }>(
    'select customer_id, changes from property_changes order by customer_id, id',
  ),
)
say(`held ${JSON.stringify({ held, changes })}`)
await database.close()
