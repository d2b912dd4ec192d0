/**
 * Person accounts: one customer in two records, an Account that is a person and the Contact behind it. What is written
 * to the account's person fields stands in the contact, and the other way round nobody writes the contact.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_guidelines_personaccounts.htm
 */
import type { Values } from './entries.ts'
import type { Value } from './field.ts'
import { PERSON_FIELDS } from './objects-people.ts'

/** What of an account's values goes to its contact, under the contact's names. */
export function contactValues(values: Values): Record<string, Value> {
  const contact: Record<string, Value> = {}
  for (const [name, value] of Object.entries(values)) {
    if (PERSON_FIELDS[name]) contact[PERSON_FIELDS[name]] = value
    else if (name.endsWith('__pc')) contact[name.replace(/__pc$/, '__c')] = value
    else if (name === 'OwnerId' || name === 'Phone' || name === 'Fax') contact[name] = value
  }
  return contact
}

/** Whether an account that is created like this is a person. */
export const isPerson = (values: Values, personRecordTypes: ReadonlySet<string>): boolean =>
  (values.LastName !== undefined && values.LastName !== null) ||
  (typeof values.RecordTypeId === 'string' && personRecordTypes.has(values.RecordTypeId))
