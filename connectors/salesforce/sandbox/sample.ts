/**
 * The sample org: a B2B subscription company's Salesforce with customers of the synthetic world in it, and with the mess
 * that orgs have. What is really going on with them stays in the sandbox (world.ts).
 */
import { random, type Random } from '../../../models/random.ts'
import type { World } from '../../world/agreement.ts'
import { DAY, dayText, HOUR } from '../../world/calendar.ts'
import { seenOf, sightOf, type Sight } from '../../world/customers.ts'
import { rememberCustomer, rememberOrigin } from '../../world/memory.ts'
import { worldOfSample, type SampleOptions } from '../../world/sample.ts'
import { drawPeople, drawPlace, usageBefore } from '../../world/sample-firm.ts'
import {
  accountFields,
  activityFields,
  CANCELLATIONS,
  statusOf,
  termsFields,
  type Values,
} from './sample-account.ts'
import { addPeople, personFields } from './sample-people.ts'
import {
  newBusiness,
  renewalOf,
  renewalOpportunity,
  runningContract,
  wonOpportunity,
} from './sample-renewals.ts'
import { setUpOrg, type Staff, type Types } from './sample-setup.ts'
import type { SalesforceState } from './state.ts'

/** What the seed made, for logs and tests. */
export interface SampleCounts {
  readonly accounts: number
  readonly contacts: number
  readonly opportunities: number
}

export interface Org {
  readonly state: SalesforceState
  readonly staff: Staff
  readonly types: Types
}

/** Of the smallest plan, where the org has person accounts. */
const PERSONS = 0.25

/**
 * Fills an empty org. The same options give the same org.
 *
 * @example
 * seedSampleOrg(state, { customers: 1000, seed: 1 }) // { accounts: 1209, contacts: 1589, opportunities: 853 }
 */
export function seedSampleOrg(state: SalesforceState, options: SampleOptions): SampleCounts {
  const world = worldOfSample(options, state.now())
  const rng = random(options.seed).fork('org')
  const org: Org = { state, ...setUpOrg(state) }
  const customers: string[] = []
  for (let index = 0; index < options.customers; index++)
    customers.push(addCustomer(org, world, sightOf(world, index)))
  const others = Math.round(options.customers / 5)
  for (let i = 0; i < others; i++) addOther(org, world, options.customers + i, rng)
  rememberOrigin(state, {
    seed: options.seed,
    day: world.asOf,
    hazardScale: world.hazardScale,
    // Whoever comes later is the next of the world.
    next: options.customers + others,
  })
  addFamilies(org, customers, rng)
  addDuplicates(org, world, customers, rng)
  return {
    accounts: state.count('Account'),
    contacts: state.count('Contact'),
    opportunities: state.count('Opportunity'),
  }
}

/**
 * A customer with its people and agreement, as it stands on the day of the world.
 *
 * @param joined months of the world at which it came; absent for those of the beginning
 * @returns the Account's id
 */
export function addCustomer(
  { state, staff, types }: Org,
  world: World,
  sight: Sight,
  joined?: number,
): string {
  const { index, agreement } = sight
  const seen = seenOf(sight)
  const rng = random(world.seed ^ Math.imul(index + 1, 0x9e3779b1)).fork('account')
  const place = drawPlace(rng)
  const count = drawPeople(rng, agreement.tier)
  const blank = (share: number): boolean => rng.next() < share
  const today = world.asOf
  // The org is younger than some customers, and nobody was put into it in the last month.
  const created = Math.min(today - 33, Math.max(agreement.start - 20, Date.parse('2021-03-01') / DAY))
  const began = joined === undefined ? new Date(created * DAY + 9 * HOUR) : state.now()
  const nightly = (daysAgo: number): Date =>
    joined === undefined ? new Date((today - daysAgo) * DAY + 2 * HOUR + (index % 40) * 1000) : state.now()

  const { firm, values: who } = accountFields(seen, place, rng)
  const owner = drawOwner(staff, rng)
  const isPerson = blank(PERSONS) && agreement.tier === 0 && types.person !== null
  const consent = seen.email_consent
  const person = isPerson ? personFields(state, rng, { place, index, consent, at: began }) : null
  const values: Values = {
    ...who,
    ...termsFields(seen),
    ...activityFields(seen, today),
    ...(person === null ? {} : { ...person, Name: null, NumberOfEmployees: null, AnnualRevenue: null }),
    RecordTypeId: isPerson ? types.person : types.business,
    Type: blank(0.012) ? 'Customer - Channel' : 'Customer',
    OwnerId: owner,
    Customer_Number__c: String(seen.customer_id),
    // A handful are older than computers can count from.
    Customer_Since__c: blank(0.001) ? '1968-04-01' : dayText(agreement.start),
    Renewal_Date__c: agreement.renewal === null || blank(0.03) ? null : dayText(agreement.renewal),
    Subscription_Status__c: statusOf(seen),
  }
  if (blank(0.015)) values.MRR__c = null

  const measured = {
    Avg_Daily_Usage_Minutes__c: values.Avg_Daily_Usage_Minutes__c,
    Usage_Trend_30d__c: values.Usage_Trend_30d__c,
  }
  // A month ago there was more of it, or less: what the history tells.
  const used = joined === undefined ? usageBefore(seen) : null
  if (used !== null) Object.assign(values, { Avg_Daily_Usage_Minutes__c: used, Usage_Trend_30d__c: 0 })
  const account = state.createRecord(
    'Account',
    { ...values, CreatedDate: began, LastModifiedDate: nightly(31) },
    staff.billing,
  )
  if (used !== null) state.updateRecord('Account', account, measured, staff.billing, { at: nightly(1) })

  const contacts = isPerson
    ? [String(state.value('Account', account, 'PersonContactId'))]
    : addPeople(state, rng, { account, owner, place, index, count, consent, at: began })
  // Drawn also where the org has no teams, so that nothing else differs.
  const member = rng.next() < 0.8 ? staff.success[rng.integer(staff.success.length)] : null
  if (state.features.accountTeams && member !== null) {
    const team = { AccountId: account, UserId: member, TeamMemberRole: 'Customer Success Manager' }
    state.createRecord('AccountTeamMember', team, undefined, { at: nightly(60) })
  }
  let deal: string | null = null
  const renewal = renewalOf(agreement, { account, company: firm.name, owner, today })
  if (renewal !== null) {
    const by = { userId: owner, client: null }
    state.createRecord('Contract', runningContract(renewal), by, { at: nightly(20) })
    if (rng.next() < 0.5) state.createRecord('Opportunity', wonOpportunity(renewal), by, { at: nightly(20) })
    deal = state.createRecord('Opportunity', renewalOpportunity(renewal), by, { at: nightly(8) })
  }
  rememberCustomer(state, account, { index, contacts, deal, ...(joined === undefined ? {} : { joined }) })
  return account
}

