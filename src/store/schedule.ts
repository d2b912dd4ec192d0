/** When a schedule says "next". */
import { createHash } from 'node:crypto'
import { Cron } from 'croner'
import { HoldfastError } from '../contracts/errors.ts'

/** Nobody waits for longer than this after the time that a schedule states. */
const MOST_SPREAD_MS = 3_600_000
/** Fires that are looked at for the shortest time between two. */
const FIRES = 25

/**
 * The time of a schedule, put off by a share of the time between two that is the connection's own (an hour at most):
 * a thousand connections with the same schedule are not due in the same second, and the steps of one, an hour between
 * them at most, keep their order.
 *
 * @param schedule cron expression of five fields (or six, with seconds first), read in UTC
 * @param spread whose share it is, such as a connection's id; null: exactly when the schedule says
 * @returns the first time after `from`; null when there is none, as for 30 February
 * @throws HoldfastError `settings_invalid`
 * @example
 * nextRun('0 * * * *', new Date('2026-11-21T10:15:00Z')) // 2026-11-21T11:00:00Z
 * nextRun('0 * * * *', new Date('2026-11-21T10:15:00Z'), connection) // between 10:15 and 11:15, always the same minute
 */
export function nextRun(schedule: string, from: Date, spread: string | null = null): Date | null {
  try {
    const cron = new Cron(schedule, { timezone: 'UTC', paused: true })
    if (spread === null) return cron.nextRun(from)
    const fires = cron.nextRuns(FIRES, from).map((fire) => fire.getTime())
    const between = fires.slice(1).map((fire, i) => fire - fires[i])
    const offset = Math.floor(shareOf(spread) * Math.min(MOST_SPREAD_MS, ...between))
    const next = cron.nextRun(new Date(from.getTime() - offset))
    return next === null ? null : new Date(next.getTime() + offset)
  } catch (cause) {
    throw new HoldfastError(
      'settings_invalid',
      `The schedule "${schedule}" cannot be read. Write it as cron does, in UTC: "0 * * * *" is every hour, "30 2 * * *" half past two each night.`,
      { cause },
    )
  }
}

/** In [0, 1), the same for the same text. */
function shareOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32
}
