/** How far the first reading of an account is, in words: for eyes, and for ears, which hear it less often. */
import type { ConnectionAnswer } from '../../server/api/connections.ts'
import type { RunAnswer } from '../../server/api/runs.ts'
import { recordsWord } from './connections.ts'
import type { PlainFormats } from './formats.ts'

export interface ReadingShown {
  readonly state: 'reading' | 'done' | 'stopped'
  readonly sentence: string
  /** Changes with each quarter alone. */
  readonly spoken: string
  /** 0 to 100; null: nobody knows how much there is. */
  readonly percent: number | null
  /** Why it does not go on; null: it does. */
  readonly problem: { readonly message: string; readonly again: boolean } | null
}

const QUARTERS = [
  '',
  'A quarter is read.',
  'Half is read.',
  'Three quarters are read.',
  'Nearly all is read.',
]

/**
 * @param live of the reading that runs now, as it is told as it happens; null: none is known to
 * @example
 * readingOf(connection, run, words).sentence // '1,200 of 2,000 companies are read'
 */
export function readingOf(
  { status, statusReason, object, steps }: ConnectionAnswer,
  live: Pick<RunAnswer, 'done' | 'total'> | null,
  words: Pick<PlainFormats, 'count' | 'many'>,
): ReadingShown {
  const sync = steps.find(({ step }) => step === 'sync')
  const last = sync?.lastRun ?? null
  const what = recordsWord(object)
  if (sync !== undefined && sync.lastDoneAt !== null) {
    const many =
      last?.status === 'done' && last.done > 0 ? `All ${words.count(last.done)} ${what}` : `All ${what}`
    return {
      state: 'done',
      sentence: `${many} are read`,
      spoken: `${many} are read.`,
      percent: 100,
      problem: null,
    }
  }
  const run = live ?? (last?.status === 'running' ? last : null)
  const error = run === null ? (sync?.error ?? null) : null
  const problem =
    status !== 'active'
      ? { message: statusReason ?? 'The connection is not active.', again: false }
      : error === null
        ? null
        : { message: error.message, again: sync?.dueAt !== null }
  const { done, total } = run ?? last ?? { done: 0, total: null }
  const state = problem === null ? 'reading' : 'stopped'
  if (total === null || total === 0)
    return {
      state,
      sentence: done === 0 ? `The ${what} begin to be read` : `${words.count(done)} ${what} are read so far`,
      spoken: `The ${what} are being read.`,
      percent: problem === null ? null : 0,
      problem,
    }
  // More may have come since they were counted.
  const share = Math.min(1, done / total)
  return {
    state,
    sentence: `${words.count(done)} of ${words.count(Math.max(done, total))} ${what} are read`,
    spoken: QUARTERS[Math.floor(share * 4)] || `${words.count(total)} ${what} are being read.`,
    percent: share * 100,
    problem,
  }
}
