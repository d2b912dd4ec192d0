/**
 * What is sent over a stream of server-sent events, and what of it is still owed to one listener. What comes faster than a
 * listener reads is joined, never queued: of a run the newest progress, of counts the sum. So a listener that reads nothing
 * holds a few kilobytes, whatever happens meanwhile.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
import { LOGS, type Badges, type LiveMarks } from '../../store/reads/live.ts'
import type { NamedRun } from '../../store/reads/runs.ts'

/** What pages keep that people change: each is to be asked for anew when it is named. */
export type Topic = 'connections' | 'settings' | 'sending'

/** How a company stands at one look. */
export interface LiveState {
  readonly at: Date
  readonly marks: LiveMarks
  readonly runs: readonly NamedRun[]
  readonly badges: Badges
}

/** What differs from the look before. */
export interface LiveChange {
  readonly runs: readonly NamedRun[]
  readonly arrived: LiveMarks
  /** Null: as before. */
  readonly badges: Badges | null
  readonly topics: readonly Topic[]
}

/** Why a stream is over, for the page that listens. */
export type EndReason = 'signed_out' | 'access_changed' | 'closing' | 'away'

export interface Owed {
  add(change: LiveChange, marks: LiveMarks): void
  /** Everything that is owed, as text to be sent; '' for nothing. */
  take(): string
  readonly empty: boolean
}

/**
 * @example
 * const owed = openOwed()
 * owed.add(change, marks)
 * response.write(owed.take())
 */
export function openOwed(): Owed {
  const runs = new Map<string, NamedRun>()
  const topics = new Set<Topic>()
  let arrived: LiveMarks = NONE
  let badges: Badges | null = null
  let marks: LiveMarks = NONE
  const isEmpty = (): boolean =>
    runs.size === 0 && topics.size === 0 && badges === null && LOGS.every((log) => arrived[log] === 0)
  return {
    add: (change, seen) => {
      for (const run of change.runs) {
        runs.delete(run.id)
        runs.set(run.id, run)
      }
      // The oldest go: a listener that is so far behind looks at the list of runs.
      for (const id of runs.keys()) {
        if (runs.size <= MOST_RUNS) break
        runs.delete(id)
      }
      for (const topic of change.topics) topics.add(topic)
      arrived = sum(arrived, change.arrived)
      badges = change.badges ?? badges
      marks = seen
    },
    take: () => {
      if (isEmpty()) return ''
      const id = idOf(marks)
      const parts = [
        ...[...runs.values()].map((run) => frame('run', run)),
        ...(LOGS.some((log) => arrived[log] > 0) ? [frame('arrived', arrived, id)] : []),
        ...(badges === null ? [] : [frame('badges', badges)]),
        ...(topics.size === 0 ? [] : [frame('changed', { topics: [...topics] })]),
      ]
      runs.clear()
      topics.clear()
      arrived = NONE
      badges = null
      return parts.join('')
    },
    get empty() {
      return isEmpty()
    },
  }
}

const MOST_RUNS = 100

export const NONE: LiveMarks = { scores: 0, decisions: 0, interventions: 0 }

const sum = (one: LiveMarks, other: LiveMarks): LiveMarks => ({
  scores: one.scores + other.scores,
  decisions: one.decisions + other.decisions,
  interventions: one.interventions + other.interventions,
})

/**
 * The first thing that is sent: how the company stands.
 *
 * @param missed what arrived since the listener was last here; null: it was not
 */
export function stateFrame({ at, runs, badges, marks }: LiveState, missed: LiveMarks | null): string {
  return frame('state', { at, runs, badges, missed }, idOf(marks))
}

export const endFrame = (why: EndReason): string => frame('end', { why })

/** Tells proxies and browsers that the stream lives. */
export const HEARTBEAT = ':\n\n'

/** @param id comes back as Last-Event-ID */
export function frame(event: string, data: unknown, id?: string): string {
  // JSON holds no line ends, so that one line is always enough.
  return `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`
}

/**
 * @example
 * idOf({ scores: 12, decisions: 3, interventions: 0 }) // '12.3.0'
 */
export const idOf = (marks: LiveMarks): string => LOGS.map((log) => marks[log]).join('.')

/**
 * What a listener saw last, as it says itself.
 *
 * @returns null for anything that no stream of ours ever sent
 */
export function marksOf(id: string | undefined): LiveMarks | null {
  const found = /^(\d{1,15})\.(\d{1,15})\.(\d{1,15})$/.exec(id ?? '')
  if (found === null) return null
  const [scores, decisions, interventions] = found.slice(1).map(Number)
  return { scores, decisions, interventions }
}
