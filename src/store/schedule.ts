/** When a schedule says "next". */
import { Cron } from 'croner'
import { HoldfastError } from '../contracts/errors.ts'

/**
 * @param schedule cron expression of five fields (or six, with seconds first), read in UTC
 * @returns the first time after `from`; null when there is none, as for 30 February
 * @throws HoldfastError `settings_invalid`
 * @example
 * nextRun('0 * * * *', new Date('2026-11-21T10:15:00Z')) // 2026-11-21T11:00:00Z
 */
export function nextRun(schedule: string, from: Date): Date | null {
  try {
    return new Cron(schedule, { timezone: 'UTC', paused: true }).nextRun(from)
  } catch (cause) {
    throw new HoldfastError(
      'settings_invalid',
      `The schedule "${schedule}" cannot be read. Write it as cron does, in UTC: "0 * * * *" is every hour, "30 2 * * *" half past two each night.`,
      { cause },
    )
  }
}
