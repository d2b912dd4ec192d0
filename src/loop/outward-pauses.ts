/** How an answer of the CRM to something that was to be written there is kept. */
import type { WriteResult } from '../../connectors/connector.ts'
import type { OutwardEnd } from '../store/outward.ts'

const MINUTE = 60_000

/**
 * 1, 4, 16, 64 minutes, then every 4 hours.
 *
 * @param attempts failures in a row, this one included
 * @returns milliseconds
 */
export function pauseAfter(attempts: number): number {
  return MINUTE * Math.min(4 ** (attempts - 1), 240)
}

/**
 * @param result undefined: the CRM said nothing of it
 * @param attempts failures before
 */
export function endOf(result: WriteResult | undefined, attempts: number): OutwardEnd {
  if (result === undefined)
    return {
      ok: false,
      code: 'no_answer',
      message: 'The CRM did not say whether it was written. It is written again.',
      retryInMs: pauseAfter(attempts + 1),
    }
  if (result.ok) return { ok: true, externalId: result.externalId ?? null }
  const { code, message, retryable } = result
  return { ok: false, code, message, retryInMs: retryable ? pauseAfter(attempts + 1) : null }
}

/** Tries of one thing until it is given up: about a week. */
const MOST_TRIES = 40

/**
 * Nobody looks for an entry of long ago, and a refusal that comes back each time is no passing one.
 *
 * @param attempts failures before
 */
export function lastingEnd(end: OutwardEnd, attempts: number): OutwardEnd {
  if (end.ok || end.retryInMs === null || attempts + 1 < MOST_TRIES) return end
  return {
    ...end,
    message: `Given up after ${attempts + 1} tries. The last one: ${end.message}`,
    retryInMs: null,
  }
}
