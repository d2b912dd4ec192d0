/** A made-up company as any CRM would know it: name, addresses, size; messy as CRMs are. */
import type { Random } from '../../models/random.ts'
import type { Seen } from './crm.ts'

const PLACES = [
  { country: 'Germany', city: 'Hamburg', timezone: 'Europe/Berlin', language: 'de', share: 0.38 },
  { country: 'Austria', city: 'Graz', timezone: 'Europe/Vienna', language: 'de', share: 0.1 },
  { country: 'United Kingdom', city: 'Leeds', timezone: 'Europe/London', language: 'en-gb', share: 0.16 },
  { country: 'France', city: 'Lyon', timezone: 'Europe/Paris', language: 'fr', share: 0.12 },
  { country: 'Netherlands', city: 'Utrecht', timezone: 'Europe/Amsterdam', language: 'nl', share: 0.08 },
  { country: 'United States', city: 'Albany', timezone: 'America/New_York', language: 'en-us', share: 0.16 },
] as const

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
    phone: rng.next() < 0.35 ? null : `+49 40 555 0${String(rng.integer(1000)).padStart(3, '0')}`,
    employees: rng.next() < 0.12 ? null : employees,
    revenue: rng.next() < 0.45 ? null : Math.round(employees * 90_000 * Math.exp(0.5 * rng.normal())),
    country: rng.next() < 0.04 ? null : place.country,
    city: rng.next() < 0.2 ? null : place.city,
    timezone: rng.next() < 0.5 ? null : place.timezone,
  }
}

/** Daily use a month ago, from today's and the trend since; null where it is not measured. */
export function usageBefore({ avg_daily_usage_min: minutes, usage_trend: trend }: Seen): number | null {
  if (minutes === null || trend === null) return null
  return Math.round((Number(minutes) / Math.max(0.2, 1 + Number(trend))) * 10) / 10
}

/** How far the talks about a renewal are, by how close it is. */
export const renewalPhase = (daysAhead: number): 'upcoming' | 'talks' | 'sent' =>
  daysAhead > 90 ? 'upcoming' : daysAhead > 20 ? 'talks' : 'sent'
