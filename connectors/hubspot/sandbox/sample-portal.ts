/**
 * How the sample portal is set up: the properties that a B2B subscription company adds to HubSpot's own, filled by
 * its billing system and its product, the people who work there, its pipelines and the kinds of e-mail it sends.
 */
import { property, type PropertyDefinition, type PropertyOption } from './definitions.ts'
import { addPipelines, pipelinesOf, type PipelineGiven } from './pipelines.ts'
import type { SandboxState } from './state.ts'
import { defineSubscription } from './subscription-statuses.ts'

type Given = NonNullable<Parameters<typeof property>[1]>

/** `Label=value`: what people see and what the API says. */
const options = (...pairs: readonly string[]): readonly PropertyOption[] =>
  pairs.map((pair, displayOrder) => {
    const [label, value] = pair.split('=')
    return { label, value: value ?? label, displayOrder, hidden: false }
  })

const number = (label: string, more: Given = {}): Given => ({ label, type: 'number', ...more })
const date = (label: string): Given => ({ label, type: 'date' })
const select = (label: string, ...pairs: readonly string[]): Given => ({
  label,
  type: 'enumeration',
  options: options(...pairs),
})
const money = { showCurrencySymbol: true }

const BILLING: Readonly<Record<string, Given>> = {
  customer_number: { label: 'Customer number', description: 'Key of the customer in billing' },
  customer_since: date('Customer since'),
  subscription_plan: select(
    'Subscription plan',
    'Starter=starter',
    'Team=team',
    'Business=business',
    'Enterprise=enterprise',
  ),
  subscription_status: select(
    'Subscription status',
    'Active=active',
    'Past due=past_due',
    'Cancelled=cancelled',
  ),
  number_of_seats: number('Number of seats'),
  contract_term: select('Contract term', 'Monthly=monthly', '12 months=12_months', '24 months=24_months'),
  renewal_date: date('Renewal date'),
  notice_period_days: number('Notice period (days)'),
  auto_renew: { label: 'Auto renew', type: 'bool' },
  billing_currency: select('Billing currency', 'EUR', 'USD', 'GBP', 'CHF'),
  mrr: number('MRR', { ...money, description: 'Monthly recurring revenue, from billing' }),
  mrr_change_pct: number('MRR change (%)', { description: 'Against a year ago' }),
  failed_payments: number('Failed payments', { description: 'In the last three months' }),
  churn_date: date('Churn date'),
  cancellation_reason: select(
    'Cancellation reason',
    'Price=price',
    'Missing features=features',
    'Not used=not_used',
    'Payment failed=payment',
    'Unknown=unknown',
  ),
}

const USAGE: Readonly<Record<string, Given>> = {
  avg_daily_usage_minutes: number('Average daily usage (minutes)'),
  usage_trend_30d: number('Usage trend (30 days)', {
    description: '-0.2 is 20 % less than the month before',
  }),
  last_login_date: date('Last login date'),
  engagement_score: number('Engagement score'),
  support_tickets: number('Support tickets', { description: 'Opened in the last month' }),
  last_interaction_sentiment: number('Last interaction sentiment', { description: '-1 angry to 1 happy' }),
  email_response_rate: number('Email response rate'),
}

/** What portals gather over the years and nobody dares to delete. */
const LEGACY: Readonly<Record<string, Given>> = {
  region__old_: select('Region (old)', 'North=n', 'South=s', 'DACH=dach'),
  import_batch_2019: { label: 'Import batch 2019' },
  iban: { label: 'IBAN', dataSensitivity: 'sensitive', sensitiveDataCategories: ['FINANCIAL'] },
  csm_notes: { label: 'CSM notes', fieldType: 'textarea' },
  first_contract_date: date('First contract date'),
  newsletter_segment: {
    label: 'Newsletter segment',
    type: 'enumeration',
    fieldType: 'checkbox',
    options: options('Product=product', 'Events=events', 'Partner=partner'),
  },
}

