/** When a refused call is tried again, for every connector alike. */

/**
 * Seconds or a date, as RFC 9110 allows both.
 *
 * @param theirs the time by the clock of who answered; a date is by that one
 * @returns by our own clock
 * @example retryAtOf('10', new Date(0)) // 1970-01-01T00:00:10Z
 */
export function retryAtOf(header: string | null, now: Date, theirs: Date | null = null): Date | null {
  if (header === null) return null
  const said = header.trim()
  if (/^\d+(\.\d+)?$/.test(said)) return new Date(now.getTime() + Number(said) * 1000)
  const at = dateOf(said)
  if (at === null || theirs === null) return at
  return new Date(now.getTime() + at.getTime() - theirs.getTime())
}

/** A date of a header; null when it is none. */
export function dateOf(said: string | null): Date | null {
  const at = said === null ? NaN : Date.parse(said)
  return Number.isNaN(at) ? null : new Date(at)
}

/** 1, 2, 4 seconds: "pause your requests for a few seconds, then retry" on 502 and 504. */
export function backoff(attempt: number): number {
  return 1000 * 2 ** (attempt - 1)
}

/**
 * Waits between two tries; whoever shuts down does not wait for the next one.
 *
 * @throws the signal's reason when it is aborted
 */
export async function pausing(
  ms: number,
  { sleep, signal }: { sleep: (ms: number) => Promise<unknown>; signal?: AbortSignal | undefined },
): Promise<void> {
  if (signal === undefined) return void (await sleep(ms))
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    signal.throwIfAborted()
    await Promise.race([sleep(ms), promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
