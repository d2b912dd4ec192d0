/**
 * Which e-mails an address agreed to: statuses by subscription type and for the whole portal, kept by address and
 * mirrored onto the contact as `hs_email_optout` and `hs_email_optout_<id>`, as HubSpot does.
 *
 * "The subscription status is tied to the email address, and not a specific contact record."
 *
 * @see https://legacydocs.hubspot.com/docs/methods/email/update_status
 */
import { property } from './definitions.ts'
import type { SandboxState } from './state.ts'
import type { Source } from './tables.ts'

export interface SubscriptionType {
  readonly id: number
  readonly name: string
  readonly description: string
  readonly purpose: string
  readonly createdAt: string
  readonly isActive: boolean
}

export type SubscriptionStatus = 'SUBSCRIBED' | 'UNSUBSCRIBED' | 'NOT_SPECIFIED'

export interface LegalBasis {
  readonly legalBasis?: string | undefined
  readonly legalBasisExplanation?: string | undefined
}

export interface StatusEntry extends LegalBasis {
  readonly status: SubscriptionStatus
  /** Epoch milliseconds. */
  readonly at: number
  /** Where it was set: `Public Api`, `Subscription page`, `CRM`. */
  readonly source: string
}

export interface AddressStatuses {
  readonly subscriptions: Readonly<Record<string, StatusEntry>>
  /** Opted out of everything. */
  readonly wide: StatusEntry | null
}

const TYPES = 'subscription_types'
const STATUSES = 'subscription_statuses'
const NONE: AddressStatuses = { subscriptions: {}, wide: null }

/** Adds a kind of e-mail to the portal, with its opt-out property of contacts. */
export function defineSubscription(
  state: SandboxState,
  given: Pick<SubscriptionType, 'id' | 'name' | 'description' | 'purpose'>,
): void {
  const type: SubscriptionType = { ...given, createdAt: '2023-01-09T08:00:00.000Z', isActive: true }
  state.put(TYPES, String(type.id), type)
  state.setProperty(
    'contacts',
    property(optOutProperty(type.id), {
      label: `Opted out of email: ${type.name}`,
      type: 'bool',
      groupName: 'contactinformation',
      hubspotDefined: true,
      readOnlyValue: true,
    }),
  )
}

export const optOutProperty = (id: number | string): string => `hs_email_optout_${id}`

export const subscriptionTypes = (state: SandboxState): readonly SubscriptionType[] =>
  [...state.entries(TYPES).values()] as SubscriptionType[]

export const subscriptionType = (state: SandboxState, id: number | string): SubscriptionType | null =>
  (state.get(TYPES, String(id)) as SubscriptionType | undefined) ?? null

/** @param email in any case */
export const statusesOf = (state: SandboxState, email: string): AddressStatuses =>
  (state.get(STATUSES, email.toLowerCase()) as AddressStatuses | undefined) ?? NONE

/** What a message of this type meets: the opt-out of everything comes first. */
export function statusOf(state: SandboxState, email: string, id: number | string): SubscriptionStatus {
  const { subscriptions, wide } = statusesOf(state, email)
  if (wide?.status === 'UNSUBSCRIBED') return 'UNSUBSCRIBED'
  return subscriptions[String(id)]?.status ?? 'NOT_SPECIFIED'
}

export interface StatusChange extends LegalBasis {
  readonly email: string
  /** Null: all e-mail of the portal. */
  readonly subscription: number | null
  readonly status: SubscriptionStatus
  readonly source: string
  /** Whom the contact's history names. */
  readonly by: Source
}

/** Sets a status as it stands and mirrors it; what may be asked for is the API's business. */
export function setStatus(state: SandboxState, change: StatusChange): void {
  const { email, subscription, status, source, legalBasis, legalBasisExplanation } = change
  const entry: StatusEntry = {
    status,
    at: state.now().getTime(),
    source,
    ...(legalBasis === undefined ? {} : { legalBasis }),
    ...(legalBasisExplanation === undefined ? {} : { legalBasisExplanation }),
  }
  const before = statusesOf(state, email)
  // Subscribing to one kind of e-mail again ends the opt-out of all.
  const lifted = status === 'SUBSCRIBED' && before.wide?.status === 'UNSUBSCRIBED'
  const after: AddressStatuses =
    subscription === null
      ? { ...before, wide: entry }
      : {
          subscriptions: { ...before.subscriptions, [subscription]: entry },
          wide: lifted ? null : before.wide,
        }
  state.put(STATUSES, email.toLowerCase(), after)
  const contact = state.find('contacts', 'email', email)
  if (contact) state.updateRecord('contacts', contact.id, optOutFlags(after), change.by)
}

/**
 * A contact that comes later, or gets another address, has the statuses of that address from then on.
 *
 * @returns how to stop following
 */
export function followContacts(state: SandboxState): () => void {
  return state.onChange((change) => {
    if (change.type !== 'contacts' || change.kind !== 'property' || change.property !== 'email') return
    const statuses = statusesOf(state, change.value)
    if (statuses === NONE) return
    const flags = optOutFlags(statuses)
    const differs = Object.entries(flags).some(
      ([name, flag]) => (state.value('contacts', change.id, name) || 'false') !== flag,
    )
    if (differs) state.updateRecord('contacts', change.id, flags, change.source)
  })
}

/** Keeps statuses without a word on any contact: for the seed of a portal. */
export const keepStatuses = (state: SandboxState, email: string, statuses: AddressStatuses): void =>
  state.put(STATUSES, email.toLowerCase(), statuses)

/** The opt-out properties of a contact with these statuses. */
export function optOutFlags({ subscriptions, wide }: AddressStatuses): Record<string, string> {
  const flags: Record<string, string> = {
    hs_email_optout: wide?.status === 'UNSUBSCRIBED' ? 'true' : 'false',
  }
  for (const [id, { status }] of Object.entries(subscriptions)) {
    flags[optOutProperty(id)] = status === 'UNSUBSCRIBED' ? 'true' : 'false'
  }
  return flags
}
