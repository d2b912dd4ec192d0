/** A customer of the world as the company's HubSpot shows it: which property says what. */
import type { Random } from '../../../models/random.ts'
import { DAY, dayText, HOUR } from '../../world/calendar.ts'
import type { Seen } from '../../world/crm.ts'
import { drawFirm, type Place } from '../../world/sample-firm.ts'

export type Values = Record<string, string | number | boolean | null>

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
        : new Date((today - Number(seen.days_since_last_contact)) * DAY + 10 * HOUR).toISOString(),
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

/** Who it is, for a company of any stage; messy as portals are. */
export function companyProperties(seen: Seen, place: Place, rng: Random): Values {
  const firm = drawFirm(seen, place, rng)
  return {
    name: firm.name,
    domain: firm.domain,
    website: firm.website,
    phone: firm.phone,
    industry: INDUSTRIES[String(seen.industry)] ?? null,
    numberofemployees: firm.employees,
    annualrevenue: firm.revenue,
    country: firm.country,
    city: firm.city,
    timezone: firm.timezone,
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
