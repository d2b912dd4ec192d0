/** What a field of an object is, and short ways to say it. */

/** As the API gives it: a date is 'YYYY-MM-DD', an instant '2026-11-21T14:55:00.000+0000'. */
export type Value = string | number | boolean | null

export type FieldType =
  | 'id'
  | 'string'
  | 'textarea'
  | 'double'
  | 'currency'
  | 'percent'
  | 'int'
  | 'boolean'
  | 'date'
  | 'datetime'
  | 'picklist'
  | 'multipicklist'
  | 'reference'
  | 'email'
  | 'phone'
  | 'url'
  | 'address'
  | 'location'
  | 'encryptedstring'
  | 'base64'
  | 'combobox'
  | 'anyType'

export interface PicklistValue {
  readonly value: string
  readonly label: string
  readonly active: boolean
  readonly defaultValue: boolean
}

/** Data classification, as Setup has it. */
export type SecurityClassification = 'Public' | 'Internal' | 'Confidential' | 'Restricted' | 'MissionCritical'

export interface FieldDefinition {
  readonly name: string
  readonly label: string
  readonly type: FieldType
  /** Characters; 0 where it does not apply. */
  readonly length: number
  readonly precision: number
  readonly scale: number
  readonly values: readonly PicklistValue[]
  /** Only the values listed are taken. */
  readonly restricted: boolean
  readonly referenceTo: readonly string[]
  /** Name of the parent in a query: `Owner`. */
  readonly relationship: string | null
  readonly required: boolean
  readonly defaultValue: Value
  readonly createable: boolean
  readonly updateable: boolean
  readonly unique: boolean
  readonly caseSensitive: boolean
  readonly externalId: boolean
  /** Made by a formula or by Salesforce: nobody writes it. */
  readonly calculated: boolean
  readonly autoNumber: boolean
  /** Platform encryption with the probabilistic scheme: neither filtered, sorted nor grouped. */
  readonly encrypted: boolean
  readonly nameField: boolean
  /** Rich text. */
  readonly html: boolean
  /** The address, location or name that this is a part of. */
  readonly compound: string | null
  readonly securityClassification: SecurityClassification | null
  /** Like 'PII;GDPR'. */
  readonly complianceGroup: string | null
  readonly trackHistory: boolean
  /** Field-level security of the integration user. */
  readonly readable: boolean
  readonly editable: boolean
  readonly help: string | null
}

export type GivenField = Partial<Omit<FieldDefinition, 'name' | 'values'>> & {
  readonly values?: readonly (string | PicklistValue)[]
}

/** `AnnualRevenue` reads Annual Revenue; `OwnerId` reads Owner ID. */
const labelOf = (name: string): string =>
  name
    .replace(/__p?c$/, '')
    .replaceAll('_', ' ')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/ Id$/, ' ID')

const LENGTHS: Partial<Record<FieldType, number>> = {
  id: 18,
  string: 255,
  textarea: 255,
  picklist: 255,
  combobox: 255,
  multipicklist: 4099,
  reference: 18,
  email: 80,
  phone: 40,
  url: 255,
  encryptedstring: 175,
}
const DIGITS: Partial<Record<FieldType, readonly [precision: number, scale: number]>> = {
  double: [18, 2],
  currency: [18, 2],
  percent: [5, 2],
}

/**
 * @example
 * fieldOf('Score__c', { type: 'double', trackHistory: true })
 */
export function fieldOf(name: string, given: GivenField = {}): FieldDefinition {
  const type = given.type ?? 'string'
  const writable = !given.calculated && !given.autoNumber && type !== 'address' && type !== 'location'
  const [precision, scale] = DIGITS[type] ?? [0, 0]
  return {
    label: labelOf(name),
    length: LENGTHS[type] ?? 0,
    precision,
    scale,
    restricted: false,
    referenceTo: [],
    relationship: relationshipOf(name, type),
    required: type === 'boolean',
    defaultValue: type === 'boolean' ? false : null,
    createable: writable,
    updateable: writable,
    unique: false,
    caseSensitive: false,
    externalId: false,
    calculated: false,
    autoNumber: false,
    encrypted: false,
    nameField: false,
    html: false,
    compound: null,
    securityClassification: null,
    complianceGroup: null,
    trackHistory: false,
    readable: true,
    editable: true,
    help: null,
    ...given,
    name,
    type,
    values: (given.values ?? []).map((value) =>
      typeof value === 'string' ? { value, label: value, active: true, defaultValue: false } : value,
    ),
  }
}

function relationshipOf(name: string, type: FieldType): string | null {
  if (type !== 'reference') return null
  return name.endsWith('__c') ? name.replace(/__c$/, '__r') : name.replace(/Id$/, '')
}

/** Text of more than 255 characters, which neither a filter nor an order takes. */
export const isLong = (field: FieldDefinition): boolean => field.type === 'textarea' && field.length > 255

export const isCustom = (name: string): boolean => /__p?c$/.test(name)

/** @see https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_sobject_describe.htm */
export const isFilterable = (field: FieldDefinition): boolean =>
  !isLong(field) && !field.encrypted && !['encryptedstring', 'base64', 'location'].includes(field.type)

export const isSortable = (field: FieldDefinition): boolean =>
  isFilterable(field) && field.type !== 'multipicklist' && field.type !== 'address'

export const text = (length = 255, more: GivenField = {}): GivenField => ({ type: 'string', length, ...more })
export const of = (type: FieldType, more: GivenField = {}): GivenField => ({ type, ...more })
export const long = (length = 32_000, more: GivenField = {}): GivenField => ({
  type: 'textarea',
  length,
  ...more,
})
export const pick = (values: readonly string[], more: GivenField = {}): GivenField => ({
  type: 'picklist',
  values,
  ...more,
})
export const refer = (to: string | readonly string[], more: GivenField = {}): GivenField => ({
  type: 'reference',
  referenceTo: typeof to === 'string' ? [to] : to,
  ...more,
})
