/**
 * Calls of the last 24 hours against the org's allowance, which all its apps share.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.salesforce_app_limits_cheatsheet.meta/salesforce_app_limits_cheatsheet/salesforce_app_limits_platform_api.htm
 * @see https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_limits.htm
 */
import { refused } from './problems.ts'
import { DATA, type SandboxRoute } from './route.ts'

export interface Limits {
  /** Calls in any 24 hours: 100,000 and 1,000 for each user, in Enterprise Edition. Infinity: no limit. */
  readonly daily: number
}

export interface DailyCount {
  /** Counts a call. @throws 403 when none is left: without Retry-After, as Salesforce does it */
  take(at: number): void
  used(at: number): number
  /** As if calls of other apps had used so many. */
  others: number
  /** As if the calls were used up. */
  reached: boolean
}

const DAY = 86_400_000
const HOUR = 3_600_000
export const UNLIMITED_SHOWN = 1_000_000_000

export function openDailyCount({ daily }: Limits): DailyCount {
  /** Calls by hour. */
  const hours = new Map<number, number>()
  const count: DailyCount = {
    others: 0,
    reached: false,
    take(at) {
      if (count.used(at) >= daily) {
        throw refused(403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.')
      }
      const hour = Math.floor(at / HOUR)
      hours.set(hour, (hours.get(hour) ?? 0) + 1)
    },
    used(at) {
      if (count.reached) return daily === Infinity ? UNLIMITED_SHOWN : daily
      let used = count.others
      for (const [hour, calls] of hours) {
        if (hour * HOUR <= at - DAY) hours.delete(hour)
        else used += calls
      }
      return used
    },
  }
  return count
}

const limits: SandboxRoute = {
  method: 'GET',
  path: `${DATA}/limits`,
  kind: 'free',
  handle({ context }) {
    const { used, max } = context.usage()
    const whole = (most: number): { Max: number; Remaining: number } => ({ Max: most, Remaining: most })
    return {
      status: 200,
      body: {
        ConcurrentAsyncGetReportInstances: whole(200),
        DailyApiRequests: { Max: max, Remaining: Math.max(0, max - used) },
        DailyAsyncApexExecutions: whole(250_000),
        DailyBulkApiBatches: whole(15_000),
        DailyBulkV2QueryFileStorageMB: whole(976_562),
        DailyBulkV2QueryJobs: whole(10_000),
        DailyDeliveredPlatformEvents: whole(50_000),
        DataStorageMB: whole(10_240),
        FileStorageMB: whole(10_240),
        HourlyPublishedPlatformEvents: whole(250_000),
        MonthlyPlatformEventsUsageEntitlement: whole(750_000),
        SingleEmail: whole(5_000),
      },
    }
  },
}

export const limitRoutes: readonly SandboxRoute[] = [limits]
