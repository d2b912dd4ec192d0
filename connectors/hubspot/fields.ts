/**
 * Our properties in a portal, in one table: how they are named, what a rep reads about them, and how a value of ours
 * is written there.
 *
 * HubSpot's OpenAPI file of 2026-09 knows neither colours of choices nor formats of numbers (`numberDisplayHint`, which
 * 2026-03 had), so the unit stands in the label: 71.5 under "Churn risk (%)". The percentage format of 2026-03 would
 * have shown 71.5 as 7,150 %.
 *
 * @see https://developers.hubspot.com/docs/api-reference/latest/crm/properties/guide
 */
import type { RiskFields } from '../connector.ts'
import { bullets, cleanText, plainNumber } from '../plain-text.ts'
import { ACTIONS, ACTION_STATUSES, GROUPS, LEVELS, STATUSES, isUnfit, type Choice } from '../risk-values.ts'

/** Objects that carry properties of ours. */
export type OurObject = 'companies' | 'contacts' | 'tasks' | 'emails' | 'communications'

/** One property as the API's `PropertyCreate` takes it. */
export interface OurProperty {
  readonly name: string
  readonly label: string
  /** Help text under the property. */
  readonly description: string
  readonly type: 'string' | 'number' | 'date' | 'datetime' | 'enumeration'
  readonly fieldType: 'text' | 'textarea' | 'number' | 'date' | 'select'
  readonly options: readonly Choice[]
  readonly hasUniqueValue: boolean
  /** Of use to us alone: not offered where people choose properties. */
  readonly hidden: boolean
}

/** The group that our properties stand in, on each object. */
export const GROUP = { name: 'holdfast', label: 'Holdfast' } as const

/** By this tasks and e-mails are upserted: the key of the intervention. */
export const KEY_PROPERTY = 'holdfast_key'
/** Key of the action that a task or an e-mail carries out: `discount_10`. */
export const ACTION_PROPERTY = 'holdfast_action'

/** Where each field of a record is written. */
export const FIELD_PROPERTIES: Readonly<Record<keyof RiskFields, string>> = {
  riskPercent: 'holdfast_risk_percent',
  riskLevel: 'holdfast_risk_level',
  levelSince: 'holdfast_risk_level_since',
  change30Days: 'holdfast_risk_change_30_days',
  valueAtRisk: 'holdfast_value_at_risk',
  currency: 'holdfast_currency',
  reasons: 'holdfast_risk_reasons',
  suggestedAction: 'holdfast_suggested_action',
  actionStatus: 'holdfast_action_status',
  renewalDate: 'holdfast_renewal_date',
  scoredAt: 'holdfast_scored_at',
  status: 'holdfast_status',
  dataConfidence: 'holdfast_data_confidence',
  group: 'holdfast_group',
}

/**
 * Our properties on an object, in the order in which a record shows them.
 *
 * @example
 * propertiesOf('companies')[0].name // 'holdfast_risk_percent'
 */
export function propertiesOf(object: OurObject): readonly OurProperty[] {
  return object === 'companies' || object === 'contacts' ? recordProperties : activityProperties
}

/**
 * Whether a property is one of ours, by its name: never read, mapped or described.
 *
 * @example
 * isOurs('holdfast_risk_level') // true
 */
export function isOurs(name: string): boolean {
  return name.startsWith('holdfast_')
}

/**
 * What is sent for a record's fields: a property for each field that is there, `''` where ours is cleared (which is
 * how HubSpot empties a property). A number that is none, and an amount without a currency, are left out: what
 * stands in the record stays.
 *
 * @example
 * cellsOf({ riskPercent: 71.5, suggestedAction: null }) // { holdfast_risk_percent: '71.5', holdfast_suggested_action: '' }
 */
export function cellsOf(fields: RiskFields): Readonly<Record<string, string>> {
  const cells: Record<string, string> = {}
  for (const [field, property] of Object.entries(FIELD_PROPERTIES) as [keyof RiskFields, string][]) {
    const value = fields[field]
    if (value === undefined || isUnfit(field, fields)) continue
    cells[property] = value === null ? '' : cellOf(value)
  }
  return cells
}

