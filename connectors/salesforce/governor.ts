/**
 * How much of an org's calls Holdfast takes: never more than a few at once, and never the share of the day's calls that
 * belongs to the customer's other tools.
 *
 * Salesforce counts the calls of the last 24 hours of everybody together, says with each answer how many there were, and
 * refuses all of them with 403 once they are used up, without a word on when to come back. So the count is kept, what is
 * not urgent stops in time, and afterwards one question (`/limits`) every ten minutes finds out how it stands.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.salesforce_app_limits_cheatsheet.meta/salesforce_app_limits_cheatsheet/salesforce_app_limits_platform_api.htm
 */
import { systemClock, type Clock } from '../../src/contracts/clock.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'
import { memoised, onceOnly, type Done } from '../pacing.ts'

/** Calls of the last 24 hours, of everybody, and how many the org may make. */
export interface Usage {
  readonly used: number
  readonly max: number
}

export interface Turn {
  /** May use what is kept for others: writes of tasks and consent. */
  readonly urgent: boolean
  readonly signal?: AbortSignal | undefined
  /** Asks the org how many calls it has left; used once every ten minutes at most. Null: our user may not know. */
  readonly look: () => Promise<Usage | null>
}

export interface Governor {
  /**
   * Waits until one more call may be under way; urgent ones first, then in the order of asking.
   *
   * @throws HoldfastError `connector_unavailable` (retryable) while the calls are used up, saying when it is looked at
   *   again; the signal's reason when it is aborted while waiting
   */
  take(turn: Turn): Promise<Done>
  /** What an answer said of the calls so far. */
  saw(usage: Usage): void
  /** REQUEST_LIMIT_EXCEEDED: nothing goes through before the next look, urgent or not. */
  exhausted(): void
  usage(): Usage | null
}

export interface Governors {
  /**
   * The same org always has the same count and the same turns, whoever asks.
   *
   * @param reserve share of the day's calls that is left to the customer's other tools: 0.2
   */
  of(org: string, reserve: number): Governor
}

/** Salesforce lets 25 calls of more than 20 seconds run at once, of everybody in the org. */
const AT_ONCE = 8
/** The count is of a rolling day: it falls slowly, so that looking more often would only cost calls. */
const LOOK_EVERY_MS = 10 * 60_000

/**
 * @param options.atOnce calls under way at once, an org
 * @example
 * const governor = openGovernors().of('00D000000000001EAA', 0.2)
 * const done = await governor.take({ urgent: false, look })
 * try { … } finally { done() }
 */
export function openGovernors({
  clock = systemClock,
  atOnce = AT_ONCE,
}: { clock?: Clock; atOnce?: number } = {}): Governors {
  const stateOf = memoised((org: string) => openOrg(org, clock, atOnce))
  return { of: (org, reserve) => governorOf(stateOf(org), reserve) }
}

type Org = ReturnType<typeof openOrg>

/** What all governors of an org share. */
function openOrg(org: string, clock: Clock, atOnce: number) {
  return {
    org,
    clock,
    turns: openTurns(atOnce),
    usage: null as Usage | null,
    /** When `/limits` may be asked the next time; null: nothing stops. */
    lookAt: null as Date | null,
    isExhausted: false,
    looking: null as Promise<void> | null,
  }
}

function governorOf(state: Org, reserve: number): Governor {
  const isPastReserve = (): boolean =>
    state.usage !== null && state.usage.used > state.usage.max * (1 - reserve)
  const isStopped = (urgent: boolean): boolean => state.isExhausted || (!urgent && isPastReserve())

  function stop(): void {
    state.lookAt ??= new Date(state.clock().getTime() + LOOK_EVERY_MS)
  }

  function saw(usage: Usage): void {
    state.usage = usage
    if (isPastReserve()) stop()
    else if (!state.isExhausted) state.lookAt = null
  }

  /** Whatever comes of it, nobody looks again for a while. */
  async function look({ look: ask }: Turn): Promise<void> {
    state.lookAt = new Date(state.clock().getTime() + LOOK_EVERY_MS)
    const before = state.usage
    const usage = await ask()
    // Also an answer that refuses to say it may have the count among its headers.
    const told = usage ?? (state.usage === before ? null : state.usage)
    state.isExhausted = told !== null && told.used >= told.max
    if (told !== null) return saw(told)
    // The next call finds it out: it is refused, or says how many there were.
    state.usage = null
    state.lookAt = null
  }

  async function throwIfStopped(turn: Turn): Promise<void> {
    if (!isStopped(turn.urgent)) return
    stop()
    const isDue = state.lookAt !== null && state.clock() >= state.lookAt
    if (isDue) state.looking ??= look(turn).finally(() => (state.looking = null))
    if (state.looking !== null) {
      await state.looking
      if (!isStopped(turn.urgent)) return
    }
    throw stopped(state, reserve)
  }

  return {
    take: async (turn) => {
      await throwIfStopped(turn)
      const done = await state.turns.take(turn)
      // Somebody before us may have taken the last one.
      if (!isStopped(turn.urgent)) return done
      done()
      throw stopped(state, reserve)
    },
    saw,
    exhausted: () => {
      state.isExhausted = true
      state.lookAt = new Date(state.clock().getTime() + LOOK_EVERY_MS)
    },
    usage: () => state.usage,
  }
}

function stopped({ org, usage, isExhausted, lookAt }: Org, reserve: number): HoldfastError {
  const count = usage === null ? '' : ` (${usage.used} of ${usage.max} in the last 24 hours)`
  const when = lookAt === null ? '' : ` It is looked at again ${clockTime(lookAt)} and goes on by itself.`
  const why = isExhausted
    ? `The Salesforce org ${org} has used up its API calls for the day${count}; all its tools share them.`
    : `Holdfast stops calling the Salesforce org ${org}: of its API calls for the day${count}, ${Math.round(reserve * 100)} % are left to its other tools.`
  return new HoldfastError('connector_unavailable', why + when, { retryable: true })
}

function clockTime(at: Date): string {
  return `at ${at.toISOString().slice(11, 16)} UTC`
}

/** A number of turns at once. */
function openTurns(most: number) {
  const waiting: { readonly urgent: boolean; grant(): void }[] = []
  let under = 0

  function next(): void {
    if (under >= most || waiting.length === 0) return
    const urgent = waiting.findIndex((one) => one.urgent)
    const [granted] = waiting.splice(Math.max(0, urgent), 1)
    under++
    granted.grant()
  }

  return {
    take: ({ urgent, signal }: Pick<Turn, 'urgent' | 'signal'>) =>
      new Promise<Done>((resolve, reject) => {
        if (signal?.aborted === true) {
          reject(signal.reason)
          return
        }
        const giveUp = () => {
          waiting.splice(waiting.indexOf(entry), 1)
          reject(signal?.reason)
        }
        const entry = {
          urgent,
          grant: () => {
            signal?.removeEventListener('abort', giveUp)
            const done = onceOnly(() => {
              under--
              next()
            })
            resolve(done)
          },
        }
        signal?.addEventListener('abort', giveUp, { once: true })
        waiting.push(entry)
        next()
      }),
  }
}
