/** Outcomes of decisions: what is known when a window has closed, and the append-only rows that are made of it. */
import type { ConnectionId } from '../contracts/ids.ts'
import { insertRows } from './bulk.ts'
import type { Transaction } from './database.ts'
import { preferKeys } from './prefer-keys.ts'
import type { InterventionState } from './intervention-states.ts'

/** Where the next window of a length begins: behind the last decision that was measured. */
export interface OutcomePosition {
  readonly at: Date
  readonly id: number
}

/**
 * How the last whole sync of a connection began: what left the source before it is known. Null: it was never read.
 */
export async function lastRead(tx: Transaction, connection: ConnectionId): Promise<Date | null> {
  const [row] = await tx.query<{ at: Date }>(
    `select started_at as at from runs
     where tenant_id = $1 and connection_id = $2 and step = 'sync' and status = 'done'
     order by started_at desc limit 1`,
    [tx.tenant, connection],
  )
  return row?.at ?? null
}

/** Null: no window of this length was measured yet. */
export async function outcomePosition(
  tx: Transaction,
  connection: ConnectionId,
  days: number,
): Promise<OutcomePosition | null> {
  const [row] = await tx.query<OutcomePosition>(
    `select decided_at as at, decision_id as id from outcomes
     where tenant_id = $1 and connection_id = $2 and days = $3
     order by decided_at desc, decision_id desc limit 1`,
    [tx.tenant, connection, days],
  )
  return row ?? null
}

/** @param until of the decisions: their windows have closed */
export async function countClosed(
  tx: Transaction,
  connection: ConnectionId,
  { after, until }: { after: OutcomePosition | null; until: Date },
): Promise<number> {
  const [{ count }] = await tx.query<{ count: number }>(
    `select count(*) as count from decisions
     where tenant_id = $1 and connection_id = $2 and decided_at <= $3
       and (decided_at, id) > (coalesce($4::timestamptz, '-infinity'), coalesce($5::bigint, 0))`,
    [tx.tenant, connection, until, after?.at ?? null, after?.id ?? null],
  )
  return count
}

/** What is known now of a decision whose window has closed. */
export interface ClosedDecision {
  readonly id: number
  readonly customer_id: number
  readonly decided_at: Date
  readonly settings_version: number
  readonly action_key: string
  /** Minor units a month, as the customer then paid; null unknown. */
  readonly monthly_minor: number | null
  readonly currency: string
  /** 'YYYY-MM-DD', the next one when it was decided. */
  readonly renewal_date: string | null
  readonly status: 'active' | 'left' | 'deleted'
  /** When we learnt of the status. */
  readonly status_since: Date
  /** When what turned the status happened in the source; null: nothing of the customer changed with it. */
  readonly changed_at: Date | null
  /** Whether it was seen to be still there after the window and before the status turned. */
  readonly seen_after: boolean
  /** Of the score in force. */
  readonly monthly_now_minor: number | null
  readonly currency_now: string | null
  /** The latest one of any agreement. */
  readonly renewal_now: string | null
  /** Whether an agreement renews by itself; null: the source does not say. */
  readonly auto_renewal: boolean | null
  readonly intervention_id: string | null
  readonly intervention_state: InterventionState | null
  readonly delivery: 'live' | 'sandbox' | 'dry_run' | null
  readonly sent_at: Date | null
  readonly opted_out_at: Date | null
  /** What its intervention gives off; null: nothing, or it was made before there were offers. */
  readonly offer: MeasuredOffer | null
  /** The outcome of the next shorter window; null where there is none. */
  readonly before: EarlierOutcome | null
}

export interface MeasuredOffer {
  readonly fulfilment: 'person' | 'pool' | 'billing'
  /** Whether somebody said that it was taken. */
  readonly redeemed: boolean
  /** What its months until the end of the window cost, minor units of `currency`; null: not known of one of them. */
  readonly minor: number | null
  readonly currency: string
}

export interface EarlierOutcome {
  readonly days: number
  readonly churned: boolean | null
  /** ISO 8601. */
  readonly left_at: string | null
  readonly monthly_minor: number | null
  readonly revenue_minor: number | null
}

/**
 * Decisions in the order in which their windows closed.
 *
 * @param until of the decisions: their windows have closed
 */
export async function closedDecisions(
  tx: Transaction,
  connection: ConnectionId,
  { days, after, until, limit }: { days: number; after: OutcomePosition | null; until: Date; limit: number },
): Promise<readonly ClosedDecision[]> {
  await preferKeys(tx)
  return tx.query<ClosedDecision>(CLOSED, [
    tx.tenant,
    connection,
    days,
    after?.at ?? null,
    after?.id ?? null,
    until,
    limit,
  ])
}

