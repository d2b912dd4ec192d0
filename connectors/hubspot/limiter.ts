/**
 * HubSpot's limits, kept before the call instead of learned from refusals: every call of a portal waits for its turn.
 *
 * Each limit is a set of slots, as many as calls are allowed within the window. A call holds its slot until it was
 * answered, and the slot is free again one window after that. HubSpot counts a call at some moment between its start
 * and its answer; the next call in the same slot starts a whole window after that answer, so that whatever the network
 * does in between, no window of this length can hold more calls than there are slots.
 *
 * @see https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
 */
import { setTimeout as wait } from 'node:timers/promises'

/** Searches count against both limits. */
export type CallKind = 'call' | 'search'

/** Ends a turn: says that the call was answered, or given up. To be called once; without it the slot stays taken. */
export type Done = () => void

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

export interface Limit {
  /** Calls that may fall into any window. */
  readonly calls: number
  readonly windowMs: number
}

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
  const known = new Map<string, Pacer>()
  return {
    of: (portal, tier) => {
      const key = `${tier} ${portal}`
      const found = known.get(key)
      if (found !== undefined) return found
      const { call, search } = limits[tier] ?? LIMITS[tier]
      const made = pacerOf({
        call: queued({ slots: memorySlots(call, now), sleep }),
        search: queued({ slots: memorySlots(search, now), sleep }),
      })
      known.set(key, made)
      return made
    },
  }
}

/** Slots of one limit of one portal, wherever they are kept. */
export interface Slots {
  /** @returns the slots now held, `most` or fewer; none: how long to wait before the next try */
  hold(most: number): Promise<{ held: readonly number[] } | { waitMs: number }>
  /** Answered: free again one window from now. Never fails. */
  release(slot: number): void
  /** Nothing is free before so many milliseconds are over. Never fails. */
  close(ms: number): void
}

/** Puts a search behind both limits: first its own, so that it keeps no other call waiting. */
export function pacerOf(turns: Readonly<Record<CallKind, Turns>>): Pacer {
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

export interface Turns {
  take(signal?: AbortSignal): Promise<Done>
  close(ms: number): void
}

/** First come, first served. */
export function queued({ slots, sleep }: { slots: Slots; sleep: (ms: number) => Promise<unknown> }): Turns {
  const waiting: { grant(done: Done): void; refuse(cause: unknown): void }[] = []
  let pumping = false

  async function pump(): Promise<void> {
    if (pumping) return
    pumping = true
    try {
      while (waiting.length > 0) {
        const turn = await slots.hold(waiting.length)
        if ('waitMs' in turn) {
          await sleep(turn.waitMs)
          continue
        }
        for (const slot of turn.held) {
          const next = waiting.shift()
          // Who waited gave up meanwhile.
          if (next === undefined) slots.release(slot)
          else next.grant(onceOnly(() => slots.release(slot)))
        }
      }
    } catch (cause) {
      for (const { refuse } of waiting.splice(0)) refuse(cause)
    } finally {
      pumping = false
    }
  }

  return {
    take: (signal) =>
      new Promise<Done>((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason)
          return
        }
        const giveUp = () => {
          waiting.splice(waiting.indexOf(entry), 1)
          reject(signal?.reason)
        }
        const settled = () => signal?.removeEventListener('abort', giveUp)
        const entry = {
          grant: (done: Done) => {
            settled()
            resolve(done)
          },
          refuse: (cause: unknown) => {
            settled()
            reject(cause)
          },
        }
        signal?.addEventListener('abort', giveUp, { once: true })
        waiting.push(entry)
        void pump()
      }),
    close: (ms) => slots.close(ms),
  }
}

function onceOnly(work: () => void): Done {
  let done = false
  return () => {
    if (done) return
    done = true
    work()
  }
}

function memorySlots({ calls, windowMs }: Limit, now: () => number): Slots {
  /** From when on each slot is free; Infinity while a call holds it. */
  const free = Array.from({ length: calls }, () => -Infinity)
  let closedUntil = -Infinity
  return {
    hold: async (most) => {
      const at = now()
      if (at < closedUntil) return { waitMs: Math.ceil(closedUntil - at) }
      const held: number[] = []
      for (let slot = 0; slot < calls && held.length < most; slot++) {
        if (free[slot] > at) continue
        free[slot] = Infinity
        held.push(slot)
      }
      if (held.length > 0) return { held }
      const next = Math.min(...free)
      // All are held by calls under way: whichever ends first frees its slot a window later.
      return { waitMs: next === Infinity ? windowMs : Math.max(1, Math.ceil(next - at)) }
    },
    release: (slot) => {
      free[slot] = now() + windowMs
    },
    close: (ms) => {
      closedUntil = Math.max(closedUntil, now() + ms)
    },
  }
}
