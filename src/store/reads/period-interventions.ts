/** What became of the actions of a period, counted by everything that an overview tells apart. */
import type { Transaction } from '../database.ts'
import type { InterventionState } from '../intervention-states.ts'

export interface InterventionGroup {
  readonly state: InterventionState
  readonly channel: 'email' | 'sms' | 'task'
  readonly reasonCode: string | null
  /** Whether it went into the sandbox, where nothing reaches anybody. */
  readonly simulated: boolean
  readonly currency: string
  readonly interventions: number
  /** What it cost, or would; minor units of `currency`. */
  readonly costMinor: number
}

/**
 * Those that were made in the period.
 *
 * @example
 * await periodInterventions(tx, { start: periodStart('month', now), end: periodEnd('month', now) })
 */
export function periodInterventions(
  tx: Transaction,
  { start, end }: { readonly start: Date; readonly end: Date },
): Promise<InterventionGroup[]> {
  return tx.query<InterventionGroup>(
    `select state, channel, case when state in ('suppressed', 'deferred') then reason_code end as "reasonCode",
       coalesce(message ->> 'delivery' = 'sandbox', false) as simulated, currency, count(*)::integer as interventions,
       sum(coalesce(actual_cost_minor, planned_cost_minor))::bigint as "costMinor"
     from interventions
     where tenant_id = $1 and updated_at >= $2 and created_at >= $2 and created_at < $3
     group by 1, 2, 3, 4, 5 order by 6 desc, 1, 2, 3`,
    [tx.tenant, start, end],
  )
}
