/**
 * What the Holdfast package puts into an org, as data: the fields on Account and Contact that show a record's risk, the
 * key on activities, the object for interventions, the permission sets. Everything that writes goes by it, and the
 * package itself is rendered from it.
 *
 * Names are without the namespace of the package; {@link packageNames} puts it before them, as the API has them.
 *
 * Percentages are Salesforce's own Percent: 71.5 is stored as 71.5 and shown as "71.5%". An amount is a plain number
 * with its currency beside it, since a Currency field would show every amount in the record's or the org's currency.
 */
import type { RiskFields } from '../connector.ts'
import { ACTIONS, ACTION_STATUSES, GROUPS, LEVELS, STATUSES, type Choice } from '../risk-values.ts'

/** Objects that carry something of ours. Custom fields of tasks are defined on Activity, and show on Task and Event. */
export type OurObject = 'Account' | 'Contact' | 'Task' | 'Retention_Intervention__c'

/** One custom field as the Metadata API's `CustomField` defines it. */
export interface PackageField {
  /** API name without namespace: `Holdfast_Risk_Percent__c`. */
  readonly name: string
  readonly label: string
  /** Help text beside the field. */
  readonly description: string
  readonly type: PackageFieldType
  /** Characters, of Text and LongTextArea. */
  readonly length?: number
  /** Digits in all and after the point, of Number and Percent. */
  readonly precision?: number
  readonly scale?: number
  /** Of a Picklist. */
  readonly values?: readonly Choice[]
  /** Only the values listed are taken, of a Picklist. */
  readonly restricted?: boolean
  /** No two records have the same; letters count as they are written. */
  readonly unique?: boolean
  readonly externalId?: boolean
  /** Object that a Lookup leads to; the field is emptied when the record there is deleted. */
  readonly refersTo?: string
  /** Name of the related list, of a Lookup, without namespace and `__r`. */
  readonly relationship?: string
}

export type PackageFieldType =
  | 'Text'
  | 'LongTextArea'
  | 'Number'
  | 'Percent'
  | 'Date'
  | 'DateTime'
  | 'Picklist'
  | 'Lookup'

/** By this tasks are upserted: the key of the action that they carry out. */
export const KEY_FIELD = 'Holdfast_Key__c'
/** Key of the action that a task carries out: `discount_10`. */
export const ACTION_FIELD = 'Holdfast_Action__c'

/** The object for interventions; what its own key is called. */
export const INTERVENTION = {
  name: 'Retention_Intervention__c',
  label: 'Retention Intervention',
  plural: 'Retention Interventions',
  description: 'What was done for a customer who may leave, and how far it is. Written by Holdfast.',
  /** The standard Name field numbers the records. */
  nameField: { label: 'Intervention Number', format: 'RI-{000000}' },
  key: 'Key__c',
} as const

export const PERMISSION_SETS = {
  integration: { name: 'Holdfast_Integration', label: 'Holdfast Integration' },
  rep: { name: 'Holdfast_Rep', label: 'Holdfast Rep' },
  admin: { name: 'Holdfast_Admin', label: 'Holdfast Admin' },
} as const

/** Field of a record that each part of what we write goes into. */
export const RISK_FIELD: Readonly<Record<keyof RiskFields, string>> = {
  riskPercent: 'Holdfast_Risk_Percent__c',
  riskLevel: 'Holdfast_Risk_Level__c',
  levelSince: 'Holdfast_Risk_Level_Since__c',
  change30Days: 'Holdfast_Risk_Change_30_Days__c',
  valueAtRisk: 'Holdfast_Value_At_Risk__c',
  currency: 'Holdfast_Currency__c',
  reasons: 'Holdfast_Risk_Reasons__c',
  suggestedAction: 'Holdfast_Suggested_Action__c',
  actionStatus: 'Holdfast_Action_Status__c',
  renewalDate: 'Holdfast_Renewal_Date__c',
  scoredAt: 'Holdfast_Scored_At__c',
  status: 'Holdfast_Status__c',
  dataConfidence: 'Holdfast_Data_Confidence__c',
  group: 'Holdfast_Group__c',
}

