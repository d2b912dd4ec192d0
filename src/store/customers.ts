/** Customers as the CRM or file has them, with what a sync writes of them: always many rows in one statement. */
import type { CustomerStatus, Group } from '../contracts/customer-terms.ts'
import type { PropertyValue } from '../../connectors/connector.ts'
import type { ConnectionId, CustomerId, RunId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'

/** What a sync compares a record with before it writes anything. */
export interface KnownCustomer {
  readonly id: CustomerId
  readonly object: string
  readonly external_id: string
  readonly name: string | null
  readonly properties_hash: string
  readonly status: CustomerStatus
  readonly group_key: string
  readonly group_name: Group
  readonly group_flagged: boolean
  readonly responsible_id: string | null
  readonly responsible_name: string | null
  readonly responsible_email: string | null
  /** When the source said that it changed, at the last look; null where it does not say, or names a time to come. */
  readonly source_updated_at: Date | null
  readonly status_since: Date
  /** `updatedAt` of the record as our last write left it, until it was met in a sync. */
  readonly version: Date | null
}

/**
 * PostgreSQL plans the check of a foreign key once in a session, and one that was planned while a table had twenty
 * rows reads all of it for each row when it has 100,000. Forgotten before many rows come, it is planned anew when
 * they are there.
 *
 * @see https://www.postgresql.org/docs/15/sql-discard.html
 */
export async function forgetPlans(tx: Transaction): Promise<void> {
  await tx.query('discard plans')
}

/**
 * Looked up one by one by their key, whatever the planner thinks of the table: while it is being filled there are no
 * statistics, and a join would read all of it for each page.
 *
 * @param ids object and id in the source, pairwise
 */
export async function knownCustomers(
  tx: Transaction,
  connection: ConnectionId,
  ids: { readonly objects: readonly string[]; readonly externalIds: readonly string[] },
): Promise<readonly KnownCustomer[]> {
  return tx.query<KnownCustomer>(
    `select c.*
     from unnest($3::text[], $4::text[]) as wanted (object, external_id)
     cross join lateral (
       select id, object, external_id, name, properties_hash, status, group_key, group_name, group_flagged,
         responsible_id, responsible_name, responsible_email, status_since,
         case when source_updated_at < now() + interval '5 minutes' then source_updated_at end as source_updated_at,
         (select version from write_backs w where w.tenant_id = $1 and w.customer_id = k.id) as version
       from customers k
       where tenant_id = $1 and connection_id = $2 and object = wanted.object and external_id = wanted.external_id
       limit 1
     ) c`,
    [tx.tenant, connection, ids.objects, ids.externalIds],
  )
}

/** A row as it is staged: the same names as the columns. */
interface StagedCustomer {
  readonly name: string | null
  readonly properties_hash: string
  readonly status: CustomerStatus
  readonly group_key: string
  readonly group_flagged: boolean
  readonly responsible_id: string | null
  readonly responsible_name: string | null
  readonly responsible_email: string | null
  /** ISO 8601, or null. */
  readonly source_updated_at: string | null
  /** Why the customer has to be scored; null: no reason. */
  readonly due: string | null
}

export interface NewCustomer extends StagedCustomer {
  readonly object: string
  readonly external_id: string
  /** Canonical JSON. */
  readonly properties: string
  readonly group_name: Group
}

export interface ChangedCustomer extends StagedCustomer {
  readonly id: CustomerId
  /** Canonical JSON; null where they are the same as before. */
  readonly properties: string | null
  /** JSON of what differs, null for values that went; null where nothing does. */
  readonly changes: string | null
}

// A property change is never valid before the one that was learnt of before it, whatever a clock says: folding all
// of them gives the properties of now.
const VALID_AT = 'least(coalesce(r.source_updated_at, now()), now())'

/** New customers, with the first row of their history. */
export async function insertCustomers(
  tx: Transaction,
  { connection, run, rows }: { connection: ConnectionId; run: RunId; rows: readonly NewCustomer[] },
): Promise<readonly { readonly id: CustomerId; readonly object: string; readonly external_id: string }[]> {
  if (rows.length === 0) return []
  return tx.query(
    `with added as (
       insert into customers (tenant_id, connection_id, object, external_id, name, properties, properties_hash,
         status, group_key, group_name, group_flagged, responsible_id, responsible_name, responsible_email,
         source_updated_at, score_due_at, score_due_why)
       select $1, $2, object, external_id, name, properties::jsonb, properties_hash,
         status, group_key, group_name, group_flagged, responsible_id, responsible_name, responsible_email,
         source_updated_at, case when due is not null then now() end, due
       from json_to_recordset($4::json) as r (object text, external_id text, name text, properties text,
         properties_hash text, status text, group_key text, group_name text, group_flagged boolean,
         responsible_id text, responsible_name text, responsible_email text, source_updated_at timestamptz, due text)
       returning id, object, external_id, properties, source_updated_at
     ), history as (
       insert into property_changes (tenant_id, customer_id, valid_at, run_id, changes)
       select $1, id, ${VALID_AT}, $3, properties from added r
     )
     select id, object, external_id from added`,
    [tx.tenant, connection, run, JSON.stringify(rows)],
  )
}

/**
 * Customers of whom something changed, with what changed in their history. Whoever was merged into another one and is
 * there again, as some CRMs can undo it, lives on by itself.
 */
export async function updateCustomers(
  tx: Transaction,
  { run, rows }: { run: RunId; rows: readonly ChangedCustomer[] },
): Promise<void> {
  if (rows.length === 0) return
  await tx.query(
    `with staged as materialized (
       select * from json_to_recordset($3::json) as r (id bigint, name text, properties text, properties_hash text,
         changes text, status text, group_key text, group_flagged boolean, responsible_id text,
         responsible_name text, responsible_email text, source_updated_at timestamptz, due text)
     ), moved as (
       update customers c set
         name = r.name,
         properties = coalesce(r.properties::jsonb, c.properties),
         properties_hash = r.properties_hash,
         status = r.status,
         status_since = case when c.status = r.status then c.status_since else now() end,
         merged_into = case when c.status = 'deleted' then null else c.merged_into end,
         group_key = r.group_key,
         group_flagged = r.group_flagged,
         responsible_id = r.responsible_id,
         responsible_name = r.responsible_name,
         responsible_email = r.responsible_email,
         source_updated_at = r.source_updated_at,
         synced_at = now(),
         score_due_at = case when r.status <> 'active' then null when r.due is null then c.score_due_at else now() end,
         score_due_why = case when r.status <> 'active' then null else coalesce(r.due, c.score_due_why) end
       from staged r where c.tenant_id = $1 and c.id = any ($4::bigint[]) and c.id = r.id
     )
     insert into property_changes (tenant_id, customer_id, valid_at, run_id, changes)
     select $1, r.id, greatest(${VALID_AT}, (
         select max(p.valid_at) from property_changes p where p.tenant_id = $1 and p.customer_id = r.id
       )), $2, r.changes::jsonb
     from staged r where r.changes is not null`,
    [tx.tenant, run, JSON.stringify(rows), rows.map(({ id }) => id)],
  )
}

/**
 * Customers of whom nothing changed that is kept, in a younger version of the record.
 *
 * @param rows `at` as ISO 8601
 */
export async function touchCustomers(
  tx: Transaction,
  rows: readonly { readonly id: CustomerId; readonly at: string }[],
): Promise<void> {
  if (rows.length === 0) return
  await tx.query(
    `update customers c set source_updated_at = r.at
     from unnest($2::bigint[], $3::timestamptz[]) as r (id, at)
     where c.tenant_id = $1 and c.id = any ($2::bigint[]) and c.id = r.id`,
    [tx.tenant, rows.map(({ id }) => id), rows.map(({ at }) => at)],
  )
}

/** Properties of some customers as they are stored. */
export async function storedProperties(
  tx: Transaction,
  ids: readonly CustomerId[],
): Promise<ReadonlyMap<CustomerId, Readonly<Record<string, PropertyValue>>>> {
  if (ids.length === 0) return new Map()
  const rows = await tx.query<{ id: CustomerId; properties: Record<string, PropertyValue> }>(
    'select id, properties from customers where tenant_id = $1 and id = any ($2::bigint[])',
    [tx.tenant, ids],
  )
  return new Map(rows.map(({ id, properties }) => [id, properties]))
}

/** Ids of those that are not deleted. */
export async function presentCustomers(
  tx: Transaction,
  connection: ConnectionId,
): Promise<readonly CustomerId[]> {
  const [row] = await tx.query<{ ids: CustomerId[] }>(
    `select coalesce(json_agg(id), '[]') as ids from customers
     where tenant_id = $1 and connection_id = $2 and status <> 'deleted'`,
    [tx.tenant, connection],
  )
  return row.ids
}

/**
 * Those in the population, with their ids in the source.
 *
 * @param range.after 0: from the first
 */
export async function activeCustomers(
  tx: Transaction,
  connection: ConnectionId,
  { after, limit }: { after: number; limit: number },
): Promise<readonly { readonly customer: CustomerId; readonly id: string }[]> {
  return tx.query(
    `select id as customer, external_id as id from customers
     where tenant_id = $1 and connection_id = $2 and status = 'active' and id > $3 order by customers.id limit $4`,
    [tx.tenant, connection, after, limit],
  )
}

/** @returns how many were not deleted before */
export async function deleteCustomers(tx: Transaction, ids: readonly CustomerId[]): Promise<number> {
  if (ids.length === 0) return 0
  const [row] = await tx.query<{ count: number }>(
    `with gone as (
       update customers set status = 'deleted', status_since = now(), score_due_at = null, score_due_why = null
       where tenant_id = $1 and id = any ($2::bigint[]) and status <> 'deleted' returning 1
     ) select count(*) from gone`,
    [tx.tenant, ids],
  )
  return row.count
}

/**
 * Those that live on in another one are not there any more; what was done with them counts for the survivor.
 *
 * @returns how many were not deleted before
 */
export async function mergeCustomers(
  tx: Transaction,
  pairs: readonly { readonly from: CustomerId; readonly into: CustomerId }[],
): Promise<number> {
  if (pairs.length === 0) return 0
  const from = pairs.map((pair) => pair.from)
  await tx.query(
    `update customers c set merged_into = p.into_id
     from unnest($2::bigint[], $3::bigint[]) as p (from_id, into_id)
     where c.tenant_id = $1 and c.id = any ($2::bigint[]) and c.id = p.from_id
       and c.merged_into is distinct from p.into_id`,
    [tx.tenant, from, pairs.map((pair) => pair.into)],
  )
  // Those who lived on in one that now lives on in another.
  await tx.query(
    `update customers c set merged_into = p.into_id
     from unnest($2::bigint[], $3::bigint[]) as p (from_id, into_id)
     where c.tenant_id = $1 and c.merged_into = any ($2::bigint[]) and c.merged_into = p.from_id`,
    [tx.tenant, from, pairs.map((pair) => pair.into)],
  )
  return deleteCustomers(tx, from)
}

/** Those of some ids in the source that are customers now. */
export async function activeAmong(
  tx: Transaction,
  connection: ConnectionId,
  externalIds: readonly string[],
): Promise<readonly string[]> {
  if (externalIds.length === 0) return []
  const rows = await tx.query<{ id: string }>(
    `select external_id as id from customers
     where tenant_id = $1 and connection_id = $2 and external_id = any ($3::text[]) and status = 'active'`,
    [tx.tenant, connection, externalIds],
  )
  return rows.map(({ id }) => id)
}

/** Customers by their ids in the source, whatever kind of record they are. */
export async function customersNamed(
  tx: Transaction,
  connection: ConnectionId,
  externalIds: readonly string[],
): Promise<readonly CustomerId[]> {
  if (externalIds.length === 0) return []
  const rows = await tx.query<{ id: CustomerId }>(
    'select id from customers where tenant_id = $1 and connection_id = $2 and external_id = any ($3::text[])',
    [tx.tenant, connection, externalIds],
  )
  return rows.map(({ id }) => id)
}

/** Marks active customers for scoring. */
export async function markDue(tx: Transaction, ids: readonly CustomerId[], why: string): Promise<void> {
  if (ids.length === 0) return
  await tx.query(
    `update customers set score_due_at = now(), score_due_why = $3
     where tenant_id = $1 and id = any ($2::bigint[]) and status = 'active' and score_due_at is distinct from now()`,
    [tx.tenant, ids, why],
  )
}

/** Marks every active customer of a connection for scoring. */
export async function markAllDue(tx: Transaction, connection: ConnectionId, why: string): Promise<void> {
  await tx.query(
    `update customers set score_due_at = now(), score_due_why = $3
     where tenant_id = $1 and connection_id = $2 and status = 'active' and score_due_at is distinct from now()`,
    [tx.tenant, connection, why],
  )
}

export async function anyDue(tx: Transaction, connection: ConnectionId): Promise<boolean> {
  const [row] = await tx.query<{ due: boolean }>(
    `select exists (
       select from customers where tenant_id = $1 and connection_id = $2 and score_due_at is not null
     ) as due`,
    [tx.tenant, connection],
  )
  return row.due
}

/** Every customer that is not deleted, with one property of it. */
export async function membersByProperty(
  tx: Transaction,
  connection: ConnectionId,
  property: string | null,
): Promise<
  readonly { readonly id: CustomerId; readonly status: 'active' | 'left'; readonly value: PropertyValue }[]
> {
  return tx.query(
    `select id, status, case when $3::text is null then null else properties -> $3 end as value from customers
     where tenant_id = $1 and connection_id = $2 and status <> 'deleted' order by id`,
    [tx.tenant, connection, property],
  )
}

/** Moves customers into or out of the population; those who come in are scored. */
export async function moveMembers(
  tx: Transaction,
  ids: readonly CustomerId[],
  status: 'active' | 'left',
): Promise<void> {
  if (ids.length === 0) return
  await tx.query(
    `update customers set status = $3, status_since = now(),
       score_due_at = case when $3 = 'active' then now() end,
       score_due_why = case when $3 = 'active' then 'returned' end
     where tenant_id = $1 and id = any ($2::bigint[])`,
    [tx.tenant, ids, status],
  )
}
