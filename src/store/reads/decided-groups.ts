/** What a period's decisions come to: how many of each action, and why the rest were left alone. */
import type { ConnectionId } from '../../contracts/ids.ts'
import type { Transaction } from '../database.ts'
import type { DecisionStage } from './decisions.ts'

export interface DecidedGroup {
  readonly actionKey: string
  readonly group: 'holdout' | 'usual' | 'policy' | 'exempt'
  readonly stage: DecisionStage
  /** Why what promised most was not possible (models/policy/masks.ts), where the stage is `held_back`. */
  readonly heldReason: string | null
  readonly customers: number
  /** Minor units of `currency`; customers of whom it is unknown add nothing. */
  readonly expectedValueMinor: number
  readonly plannedCostMinor: number
  readonly currency: string
}

/**
 * Decisions of a period, counted by everything that tells them apart. Goes over all of them.
 *
 * @param period '2026-11', '2026-W47' or '2026-Q4'
 * @example
 * const groups = await decidedGroups(tx, { connections: [connection], period: '2026-11' })
 */
export function decidedGroups(
  tx: Transaction,
  { connections, period }: { connections: readonly ConnectionId[]; period: string },
): Promise<DecidedGroup[]> {
  return tx.query<DecidedGroup>(
    `select action_key as "actionKey", group_name as "group", stage, held_reason as "heldReason", currency,
       count(*)::integer as customers, coalesce(sum(expected_value_minor), 0)::bigint as "expectedValueMinor",
       sum(planned_cost_minor)::bigint as "plannedCostMinor"
     from decisions where tenant_id = $1 and connection_id = any($2::uuid[]) and period = $3
     group by action_key, group_name, stage, held_reason, currency
     order by customers desc limit 5000`,
    [tx.tenant, connections, period],
  )
}
