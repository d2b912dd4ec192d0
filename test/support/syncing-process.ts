/**
 * A process that syncs a CRM into an embedded database, to be killed at any time: starts where the one before it was,
 * says what it does a line at a time, and ends with what it has when it is told to on its standard input.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { pino } from 'pino'
import type { ConnectionId, TenantId } from '../../src/contracts/ids.ts'
import { refresh } from '../../src/loop/refresh.ts'
import type { LoopServices, LoopStep } from '../../src/loop/services.ts'
import { sync } from '../../src/loop/sync.ts'
import { createConnection, type Population } from '../../src/store/connections.ts'
import { openDatabase } from '../../src/store/open.ts'
import { startRun } from '../../src/store/runs.ts'
import { createTenant } from '../../src/store/tenants.ts'
import { configOf, crmConnectors, type CrmPlace } from './worker-crm.ts'

export interface SyncingOptions {
  readonly folder: string
  /** The first dump of a database; null: there is none. */
  readonly dump: string | null
  readonly crm: CrmPlace
  readonly population: Population
  /** How far its clock is ahead. */
  readonly shiftMs: number
}

/** What it says of its database in the end. */
export interface Held {
  readonly customers: readonly {
    readonly id: string
    readonly status: 'active' | 'left' | 'deleted'
    readonly properties: Readonly<Record<string, unknown>>
  }[]
  /** By customer, in the order in which they were stored. */
  readonly changes: readonly {
    readonly customer: string
    readonly changes: Readonly<Record<string, unknown>>
    /** When it became so in the CRM, milliseconds. */
    readonly at: number
  }[]
}

interface Place {
  readonly tenant: TenantId
  readonly connection: ConnectionId
}

const options = JSON.parse(process.argv[2]) as SyncingOptions
const { folder, crm, population } = options
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const clock = (): Date => new Date(Date.now() + options.shiftMs)
const database = await openDatabase({ url: null, folder, dump: options.dump })

async function begin(): Promise<Place> {
  const tenant = await database.asSystem('a test begins', (tx) => createTenant(tx, 'Test company', 'salt'))
  const connection = await database.withTenant(tenant, (tx) =>
    createConnection(tx, {
      kind: crm.kind,
      name: 'A CRM',
      sandbox: false,
      config: configOf(crm),
      population,
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
const key = Buffer.alloc(32, 7)
const services: LoopServices = {
  database,
  engines: { get: () => Promise.reject(new Error('no model is needed')), close: async () => undefined },
  connectors: crmConnectors(crm, clock),
  secrets: { addressKey: async () => key, linkKey: async () => key },
  clock,
  log: pino({ level: 'silent' }),
}

async function step(name: 'sync' | 'refresh', work: LoopStep): Promise<void> {
  const run = await database.withTenant(tenant, (tx) =>
    startRun(tx, { connection, step: name, cause: 'cli' }),
  )
  const { signal } = new AbortController()
  const progress = () => say('page')
  const counts = await work(services, { tenant, connection, run, cause: 'cli', signal, progress })
  say(`${name} ${JSON.stringify(counts)}`)
}

let last = false
createInterface({ input: process.stdin }).on('line', () => void (last = true))
say('ready')
for (;;) {
  const ending = last
  await step('sync', sync)
  await step('refresh', refresh)
  if (ending) break
}
const held: Held = await database.withTenant(tenant, async (tx) => ({
  customers: await tx.query('select external_id as id, status, properties from customers'),
  changes: await tx.query(
    `select c.external_id as customer, p.changes, extract(epoch from p.valid_at)::float8 * 1000 as at from property_changes p
     join customers c on c.tenant_id = p.tenant_id and c.id = p.customer_id order by p.customer_id, p.id`,
  ),
}))
say(`held ${JSON.stringify(held)}`)
await database.close()
