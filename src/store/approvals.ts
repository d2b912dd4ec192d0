/** What has waited for a person's answer for too long. */
import type { Transaction } from './database.ts'
import { OPEN_STATES } from './intervention-states.ts'
import { showMoves, type MovedRow } from './shown-moves.ts'

/**
 * Ends what nobody answered in time. Snoozing it begins the time anew.
 *
 * @param days `delivery.approval.waitDays` of the settings
 * @returns how many
 */
export async function expireApprovals(tx: Transaction, days: number): Promise<number> {
  const ended = await tx.query<MovedRow>(
    `with over as (
       select tenant_id, id from interventions
       where tenant_id = $1 and state = 'awaiting_approval' and awaiting_since <= now() - $2 * interval '1 day'
       for update skip locked
     ), ended as (
       update interventions i set state = 'expired', reason_code = 'approval_missing', reason = $3, updated_at = now()
       from over where i.tenant_id = over.tenant_id and i.id = over.id
       returning i.id, i.connection_id
     ), noted as (
       insert into intervention_events (tenant_id, intervention_id, from_state, to_state, actor, reason_code, reason)
       select $1, id, 'awaiting_approval', 'expired', 'clock', 'approval_missing', $3 from ended
     )
     select connection_id as connection from ended`,
    [tx.tenant, days, `Nobody approved it within ${days} ${days === 1 ? 'day' : 'days'}.`],
  )
  await showMoves(tx, 'expired', ended)
  return ended.length
}

/** Every yes to what has not gone out: it is asked for again right before sending, where the settings want one. */
export async function forgetApprovals(tx: Transaction): Promise<void> {
  await tx.query(
    `update interventions set approved_by = null, approved_at = null
     where tenant_id = $1 and approved_at is not null and state = any ($2::text[])`,
    [tx.tenant, [...OPEN_STATES, 'leased']],
  )
}
