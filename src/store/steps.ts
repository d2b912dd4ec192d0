/** What is to be done next for a connection, a row a step: the truth that the queue dispatches. */
import type { ConnectionId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'

/**
 * Asks for a step; asking twice is asking once. An earlier time wins over a later one.
 *
 * @param at default: now, in database time
 * @example
 * await requestStep(tx, { connection, step: 'score', cause: 'sync' })
 */
export async function requestStep(
  tx: Transaction,
  {
    connection,
    step,
    cause,
    at = null,
  }: { connection: ConnectionId; step: string; cause: string; at?: Date | null },
): Promise<void> {
  await tx.query(
    `insert into steps (tenant_id, connection_id, step, due_at, cause)
     values ($1, $2, $3, coalesce($4::timestamptz, now()), $5)
     on conflict (tenant_id, connection_id, step) do update set
       due_at = least(steps.due_at, excluded.due_at),
       cause = case when steps.due_at <= excluded.due_at then steps.cause else excluded.cause end`,
    [tx.tenant, connection, step, at, cause],
  )
}
