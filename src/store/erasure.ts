/**
 * A person asked to be forgotten: everything that was derived of them goes, and only keyed hashes stay, by which their
 * addresses are never written to again and records that are still on their way are not stored.
 */
import { createHmac } from 'node:crypto'
import type { ConnectionId, CustomerId, InterventionId } from '../contracts/ids.ts'
import { oweMoved } from './crm-interventions.ts'
import type { Transaction } from './database.ts'
import { forgetWords, SOMEBODY, type Gone } from './erasure-words.ts'
import { requestStep } from './steps.ts'

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
    // Those that live on in the record by now are the same person.
    `with own as (
       select id from customers where tenant_id = $1 and connection_id = $2 and object = $3 and external_id = $4
     )
     select id from customers where tenant_id = $1 and (id in (select id from own) or merged_into in (select id from own))
     order by id for update`,
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
  await forgetMessages(tx, { connection, object, id, recipients })
  await forgetNames(tx, connection, recipients)
  const gone = { customers: customers.map((one) => one.id), recipients }
  await forgetAnswers(tx, gone)
  await forgetWords(tx, gone)
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
  // What the CRM answered may name them.
  await tx.query(
    `update consent_outbox o set error_message = null from recipients r
     where r.tenant_id = $1 and r.id = any ($2::bigint[]) and o.tenant_id = $1
       and o.address_hash in (r.email_hash, r.phone_hash) and o.error_message is not null`,
    [tx.tenant, recipients],
  )
}

const FORGOTTEN = 'The person asked to be forgotten.'

/** Of what may still be heard of when its person was erased: what is said then is not kept either. */
export const ERASED = 'erased'

/**
 * What was sent to them, also by way of a customer that they belonged to once, and what was said of it. What was about
 * to be sent is cancelled.
 */
async function forgetMessages(
  tx: Transaction,
  {
    connection,
    object,
    id,
    recipients,
  }: Omit<ErasedRecord, 'key'> & { readonly recipients: readonly number[] },
): Promise<void> {
  const touched = await tx.query<{ id: string }>(
    `select i.id from interventions i
     join customers c on c.tenant_id = i.tenant_id and c.id = i.customer_id
     where i.tenant_id = $1 and i.connection_id = $2 and (i.recipient_id = any ($3::bigint[])
       or i.message ->> 'recipientId' = $4 and c.object is distinct from $5)
     order by i.id for update of i`,
    [tx.tenant, connection, recipients, id, object],
  )
  if (touched.length === 0) return
  const ids = touched.map((one) => one.id)
  await tx.query(
    `update interventions i set message = null, recipient_id = null, provider_id = null, reason = $3, updated_at = now(),
       state = case when open then 'cancelled' else state end,
       reason_code = case when open or state in ('sending', 'uncertain') then '${ERASED}' else reason_code end,
       lease_owner = case when open then null else lease_owner end,
       lease_until = case when open then null else lease_until end
     from (
       select id as held, state in ('planned', 'awaiting_approval', 'deferred', 'snoozed', 'leased') as open
       from interventions where tenant_id = $1 and id = any ($2::uuid[])
     ) h
     where i.tenant_id = $1 and i.id = h.held`,
    [tx.tenant, ids, FORGOTTEN],
  )
  await tx.query('select forget_intervention_events($1::uuid[])', [ids])
  await tx.query('select forget_delivery_events($1::uuid[], $2::bytea[])', [ids, []])
  await tx.query(
    `delete from activities where tenant_id = $1 and intervention_id = any ($2::uuid[]) and state <> 'logged'`,
    [tx.tenant, ids],
  )
  // Records of them in the CRM say why they went as they did, perhaps by name.
  if ((await oweMoved(tx, ids)) > 0)
    await requestStep(tx, { connection, step: 'write_back', cause: 'erased' })
}

/** What was said of others at their customers may name them: whom an answer of theirs holds back. */
async function forgetNames(
  tx: Transaction,
  connection: ConnectionId,
  recipients: readonly number[],
): Promise<void> {
  const named = await tx.query<{ id: InterventionId }>(
    `with gone as (
       select customer_id, name from recipients where tenant_id = $1 and id = any ($2::bigint[]) and length(name) > 1
     ), held as (
       update holds h set reason = replace(h.reason, gone.name, $3) from gone
       where h.tenant_id = $1 and h.customer_id = gone.customer_id and position(gone.name in h.reason) > 0
     ), kept_back as (
       update interventions i set reason = replace(i.reason, gone.name, $3) from gone
       where i.tenant_id = $1 and i.customer_id = gone.customer_id and position(gone.name in i.reason) > 0
     )
     select distinct e.intervention_id as id from gone
     join interventions i on i.tenant_id = $1 and i.customer_id = gone.customer_id
     join intervention_events e on e.tenant_id = $1 and e.intervention_id = i.id and position(gone.name in e.reason) > 0`,
    [tx.tenant, recipients, SOMEBODY],
  )
  if (named.length === 0) return
  const ids = named.map(({ id }) => id)
  await tx.query('select forget_intervention_events($1::uuid[])', [ids])
  if ((await oweMoved(tx, ids)) > 0)
    await requestStep(tx, { connection, step: 'write_back', cause: 'erased' })
}

/** What providers said of messages to them, in words that may name them; that they said it stays. */
async function forgetAnswers(tx: Transaction, { customers, recipients }: Gone): Promise<void> {
  await tx.query(
    `select forget_delivery_events(
       array(select id from interventions where tenant_id = $1 and customer_id = any ($2::bigint[])),
       array(select hash from recipients r cross join lateral (values (r.email_hash), (r.phone_hash)) as a (hash)
         where r.tenant_id = $1 and r.id = any ($3::bigint[]) and hash is not null))`,
    [tx.tenant, customers, recipients],
  )
}

/** Those that were begun to be sent and whose person was erased meanwhile; all of the list are locked. */
export async function erasedAmong(
  tx: Transaction,
  interventions: readonly InterventionId[],
): Promise<ReadonlySet<InterventionId>> {
  const rows = await tx.prepared<{ id: InterventionId; erased: boolean }>(
    `select id, state in ('sending', 'uncertain') and reason_code is not distinct from '${ERASED}' as erased
     from interventions where tenant_id = $1 and id = any ($2::uuid[]) order by id for update`,
    [tx.tenant, interventions],
  )
  return new Set(rows.filter(({ erased }) => erased).map(({ id }) => id))
}

/** Hashes of those who may not be stored, hex; most connections have none. */
export async function erasedHashes(tx: Transaction, connection: ConnectionId): Promise<ReadonlySet<string>> {
  const rows = await tx.query<{ hash: string }>(
    `select encode(id_hash, 'hex') as hash from erased_records where tenant_id = $1 and connection_id = $2`,
    [tx.tenant, connection],
  )
  return new Set(rows.map(({ hash }) => hash))
}
