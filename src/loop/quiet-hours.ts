/**
 * When a person may be contacted: within the hours of the settings in their own time, on the days of the settings.
 * Where their zone is one of several, all of them have to allow it (TCPA, 47 CFR 64.1200(c)(1): not before 8 a.m. and
 * not after 9 p.m., local time at the called party's location).
 */
import type { GuardSettings, Hours } from '../settings/guard.ts'
import { DAY_MS, localTime, offsetAt, weekendOf, type Place } from './zones.ts'

/**
 * What is handed over has to have arrived before the hours are over: longer than the longest conversation with a
 * provider.
 */
export const CLOSING_MS = 120_000

/** Nobody's hours are looked for longer than this: two months. */
const HORIZON_MS = 62 * DAY_MS

export interface Opening {
  readonly hours: Hours
  readonly holidays: GuardSettings['holidays']
  /** Whether the customer is a company rather than a person. */
  readonly company: boolean
}

/**
 * Whether the whole day is open on every day: then the zone does not matter.
 *
 * @example
 * isAlways({ hours: { from: '00:00', to: '24:00', days: 'every' }, holidays: {}, company: true }) // true
 */
export function isAlways({ hours, company }: Opening): boolean {
  return hours.from === '00:00' && hours.to === '24:00' && !onlyBusinessDays(hours, company)
}

/**
 * The first instant from `from` on at which everybody who may be meant is within their hours.
 *
 * @returns `from` itself where it is open now; null where it does not open before `before`, or nothing is known of the
 *   place
 * @example
 * nextOpening(opening, { zones: ['Europe/Vienna'], countries: ['AT'] }, { from: now, before: expiresAt })
 */
export function nextOpening(
  opening: Opening,
  place: Place,
  { from, before }: { readonly from: Date; readonly before: Date },
): Date | null {
  if (isAlways(opening)) return from < before ? from : null
  if (place.zones.length === 0) return null
  const rule = ruleOf(opening, place)
  const end = Math.min(before.getTime(), from.getTime() + HORIZON_MS)
  let at = from.getTime()
  // Each zone moves it on to where it is open; it is found when a whole round moves it no more.
  for (let agreed = 0, next = 0; agreed < place.zones.length; next = (next + 1) % place.zones.length) {
    const open = nextIn(rule, place.zones[next], at, end)
    if (open === null) return null
    agreed = open === at ? agreed + 1 : 1
    at = open
  }
  return at < end ? new Date(at) : null
}

/**
 * The first instant of a day of the calendar in a zone; of a day that is skipped there, that of the next.
 *
 * @param day counted from 1970-01-01
 * @example
 * startOfDay('America/New_York', 0) // 18_000_000
 */
export function startOfDay(zone: string, day: number): number {
  const rule: Rule = { fromMs: 0, toMs: DAY_MS, isOpenDay: (one) => one >= day }
  // No clock is more than a day off, and none skips more than one day.
  const start = nextIn(rule, zone, (day - 2) * DAY_MS, (day + 3) * DAY_MS)
  return start ?? (day + 1) * DAY_MS
}

interface Rule {
  readonly fromMs: number
  readonly toMs: number
  /** Of days counted from 1970-01-01. */
  readonly isOpenDay: (day: number) => boolean
}

function ruleOf({ hours, holidays, company }: Opening, { countries }: Place): Rule {
  const off = holidaysIn(holidays, countries)
  const weekend = new Set((countries.length === 0 ? ['ZZ'] : countries).flatMap(weekendOf))
  const business = onlyBusinessDays(hours, company)
  return {
    fromMs: msOf(hours.from),
    toMs: msOf(hours.to),
    // 1970-01-01 was a Thursday.
    isOpenDay: (day) => !business || !(weekend.has(((((day + 3) % 7) + 7) % 7) + 1) || off(day)),
  }
}

const onlyBusinessDays = ({ days }: Hours, company: boolean): boolean =>
  days === 'business' || (days === 'companies' && company)

function holidaysIn(
  holidays: GuardSettings['holidays'],
  countries: readonly string[],
): (day: number) => boolean {
  const listed = new Set(['all', ...countries].flatMap((where) => holidays[where] ?? []))
  if (listed.size === 0) return () => false
  return (day) => {
    const date = new Date(day * DAY_MS).toISOString().slice(0, 10)
    return listed.has(date) || listed.has(date.slice(5))
  }
}

function msOf(time: string): number {
  const [hours, minutes] = time.split(':').map(Number)
  return (hours * 60 + minutes) * 60_000
}

/**
 * The first instant from `at` on at which one zone is open: the time on the wall is followed from one change of the
 * clocks to the next, so that an hour that there is twice or never, or a day that is skipped, is what it is.
 */
function nextIn(rule: Rule, zone: string, at: number, end: number): number | null {
  for (let now = at; now < end;) {
    const { day, ms } = localTime(zone, now)
    if (isWithin(rule, day, ms)) {
      const arrived = localTime(zone, now + CLOSING_MS)
      if (isWithin(rule, arrived.day, arrived.ms)) return now
    }
    const opens = nextStart(rule, day, ms)
    if (opens === null) return null
    const offset = offsetAt(zone, now)
    const then = opens - offset
    now = offsetAt(zone, then) === offset ? then : changeBetween(zone, now, then, offset)
  }
  return null
}

const isWithin = ({ isOpenDay, fromMs, toMs }: Rule, day: number, ms: number): boolean =>
  isOpenDay(day) && ms >= fromMs && ms < toMs

/** Midnight of the next day that is open, with its hour, as if there were no clock change. */
function nextStart({ fromMs, isOpenDay }: Rule, day: number, ms: number): number | null {
  for (let next = ms < fromMs ? day : day + 1; next <= day + LONGEST_CLOSED; next++)
    if (isOpenDay(next)) return next * DAY_MS + fromMs
  return null
}

/** Days. */
const LONGEST_CLOSED = 62

/** The first millisecond at which the offset is another than at `open`; at `closed` it is. */
function changeBetween(zone: string, open: number, closed: number, offset: number): number {
  let before = open
  let after = closed
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    if (offsetAt(zone, middle) === offset) before = middle
    else after = middle
  }
  return after
}
