/** What billing is asked and what it answers. */
import type { InterventionId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'
import { keepBillingCode } from './offer-codes.ts'
import { lockOffersOf } from './offers.ts'

/** An offer that billing is to confirm, as it is told of it. */
export interface OfferRequest {
  readonly offer: InterventionId
  /** The customer as the CRM knows it. */
  readonly connection: string
  readonly object: string
  readonly customer: string
  readonly actionKey: string
  readonly basisPoints: number
  readonly months: number
  /** 'YYYY-MM-DD' */
  readonly expiresOn: string
  readonly monthlyMinor: number | null
  readonly currency: string | null
  readonly answerUntil: Date
}

/**
 * Requests that are due, each marked as asked, so that no two workers ask at once and one that dies asks again later:
 * after a minute, then twice as long each time, at most an hour.
 */
export function takeRequests(tx: Transaction, limit: number): Promise<OfferRequest[]> {
  return tx.query<OfferRequest>(
    `with due as (
       select intervention_id from offers
       where tenant_id = $1 and status = 'requested' and ask_due_at <= now() and ask_until > now()
       order by ask_due_at, intervention_id limit $2 for update skip locked
     ), asked as (
       update offers o set asked_at = now(), ask_attempts = ask_attempts + 1, updated_at = now(),
         ask_due_at = now() + least(interval '1 hour', interval '1 minute' * power(2, least(ask_attempts, 6)))
       from due where o.tenant_id = $1 and o.intervention_id = due.intervention_id
       returning o.*
     )
     select a.intervention_id as offer, a.connection_id as connection, c.object, c.external_id as customer,
       a.action_key as "actionKey", a.basis_points as "basisPoints", a.months, a.expires_on::text as "expiresOn",
       a.base_minor as "monthlyMinor", a.base_currency as currency, a.ask_until as "answerUntil"
     from asked a
     join customers k on k.tenant_id = $1 and k.id = a.customer_id
     join customers c on c.tenant_id = $1 and c.id = coalesce(k.merged_into, k.id)`,
    [tx.tenant, limit],
  )
}

/** Billing has them, and answers when it will. */
export async function requestsTaken(tx: Transaction, offers: readonly InterventionId[]): Promise<void> {
  await tx.query(
    `update offers set ask_due_at = null
     where tenant_id = $1 and intervention_id = any ($2::uuid[]) and status = 'requested'`,
    [tx.tenant, [...offers]],
  )
}

/** Billing did not take them: the worker asks again when they are due, and not only when it looks at them anyhow. */
export async function askAgain(tx: Transaction, offers: readonly InterventionId[]): Promise<void> {
  await tx.query(
    `update interventions i set due_at = o.ask_due_at, updated_at = now()
     from offers o
     where i.tenant_id = $1 and i.id = any ($2::uuid[]) and i.state = 'deferred' and i.reason_code = 'offer_requested'
       and o.tenant_id = $1 and o.intervention_id = i.id and o.status = 'requested' and o.ask_due_at < i.due_at`,
    [tx.tenant, [...offers]],
  )
}

/** Has the worker look at what waits for billing. */
async function wakeIntervention(tx: Transaction, offer: InterventionId): Promise<void> {
  await tx.query(
    `update interventions set due_at = now(), updated_at = now()
     where tenant_id = $1 and id = $2 and state = 'deferred' and due_at > now()`,
    [tx.tenant, offer],
  )
}

/**
 * Billing gives a code.
 *
 * @param expiresOn 'YYYY-MM-DD'; null: as it was asked for
 * @returns false: it does not wait for one, or the code is another's
 */
export async function confirmRequest(
  tx: Transaction,
  {
    offer,
    code,
    expiresOn,
    actor,
  }: { offer: InterventionId; code: string; expiresOn: string | null; actor: string },
): Promise<'confirmed' | 'not_waiting' | 'code_taken'> {
  await lockOffersOf(tx, [offer])
  const [waiting] = await tx.query(
    `select from offers where tenant_id = $1 and intervention_id = $2 and status = 'requested' and ask_until > now()`,
    [tx.tenant, offer],
  )
  if (waiting === undefined) return 'not_waiting'
  if (!(await keepBillingCode(tx, { code, intervention: offer, actor }))) return 'code_taken'
  await tx.query(
    `update offers set status = 'reserved', code = $3, expires_on = coalesce($4::date, expires_on), ask_due_at = null,
       updated_at = now()
     where tenant_id = $1 and intervention_id = $2`,
    [tx.tenant, offer, code, expiresOn],
  )
  await wakeIntervention(tx, offer)
  return 'confirmed'
}

/** Billing says no. @returns whether it waited for an answer */
export async function refuseRequest(
  tx: Transaction,
  { offer, reason }: { offer: InterventionId; reason: string },
): Promise<boolean> {
  const refused = await tx.query(
    `update offers set status = 'refused', status_reason = $3, ask_due_at = null, updated_at = now()
     where tenant_id = $1 and intervention_id = $2 and status = 'requested' returning intervention_id`,
    [tx.tenant, offer, reason],
  )
  await wakeIntervention(tx, offer)
  return refused.length > 0
}

/** A discount that ended before its months were over. The first end stays. */
export async function endOffer(tx: Transaction, offer: InterventionId, at: Date): Promise<boolean> {
  const ended = await tx.query(
    `update offers set ended_at = $3, updated_at = now()
     where tenant_id = $1 and intervention_id = $2 and status = 'redeemed' and ended_at is null returning intervention_id`,
    [tx.tenant, offer, at],
  )
  return ended.length > 0
}