/** Whoever has left was last scored before: what it pays now is asked of those who stayed. */
const CLOSED = `
  with due as materialized (
    select id, customer_id, decided_at, settings_version, action_key, monthly_minor, currency, renewal_date,
      decided_at + make_interval(days => $3::integer) as closed_at
    from decisions
    where tenant_id = $1 and connection_id = $2 and decided_at <= $6
      and (decided_at, id) > (coalesce($4::timestamptz, '-infinity'), coalesce($5::bigint, 0))
    order by decided_at, id limit $7
  )
  select due.id, due.customer_id, due.decided_at, due.settings_version, due.action_key, due.monthly_minor,
    due.currency, due.renewal_date, c.status, c.status_since, s.monthly_minor as monthly_now_minor,
    s.currency as currency_now, a.renewal_now, a.auto_renewal,
    case when c.status = 'active' then null else (
      select max(p.valid_at) from property_changes p
      where p.tenant_id = $1 and p.customer_id = c.id and p.recorded_at = c.status_since) end as changed_at,
    case when c.status_since <= due.closed_at then false else exists (
      select from runs r where r.tenant_id = $1 and r.connection_id = $2 and r.step = 'sync' and r.status = 'done'
        and r.started_at >= due.closed_at and r.finished_at < c.status_since) end as seen_after,
    i.id as intervention_id, i.state as intervention_state, i.delivery, i.sent_at, i.opted_out_at, (
      select to_json(f) from (
        select o.fulfilment, o.status = 'redeemed' as redeemed, o.currency,
          case when bool_or(x.month is not null and x.minor is null) then null else coalesce(sum(x.minor), 0) end as minor
        from offers o
        left join offer_costs x on x.tenant_id = $1 and x.intervention_id = o.intervention_id and x.at <= due.closed_at
        where o.tenant_id = $1 and o.intervention_id = i.id group by o.fulfilment, o.status, o.currency) f) as offer, (
      select to_json(b) from (
        select o.days, o.churned, o.left_at, o.monthly_minor, o.revenue_minor from outcomes o
        where o.tenant_id = $1 and o.decision_id = due.id and o.days < $3 order by o.days desc limit 1) b) as before
  from due
  join customers c on c.tenant_id = $1 and c.id = due.customer_id
  left join scores s on s.tenant_id = $1 and s.customer_id = due.customer_id
  left join lateral (
    select max(g.renewal_date) as renewal_now, bool_or(g.auto_renewal) as auto_renewal from agreements g
    where g.tenant_id = $1 and g.customer_id = due.customer_id) a on true
  left join lateral (
    select v.id, v.state, coalesce(v.sent_at, v.sending_at) as sent_at,
      case when v.state = 'dry_run' then 'dry_run'
        when v.state in ('sent', 'confirmed', 'uncertain') then coalesce(v.message ->> 'delivery', 'live') end as delivery, (
        select min(e.at) from intervention_events e
        where e.tenant_id = $1 and e.intervention_id = v.id and e.at <= due.closed_at
          and e.reason_code in ('unsubscribed', 'complained')) as opted_out_at
    from interventions v
    where v.tenant_id = $1 and v.customer_id = due.customer_id and v.decision_id = due.id
    order by v.created_at desc, v.id limit 1) i on true
  order by due.decided_at, due.id`

export type OutcomeCause =
  | 'stayed'
  | 'returned'
  | 'left'
  | 'gone'
  | 'population'
  | 'deleted'
  | 'away'
  | 'unseen'

/** As the table has it; amounts in minor units of `currency`. */
export interface Outcome {
  readonly decision_id: number
  readonly days: number
  readonly customer_id: number
  readonly decided_at: Date
  /** Null: not known, which is being censored. */
  readonly churned: boolean | null
  readonly cause: OutcomeCause
  readonly left_at: Date | null
  readonly renewed: boolean | null
  readonly currency: string
  readonly monthly_minor: number | null
  readonly revenue_minor: number | null
  readonly intervention_id: string | null
  readonly intervention_state: InterventionState | null
  readonly delivery: 'live' | 'sandbox' | 'dry_run' | null
  readonly sent_at: Date | null
  readonly opted_out_at: Date | null
  /** Null: it cost a share of an amount that is not known. */
  readonly cost_minor: number | null
  readonly reward_minor: number | null
  readonly observed_at: Date
}

/**
 * What was measured before stays as it is.
 *
 * @returns how many are new
 */
export async function appendOutcomes(
  tx: Transaction,
  connection: ConnectionId,
  outcomes: readonly Outcome[],
): Promise<number> {
  const rows = outcomes.map((outcome) => ({
    ...outcome,
    connection_id: connection,
    censored: outcome.churned === null,
  }))
  const added = await insertRows(tx, 'outcomes', COLUMNS, rows, {
    ending: 'on conflict (tenant_id, decision_id, days) do nothing returning decision_id',
  })
  return added.length
}

const COLUMNS = Object.entries({
  decision_id: 'bigint',
  days: 'integer',
  customer_id: 'bigint',
  connection_id: 'uuid',
  decided_at: 'timestamptz',
  churned: 'boolean',
  censored: 'boolean',
  cause: 'text',
  left_at: 'timestamptz',
  renewed: 'boolean',
  currency: 'text',
  monthly_minor: 'bigint',
  revenue_minor: 'bigint',
  intervention_id: 'uuid',
  intervention_state: 'text',
  delivery: 'text',
  sent_at: 'timestamptz',
  opted_out_at: 'timestamptz',
  cost_minor: 'bigint',
  reward_minor: 'bigint',
  observed_at: 'timestamptz',
}).map(([name, type]) => ({ name, type }))
