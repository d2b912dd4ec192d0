/** Views of the customers' list: a filter, an order and columns under a name. */
import type { CUSTOMER_SORTS } from './customer-terms.ts'

/** What a row may show besides the name, in the order of a table that shows all. */
export const CUSTOMER_COLUMNS = [
  'value',
  'risk',
  'why',
  'suggested',
  'intervention',
  'renewal',
  'responsible',
  'changed',
  'group',
  'connection',
  'status',
  'data',
  'monthly',
] as const
export type CustomerColumn = (typeof CUSTOMER_COLUMNS)[number]

/** As `customerList` reads it, and as the address of the page has it. */
export type CustomerQuery = Readonly<Record<string, string>>

/** All that such a query may hold, in the order in which it is asked. */
export const CUSTOMER_QUERY_NAMES = [
  'q',
  'level',
  'action',
  'group',
  'responsible',
  'connection',
  'status',
  'renewsWithin',
  'changed',
  'changedSince',
  'changedWithin',
  'cameSince',
  'leftSince',
  'lowData',
  'intervention',
  'minValue',
  'currency',
  'externalId',
  'sort',
  'order',
] as const

/**
 * What the list asks of the API to show a view: its customers, and how many there are.
 *
 * @example
 * readsOfView({ level: 'HIGH', sort: 'value' })
 * // ['/v1/customers?level=HIGH&sort=value', '/v1/customers/count?level=HIGH']
 */
export function readsOfView(query: CustomerQuery): readonly string[] {
  const path = (base: string, names: readonly string[]): string => {
    const given = new URLSearchParams()
    for (const name of names) if (query[name] !== undefined) given.set(name, query[name])
    return given.size === 0 ? base : `${base}?${given.toString()}`
  }
  return [
    path('/v1/customers', CUSTOMER_QUERY_NAMES),
    path(
      '/v1/customers/count',
      CUSTOMER_QUERY_NAMES.filter((name) => name !== 'sort' && name !== 'order'),
    ),
  ]
}

export interface BuiltInView {
  /** Kept: defaults and bookmarks name it. */
  readonly id: string
  readonly name: string
  readonly query: CustomerQuery & { readonly sort?: (typeof CUSTOMER_SORTS)[number] }
  readonly columns: readonly CustomerColumn[]
}

const USUAL = ['value', 'risk', 'why', 'suggested', 'responsible'] as const

/** Always there; the first is what the list opens with. */
export const BUILT_IN_VIEWS: readonly BuiltInView[] = [
  { id: 'first', name: 'Whom to call first', query: { sort: 'value' }, columns: USUAL },
  {
    id: 'became-high',
    name: 'Became high this week',
    query: { changed: 'high', changedWithin: '7', sort: 'changed' },
    columns: ['changed', ...USUAL],
  },
  {
    id: 'renewing',
    name: 'Renewing within 60 days',
    query: { renewsWithin: '60', sort: 'renewal' },
    columns: ['renewal', ...USUAL],
  },
  {
    id: 'unscored',
    name: 'Not scored',
    query: { level: 'none', sort: 'name' },
    columns: ['responsible', 'renewal', 'connection'],
  },
  {
    id: 'low-data',
    name: 'Low data',
    query: { lowData: 'true', sort: 'value' },
    columns: ['data', 'value', 'risk', 'responsible', 'connection'],
  },
]
