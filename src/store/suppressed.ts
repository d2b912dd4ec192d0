/** What was kept back and why: each suppressed or deferred send is an event of the ledger; here they are counted. */
import type { Transaction } from './database.ts'

export interface KeptBackQuery {
  readonly from: Date
  readonly to: Date
  /** Length of a period, in UTC; weeks begin on Monday. */
  readonly by: 'day' | 'week' | 'month'
}

/** How many interventions were kept back for one reason in one period. */
export interface KeptBackCount {
  /** 'YYYY-MM-DD', its first day. */
  readonly period: string
  readonly to: 'suppressed' | 'deferred'
  readonly code: string | null
  readonly channel: 'email' | 'sms' | 'task'
  readonly actionKey: string
  /** Each counts once a period, however often it was put off for the same reason. */
  readonly interventions: number
  /** The newest reason, as a sentence. */
  readonly example: string | null
}

/** Newest period first, then the most frequent. */
export function keptBack(tx: Transaction, { from, to, by }: KeptBackQuery): Promise<KeptBackCount[]> {
  return tx.query<KeptBackCount>(
    `select to_char(date_trunc($4, e.at at time zone 'UTC'), 'YYYY-MM-DD') as period, e.to_state as "to",
       e.reason_code as code, i.channel, i.action_key as "actionKey",
       count(distinct e.intervention_id)::integer as interventions,
       (array_agg(e.reason order by e.id desc))[1] as example
     from intervention_events e
     join interventions i on i.tenant_id = e.tenant_id and i.id = e.intervention_id
     where e.tenant_id = $1 and e.at >= $2 and e.at < $3 and e.to_state in ('suppressed', 'deferred')
       and e.from_state is distinct from 'suppressed'
     group by 1, 2, 3, 4, 5 order by 1 desc, 6 desc, 3, 4, 5`,
    [tx.tenant, from, to, by],
  )
}

/** What waits now for one reason. */
export interface WaitingCount {
  readonly code: string | null
  readonly channel: 'email' | 'sms' | 'task'
  readonly actionKey: string
  readonly interventions: number
  /** When the next of them is looked at again. */
  readonly next: Date
}

/** The most frequent first. */
export function waiting(tx: Transaction): Promise<WaitingCount[]> {
  return tx.query<WaitingCount>(
    `select reason_code as code, channel, action_key as "actionKey", count(*)::integer as interventions,
       min(due_at) as next
     from interventions where tenant_id = $1 and state = 'deferred'
     group by 1, 2, 3 order by 4 desc, 1, 2, 3`,
    [tx.tenant],
  )
}
