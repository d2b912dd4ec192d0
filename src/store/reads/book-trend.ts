/** How the risk of the whole book moved from day to day. */
import type { Transaction } from '../database.ts'
import type { Level } from '../../contracts/customer-terms.ts'

/** What a day brought to a level: customers, and their value at risk at what they pay today. */
export interface TrendMove {
  /** 'YYYY-MM-DD', in UTC. */
  readonly day: string
  readonly level: Level
  readonly currency: string | null
  readonly customers: number
  /** Minor units of `currency`, a year; 0 where it is unknown. */
  readonly valueAtRiskMinor: number
}

/**
 * The moves of each day of a time: who came to a level adds, who left it takes away, and who left the population
 * takes away on the day of leaving. Taken away from what the book is now, day by day backwards, they give what it was.
 *
 * Reads the history of the days asked for, by an index, and of each customer who moved what it was before. Where the
 * whole book moved, as with another model, that takes some ten times as long as going over the scores once: what shows
 * it does not wait for it.
 *
 * @param time midnights in UTC; `to` is not included
 * @example
 * const moves = await trendMoves(tx, { from: new Date('2026-09-28'), to: new Date('2026-11-22') })
 */
export async function trendMoves(
  tx: Transaction,
  { from, to }: { readonly from: Date; readonly to: Date },
): Promise<TrendMove[]> {
  const [{ before }] = await tx.query<{ before: boolean }>(
    'select exists (select from score_history where tenant_id = $1 and scored_at < $2) as before',
    [tx.tenant, from],
  )
  return tx.query<TrendMove>(
    `with ends as materialized (
       select customer_id, day, level, probability from (
         select customer_id, (scored_at at time zone 'UTC')::date as day, level, probability,
           row_number() over (partition by customer_id, (scored_at at time zone 'UTC')::date
             order by scored_at desc, id desc) as place
         from score_history where tenant_id = $1 and scored_at >= $2 and scored_at < $4
       ) h where place = 1
     ), steps as materialized (
       select e.*, lag(level) over moved as level_before, lag(probability) over moved as probability_before,
         row_number() over moved as number
       from ends e window moved as (partition by customer_id order by day)
     ), known as (
       select s.*, o.monthly_minor * 12 as yearly, o.currency
       from steps s
       join customers c on c.tenant_id = $1 and c.id = s.customer_id
       join scores o on o.tenant_id = $1 and o.customer_id = s.customer_id
       where c.status = 'active' or c.status_since >= $2
     ), first as (
       -- Of the first move of each customer: what it was before all of them.
       select k.customer_id, k.day, b.level, b.probability, k.yearly, k.currency
       from known k cross join lateral (
         select h.level, h.probability from score_history h
         where h.tenant_id = $1 and h.customer_id = k.customer_id and h.scored_at < $2
         order by h.scored_at desc, h.id desc limit 1
       ) b where k.number = 1 and $3
     ), moves as (
       select day, level, 1 as customers, probability * yearly as value, currency from known
       union all
       select day, level_before, -1, -probability_before * yearly, currency from known where level_before is not null
       union all
       select day, level, -1, -probability * yearly, currency from first
       union all
       select (c.status_since at time zone 'UTC')::date, o.level, -1, -o.value_at_risk_minor, o.currency
       from customers c join scores o on o.tenant_id = c.tenant_id and o.customer_id = c.id
       where c.tenant_id = $1 and c.status <> 'active' and c.status_since >= $2 and c.status_since < $4
     )
     select day::text as day, level, case when value is null then null else currency end as currency,
       sum(customers)::integer as customers, coalesce(round(sum(value)), 0)::bigint as "valueAtRiskMinor"
     from moves group by 1, 2, 3 order by 1, 2, 3`,
    [tx.tenant, from, before, to],
  )
}
