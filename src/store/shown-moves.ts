/** What a record shows of an intervention follows the ledger: a move that people would see asks for a write-back. */
import type { ConnectionId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'
import type { InterventionState } from './intervention-states.ts'
import { requestStep } from './steps.ts'

/** States that pass within seconds. */
const PASSING: readonly InterventionState[] = ['leased', 'sending']

/** Seconds in which moves of one connection are gathered into one write-back. */
const GATHER_SECONDS = 5

/** The columns that a statement which moves interventions returns for {@link showMoves}. */
export interface MovedRow {
  readonly connection: ConnectionId
}

/**
 * In the transaction of the moves, which have marked their customers by a trigger (0022-moves-at-once.sql). A
 * write-back that failed is not hurried: it finds the marks when it is tried again, or asked for.
 *
 * @example
 * await showMoves(tx, 'sent', [{ connection }])
 */
export async function showMoves(
  tx: Transaction,
  to: InterventionState,
  moved: readonly MovedRow[],
): Promise<void> {
  if (moved.length === 0 || PASSING.includes(to)) return
  const connections = [...new Set(moved.map(({ connection }) => connection))]
  const [{ at, asked }] = await tx.prepared<{ at: Date; asked: readonly ConnectionId[] }>(
    `select now() + make_interval(secs => $3) as at, coalesce(array_agg(connection_id::text), '{}') as asked
     from steps where tenant_id = $1 and connection_id = any($2::uuid[]) and step = 'write_back'
       and (due_at <= now() + make_interval(secs => $3) or attempts > 0 and lease_until is null)`,
    [tx.tenant, connections, GATHER_SECONDS],
  )
  for (const connection of connections) {
    // Who moves many at once would else wait for the same row each time.
    if (!asked.includes(connection))
      await requestStep(tx, { connection, step: 'write_back', cause: 'act', at })
  }
}
