/** Who could be a customer: how many records the org has for each value of the fields that say what a record is. */
import { z } from 'zod'
import type { StageCounts, ValueCount } from '../value-counts.ts'
import { ofCondition } from './conditions.ts'
import type { SalesforceContext } from './context.ts'
import { isFailure } from './errors.ts'
import type { ObjectFields } from './object-fields.ts'
import { anyRow, textIn } from './rows.ts'
import { compare, count, countBy, isName, oneOf, or, stated, type Condition } from './soql.ts'

/** Salesforce's own fields that tell customers from others, by object; on a contact those of its account do. */
const OWN = { Account: ['Type'], Contact: ['Account.Type'] } as const
const RECORD_TYPE = 'RecordType.DeveloperName'
const PERSON = 'IsPersonAccount'

/** Fields of an org's own that mostly say the same, such as `Customer_Status__c`. */
const LIKELY =
  /^(customer|client|account|contact|lifecycle|relationship|kunden?)_?(status|stage|type|typ)?__c$|^(status|lifecycle_?stage)__c$/i
/** Each field is a call. */
const MOST_FIELDS = 4

/**
 * Counted by Salesforce, one query a field.
 *
 * @param also further fields that an admin names
 * @returns only fields that the org has and can count by; `property` is what a condition names
 * @example
 * await stageCounts(context) // [{ property: 'Type', label: 'Account Type', values: [{ value: 'Customer', records: 812, … }] }]
 */
export async function stageCounts(
  context: SalesforceContext,
  also: readonly string[] = [],
): Promise<readonly StageCounts[]> {
  const { object } = context.config
  const described = await context.describe(object)
  if (described === null) return []
  const found: StageCounts[] = []
  for (const property of fieldsToCount(described, also)) {
    const counted = await countsOf(context, described, property)
    if (counted !== null && counted.values.length > 0) found.push(counted)
  }
  return found
}

function fieldsToCount(
  { object, fields, recordTypes }: ObjectFields,
  also: readonly string[],
): readonly string[] {
  const own = [...fields.values()]
    .filter(({ name, type, encrypted }) => type === 'picklist' && !encrypted && LIKELY.test(name))
    .map(({ name }) => name)
  const standard = OWN[object as keyof typeof OWN] ?? []
  const kinds = recordTypes.filter(({ active }) => active).length > 1 ? [RECORD_TYPE] : []
  const person = fields.has(PERSON) && object === 'Account' ? [PERSON] : []
  const proposed = [...standard, ...own, ...kinds, ...person].slice(0, MOST_FIELDS)
  const has = (name: string): boolean =>
    name.includes('.') ? fields.has(lookupOf(name)) : fields.get(name)?.filterable === true
  return [...new Set([...also.filter(isName), ...proposed])].filter(has)
}

/** @example lookupOf('Account.Type') // 'AccountId' */
const lookupOf = (path: string): string => {
  const parent = path.split('.')[0]
  return parent.endsWith('__r') ? parent.replace(/__r$/, '__c') : `${parent}Id`
}

async function countsOf(
  context: SalesforceContext,
  described: ObjectFields,
  property: string,
): Promise<StageCounts | null> {
  const [parent, of] = property.includes('.')
    ? [await context.describe(property.split('.')[0]), property.split('.')[1]]
    : [described, property]
  // Of record types the describe of the object itself knows the names.
  const field = parent?.fields.get(of)
  if (property !== RECORD_TYPE && field?.groupable !== true) return null
  const labels = new Map(
    property === RECORD_TYPE
      ? described.recordTypes.map(({ developerName, name }) => [developerName, name])
      : field?.picklistValues.map(({ value, label }) => [value, label]),
  )
  const values: ValueCount[] = []
  const soql = countBy({ field: property, from: described.object })
  try {
    for await (const { records } of context.client.query(soql, anyRow))
      for (const row of records) {
        // Grouped by a field of a parent, a row has it by the last part of its name.
        const value = textIn(row, of)
        const known = Number(textIn(row, 'records') ?? NaN)
        if (value !== null && known > 0)
          values.push({ value, label: labels.get(value) ?? value, records: known })
      }
  } catch (error) {
    // Only a proposal: another field may do.
    if (isFailure(error, ...UNCOUNTABLE)) return null
    throw error
  }
  const type = TYPES[field?.type ?? '']
  return {
    ...(type !== undefined && { type }),
    property,
    label: property === RECORD_TYPE ? 'Record Type' : (field?.label ?? property),
    values: values.toSorted((a, b) => b.records - a.records),
  }
}

/** More than 2,000 values, more records than can be counted in time, or a field that Salesforce does not group by. */
const UNCOUNTABLE = ['EXCEEDED_ID_LIMIT', 'QUERY_TIMEOUT', 'MALFORMED_QUERY', 'INVALID_FIELD'] as const

/** Numbers with decimals are nothing that Salesforce groups by. */
const TYPES: Readonly<Record<string, StageCounts['type']>> = { boolean: 'boolean', int: 'number' }

/**
 * The condition for records that have one of the values, as it stands after WHERE.
 *
 * @param type of {@link StageCounts}: yes, no and numbers stand there without quotes
 * @throws Error for no values, and for a name that is none
 * @example
 * conditionFor('Type', ['Customer - Direct', 'Customer - Channel']) // "Type IN ('Customer - Direct','Customer - Channel')"
 */
export function conditionFor(
  property: string,
  values: readonly string[],
  type?: StageCounts['type'],
): string {
  if (property === PERSON || type === 'boolean')
    return either(values.map((value) => compare(property, '=', value === 'true')))
  if (type === 'number') return either(values.map((value) => compare(property, '=', Number(value))))
  return values.length === 1 ? compare(property, '=', values[0]).soql : oneOf(property, values).soql
}

const either = (conditions: readonly Condition[]): string => or(...conditions).soql

const totalOnly = z.unknown()

/**
 * How many records there are; one call.
 *
 * @param condition in an admin's own words; null: all of them
 * @throws HoldfastError `connector_configuration` for a condition that is none, or that Salesforce cannot read
 * @example
 * await countRecords(client, 'Account', "Type = 'Customer'") // 812
 */
export async function countRecords(
  { client }: Pick<SalesforceContext, 'client'>,
  object: string,
  condition: string | null,
): Promise<number> {
  const soql = count({ from: object, where: condition === null ? null : stated(condition) })
  try {
    for await (const { total } of client.query(soql, totalOnly)) return total
    return 0
  } catch (error) {
    throw condition === null ? error : ofCondition(error, condition)
  }
}
