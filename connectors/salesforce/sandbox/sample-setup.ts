/**
 * How the sample org is set up: the fields of a B2B subscription company, the people who work there, its record types,
 * what it asks of whoever saves a record, and the objects by which people state what they agree to.
 */
import { of, pick, refer, text } from './field.ts'
import { customObject } from './objects.ts'
import { SAMPLE_FIELDS } from './sample-fields.ts'
import type { By, SalesforceState } from './state.ts'

/** People of the company: the last one has left it. */
const PEOPLE = [
  ['Ada', 'Sample', 'Customer Success Manager'],
  ['Ben', 'Sample', 'Customer Success Manager'],
  ['Chiara', 'Sample', 'Customer Success Manager'],
  ['Deniz', 'Sample', 'Head of Customer Success'],
  ['Elif', 'Sample', 'Account Manager'],
  ['Finn', 'Sample', 'Account Manager'],
  ['Greta', 'Sample', 'Account Manager'],
  ['Hugo', 'Sample', 'Head of Sales'],
  ['Ines', 'Former', 'Account Manager'],
] as const
const SUCCESS = 4

export interface Staff {
  /** Ids of users; those of customer success first, the last one is inactive. */
  readonly people: readonly string[]
  readonly success: readonly string[]
  /** Another app, which brings billing and usage every night. */
  readonly billing: By
  /** The page on which people say what they want to be sent. */
  readonly preferences: By
}

export interface Types {
  readonly business: string
  readonly partner: string
  /** Null: the org has no person accounts. */
  readonly person: string | null
}

/** Names by which the apps of the company sign in; people are found by theirs. */
const APPS = { billing: 'billing.sync@sample.example', preferences: 'preferences@sample.example' } as const
const usernameOf = (first: string, last: string): string => `${first}.${last}@sample.example`.toLowerCase()

export function setUpOrg(state: SalesforceState): { readonly staff: Staff; readonly types: Types } {
  for (const [object, fields] of Object.entries(SAMPLE_FIELDS)) {
    for (const [name, given] of Object.entries(fields)) state.define(object, name, given)
  }
  const type = state.field('Account', 'Type')
  if (type !== null) {
    const values = [
      'Prospect',
      'Customer',
      'Customer - Channel',
      'Former Customer',
      'Partner',
      'Competitor',
      'Other',
    ]
    state.define('Account', 'Type', { ...type, values, trackHistory: true })
  }
  // It moves with the world's months, which is no news of anybody.
  const close = state.field('Opportunity', 'CloseDate')
  if (close !== null) state.define('Opportunity', 'CloseDate', { ...close, trackHistory: false })
  defineConsents(state)
  for (const [first, last, title] of PEOPLE) {
    addUser(state, usernameOf(first, last), {
      FirstName: first,
      LastName: last,
      Title: title,
      IsActive: last !== 'Former',
    })
  }
  addUser(state, APPS.billing, { FirstName: 'Billing', LastName: 'Sync' })
  addUser(state, APPS.preferences, { FirstName: 'Preference', LastName: 'Center' })
  state.addValidationRule('Account', {
    name: 'Customer_has_a_number',
    when: "Type = 'Customer' AND Customer_Number__c = null",
    message: 'A customer needs its customer number of billing.',
    field: 'Customer_Number__c',
  })
  state.addValidationRule('Opportunity', {
    name: 'Lost_renewal_has_a_reason',
    when: "StageName = 'Closed Lost' AND Type = 'Renewal' AND Loss_Reason__c = null",
    message: 'Say why the renewal was lost.',
    field: 'Loss_Reason__c',
  })
  const types: Types = {
    business: recordType(state, 'Business_Account', 'Business Account'),
    partner: recordType(state, 'Partner_Account', 'Partner Account'),
    person: state.features.personAccounts ? recordType(state, 'PersonAccount', 'Person Account', true) : null,
  }
  return { staff: staffOf(state), types }
}

/** The company's people and apps, found again after a restart. */
export function staffOf(state: SalesforceState): Staff {
  const idOf = (username: string): string => {
    for (const row of state.tables.table('User').indexed('Username', username)) return row.id
    return state.users.admin
  }
  const people = PEOPLE.map(([first, last]) => idOf(usernameOf(first, last)))
  return {
    people,
    success: people.slice(0, SUCCESS),
    billing: { userId: idOf(APPS.billing), client: 'BillingSync' },
    preferences: { userId: idOf(APPS.preferences), client: null },
  }
}

/** The record types that the sample made, found again after a restart. */
export function typesOf(state: SalesforceState): Types {
  return {
    business: recordType(state, 'Business_Account', 'Business Account'),
    partner: recordType(state, 'Partner_Account', 'Partner Account'),
    person: state.features.personAccounts ? recordType(state, 'PersonAccount', 'Person Account', true) : null,
  }
}

function addUser(
  state: SalesforceState,
  username: string,
  values: Readonly<Record<string, string | boolean>>,
): void {
  state.createRecord('User', {
    Username: username,
    Email: username.replace('@sample.example', '@example.com'),
    Alias: username.slice(0, 8),
    CompanyName: 'Sample company',
    ...values,
  })
}

function recordType(state: SalesforceState, developer: string, name: string, person = false): string {
  for (const row of state.tables.table('RecordType').indexed('DeveloperName', developer)) return row.id
  return state.createRecord('RecordType', {
    DeveloperName: developer,
    Name: name,
    SobjectType: 'Account',
    IsPersonType: person,
  })
}

/** @see https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_contactpointtypeconsent.htm */
function defineConsents(state: SalesforceState): void {
  if (state.tables.nameOf('ContactPointTypeConsent') !== null) return
  state.defineObject(
    customObject('ContactPointTypeConsent', {
      label: 'Contact Point Type Consent',
      plural: 'Contact Point Type Consents',
      prefix: '0ZX',
      fields: {
        Name: text(255, { required: true, nameField: true }),
        PartyId: refer('Individual', { required: true }),
        ContactPointType: pick(['Email', 'MailingAddress', 'Phone', 'Social', 'Web'], { restricted: true }),
        PrivacyConsentStatus: pick(['NotSeen', 'OptIn', 'OptOut', 'Seen'], { restricted: true }),
        CaptureDate: of('datetime'),
        CaptureSource: text(255),
        EffectiveFrom: of('datetime'),
        EffectiveTo: of('datetime'),
      },
    }),
  )
}
