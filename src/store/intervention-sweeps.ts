/** Moves of many interventions at once, each with its event. */
import type { CustomerId } from '../contracts/ids.ts'
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
 * Stops every message of a channel that is meant for an address and has not begun to be sent, whichever record has it.
 *
 * @param hash of the address
 * @param address as a message names it, where one is known
 * @returns how many
 */
export function cancelToAddress(
  tx: Transaction,
  { hash, address, channel = 'email', ...because }: AddressStop,
): Promise<number> {
  const [column, to] =
    channel === 'email'
      ? ['email_hash', `i.message -> 'to' ->> 'address'`]
      : ['phone_hash', `i.message ->> 'to'`]
  return cancelAll(tx, because, {
    // A message names whom it was written to; the record may have another address by now.
    where: `i.channel = $6 and (i.address_hash = $7 or r.${column} = $7 or ${to} = $8::text)`,
    values: [channel, hash, address],
  })
}

export interface AddressStop extends Because {
  readonly hash: Buffer
  readonly address: string | null
  /** Default: e-mail. */
  readonly channel?: 'email' | 'sms'
}

/**
 * Stops every message to anybody of a customer that has not begun to be sent. Tasks stay: a person carries them out,
 * and reads first what keeps the rest.
 *
 * @returns how many
 */
export function cancelMessages(tx: Transaction, customer: CustomerId, because: Because): Promise<number> {
  return cancelAll(tx, because, {
    where: `i.channel in ('email', 'sms') and i.customer_id = $6`,
    values: [customer],
  })
}

/**
 * Stops everything of some customers that has not begun to be carried out, tasks too.
 *
 * @returns how many
 */
export function cancelForCustomers(
  tx: Transaction,
  customers: readonly CustomerId[],
  because: Because,
): Promise<number> {
  return cancelAll(tx, because, { where: 'i.customer_id = any ($6::bigint[])', values: [customers] })
}

export interface Because {
  readonly actor: string
  readonly reasonCode: string
  readonly reason: string
}

/** @param meant over `i` and its recipient `r`, with values from $6 on */
async function cancelAll(
  tx: Transaction,
  { actor, reasonCode, reason }: Because,
  meant: { readonly where: string; readonly values: readonly unknown[] },
): Promise<number> {
  const stopped = await tx.query<MovedRow>(
    `with meant as (
       select i.tenant_id, i.id, i.state from interventions i
       left join recipients r on r.tenant_id = i.tenant_id and r.id = i.recipient_id
       where i.tenant_id = $1 and i.state = any($2::text[]) and ${meant.where}
       order by i.id for update of i
     ), stopped as (
       update interventions i set state = 'cancelled', reason_code = $3, reason = $4, updated_at = now(),
         lease_owner = null, lease_until = null
       from meant where i.tenant_id = meant.tenant_id and i.id = meant.id
       returning i.id, i.connection_id, meant.state as before
     ), noted as (
       insert into intervention_events (tenant_id, intervention_id, from_state, to_state, actor, reason_code, reason)
       select $1, id, before, 'cancelled', $5, $3, $4 from stopped
     )
     select connection_id as connection from stopped`,
    [tx.tenant, [...OPEN_STATES, 'leased'], reasonCode, reason, actor, ...meant.values],
  )
  await showMoves(tx, 'cancelled', stopped)
  return stopped.length
}