/** HubSpot's own properties that the sample fills beside those that every portal here comes with. */
const STANDARD: Readonly<Record<string, Given>> = {
  // A part of HubSpot's list, which has about 150.
  industry: select(
    'Industry',
    'Computer Software=COMPUTER_SOFTWARE',
    'Retail=RETAIL',
    'Hospital & Health Care=HOSPITAL_HEALTH_CARE',
    'Education Management=EDUCATION_MANAGEMENT',
    'Logistics and Supply Chain=LOGISTICS_AND_SUPPLY_CHAIN',
    'Financial Services=FINANCIAL_SERVICES',
    'Hospitality=HOSPITALITY',
    'Machinery=MACHINERY',
    'Construction=CONSTRUCTION',
    'Insurance=INSURANCE',
  ),
  notes_last_contacted: { label: 'Last Contacted', type: 'datetime', readOnlyValue: true },
  num_contacted_notes: number('Number of times contacted', { readOnlyValue: true }),
  description: { label: 'Description', fieldType: 'textarea' },
  hs_analytics_source: select(
    'Original Traffic Source',
    'Organic Search=ORGANIC_SEARCH',
    'Paid Search=PAID_SEARCH',
    'Referrals=REFERRALS',
    'Direct Traffic=DIRECT_TRAFFIC',
    'Offline Sources=OFFLINE',
  ),
}

const DEAL: Readonly<Record<string, Given>> = {
  contract_start_date: date('Contract start date'),
  contract_term_months: number('Contract term (months)'),
  notice_date: date('Notice date'),
  auto_renewal: { label: 'Automatic renewal', type: 'bool' },
}

const RENEWALS: PipelineGiven = {
  label: 'Renewals',
  stages: {
    renewal_upcoming: { label: 'Upcoming', probability: 0.9 },
    renewal_in_talks: { label: 'In talks', probability: 0.8 },
    renewal_sent: { label: 'Contract sent', probability: 0.9 },
    renewal_won: { label: 'Renewed', probability: 1 },
    renewal_lost: { label: 'Not renewed', probability: 0 },
  },
}

/** People of the company: the last one has left it. */
const OWNERS = [
  'Ada Sample',
  'Ben Sample',
  'Chiara Sample',
  'Deniz Sample',
  'Elif Sample',
  'Finn Sample',
  'Greta Sample',
  'Hugo Sample',
  'Ines Former',
]

export const SUBSCRIPTIONS = {
  marketing: {
    id: 10_000_001,
    name: 'Marketing Information',
    description: 'Offers and events',
    purpose: 'Marketing',
  },
  service: {
    id: 10_000_002,
    name: 'Customer Service Communication',
    description: 'About your subscription, its renewal and how to get more out of it',
    purpose: 'Customer Success',
  },
  oneToOne: { id: 10_000_003, name: 'One to One', description: 'One to One emails', purpose: 'Sales' },
} as const

/** The owners of records of the sample; the last is archived. */
export function ownerIds(): readonly string[] {
  return OWNERS.map((_, i) => String(71_000_001 + i))
}

export function setUpPortal(state: SandboxState): void {
  const at = state.now().getTime()
  const define = (type: string, group: string | null, given: Readonly<Record<string, Given>>): void => {
    for (const [name, definition] of Object.entries(given)) {
      const own = state.property(type, name)
      const base: Partial<PropertyDefinition> = own ?? {
        createdAt: at,
        updatedAt: at,
        groupName: group ?? `${type === 'companies' ? 'company' : type.slice(0, -1)}information`,
        hubspotDefined: group === null,
      }
      const { options: _, ...rest } = base
      state.setProperty(type, property(name, { ...rest, ...definition }))
    }
  }
  for (const [name, label] of Object.entries({ billing: 'Billing', product_usage: 'Product usage' })) {
    state.setGroup('companies', { name, label, displayOrder: 1, archived: false })
  }
  state.setGroup('deals', { name: 'contract', label: 'Contract', displayOrder: 1, archived: false })
  define('companies', null, STANDARD)
  define('companies', 'billing', BILLING)
  define('companies', 'product_usage', USAGE)
  define('companies', 'companyinformation', LEGACY)
  define('deals', 'contract', DEAL)
  addPipelines(state, { renewals: RENEWALS })
  const stages = Object.values(pipelinesOf(state)).flatMap((pipeline) => Object.keys(pipeline.stages))
  state.setProperty(
    'deals',
    property('dealstage', { ...state.property('deals', 'dealstage'), options: stages }),
  )

  for (const [i, name] of OWNERS.entries()) {
    const [firstName, lastName] = name.split(' ')
    state.setOwner({
      id: ownerIds()[i],
      email: `${firstName}.${lastName}@example.com`.toLowerCase(),
      firstName,
      lastName,
      userId: 1_000_001 + i,
      archived: i === OWNERS.length - 1,
      createdAt: '2023-02-01T09:00:00.000Z',
      updatedAt: '2026-01-12T09:00:00.000Z',
      teams: [{ id: i < 4 ? '801' : '802', name: i < 4 ? 'Customer success' : 'Sales', primary: true }],
    })
  }
  for (const subscription of Object.values(SUBSCRIPTIONS)) defineSubscription(state, subscription)
}
