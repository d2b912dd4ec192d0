/**
 * The rules once more, each by itself and in its plainest form, over what an admin typed and what is on record. It
 * shares nothing with the code under test but the words for the reasons and the shipped templates.
 */
import { englishTemplates } from '../../actions/email/templates/en.ts'
import { germanTemplates } from '../../actions/email/templates/de.ts'
import { german } from '../../actions/sms/templates/de.ts'
import { english } from '../../actions/sms/templates/en.ts'
import type { Answer, Contact, Customer, World } from './mask-world.ts'

/** What docs/policy.md says of each action: channel, share of the amount, months, discount, places. */
const SHIPPED: readonly Entry[] = [
  entry('email', 'email', 0.01),
  entry('sms', 'sms', 0.02),
  entry('discount_10', 'email', 0.1, { discount: 0.1 }),
  entry('discount_20', 'email', 0.2, { discount: 0.2 }),
  entry('call_discount_30', 'task', 0.35, { discount: 0.3, capacity: 100 }),
  entry('update_payment', 'email', 0.01, { durationMonths: 1, leadMonths: 60 }),
]

interface Entry {
  readonly key: string
  readonly channel: 'email' | 'sms' | 'task'
  readonly share: number
  readonly durationMonths: number
  readonly fixedCost: number
  readonly discount: number
  readonly capacity: number | null
  readonly leadMonths: number
  readonly enabled: boolean
  readonly eligibility?: Record<string, unknown>
}

function entry(key: string, channel: Entry['channel'], share: number, more: Partial<Entry> = {}): Entry {
  const base = { durationMonths: 12, fixedCost: 0, discount: 0, capacity: null, leadMonths: 3, enabled: true }
  return { key, channel, share, ...base, ...more }
}

/** What the random settings may hold; everything is there but what has a default. */
interface Typed {
  readonly currency: { file?: string; reporting?: string; rate?: number }
  readonly period: 'month' | 'week' | 'quarter'
  readonly budget: number | null
  readonly margin: { gross: number; floor: number }
  readonly discounts: { deepest: number; perYear: number | null }
  readonly contact: { cooldownDays: number; perPeriod: number | null; requireConsent: boolean }
  readonly catalogue: Readonly<Record<string, Partial<Entry>>>
  readonly actions: { readonly own: readonly Partial<Entry>[] }
  readonly guard: { languageFallback: string | null }
  readonly sender: { language: string }
  readonly offers: { readonly fulfilment: Readonly<Record<string, { by: string }>> }
}

export interface Oracle {
  /** In the order of the catalogue, without doing nothing. */
  readonly keys: readonly string[]
  readonly digits: number
  /** Whole minor units. */
  cost(customer: Customer, key: string): number
  /** Every rule that an action breaks for a customer; `close`: so near to its limit that either answer is right. */
  broken(customer: Customer, key: string): { readonly rules: ReadonlySet<string>; readonly close: boolean }
}

/**
 * @example
 * oracleOf(world).broken(world.customers[0], 'sms').rules.has('no_consent')
 */
export function oracleOf(world: World): Oracle {
  const typed = world.settings as unknown as Typed
  const own = typed.actions.own.map((one) =>
    entry(one.key ?? '', one.channel ?? 'email', one.share ?? 0, one as Partial<Entry>),
  )
  const catalogue = [...SHIPPED.map((one) => ({ ...one, ...typed.catalogue[one.key] })), ...own]
  const { file = 'USD', reporting = file, rate = 1 } = typed.currency
  const digits = reporting === 'JPY' ? 0 : 2
  const terms: Terms = {
    world,
    typed,
    catalogue,
    rate: reporting === file ? 1 : rate,
    digits,
    daysIn: daysIntoPeriod(typed.period, world.now),
  }
  const find = (key: string): Entry => catalogue.find((one) => one.key === key)!
  return {
    keys: catalogue.map(({ key }) => key),
    digits,
    cost: (customer, key) => Math.round(costOf(find(key), customer, terms) * 10 ** digits),
    broken: (customer, key) => broken(find(key), customer, terms),
  }
}

interface Terms {
  readonly world: World
  readonly typed: Typed
  readonly catalogue: readonly Entry[]
  readonly rate: number
  readonly digits: number
  readonly daysIn: number
}

