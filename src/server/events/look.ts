/** One look at a company for all who watch it, and what differs from the look before. */
import { isDeepStrictEqual } from 'node:util'
import type { Transaction } from '../../store/database.ts'
import {
  LOGS,
  arrivedSince,
  liveMarks,
  liveRuns,
  readBadges,
  readStanding,
  type LiveMarks,
  type Standing,
} from '../../store/reads/live.ts'
import type { NamedRun } from '../../store/reads/runs.ts'
import { databaseTime } from '../../store/time.ts'
import { NONE, type LiveChange, type LiveState, type Topic } from './frames.ts'

export interface Looked {
  readonly state: LiveState
  /** Null: there was no look before. */
  readonly change: LiveChange | null
}

/**
 * Looks that counts go back over. A transaction adds its rows a moment after it took their numbers, so rows with lower
 * numbers may come later than others; those of transactions that take longer than this are in no count, and in every list.
 */
const BACK = 5

/**
 * Remembers what was seen, for the next look.
 *
 * @example
 * const look = openLook()
 * const { change } = await database.withTenant(tenant, look, { byKeys: true })
 */
export function openLook(): (tx: Transaction) => Promise<Looked> {
  let before: { readonly state: LiveState; readonly standing: Standing } | null = null
  /** Where the logs stood at the last looks, oldest first. */
  let marks: LiveMarks[] = []
  /** Rows after the oldest of them, as of the last look. */
  let counted: LiveMarks = NONE

  async function countArrived(tx: Transaction): Promise<LiveMarks> {
    const [oldest] = marks
    const next = marks.length < BACK ? oldest : marks[1]
    const found = await arrivedSince(tx, oldest, next)
    const each = (of: (log: keyof LiveMarks) => number): LiveMarks => ({
      scores: of('scores'),
      decisions: of('decisions'),
      interventions: of('interventions'),
    })
    const last = marks.at(-1)!
    const fresh = each((log) => Math.max(0, found[log].many - counted[log]))
    marks = [
      ...(next === oldest ? marks : marks.slice(1)),
      each((log) => Math.max(last[log], found[log].newest ?? 0)),
    ]
    counted = each((log) => found[log].later)
    return fresh
  }

  return async (tx) => {
    const at = await databaseTime(tx)
    const runs = await liveRuns(tx)
    let arrived = NONE
    if (before === null) marks = [await liveMarks(tx)]
    else arrived = await countArrived(tx)
    const badges = await readBadges(tx)
    const standing = await readStanding(tx)
    const state: LiveState = { at, marks: marks.at(-1)!, runs, badges }
    const last = before
    before = { state, standing }
    if (last === null) return { state, change: null }
    return {
      state,
      change: {
        runs: moved(last.state.runs, runs),
        arrived,
        badges: isDeepStrictEqual(last.state.badges, badges) ? null : badges,
        topics: (Object.keys(standing) as Topic[]).filter(
          (topic) => last.standing[topic] !== standing[topic],
        ),
      },
    }
  }
}

function moved(before: readonly NamedRun[], now: readonly NamedRun[]): readonly NamedRun[] {
  const known = new Map(before.map((run) => [run.id, run]))
  return now.filter((run) => {
    const old = known.get(run.id)
    return old === undefined || !isDeepStrictEqual(old, run)
  })
}

/** Whether anything of it is worth telling. */
export function isQuiet({ runs, arrived, badges, topics }: LiveChange): boolean {
  return (
    runs.length === 0 && topics.length === 0 && badges === null && LOGS.every((log) => arrived[log] === 0)
  )
}
