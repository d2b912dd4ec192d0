/**
 * The sample portal: a B2B subscription company's HubSpot with customers of the synthetic world in it, and with the
 * mess that portals have. What is really going on with them stays in the sandbox (world.ts).
 */
import { random, type Random } from '../../../models/random.ts'
import type { World } from '../../world/agreement.ts'
import { DAY, dayText, HOUR } from '../../world/calendar.ts'
import type { Seen } from '../../world/crm.ts'
import { seenOf, sightOf, type Sight } from '../../world/customers.ts'
import { rememberCustomer, rememberOrigin } from '../../world/memory.ts'
import { worldOfSample, type SampleOptions } from '../../world/sample.ts'
import { drawPeople, drawPlace, usageBefore, type Place } from '../../world/sample-firm.ts'
import { drawConsent } from '../../world/sample-person.ts'
import { defaultTypeId, primaryTypeId } from './object-types.ts'
import { activityProperties, companyProperties, termsProperties, type Values } from './sample-company.ts'
import { newBusinessDeal, renewalDeal, wonDeal, type Renewal } from './sample-deals.ts'
import { contactProperties } from './sample-people.ts'
import { ownerIds, setUpPortal, SUBSCRIPTIONS } from './sample-portal.ts'
import type { SandboxState } from './state.ts'
import { keepStatuses, optOutFlags, type AddressStatuses } from './subscription-statuses.ts'
import type { Source } from './tables.ts'

/** What the seed made, for logs and tests. */
export interface SampleCounts {
  readonly companies: number
  readonly contacts: number
  readonly deals: number
}

const IMPORT: Source = { sourceType: 'IMPORT', sourceId: 'import-14' }
/** Another app of the company, which brings billing and usage into HubSpot every night. */
export const BILLING_SYNC: Source = { sourceType: 'INTEGRATION', sourceId: '2201001' }

/**
 * Fills an empty portal. The same options give the same portal.
 *
 * @example
 * seedSample(state, { customers: 2000, seed: 1 }) // { companies: 2441, contacts: 4107, deals: 1741 }
 */
export function seedSample(state: SandboxState, options: SampleOptions): SampleCounts {
  const world = worldOfSample(options, state.now())
  const portal: Filling = {
    state,
    world,
    rng: random(options.seed).fork('portal'),
    counts: { contacts: 0, deals: 0 },
  }
  setUpPortal(state)
  rememberOrigin(state, { seed: options.seed, day: world.asOf, hazardScale: world.hazardScale, next: 0 })

  const customers: string[] = []
  for (let index = 0; index < options.customers; index++)
    customers.push(addCustomer(portal, sightOf(world, index)))
  const others = Math.round(options.customers / 5)
  for (let i = 0; i < others; i++) addOther(portal, options.customers + i)
  // Whoever comes later is the next of the world.
  rememberOrigin(state, {
    seed: options.seed,
    day: world.asOf,
    hazardScale: world.hazardScale,
    next: options.customers + others,
  })
  addFamilies(portal, customers)
  addDuplicates(portal, customers)
  return {
    companies: state.count('companies'),
    contacts: state.count('contacts'),
    deals: state.count('deals'),
  }
}

interface Filling {
  readonly state: SandboxState
  readonly world: World
  readonly rng: Random
  readonly counts: { contacts: number; deals: number }
}

/**
 * A customer with its people and deals, as it stands on the day of the world.
 *
 * @param joined months of the world at which it came; absent for those of the beginning
 * @returns the company's id
 */
