/**
 * What masks look at, as the columns that they take: from what a record of the CRM says. The ledger and the
 * addresses, which only the store knows, are laid over it when a decision is made.
 */
import type { PolicyContext } from '../../models/features/context.ts'
import { DAYS_PER_MONTH } from '../../models/features/units.ts'
import type { Column, MaskContext, PersonColumns, WhoColumns } from '../../models/policy/masks.ts'
import type { Action, ChannelName } from '../contracts/actions.ts'
import type { Level } from '../contracts/customer-terms.ts'
import { ELIGIBILITY_NUMBERS, type EligibilityNumber } from '../contracts/eligibility.ts'
import type { AddressFact, LedgerFact, Person, PersonContact } from '../store/decision-facts.ts'
import type { HoldKind } from '../store/holds.ts'

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
  'openNegotiation',
  'runningSequence',
  'urgentTicket',
  'vulnerable',
] as const satisfies readonly (keyof PolicyContext)[]

/** Numbers that only conditions of actions ask for, and that a record knows. */
type AskedNumber = Exclude<EligibilityNumber, 'monthlyAmount'> & keyof PolicyContext

/** The columns of a context that masks look at; those that conditions ask for only where one does. */
export type MaskedColumns = Readonly<
  Record<(typeof names)[number], Float32Array> & Partial<Record<AskedNumber, Float32Array>>
>

/** What is known of one customer, by the names of {@link PolicyContext}; absent or NaN is unknown. */
export type KnownContext = Readonly<Partial<Record<keyof PolicyContext, number>>>

/**
 * Records as columns.
 *
 * @param actions numbers that their conditions name get a column too
 */
export function columnsOf(
  records: readonly KnownContext[],
  actions: readonly Pick<Action, 'eligibility'>[] = [],
): MaskedColumns {
  const asked = ELIGIBILITY_NUMBERS.filter(
    (name): name is AskedNumber =>
      name !== 'monthlyAmount' && actions.some(({ eligibility }) => eligibility?.where?.[name] !== undefined),
  )
  const columns: Partial<Record<keyof PolicyContext, Float32Array>> = {}
  for (const name of [...names, ...asked])
    columns[name] = Float32Array.from(records, (record) => record[name] ?? NaN)
  return columns as MaskedColumns
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
    profilingObjection: context.profilingConsent.map((consent) => (consent === 0 ? 1 : 0)),
    vulnerable: context.vulnerable,
    dispute: context.openDispute,
    negotiation: context.openNegotiation,
    urgentTicket: context.urgentTicket,
    sequence: context.runningSequence,
    discountInForce: context.discountInForce,
    who: { level: [], object: [], country: {}, numbers: numbersIn(context) },
  }
}

function numbersIn(context: MaskedColumns): WhoColumns['numbers'] {
  const known = context as Readonly<Partial<Record<EligibilityNumber, Float32Array>>>
  return Object.fromEntries(
    ELIGIBILITY_NUMBERS.flatMap((name) => (known[name] === undefined ? [] : [[name, known[name]]])),
  )
}

/** What masks look at, with what the store knows. */
export interface StoredContext extends Omit<MaskContext, 'rows' | 'recurring'> {
  readonly inForce: Uint8Array
  readonly untranslated: Uint8Array
  readonly who: WhoColumns
}

/** What the store knows of customers beside their records. */
export interface StoredFacts {
  /** Ids of the customers, in the order of the columns. */
  readonly customers: readonly number[]
  readonly groups: readonly string[]
  readonly addresses: readonly AddressFact[]
  readonly ledger: readonly LedgerFact[]
  /** What reached the people whom `addresses` names, under whatever record. */
  readonly contacts: readonly PersonContact[]
  /** What keeps everything automatic from a customer: see store/holds.ts. */
  readonly holds: readonly { readonly customer: number; readonly kind: HoldKind }[]
  /** All of their people object to being profiled, and the score is still there. */
  readonly objecting: ReadonlySet<number>
  /** In the order of the columns. */
  readonly levels: readonly Level[]
  readonly objects: readonly string[]
}

/** What is the same for all customers of a page. */
export interface StoredTerms {
  readonly actions: readonly Action[]
  readonly now: Date
  /** By action: a person has paused it. */
  readonly paused: readonly boolean[]
  /** By action: it gives something off that nobody fulfils. */
  readonly unfulfilled: readonly boolean[]
  /** Whether an action has a message for somebody of this language; null unknown. */
  translated(action: Action, language: string | null): boolean
}

