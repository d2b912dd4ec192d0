/**
 * A person asked to be forgotten: everything that was derived of them goes, and only keyed hashes stay, by which their
 * addresses are never written to again and they are not stored again, whatever a source hands over.
 */
import { createHmac, randomUUID } from 'node:crypto'
import type { ConnectionId, CustomerId, InterventionId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'
import { ERASED, forgetMessages, forgetWords } from './people/forget.ts'
import { countHeld, type HeldCounts } from './people/held.ts'
import { findSubject, type PersonRecord, type Subject } from './people/subject.ts'
import { requestStep } from './steps.ts'

export { ERASED } from './people/forget.ts'

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
 * The CRM says that a record is to be forgotten. Also where nothing is known of it: what is on its way is kept out.
 *
 * @returns how many customers and recipients went
 * @example
 * await eraseRecord(tx, { connection, object: 'contacts', id: '101', key })
 */
export async function eraseRecord(
  tx: Transaction,
  { connection, object, id, key }: ErasedRecord,
): Promise<{ readonly customers: number; readonly recipients: number }> {
  const subject = await findSubject(tx, { by: 'record', connection, id, object }, { lock: true })
  const named = { connection, object, id }
  if (subject.records.length === 0 && subject.interventions.length === 0) {
    await markRecords(tx, [named], null, key)
    await forgetReceipts(tx, [named])
    return { customers: 0, recipients: 0 }
  }
  await eraseSubject(tx, subject, { actor: 'crm', source: 'crm', reference: null, key, also: named })
  return { customers: subject.customers.length, recipients: subject.recipients.length }
}

export interface ErasureRequest {
  /** Who had it done, as the audit log names them. */
  readonly actor: string
  readonly source: 'admin' | 'crm'
  /** Number of the request in another system. */
  readonly reference: string | null
  /** Of `Secrets.addressKey`. */
  readonly key: Buffer
  /** A record that was named and is not stored, or not under this name: kept out as well. */
  readonly also?: Pick<ErasedRecord, 'connection' | 'object' | 'id'>
}

export interface Erased {
  readonly id: string
  readonly counts: HeldCounts
}

/**
 * All of it in the caller's transaction: afterwards nothing of the person is left, or everything is as it was. What a CRM
 * shows of them is emptied by the next pass of write-back.
 *
 * @param subject found with `lock`
 */
export async function eraseSubject(
  tx: Transaction,
  subject: Subject,
  { actor, source, reference, key, also }: ErasureRequest,
): Promise<Erased> {
  const id = randomUUID()
  const counts = await countHeld(tx, subject)
  const named = [...subject.records, ...(also === undefined ? [] : [also])]
  const addresses = await ownHashes(tx, subject)
  await tx.query(
    `insert into erasures (tenant_id, id, actor, source, reference, counts, markers, done_at)
     values ($1, $2, $3, $4, $5, $6, $7, now())`,
    [tx.tenant, id, actor, source, reference, JSON.stringify(counts), named.length + addresses.length],
  )
  await markRecords(tx, named, id, key)
  await tx.query(
    `insert into erased_addresses (tenant_id, address_hash, erasure_id)
     select $1, hash, $2 from unnest($3::bytea[]) hash
     on conflict (tenant_id, address_hash) do update set erasure_id = excluded.erasure_id, erased_at = now()`,
    [tx.tenant, id, addresses],
  )
  await suppressAll(tx, subject, `erasure:${id}`)
  await forgetMessages(tx, subject)
  await forgetWords(tx, subject)
  if (source === 'admin') await oweClearings(tx, id, subject.customers)
  await deleteRows(tx, subject)
  await forgetReceipts(tx, named)
  return { id, counts }
}

async function markRecords(
  tx: Transaction,
  records: readonly Pick<PersonRecord, 'connection' | 'object' | 'id'>[],
  erasure: string | null,
  key: Buffer,
): Promise<void> {
  await tx.query(
    `insert into erased_records (tenant_id, connection_id, object, id_hash, erasure_id)
     select distinct on (connection, object, hash) $1::uuid, connection, object, decode(hash, 'hex'), $2::uuid
     from unnest($3::uuid[], $4::text[], $5::text[]) as r (connection, object, hash)
     on conflict (tenant_id, connection_id, object, id_hash)
       do update set erasure_id = coalesce(excluded.erasure_id, erased_records.erasure_id)`,
    [
      tx.tenant,
      erasure,
      records.map(({ connection }) => connection),
      records.map(({ object }) => object),
      records.map(({ id }) => recordHash(key, id)),
    ],
  )
}

/** An address that somebody else has as well, such as a switchboard's, keeps nobody out; it is not written to all the same. */
async function ownHashes(tx: Transaction, { hashes, recipients }: Subject): Promise<readonly Buffer[]> {
  const shared = await tx.query<{ hash: string }>(
    `select distinct encode(hash, 'hex') as hash
     from recipients r cross join lateral (values (r.email_hash), (r.phone_hash)) as a (hash)
     where r.tenant_id = $1 and (r.email_hash = any ($2::bytea[]) or r.phone_hash = any ($2::bytea[]))
       and hash = any ($2::bytea[]) and r.id <> all ($3::bigint[])`,
    [tx.tenant, hashes, recipients],
  )
  const others = new Set(shared.map(({ hash }) => hash))
  return hashes.filter((hash) => !others.has(hash.toString('hex')))
}

async function suppressAll(tx: Transaction, { recipients, asked }: Subject, source: string): Promise<void> {
  await tx.query(
    `insert into suppressions (tenant_id, address_hash, channel, reason, source)
     select distinct $1::uuid, hash, channel, 'erased', $3
     from (
       select hash, channel from recipients r
       cross join lateral (
         values (r.email_hash, 'email'), (r.phone_hash, 'sms'), (r.phone_hash, 'call')
       ) as a (hash, channel)
       where r.tenant_id = $1 and r.id = any ($2::bigint[])
       union all
       -- Also where nobody is known who has it.
       select $4::bytea, channel from unnest($5::text[]) channel
     ) of_them
     where hash is not null
     on conflict do nothing`,
    [
      tx.tenant,
      recipients,
      source,
      asked?.hash ?? null,
      asked === null ? [] : asked.kind === 'email' ? ['email'] : ['sms', 'call'],
    ],
  )
}

/** Records whose fields of ours were written, while it is still known that they were. */
async function oweClearings(
  tx: Transaction,
  erasure: string,
  customers: readonly CustomerId[],
): Promise<void> {
  const owed = await tx.query<{ connection: ConnectionId }>(
    `insert into erasure_clearings (tenant_id, erasure_id, connection_id, external_id)
     select c.tenant_id, $2, c.connection_id, c.external_id from customers c
     join write_backs w on w.tenant_id = c.tenant_id and w.customer_id = c.id
     where c.tenant_id = $1 and c.id = any ($3::bigint[]) and w.written_at is not null and c.status <> 'deleted'
     on conflict (tenant_id, connection_id, external_id) do nothing
     returning connection_id as connection`,
    [tx.tenant, erasure, customers],
  )
  if (owed.length === 0) return
  await tx.query('update erasures set done_at = null where tenant_id = $1 and id = $2', [tx.tenant, erasure])
  for (const connection of new Set(owed.map((one) => one.connection)))
    await requestStep(tx, { connection, step: 'write_back', cause: 'erased' })
}

async function deleteRows(tx: Transaction, { customers, recipients }: Subject): Promise<void> {
  // Whoever came after them moves up. By lists of keys: joined to themselves, recipients of whom the planner knows nothing yet
  // were gone through for each of them, for ten seconds among a thousand.
  const left = await tx.query<{ customer: CustomerId }>(
    `select distinct customer_id as customer from recipients
     where tenant_id = $1 and id = any ($2::bigint[]) and customer_id <> all ($3::bigint[])`,
    [tx.tenant, recipients, customers],
  )
  const isBefore = `from recipients gone where gone.tenant_id = $1 and gone.id = any ($2::bigint[])
    and gone.customer_id = r.customer_id and gone.rank < r.rank`
  await tx.query(
    `update recipients r set rank = r.rank - (select count(*)::integer ${isBefore})
     where r.tenant_id = $1 and r.customer_id = any ($3::bigint[]) and r.id <> all ($2::bigint[])
       and exists (select ${isBefore})`,
    [tx.tenant, recipients, left.map(({ customer }) => customer)],
  )
  await tx.query('delete from recipients where tenant_id = $1 and id = any ($2::bigint[])', [
    tx.tenant,
    recipients,
  ])
  // All that hangs on a customer goes with the row: history, scores, decisions, the ledger.
  await tx.query('delete from customers where tenant_id = $1 and id = any ($2::bigint[])', [
    tx.tenant,
    customers,
  ])
}

async function forgetReceipts(
  tx: Transaction,
  records: readonly Pick<PersonRecord, 'connection' | 'object' | 'id'>[],
): Promise<void> {
  const named = [
    tx.tenant,
    records.map(({ connection }) => connection),
    records.map(({ object }) => object),
    records.map(({ id }) => id),
  ]
  await tx.query(
    `delete from webhook_receipts w using unnest($2::uuid[], $3::text[], $4::text[]) as r (connection, object, id)
     where w.tenant_id = $1 and w.connection_id = r.connection and w.hint ->> 'object' = r.object
       and w.hint ->> 'id' = r.id`,
    named,
  )
  await tx.query(
    `delete from workflow_calls w using unnest($2::uuid[], $3::text[], $4::text[]) as r (connection, object, id)
     where w.tenant_id = $1 and w.connection_id = r.connection and w.object = r.object and w.external_id = r.id`,
    named,
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
