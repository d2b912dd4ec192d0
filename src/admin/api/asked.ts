/** Questions that take a body, such as a draft: asked a moment after the last change of it, and never twice the same. */
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import type { Read } from './queries.ts'
import { ask } from './request.ts'

/** Milliseconds of quiet after which a draft is asked about. */
const QUIET_MS = 350

export type Asked<T> = Read<T> & {
  /** Whether what is shown is of an earlier draft. */
  readonly changing: boolean
}

/**
 * What POST to a path answers for a body; null asks nothing. It has to change nothing there.
 *
 * @example
 * const preview = useAsked<LevelDraftAnswer>('/v1/setup/levels', { levels })
 */
export function useAsked<T>(
  path: string | null,
  body: unknown,
  { staleMs = 10_000 }: { readonly staleMs?: number } = {},
): Asked<T> {
  const text = JSON.stringify(body)
  const [settled] = useDebouncedValue(text, QUIET_MS)
  const query = useQuery<T>({
    // Apart from what is read: a draft is not asked about anew because something was saved.
    queryKey: [`asked ${path}`, settled],
    queryFn: ({ signal }) => ask<T>(path ?? '', { method: 'POST', body: JSON.parse(settled), signal }),
    enabled: path !== null,
    placeholderData: keepPreviousData,
    staleTime: staleMs,
  })
  return { ...query, changing: query.isPlaceholderData || settled !== text }
}
