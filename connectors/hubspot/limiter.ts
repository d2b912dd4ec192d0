/**
 * HubSpot's limits, in slots as connectors/pacing.ts keeps them: every call of a portal waits for its turn.
 *
 * @see https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
 */
import { setTimeout as wait } from 'node:timers/promises'
import { memorySlots, memoised, queued, type Done, type Limit, type Slots, type Turns } from '../pacing.ts'

/** Searches count against both limits. */
export type CallKind = 'call' | 'search'

export interface Pacer {
  /**
   * Waits for a turn, in the order of asking.
   *
   * @throws the signal's reason when it is aborted while waiting
   */
  take(kind: CallKind, signal?: AbortSignal): Promise<Done>
  /** No call of this kind starts before so many milliseconds are over: after a 429. */
  pause(kind: CallKind, ms: number): void
}

/** How the account pays: private apps have the limit of its tier. */
export type Tier = 'oauth' | 'free' | 'pro'

export type Limits = Readonly<Record<CallKind, Limit>>

/**
 * A little below what HubSpot allows (110, 100 and 190 in 10 seconds; 5 searches a second), because somebody else may
 * use the same token: `doctor` in a process of its own.
 */
export const LIMITS: Readonly<Record<Tier, Limits>> = {
  oauth: { call: { calls: 100, windowMs: 10_000 }, search: { calls: 4, windowMs: 1000 } },
  free: { call: { calls: 90, windowMs: 10_000 }, search: { calls: 4, windowMs: 1000 } },
  pro: { call: { calls: 175, windowMs: 10_000 }, search: { calls: 4, windowMs: 1000 } },
}

export interface Pacers {
  /** The same portal always has the same pacer, whoever asks. */
  of(portal: string, tier: Tier): Pacer
}

/**
 * In the memory of this process.
 *
 * @param options.limits other limits, for tests and sandboxes
 * @param options.now milliseconds of a clock that only goes forward; default: the process's
 * @param options.sleep waits so many milliseconds of that clock
 * @example
 * const pacers = openPacers()
 * const done = await pacers.of('8451236', 'oauth').take('search')
 * try { … } finally { done() }
 */
export function openPacers({
  limits = {},
  now = () => performance.now(),
  sleep = (ms) => wait(ms),
}: {
  limits?: Partial<Record<Tier, Limits>>
  now?: () => number
  sleep?: (ms: number) => Promise<unknown>
} = {}): Pacers {
  return pacersWith({ limits, slots: (_portal, _kind, limit) => memorySlots(limit, now), sleep })
}

/**
 * Pacers on slots that lie wherever `slots` keeps them.
 *
 * @example
 * pacersWith({ slots: (portal, kind, limit) => databaseSlots({ database, name: `hubspot:${portal}:${kind}`, limit }) })
 */
export function pacersWith({
  limits = {},
  slots,
  sleep = (ms) => wait(ms),
}: {
  limits?: Partial<Record<Tier, Limits>>
  slots: (portal: string, kind: CallKind, limit: Limit) => Slots
  sleep?: (ms: number) => Promise<unknown>
}): Pacers {
  const make = (portal: string, tier: Tier): Pacer => {
    const of = limits[tier] ?? LIMITS[tier]
    const turnsOf = (kind: CallKind) => queued({ slots: slots(portal, kind, of[kind]), sleep })
    return pacerOf({ call: turnsOf('call'), search: turnsOf('search') })
  }
  return { of: memoised(make) }
}

/** Puts a search behind both limits: first its own, so that it keeps no other call waiting. */
function pacerOf(turns: Readonly<Record<CallKind, Turns>>): Pacer {
  return {
    take: async (kind, signal) => {
      if (kind === 'call') return turns.call.take(signal)
      const search = await turns.search.take(signal)
      try {
        const call = await turns.call.take(signal)
        return () => {
          search()
          call()
        }
      } catch (cause) {
        search()
        throw cause
      }
    },
    pause: (kind, ms) => turns[kind].close(ms),
  }
}
