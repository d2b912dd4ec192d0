/** Whom an intervention reaches, before anybody asks whether now is the time: a person and an address, or nobody. */
import type { EmailMessage } from '../../actions/channel.ts'
import { hashAddress } from '../security/address-hash.ts'
import type { HeldIntervention } from '../store/interventions.ts'
import type { ActFacts, Contact } from './act-facts.ts'
import { storedMessage, type StoredMessage } from './act-message.ts'
import {
  chooseByNumber,
  chooseRecipient,
  numberOf,
  refusalOfNumber,
  type Reachable,
  type ReachableByText,
} from './act-recipient.ts'
import { FOR_ADMIN } from './act-retry.ts'
import { chooseCallee, type Callee } from './act-task-message.ts'
import { storedText, type StoredText } from './act-text.ts'
import type { Candidate, Verdict } from './act-verdict.ts'
import { reaches } from './delivery.ts'
import type { Whereabouts } from './zones.ts'

export type Reached =
  | {
      readonly by: 'email'
      readonly to: Reachable | null
      readonly hash: Buffer
      readonly address: string
      /** What was written before, and is sent again as it is. */
      readonly kept: StoredMessage | null
    }
  | {
      readonly by: 'sms'
      readonly to: ReachableByText | null
      readonly hash: Buffer
      readonly address: string
      readonly kept: StoredText | null
    }
  /** Null: it is about the customer itself. */
  | { readonly by: 'task'; readonly to: Callee | null; readonly hash: Buffer | null }

/** @returns a verdict where there is nobody */
export function reach(
  candidate: Candidate,
  facts: ActFacts,
): { readonly reached: Reached } | { readonly verdict: Verdict } {
  if (candidate.row.channel === 'task') return callee(candidate, facts)
  const kept = keptOf(candidate)
  if (kept !== null) return again(kept, candidate, facts)
  const live = candidate.delivery.kind === 'live'
  const contacts = facts.contactsOf(candidate.row.customer)
  if (candidate.row.channel === 'email') {
    const { chosen: to, none } = chooseRecipient(contacts, { ...facts, live })
    if (to === null) return { verdict: suppressed(none.code, none.reason) }
    return { reached: { by: 'email', to, hash: to.hash, address: to.recipient.email, kept: null } }
  }
  const { chosen: to, none } = chooseByNumber(contacts, { ...facts, live, key: facts.keys.address })
  if (to === null) return { verdict: suppressed(none.code, none.reason) }
  return { reached: { by: 'sms', to, hash: to.hash, address: to.to, kept: null } }
}

function callee(
  { row }: Candidate,
  facts: ActFacts,
): { readonly reached: Reached } | { readonly verdict: Verdict } {
  const { chosen, refusal } = chooseCallee(facts.contactsOf(row.customer), facts)
  if (refusal === null) return { reached: { by: 'task', to: chosen, hash: chosen?.hash ?? null } }
  const reason = `No task was made: ${refusal.because}, and nobody else at this customer may be called.`
  return { verdict: suppressed(refusal.code, reason) }
}

/** What was refused for a setting is written anew: the message holds the sender and the link as they were. */
function keptOf({ row, delivery }: Candidate): StoredMessage | StoredText | null {
  if (delivery.kind === 'dry_run' || FOR_ADMIN.has(row.reasonCode ?? '')) return null
  const stored = storedMessage(row) ?? storedText(row)
  return stored !== null && stored.delivery === delivery.kind ? stored : null
}

/** What is tried again is the same message to the same person. */
function again(
  kept: StoredMessage | StoredText,
  { row, delivery }: Candidate,
  facts: ActFacts,
): { readonly reached: Reached } | { readonly verdict: Verdict } {
  const live = delivery.kind === 'live'
  const contact = contactOf(row, facts)
  // Whoever is no contact of the customer any more is not written to on its behalf.
  if (contact === undefined) return anew(row, facts, delivery)
  if (kept.kind === 'email') {
    const hash = hashOfMail(kept, facts)
    const refusal = hash === null ? null : facts.refusal(hash, 'email', live)
    if (refusal !== null) return { verdict: suppressed(refusal.code, `Not sent: ${refusal.because}.`) }
    if (hash === null || (live && !reaches(facts.settings.delivery, kept.to.address)))
      return anew(row, facts, delivery)
    const to = { recipient: { ...contact, email: kept.to.address }, hash }
    return { reached: { by: 'email', to, hash, address: kept.to.address, kept } }
  }
  const hash = hashAddress(facts.keys.address, 'phone', kept.to)
  if (hash === null) return anew(row, facts, delivery)
  const refusal = refusalOfNumber(contact, { hash }, { ...facts, live })
  if (refusal !== null) return { verdict: suppressed(refusal.code, `Not sent: ${refusal.because}.`) }
  const number = numberOf(contact, facts.keys.address)
  const country = number === null || 'problem' in number ? null : number.phoneCountry
  const to = { recipient: contact, to: kept.to, hash, phoneCountry: country }
  return { reached: { by: 'sms', to, hash, address: kept.to, kept } }
}

const anew = (row: HeldIntervention, facts: ActFacts, delivery: Candidate['delivery']) =>
  reach({ row: { ...row, message: null }, delivery, context: facts.contexts.get(row.customer)! }, facts)

const hashOfMail = ({ to }: Pick<EmailMessage, 'to'>, { keys }: ActFacts): Buffer | null =>
  hashAddress(keys.address, 'email', to.address)

const contactOf = (row: HeldIntervention, facts: ActFacts): Contact | undefined =>
  facts.contactsOf(row.customer).find(({ id }) => id === row.recipient)

/** Of what is known of a person: when it is day there, and how they are spoken to. */
export function whereaboutsOf(
  reached: Reached,
  key: Buffer,
): Whereabouts & { readonly language: string | null } {
  const recipient = reached.to?.recipient
  if (recipient === undefined)
    return {
      zone: null,
      country: null,
      phoneCountry: null,
      language: reached.by === 'task' ? null : (reached.kept?.language ?? null),
    }
  const number = reached.by === 'sms' ? reached.to : numberOf(recipient, key)
  const { zone, country, language } = recipient
  const phoneCountry = number === null || 'problem' in number ? null : number.phoneCountry
  return { zone, country, phoneCountry, language }
}

export const suppressed = (code: string, reason: string): Verdict => ({
  do: 'settle',
  to: 'suppressed',
  code,
  reason,
})