/** Accounts that are no customers: nothing from billing, little from people. */
function addOther({ state, staff, types }: Org, world: World, index: number, rng: Random): void {
  const seen = seenOf(sightOf(world, index))
  const draw = rng.next()
  const type =
    draw < 0.5
      ? 'Prospect'
      : draw < 0.65
        ? 'Former Customer'
        : draw < 0.8
          ? 'Partner'
          : draw < 0.85
            ? 'Competitor'
            : draw < 0.92
              ? 'Other'
              : null
  const { values } = accountFields(seen, drawPlace(rng), rng)
  const owner = drawOwner(staff, rng)
  const left = rng.integer(700)
  const reason = CANCELLATIONS[rng.integer(CANCELLATIONS.length)]
  const former = {
    Customer_Number__c: String(seen.customer_id),
    Customer_Since__c: seen.agreement_start,
    Subscription_Status__c: 'Cancelled',
    Churn_Date__c: dayText(world.asOf - 20 - left),
    Cancellation_Reason__c: reason,
  }
  const at = new Date((world.asOf - 1 - rng.integer(200)) * DAY + rng.integer(80_000_000))
  const account = state.createRecord(
    'Account',
    {
      ...values,
      ...(type === 'Former Customer' ? former : {}),
      Type: type,
      RecordTypeId: type === 'Partner' ? types.partner : types.business,
      OwnerId: owner,
      CreatedDate: new Date((world.asOf - 210 - rng.integer(700)) * DAY),
      LastModifiedDate: at,
    },
    { userId: owner, client: null },
  )
  if (type === 'Prospect' && rng.next() < 0.5) {
    const opportunity = newBusiness({ account, owner, seen, today: world.asOf }, rng)
    state.createRecord('Opportunity', opportunity, { userId: owner, client: null }, { at })
  }
}

/** A few Accounts belong to a larger one. */
function addFamilies({ state }: Org, customers: readonly string[], rng: Random): void {
  for (let i = 0; i + 1 < customers.length; i++) {
    if (rng.next() >= 0.02) continue
    const [parent, child] = [customers[rng.integer(customers.length)], customers[i]]
    const person = [parent, child].some((id) => state.value('Account', id, 'IsPersonAccount') === true)
    // No circles, and nobody's parent is a person.
    if (parent === child || person || state.value('Account', parent, 'ParentId') !== null) continue
    state.updateRecord('Account', child, { ParentId: parent }, undefined, { at: changedAt(state, child) })
  }
}

/** The same Account twice, by another import; some of them somebody has merged. */
function addDuplicates(
  { state, staff, types }: Org,
  world: World,
  customers: readonly string[],
  rng: Random,
): void {
  const by = { userId: staff.people[0], client: 'DataLoaderBulkUI/' }
  for (const original of customers) {
    if (rng.next() >= 0.012 || state.value('Account', original, 'IsPersonAccount') === true) continue
    const name = String(state.value('Account', original, 'Name'))
    const at = new Date((world.asOf - 5) * DAY + rng.integer(DAY))
    const copy = state.createRecord(
      'Account',
      {
        Name: rng.next() < 0.5 ? name : name.toUpperCase(),
        Website: state.value('Account', original, 'Website'),
        Type: 'Prospect',
        RecordTypeId: types.business,
      },
      by,
      { at },
    )
    if (rng.next() < 0.4) state.mergeRecords('Account', original, [copy], by)
  }
}

function changedAt(state: SalesforceState, account: string): Date {
  const row = state.tables.table('Account').byId.get(account)
  return row === undefined ? state.now() : new Date(row.modifiedAt)
}

/** Some still belong to somebody who has left the company. */
function drawOwner({ people }: Staff, rng: Random): string {
  return rng.next() < 0.02 ? people[people.length - 1] : people[rng.integer(people.length - 1)]
}
