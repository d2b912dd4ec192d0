/** What a period's decisions come to: how many of each action, and why the rest were left alone. */
import type { ConnectionId } from '../../contracts/ids.ts'
import type { Transaction } from '../database.ts'

export interface DecidedGroup {
  readonly actionKey: string
  readonly group: 'holdout' | 'usual' | 'policy' | 'exempt'
  /** Of each action as in `actionKeys`: 'open', or why it was masked (models/policy/masks.ts). */
  readonly masks: readonly string[]
  readonly actionKeys: readonly string[]
  readonly customers: number
  /** Minor units of `currency`; customers of whom it is unknown add nothing. */
  readonly expectedValueMinor: number
  readonly plannedCostMinor: number
  readonly currency: string
}

/**
 * Decisions of a period, counted by everything that tells them apart; masks have few combinations. Goes over all of
 * them: about a quarter of a second for 100,000 on the embedded database.
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
    `select action_key as "actionKey", group_name as "group", masks, action_keys as "actionKeys", currency,
       count(*)::integer as customers, coalesce(sum(expected_value_minor), 0)::bigint as "expectedValueMinor",
       sum(planned_cost_minor)::bigint as "plannedCostMinor"
     from decisions where tenant_id = $1 and connection_id = any($2::uuid[]) and period = $3
     group by action_key, group_name, masks, action_keys, currency
     order by customers desc limit 5000`,
    [tx.tenant, connections, period],
  )
}
