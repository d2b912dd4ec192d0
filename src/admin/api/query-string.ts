/** Filters live in the address: what one sees can be sent to somebody, kept as a bookmark, and gone back from. */
import { useCallback } from 'react'
import { useLocation, useSearch } from 'wouter'

export type Filters = Readonly<Record<string, string>>

/**
 * `?level=HIGH&q=nord`; empty values are left out.
 *
 * @example
 * withQuery('/v1/customers', { level: 'HIGH', q: '' }) // '/v1/customers?level=HIGH'
 */
export function withQuery(
  path: string,
  query: Readonly<Record<string, string | number | boolean | null | undefined>>,
): string {
  const given = Object.entries(query).filter(
    ([, value]) => value !== undefined && value !== null && value !== '',
  )
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
  return text === '' ? path : `${path}?${text}`
}

/**
 * The filters of the address and how to change some of them; each change is a place to go back to unless told otherwise
 * (typing replaces).
 *
 * @example
 * const [filters, setFilters] = useFilters()
 * setFilters({ level: 'HIGH' })
 */
export function useFilters(): readonly [
  Filters,
  (change: Readonly<Record<string, string | null>>, how?: { replace?: boolean }) => void,
] {
  const search = useSearch()
  const [path, go] = useLocation()
  const filters: Filters = Object.fromEntries(new URLSearchParams(search))
  const change = useCallback(
    (wanted: Readonly<Record<string, string | null>>, how?: { replace?: boolean }) => {
      const now = Object.fromEntries(new URLSearchParams(window.location.search))
      go(withQuery(path, { ...now, ...wanted }), { replace: how?.replace ?? false })
    },
    [path, go],
  )
  return [filters, change]
}
