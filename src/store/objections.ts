/**
 * Objections to being profiled, as people and sources state them. A person objects who said so, or who refused e-mail,
 * texts and calls alike: an objection to marketing is one to the profiling for it (GDPR, article 21 (2)). A customer
 * objects when all of its people do. That a single channel was refused, as by unsubscribing, is no objection.
 */
import type { ConnectionId, CustomerId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'
import { preferKeys } from './prefer-keys.ts'

/**
 * Those of some customers of whom everybody objects, as it stands now. A customer without people does not.
 *
 * @example
 * (await objectors(tx, ids)).has(customer)
 */
export async function objectors<Id extends number>(
  tx: Transaction,
  customers: readonly Id[],
): Promise<ReadonlySet<Id>> {
  if (customers.length === 0) return new Set()
  const rows = await tx.prepared<{ id: Id }>(
    `select r.customer_id as id from recipients r
     where r.tenant_id = $1 and r.customer_id = any ($2::bigint[])
     group by r.customer_id having bool_and(${PERSON_OBJECTS})`,
    [tx.tenant, customers],
  )
  return new Set(rows.map(({ id }) => id))
}

const refuses = (hash: string, channel: string): string => `coalesce((
  select n.status from consents n
  where n.tenant_id = $1 and n.address_hash = ${hash} and n.channel = '${channel}'
  order by n.changed_at desc, (n.status = 'refused') desc limit 1) = 'refused', false)`

// Texts first: few refuse those, and then the rest is not looked at.
const PERSON_OBJECTS = `(r.objects or (r.email_hash is not null and r.phone_hash is not null
  and ${refuses('r.phone_hash', 'sms')} and ${refuses('r.phone_hash', 'call')} and ${refuses('r.email_hash', 'email')}))`

/**
 * Makes due who objects by now and still has a score, and who objected and does not any more: consent comes from many
 * places, and not all of them know of scores.
 *
 * @returns how many
 */
export async function dueForObjections(tx: Transaction, connection: ConnectionId): Promise<number> {
  await preferKeys(tx)
  const suspects = await tx.query<{ id: CustomerId; objecting: boolean }>(
    `select c.id, false as objecting from (
       select customer_id from recipients where tenant_id = $1 and objects
       union
       select r.customer_id from consents n
         join recipients r on r.tenant_id = $1 and r.phone_hash = n.address_hash
       where n.tenant_id = $1 and n.channel = 'sms' and n.status = 'refused'
     ) known
     join customers c on c.tenant_id = $1 and c.id = known.customer_id and c.connection_id = $2
       and c.status = 'active' and c.score_due_at is null
     join scores s on s.tenant_id = $1 and s.customer_id = c.id
     union all
     select o.customer_id, true from profiling_objections o
     join customers c on c.tenant_id = $1 and c.id = o.customer_id and c.status = 'active' and c.score_due_at is null
     where o.tenant_id = $1 and o.connection_id = $2 and o.source = 'people'`,
    [tx.tenant, connection],
  )
  const now = await objectors(
    tx,
    suspects.map(({ id }) => id),
  )
  const changed = suspects.filter(({ id, objecting }) => now.has(id) !== objecting).map(({ id }) => id)
  if (changed.length > 0)
    await tx.query(
      `update customers set score_due_at = clock_timestamp(), score_due_why = 'objection'
       where tenant_id = $1 and id = any ($2::bigint[]) and score_due_at is null`,
      [tx.tenant, changed],
    )
  return changed.length
}

/** Notes whose score was taken away; who is noted already keeps the time. */
export async function noteObjections(
  tx: Transaction,
  connection: ConnectionId,
  customers: readonly { readonly id: CustomerId; readonly source: 'record' | 'people' }[],
): Promise<void> {
  if (customers.length === 0) return
  await tx.query(
    `insert into profiling_objections (tenant_id, customer_id, connection_id, source)
     select $1::uuid, id, $2::uuid, source from unnest($3::bigint[], $4::text[]) as noted (id, source) order by id
     on conflict (tenant_id, customer_id) do update set source = excluded.source`,
    [tx.tenant, connection, customers.map(({ id }) => id), customers.map(({ source }) => source)],
  )
}

/** They have a score again, or are not asked about any more. */
export async function dropObjections(tx: Transaction, customers: readonly CustomerId[]): Promise<void> {
  if (customers.length === 0) return
  await tx.query(
    'delete from profiling_objections where tenant_id = $1 and customer_id = any ($2::bigint[])',
    [tx.tenant, customers],
  )
}
