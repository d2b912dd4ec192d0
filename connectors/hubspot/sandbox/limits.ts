/**
 * Rate limits as HubSpot counts them: a rolling ten seconds for each app in the portal, a rolling second for search,
 * and a day for private apps.
 *
 * @see https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
 */
import type { Token } from './entries.ts'
import { problem, type ProblemError } from './problems.ts'

export interface Limits {
  /** Calls of an OAuth app in any ten seconds. Infinity: no limit. */
  readonly oauth: number
  /** Calls of a private app in any ten seconds: 100 in free portals, 190 in others. */
  readonly privateApp: number
  /** Searches in any second, of the whole portal. */
  readonly search: number
  /** Calls of all private apps of the portal a day. */
  readonly daily: number
  /** Calls of the Webhooks Journal in any second, of the app; its guide says them. */
  readonly journal: number
  readonly journal_subscriptions: number
}

export const HUBSPOT_LIMITS: Limits = {
  oauth: 110,
  privateApp: 190,
  search: 5,
  daily: 625_000,
  journal: 100,
  journal_subscriptions: 50,
}

const TEN_SECONDS = 10_000
const DAY = 86_400_000

export interface RateLimiter {
  /**
   * Counts a call or refuses it; a refused one is not counted.
   *
   * @returns headers of the answer
   * @throws a 429
   */
  take(token: Token, kind: 'call' | 'search', at: number): Record<string, string>
  /**
   * Counts a call of the Webhooks Journal, which is exempt from all others: 100 a second of the app, of its subscriptions 50.
   *
   * @throws a 429
   */
  takeJournal(kind: 'journal' | 'journal_subscriptions', at: number): void
  callsToday(at: number): number
  /** As if the day's calls were used up. */
  dailyReached: boolean
}

export function openRateLimiter(limits: Limits): RateLimiter {
  /** Times of the calls of the last ten seconds, by app. */
  const windows = new Map<string, number[]>()
  const searches: number[] = []
  const journal = { journal: [] as number[], journal_subscriptions: [] as number[] }
  let day = 0
  let today = 0

  const rolling = (times: number[], at: number, width: number): void => {
    let gone = 0
    while (gone < times.length && times[gone] <= at - width) gone++
    if (gone > 0) times.splice(0, gone)
  }

  const limiter: RateLimiter = {
    dailyReached: false,
    takeJournal(kind, at) {
      rolling(journal[kind], at, 1_000)
      if (journal[kind].length >= limits[kind])
        throw tooMany('SECONDLY', 'You have reached your secondly limit.', 1)
      if (limits[kind] !== Infinity) journal[kind].push(at)
    },
    callsToday: (at) => (Math.floor(at / DAY) === day ? today : 0),
    take(token, kind, at) {
      const isPrivate = token.kind === 'private'
      if (Math.floor(at / DAY) !== day) {
        day = Math.floor(at / DAY)
        today = 0
      }
      if (limiter.dailyReached || (isPrivate && today >= limits.daily)) {
        throw tooMany('DAILY', 'You have reached your daily limit.', Math.ceil(((day + 1) * DAY - at) / 1000))
      }
      const app = isPrivate ? token.token : 'oauth'
      let window = windows.get(app)
      if (!window) windows.set(app, (window = []))
      rolling(window, at, TEN_SECONDS)
      const most = isPrivate ? limits.privateApp : limits.oauth
      const headers = (): Record<string, string> => ({
        'X-HubSpot-RateLimit-Max': String(most),
        'X-HubSpot-RateLimit-Remaining': String(Math.max(0, most - window.length)),
        'X-HubSpot-RateLimit-Interval-Milliseconds': String(TEN_SECONDS),
        ...(isPrivate
          ? {
              'X-HubSpot-RateLimit-Daily': String(limits.daily),
              'X-HubSpot-RateLimit-Daily-Remaining': String(Math.max(0, limits.daily - today)),
            }
          : {}),
      })
      if (kind === 'search') {
        rolling(searches, at, 1_000)
        if (searches.length >= limits.search) {
          throw tooMany('SECONDLY', 'You have reached your secondly limit.', 1)
        }
      }
      if (window.length >= most) {
        const wait = Math.ceil((window[0] + TEN_SECONDS - at) / 1000)
        throw tooMany(
          'TEN_SECONDLY_ROLLING',
          'You have reached your ten_secondly_rolling limit.',
          Math.max(1, wait),
          headers(),
        )
      }
      if (most !== Infinity) window.push(at)
      if (isPrivate) today++
      if (kind !== 'search') return most === Infinity ? {} : headers()
      if (limits.search !== Infinity) searches.push(at)
      // The search endpoints answer without the headers of the rate limit.
      return {}
    },
  }
  return limiter
}

function tooMany(
  policyName: string,
  message: string,
  seconds: number,
  headers: Record<string, string> = {},
): ProblemError {
  return problem({
    status: 429,
    category: 'RATE_LIMITS',
    message,
    more: { errorType: 'RATE_LIMIT', policyName },
    headers: { ...headers, 'Retry-After': String(seconds) },
  })
}
