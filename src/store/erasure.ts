/**
 * A person asked to be forgotten: everything that was derived of them goes, and only keyed hashes stay, by which their
 * addresses are never written to again and records that are still on their way are not stored.
 */
import { createHmac } from 'node:crypto'
import type { ConnectionId, CustomerId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'

export interface ErasedRecord {
  readonly connection: ConnectionId
  /** As the CRM names them. */
  readonly object: string
  readonly id: string
  /** Of `Secrets.addressKey`. */
  readonly key: Buffer
}

/** By which a record is known again: HMAC-SHA256 of its id, hex. */
export function recordHash(key: Buffer, id: string): string {
  return createHmac('sha256', key).update(`record:${id}`).digest('hex')
}

/**
 * Also where nothing is known of the person: what is on its way is kept out.
 *
 * @returns how many customers and recipients went
 * @example
 * await eraseRecord(tx, { connection, object: 'contacts', id: '101', key })
 */
export async function eraseRecord(
  tx: Transaction,
  { connection, object, id, key }: ErasedRecord,
): Promise<{ readonly customers: number; readonly recipients: number }> {
  await tx.query(
    `insert into erased_records (tenant_id, connection_id, object, id_hash) values ($1, $2, $3, $4)
     on conflict do nothing`,
    [tx.tenant, connection, object, Buffer.from(recordHash(key, id), 'hex')],
  )
  const customers = await tx.query<{ id: CustomerId }>(
    `select id from customers where tenant_id = $1 and connection_id = $2 and object = $3 and external_id = $4
     for update`,
    [tx.tenant, connection, object, id],
  )
  const people = await tx.query<{ id: number }>(
    `select r.id from recipients r
     join customers c on c.tenant_id = r.tenant_id and c.id = r.customer_id
     where r.tenant_id = $1 and c.connection_id = $2
       and (c.id = any ($3::bigint[]) or (r.external_id = $4 and c.object <> $5))
     order by r.id for update of r`,
    [tx.tenant, connection, customers.map((one) => one.id), id, object],
  )
  const recipients = people.map((one) => one.id)
  await suppressAll(tx, connection, recipients)
  await forgetMessages(tx, recipients)
  // Whoever came after them moves up.
  await tx.query(
    `update recipients r set rank = r.rank - 1 from recipients gone
     where gone.tenant_id = $1 and gone.id = any ($2::bigint[])
       and r.tenant_id = $1 and r.customer_id = gone.customer_id and r.rank > gone.rank`,
    [tx.tenant, recipients],
  )
  await tx.query('delete from recipients where tenant_id = $1 and id = any ($2::bigint[])', [
    tx.tenant,
    recipients,
  ])
  // All that hangs on a customer goes with the row: history, scores, decisions, the ledger.
  await tx.query('delete from customers where tenant_id = $1 and id = any ($2::bigint[])', [
    tx.tenant,
    customers.map((one) => one.id),
  ])
  await tx.query(
    `delete from webhook_receipts where tenant_id = $1 and connection_id = $2
       and hint ->> 'object' = $3 and hint ->> 'id' = $4`,
    [tx.tenant, connection, object, id],
  )
  return { customers: customers.length, recipients: recipients.length }
}

async function suppressAll(
  tx: Transaction,
  connection: ConnectionId,
  recipients: readonly number[],
): Promise<void> {
  await tx.query(
    `insert into suppressions (tenant_id, address_hash, channel, reason, source)
     select distinct $1::uuid, hash, channel, 'erased', $3
     from recipients r
     cross join lateral (
       values (r.email_hash, 'email'), (r.phone_hash, 'sms'), (r.phone_hash, 'call')
     ) as a (hash, channel)
     where r.tenant_id = $1 and r.id = any ($2::bigint[]) and hash is not null
     on conflict do nothing`,
    [tx.tenant, recipients, `connection:${connection}`],
  )
}

/** What was sent to them, and what was said of it. What was about to be sent is cancelled. */
async function forgetMessages(tx: Transaction, recipients: readonly number[]): Promise<void> {
  const touched = await tx.query<{ id: string }>(
    `with cancelled as (
       update interventions set state = 'cancelled', reason_code = 'erased',
         reason = 'The person asked to be forgotten.', updated_at = now(), lease_owner = null, lease_until = null
       where tenant_id = $1 and recipient_id = any ($2::bigint[])
         and state in ('planned', 'awaiting_approval', 'deferred', 'snoozed', 'leased')
       returning id
     )
     select id from interventions where tenant_id = $1 and recipient_id = any ($2::bigint[])`,
    [tx.tenant, recipients],
  )
  if (touched.length === 0) return
  const ids = touched.map(({ id }) => id)
  await tx.query(
    `update interventions set message = null, recipient_id = null, provider_id = null
     where tenant_id = $1 and id = any ($2::uuid[])`,
    [tx.tenant, ids],
  )
  await tx.query('select forget_intervention_events($1::uuid[])', [ids])
}

/** Hashes of those who may not be stored, hex; most connections have none. */
export async function erasedHashes(tx: Transaction, connection: ConnectionId): Promise<ReadonlySet<string>> {
  const rows = await tx.query<{ hash: string }>(
    `select encode(id_hash, 'hex') as hash from erased_records where tenant_id = $1 and connection_id = $2`,
    [tx.tenant, connection],
  )
  return new Set(rows.map(({ hash }) => hash))
}
