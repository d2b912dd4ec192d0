/**
 * What happens while a page is open, told by the server as it happens (GET /v1/events). One stream a tab, however many
 * parts of the page listen, and none while nobody looks at the tab: a browser has six connections to a host, of all its
 * tabs.
 */
import { useCallback, useSyncExternalStore } from 'react'
import { useQueryClient, type QueryClient } from '@tanstack/react-query'
import type { LiveEvents } from '../../server/api/events.ts'
import type { RunAnswer } from '../../server/api/runs.ts'
import { openStream, type Stream } from './event-stream.ts'

export interface Live {
  /** live: told as it happens. connecting: not yet, or not any more and tried again. hidden: nobody looks. */
  readonly state: 'live' | 'connecting' | 'hidden'
  /** What runs, and what ended while one looked; the newest first. */
  readonly runs: readonly RunAnswer[]
}

const NOTHING: Live = { state: 'connecting', runs: [] }
/** Runs that are kept on the page after their end. */
const MOST_ENDED = 20

/**
 * @example
 * const { runs } = useLive()
 */
export function useLive(): Live {
  const client = useQueryClient()
  const subscribe = useCallback((changed: () => void) => listen(client, changed), [client])
  return useSyncExternalStore(subscribe, current)
}

const current = (): Live => now

let now = NOTHING
let stream: Stream | null = null
const listeners = new Set<() => void>()

function listen(client: QueryClient, changed: () => void): () => void {
  listeners.add(changed)
  if (listeners.size === 1) open(client)
  return () => {
    listeners.delete(changed)
    // React takes a listener away and gives it again at once: the stream outlasts that.
    setTimeout(() => {
      if (listeners.size > 0 || stream === null) return
      stream.close()
      stream = null
      now = NOTHING
    })
  }
}

function open(client: QueryClient): void {
  if (stream !== null) return
  const set = (next: Partial<Live>): void => {
    now = { ...now, ...next }
    for (const changed of listeners) changed()
  }
  /** Asked for anew wherever a page shows it. */
  const stale = (paths: RegExp): void =>
    void client.invalidateQueries({
      predicate: ({ queryKey: [path] }) => typeof path === 'string' && paths.test(path),
    })
  stream = openStream({
    standing: (state) => set({ state }),
    told: (event) => {
      if (event.name === 'state') set({ runs: merged([], event.data.runs) })
      if (event.name === 'run') {
        set({ runs: merged(now.runs, [event.data]) })
        if (event.data.status !== 'running') stale(OF_RUNS)
      }
      if (event.name === 'badges') stale(/^\/v1\/frame$/)
      if (event.name === 'changed') for (const topic of event.data.topics) stale(OF_TOPICS[topic])
      if (event.name === 'end' && event.data.why === 'access_changed') stale(/./)
    },
  })
}

/**
 * What is to be asked for anew when a run ended or something was changed: what is read from the database in a moment. What
 * a CRM is asked for, and drafts that everybody is decided on for, are asked for by whoever looks.
 */
const OF_RUNS = /^\/v1\/(runs|setup$|connections($|\?|\/[^/]+($|\/counts$)))/
const OF_TOPICS: Readonly<Record<LiveEvents['changed']['topics'][number], RegExp>> = {
  connections: /^\/v1\/(setup$|connections($|\?|\/[^/]+$))/,
  settings: /^\/v1\/(settings|setup$|frame$)/,
  sending: /^\/v1\/(standing|frame)$/,
}

/** The newest first; of those that ended only some. */
export function merged(known: readonly RunAnswer[], told: readonly RunAnswer[]): readonly RunAnswer[] {
  const byId = new Map([...known, ...told].map((run) => [run.id, run]))
  const all = [...byId.values()].toSorted((a, b) => b.startedAt.localeCompare(a.startedAt))
  let ended = 0
  return all.filter(({ status }) => status === 'running' || ++ended <= MOST_ENDED)
}
