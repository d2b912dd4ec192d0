/**
 * Whether a tenant that floods keeps the others waiting:
 *
 *   node bench/fairness.ts [--tenants 500] [--rounds 3] [--sends N]
 *
 * Sends, each three short transactions and 5 ms at a provider, as those of the ledger (what a tenant's sends want at the
 * same time shares a transaction, as in act.ts), without and with 20,000 due sends
 * of one of the tenants. From due to done, of the others: all of them at the same moment, and 20 a second here and
 * there. Each round measures both, one after the other; the ratio is that of the round, and the median round counts.
 *
 * The embedded database, or the one that HOLDFAST_TEST_DATABASE_URL names; the queue in it, and in the Redis that
 * HOLDFAST_TEST_REDIS_URL names.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { random } from '../models/random.ts'
import { systemClock } from '../src/contracts/clock.ts'
import type { ConnectionId, TenantId } from '../src/contracts/ids.ts'
import { coalesce, type Coalesced } from '../src/loop/coalesce.ts'
import { openBackend } from '../src/queue/backend.ts'
import { startQueue, type QueueService } from '../src/queue/service.ts'
import type { Database } from '../src/store/database.ts'
import { addConnection, addTenant, openTestDatabase } from '../test/support/database.ts'

const { values: options } = parseArgs({
  options: {
    tenants: { type: 'string', default: '500' },
    rounds: { type: 'string', default: '3' },
    sends: { type: 'string' },
  },
})
const TENANTS = Number(options.tenants)
const ROUNDS = Number(options.rounds)
const SENDS = options.sends === undefined ? null : Number(options.sends)
const FLOOD = 20_000
const print = (line: string): void => void process.stdout.write(`${line}\n`)

interface Place {
  readonly tenant: TenantId
  readonly connection: ConnectionId
  readonly customer: number
}

interface Company {
  readonly database: Database
  readonly queue: QueueService
  readonly flooding: Place
  readonly calm: readonly Place[]
  /** Milliseconds from due to done, of the calm. */
  readonly waits: number[]
  doneByFlooding: number
  close(): Promise<void>
}

async function open(redisUrl: string | null): Promise<Company> {
  const database = await openTestDatabase()
  const backend = await openBackend(database, redisUrl)
  const places: Place[] = []
  for (let i = 0; i < TENANTS; i++) {
    const tenant = await addTenant(database, `Tenant ${i}`)
    const connection = await addConnection(database, tenant)
    const [{ customer }] = await database.withTenant(tenant, (tx) =>
      tx.query<{ customer: number }>(
        `insert into customers (tenant_id, connection_id, object, external_id, properties, properties_hash, group_key, group_name)
         values ($1, $2, 'customer', '1', '{}', '', '1', 'policy') returning id as customer`,
        [tenant, connection],
      ),
    )
    places.push({ tenant, connection, customer })
  }
  const [flooding, ...calm] = places
  const company = { database, flooding, calm, waits: [] as number[], doneByFlooding: 0 }
  type Moves = Coalesced<string, Date | undefined>
  const moves = new Map<string, Moves>()
  const moveTo = (tenant: TenantId, state: string): Moves => {
    const known = moves.get(tenant + state)
    if (known !== undefined) return known
    const move: Moves = coalesce((ids: readonly string[]) =>
      database.withTenant(tenant, async (tx) => {
        const rows = await tx.query<{ id: string; since: Date }>(
          `update interventions set state = $2, lease_until = case when $2 = 'sent' then null else now() + interval '1 minute' end
           where tenant_id = $3 and id = any ($1::uuid[]) and state not in ('sent') returning id, due_at as since`,
          [ids, state, tenant],
        )
        const since = new Map(rows.map((row) => [row.id, row.since]))
        return ids.map((id) => since.get(id))
      }),
    )
    moves.set(tenant + state, move)
    return move
  }
  const queue = await startQueue({
    backend,
    database,
    role: 'all',
    clock: systemClock,
    log: pino({ level: 'warn' }),
    limits: SENDS === null ? {} : { sendsPerTenant: SENDS },
    handlers: {
      step: async () => undefined,
      act: async (tenant, intervention) => {
        await moveTo(tenant, 'leased')(intervention)
        await moveTo(tenant, 'sending')(intervention)
        await sleep(5)
        const since = await moveTo(tenant, 'sent')(intervention)
        if (since === undefined) return
        if (tenant === flooding.tenant) company.doneByFlooding++
        else company.waits.push(Date.now() - since.getTime())
      },
    },
  })
  return Object.assign(company, {
    queue,
    close: async () => {
      await queue.drain()
      await backend.close()
      await database.close()
    },
  })
}

