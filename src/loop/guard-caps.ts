/**
 * How often a person may be contacted: counted in days of their own calendar, over everything that reached them or
 * their customer, what people of the company wrote to the CRM included.
 */
import { periodEnd, periodStart } from '../settings/planning.ts'
import type { ServiceSettings } from '../settings/service.ts'
import type { GuardFact } from '../store/guard-facts.ts'
import { startOfDay } from './quiet-hours.ts'
import { DAY_MS, localTime, type Place } from './zones.ts'

export interface CapTerms {
  readonly settings: Pick<ServiceSettings, 'contact' | 'guard' | 'period'>
  readonly place: Place
  readonly now: Date
  readonly live: boolean
}

/** What keeps a contact back; `until` null: for good. */
export interface Cap {
  readonly code: 'cooldown' | 'contact_cap'
  /** A clause. */
  readonly because: string
  readonly until: Date | null
}

/**
 * The cap that holds longest. Where several zones are plausible each of them has to allow it; where none is known, no
 * zone on earth may forbid it.
 *
 * @returns null when nothing keeps it back
 * @example
 * capOf(fact, { settings, place, now, live: true })?.until // 2026-11-24T23:00:00.000Z
 */
export function capOf(fact: GuardFact, { settings, place, now, live }: CapTerms): Cap | null {
  const { contact, guard, period } = settings
  const off = [contact.perPeriod, guard.perWeek, guard.perDay].includes(0)
  if (off) return { code: 'contact_cap', because: 'the settings allow no contacts at all', until: null }
  // What went into the sandbox reached nobody.
  const contacts = live ? fact.contacts.filter(({ delivery }) => delivery === 'live') : fact.contacts
  const zones = place.zones.length === 0 ? EXTREMES : place.zones
  let longest: Cap | null = null
  for (const zone of zones) {
    const today = localTime(zone, now.getTime()).day
    const days = daysOf(fact, contacts, zone, today)
    for (const { limit, start, free, ...cap } of rules({ contact, guard, period }, today)) {
      const counted = days.filter((day) => day >= start)
      if (limit === null || counted.length < limit) continue
      const until = new Date(startOfDay(zone, free(counted[counted.length - limit])))
      if (longest === null || longest.until === null || until > longest.until) longest = { ...cap, until }
    }
  }
  return longest
}

/** Between these every clock on earth is. */
const EXTREMES = ['Etc/GMT+12', 'Etc/GMT-14']

interface CapRule extends Pick<Cap, 'code' | 'because'> {
  readonly limit: number | null
  /** The first day on which contacts count. */
  readonly start: number
  /** The day on which one more is possible, by the day of the contact that has to be over. */
  free(day: number): number
}

function rules({ contact, guard, period }: CapTerms['settings'], today: number): readonly CapRule[] {
  const date = new Date(today * DAY_MS)
  const wait = Math.ceil(contact.cooldownDays)
  const times = (count: number | null): string => (count === 1 ? 'once' : `${count} times`)
  return [
    {
      code: 'cooldown',
      because: `the last contact was less than ${wait === 1 ? 'a day' : `${wait} days`} ago`,
      // Without a waiting time nothing counts.
      limit: wait === 0 ? null : 1,
      start: today - wait + 1,
      free: (day) => day + wait,
    },
    {
      code: 'contact_cap',
      because: `there may be a contact ${times(guard.perDay)} a day, and there was`,
      limit: guard.perDay,
      start: today,
      free: (day) => day + 1,
    },
    {
      code: 'contact_cap',
      because: `there may be a contact ${times(guard.perWeek)} in seven days, and there was`,
      limit: guard.perWeek,
      start: today - 6,
      free: (day) => day + 7,
    },
    {
      code: 'contact_cap',
      because: `there may be a contact ${times(contact.perPeriod)} a ${period}, and there was`,
      limit: contact.perPeriod,
      start: Math.floor(periodStart(period, date).getTime() / DAY_MS),
      free: () => Math.floor(periodEnd(period, date).getTime() / DAY_MS),
    },
  ]
}

/** The days of all contacts, oldest first; a clock that was ahead made none of tomorrow. */
function daysOf(
  { context, asOf }: Pick<GuardFact, 'context' | 'asOf'>,
  contacts: GuardFact['contacts'],
  zone: string,
  today: number,
): number[] {
  const days = contacts.map(({ at }) => Math.min(today, localTime(zone, at.getTime()).day))
  const since = context['daysSinceContact']
  if (asOf !== null && since !== undefined && Number.isFinite(since) && since >= 0) {
    const day = Math.min(today, Math.floor(Date.parse(asOf) / DAY_MS) - Math.floor(since))
    // Ours stand on the CRM's timeline too: one of the same day, or of the next one over there, is the same.
    if (!days.some((ours) => Math.abs(ours - day) <= 1)) days.push(day)
  }
  return days.sort((one, other) => one - other)
}
