/** A customer of the world as the company's org shows it: which field of the Account says what. */
import type { Random } from '../../../models/random.ts'
import { dayText } from '../../world/calendar.ts'
import type { Reason, Seen } from '../../world/crm.ts'
import { drawFirm, type Firm, type Place } from '../../world/sample-firm.ts'
import type { Value } from './field.ts'

export type Values = Record<string, Value>

const TERMS: Readonly<Record<string, string>> = {
  'Month-to-month': 'Monthly',
  'One year': '12',
  'Two year': '24',
}

/** The org's own names of industries: fewer than the world has. */
const INDUSTRIES: Readonly<Record<string, string>> = {
  Software: 'Technology',
  Retail: 'Retail',
  Healthcare: 'Healthcare',
  Education: 'Education',
  Logistics: 'Transportation',
  Finance: 'Finance',
  Hospitality: 'Other',
  Industry: 'Manufacturing',
}

/** Why somebody left, as the org's picklists have it. */
export const CANCELLED: Readonly<Record<Reason, string>> = {
  price: 'Price',
  features: 'Missing Features',
  not_used: 'Not Used',
  payment: 'Payment Failed',
  unknown: 'Unknown',
}
export const CANCELLATIONS: readonly string[] = Object.values(CANCELLED)

/** A Percent of Salesforce: 71.5 is 71.5 %. */
export const percentOf = (share: string | number | null): number | null =>
  share === null ? null : Math.round(Number(share) * 1000) / 10

/**
 * What the product and the helpdesk report, and billing of payments: it changes every month.
 *
 * @param today days since 1970-01-01
 */
export function activityFields(seen: Seen, today: number): Values {
  const ago = (days: string | number | null): string | null =>
    days === null ? null : dayText(today - Number(days))
  return {
    Avg_Daily_Usage_Minutes__c: seen.avg_daily_usage_min,
    Usage_Trend_30d__c: percentOf(seen.usage_trend),
    Last_Login_Date__c: ago(seen.days_since_last_activity),
    Engagement_Score__c: seen.engagement_score,
    Support_Cases_30d__c: seen.support_tickets,
    Failed_Payments_90d__c: seen.payment_fails_last_3m,
    Last_Interaction_Sentiment__c: seen.last_interaction_sentiment,
    Email_Response_Rate__c: percentOf(seen.response_rate),
    Times_Contacted_90d__c: seen.contacts_last_90_days,
    Last_Contact_Date__c: ago(seen.days_since_last_contact),
  }
}

/** What is agreed on; the dates come apart since they move with the sandbox's time. */
export function termsFields(seen: Seen): Values {
  return {
    Subscription_Plan__c: String(seen.plan),
    Number_of_Seats__c: seen.seats,
    Contract_Term__c: TERMS[String(seen.contract)],
    Notice_Period_Days__c: seen.notice_days,
    Auto_Renewal__c: seen.auto_renewal === 'Yes',
    MRR__c: seen.monthly_charges,
    MRR_Change_Percent__c: percentOf(seen.monthly_charges_change),
  }
}

/** 'Active' or 'Past Due' by how billing fares. */
export const statusOf = (seen: Seen): string =>
  Number(seen.payment_fails_last_3m) > 1 ? 'Past Due' : 'Active'

/** Who it is, for an Account of any type; messy as orgs are. */
export function accountFields(
  seen: Seen,
  place: Place,
  rng: Random,
): { readonly firm: Firm; readonly values: Values } {
  const firm = drawFirm(seen, place, rng)
  const rare = <T>(share: number, value: T): T | null => (rng.next() < share ? value : null)
  const oneOf = (list: readonly string[]): string => list[rng.integer(list.length)]
  return {
    firm,
    values: {
      Name: firm.name.slice(0, 255),
      Website: firm.website,
      Phone: firm.phone,
      Industry: INDUSTRIES[String(seen.industry)] ?? null,
      NumberOfEmployees: firm.employees,
      AnnualRevenue: firm.revenue,
      BillingStreet: rare(0.7, `${1 + rng.integer(90)} Example Street`),
      BillingCity: firm.city,
      BillingPostalCode: rare(0.6, String(10_000 + rng.integer(80_000))),
      BillingCountry: firm.country,
      Ownership: rare(0.3, oneOf(['Public', 'Private', 'Subsidiary', 'Other'])),
      Rating: rare(0.2, oneOf(['Hot', 'Warm', 'Cold'])),
      AccountSource: rare(
        0.7,
        oneOf(['Web', 'Phone Inquiry', 'Partner Referral', 'Purchased List', 'Other']),
      ),
      CustomerPriority__c: rare(0.15, oneOf(['High', 'Medium', 'Low'])),
      SLA__c: rare(0.1, oneOf(['Gold', 'Silver', 'Platinum', 'Bronze'])),
      UpsellOpportunity__c: rare(0.1, oneOf(['Maybe', 'No', 'Yes'])),
      NumberofLocations__c: rare(0.05, 1 + rng.integer(9)),
      Region_old__c: rare(0.07, oneOf(['N', 'S', 'DACH'])),
      Import_Batch_2019__c: rare(0.04, 'messe-frankfurt'),
      Newsletter_Segment__c: rare(0.3, oneOf(['Product', 'Product;Events', 'Partner'])),
      CSM_Notes__c: rare(0.08, 'Met at the fair 🤝\nasked for SSO; call again'),
      Time_Zone__c: firm.timezone,
      IBAN__c: rare(0.1, 'DE00 0000 0000 0000 0000 00'),
      Tax_Number__c: rare(0.3, `DE${100_000_000 + rng.integer(800_000_000)}`),
    },
  }
}
