/** What people are told differs by CRM in its name, in what an account of it is called, and in what its records are called. */

export type CrmKind = 'hubspot' | 'salesforce'

export interface CrmWords {
  readonly label: string
  /** What a company has there. */
  readonly account: string
}

export const CRMS: Readonly<Record<CrmKind, CrmWords>> = {
  hubspot: { label: 'HubSpot', account: 'account' },
  salesforce: { label: 'Salesforce', account: 'org' },
}

/** Kinds of records that a customer can be, as their CRM's API names them. */
export const CRM_OBJECTS = ['companies', 'contacts', 'Account', 'Contact'] as const
export type CrmObject = (typeof CRM_OBJECTS)[number]

export interface ObjectWords {
  readonly one: string
  readonly many: string
  /** It is a person, and may be one of those of another customer. */
  readonly isContact: boolean
}

const COMPANY: ObjectWords = { one: 'company', many: 'companies', isContact: false }
const CONTACT: ObjectWords = { one: 'contact', many: 'contacts', isContact: true }
const ACCOUNT: ObjectWords = { one: 'account', many: 'accounts', isContact: false }

const WORDS: Readonly<Record<CrmObject, ObjectWords>> = {
  companies: COMPANY,
  contacts: CONTACT,
  Account: ACCOUNT,
  Contact: CONTACT,
}

/**
 * @param object as stored with a connection; what is none of a CRM's is called as it is
 * @example
 * wordsOf('Account').many // 'accounts'
 */
export function wordsOf(object: string): ObjectWords {
  const known: Readonly<Record<string, ObjectWords | undefined>> = WORDS
  return known[object] ?? { one: object, many: object, isContact: false }
}
