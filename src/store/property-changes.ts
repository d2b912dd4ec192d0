/** The history of properties: what was true in the source at a time, as far as it was known at another. */
import type { Properties, PropertyValue } from '../../connectors/connector.ts'
import type { CustomerId, RunId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'

export interface PropertyChange {
  readonly id: number
  /** When it became so in the source; when the source does not say, when we learnt of it. */
  readonly validAt: Date
  /** When we learnt of it. */
  readonly recordedAt: Date
  /** What differs from before, null for values that went; of the first row everything. */
  readonly changes: Properties
}

/**
 * A customer's history, oldest first.
 *
 * @example
 * foldChanges(await propertyChanges(tx, customer, { knownAt: decidedAt })) // what the decision could know
 */
export async function propertyChanges(
  tx: Transaction,
  customer: CustomerId,
  { knownAt = null, validAt = null }: { knownAt?: Date | null; validAt?: Date | null } = {},
): Promise<readonly PropertyChange[]> {
  const rows = await tx.query<{ id: number; valid_at: Date; recorded_at: Date; changes: Properties }>(
    `select id, valid_at, recorded_at, changes from property_changes
     where tenant_id = $1 and customer_id = $2
       and ($3::timestamptz is null or recorded_at <= $3) and ($4::timestamptz is null or valid_at <= $4)
     order by valid_at, id`,
    [tx.tenant, customer, knownAt, validAt],
  )
  return rows.map(({ id, valid_at, recorded_at, changes }) => ({
    id,
    validAt: valid_at,
    recordedAt: recorded_at,
    changes,
  }))
}

/** A value of the past, as it is staged. */
export interface PastRow {
  readonly customer_id: CustomerId
  readonly property: string
  readonly value: PropertyValue
  /** ISO 8601. */
  readonly valid_at: string
}

/**
 * What a source knows of the time before it was first read. Of each property only what is older than everything that
 * is stored of it: read again, the same past changes nothing, and what was seen as it happened is not told twice.
 */
export async function insertPastValues(tx: Transaction, run: RunId, rows: readonly PastRow[]): Promise<void> {
  if (rows.length === 0) return
  await tx.query(
    `with staged as materialized (
       select * from json_to_recordset($3::json) as r (customer_id bigint, property text, value jsonb, valid_at timestamptz)
     ), known as materialized (
       select c.customer_id, e.property, min(p.valid_at) as first
       from (select distinct customer_id from staged) c
       cross join lateral (
         select valid_at, changes from property_changes p where p.tenant_id = $1 and p.customer_id = c.customer_id
       ) p
       cross join lateral jsonb_object_keys(p.changes) as e (property)
       group by c.customer_id, e.property
     )
     insert into property_changes (tenant_id, customer_id, valid_at, run_id, changes)
     select $1, s.customer_id, s.valid_at, $2, jsonb_object_agg(s.property, coalesce(s.value, 'null'))
     from staged s
     left join known k on k.customer_id = s.customer_id and k.property = s.property
     where s.valid_at < coalesce(k.first, now())
     group by s.customer_id, s.valid_at order by s.customer_id, s.valid_at`,
    [tx.tenant, run, JSON.stringify(rows)],
  )
}

/**
 * Properties after all of some changes.
 *
 * @example
 * foldChanges([{ changes: { plan: 'Team', seats: '3' } }, { changes: { seats: null } }]) // { plan: 'Team' }
 */
export function foldChanges(changes: readonly Pick<PropertyChange, 'changes'>[]): Properties {
  const properties = new Map<string, PropertyValue>()
  for (const change of changes) {
    for (const [name, value] of Object.entries(change.changes)) {
      if (value === null) properties.delete(name)
      else properties.set(name, value)
    }
  }
  return Object.fromEntries(properties)
}

/**
 * What turns one set of properties into another; null where they are the same.
 *
 * @example
 * diffProperties({ plan: 'Team', seats: '3' }, { plan: 'Team' }) // { seats: null }
 */
export function diffProperties(before: Properties, after: Properties): Properties | null {
  const changes: [string, PropertyValue][] = []
  for (const [name, value] of Object.entries(after)) {
    if (value !== null && (!Object.hasOwn(before, name) || before[name] !== value))
      changes.push([name, value])
  }
  for (const [name, value] of Object.entries(before)) {
    if (value !== null && (!Object.hasOwn(after, name) || after[name] === null)) changes.push([name, null])
  }
  return changes.length === 0 ? null : Object.fromEntries(changes)
}
