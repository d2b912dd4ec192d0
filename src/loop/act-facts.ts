/**
 * Everything that is looked at before interventions are carried out, read for a whole batch in a handful of statements.
 * What is made of it is decided without asking anybody anything (act-verdict.ts).
 */
import { phoneIdentity } from '../../actions/sms/phone.ts'
import type { CustomerId } from '../contracts/ids.ts'
import { hashAddress } from '../security/address-hash.ts'
import type { FeedbackPath } from '../settings/approval.ts'
import type { ServiceSettings } from '../settings/service.ts'
import {
  readActContexts,
  readRecipients,
  readTaskFacts,
  type ActContext,
  type RecipientRow,
  type TaskFacts,
} from '../store/act-context.ts'
import { addressAnswers, type AddressAnswers } from '../store/address-answers.ts'
import type { ConsentChannel } from '../store/consents.ts'
import type { Transaction } from '../store/database.ts'
import type { Intervention } from '../store/interventions.ts'
import { numberOf } from './act-recipient.ts'
import { timeOf, type ActServices } from './act-services.ts'
import { openCallPlaces, type CallPlaces } from './call-places.ts'
import { refusalOf, type Refusal } from './consent.ts'
import { pauseFacts, type PauseFacts } from './pauses.ts'

/** A recipient with what the addresses are kept under; null: there is none, or it is no address. */
export interface Contact extends RecipientRow {
  readonly emailHash: Buffer | null
  readonly phoneHash: Buffer | null
}

export interface Keys {
  /** Of `Secrets.addressKey`. */
  readonly address: Buffer
  /** Of `Secrets.linkKey`. */
  readonly link: Buffer
}

export interface ActFacts {
  readonly settings: ServiceSettings
  readonly now: Date
  readonly keys: Keys
  readonly contexts: ReadonlyMap<CustomerId, ActContext>
  /** In the order of the rules that chose them. */
  contactsOf(customer: CustomerId): readonly Contact[]
  /** Why nothing goes to an address; null: something may. */
  refusal(hash: Buffer, channel: ConsentChannel, live: boolean): Refusal | null
  /** Of customers about whom somebody is asked to do something. */
  readonly tasks: ReadonlyMap<CustomerId, TaskFacts>
  readonly pauses: PauseFacts
  /** Who may be given a call. */
  readonly calls: CallPlaces
  /** Whether we would hear of bounces and complaints. */
  readonly feedback: FeedbackPath
}

/** Nothing was said of anybody for whom it may be asked about a customer without a score. */
export const NO_TASK_FACTS: TaskFacts = { score: null, renewalDate: null, before: [] }

/**
 * @param others addresses to be asked about besides those of the customers' contacts, such as those of stored messages
 */
export async function readActFacts(
  tx: Transaction,
  services: Pick<ActServices, 'secrets' | 'clock' | 'time' | 'feedbackPath'>,
  {
    rows,
    settings,
    others = () => [],
  }: {
    readonly rows: readonly Pick<Intervention, 'id' | 'customer' | 'channel'>[]
    readonly settings: ServiceSettings
    readonly others?: (key: Buffer) => readonly { readonly hash: Buffer; readonly channel: ConsentChannel }[]
  },
): Promise<ActFacts> {
  const { secrets, feedbackPath } = services
  const asked = rows.filter(({ channel }) => channel === 'task')
  // First, since it may wait for whoever gives out calls just now: what speaks against sending is read afterwards.
  const begun = await timeOf(tx, services)
  const calls = await openCallPlaces(tx, {
    settings,
    now: begun,
    calls: asked.map(({ id }) => id),
  })
  const now = asked.length === 0 ? begun : await timeOf(tx, services)
  const keys = { address: await secrets.addressKey(tx), link: await secrets.linkKey(tx) }
  const customers = [...new Set(rows.map(({ customer }) => customer))]
  const contexts = await readActContexts(tx, customers)
  const contacts = new Map<CustomerId, readonly Contact[]>()
  for (const [customer, recipients] of await readRecipients(tx, customers))
    contacts.set(
      customer,
      recipients.map((one) => contactOf(one, keys.address)),
    )
  const channels = new Set(rows.map(({ channel }) => (channel === 'task' ? 'call' : channel)))
  const wanted = [...contacts.values()]
    .flat()
    .flatMap(({ emailHash, phoneHash }) => [
      ...(emailHash === null ? [] : [{ hash: emailHash, channel: 'email' as const }]),
      ...(phoneHash === null || !channels.has('call') ? [] : [{ hash: phoneHash, channel: 'call' as const }]),
    ])
  const numbers = channels.has('sms') ? textNumbers([...contacts.values()].flat(), keys.address) : []
  const answers = await addressAnswers(tx, [...wanted, ...numbers, ...others(keys.address)])
  const tasks = await readTaskFacts(tx, {
    customers: [...new Set(asked.map(({ customer }) => customer))],
    now,
  })
  return {
    settings,
    now,
    keys,
    contexts,
    contactsOf: (customer) => contacts.get(customer) ?? [],
    refusal: refusals(answers),
    tasks,
    pauses: await pauseFacts(tx),
    calls,
    feedback: (await feedbackPath?.(tx, settings)) ?? NO_FEEDBACK,
  }
}

const NO_FEEDBACK: FeedbackPath = {
  ok: false,
  reason: 'nobody would tell us of bounces and complaints.',
}

/** Under both forms in which something may have been said of a number. */
function textNumbers(contacts: readonly Contact[], key: Buffer): { hash: Buffer; channel: 'sms' }[] {
  return contacts.flatMap((contact) => {
    const number = numberOf(contact, key)
    const known = number === null || 'problem' in number ? null : number.hash
    return [contact.phoneHash, known].flatMap((hash) =>
      hash === null ? [] : [{ hash, channel: 'sms' as const }],
    )
  })
}

export const refusals =
  (answers: AddressAnswers): ActFacts['refusal'] =>
  (hash, channel, live) => {
    const { consent, liveConsent, suppressed } = answers.of(hash, channel)
    return refusalOf({ consent: live ? liveConsent : consent, suppressed, live })
  }

/** Of numbers in the form in which a sync keeps what was said of them (sync-recipients.ts), however the CRM writes them. */
export function contactOf(recipient: RecipientRow, key: Buffer): Contact {
  const { email, phone, country } = recipient
  return {
    ...recipient,
    emailHash: email === null ? null : hashAddress(key, 'email', email),
    phoneHash: phone === null ? null : hashAddress(key, 'phone', phoneIdentity(phone, country) ?? phone),
  }
}