export function addCustomer(portal: Pick<Filling, 'state' | 'world'>, sight: Sight, joined?: number): string {
  const { state, world } = portal
  const { index } = sight
  const seen = seenOf(sight)
  const rng = random(world.seed ^ Math.imul(index + 1, 0x9e3779b1)).fork('company')
  const place = drawPlace(rng)
  const people = drawPeople(rng, sight.agreement.tier)
  const term = sight.agreement.renewal
  const [start, today] = [sight.agreement.start, world.asOf]
  // The portal is younger than some customers, and nobody was put into it in the last month.
  const created = Math.min(today - 33, Math.max(start - 20, Date.parse('2021-03-01') / DAY))
  const blank = (share: number): boolean => rng.next() < share
  const values: Values = {
    ...companyProperties(seen, place, rng),
    ...termsProperties(seen),
    ...activityProperties(seen, today),
    customer_number: seen.customer_id,
    // A handful are older than computers can count from.
    customer_since: rng.next() < 0.001 ? '1968-04-01' : dayText(start),
    first_contract_date: blank(0.8) ? null : dayText(start),
    renewal_date: term === null || blank(0.03) ? null : dayText(term),
    subscription_status: Number(seen.payment_fails_last_3m) > 1 ? 'past_due' : 'active',
    lifecyclestage: rng.next() < 0.012 ? 'evangelist' : 'customer',
    type: blank(0.5) ? null : 'CUSTOMER',
    hubspot_owner_id: blank(0.06) ? null : drawOwner(rng),
    num_associated_contacts: people,
    num_associated_deals: term === null ? 0 : 1,
    createdate: joined === undefined ? `${dayText(created)}T09:12:00.000Z` : state.now().toISOString(),
  }
  if (blank(0.02)) values.billing_currency = null
  if (blank(0.015)) values.mrr = null

  const { usage_trend_30d: trend } = values
  const before = { ...values }
  // A month ago there was more of it, or less: what the history tells.
  const used = usageBefore(seen)
  if (used !== null) Object.assign(before, { avg_daily_usage_minutes: used, usage_trend_30d: 0 })
  const nightly = (daysAgo: number): Date =>
    joined === undefined ? new Date((today - daysAgo) * DAY + 2 * HOUR + (index % 40) * 1000) : state.now()
  const company = state.createRecord('companies', before, IMPORT, { at: nightly(31) })
  state.updateRecord(
    'companies',
    company,
    { avg_daily_usage_minutes: values.avg_daily_usage_minutes, usage_trend_30d: trend },
    BILLING_SYNC,
    { at: nightly(1) },
  )

  const contacts = addPeople(portal, {
    company,
    name: String(values.name),
    place,
    index,
    people,
    seen,
    rng,
    at: nightly(40),
  })
  let deal: string | null = null
  if (term !== null) {
    const renewal: Renewal = {
      company: String(values.name),
      contract: String(seen.contract),
      renewal: term,
      today,
      mrr: Number(seen.monthly_charges),
      currency: values.billing_currency as string | null,
      noticeDays: sight.agreement.noticeDays,
      autoRenewal: sight.agreement.autoRenewal,
    }
    deal = addDeal(state, company, contacts[0], renewalDeal(renewal), values.hubspot_owner_id, nightly(8))
    if (rng.next() < 0.5)
      addDeal(state, company, contacts[0], wonDeal(renewal), values.hubspot_owner_id, nightly(20))
  }
  rememberCustomer(state, company, { index, contacts, deal, ...(joined === undefined ? {} : { joined }) })
  return company
}

function addPeople(
  { state, world }: Pick<Filling, 'state' | 'world'>,
  {
    company,
    name,
    place,
    index,
    people,
    seen,
    rng,
    at,
  }: {
    company: string
    name: string
    place: Place
    index: number
    people: number
    seen: Seen
    rng: Random
    at: Date
  },
): readonly string[] {
  return Array.from({ length: people }, (_, which) => {
    const person = contactProperties(rng, { place, company: name, index, which })
    const consent = drawConsent(rng, which, seen.email_consent)
    const statuses = person.email === null ? null : drawStatuses(consent, world.asOf * DAY, rng)
    if (statuses !== null && person.email !== null) keepStatuses(state, person.email, statuses)
    const refused = statuses?.wide || consent === 'No'
    const properties = {
      ...person,
      lifecyclestage: 'customer',
      associatedcompanyid: company,
      ...(statuses !== null && refused ? optOutFlags(statuses) : {}),
    }
    const id = state.createRecord('contacts', properties, IMPORT, { at })
    // The first association between two records is the primary one as well.
    for (const typeId of [defaultTypeId('contacts', 'companies'), primaryTypeId('contacts', 'companies')]) {
      if (typeId !== null) state.associate('contacts', id, 'companies', company, typeId, IMPORT)
    }
    return id
  })
}

/** @param consent 'Yes', 'No', or null where nobody asked */
function drawStatuses(consent: string | number | null, at: number, rng: Random): AddressStatuses {
  const entry = (status: 'SUBSCRIBED' | 'UNSUBSCRIBED', source: string) => ({
    status,
    at: at - rng.integer(400) * DAY,
    source,
    ...(status === 'SUBSCRIBED'
      ? { legalBasis: 'PERFORMANCE_OF_CONTRACT', legalBasisExplanation: 'Customer of ours' }
      : {}),
  })
  const [service, marketing] = [String(SUBSCRIPTIONS.service.id), String(SUBSCRIPTIONS.marketing.id)]
  if (consent === null) return { subscriptions: {}, wide: null }
  if (consent === 'Yes') {
    const offers = rng.next() < 0.6
    return {
      subscriptions: {
        [service]: entry('SUBSCRIBED', 'Form submission'),
        [marketing]: offers
          ? entry('SUBSCRIBED', 'Form submission')
          : entry('UNSUBSCRIBED', 'Subscription page'),
      },
      wide: null,
    }
  }
  if (rng.next() < 0.4) return { subscriptions: {}, wide: entry('UNSUBSCRIBED', 'Subscription page') }
  return { subscriptions: { [service]: entry('UNSUBSCRIBED', 'Subscription page') }, wide: null }
}

