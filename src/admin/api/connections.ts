/** The company's connections by name, for lists that are narrowed to one of them. */
import type { ConnectionAnswer } from '../../server/api/connections.ts'
import { useRead } from './queries.ts'

/** Undefined before they came. */
export function useConnections(): readonly ConnectionAnswer[] | undefined {
  return useRead<{ readonly items: readonly ConnectionAnswer[] }>('/v1/connections').data?.items
}
