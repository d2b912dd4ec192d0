/**
 * What changed in the book since a moment: who became high, recovered, came and left, and what that is worth. Who came and
 * became high since is in both.
 */
import type { Transaction } from '../database.ts'

export const BOOK_CHANGES = ['became_high', 'recovered', 'came', 'left'] as const
export type BookChange = (typeof BOOK_CHANGES)[number]

/** Customers of one change and currency. */
export interface ChangedGroup {
  readonly change: BookChange
  /** Null: their value is not known. */
  readonly currency: string | null
  readonly customers: number
  /** Value at risk, minor units of `currency`, a year. */
  readonly valueAtRiskMinor: number
  /** Of them those with a renewal from today on, within the days asked for. */
  readonly renewing: number
}

/**
 * A level that was set with the first score is no change. What became of a level is read where `customer-filter.ts` reads
 * it, so that the number is that of the list behind it, also when older scores are forgotten.
 *
 * @param about.renewDays days from `now` within which a renewal is near
 * @example
 * const groups = await bookChanges(tx, { since: weekAgo, now, renewDays: 60 })
 */
export function bookChanges(
  tx: Transaction,
  { since, now, renewDays }: { readonly since: Date; readonly now: Date; readonly renewDays: number },
): Promise<ChangedGroup[]> {
  return tx.query<ChangedGroup>(
    `with told as (
       select b.customer_id, b.currency, b.value_at_risk_minor,
         case when b.level = 'HIGH' then 'became_high' when b.level_before = 'HIGH' then 'recovered' end as change
       from book b where b.tenant_id = $1 and b.status = 'active' and b.level_changed_at >= $2
       union all
       select b.customer_id, b.currency, b.value_at_risk_minor, case when c.status = 'active' then 'came' else 'left' end
       from customers c join book b on b.tenant_id = c.tenant_id and b.customer_id = c.id
       where c.tenant_id = $1 and b.level is not null
         and case when c.status = 'active' then c.grouped_at else c.status_since end >= $2
     )
     select t.change, t.currency,
       count(*)::integer as customers, coalesce(sum(t.value_at_risk_minor), 0)::bigint as "valueAtRiskMinor",
       (count(*) filter (where exists (
         select from agreements a where a.tenant_id = $1 and a.customer_id = t.customer_id
           and a.renewal_date >= ($3::timestamptz at time zone 'UTC')::date
           and a.renewal_date <= ($3::timestamptz at time zone 'UTC')::date + $4::integer)))::integer as renewing
     from told t where t.change is not null group by 1, 2 order by 1, 2`,
    [tx.tenant, since, now, renewDays],
  )
}

/** When the company's first score was made; null: there is none yet. */
export async function firstScoredAt(tx: Transaction): Promise<Date | null> {
  const [row] = await tx.query<{ at: Date }>(
    'select scored_at as at from score_history where tenant_id = $1 order by scored_at limit 1',
    [tx.tenant],
  )
  return row?.at ?? null
}
