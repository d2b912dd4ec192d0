/** What of a customer's risk can be written into a CRM, and the words that its lists of choices have for it. */
import { isCurrency } from '../src/contracts/money.ts'
import type { FieldUpdate, RiskFields } from './connector.ts'

/** A value of a list, and how people see it. */
export interface Choice {
  readonly value: string
  readonly label: string
}

export const LEVELS: readonly Choice[] = [
  { value: 'HIGH', label: 'High' },
  { value: 'MEDIUM', label: 'Medium' },
  { value: 'LOW', label: 'Low' },
]

export const STATUSES: readonly Choice[] = [
  { value: 'active', label: 'Active customer' },
  { value: 'left', label: 'No longer a customer' },
]

export const GROUPS: readonly Choice[] = [
  { value: 'policy', label: 'Policy' },
  { value: 'usual', label: 'Business as usual' },
  { value: 'holdout', label: 'Holdout (left alone)' },
  { value: 'exempt', label: 'Exempt' },
]

/**
 * A choice for a value that a record of ours shows; as the CRMs' own editors do, value and label are one text.
 *
 * @example
 * choiceOf('awaiting approval') // { value: 'awaiting approval', label: 'Awaiting approval' }
 */
export function choiceOf(value: string): Choice {
  return { value, label: `${value.slice(0, 1).toUpperCase()}${value.slice(1)}` }
}

/** Names of the default catalogue; those of a catalogue of one's own come to them. */
export const ACTIONS: readonly Choice[] = [
  'Send Email',
  'Send SMS',
  'Offer 10% Discount',
  'Offer 20% Discount',
  'Personal Call + 30% Discount',
].map(choiceOf)

/** States of an intervention in the words that a record shows; further words come to them. */
export const ACTION_STATUSES: readonly Choice[] = [
  'suggested',
  'planned',
  'awaiting approval',
  'deferred',
  'sent',
  'rejected',
  'uncertain whether sent',
  'not sent: suppressed',
  'snoozed',
  'expired',
  'cancelled',
  'dry run, not sent',
].map(choiceOf)

/** Whether a field's value cannot be shown: a number that is none, an amount without a currency. */
export function isUnfit(field: keyof RiskFields, fields: RiskFields): boolean {
  const { [field]: value, currency, valueAtRisk } = fields
  if (typeof value === 'number' && !Number.isFinite(value)) return true
  if (field === 'valueAtRisk') return value !== null && !isCurrency(currency ?? '')
  if (field === 'currency')
    return value !== null && (typeof valueAtRisk !== 'number' || !isCurrency(currency ?? ''))
  return false
}

/** Two updates of one record in one batch are refused by CRMs; the later one has the last word. */
export function byRecord(updates: readonly FieldUpdate[]): readonly FieldUpdate[] {
  const records = new Map<string, FieldUpdate>()
  for (const { id, fields } of updates)
    records.set(id, { id, fields: { ...records.get(id)?.fields, ...fields } })
  return [...records.values()]
}
