/** Says once that something is away and once that it is back, however often it is tried meanwhile. */
import type { Logger } from 'pino'

export interface Outage {
  failed(cause: unknown): void
  ok(): void
}

/**
 * @param what as in "the queue cannot be reached"
 * @example
 * const outage = watchOutage(log, 'the queue')
 * await dispatch().then(outage.ok, outage.failed)
 */
export function watchOutage(log: Logger, what: string): Outage {
  let since: number | null = null
  return {
    failed: (cause) => {
      if (since !== null) return
      since = performance.now()
      log.error({ err: cause }, `${what} cannot be worked with; it is tried again until it can`)
    },
    ok: () => {
      if (since === null) return
      const seconds = Math.round((performance.now() - since) / 1000)
      since = null
      log.info({ seconds }, `${what} can be worked with again`)
    },
  }
}
