/** Where a customer that is described in a request is scored as if it belonged there. */
import { HoldfastError } from '../../contracts/errors.ts'
import type { ConnectionId } from '../../contracts/ids.ts'
import type { Transaction } from '../database.ts'

export interface ScoringPlace {
  readonly id: ConnectionId
  /** Level thresholds in force; null: nobody of it was scored yet. */
  readonly thresholds: unknown
}

/**
 * @param connection null: the oldest that was scored, else the oldest
 * @returns null when none was asked for and there is none
 * @throws HoldfastError `not_found`
 */
export async function scoringPlace(
  tx: Transaction,
  connection: ConnectionId | null,
): Promise<ScoringPlace | null> {
  const [place = null] = await tx.query<ScoringPlace>(
    `select id, thresholds from connections where tenant_id = $1 and ($2::uuid is null or id = $2)
     order by thresholds is null, created_at, id limit 1`,
    [tx.tenant, connection],
  )
  if (place === null && connection !== null)
    throw new HoldfastError(
      'not_found',
      `There is no connection ${connection}. GET /v1/connections lists them.`,
    )
  return place
}