/** The most important reason alone: long text can stand in a report, but neither filter nor group it. */
export const TOP_REASON_FIELD = 'Holdfast_Top_Reason__c'

/** Names as one org has them. */
export interface PackageNames {
  /** Null: installed without one, as an unlocked package or from source. */
  readonly namespace: string | null
  /** API name of a field or object of ours: `holdfast__Holdfast_Risk_Percent__c`. Standard names stay as they are. */
  of(name: string): string
  /** The name without our namespace, as {@link PACKAGE} has it. */
  plain(name: string): string
  /** Whether a field or object is one of ours, by its name there: never read, mapped or described. */
  isOurs(name: string): boolean
}

/**
 * @param namespace of the installed package; null: none
 * @example
 * packageNames('holdfast').of('Holdfast_Risk_Percent__c') // 'holdfast__Holdfast_Risk_Percent__c'
 */
export function packageNames(namespace: string | null): PackageNames {
  const prefix = namespace === null || namespace === '' ? '' : `${namespace}__`
  const isPrefixed = (name: string): boolean =>
    prefix !== '' && name.toLowerCase().startsWith(prefix.toLowerCase())
  const plain = (name: string): string => (isPrefixed(name) ? name.slice(prefix.length) : name)
  return {
    namespace: prefix === '' ? null : namespace,
    of: (name) => (isCustom(name) && !isPrefixed(name) ? `${prefix}${name}` : name),
    plain,
    // Names of Salesforce do not differ by their letters' case. On an Account, a Contact's field ends in __pc.
    isOurs: (name) => ours.has(plain(name).toLowerCase().replace(/__pc$/, '__c')) || isPrefixed(name),
  }
}

/**
 * Fields of ours on an object, in the order in which a record shows them.
 *
 * @example
 * fieldsOf('Account')[0].name // 'Holdfast_Risk_Percent__c'
 */
export function fieldsOf(object: OurObject): readonly PackageField[] {
  return PACKAGE.find((one) => one.object === object)?.fields ?? []
}

const RECORD_FIELDS: readonly PackageField[] = [
  field(RISK_FIELD.riskPercent, 'Churn Risk', 'How likely this customer is to leave.', percent),
  field(
    RISK_FIELD.riskLevel,
    'Churn Risk Level',
    'How urgent the risk is. List views and flows go by this.',
    choice(LEVELS),
  ),
  field(RISK_FIELD.levelSince, 'Churn Risk Level Since', 'The day on which the risk reached this level.', {
    type: 'Date',
  }),
  field(
    RISK_FIELD.change30Days,
    'Churn Risk Change in 30 Days (Points)',
    'How many percentage points the risk rose (or, with a minus, fell) against 30 days ago.',
    { type: 'Number', precision: 4, scale: 1 },
  ),
  field(
    RISK_FIELD.valueAtRisk,
    'Value at Risk',
    'What is expected to be lost if nothing is done, in the currency beside it. Call the largest first.',
    { type: 'Number', precision: 18, scale: 2 },
  ),
  field(RISK_FIELD.currency, 'Value at Risk Currency', 'Currency of the value at risk, such as EUR.', {
    type: 'Text',
    length: 3,
  }),
  field(TOP_REASON_FIELD, 'Top Churn Risk Reason', 'The most important reason for the risk, for reports.', {
    type: 'Text',
    length: 255,
  }),
  field(
    RISK_FIELD.reasons,
    'Churn Risk Reasons',
    'Why the risk is what it is, the most important reason first.',
    { type: 'LongTextArea', length: 4000 },
  ),
  field(
    RISK_FIELD.suggestedAction,
    'Suggested Action',
    'What is best to do for this customer now. Empty: better to do nothing.',
    openChoice(ACTIONS),
  ),
  field(
    RISK_FIELD.actionStatus,
    'Suggested Action Status',
    'How far the suggested action is.',
    openChoice(ACTION_STATUSES),
  ),
  field(
    RISK_FIELD.renewalDate,
    'Next Renewal',
    'When the agreement is renewed next, as far as it is known.',
    { type: 'Date' },
  ),
  field(RISK_FIELD.scoredAt, 'Churn Risk Scored At', 'When the risk was worked out last.', {
    type: 'DateTime',
  }),
  field(
    RISK_FIELD.status,
    'Retention Status',
    'Whether this record still counts as a customer.',
    choice(STATUSES),
  ),
  field(
    RISK_FIELD.dataConfidence,
    'Churn Risk Data Confidence',
    'How much of what the risk is worked out from is known for this customer.',
    percent,
  ),
  field(
    RISK_FIELD.group,
    'Retention Group',
    'Which customers are treated how, so that the effect can be measured.',
    choice(GROUPS),
  ),
]

