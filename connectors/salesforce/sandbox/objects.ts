/**
 * The kinds of object that an org begins with, their key prefixes and fields.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_list.htm
 */
import { fieldOf, of, pick, refer, text, type FieldDefinition, type GivenField } from './field.ts'
import { ACCOUNT, CONTACT, INDIVIDUAL, PERSON } from './objects-people.ts'
import { ACTIVITIES, CONTRACT, OPPORTUNITY, CASE, ROLES } from './objects-sales.ts'
import { SETUP } from './objects-setup.ts'

export interface ObjectDefinition {
  readonly name: string
  readonly label: string
  readonly plural: string
  /** First three characters of its ids. */
  readonly prefix: string
  readonly fields: Readonly<Record<string, GivenField>>
  /** Object whose past values are kept in this one's rows. */
  readonly historyOf?: string
  /** Neither created, updated nor deleted by the API. */
  readonly readOnly?: boolean
  /** Its deleted records cannot be found with their survivor. */
  readonly merges?: boolean
}

export interface OrgFeatures {
  readonly personAccounts: boolean
  readonly multiCurrency: boolean
  readonly accountTeams: boolean
}

/** Whose rows hold past values: name of the history object, its parent and the field that leads there. */
export const HISTORIES: Readonly<Record<string, { readonly object: string; readonly parent: string }>> = {
  Account: { object: 'AccountHistory', parent: 'AccountId' },
  Contact: { object: 'ContactHistory', parent: 'ContactId' },
  Opportunity: { object: 'OpportunityFieldHistory', parent: 'OpportunityId' },
  Contract: { object: 'ContractHistory', parent: 'ContractId' },
}

const history = (of_: string): ObjectDefinition => {
  const { object, parent } = HISTORIES[of_]
  return {
    name: object,
    label: `${of_} History`,
    plural: `${of_} History`,
    prefix: '017',
    historyOf: of_,
    readOnly: true,
    fields: {
      [parent]: refer(of_),
      Field: pick([]),
      DataType: pick([]),
      OldValue: of('anyType'),
      NewValue: of('anyType'),
    },
  }
}

/** Objects with money have the field where the org has several currencies. */
const WITH_CURRENCY = new Set([
  'Account',
  'Contact',
  'Opportunity',
  'Contract',
  'Case',
  'Task',
  'Event',
  'User',
])

export function standardObjects(features: OrgFeatures): ObjectDefinition[] {
  const account = features.personAccounts ? { ...ACCOUNT, fields: { ...ACCOUNT.fields, ...PERSON } } : ACCOUNT
  const contact = features.personAccounts
    ? { ...CONTACT, fields: { ...CONTACT.fields, IsPersonAccount: of('boolean', { calculated: true }) } }
    : CONTACT
  const all = [
    account,
    contact,
    INDIVIDUAL,
    OPPORTUNITY,
    CONTRACT,
    CASE,
    ...ACTIVITIES,
    ...ROLES.filter(({ name }) => features.accountTeams || name !== 'AccountTeamMember'),
    ...SETUP.filter(({ name }) => features.multiCurrency || name !== 'CurrencyType'),
    ...Object.keys(HISTORIES).map(history),
  ]
  if (!features.multiCurrency) return all
  return all.map((object) =>
    WITH_CURRENCY.has(object.name)
      ? {
          ...object,
          fields: {
            ...object.fields,
            CurrencyIsoCode: pick(['EUR', 'USD', 'GBP', 'CHF'], { length: 3, restricted: true }),
          },
        }
      : object,
  )
}

/** Fields that every object has, and what Salesforce alone writes of them. */
export function systemFields(object: ObjectDefinition): FieldDefinition[] {
  const own = (name: string, given: GivenField): FieldDefinition =>
    fieldOf(name, { required: true, createable: false, updateable: false, ...given })
  const fields = [
    own('Id', of('id', { label: `${object.label} ID` })),
    own('IsDeleted', of('boolean', { label: 'Deleted' })),
  ]
  if (object.merges)
    fields.push(own('MasterRecordId', refer(object.name, { required: false, label: 'Master Record ID' })))
  fields.push(
    own('CreatedDate', of('datetime')),
    own('CreatedById', refer('User', { label: 'Created By ID' })),
  )
  if (object.historyOf) return fields
  fields.push(
    own('LastModifiedDate', of('datetime')),
    own('LastModifiedById', refer('User', { label: 'Last Modified By ID' })),
    own('SystemModstamp', of('datetime', { label: 'System Modstamp' })),
  )
  return fields
}

/** @param name with its `__c` */
export const customObject = (
  name: string,
  given: { label: string; plural: string; prefix: string; fields?: Readonly<Record<string, GivenField>> },
): ObjectDefinition => ({
  name,
  ...given,
  fields: {
    OwnerId: refer(['Group', 'User'], { relationship: 'Owner', required: true }),
    Name: text(80, { nameField: true }),
    ...given.fields,
  },
})
