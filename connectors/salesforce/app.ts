/**
 * What the package in an org asks the service, as both sides have to know it: the Apex of manifest/salesforce calls these paths
 * by its Named Credential, and the server answers them (src/server/crm/salesforce-routes.ts).
 */

/** Beneath the public address, which the Named Credential holds. */
export const PACKAGE_PATHS = {
  /** The card of a record, and what is pressed on it. */
  card: '/crm/salesforce/card',
  cardAnswer: '/crm/salesforce/card/answer',
  cardScore: '/crm/salesforce/card/score',
  /** Customers by value at risk. */
  customers: '/crm/salesforce/customers',
  settings: '/crm/salesforce/settings',
  pause: '/crm/salesforce/pause',
  /** What a Flow has done for up to {@link MOST_CALLS} records. */
  flow: '/crm/salesforce/flow',
} as const

/** Records of one batch of a Flow: an invocable action is given 200 at a time. */
export const MOST_CALLS = 200

/** By which the package says for whom it asks; the key says for which org it may. */
export const PACKAGE_HEADERS = {
  org: 'x-holdfast-org',
  user: 'x-holdfast-user',
  email: 'x-holdfast-email',
} as const

/**
 * Kinds of records by the first characters of their ids, which are the same in every org.
 *
 * @see https://help.salesforce.com/s/articleView?id=000385203
 */
const OBJECT_OF_PREFIX = { '001': 'Account', '003': 'Contact' } as const

/**
 * @param id of a record, of 15 or 18 characters
 * @returns null: it is neither an account (a person account is one) nor a contact
 * @example
 * objectOfId('001Hp00002abcdEIAQ') // 'Account'
 */
export function objectOfId(id: string): 'Account' | 'Contact' | null {
  const known: Readonly<Record<string, 'Account' | 'Contact' | undefined>> = OBJECT_OF_PREFIX
  return known[id.slice(0, 3)] ?? null
}
