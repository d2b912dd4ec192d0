/** What a marked record should show, and whether that is written now, later or not at all. */
import type { RiskFields } from '../../connectors/connector.ts'
import type { LevelThresholds } from '../../models/churn/levels.ts'
import type { Action } from '../contracts/actions.ts'
import { minorDigits } from '../contracts/money.ts'
import type { Surroundings, WriteBackCandidate } from '../store/write-backs.ts'
import { actionFields } from './action-words.ts'
import { changeOf, clearedFields, leftFields, riskFields } from './risk-fields.ts'

const DAY = 86_400_000
const WEEK = 7 * DAY

/** Records of a book that may be written within a day because of what is not enough: this share, or so many if more. */
const NIGHT = { share: 0.018, least: 10 }

export interface Looked {
  /** To be written; null: nothing. */
  readonly fields: RiskFields | null
  /** Whether what is to be written could have waited; such writes are counted, and a night takes so many. */
  readonly quiet: boolean
  /** When to look again at what is not written; null: when something changes. */
  readonly again: Date | null
}

export interface LookerOptions {
  readonly now: Date
  /** Whether anything is written at all. */
  readonly enabled: boolean
  readonly thresholds: LevelThresholds
  /** Customers of the book. */
  readonly customers: number
  /** Records that were written within the last day for what could have waited. */
  readonly quiet: number
  /** The company's catalogue, for the names of its own actions. */
  readonly actions: readonly Action[]
}

/**
 * Prepares looking at the records of one pass.
 *
 * Other reasons for much the same risk are written at once, a small change a week after the record was written last.
 * Where there are more of both than a quiet night may write, the rest is spread over the nights that follow: where
 * much of a book depends on the calendar, every night moves some reasons.
 *
 * @example
 * const look = lookerAt({ now, enabled: true, thresholds, customers: 100_000, quiet: 0, actions })
 * look(candidate, around(candidate.customer)) // { fields: { riskPercent: 41.2, … }, quiet: false, again: null }
 */
export function lookerAt({ now, enabled, thresholds, customers, quiet, actions }: LookerOptions) {
  const night = Math.max(NIGHT.least, Math.floor(customers * NIGHT.share))
  let left = night - quiet
  let waiting = 0
  const inDays = (days: number): Date => new Date(now.getTime() + days * DAY)
  const write = (fields: RiskFields, isQuiet = false): Looked => ({ fields, quiet: isQuiet, again: null })

  return (candidate: WriteBackCandidate, around: Surroundings): Looked => {
    const { last } = candidate
    const fields = fieldsOf(candidate, around, actions)
    if (fields === null) return nothing
    // What only was recorded so far is written once writing is on.
    if (last === null || (last.status === 'dry_run' && enabled)) return write(fields)
    if (last.status === 'failed' && last.retryAt !== null)
      return last.retryAt > now ? later(last.retryAt) : write(fields, last.quiet)
    const change = changeOf(last.fields, fields, thresholds)
    if (change === 'enough') return write(fields)
    if (change !== 'soon') {
      // No week makes the same refusal worth another try.
      if (last.status !== 'written' || last.writtenAt === null) return nothing
      const due = new Date(last.writtenAt.getTime() + WEEK)
      // Where the risk was 30 days ago moves by itself.
      if (change === 'none') return fields.change30Days ? later(due > now ? due : inDays(7)) : nothing
      if (due > now) return later(due)
    }
    if (left-- > 0) return write(fields, true)
    return later(inDays(1 + Math.floor(waiting++ / night)))
  }
}

const later = (again: Date): Looked => ({ fields: null, quiet: false, again })

const nothing: Looked = { fields: null, quiet: false, again: null }

/** When to look again at a record that was written now. */
export function lookAfter({ change30Days }: RiskFields, now: Date): Date | null {
  return change30Days ? new Date(now.getTime() + WEEK) : null
}

/** What the record should show; null where it is none of ours: gone, or never written and nothing to say. */
function fieldsOf(
  { status, score, last, group }: WriteBackCandidate,
  { renewalDate, probabilityBefore, decision }: Surroundings,
  actions: readonly Action[],
): RiskFields | null {
  if (status === 'deleted') return null
  if (status === 'left' || score === null) {
    const written = last !== null && last.writtenAt !== null
    if (!written) return null
    return status === 'left' ? leftFields : clearedFields
  }
  return riskFields({
    ...score,
    minorUnits: score.currency === null ? 1 : 10 ** minorDigits(score.currency),
    group,
    renewalDate,
    ...(probabilityBefore === null
      ? {}
      : { change30Days: Math.round((score.probability - probabilityBefore) * 1000) / 10 }),
    ...actionFields(decision, actions),
  })
}
