/**
 * How many sends of a tenant may be in flight at a time. Many together cost less each, and keep whoever comes next
 * waiting: so few beside others, more for who has been alone for a while, and the most where they leave so fast that a
 * newcomer waits no longer for them than for the few of a slow one.
 */
import type { TenantId } from '../contracts/ids.ts'
import type { QueueLimits } from './service.ts'

export interface SendsWatch {
  /** Something of it was asked for, or ended. */
  seen(tenant: TenantId): void
  /** So many of the tenant that is about went into the queue: but for the first, as many as had come out of it. */
  placed(sends: number): void
  /** Of a tenant, now. */
  inFlight(): number
}

/** For how long a tenant counts after something of it was asked for, or ended. */
const ABOUT_MS = 1000

/** Who has been alone for this long is likely to stay it. */
const ALONE_MS = 3000

/** Over which the pace is taken. */
const PACE_MS = 1000

/** What leaves within this may be in flight. */
const AHEAD_MS = 500

/**
 * @param now milliseconds, of a clock that never goes back
 * @example
 * const sending = watchSends(limits)
 * sending.seen(tenant)
 * sending.inFlight() // 48
 */
export function watchSends(
  limits: Pick<QueueLimits, 'sendsPerTenant' | 'sendsAlone' | 'sendsAtPace' | 'sendsBesideOthers'>,
  now: () => number = () => performance.now(),
): SendsWatch {
  const last = new Map<TenantId, number>()
  let aloneSince = 0
  /** Of whoever is alone. */
  let gone: { readonly at: number; readonly sends: number }[] = []

  function look(): number {
    const time = now()
    for (const [tenant, at] of last) if (at < time - ABOUT_MS) last.delete(tenant)
    if (last.size !== 1) aloneSince = time
    gone = last.size === 1 ? gone.filter(({ at }) => at > time - PACE_MS) : []
    return time
  }

  function ahead(): number {
    const sends = gone.reduce((sum, one) => sum + one.sends, 0)
    return Math.round((sends * AHEAD_MS) / PACE_MS)
  }

  return {
    seen: (tenant) => void last.set(tenant, look()),
    placed: (sends) => {
      const at = look()
      if (sends > 0 && last.size === 1) gone.push({ at, sends })
    },
    inFlight: () => {
      const time = look()
      if (last.size > 1) return limits.sendsBesideOthers
      const least = time - aloneSince < ALONE_MS ? limits.sendsPerTenant : limits.sendsAlone
      return Math.max(least, Math.min(ahead(), limits.sendsAtPace))
    },
  }
}

/** To put a job into the queue and to take it out costs as much as a tenth of an e-mail. */
const LEAST_LOAD = 48

/** Interventions of one job. Some five are under way, so that while some wait for an answer others have the processor. */
export const loadOf = (inFlight: number): number => Math.max(LEAST_LOAD, Math.round(inFlight / 5))
