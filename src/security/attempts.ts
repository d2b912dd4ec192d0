/** How often somebody may fail, by the address they come from. */
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { HoldfastError } from '../contracts/errors.ts'

export interface Attempts {
  /** @throws HoldfastError `too_many_requests` when this address failed too often of late */
  check(ip: string): Promise<void>
  /** Counts a failure. */
  failed(ip: string): Promise<void>
}

/**
 * Counted in this process; several web processes allow as many times more, which still leaves 256 bits out of reach.
 *
 * @param most failures within `seconds`; one more blocks the address until they are over
 * @param what for the message: `sign-ins`
 */
export function limitAttempts({
  most,
  seconds,
  what,
}: {
  most: number
  seconds: number
  what: string
}): Attempts {
  const limiter = new RateLimiterMemory({ points: most, duration: seconds })
  return {
    check: async (ip) => {
      const state = await limiter.get(sourceOf(ip))
      if (state !== null && state.consumedPoints >= most) {
        throw tooMany(what, Math.ceil(state.msBeforeNext / 1000))
      }
    },
    failed: async (ip) => {
      await limiter.consume(sourceOf(ip)).catch((over: unknown) => {
        if (!(over instanceof RateLimiterRes)) throw over
      })
    },
  }
}

function tooMany(what: string, seconds: number): HoldfastError {
  // The server turns retryAfter into the header of that name.
  return new HoldfastError(
    'too_many_requests',
    `There were too many failed ${what} from your address. Wait ${seconds} seconds and try again.`,
    { retryable: true, cause: { retryAfter: seconds } },
  )
}

/** One who has an IPv6 network has 2^64 addresses: they count as one. */
export function sourceOf(ip: string): string {
  if (!ip.includes(':')) return ip
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)
  if (mapped !== null) return mapped[1]
  const [head, tail = ''] = ip.split('%')[0].split('::')
  const groups = head === '' ? [] : head.split(':')
  const missing = ip.includes('::') ? 8 - groups.length - (tail === '' ? 0 : tail.split(':').length) : 0
  const whole = [...groups, ...Array.from({ length: missing }, () => '0'), ...tail.split(':')]
  return `${whole.slice(0, 4).join(':')}::/64`
}
