/** One cache of what the API answered: pages that ask the same share it, and come back at once. */
import {
  QueryClient,
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
  type UseQueryResult,
} from '@tanstack/react-query'
import { notifications } from '@mantine/notifications'
import { ask, isSignedOut, Refusal, type Send } from './request.ts'

/** Milliseconds for which an answer is taken without asking again. */
const FRESH_MS = 10_000

export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      // Holdfast may run on this very machine, or within the company: being offline says nothing of whether it answers.
      mutations: { networkMode: 'always' },
      queries: {
        networkMode: 'always',
        staleTime: FRESH_MS,
        retry: (failures, error) => failures < 2 && error instanceof Refusal && error.problem.retryable,
        throwOnError: (error) => {
          if (isSignedOut(error)) signInAgain()
          return false
        },
      },
    },
  })
}

/** To the page where one signs in, and back to where one was. */
export function signInAgain(): void {
  const { pathname, search } = window.location
  window.location.assign(`/sign-in?next=${encodeURIComponent(pathname + search)}`)
}

export type Read<T> = UseQueryResult<T, Error>

/** Milliseconds until it is asked anew by itself; null: not by itself. */
export type Every<T> = (answer: T | undefined) => number | null

/**
 * What a path answers; null asks nothing. While another path of the same page is asked for (a filter changed), the
 * answer before stays, so that nothing jumps.
 *
 * @example
 * const customer = useRead<CustomerAnswer>(`/v1/customers/${id}`)
 */
export function useRead<T>(
  path: string | null,
  {
    everyMs,
    boot,
  }: {
    everyMs?: number | Every<T>
    /** What came with the document; it is as old as that. */
    boot?: T | undefined
  } = {},
): Read<T> {
  return useQuery<T>({
    queryKey: [path],
    queryFn: ({ signal }) => ask<T>(path ?? '', { signal }),
    enabled: path !== null,
    placeholderData: keepPreviousData,
    ...(boot === undefined
      ? {}
      : { initialData: boot as NonNullable<T>, initialDataUpdatedAt: performance.timeOrigin }),
    refetchInterval:
      typeof everyMs === 'function' ? ({ state }) => everyMs(state.data) ?? false : (everyMs ?? false),
  })
}

/**
 * A question that needs a body, and changes nothing. While another one is asked the answer before stays; whoever asks on
 * before it came does not wait for it.
 *
 * @param body null asks nothing
 * @example
 * const answer = useAsk<WhatIfAnswer>('/v1/what-if', { change: { budgetMinor: 100_000 } })
 */
export function useAsk<T>(path: string, body: object | null): Read<T> {
  return useQuery<T>({
    queryKey: [path, 'asked', JSON.stringify(body)],
    queryFn: ({ signal }) => ask<T>(path, { method: 'POST', body, signal }),
    enabled: body !== null,
    placeholderData: keepPreviousData,
    // An answer may be of a thousand customers: it is not kept for those who are long elsewhere.
    gcTime: 60_000,
  })
}

interface PageOf<T> {
  readonly items: readonly T[]
  readonly next: string | null
}

export interface ReadList<T, Answer extends PageOf<T> = PageOf<T>> {
  /** The first page as it was answered, with what stands beside its items. */
  readonly first: Answer | undefined
  /** All that was fetched so far; undefined before the first answer. */
  readonly items: readonly T[] | undefined
  readonly error: Error | null
  /** Whether what stands there is of another question, and the answer to this one is on its way. */
  readonly changing: boolean
  readonly more: boolean
  readonly fetchingMore: boolean
  fetchMore(): void
  retry(): void
}

/**
 * A list that is read page by page (`items`, `next`).
 *
 * @param path without `cursor`
 * @param options.body of a list that is asked for with POST
 * @param options.everyMs of what was read so far
 * @example
 * const customers = useList<CustomerLine>('/v1/customers?sort=value')
 */
export function useList<T, Answer extends PageOf<T> = PageOf<T>>(
  path: string,
  {
    body,
    first,
    everyMs,
  }: {
    body?: object
    /** Its first page, where another answer brought it. */
    first?: Answer
    everyMs?: Every<readonly T[]>
  } = {},
): ReadList<T, Answer> {
  const query = useInfiniteQuery({
    queryKey: [path, 'pages', ...(body === undefined ? [] : [JSON.stringify(body)])],
    queryFn: ({ pageParam, signal }) => {
      const joined = path.includes('?') ? '&' : '?'
      const cursor = pageParam === null ? '' : `${joined}cursor=${encodeURIComponent(pageParam)}`
      const how = body === undefined ? {} : { method: 'POST' as const, body }
      return ask<Answer>(path + cursor, { signal, ...how })
    },
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
    ...(first === undefined ? {} : { initialData: { pages: [first], pageParams: [null] } }),
    refetchInterval: ({ state: { data } }) => everyMs?.(data?.pages.flatMap(({ items }) => items)) ?? false,
  })
  return {
    first: query.data?.pages[0],
    items: query.data?.pages.flatMap(({ items }) => items),
    error: query.error,
    changing: query.isPlaceholderData,
    more: query.hasNextPage,
    fetchingMore: query.isFetchingNextPage,
    fetchMore: () => void query.fetchNextPage(),
    retry: () => void query.refetch(),
  }
}

export interface Sending<Body> {
  send(body: Body): void
  readonly busy: boolean
  readonly error: Error | null
  reset(): void
}

/**
 * Something that changes the world. What failed is told where the button is (`error`) and, unless told otherwise, as a
 * notice; what the API answers afterwards is read anew.
 *
 * @param request what is sent for a body
 * @param options.changed beginnings of paths that answer otherwise now; default: all of them
 * @example
 * const approve = useSend((id: string) => ({ path: `/v1/interventions/${id}/approve`, method: 'POST' }), { done: 'Approved' })
 */
export function useSend<Body, Answer = unknown>(
  request: (body: Body) => Send & { readonly path: string },
  {
    done,
    changed = [''],
    after,
    failed,
    quiet = false,
  }: {
    /** Said when it worked. */
    readonly done?: string | ((answer: Answer, body: Body) => string)
    readonly changed?: readonly string[]
    readonly after?: (answer: Answer, body: Body) => void
    readonly failed?: (error: Error, body: Body) => void
    /** Whether a failure is told where the button is only. */
    readonly quiet?: boolean
  } = {},
): Sending<Body> {
  const client = useQueryClient()
  const readAnew = (): Promise<void> =>
    client.invalidateQueries({
      predicate: ({ queryKey: [path] }) =>
        typeof path === 'string' && changed.some((start) => path.startsWith(start)),
    })
  const mutation = useMutation<Answer, Error, Body>({
    mutationFn: (body) => {
      const { path, method = 'POST', ...rest } = request(body)
      return ask<Answer>(path, { method, ...rest })
    },
    onSuccess: async (answer, body) => {
      if (done !== undefined)
        notifications.show({ message: typeof done === 'string' ? done : done(answer, body), color: 'accent' })
      await readAnew()
      after?.(answer, body)
    },
    onError: (error, body) => {
      if (isSignedOut(error)) return signInAgain()
      // Somebody else was quicker: what stands now is what to look at.
      if (error instanceof Refusal && error.problem.status === 409) void readAnew()
      failed?.(error, body)
      if (!quiet)
        notifications.show({
          title: error instanceof Refusal ? error.problem.title : 'That did not work',
          message: error.message,
          color: 'red',
          autoClose: 12_000,
        })
    },
  })
  return {
    send: (body) => mutation.mutate(body),
    busy: mutation.isPending,
    error: mutation.error,
    reset: () => mutation.reset(),
  }
}