function cellOf(value: number | string | readonly string[]): string {
  if (typeof value === 'number') return plainNumber(value)
  if (typeof value === 'string') return cleanText(value)
  return bullets(value)
}

type Differs = Partial<Pick<OurProperty, 'options' | 'hasUniqueValue' | 'hidden' | 'fieldType'>>

const recordProperties: readonly OurProperty[] = [
  number(
    'riskPercent',
    'Churn risk (%)',
    'How likely this customer is to leave, in percent: 71.5 means 71.5 %.',
  ),
  select('riskLevel', 'Churn risk level', 'How urgent the risk is. Lists and workflows go by this.', LEVELS),
  date('levelSince', 'Churn risk level since', 'The day on which the risk reached this level.'),
  number(
    'change30Days',
    'Churn risk change in 30 days (points)',
    'How many percentage points the risk rose (or, with a minus, fell) against 30 days ago.',
  ),
  number(
    'valueAtRisk',
    'Value at risk',
    'What is expected to be lost if nothing is done, in the currency beside it. Call the largest first.',
  ),
  text('currency', 'Value at risk currency', 'Currency of the value at risk, such as EUR.'),
  text('reasons', 'Churn risk reasons', 'Why the risk is what it is, the most important reason first.', {
    fieldType: 'textarea',
  }),
  select(
    'suggestedAction',
    'Suggested action',
    'What is best to do for this customer now. Empty: better to do nothing.',
    ACTIONS,
  ),
  select('actionStatus', 'Suggested action status', 'How far the suggested action is.', ACTION_STATUSES),
  date('renewalDate', 'Next renewal', 'When the agreement is renewed next, as far as it is known.'),
  datetime('scoredAt', 'Churn risk scored at', 'When the risk was worked out last.'),
  select('status', 'Retention status', 'Whether this record still counts as a customer.', STATUSES),
  number(
    'dataConfidence',
    'Churn risk data confidence (%)',
    'How much of what the risk is worked out from is known for this customer, in percent.',
  ),
  select(
    'group',
    'Retention group',
    'Which customers are treated how, so that the effect can be measured.',
    GROUPS,
  ),
]

const activityProperties: readonly OurProperty[] = [
  property(KEY_PROPERTY, 'Holdfast key', 'Tells one action from another, so that none is made twice.', {
    type: 'string',
    fieldType: 'text',
    hasUniqueValue: true,
    hidden: true,
  }),
  property(ACTION_PROPERTY, 'Holdfast action', 'Which action this carries out, such as discount_10.', {
    type: 'string',
    fieldType: 'text',
  }),
]

function property(
  name: string,
  label: string,
  description: string,
  kind: Pick<OurProperty, 'type' | 'fieldType'> & Differs,
): OurProperty {
  const written = `${description} Written by Holdfast.`
  return { name, label, description: written, options: [], hasUniqueValue: false, hidden: false, ...kind }
}

function number(field: keyof RiskFields, label: string, description: string): OurProperty {
  return property(FIELD_PROPERTIES[field], label, description, { type: 'number', fieldType: 'number' })
}

function date(field: keyof RiskFields, label: string, description: string): OurProperty {
  return property(FIELD_PROPERTIES[field], label, description, { type: 'date', fieldType: 'date' })
}

function datetime(field: keyof RiskFields, label: string, description: string): OurProperty {
  return property(FIELD_PROPERTIES[field], label, description, { type: 'datetime', fieldType: 'date' })
}

function text(
  field: keyof RiskFields,
  label: string,
  description: string,
  differs: Differs = {},
): OurProperty {
  const kind = { type: 'string', fieldType: 'text', ...differs } as const
  return property(FIELD_PROPERTIES[field], label, description, kind)
}

function select(
  field: keyof RiskFields,
  label: string,
  description: string,
  options: readonly Choice[],
): OurProperty {
  return property(FIELD_PROPERTIES[field], label, description, {
    type: 'enumeration',
    fieldType: 'select',
    options,
  })
}
