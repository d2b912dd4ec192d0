/**
 * Limits that are kept before a call instead of learned from refusals: every call waits for its turn.
 *
 * A limit is a set of slots, as many as calls are allowed within the window. A call holds its slot until it was
 * answered, and the slot is free again one window after that. The other side counts a call at some moment between its
 * start and its answer; the next call in the same slot starts a whole window after that answer, so that whatever the
 * network does in between, no window of this length can hold more calls than there are slots.
 */

/** Ends a turn: says that the call was answered, or given up. Once counts; without it the slot stays taken. */
export type Done = () => void

export interface Limit {
  /** Calls that may fall into any window. */
  readonly calls: number
  readonly windowMs: number
}

/** Slots of one limit, wherever they are kept. */
export interface Slots {
  /** @returns the slots now held, `most` or fewer; none: how long to wait before the next try */
  hold(most: number): Promise<{ held: readonly number[] } | { waitMs: number }>
  /** Answered: free again one window from now. Never fails. */
  release(slot: number): void
  /** Nothing is free before so many milliseconds are over. Never fails. */
  close(ms: number): void
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

/** Ends a turn once, however often it is said. */
export function onceOnly(work: () => void): Done {
  let done = false
  return () => {
    if (done) return
    done = true
    work()
  }
}

/**
 * In the memory of this process.
 *
 * @param now milliseconds of a clock that only goes forward
 */
export function memorySlots({ calls, windowMs }: Limit, now: () => number): Slots {
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

/**
 * What is made once for each name and then given to whoever asks for it.
 *
 * @example
 * const pacerOf = memoised((account: string) => open(account))
 * pacerOf('1') === pacerOf('1') // true
 */
export function memoised<Name extends readonly string[], Made>(
  make: (...name: Name) => Made,
): (...name: Name) => Made {
  const known = new Map<string, { readonly made: Made }>()
  return (...name) => {
    const key = JSON.stringify(name)
    const found = known.get(key) ?? { made: make(...name) }
    known.set(key, found)
    return found.made
  }
}