async function plan(
  { database, queue }: Company,
  { tenant, connection, customer }: Place,
  count: number,
): Promise<void> {
  await database.withTenant(tenant, async (tx) => {
    await tx.query(
      `insert into interventions (tenant_id, id, customer_id, connection_id, action_key, channel, idempotency_key, state,
         due_at, expires_at, currency, created_by)
       select $1, id, $2, $3, 'email', 'email', id::text, 'planned', clock_timestamp(), now() + interval '1 day', 'EUR', 'bench'
       from json_array_elements_text($4::json) as ids (text), lateral (select text::uuid as id) as one`,
      [tenant, customer, connection, JSON.stringify(Array.from({ length: count }, () => randomUUID()))],
    )
    tx.afterCommit(() => queue.wake(tenant))
  })
}

/** Every calm tenant wants something now and then. */
async function trickle(company: Company, aSecond: number, seconds: number): Promise<void> {
  const chance = random(1)
  const asked: Promise<void>[] = []
  const began = performance.now()
  for (let i = 0; i < aSecond * seconds; i++) {
    const wait = began + (i * 1000) / aSecond - performance.now()
    if (wait > 0) await sleep(wait)
    asked.push(plan(company, company.calm[Math.floor(chance.next() * company.calm.length)], 1))
  }
  await Promise.all(asked)
  await settled(company, aSecond * seconds)
}

/** Every calm tenant wants something at the same moment, as after the schedule of a night. */
async function burst(company: Company): Promise<void> {
  await company.database.asSystem('bench', (tx) =>
    tx.query(
      `insert into interventions (tenant_id, id, customer_id, connection_id, action_key, channel, idempotency_key, state,
         due_at, expires_at, currency, created_by)
       select c.tenant_id, gen_random_uuid(), c.id, c.connection_id, 'email', 'email', gen_random_uuid()::text, 'planned',
         clock_timestamp(), now() + interval '1 day', 'EUR', 'bench'
       from customers c where c.tenant_id <> $1`,
      [company.flooding.tenant],
    ),
  )
  company.queue.wake()
  await settled(company, company.calm.length)
}

async function settled(company: Company, wanted: number): Promise<void> {
  while (company.waits.length < wanted) await sleep(20)
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
}

/** Runs it without and with the flood, on the same company. */
async function compare(name: string, company: Company, run: () => Promise<void>): Promise<void> {
  const ratios: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const calm = await measure(company, run)
    for (let i = 0; i < FLOOD; i += 1000) await plan(company, company.flooding, 1000)
    const flooded = await measure(company, run)
    await company.database.asSystem('bench', (tx) =>
      tx.query("update interventions set state = 'cancelled' where state = 'planned'"),
    )
    await sleep(1000)
    ratios.push(flooded.p95 / calm.p95)
    print(
      `  ${name}: calm ${describe(calm)}; flooded ${describe(flooded)}, ${flooded.beside} of the flood done`,
    )
  }
  const ratio = percentile(ratios, 0.5)
  print(`  ${name}: p95 flooded / calm = ${ratio.toFixed(2)} (bar: 2)`)
}

interface Measured {
  readonly p50: number
  readonly p95: number
  readonly beside: number
}

async function measure(company: Company, run: () => Promise<void>): Promise<Measured> {
  company.waits.length = 0
  company.doneByFlooding = 0
  await run()
  const { waits, doneByFlooding: beside } = company
  return { p50: percentile(waits, 0.5), p95: percentile(waits, 0.95), beside }
}

function describe({ p50, p95 }: Measured): string {
  return `p50 ${p50} ms, p95 ${p95} ms`
}

const redis = process.env['HOLDFAST_TEST_REDIS_URL']
const served = process.env['HOLDFAST_TEST_DATABASE_URL'] === undefined ? 'embedded' : 'PostgreSQL'
for (const redisUrl of [null, ...(redis === undefined ? [] : [redis])]) {
  print(`${TENANTS} tenants, database ${served}, queue in ${redisUrl === null ? 'the database' : 'Redis'}`)
  const company = await open(redisUrl)
  // The first jobs pay for warming up.
  await trickle(company, 20, 3)
  await compare('all at once', company, () => burst(company))
  await compare('20 a second', company, () => trickle(company, 20, 5))
  await company.close()
}
