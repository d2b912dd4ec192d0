/** Ends everything of a company that has not begun to go out: what the kill switch does. */
import type { Transaction } from './database.ts'
import { OPEN_STATES } from './intervention-states.ts'
import { showMoves, type MovedRow } from './shown-moves.ts'

/**
 * Also what a worker has taken and not begun to hand over: it finds its lease gone.
 *
 * @returns how many
 */
export async function cancelOpen(
  tx: Transaction,
  { actor, reasonCode, reason }: { actor: string; reasonCode: string; reason: string },
): Promise<number> {
  const ended = await tx.query<MovedRow>(
    `with open as (
       select tenant_id, id, state from interventions
       where tenant_id = $1 and state = any($2::text[]) order by id for update
     ), ended as (
       update interventions i set state = 'cancelled', reason_code = $3, reason = $4, updated_at = now(),
         lease_owner = null, lease_until = null
       from open where i.tenant_id = open.tenant_id and i.id = open.id
       returning i.id, i.connection_id, open.state as before
     ), noted as (
       insert into intervention_events (tenant_id, intervention_id, from_state, to_state, actor, reason_code, reason)
       select $1, id, before, 'cancelled', $5, $3, $4 from ended
     )
     select connection_id as connection from ended`,
    [tx.tenant, [...OPEN_STATES, 'leased'], reasonCode, reason, actor],
  )
  await showMoves(tx, 'cancelled', ended)
  return ended.length
}
