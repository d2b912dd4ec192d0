/** What a page's few customers show beyond the list: how their risk was a month ago, and when they renew. */
import type { CustomerId } from '../../contracts/ids.ts'
import type { Transaction } from '../database.ts'

export interface LineExtra {
  readonly customer: CustomerId
  /** Thirty days before `now`, else when it was first scored; null where it never moved since. */
  readonly before: number | null
  /** 'YYYY-MM-DD', the next one from `today` on. */
  readonly renewalDate: string | null
}

/**
 * @example
 * const extras = await lineExtras(tx, items.map(({ id }) => id), clock())
 */
export async function lineExtras(
  tx: Transaction,
  ids: readonly CustomerId[],
  now: Date,
): Promise<ReadonlyMap<CustomerId, LineExtra>> {
  if (ids.length === 0) return new Map()
  const rows = await tx.query<LineExtra>(
    `select c.id as customer,
       coalesce(
         (select h.probability from score_history h
          where h.tenant_id = $1 and h.customer_id = c.id and h.scored_at <= $3::timestamptz - interval '30 days'
          order by h.scored_at desc, h.id desc limit 1),
         (select h.probability from score_history h
          where h.tenant_id = $1 and h.customer_id = c.id order by h.scored_at, h.id limit 1)
       ) as before,
       (select min(a.renewal_date) from agreements a
        where a.tenant_id = $1 and a.customer_id = c.id and a.renewal_date >= ($3::timestamptz at time zone 'UTC')::date
       ) as "renewalDate"
     from unnest($2::bigint[]) as c (id)`,
    [tx.tenant, ids, now],
  )
  return new Map(rows.map((row) => [row.customer, row]))
}
