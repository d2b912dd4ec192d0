/**
 * Everything that is known of one connection goes: its customers with all that hangs on them, a batch a transaction, and
 * then what is kept by connection. Broken off anywhere, whoever comes next goes on with the customers that are left.
 */
import { randomUUID } from 'node:crypto'
import { HoldfastError } from '../contracts/errors.ts'
import {
  asConnection,
  asTenant,
  type ConnectionId,
  type CustomerId,
  type TenantId,
} from '../contracts/ids.ts'
import { recordAudit } from './audit.ts'
import { settleBookCounts } from './book.ts'
import { lockSyncPosition } from './connections.ts'
import type { Transaction } from './database.ts'

export interface ConnectionErasure {
  readonly id: string
  readonly askedAt: Date
  /** Customers when it was asked for. */
  readonly customers: number
  /** How many of them went. */
  readonly gone: number
  /** Null: it is being done. */
  readonly doneAt: Date | null
}

const COLUMNS = 'id, asked_at as "askedAt", customers, gone, done_at as "doneAt"'

/**
 * Asks for it; asking twice is asking once. The connection has to be disconnected before the first batch goes.
 *
 * @example
 * await askErasure(tx, { connection, actor: 'user:kim' })
 */
export async function askErasure(
  tx: Transaction,
  { connection, actor }: { readonly connection: ConnectionId; readonly actor: string },
): Promise<void> {
  await tx.query(
    `insert into connection_erasures (tenant_id, id, connection_id, actor, customers)
     select $1, $2, $3, $4, (select count(*) from customers where tenant_id = $1 and connection_id = $3)
     on conflict (tenant_id, connection_id) where done_at is null do nothing`,
    [tx.tenant, randomUUID(), connection, actor],
  )
}

/** The newest of a connection, under way or done; null: nobody asked for one since it was last connected. */
export async function erasureOf(
  tx: Transaction,
  connection: ConnectionId,
): Promise<ConnectionErasure | null> {
  const [row] = await tx.query<ConnectionErasure>(
    `select ${COLUMNS} from connection_erasures where tenant_id = $1 and connection_id = $2
     order by asked_at desc limit 1`,
    [tx.tenant, connection],
  )
  return row ?? null
}

/**
 * It is connected again: what was erased before is a matter of the audit log.
 *
 * @throws HoldfastError `conflict` while it is still being erased
 */
export async function endErasures(tx: Transaction, connection: ConnectionId): Promise<void> {
  await expectNotErasing(tx, connection)
  await tx.query('delete from connection_erasures where tenant_id = $1 and connection_id = $2', [
    tx.tenant,
    connection,
  ])
}

/** @throws HoldfastError `conflict` */
export async function expectNotErasing(tx: Transaction, connection: ConnectionId): Promise<void> {
  const found = await erasureOf(tx, connection)
  if (found === null || found.doneAt !== null) return
  throw new HoldfastError(
    'conflict',
    `What was known of this connection is still being erased: ${found.gone} of ${found.customers} customers are gone. Connect it again once that is done.`,
  )
}

/** Those that are under way, longest asked for first. In a system transaction. */
export async function openErasures(
  tx: Transaction,
): Promise<readonly { readonly tenant: TenantId; readonly connection: ConnectionId }[]> {
  const rows = await tx.query<{ tenant: string; connection: string }>(
    `select tenant_id as tenant, connection_id as connection from connection_erasures
     where done_at is null order by asked_at limit 100`,
  )
  return rows.map(({ tenant, connection }) => ({
    tenant: asTenant(tenant),
    connection: asConnection(connection),
  }))
}

/**
 * `waits`: something of the connection still runs, and ends by itself. `elsewhere`: another process is at it, or it is done.
 */
export type Standing = 'ours' | 'waits' | 'elsewhere'

/**
 * Whether this transaction may go on erasing: until it ends, no other process does.
 */
export async function holdErasure(tx: Transaction, connection: ConnectionId): Promise<Standing> {
  const held = await lockErasure(tx, connection)
  return held === null ? 'elsewhere' : (await isBusy(tx, connection)) ? 'waits' : 'ours'
}

/**
 * The next of them go, with all that hangs on them: contacts, history, scores, decisions, the ledger. What is said of them
 * elsewhere went before (src/store/connection-erasure-words.ts). Where {@link holdErasure} says that it is ours.
 *
 * @param last the id up to which it did
 * @param most customers
 * @returns how many went; fewer than `most`: those were all
 */
export async function eraseBatch(
  tx: Transaction,
  connection: ConnectionId,
  { last, most }: { readonly last: CustomerId; readonly most: number },
): Promise<number> {
  const [{ went }] = await tx.query<{ went: number }>(
    `with next as (
       select id from customers where tenant_id = $1 and connection_id = $2 and id <= $3 order by id limit $4
     ), gone as (
       delete from customers c using next where c.tenant_id = $1 and c.id = next.id returning 1
     ) select count(*)::integer as went from gone`,
    [tx.tenant, connection, last, most],
  )
  await tx.query(
    `update connection_erasures set gone = gone + $3
     where tenant_id = $1 and connection_id = $2 and done_at is null`,
    [tx.tenant, connection, went],
  )
  return went
}

