/** Whom an intervention reaches: the first recipient in rank who has an address and did not say no. */
import { hashAddress } from '../security/address-hash.ts'
import type { RecipientRow } from '../store/act-context.ts'
import type { Transaction } from '../store/database.ts'
import { refusalFor, type Refusal } from './consent.ts'

export interface Reachable {
  readonly recipient: RecipientRow & { readonly email: string }
  readonly hash: Buffer
}

export type Choice =
  | { readonly chosen: Reachable; readonly none: null }
  | { readonly chosen: null; readonly none: { readonly code: string; readonly reason: string } }

/**
 * @param key of `Secrets.addressKey`
 * @param live only those who agreed; otherwise those who did not refuse
 * @returns when there is nobody, why: the reason of the first who has an address
 */
export async function chooseRecipient(
  tx: Transaction,
  recipients: readonly RecipientRow[],
  { key, live }: { key: Buffer; live: boolean },
): Promise<Choice> {
  let first: Refusal | null = null
  let addresses = 0
  for (const recipient of recipients) {
    const { email } = recipient
    const hash = email === null ? null : hashAddress(key, 'email', email)
    if (email === null || hash === null) continue
    addresses++
    const refusal = await refusalFor(tx, { hash, channel: 'email', live })
    if (refusal === null) return { chosen: { recipient: { ...recipient, email }, hash }, none: null }
    first ??= refusal
  }
  return { chosen: null, none: nobody(recipients, addresses, first) }
}

function nobody(
  recipients: readonly RecipientRow[],
  addresses: number,
  refusal: Refusal | null,
): { code: string; reason: string } {
  if (refusal !== null) {
    const others = addresses > 1 ? `; of the ${addresses - 1} others none may be written to either` : ''
    return { code: refusal.code, reason: `Not sent: ${refusal.because}${others}.` }
  }
  if (recipients.some(({ email }) => email !== null))
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
