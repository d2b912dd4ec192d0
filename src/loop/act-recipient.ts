/** Whom an intervention reaches: the first recipient in rank who has an address and did not say no. */
import type { ActFacts, Contact } from './act-facts.ts'
import type { Refusal } from './consent.ts'

export interface Reachable {
  readonly recipient: Contact & { readonly email: string }
  readonly hash: Buffer
}

export type Choice =
  | { readonly chosen: Reachable; readonly none: null }
  | { readonly chosen: null; readonly none: { readonly code: string; readonly reason: string } }

/**
 * @param live only those who agreed; otherwise those who did not refuse
 * @returns when there is nobody, why: the reason of the first who has an address
 */
export function chooseRecipient(
  contacts: readonly Contact[],
  { refusal, live }: Pick<ActFacts, 'refusal'> & { readonly live: boolean },
): Choice {
  let first: Refusal | null = null
  let addresses = 0
  for (const recipient of contacts) {
    const { email, emailHash: hash } = recipient
    if (email === null || hash === null) continue
    addresses++
    const refused = refusal(hash, 'email', live)
    if (refused === null) return { chosen: { recipient: { ...recipient, email }, hash }, none: null }
    first ??= refused
  }
  return { chosen: null, none: nobody(contacts, addresses, first) }
}

function nobody(
  contacts: readonly Contact[],
  addresses: number,
  refusal: Refusal | null,
): { code: string; reason: string } {
  if (refusal !== null) {
    const others = addresses > 1 ? `; of the ${addresses - 1} others none may be written to either` : ''
    return { code: refusal.code, reason: `Not sent: ${refusal.because}${others}.` }
  }
  if (contacts.some(({ email }) => email !== null))
    return {
      code: 'address_invalid',
      reason:
        'Not sent: no contact of this customer has an e-mail address that can be used. Correct it in the CRM.',
    }
  return {
    code: 'no_address',
    reason: 'Not sent: no contact of this customer has an e-mail address. Add one in the CRM.',
  }
}
