/** How many decisions and interventions got how far, by everything that the funnel tells apart. */
import type { ConnectionId } from '../../contracts/ids.ts'
import type { Transaction } from '../database.ts'
import type { InterventionState } from '../intervention-states.ts'
import { conditions } from './conditions.ts'
import type { DecisionStage } from './decisions.ts'
import { interventionsWhere, SIMULATED, type Heard, type InterventionFilter } from './intervention-filter.ts'

export interface FunnelQuery {
  /** 'YYYY-MM-DD', of the decision or of when it was asked for, in UTC. */
  readonly from: string
  /** Not included. */
  readonly to: string
  readonly group?: string | undefined
  readonly connection?: ConnectionId | undefined
}

export interface DecidedCount {
  readonly group: string
  readonly stage: DecisionStage
  readonly leadAction: string
  /** '' where nothing held it back. */
  readonly heldReason: string
  readonly currency: string
  readonly decisions: number
  readonly expectedValueMinor: number
  readonly plannedCostMinor: number
}

/** Of decisions, kept as they are made (0026-insight.sql): a few hundred rows a day, however large the book is. */
export function countDecided(
  tx: Transaction,
  { from, to, group, connection }: FunnelQuery,
): Promise<DecidedCount[]> {
  const where = conditions([tx.tenant, from, to], 'tenant_id = $1', 'day >= $2::date', 'day < $3::date')
  where.given(group, (it) => `group_name = ${it}`)
  where.given(connection, (it) => `connection_id = ${it}`)
  return tx.query<DecidedCount>(
    `select group_name as "group", stage, lead_action as "leadAction", held_reason as "heldReason", currency,
       sum(decisions)::bigint as decisions, sum(expected_value_minor)::bigint as "expectedValueMinor",
       sum(planned_cost_minor)::bigint as "plannedCostMinor"
     from decision_counts where ${where.text()} group by 1, 2, 3, 4, 5 having sum(decisions) > 0`,
    where.values,
  )
}

export interface MadeCount {
  readonly actionKey: string
  readonly channel: 'email' | 'sms' | 'task'
  readonly state: InterventionState
  /** Of what waits or has ended without going out; null: none is noted, or it does not matter. */
  readonly reasonCode: string | null
  readonly simulated: boolean
  readonly currency: string
  readonly interventions: number
  readonly reservedMinor: number
  readonly committedMinor: number
}

/** States whose reasons tell them apart. */
export const BECAUSE: readonly InterventionState[] = [
  'deferred',
  'suppressed',
  'rejected',
  'expired',
  'cancelled',
]

export function countMade(tx: Transaction, query: InterventionFilter): Promise<MadeCount[]> {
  const where = interventionsWhere(tx, query)
  return tx.query<MadeCount>(
    `select i.action_key as "actionKey", i.channel, i.state,
       case when i.state = any (${where.parameter([...BECAUSE])}::text[]) then i.reason_code end as "reasonCode",
       ${SIMULATED} as simulated, i.currency, count(*)::integer as interventions,
       sum(i.reserved_minor)::bigint as "reservedMinor", sum(i.committed_minor)::bigint as "committedMinor"
     from interventions i ${joinsOf(query)} where ${where.text()} group by 1, 2, 3, 4, 5, 6`,
    where.values,
  )
}

export interface HeardCount {
  readonly actionKey: string
  readonly channel: 'email' | 'sms' | 'task'
  readonly simulated: boolean
  readonly heard: Heard
  /** Each counts once. */
  readonly interventions: number
}

/** Of what went out: what came back of it. Few of many, so that it is looked for from there. */
export function countHeard(
  tx: Transaction,
  query: InterventionFilter & { readonly from: Date },
): Promise<HeardCount[]> {
  const where = interventionsWhere(tx, { ...query, state: ['sent', 'confirmed'] })
  const since = where.parameter(query.from)
  return tx.query<HeardCount>(
    `with said as (
       select distinct intervention_id as id, ${SAID} as heard from delivery_events
       where tenant_id = $1 and channel in ('email', 'sms') and recorded_at >= ${since}
         and kind in ('bounced', 'failed', 'replied', 'complained', 'unsubscribed') and intervention_id is not null
       union all
       select intervention_id, 'redeemed' from offers where tenant_id = $1 and status = 'redeemed'
       union all
       select intervention_id, 'done' from call_outcomes where tenant_id = $1 and status = 'done'
     )
     select i.action_key as "actionKey", i.channel, ${SIMULATED} as simulated, s.heard,
       count(*)::integer as interventions
     from said s join interventions i on i.tenant_id = $1 and i.id = s.id ${joinsOf(query)}
     where ${where.text()} group by 1, 2, 3, 4`,
    where.values,
  )
}

const SAID = `case kind when 'bounced' then 'bounced' when 'failed' then 'bounced' when 'replied' then 'answered'
  when 'complained' then 'complained' else 'opted_out' end`

/** Customers are only looked at where something of theirs is asked for. */
const joinsOf = ({ group, responsible }: InterventionFilter): string =>
  group === undefined && responsible === undefined
    ? ''
    : 'join customers c on c.tenant_id = i.tenant_id and c.id = i.customer_id'
