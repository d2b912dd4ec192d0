/**
 * The words of a filter of customers and how it orders them, without the schemas that read it (customer-filter.ts): the
 * app in the browser says them too, and needs no parser for that.
 */

/** Below this share of what matters to the model a score rests on too little. */
export const LOW_DATA = 0.6

export const LEVELS = ['HIGH', 'MEDIUM', 'LOW'] as const
export type Level = (typeof LEVELS)[number]
export const GROUPS = ['holdout', 'usual', 'policy', 'exempt'] as const
export type Group = (typeof GROUPS)[number]
export const STATUSES = ['active', 'left', 'deleted'] as const
/** active: in the population. left: outside it now. deleted: gone from the source. */
export type CustomerStatus = (typeof STATUSES)[number]

/** What an intervention may be in before it has ended. */
export const OPEN_STATES = [
  'planned',
  'awaiting_approval',
  'deferred',
  'leased',
  'sending',
  'snoozed',
  'uncertain',
] as const

/** In place of a value: those that have none. */
export const NONE = 'none'

/**
 * Several values as one text, in which commas of their own are written as %2C.
 *
 * @example
 * joinValues(['HIGH', 'LOW']) // 'HIGH,LOW'
 */
export function joinValues(values: readonly string[]): string {
  return values.map((value) => value.replaceAll('%', '%25').replaceAll(',', '%2C')).join(',')
}

/** What {@link joinValues} joined. */
export function splitValues(text: string): string[] {
  return text.split(',').map((value) => value.replaceAll(/%2C/gi, ',').replaceAll('%25', '%'))
}

export const CUSTOMER_SORTS = ['value', 'probability', 'renewal', 'name', 'changed'] as const
export type CustomerSort = (typeof CUSTOMER_SORTS)[number]
export type SortOrder = 'asc' | 'desc'

/** Which way each order goes unless it is said. */
export const NATURAL_ORDER: Readonly<Record<CustomerSort, SortOrder>> = {
  value: 'desc',
  probability: 'desc',
  renewal: 'asc',
  name: 'asc',
  changed: 'desc',
}