export function addDeal(
  state: SandboxState,
  company: string,
  contact: string | undefined,
  values: Readonly<Record<string, string | number | boolean | null>>,
  owner: string | number | boolean | null,
  at: Date,
  by: Source = IMPORT,
): string {
  const deal = state.createRecord('deals', { ...values, hubspot_owner_id: owner }, by, { at })
  for (const typeId of [defaultTypeId('deals', 'companies'), primaryTypeId('deals', 'companies')]) {
    if (typeId !== null) state.associate('deals', deal, 'companies', company, typeId, by)
  }
  const toContact = defaultTypeId('deals', 'contacts')
  if (contact !== undefined && toContact !== null)
    state.associate('deals', deal, 'contacts', contact, toContact, by)
  return deal
}

/** Companies that are no customers: nothing from billing, little from people. */
function addOther({ state, world, rng }: Filling, index: number): void {
  const seen = seenOf(sightOf(world, index))
  const place = drawPlace(rng)
  const draw = rng.next()
  const stage =
    draw < 0.3
      ? 'lead'
      : draw < 0.5
        ? 'opportunity'
        : draw < 0.65
          ? 'marketingqualifiedlead'
          : draw < 0.8
            ? 'other'
            : draw < 0.92
              ? 'subscriber'
              : null
  const former = stage === 'other' && rng.next() < 0.6
  const values = {
    ...companyProperties(seen, place, rng),
    lifecyclestage: stage,
    type:
      stage === 'other'
        ? ['PARTNER', 'VENDOR', 'RESELLER'][rng.integer(3)]
        : rng.next() < 0.6
          ? 'PROSPECT'
          : null,
    hs_lead_status: stage === 'lead' ? ['NEW', 'OPEN', 'IN_PROGRESS', 'UNQUALIFIED'][rng.integer(4)] : null,
    hubspot_owner_id: rng.next() < 0.4 ? null : drawOwner(rng),
    ...(former
      ? {
          customer_number: seen.customer_id,
          customer_since: seen.agreement_start,
          subscription_status: 'cancelled',
          churn_date: dayText(world.asOf - 20 - rng.integer(700)),
          cancellation_reason: ['price', 'features', 'not_used', 'payment', 'unknown'][rng.integer(5)],
        }
      : {}),
    createdate: `${dayText(world.asOf - 210 - rng.integer(700))}T15:40:00.000Z`,
  }
  const at = new Date((world.asOf - 1 - rng.integer(200)) * DAY + rng.integer(80_000_000))
  const company = state.createRecord('companies', values, IMPORT, { at })
  if (stage === 'opportunity') {
    addDeal(state, company, undefined, newBusinessDeal(seen, world.asOf, rng), values.hubspot_owner_id, at)
  }
}

/** A few companies belong to a larger one. */
function addFamilies({ state, rng }: Filling, customers: readonly string[]): void {
  for (let i = 0; i + 1 < customers.length; i++) {
    if (rng.next() >= 0.02) continue
    const [parent, child] = [customers[rng.integer(customers.length)], customers[i]]
    if (parent === child || state.value('companies', parent, 'hs_parent_company_id')) continue
    // 13: parent to child, https://developers.hubspot.com/docs/guides/api/crm/associations/associations-v4
    state.associate('companies', parent, 'companies', child, 13, IMPORT)
    state.updateRecord('companies', child, { hs_parent_company_id: parent }, IMPORT, {
      at: recordTime(state, child),
    })
  }
}

/** The same company twice, by another import; some of them somebody has merged. */
function addDuplicates({ state, rng, world }: Filling, customers: readonly string[]): void {
  for (const original of customers) {
    if (rng.next() >= 0.012) continue
    const name = state.value('companies', original, 'name')
    const domain = state.value('companies', original, 'domain')
    const values = { name: rng.next() < 0.5 ? name : name?.toUpperCase(), domain, lifecyclestage: 'lead' }
    const at = new Date((world.asOf - 5) * DAY + rng.integer(DAY))
    const copy = state.createRecord('companies', { ...values, name: values.name ?? null }, IMPORT, { at })
    if (rng.next() < 0.15) state.mergeRecords('companies', original, copy)
  }
}

function recordTime(state: SandboxState, company: string): Date {
  return state.record('companies', company)?.updatedAt ?? state.now()
}

/** Some still belong to somebody who has left the company. */
function drawOwner(rng: Random): string {
  const owners = ownerIds()
  return rng.next() < 0.02 ? owners[owners.length - 1] : owners[rng.integer(owners.length - 1)]
}
