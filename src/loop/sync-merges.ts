/** Records that live on in another one: the survivor keeps its group, and the evaluation is told where two groups met. */
import type { ConnectionId, CustomerId } from '../contracts/ids.ts'
import type { Group } from '../contracts/customer-terms.ts'
import { knownCustomers } from '../store/customers.ts'
import type { Transaction } from '../store/database.ts'
import { nameOf, type StagedRecord } from './sync-records.ts'

/** Customers that one record took over. */
export interface Merged {
  readonly customers: readonly CustomerId[]
  /** Of each of them, those that are still there first. */
  readonly groups: readonly Group[]
}

/** By {@link nameOf} of the survivor; only such as took over somebody whom we know. */
export async function mergedInto(
  tx: Transaction,
  connection: ConnectionId,
  records: readonly StagedRecord[],
): Promise<ReadonlyMap<string, Merged>> {
  const pairs = records.flatMap(({ record: { object, id, merged = [] } }) =>
    merged.filter((other) => other !== id).map((other) => ({ object, id, other })),
  )
  if (pairs.length === 0) return new Map()
  const known = await knownCustomers(tx, connection, {
    objects: pairs.map(({ object }) => object),
    externalIds: pairs.map(({ other }) => other),
  })
  const byName = new Map(known.map((customer) => [nameOf(customer.object, customer.external_id), customer]))
  const found = new Map<string, Merged>()
  for (const { object, id } of new Set(records.map(({ record }) => record))) {
    const others = pairs
      .filter((pair) => pair.object === object && pair.id === id)
      .flatMap(({ other }) => byName.get(nameOf(object, other)) ?? [])
      .sort((a, b) => Number(a.status === 'deleted') - Number(b.status === 'deleted'))
    if (others.length === 0) continue
    const groups = others.map(({ group_name }) => group_name)
    found.set(nameOf(object, id), { customers: others.map((one) => one.id), groups })
  }
  return found
}
