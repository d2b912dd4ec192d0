/** Scores in force, by customer: what the API answers with when it is asked by id. */
import type { Level } from '../../contracts/customer-terms.ts'
import type { ConnectionId, CustomerId } from '../../contracts/ids.ts'
import type { Transaction } from '../database.ts'
import type { Reason } from './customers.ts'

export interface ScoreInForce {
  readonly customer: CustomerId
  readonly connection: ConnectionId
  readonly scoredAt: Date
  readonly probability: number
  readonly kind: 'snapshot' | 'horizon'
  readonly horizonDays: number | null
  readonly monthlyHazard: number
  readonly level: Level
  readonly reasons: readonly Reason[]
  readonly dataConfidence: number
  readonly monthlyMinor: number | null
  readonly currency: string | null
  readonly modelHash: string
  /** The served state of the policy. */
  readonly state: readonly number[]
  /** What masks look at, by the names of PolicyContext; absent is unknown. */
  readonly context: Readonly<Record<string, number>>
  /** The customer's group: only `policy` is acted on. */
  readonly group: 'holdout' | 'usual' | 'policy' | 'exempt'
}

/**
 * Those of the customers that have a score; in any order.
 *
 * @example
 * const [score] = await scoresInForce(tx, [customer])
 */
export function scoresInForce(tx: Transaction, ids: readonly CustomerId[]): Promise<ScoreInForce[]> {
  return tx.query<ScoreInForce>(
    `select s.customer_id as customer, s.connection_id as connection, s.scored_at as "scoredAt", s.probability,
       s.kind, s.horizon_days as "horizonDays", s.monthly_hazard as "monthlyHazard", s.level, s.reasons,
       s.data_confidence as "dataConfidence", s.monthly_minor as "monthlyMinor", s.currency,
       s.model_hash as "modelHash", s.state, s.context, c.group_name as "group"
     from scores s join customers c on c.tenant_id = s.tenant_id and c.id = s.customer_id
     where s.tenant_id = $1 and s.customer_id = any($2::bigint[]) and c.status = 'active'`,
    [tx.tenant, ids],
  )
}
