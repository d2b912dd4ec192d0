/** A customer of the world as the company's HubSpot shows it: which property says what. */
import type { Random } from '../../../models/random.ts'

/** What `seenOf` gives, by the names of the world's columns. */
export type Seen = Readonly<Record<string, string | number | null>>
export type Values = Record<string, string | number | boolean | null>

const DAY = 86_400_000

/** 'YYYY-MM-DD' of a day since 1970-01-01. */
export const dayText = (day: number): string => new Date(day * DAY).toISOString().slice(0, 10)

const TERMS: Readonly<Record<string, string>> = {
  'Month-to-month': 'monthly',
  'One year': '12_months',
  'Two year': '24_months',
}

/** HubSpot's own names of industries. */
const INDUSTRIES: Readonly<Record<string, string>> = {
  Software: 'COMPUTER_SOFTWARE',
  Retail: 'RETAIL',
  Healthcare: 'HOSPITAL_HEALTH_CARE',
  Education: 'EDUCATION_MANAGEMENT',
  Logistics: 'LOGISTICS_AND_SUPPLY_CHAIN',
  Finance: 'FINANCIAL_SERVICES',
  Hospitality: 'HOSPITALITY',
  Industry: 'MACHINERY',
}

/**
 * What the product and the helpdesk report, and billing of payments: it changes every month.
 *
 * @param today days since 1970-01-01
 */
export function activityProperties(seen: Seen, today: number): Values {
  const idle = seen.days_since_last_activity
  return {
    avg_daily_usage_minutes: seen.avg_daily_usage_min,
    usage_trend_30d: seen.usage_trend,
    last_login_date: idle === null ? null : dayText(today - Number(idle)),
    engagement_score: seen.engagement_score,
    support_tickets: seen.support_tickets,
    failed_payments: seen.payment_fails_last_3m,
    last_interaction_sentiment: seen.last_interaction_sentiment,
    email_response_rate: seen.response_rate,
    num_contacted_notes: seen.contacts_last_90_days,
    notes_last_contacted:
      seen.days_since_last_contact === null
        ? null
        : new Date((today - Number(seen.days_since_last_contact)) * DAY + 10 * 3_600_000).toISOString(),
  }
}

/** What is agreed on; the dates come apart since they move with the sandbox's time. */
export function termsProperties(seen: Seen): Values {
  return {
    subscription_plan: String(seen.plan).toLowerCase(),
    number_of_seats: seen.seats,
    contract_term: TERMS[String(seen.contract)],
    notice_period_days: seen.notice_days,
    auto_renew: seen.auto_renewal === null ? null : seen.auto_renewal === 'Yes',
    billing_currency: seen.currency,
    mrr: seen.monthly_charges,
    mrr_change_pct: Math.round(Number(seen.monthly_charges_change) * 100),
  }
}

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

/** Who it is, for a company of any stage; messy as portals are. */
export function companyProperties(seen: Seen, place: Place, rng: Random): Values {
  const slug = `${String(seen.company)}-${String(seen.customer_id).slice(2)}`
    .toLowerCase()
    .replaceAll(' ', '-')
  const strange = rng.next() < 0.006 ? STRANGE_NAMES[rng.integer(STRANGE_NAMES.length)] : null
  const industry = INDUSTRIES[String(seen.industry)] ?? null
  const employees = Math.round(Number(seen.seats) * Math.exp(1.2 + 0.6 * rng.normal())) + 1
  return {
    name: strange ?? String(seen.company),
    domain: rng.next() < 0.05 ? null : `${slug}.example.com`,
    website: rng.next() < 0.3 ? null : `https://${slug}.example.com`,
    phone: rng.next() < 0.35 ? null : `+49 40 555 0${String(rng.integer(1000)).padStart(3, '0')}`,
    industry,
    numberofemployees: rng.next() < 0.12 ? null : employees,
    annualrevenue: rng.next() < 0.45 ? null : Math.round(employees * 90_000 * Math.exp(0.5 * rng.normal())),
    country: rng.next() < 0.04 ? null : place.country,
    city: rng.next() < 0.2 ? null : place.city,
    timezone: rng.next() < 0.5 ? null : place.timezone,
    hs_analytics_source: ['ORGANIC_SEARCH', 'PAID_SEARCH', 'REFERRALS', 'DIRECT_TRAFFIC', 'OFFLINE'][
      rng.integer(5)
    ],
    region__old_: rng.next() < 0.93 ? null : ['n', 's', 'dach'][rng.integer(3)],
    import_batch_2019: rng.next() < 0.96 ? null : 'messe-frankfurt',
    iban: rng.next() < 0.9 ? null : 'DE00 0000 0000 0000 0000 00',
    csm_notes: rng.next() < 0.92 ? null : 'Met at the fair 🤝\nasked for SSO; call again',
    newsletter_segment: rng.next() < 0.7 ? null : ['product', 'product;events', 'partner'][rng.integer(3)],
  }
}