/** Days of the period that have begun: the first of a month is 1, as a Monday is of a week. */
function daysIntoPeriod(period: Typed['period'], now: Date): number {
  if (period === 'week') return now.getUTCDay() === 0 ? 7 : now.getUTCDay()
  const first = period === 'month' ? now.getUTCMonth() : now.getUTCMonth() - (now.getUTCMonth() % 3)
  const day = (date: Date): number => Math.floor(date.getTime() / 86_400_000)
  return day(now) - day(new Date(Date.UTC(now.getUTCFullYear(), first, 1))) + 1
}

/** Major units of the reporting currency. */
function costOf(action: Entry, { recurring }: Customer, { rate, digits }: Terms): number {
  const fixed = Math.round(action.fixedCost * 10 ** digits) / 10 ** digits
  return fixed + action.share * action.durationMonths * recurring * rate
}

function broken(action: Entry, customer: Customer, terms: Terms): ReturnType<Oracle['broken']> {
  const { world, typed, rate } = terms
  const { context, holds } = customer
  const fulfilled = typed.offers.fulfilment[action.key]?.by ?? 'person'
  const gives = action.discount > 0
  const channel = gives && fulfilled === 'person' ? 'task' : action.channel
  const amount = customer.recurring * rate
  const cost = costOf(action, customer, terms)
  const person = whom(customer, channel)
  const room = (typed.margin.gross - typed.margin.floor) * amount * action.durationMonths
  const repairs = action.key === 'update_payment'
  const failed = context['paymentFailures'] > 0
  const tests: Readonly<Record<string, boolean>> = {
    disabled: !action.enabled,
    paused:
      world.stops.killed ||
      world.stops.actions.includes(action.key) ||
      world.stops.channels.includes(channel),
    capacity_off: action.capacity === 0,
    capacity_used: action.capacity !== null && world.left?.capacity[action.key] === 0,
    discount_too_deep: action.discount > typed.discounts.deepest,
    no_offer: gives && fulfilled === 'person' && !world.tasks,
    unsolved: action.key.startsWith('own_'),
    profiling_objection: context['profilingConsent'] === 0 || customer.objects,
    vulnerable: context['vulnerable'] === 1,
    dispute: context['openDispute'] === 1 || holds.includes('dispute'),
    negotiation: context['openNegotiation'] === 1 || holds.includes('negotiation'),
    held: holds.includes('replied') || holds.includes('complained') || holds.includes('by_hand'),
    urgent_ticket: context['urgentTicket'] >= 1,
    sequence: context['runningSequence'] === 1,
    recurring_unknown: !(amount >= 0),
    group: customer.group !== 'policy',
    in_force: underWay(action, customer, terms),
    payment_in_order: repairs && !failed,
    not_eligible: !isMeant(action, customer, { person, amount }),
    budget_off: typed.budget === 0 && cost > 0,
    budget_used: typed.budget !== null && world.left?.budget === 0 && cost > 0,
    suppressed: person?.answer === 'suppressed',
    no_address: person === null && channel !== 'task',
    no_consent: consent(customer, channel, person) === 'no',
    consent_unknown: typed.contact.requireConsent && consent(customer, channel, person) === 'unknown',
    cooldown: daysSinceContact(customer, person) < typed.contact.cooldownDays,
    contact_cap: isFull(typed.contact.perPeriod, contactsOf(customer, person, terms)),
    payment_failed: gives && failed,
    discount_running: gives && discountRuns(customer, terms),
    discounts_used: gives && isFull(typed.discounts.perYear, [discountsOf(customer, terms)]),
    margin_floor: cost > room,
    lead_window: !repairs && context['monthsToNotice'] > action.leadMonths,
    language: !isWritten(action.key, channel, person?.contact.language ?? null, typed),
  }
  const rules = new Set(Object.keys(tests).filter((name) => tests[name]))
  return { rules, close: Math.abs(cost - room) < 1e-6 * (1 + Math.abs(room)) }
}

/** 0 is none at all, null is no limit. */
const isFull = (limit: number | null, counts: readonly number[]): boolean =>
  limit !== null && counts.some((count) => count >= limit)

interface Whom {
  readonly contact: Contact
  readonly answer: Answer
}

/** Whoever said yes goes before whoever was not asked, these before who refused; the first in rank of equals. */
function whom({ contacts }: Customer, channel: Entry['channel']): Whom | null {
  const at = channel === 'task' ? 'call' : channel
  for (const answer of ['granted', 'unknown', 'refused', 'suppressed'] as const) {
    const contact = contacts.find((one) => one[at] === answer)
    if (contact !== undefined) return { contact, answer }
  }
  return null
}