/** What is kept by connection and not by customer. Keyed hashes stay, and amounts that were spent. */
const OF_CONNECTION: readonly string[] = [
  'webhook_receipts',
  'workflow_calls',
  'consent_outbox',
  'connection_checks',
  'runs',
  // A few hundred rows a day of counts, which go down with the decisions and would stay as noughts.
  'decision_counts',
  // Which model was in charge of it; the model itself was learnt of all customers together.
  'models',
]

/**
 * The last transaction: nothing of the connection is left then but its name, the account it was of, and how it was set up.
 *
 * @returns false: somebody else does it, or something was added meanwhile
 */
export async function finishErasure(tx: Transaction, connection: ConnectionId): Promise<boolean> {
  const erasure = await lockErasure(tx, connection)
  if (erasure === null) return false
  const [left] = await tx.query(
    'select 1 as one from customers where tenant_id = $1 and connection_id = $2 limit 1',
    [tx.tenant, connection],
  )
  if (left !== undefined) return false
  // The ledger of counts comes to nought by itself, and noughts are left out when it is summed up.
  await settleBookCounts(tx)
  for (const table of OF_CONNECTION)
    await tx.query(`delete from ${table} where tenant_id = $1 and connection_id = $2`, [
      tx.tenant,
      connection,
    ])
  await giveUpClearingsOf(tx, connection)
  await tx.query(`delete from attention_seen where tenant_id = $1 and position($2 in key) > 0`, [
    tx.tenant,
    connection,
  ])
  await tx.query(
    `update training_runs set error_message = null where tenant_id = $1 and connection_id = $2`,
    [tx.tenant, connection],
  )
  // The steps stay with their schedules: by these it goes on should it be connected again.
  await tx.query(
    `update steps set due_at = null, cause = null, attempts = 0, error_code = null, error_message = null,
       last_done_at = null where tenant_id = $1 and connection_id = $2`,
    [tx.tenant, connection],
  )
  await tx.query(
    `update connections set population = null, mapping = null, profile = null, profiled_at = null, notes = '[]',
       cursor = null, thresholds = null, events_position = null, events_at = null, events_problem = null,
       status_reason = 'Disconnected, and what was known of its customers was erased.'
     where tenant_id = $1 and id = $2`,
    [tx.tenant, connection],
  )
  const [done] = await tx.query<{ actor: string; customers: number }>(
    `update connection_erasures set done_at = now() where tenant_id = $1 and id = $2
     returning actor, gone as customers`,
    [tx.tenant, erasure],
  )
  await recordAudit(tx, {
    actor: done.actor,
    action: 'connection.erased',
    object: connection,
    detail: { customers: done.customers },
  })
  return true
}

/** @returns the id of the erasure; null: it is done, another process has it, or nobody left the connection */
async function lockErasure(tx: Transaction, connection: ConnectionId): Promise<string | null> {
  const [row] = await tx.query<{ id: string }>(
    `select id from connection_erasures where tenant_id = $1 and connection_id = $2 and done_at is null
     for update skip locked`,
    [tx.tenant, connection],
  )
  if (row === undefined) return null
  const { status } = await lockSyncPosition(tx, connection)
  return status === 'disconnected' ? row.id : null
}

/** A pass that began before the connection was left ends first, so that nothing is written after what it belongs to went. */
async function isBusy(tx: Transaction, connection: ConnectionId): Promise<boolean> {
  await tx.query(
    `update training_runs set cancel_asked = true
     where tenant_id = $1 and connection_id = $2 and state in ('queued', 'running') and not cancel_asked`,
    [tx.tenant, connection],
  )
  const [{ busy }] = await tx.query<{ busy: boolean }>(
    `select exists (select from steps where tenant_id = $1 and connection_id = $2 and lease_until > now())
       or exists (select from training_runs
         where tenant_id = $1 and connection_id = $2 and state = 'running' and lease_until > now())
       or exists (select from interventions
         where tenant_id = $1 and connection_id = $2 and state in ('leased', 'sending') and lease_until > now()) as busy`,
    [tx.tenant, connection],
  )
  return busy
}

/** Nobody can empty fields in an account whose sign-in was given back: the ids of these records are forgotten, too. */
async function giveUpClearingsOf(tx: Transaction, connection: ConnectionId): Promise<void> {
  const gone = await tx.query<{ erasure: string }>(
    `delete from erasure_clearings where tenant_id = $1 and connection_id = $2 returning erasure_id as erasure`,
    [tx.tenant, connection],
  )
  if (gone.length === 0) return
  await tx.query(
    `update erasures e set not_cleared = not_cleared + g.many, done_at = case when exists (
         select from erasure_clearings k where k.tenant_id = e.tenant_id and k.erasure_id = e.id)
       then e.done_at else coalesce(e.done_at, now()) end
     from (select erasure, count(*)::integer as many from unnest($2::uuid[]) erasure group by erasure) g
     where e.tenant_id = $1 and e.id = g.erasure`,
    [tx.tenant, gone.map(({ erasure }) => erasure)],
  )
}
