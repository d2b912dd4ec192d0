/** The history of properties: what was true in the source at a time, as far as it was known at another. */
import type { Properties, PropertyValue } from '../../connectors/connector.ts'
import type { CustomerId } from '../contracts/ids.ts'
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
