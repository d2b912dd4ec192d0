/** Moves of many interventions at once, each with its event. */
import type { Transaction } from './database.ts'
import { OPEN_STATES } from './intervention-states.ts'
import { showMoves, type MovedRow } from './shown-moves.ts'

/**
 * Ends what nobody carried out in time and no worker will be sent to, such as what waits for an approval.
 *
 * @returns how many
 */
export async function expireInterventions(tx: Transaction): Promise<number> {
  const ended = await tx.query<MovedRow>(
    `with over as (
       select tenant_id, id, state from interventions
       where tenant_id = $1 and state = any($2::text[]) and expires_at <= now() for update skip locked
     ), ended as (
       update interventions i set state = 'expired', reason_code = 'expired', reason = $3, updated_at = now()
       from over where i.tenant_id = over.tenant_id and i.id = over.id
       returning i.id, i.connection_id, over.state as before
     ), noted as (
       insert into intervention_events (tenant_id, intervention_id, from_state, to_state, actor, reason_code, reason)
       select $1, id, before, 'expired', 'clock', 'expired', $3 from ended
     )
     select connection_id as connection from ended`,
    [tx.tenant, [...OPEN_STATES], 'Its time passed before it was carried out.'],
  )
  await showMoves(tx, 'expired', ended)
  return ended.length
}

/**
 * Makes what was deferred for one of these reasons due at once: after the settings changed or a pause ended.
 *
 * @returns how many
 * @example
 * await releaseDeferred(tx, ['delivery_off', 'tenant_paused'])
 */
export async function releaseDeferred(tx: Transaction, reasonCodes: readonly string[]): Promise<number> {
  const released = await tx.query(
    `update interventions set due_at = now(), updated_at = now()
     where tenant_id = $1 and state = 'deferred' and due_at > now() and reason_code = any($2::text[]) returning id`,
    [tx.tenant, [...reasonCodes]],
  )
  return released.length
}

/**
 * Stops every e-mail that is meant for an address and has not begun to be sent.
 *
 * @param hash of the address
 * @param address as a message names it, where one is known
 * @returns how many
 */
export async function cancelToAddress(
  tx: Transaction,
  { hash, address, actor, reasonCode, reason }: AddressStop,
): Promise<number> {
  const stopped = await tx.query<MovedRow>(
    `with meant as (
       select i.tenant_id, i.id, i.state from interventions i
       left join recipients r on r.tenant_id = i.tenant_id and r.id = i.recipient_id
       where i.tenant_id = $1 and i.channel = 'email' and i.state = any($2::text[])
         and (r.email_hash = $3 or i.message->'to'->>'address' = $4::text)
       for update of i
     ), stopped as (
       update interventions i set state = 'cancelled', reason_code = $5, reason = $6, updated_at = now(),
         lease_owner = null, lease_until = null
       from meant where i.tenant_id = meant.tenant_id and i.id = meant.id
       returning i.id, i.connection_id, meant.state as before
     ), noted as (
       insert into intervention_events (tenant_id, intervention_id, from_state, to_state, actor, reason_code, reason)
       select $1, id, before, 'cancelled', $7, $5, $6 from stopped
     )
     select connection_id as connection from stopped`,
    [tx.tenant, [...OPEN_STATES, 'leased'], hash, address, reasonCode, reason, actor],
  )
  await showMoves(tx, 'cancelled', stopped)
  return stopped.length
}

export interface AddressStop {
  readonly hash: Buffer
  readonly address: string | null
  readonly actor: string
  readonly reasonCode: string
  readonly reason: string
}
