/** The customer scored with some features changed. A newer question takes the place of the one before, which is broken off. */
import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query'
import type { TriedAnswer } from '../../../server/api/try-shapes.ts'
import { ask } from '../../api/request.ts'
import type { TriedValue } from '../../words/feature-values.ts'

export type Changes = Readonly<Record<string, TriedValue>>

/** Milliseconds: moving back to where one was asks nothing. */
const KEPT_MS = 60_000

/**
 * @param path of the customer's try-out
 * @param changes by the names of features; none: as it is
 */
export function useTried(path: string, changes: Changes): UseQueryResult<TriedAnswer> {
  return useQuery({
    queryKey: [path, 'tried', JSON.stringify(changes)],
    queryFn: ({ signal }) => ask<TriedAnswer>(path, { method: 'POST', body: { changes }, signal }),
    placeholderData: keepPreviousData,
    staleTime: KEPT_MS,
    gcTime: KEPT_MS,
  })
}
