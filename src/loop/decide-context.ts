/**
 * What masks look at, as the columns that they take: from what a record of the CRM says. The ledger and the
 * addresses, which only the store knows, are laid over it when a decision is made.
 */
import type { PolicyContext } from '../../models/features/context.ts'
import { DAYS_PER_MONTH } from '../../models/features/units.ts'
import type { Column, MaskContext } from '../../models/policy/masks.ts'
import type { Action } from '../contracts/actions.ts'
import type { AddressFact, LedgerFact } from '../store/decision-facts.ts'

const names = [
  'emailConsent',
  'smsConsent',
  'callConsent',
  'profilingConsent',
  'openDispute',
  'paymentFailures',
  'discountInForce',
  'daysSinceContact',
  'monthsToNotice',
] as const satisfies readonly (keyof PolicyContext)[]

/** The columns of a context that masks look at. */
export type MaskedColumns = Readonly<Record<(typeof names)[number], Float32Array>>

/** What is known of one customer, by the names of {@link PolicyContext}; absent or NaN is unknown. */
export type KnownContext = Readonly<Partial<Record<keyof PolicyContext, number>>>

/** Records as columns. */
export function columnsOf(records: readonly KnownContext[]): MaskedColumns {
  const columns = Object.fromEntries(names.map((name) => [name, new Float32Array(records.length)])) as Record<
    (typeof names)[number],
    Float32Array
  >
  for (const name of names) {
    const column = columns[name]
    for (let row = 0; row < records.length; row++) column[row] = records[row][name] ?? NaN
  }
  return columns
}

/**
 * @param daysIntoPeriod days that have passed in the decision period, today included: `daysIntoPeriod` of planning.ts
 * @example
 * maskContextOf(columnsOf([{ openDispute: 1 }]), 20).dispute // Float32Array [1]
 */
export function maskContextOf(
  context: MaskedColumns,
  daysIntoPeriod: number,
): Omit<MaskContext, 'rows' | 'recurring'> {
  return {
    consent: { email: context.emailConsent, sms: context.smsConsent, task: context.callConsent },
    daysSinceContact: context.daysSinceContact,
    // A record tells of the last contact only: that there was at least one in this period.
    contactsInPeriod: context.daysSinceContact.map((days) =>
      days < daysIntoPeriod ? 1 : days >= daysIntoPeriod ? 0 : NaN,
    ),
    // A discount that runs is one that was given.
    discountsLastYear: context.discountInForce.map((share) => (share > 0 ? 1 : NaN)),
    monthsToNotice: context.monthsToNotice,
    paymentFailed: context.paymentFailures,
    // An objection to profiling stops everything that follows from a score.
    suppressed: context.profilingConsent.map((consent) => (consent === 0 ? 1 : 0)),
    dispute: context.openDispute,
    discountInForce: context.discountInForce,
  }
}

/** What masks look at, with what the store knows. */
export interface StoredContext extends Omit<MaskContext, 'rows' | 'recurring'> {
  readonly inForce: Uint8Array
}

/** What the store knows of customers beside their records. */
export interface StoredFacts {
  /** Ids of the customers, in the order of the columns. */
  readonly customers: readonly number[]
  readonly groups: readonly string[]
  readonly addresses: readonly AddressFact[]
  readonly ledger: readonly LedgerFact[]
}

/**
 * Lays what the store knows over what the records say; of two answers the stricter counts.
 *
 * @param known as {@link maskContextOf} gives it, of the same customers
 */
export function withStoredFacts(
  known: ReturnType<typeof maskContextOf>,
  { customers, groups, addresses, ledger }: StoredFacts,
  { actions, now }: { readonly actions: readonly Action[]; readonly now: Date },
): StoredContext {
  const rows = customers.length
  const place = new Map(customers.map((id, at) => [id, at]))
  const copy = (column: Column | undefined): Float32Array =>
    column === undefined ? new Float32Array(rows).fill(NaN) : Float32Array.from(column)

  const consent = {
    email: copy(known.consent?.email),
    sms: copy(known.consent?.sms),
    task: copy(known.consent?.task),
  }
  // A task is for somebody of the company, who finds the number: it needs no address of ours.
  const reach = {
    email: new Float32Array(rows),
    sms: new Float32Array(rows),
    task: new Float32Array(rows).fill(1),
  }
  for (const fact of addresses) {
    const at = place.get(fact.customer_id)
    if (at === undefined) continue
    for (const channel of CHANNELS) {
      const answer = fact[channel]
      if (answer === null) continue
      const of = channel === 'call' ? 'task' : channel
      reach[of][at] = answer === 'suppressed' ? -1 : 1
      if (answer === 'refused') consent[of][at] = 0
      else if (answer === 'granted' && !(consent[of][at] === 0)) consent[of][at] = 1
    }
  }

  const daysSinceContact = copy(known.daysSinceContact)
  const contactsInPeriod = copy(known.contactsInPeriod)
  const discountsLastYear = copy(known.discountsLastYear)
  const discountInForce = copy(known.discountInForce)
  const contacts = new Float32Array(rows)
  const discounts = new Float32Array(rows)
  const inForce = new Uint8Array(rows * actions.length)
  for (const fact of ledger) {
    const at = place.get(fact.customer_id)
    const action = actions.find(({ key }) => key === fact.action_key)
    if (at === undefined || action === undefined) continue
    const days = fact.last_sent === null ? Infinity : (now.getTime() - fact.last_sent.getTime()) / DAY
    const gives = action.discount > 0
    if (action.channel !== 'none') {
      if (days < Infinity) daysSinceContact[at] = least(daysSinceContact[at], days)
      contacts[at] += fact.sent_in_period + fact.open
    }
    if (gives) {
      discounts[at] += fact.sent_in_year + fact.open
      if (days < action.cost.durationMonths * DAYS_PER_MONTH) discountInForce[at] = 1
    }
    if (fact.open === 0) continue
    for (const other of actions)
      if (other.id === action.id || (gives && other.discount > 0)) inForce[at * actions.length + other.id] = 1
  }
  for (let at = 0; at < rows; at++) {
    // A record's contact or discount may be one of ours: they are not added up.
    if (contacts[at] > 0) contactsInPeriod[at] = most(contactsInPeriod[at], contacts[at])
    if (discounts[at] > 0) discountsLastYear[at] = most(discountsLastYear[at], discounts[at])
  }
  return {
    ...known,
    consent,
    reach,
    group: Float32Array.from(groups, (name) => (name === 'policy' ? 0 : 1)),
    daysSinceContact,
    contactsInPeriod,
    discountsLastYear,
    discountInForce,
    inForce,
  }
}

const CHANNELS = ['email', 'sms', 'call'] as const
const DAY = 86_400_000

/** Of an unknown and a known number the known one. */
const least = (one: number, other: number): number => (one < other ? one : other)
const most = (one: number, other: number): number => (one > other ? one : other)
