/** A made-up company as any CRM would know it: name, addresses, size; messy as CRMs are. */
import type { Random } from '../../models/random.ts'
import type { Seen } from './crm.ts'

/**
 * Zones from Sydney to Los Angeles, so that somebody is within the hours of messages at any time of the day. Numbers end
 * on a rest of their own, and are of those that each country keeps for fiction; where it keeps none, nobody has one.
 */
const PLACES = [
  {
    country: 'Germany',
    city: 'Hamburg',
    timezone: 'Europe/Berlin',
    language: 'de',
    phone: (n: number) => `+49 30 23125 ${digits(n, 3)}`,
    mobile: (n: number) => `+49 171 39200 ${digits(n % 100, 2)}`,
    share: 0.34,
  },
  {
    country: 'Austria',
    city: 'Graz',
    timezone: 'Europe/Vienna',
    language: 'de',
    phone: null,
    mobile: null,
    share: 0.08,
  },
  {
    country: 'United Kingdom',
    city: 'Leeds',
    timezone: 'Europe/London',
    language: 'en-gb',
    phone: (n: number) => `+44 113 496 0${digits(n, 3)}`,
    // Phone libraries take the mobile numbers that it keeps for fiction for numbers that do not exist.
    mobile: null,
    share: 0.14,
  },
  {
    country: 'France',
    city: 'Lyon',
    timezone: 'Europe/Paris',
    language: 'fr',
    phone: (n: number) => `+33 4 65 71 0${digits(n % 10, 1)} ${digits(Math.floor(n / 10), 2)}`,
    mobile: null,
    share: 0.1,
  },
  {
    country: 'Netherlands',
    city: 'Utrecht',
    timezone: 'Europe/Amsterdam',
    language: 'nl',
    phone: null,
    mobile: null,
    share: 0.08,
  },
  {
    country: 'United States',
    city: 'Albany',
    timezone: 'America/New_York',
    language: 'en-us',
    phone: (n: number) => `+1 518 555 01${digits(n % 100, 2)}`,
    mobile: (n: number) => `+1 917 555 01${digits(n % 100, 2)}`,
    share: 0.12,
  },
  {
    country: 'United States',
    city: 'Pasadena',
    timezone: 'America/Los_Angeles',
    language: 'en-us',
    phone: (n: number) => `+1 626 555 01${digits(n % 100, 2)}`,
    mobile: (n: number) => `+1 213 555 01${digits(n % 100, 2)}`,
    share: 0.06,
  },
  {
    country: 'Australia',
    city: 'Newcastle',
    timezone: 'Australia/Sydney',
    language: 'en',
    phone: (n: number) => `+61 2 5550 ${digits(n, 4)}`,
    mobile: (n: number) => `+61 491 57${AUSTRALIAN[n % AUSTRALIAN.length]}`,
    share: 0.08,
  },
] as const

const AUSTRALIAN = ['0 006', '0 156', '0 157', '0 158', '0 159', '0 110', '0 313', '0 737', '1 266', '1 491']

function digits(number: number, count: number): string {
  return String(number).padStart(count, '0')
}

export type Place = (typeof PLACES)[number]

export function drawPlace(rng: Random): Place {
  let left = rng.next()
  return PLACES.find(({ share }) => (left -= share) < 0) ?? PLACES[0]
}

/** People whom the CRM knows at a customer; larger plans have more. */
export const drawPeople = (rng: Random, tier: number): number =>
  rng.next() < 0.04 ? 0 : 1 + Math.min(5, Math.floor(-Math.log(1 - rng.next()) * (0.6 + 0.5 * tier)))

/** Names that break what assumes that names are short and plain. */
const STRANGE_NAMES = [
  'Sample Ærø & Søn 🚲',
  '🍕 Sample Pizza 🍕',
  'Sample "Quotes", Commas; and | Pipes',
  'サンプル株式会社',
  'Sample\tTab Works',
  'شركة العينة Sample',
  `Sample ${'Very Long Name Holding '.repeat(12)}GmbH & Co. KG`,
  '=SAMPLE(1+1)',
]

export interface Firm {
  readonly name: string
  readonly domain: string | null
  readonly website: string | null
  readonly phone: string | null
  readonly employees: number | null
  readonly revenue: number | null
  readonly country: string | null
  readonly city: string | null
  readonly timezone: string | null
}

export function drawFirm(seen: Seen, place: Place, rng: Random): Firm {
  const slug = `${String(seen.company)}-${String(seen.customer_id).slice(2)}`
    .toLowerCase()
    .replaceAll(' ', '-')
  const strange = rng.next() < 0.006 ? STRANGE_NAMES[rng.integer(STRANGE_NAMES.length)] : null
  const employees = Math.round(Number(seen.seats) * Math.exp(1.2 + 0.6 * rng.normal())) + 1
  return {
    name: strange ?? String(seen.company),
    domain: rng.next() < 0.05 ? null : `${slug}.example.com`,
    website: rng.next() < 0.3 ? null : `https://${slug}.example.com`,
    phone: drawNumber(rng, 0.35, place.phone),
    employees: rng.next() < 0.12 ? null : employees,
    revenue: rng.next() < 0.45 ? null : Math.round(employees * 90_000 * Math.exp(0.5 * rng.normal())),
    country: rng.next() < 0.04 ? null : place.country,
    city: rng.next() < 0.2 ? null : place.city,
    timezone: rng.next() < 0.5 ? null : place.timezone,
  }
}

/**
 * The draws are the same wherever somebody is.
 *
 * @param absent share of those who have none
 * @param of null: a country without numbers for fiction
 */
export function drawNumber(
  rng: Random,
  absent: number,
  of: ((number: number) => string) | null,
): string | null {
  if (rng.next() < absent) return null
  const number = rng.integer(1000)
  return of === null ? null : of(number)
}

/** Daily use a month ago, from today's and the trend since; null where it is not measured. */
export function usageBefore({ avg_daily_usage_min: minutes, usage_trend: trend }: Seen): number | null {
  if (minutes === null || trend === null) return null
  return Math.round((Number(minutes) / Math.max(0.2, 1 + Number(trend))) * 10) / 10
}

/** How far the talks about a renewal are, by how close it is. */
export const renewalPhase = (daysAhead: number): 'upcoming' | 'talks' | 'sent' =>
  daysAhead > 90 ? 'upcoming' : daysAhead > 20 ? 'talks' : 'sent'