/** Of record and address the stricter counts. */
function consent(
  { context }: Customer,
  channel: Entry['channel'],
  person: Whom | null,
): 'yes' | 'no' | 'unknown' {
  const said = context[{ email: 'emailConsent', sms: 'smsConsent', task: 'callConsent' }[channel]]
  if (said === 0 || person?.answer === 'refused') return 'no'
  return said === 1 || person?.answer === 'granted' ? 'yes' : 'unknown'
}

function daysSinceContact({ context, past }: Customer, person: Whom | null): number {
  return Math.min(
    context['daysSinceContact'] ?? Infinity,
    ...past.flatMap(({ sent }) => sent),
    person?.contact.elsewhere?.daysAgo ?? Infinity,
  )
}

/** By the record, by us, and by us to the same person under other records; they are not added up. */
function contactsOf({ context, past }: Customer, person: Whom | null, { world, daysIn }: Terms): number[] {
  const hours = world.now.getUTCHours() / 24
  const inPeriod = (days: number): boolean => days <= daysIn - 1 + hours
  const ours = past.reduce((sum, { sent, open }) => sum + sent.filter(inPeriod).length + open, 0)
  return [context['daysSinceContact'] < daysIn ? 1 : 0, ours, person?.contact.elsewhere?.inPeriod ?? 0]
}

/** What is not in the catalogue any more may have been one. */
const wasDiscount = (key: string, { catalogue }: Terms): boolean =>
  (catalogue.find((one) => one.key === key)?.discount ?? 1) > 0

function discountsOf({ context, past }: Customer, terms: Terms): number {
  const ours = past
    .filter(({ action }) => wasDiscount(action, terms))
    .reduce((sum, { sent, open }) => sum + sent.length + open, 0)
  return Math.max(ours, context['discountInForce'] > 0 ? 1 : 0)
}

function discountRuns({ context, past }: Customer, { catalogue }: Terms): boolean {
  if (context['discountInForce'] > 0) return true
  return catalogue.some(
    ({ key, discount, durationMonths }) =>
      discount > 0 &&
      past.some(
        ({ action, sent }) => action === key && sent.some((days) => days < durationMonths * (365.2425 / 12)),
      ),
  )
}

/** The same thing, or another discount, has begun and not ended. */
function underWay(action: Entry, { past }: Customer, terms: Terms): boolean {
  return past.some(
    (one) =>
      one.open > 0 && (one.action === action.key || (action.discount > 0 && wasDiscount(one.action, terms))),
  )
}

function isMeant(
  { eligibility }: Entry,
  { level, object, context }: Customer,
  { person, amount }: { readonly person: Whom | null; readonly amount: number },
): boolean {
  if (eligibility === undefined) return true
  const { levels, objects, countries, where } = eligibility as {
    levels?: string[]
    objects?: string[]
    countries?: string[]
    where?: Record<string, { atLeast?: number; atMost?: number }>
  }
  const country = person?.contact.country ?? null
  return (
    (levels === undefined || levels.includes(level)) &&
    (objects === undefined || objects.includes(object)) &&
    (countries === undefined || (country !== null && countries.includes(country))) &&
    Object.entries(where ?? {}).every(([name, { atLeast, atMost }]) => {
      const value = name === 'monthlyAmount' ? amount : context[name]
      if (value === undefined || Number.isNaN(value)) return false
      return (atLeast === undefined || value >= atLeast) && (atMost === undefined || value <= atMost)
    })
  )
}

const WRITTEN = {
  email: { en: Object.keys(englishTemplates), de: Object.keys(germanTemplates) },
  sms: { en: Object.keys(english.actions), de: Object.keys(german.actions) },
}

/** The person's own language, or the one that stands for it: the company's where none is known, else what is set. */
function isWritten(
  key: string,
  channel: Entry['channel'],
  language: string | null,
  { guard, sender }: Typed,
): boolean {
  if (channel === 'task') return true
  const tags = [language, language === null ? sender.language : guard.languageFallback]
  return tags.some((tag) => {
    const plain = tag?.split('-')[0]
    return (plain === 'en' || plain === 'de') && WRITTEN[channel][plain].includes(key)
  })
}
