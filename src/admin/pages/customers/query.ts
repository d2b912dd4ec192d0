/**
 * What the list shows: the filters and the order of the address, which are those of the API; else those of the view that
 * the address names; else those of the view that one's list opens with.
 */
import { useState } from 'react'
import { NATURAL_ORDER, type CustomerSort, type SortOrder } from '../../../contracts/customer-terms.ts'
import {
  BUILT_IN_VIEWS,
  CUSTOMER_COLUMNS,
  CUSTOMER_QUERY_NAMES,
  type CustomerColumn,
} from '../../../contracts/customer-views.ts'
import type { CustomerFilter } from '../../../contracts/customer-filter.ts'
import type { CustomerViewAnswer, CustomerViewsAnswer } from '../../../server/api/customer-views.ts'
import { useFilters, withQuery, type Filters } from '../../api/query-string.ts'

export type FilterName = keyof CustomerFilter

export type Change = Readonly<Partial<Record<FilterName | 'sort' | 'order', string | null>>>

export interface CustomerQuery {
  /** The view that is looked at, if only as where one began; null: none. */
  readonly view: CustomerViewAnswer | null
  /** Whether something else is shown than the view says. */
  readonly changed: boolean
  /** The address names a view that is not there any more. */
  readonly lost: boolean
  /** As the API takes it. */
  readonly filter: Filters
  /** The filter and the order, as the API takes them. */
  readonly query: Filters
  /** Of these what may be kept as a view: never the address of a person. */
  readonly kept: Filters
  readonly sort: CustomerSort
  readonly order: SortOrder
  readonly columns: readonly CustomerColumn[]
  set(change: Change, how?: { replace?: boolean }): void
  /** Takes every filter away. */
  clear(): void
  setColumns(columns: readonly CustomerColumn[]): void
  open(view: string): void
}

/** @returns null while it is not known which view the list opens with */
export function useCustomerQuery(views: CustomerViewsAnswer | undefined): CustomerQuery | null {
  const [address, go] = useFilters()
  // An address of a person stays out of the address of the page: that ends up in histories and logs.
  const [said, say] = useState<{ readonly q: string; readonly at: string } | null>(null)
  // Another address, such as that of another view, shows what it says and nothing besides.
  const hidden = said !== null && said.at === addressText(address) ? said.q : null
  const own = pick(address)
  const explicit = Object.keys(own).length > 0
  const named = address['view'] ?? (explicit ? null : (views?.default ?? null))
  if (named === null && !explicit) return null
  const builtIn = BUILT_IN_VIEWS.find(({ id }) => id === named)
  const view =
    views?.items.find(({ id }) => id === named) ??
    (builtIn === undefined ? null : { ...FIXED, ...builtIn, columns: [...builtIn.columns] })
  if (view === null && !explicit && views === undefined) return null
  const shown = view ?? { ...FIXED, ...BUILT_IN_VIEWS[0], columns: [...BUILT_IN_VIEWS[0].columns] }
  const kept: Filters = explicit ? own : pick(shown.query)
  const query: Filters = { ...kept, ...(hidden === null ? {} : { q: hidden }) }
  const columns = knownColumns(address['columns']?.split(',') ?? shown.columns)
  const sort = (query['sort'] ?? 'value') as CustomerSort
  const { sort: _sort, order: _order, ...filter } = query as Filters & { sort?: string; order?: string }
  const goTo = (
    next: Readonly<Record<string, string | null>>,
    q: string | null,
    how?: { replace?: boolean },
  ) => {
    say(q === null ? null : { q, at: addressText({ ...address, ...next }) })
    go(next, how)
  }
  const standing = { ...NOTHING, view: view?.id ?? null, sort: 'value' }
  return {
    view,
    changed:
      view !== null &&
      (text(query) !== text(pick(view.query)) || columns.join(',') !== knownColumns(view.columns).join(',')),
    lost: view === null && named !== null && views !== undefined,
    filter,
    query,
    kept,
    sort,
    order: (query['order'] as SortOrder | undefined) ?? NATURAL_ORDER[sort] ?? 'desc',
    columns,
    set: (change, how) => {
      const next = { ...query, ...change }
      const secret = next['q']?.includes('@') === true
      const open = pick({ ...next, ...(secret ? { q: null } : {}) })
      goTo({ ...standing, ...open }, secret ? (next['q'] ?? null) : null, how)
    },
    clear: () => goTo({ ...NOTHING, sort }, null),
    setColumns: (chosen) => goTo({ ...standing, ...kept, columns: chosen.join(',') }, hidden),
    open: (id) => goTo({ ...NOTHING, view: id, columns: null }, null),
  }
}

const FIXED = { scope: 'built_in', mayChange: false, problem: null, updatedAt: null } as const

const NOTHING: Readonly<Record<string, null>> = Object.fromEntries(
  ['view', ...CUSTOMER_QUERY_NAMES].map((name) => [name, null]),
)

/** The same for addresses that say the same. */
const addressText = (of: Readonly<Record<string, string | null>>): string =>
  withQuery('', Object.fromEntries(Object.entries(of).toSorted(([a], [b]) => (a < b ? -1 : 1))))

/** Of all that an address may hold what the API knows, always in the same order. */
function pick(from: Readonly<Record<string, string | null | undefined>>): Filters {
  return Object.fromEntries(
    CUSTOMER_QUERY_NAMES.flatMap((name) => {
      const value = from[name]
      return value === undefined || value === null || value === '' ? [] : [[name, value]]
    }),
  )
}

/** The order that goes without saying is not said twice. */
const text = (query: Filters): string => {
  const { sort = 'value', order, ...filter } = query as Filters & { sort?: CustomerSort; order?: string }
  return withQuery('', { ...filter, sort, order: order === NATURAL_ORDER[sort] ? null : order })
}

const knownColumns = (names: readonly string[]): readonly CustomerColumn[] =>
  names.filter((name): name is CustomerColumn => (CUSTOMER_COLUMNS as readonly string[]).includes(name))
