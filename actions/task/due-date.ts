/** When a task is due: in the hours in which the person who has it works. */

export interface WorkingHours {
  /** IANA. */
  readonly zone: string
  /** Local hours, 0 to 24. */
  readonly from: number
  readonly until: number
  /** 1 is Monday, 7 is Sunday. */
  readonly days: readonly number[]
  /** 'YYYY-MM-DD', on which nobody works. */
  readonly holidays: readonly string[]
}

/** Where nobody said anything else; noon in UTC is the same day nearly everywhere. */
export const USUAL_HOURS: WorkingHours = {
  zone: 'UTC',
  from: 9,
  until: 17,
  days: [1, 2, 3, 4, 5],
  holidays: [],
}

const HOUR = 3_600_000
const DAY = 24 * HOUR
/** Somebody whose holidays never end is given a date all the same. */
const FURTHEST_DAYS = 400

/**
 * Noon, or the middle of their day where people do not work at noon, of the n-th working day after a date; before the
 * action's time is over, in working hours where any are left until then.
 *
 * @param days working days, 1 or more
 * @param end the first moment at which it is too late
 * @example
 * dueDate(new Date('2026-11-20T09:00Z'), 2, new Date('2026-12-01')).toISOString() // a Friday: '2026-11-24T12:00:00.000Z'
 */
export function dueDate(from: Date, days: number, end: Date, hours: WorkingHours = USUAL_HOURS): Date {
  const today = localDay(from, hours.zone)
  const furthest = today + FURTHEST_DAYS * DAY
  let day = today
  for (let left = days; left > 0 && day < furthest;) {
    day += DAY
    if (isWorkingDay(day, hours)) left--
  }
  const hour = hours.from <= 12 && 12 < hours.until ? 12 : (hours.from + hours.until) / 2
  for (; day >= today; day -= DAY) {
    if (!isWorkingDay(day, hours)) continue
    const at = momentAt(day, hour, hours.zone)
    const [first, last] = [momentAt(day, hours.from, hours.zone), momentAt(day, hours.until, hours.zone)]
    // Of a day on which the middle is past, or too late, what is left of it.
    const due = at > from.getTime() && at < end.getTime() ? at : Math.min(last, end.getTime() - 1)
    if (due > from.getTime() && due >= first) return new Date(due)
  }
  return new Date(Math.max(from.getTime(), end.getTime() - 1))
}

/** Midnight in UTC of the calendar day that it is in a zone. */
function localDay(at: Date, zone: string): number {
  const shifted = new Date(at.getTime() + offsetAt(at.getTime(), zone))
  return Date.UTC(shifted.getUTCFullYear(), shifted.getUTCMonth(), shifted.getUTCDate())
}

function isWorkingDay(day: number, { days, holidays }: WorkingHours): boolean {
  const date = new Date(day)
  const weekday = date.getUTCDay() === 0 ? 7 : date.getUTCDay()
  return days.includes(weekday) && !holidays.includes(date.toISOString().slice(0, 10))
}

/** The instant at which it is this hour there; of one that a clock change skips, the same time after it. */
function momentAt(day: number, hour: number, zone: string): number {
  const local = day + hour * HOUR
  const guess = local - offsetAt(local, zone)
  return local - offsetAt(guess, zone)
}

/** Milliseconds that a zone is ahead of UTC. */
function offsetAt(at: number, zone: string): number {
  if (zone === 'UTC') return 0
  const format =
    formats.get(zone) ?? new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' })
  formats.set(zone, format)
  const name = format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const [, sign, hours, minutes = '0', seconds = '0'] =
    /GMT([+-])(\d{2}):(\d{2})(?::(\d{2}))?/.exec(name) ?? []
  if (sign === undefined) return 0
  const ahead = Number(hours) * HOUR + Number(minutes) * 60_000 + Number(seconds) * 1000
  return sign === '-' ? -ahead : ahead
}

/** Making one takes some ten microseconds; there are as many as zones. */
const formats = new Map<string, Intl.DateTimeFormat>()
