/** Whom an intervention reaches: the first recipient in rank who has an address and did not say no. */
import { parsePhone } from '../../actions/sms/phone.ts'
import { hashAddress } from '../security/address-hash.ts'
import type { ActFacts, Contact } from './act-facts.ts'
import type { Refusal } from './consent.ts'

export interface Reachable {
  readonly recipient: Contact & { readonly email: string }
  readonly hash: Buffer
}

export interface ReachableByText {
  readonly recipient: Contact
  /** E.164. */
  readonly to: string
  /** Of `to`. */
  readonly hash: Buffer
  /** ISO 3166-1 alpha-2, of the number. */
  readonly phoneCountry: string | null
}

export interface Nobody {
  readonly code: string
  readonly reason: string
}

export type Choice<To> =
  | { readonly chosen: To; readonly none: null }
  | { readonly chosen: null; readonly none: Nobody }

/**
 * @param live only those who agreed; otherwise those who did not refuse
 * @returns when there is nobody, why: the reason of the first who has an address
 */
export function chooseRecipient(
  contacts: readonly Contact[],
  { refusal, live }: Pick<ActFacts, 'refusal'> & { readonly live: boolean },
): Choice<Reachable> {
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
  if (first !== null) return nobody(first.code, refusedWords(first, addresses))
  return contacts.some(({ email }) => email !== null)
    ? nobody(
        'address_invalid',
        'Not sent: no contact of this customer has an e-mail address that can be used. Correct it in the CRM.',
      )
    : nobody('no_address', 'Not sent: no contact of this customer has an e-mail address. Add one in the CRM.')
}

/**
 * As {@link chooseRecipient}, by telephone. A number is read as one of the contact's own country. What was said of it is
 * looked for under the number as the CRM has it and under its international form: of two answers the stricter counts.
 *
 * @param key of `Secrets.addressKey`
 */
export function chooseByNumber(
  contacts: readonly Contact[],
  { refusal, live, key }: Pick<ActFacts, 'refusal'> & { readonly live: boolean; readonly key: Buffer },
): Choice<ReachableByText> {
  let first: Refusal | null = null
  let problem: string | null = null
  let numbers = 0
  for (const recipient of contacts) {
    const number = numberOf(recipient, key)
    if (number === null) continue
    if ('problem' in number) {
      problem ??= number.problem
      continue
    }
    numbers++
    const refused = refusalOfNumber(recipient, number, { refusal, live })
    if (refused === null) return { chosen: { recipient, ...number }, none: null }
    first ??= refused
  }
  if (first !== null) return nobody(first.code, refusedWords(first, numbers))
  return problem === null
    ? nobody(
        'no_address',
        'Not sent: no contact of this customer has a telephone number. Add one in the CRM.',
      )
    : nobody('address_invalid', `Not sent: ${lowered(problem)}`)
}

type Number = Omit<ReachableByText, 'recipient'>

/** Null: there is none. */
export function numberOf(
  { phone, country }: Pick<Contact, 'phone' | 'country'>,
  key: Buffer,
): Number | { readonly problem: string } | null {
  if (phone === null) return null
  const parsed = parsePhone(phone, country)
  if ('problem' in parsed) return parsed
  const hash = hashAddress(key, 'phone', parsed.e164)
  return hash === null ? NO_NUMBER : { to: parsed.e164, hash, phoneCountry: parsed.country }
}

const NO_NUMBER = { problem: 'This is no telephone number. Correct it in the CRM.' }

/** A yes under either form is one, a no under either counts. */
export function refusalOfNumber(
  { phoneHash }: Pick<Contact, 'phoneHash'>,
  { hash }: Pick<Number, 'hash'>,
  { refusal, live }: Pick<ActFacts, 'refusal'> & { readonly live: boolean },
): Refusal | null {
  const answers = [hash, ...(phoneHash === null || phoneHash.equals(hash) ? [] : [phoneHash])]
  const no = answers.map((one) => refusal(one, 'sms', false)).find((one) => one !== null)
  if (no !== undefined) return no
  if (!live) return null
  const asked = answers.map((one) => refusal(one, 'sms', true))
  return asked.includes(null) ? null : asked[0]
}

const nobody = (code: string, reason: string): { chosen: null; none: Nobody } => ({
  chosen: null,
  none: { code, reason },
})

function refusedWords({ because }: Refusal, addresses: number): string {
  return `Not sent: ${because}${othersWords(addresses - 1)}.`
}

function othersWords(others: number): string {
  if (others === 0) return ''
  return others === 1
    ? '; the other one may not be written to either'
    : `; neither may any of the ${others} others be written to`
}

const lowered = (sentence: string): string => sentence.charAt(0).toLowerCase() + sentence.slice(1)