const TASK_FIELDS: readonly PackageField[] = [
  field(KEY_FIELD, 'Holdfast Key', 'Tells one action from another, so that none is made twice.', key),
  field(ACTION_FIELD, 'Holdfast Action', 'Which action this carries out, such as discount_10.', {
    type: 'Text',
    length: 255,
  }),
]

const INTERVENTION_FIELDS: readonly PackageField[] = [
  field(INTERVENTION.key, 'Key', 'Tells one intervention from another, so that none is made twice.', key),
  field('Account__c', 'Account', 'The customer.', {
    type: 'Lookup',
    refersTo: 'Account',
    relationship: 'Retention_Interventions',
  }),
  field('Contact__c', 'Contact', 'The person whom it is about.', {
    type: 'Lookup',
    refersTo: 'Contact',
    relationship: 'Retention_Interventions',
  }),
  field('Action__c', 'Action', 'What is done, as people say it.', openChoice(ACTIONS)),
  field('Action_Key__c', 'Action Key', 'Which action it is, such as discount_10.', {
    type: 'Text',
    length: 255,
  }),
  field(
    'Channel__c',
    'Channel',
    'How it reaches the customer.',
    choice([
      { value: 'email', label: 'E-mail' },
      { value: 'sms', label: 'SMS' },
      { value: 'task', label: 'Task' },
    ]),
  ),
  field('Status__c', 'Status', 'How far it is.', openChoice(ACTION_STATUSES)),
  field('Reason__c', 'Reason', 'Why it is so.', { type: 'LongTextArea', length: 4000 }),
  field('Decided_At__c', 'Decided At', 'When it was decided.', { type: 'DateTime' }),
  field('Sent_At__c', 'Sent At', 'When it went out. Empty: it has not.', { type: 'DateTime' }),
]

/** Everything of ours by object. */
export const PACKAGE: readonly { readonly object: OurObject; readonly fields: readonly PackageField[] }[] = [
  { object: 'Account', fields: RECORD_FIELDS },
  { object: 'Contact', fields: RECORD_FIELDS },
  { object: 'Task', fields: TASK_FIELDS },
  { object: INTERVENTION.name, fields: INTERVENTION_FIELDS },
]

/** The interventions' own fields are of an object of ours, so that their names are nobody else's. */
const ours: ReadonlySet<string> = new Set(
  [...RECORD_FIELDS, ...TASK_FIELDS, { name: INTERVENTION.name }].map(({ name }) => name.toLowerCase()),
)

type FieldKind = Omit<PackageField, 'name' | 'label' | 'description'>

function field(
  name: string,
  label: string,
  description: string,
  kind: FieldKind | (() => FieldKind),
): PackageField {
  return {
    name,
    label,
    description: `${description} Written by Holdfast.`,
    ...(typeof kind === 'function' ? kind() : kind),
  }
}

function percent(): FieldKind {
  return { type: 'Percent', precision: 4, scale: 1 }
}

function key(): FieldKind {
  return { type: 'Text', length: 255, unique: true, externalId: true }
}

/** A choice among what we write alone. */
function choice(values: readonly Choice[]): FieldKind {
  return { type: 'Picklist', restricted: true, values }
}

/** Values that are not listed are taken too: nobody but an admin can add to a picklist. */
function openChoice(values: readonly Choice[]): FieldKind {
  return { type: 'Picklist', restricted: false, values }
}

/** `Account`, `Subject` and the like never carry a namespace. */
function isCustom(name: string): boolean {
  return /__[a-z]+$/i.test(name)
}
