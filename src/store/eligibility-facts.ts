/** What conditions of actions look at, as it stands right before something is sent. */
import type { Level } from '../contracts/customer-terms.ts'
import type { CustomerId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'
import { objectors } from './objections.ts'

export interface EligibilityFact {
  readonly object: string
  /** Null: not scored. */
  readonly level: Level | null
  /** By the names of PolicyContext; absent is unknown. */
  readonly context: Readonly<Record<string, number>>
  /** Recurring amount a month in minor units of `currency`; null unknown. */
  readonly monthlyMinor: number | null
  readonly currency: string | null
  /** To being profiled: the record or all of its people. */
  readonly objects: boolean
}

/**
 * Two statements for any number of customers; those that are not there are left out.
 *
 * @example
 * const facts = await eligibilityFacts(tx, rows.map(({ customer }) => customer))
 */
export async function eligibilityFacts(
  tx: Transaction,
  customers: readonly CustomerId[],
): Promise<ReadonlyMap<CustomerId, EligibilityFact>> {
  if (customers.length === 0) return new Map()
  const rows = await tx.prepared<
    Omit<EligibilityFact, 'objects' | 'context'> & {
      readonly id: CustomerId
      readonly context: EligibilityFact['context'] | null
      readonly noted: boolean
    }
  >(
    `select c.id, c.object, s.level, s.context, s.monthly_minor as "monthlyMinor", s.currency,
       o.customer_id is not null as noted
     from customers c
     left join scores s on s.tenant_id = $1 and s.customer_id = c.id
     left join profiling_objections o on o.tenant_id = $1 and o.customer_id = c.id and o.source = 'record'
     where c.tenant_id = $1 and c.id = any ($2::bigint[])`,
    [tx.tenant, customers],
  )
  const objecting = await objectors(tx, customers)
  return new Map(
    rows.map(({ id, context, noted, ...fact }) => [
      id,
      { ...fact, context: context ?? {}, objects: noted || objecting.has(id) },
    ]),
  )
}