/**
 * Lays what the store knows over what the records say; of two answers the stricter counts.
 *
 * @param known as {@link maskContextOf} gives it, of the same customers
 */
export function withStoredFacts(
  known: ReturnType<typeof maskContextOf>,
  { customers, groups, addresses, ledger, contacts: reached, holds, objecting, levels, objects }: StoredFacts,
  { actions, now, paused, unfulfilled, translated }: StoredTerms,
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
  const nobody = (): (Person | null)[] => Array.from({ length: rows }, () => null)
  const people = { email: nobody(), sms: nobody(), task: nobody() }
  for (const fact of addresses) {
    const at = place.get(fact.customer_id)
    if (at === undefined) continue
    for (const channel of CHANNELS) {
      const answer = fact[channel]
      if (answer === null) continue
      const of = channel === 'call' ? 'task' : channel
      people[of][at] = fact.people[channel]
      reach[of][at] = answer === 'suppressed' ? -1 : 1
      if (answer === 'refused') consent[of][at] = 0
      else if (answer === 'granted' && !(consent[of][at] === 0)) consent[of][at] = 1
    }
  }

  const held = new Float32Array(rows)
  const dispute = copy(known.dispute)
  const negotiation = copy(known.negotiation)
  for (const { customer, kind } of holds) {
    const at = place.get(customer)
    if (at === undefined) continue
    const column = kind === 'dispute' ? dispute : kind === 'negotiation' ? negotiation : held
    column[at] = 1
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
    if (at === undefined) continue
    // One that is not in the catalogue any more reached the customer all the same, and may have been a discount.
    const action = actions.find(({ key }) => key === fact.action_key) ?? GONE
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
    profilingObjection: Float32Array.from(customers, (id, at) =>
      objecting.has(id) ? 1 : (known.profilingObjection?.[at] ?? NaN),
    ),
    dispute,
    negotiation,
    held,
    ...reachedBefore(people, reached, now),
    inForce,
    paused,
    unfulfilled,
    untranslated: untranslatedTo(people, actions, translated),
    who: {
      level: levels,
      object: objects,
      country: {
        email: people.email.map((one) => one?.country ?? null),
        sms: people.sms.map((one) => one?.country ?? null),
        task: people.task.map((one) => one?.country ?? null),
      },
      numbers: known.who?.numbers ?? {},
    },
  }
}

type Reached = Readonly<Record<Exclude<ChannelName, 'none'>, readonly (Person | null)[]>>

/** What the person whom a channel would reach got under any record; whoever got nothing was never contacted. */
function reachedBefore(
  people: Reached,
  contacts: readonly PersonContact[],
  now: Date,
): Pick<MaskContext, 'person'> {
  if (contacts.length === 0) return {}
  const known = new Map(contacts.map((one) => [one.recipient, one]))
  const columns = (of: readonly (Person | null)[]): PersonColumns => {
    const found = of.map((one) => known.get(one?.recipient ?? -1))
    return {
      daysSinceContact: Float32Array.from(found, (one) =>
        one === undefined ? Infinity : (now.getTime() - one.last_sent.getTime()) / DAY,
      ),
      contactsInPeriod: Float32Array.from(found, (one) => one?.sent_in_period ?? 0),
    }
  }
  return {
    person: { email: columns(people.email), sms: columns(people.sms), task: columns(people.task) },
  }
}

/** Few languages and many customers: each language is asked about once an action. */
function untranslatedTo(
  people: Reached,
  actions: readonly Action[],
  translated: StoredTerms['translated'],
): Uint8Array {
  const width = actions.length
  const shut = new Uint8Array(people.email.length * width)
  actions.forEach((action, a) => {
    if (action.channel === 'none') return
    const known = new Map<string | null, number>()
    people[action.channel].forEach((one, row) => {
      const language = one?.language ?? null
      const there = known.get(language) ?? (translated(action, language) ? 0 : 1)
      known.set(language, there)
      shut[row * width + a] = there
    })
  })
  return shut
}

const CHANNELS = ['email', 'sms', 'call'] as const
/** How long a discount that nobody knows any more ran is not known either. */
const GONE = { id: -1, channel: 'email', discount: 1, cost: { durationMonths: 0 } } as const
const DAY = 86_400_000

/** Of an unknown and a known number the known one. */
const least = (one: number, other: number): number => (one < other ? one : other)
const most = (one: number, other: number): number => (one > other ? one : other)
