/** Ends everything of a company that has not begun to go out: what the kill switch does. */
import type { InterventionId } from '../contracts/ids.ts'
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

/**
 * While the kill switch is on nothing that was just planned stays: for whoever planned it before they could know. The
 * caller holds the lock under which the switch is turned on (`lockDecisions`), so that one of the two sees the other.
 *
 * @returns how many
 */
export async function cancelWhileStopped(tx: Transaction, ids: readonly InterventionId[]): Promise<number> {
  const ended = await tx.query<MovedRow>(
    `with ended as (
       update interventions i set state = 'cancelled', reason_code = 'killed',
         reason = 'All actions were stopped: ' || p.reason, updated_at = now()
       from pauses p, interventions b where p.tenant_id = $1 and p.scope = 'everything' and p.ended_at is null
         and b.tenant_id = p.tenant_id and b.id = any ($2::uuid[]) and b.state = any ($3::text[])
         and i.tenant_id = b.tenant_id and i.id = b.id
       returning i.id, i.connection_id, b.state as before, i.reason, p.actor
     ), noted as (
       insert into intervention_events (tenant_id, intervention_id, from_state, to_state, actor, reason_code, reason)
       select $1, id, before, 'cancelled', actor, 'killed', reason from ended
     )
     select connection_id as connection from ended`,
    [tx.tenant, ids, [...OPEN_STATES]],
  )
  await showMoves(tx, 'cancelled', ended)
  return ended.length
}
