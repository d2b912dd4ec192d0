/** Where the rows behind a count stand in the app: each list of the API has one page that shows it by the same query. */
import type { RowsOf } from '../../server/api/rows.ts'
import { pageAt } from '../layout/page-at.ts'
import { withQuery } from './query-string.ts'

const PLACES: Readonly<Record<RowsOf['list'], string>> = {
  customers: '/app/customers',
  interventions: '/app/actions/list',
  decisions: '/app/actions/decisions',
  holds: '/app/attention/held',
}

/**
 * Nothing where no page shows it: a number is then no link.
 *
 * @example
 * rowsHref({ list: 'customers', query: { level: 'HIGH' } }) // '/app/customers?level=HIGH'
 */
export function rowsHref(rows: RowsOf | null): string | undefined {
  return rows === null ? undefined : pageHref(PLACES[rows.list], rows.query)
}

/** Lists that have a page of their own beside those. */
const LISTS: Readonly<Record<string, string>> = {
  ...PLACES,
  approvals: '/app/approvals',
  alerts: '/app/alerts',
  groups: '/app/groups',
  'offer-pools': '/app/sending',
  policy: '/app/policy',
  'rep-answers': '/app/actions/answers',
}

/**
 * The same of a list as the API names it, with its filters.
 *
 * @example
 * listHref('/v1/interventions?state=uncertain') // '/app/actions/list?state=uncertain'
 */
export function listHref(list: string): string | undefined {
  const [path, query = ''] = list.split('?')
  const place = LISTS[path.replace(/^\/v1\//, '')]
  return place === undefined ? undefined : pageHref(place, Object.fromEntries(new URLSearchParams(query)))
}

/** An address of the app, where there is such a page. */
export function pageHref(path: string, query: Readonly<Record<string, string>> = {}): string | undefined {
  return pageAt(path) === null ? undefined : withQuery(path, query)
}
