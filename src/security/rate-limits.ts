/**
 * How much one caller, and one address, may ask for in a minute: of what changes something, and of what is dear to answer.
 * Counted in this process: several web processes allow as many times more, which still keeps any one of them from being
 * drowned by one caller.
 */
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { RateKind, RateLimits } from '../config.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { Caller } from './access.ts'
import { sourceOf } from './attempts.ts'

/** Behind one address there may be an office. */
const CALLERS_PER_ADDRESS = 5

const SECONDS = 60

const WORDS: Readonly<Record<RateKind, string>> = {
  changes: 'changes',
  costly: 'exports, previews and the like',
}

export interface RateLimiter {
  /**
   * Counts one request.
   *
   * @param caller null on public routes: the address alone counts
   * @throws HoldfastError `too_many_requests`, with the seconds to wait
   */
  take(kind: RateKind, caller: Caller | null, ip: string): Promise<void>
  /**
   * Counts one request of somebody who came through another system, whose address says nothing of them.
   *
   * @param name whom: the same for all of their requests
   * @throws HoldfastError `too_many_requests`, with the seconds to wait
   */
  takeOf(kind: RateKind, name: string): Promise<void>
}

/**
 * @example
 * const limiter = limitRates({ changes: 600, costly: 60 })
 * await limiter.take('changes', caller, ip)
 */
export function limitRates(limits: RateLimits): RateLimiter {
  const callers = (kind: RateKind) => new RateLimiterMemory({ points: limits[kind], duration: SECONDS })
  const addresses = (kind: RateKind) =>
    new RateLimiterMemory({ points: limits[kind] * CALLERS_PER_ADDRESS, duration: SECONDS })
  const counters = {
    changes: { caller: callers('changes'), address: addresses('changes') },
    costly: { caller: callers('costly'), address: addresses('costly') },
  }
  return {
    take: async (kind, caller, ip) => {
      const { [kind]: counter } = counters
      const from = { kind, most: limits[kind] }
      if (caller !== null) await count(counter.caller, nameOf(caller), { ...from, whose: whoseOf(caller) })
      await count(counter.address, sourceOf(ip), {
        kind,
        most: limits[kind] * CALLERS_PER_ADDRESS,
        whose: 'your address',
      })
    },
    takeOf: (kind, name) => count(counters[kind].caller, name, { kind, most: limits[kind], whose: 'you' }),
  }
}

const nameOf = (caller: Caller): string =>
  caller.kind === 'key' ? `key ${caller.id}` : `session ${caller.session}`

const whoseOf = (caller: Caller): string => (caller.kind === 'key' ? 'this key' : 'your session')

interface Counted {
  readonly kind: RateKind
  readonly most: number
  readonly whose: string
}

async function count(
  limiter: RateLimiterMemory,
  name: string,
  { kind, most, whose }: Counted,
): Promise<void> {
  try {
    await limiter.consume(name)
  } catch (over) {
    if (!(over instanceof RateLimiterRes)) throw over
    const seconds = Math.max(1, Math.ceil(over.msBeforeNext / 1000))
    throw new HoldfastError(
      'too_many_requests',
      `More than ${most} ${WORDS[kind]} came from ${whose} within a minute. Wait ${seconds} seconds and go on.`,
      // The server turns retryAfter into the header of that name.
      { retryable: true, cause: { retryAfter: seconds } },
    )
  }
}
