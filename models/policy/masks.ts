/**
 * Hard masks: what may be done for a customer at all. They are rules, never learned, and come before every
 * value and every draw. Doing nothing is never masked.
 *
 * What a file does not say is unknown, never invented, and this is what unknown means here:
 *
 * | unknown                      | in a plan                                                                |
 * | ---------------------------- | ------------------------------------------------------------------------ |
 * | consent                      | allowed, since consent is asked again before anything is sent; masked with `requireConsent` |
 * | recurring amount             | neither cost nor worth can be said: only no action                        |
 * | last contact, contacts, discounts given | none is known: allowed; the ledger, which knows, asks again before sending |
 * | notice date                  | as for a customer without a term: allowed                                 |
 * | addresses (a plain file)     | allowed; before sending there must be one                                 |
 * | failed payment, running discount, suppression, dispute, negotiation, sequence, ticket, notice given | not known to be so: allowed |
 * | whether a payment failed, for the action that answers it | masked: it is only for those that are known to have failed |
 * | what a condition of an action asks for | masked: an action with a condition is for those of whom it can be shown |
 * | language                     | that of the company: `sender.language`                                     |
 */
import { type Action, type ActionCost, type ChannelName, plannedCost } from '../../src/contracts/actions.ts'
import type { Level } from '../../src/contracts/customer-terms.ts'
import type { EligibilityNumber } from '../../src/contracts/eligibility.ts'
import { ineligible } from './eligibility.ts'
import { NO_ACTION } from './policy.ts'

/** Why an action is not open to a customer; index 0 is open. New reasons come last: logs hold the names. */
export const MASK_REASONS = [
  'open',
  'disabled',
  'capacity_off',
  'discount_too_deep',
  'suppressed',
  'dispute',
  'notice_given',
  'recurring_unknown',
  'budget_off',
  'no_consent',
  'consent_unknown',
  'cooldown',
  'contact_cap',
  'payment_failed',
  'discount_running',
  'discounts_used',
  'margin_floor',
  'lead_window',
  'unproven',
  'group',
  'in_force',
  'budget_used',
  'capacity_used',
  'no_address',
  'profiling_objection',
  'vulnerable',
  'held',
  'negotiation',
  'sequence',
  'urgent_ticket',
  'paused',
  'unsolved',
  'payment_in_order',
  'not_eligible',
  'language',
  'no_offer',
] as const

export type MaskReason = (typeof MASK_REASONS)[number]

/** What each reason says to a person, as in "Offer 10% Discount: …". */
export const reasonSentences: Readonly<Record<MaskReason, string>> = {
  open: 'possible',
  disabled: 'switched off in the settings',
  capacity_off: 'its capacity is 0, which switches it off',
  discount_too_deep: 'gives more off than the settings allow',
  suppressed: 'the customer asked not to be contacted, or is on a suppression list',
  dispute: 'the customer has an open complaint or dispute',
  notice_given: 'the customer has already given notice: a case for a person',
  recurring_unknown:
    'what the customer pays is not known, or is in a currency without a rate in the settings, so neither cost nor worth can be said',
  budget_off: 'the budget is 0, which switches off everything that costs',
  no_consent: 'the customer has not agreed to this channel',
  consent_unknown: 'it is not known whether the customer has agreed to this channel',
  cooldown: 'the customer was contacted too recently',
  contact_cap: 'the customer was contacted as often as allowed in this period',
  payment_failed: 'the last payment failed: a new payment method is the answer, not a discount',
  discount_running: 'the customer already has a discount: a second is not laid on top',
  discounts_used: 'the customer had as many discounts in the last 12 months as allowed',
  margin_floor: 'it would cost more than the margin leaves while it lasts',
  lead_window: 'the notice date is too far away, or has passed',
  unproven: 'too unsure to do more good than harm',
  group: 'the customer is in a comparison group, which is left as it is',
  in_force: 'an action of this kind is already under way for the customer',
  budget_used: 'the budget of this period is used up by earlier decisions',
  capacity_used: 'all its places in this period are taken by earlier decisions',
  no_address: 'no address of the customer for this channel is known',
  profiling_objection: 'the customer objects to being profiled, so nothing follows from a score',
  vulnerable: 'the customer is a minor or in need of protection: a case for a person',
  held: 'a person has to look at the customer first, who answered, complained or was put on hold',
  negotiation: 'somebody is negotiating with the customer',
  sequence: 'the customer is in a running sequence of messages',
  urgent_ticket: 'the customer has an urgent ticket open',
  paused: 'a person has paused it',
  unsolved: 'the policy does not know it yet and is being solved again',
  payment_in_order: 'it is for failed payments, and none is known to have failed',
  not_eligible: 'it is not for customers like this one, as the settings state it',
  language: 'there is no message in the language of who would get it',
  no_offer: 'nobody fulfils the offer, and nobody can be given the task to',
}

/** One number a customer; NaN is unknown. A column that is absent is unknown for everybody. */
export type Column = Float32Array | Float64Array

export interface MaskContext {
  readonly rows: number
  /** Recurring amount a month, major units of the reporting currency; below 0 counts as unknown. */
  readonly recurring: Column
  /** 1 agreed, 0 refused or opted out. `task` is consent to calls. */
  readonly consent?: { readonly email?: Column; readonly sms?: Column; readonly task?: Column }
  /** Addresses of a channel: 1 there is one, 0 there is none, -1 all are on the suppression list. */
  readonly reach?: { readonly email?: Column; readonly sms?: Column; readonly task?: Column }
  /** What the person whom a channel would reach got under any record; caps are theirs as well as the customer's. */
  readonly person?: Readonly<Partial<Record<MessageChannel, PersonColumns>>>
  /** Infinity when there never was one. */
  readonly daysSinceContact?: Column
  /** Contacts so far in this decision period. */
  readonly contactsInPeriod?: Column
  readonly discountsLastYear?: Column
  /** Above 0: a discount is running now. */
  readonly discountInForce?: Column
  /** Months to the next date by which notice must be given, 0 for month-to-month, below 0 when it has passed. */
  readonly monthsToNotice?: Column
  /** Above 0: the last payment, or so many of the last, failed. */
  readonly paymentFailed?: Column
  /** 1: do not contact. */
  readonly suppressed?: Column
  /** 1: an open complaint or dispute. */
  readonly dispute?: Column
  /** 1: has given notice. */
  readonly noticeGiven?: Column
  /** 1: objects to being profiled. */
  readonly profilingObjection?: Column
  /** 1: a minor, or somebody in need of protection. */
  readonly vulnerable?: Column
  /** 1: a person has to look first. */
  readonly held?: Column
  /** 1: somebody negotiates with the customer. */
  readonly negotiation?: Column
  /** 1: in a running sequence of messages. */
  readonly sequence?: Column
  /** Above 0: so many urgent tickets are open. */
  readonly urgentTicket?: Column
  /** 1: in a group that the policy does not act on (holdout, business as usual, exempt). */
  readonly group?: Column
  /** rows x actions, row-major; 1: an intervention of the same kind has begun and not ended. */
  readonly inForce?: Uint8Array
  /** rows x actions, row-major; 1: nobody whom it would reach has a language that there is a message in. */
  readonly untranslated?: Uint8Array
  /** What conditions of actions look at beside the recurring amount; absent: none of it is known. */
  readonly who?: WhoColumns
  /** By action, in catalogue order: a person has paused it. */
  readonly paused?: readonly boolean[]
  /** By action: it gives a discount that nobody fulfils and nobody can be asked to. */
  readonly unfulfilled?: readonly boolean[]
}

/** As the columns of the same names in {@link MaskContext}. */
export interface PersonColumns {
  readonly daysSinceContact: Column
  readonly contactsInPeriod: Column
}

/** One value a customer; null is unknown. */
export interface WhoColumns {
  readonly level: readonly (Level | null)[]
  readonly object: readonly (string | null)[]
  /** Of whom each channel would reach, ISO 3166-1 alpha-2. */
  readonly country: Readonly<Partial<Record<MessageChannel, readonly (string | null)[]>>>
  readonly numbers: Readonly<Partial<Record<EligibilityNumber, Column>>>
}

type MessageChannel = Exclude<ChannelName, 'none'>

export interface MaskRules {
  readonly actions: readonly Action[]
  /** In catalogue order. */
  readonly enabled: readonly boolean[]
  /** Decimals of the reporting currency. */
  readonly digits: number
  /** Nothing that costs may be done. */
  readonly budgetOff: boolean
  /** What earlier decisions of the period have used up: the budget, and the places of each action. */
  readonly used?: { readonly budget: boolean; readonly capacity: readonly boolean[] }
  /** By action: whether the policy has values for it; absent: for all. */
  readonly solved?: readonly boolean[]
  /** Unknown consent counts as none. */
  readonly requireConsent: boolean
  /** Days without contact before the next; 0 is no waiting. */
  readonly cooldownDays: number
  /** Contacts a period; null is no limit, 0 is none at all. */
  readonly contactsPerPeriod: number | null
  /** Deepest discount, share of the recurring amount. */
  readonly deepestDiscount: number
  /** Discounts in 12 months; null is no limit, 0 is none at all. */
  readonly discountsPerYear: number | null
  /** Gross margin, and the least share of the recurring amount that must be left of it while an action lasts. */
  readonly margin: number
  readonly marginFloor: number
}

/**
 * Whether an action eats more than the margin leaves: planned cost above (margin - floor) x recurring amount x
 * months that it lasts.
 */
function breaksMargin(
  cost: ActionCost,
  recurring: number,
  rules: Pick<MaskRules, 'margin' | 'marginFloor' | 'digits'>,
): boolean {
  const room = (rules.margin - rules.marginFloor) * recurring * cost.durationMonths
  return plannedCost(cost, recurring, rules.digits) > room * (1 + 1e-12) + 1e-9
}

/**
 * The reason for every customer and action, as an index in {@link MASK_REASONS}: rows x actions, row-major,
 * 0 where the action is open. A pure function; linear.
 *
 * @example
 * const masked = maskActions({ rows: 1, recurring: Float64Array.of(50), suppressed: Float64Array.of(1) }, rules)
 * MASK_REASONS[masked[1]] // 'suppressed'
 */
export function maskActions(context: MaskContext, rules: MaskRules): Uint8Array {
  const { rows, recurring } = context
  const { actions } = rules
  const width = actions.length
  const reasons = new Uint8Array(rows * width)
  const always = actions.map((action, a) => alwaysMasked(action, a, rules, context))
  for (let row = 0; row < rows; row++) {
    const customer = customerMask(context, row)
    const compared = context.group !== undefined && context.group[row] > 0 ? GROUP : 0
    for (let a = 0; a < width; a++) {
      if (a === NO_ACTION) continue
      const running = context.inForce !== undefined && context.inForce[row * width + a] > 0 ? IN_FORCE : 0
      // The comparison group comes last: what is logged as open but for it is what the policy would have had.
      reasons[row * width + a] =
        always[a] ||
        customer ||
        running ||
        actionMask(context, row, actions[a], recurring[row], rules) ||
        (context.untranslated !== undefined && context.untranslated[row * width + a] > 0 ? LANGUAGE : 0) ||
        compared
    }
  }
  return reasons
}

/** How many customers each action is masked for, by reason: MASK_REASONS.length x actions, row-major. */
export function countReasons(reasons: Uint8Array, actions: number): Uint32Array {
  const counts = new Uint32Array(MASK_REASONS.length * actions)
  for (let at = 0, a = 0; at < reasons.length; at++) {
    counts[reasons[at] * actions + a]++
    if (++a === actions) a = 0
  }
  return counts
}

const code = (reason: MaskReason): number => MASK_REASONS.indexOf(reason)
const DISABLED = code('disabled')
const CAPACITY_OFF = code('capacity_off')
const TOO_DEEP = code('discount_too_deep')
const SUPPRESSED = code('suppressed')
const RECURRING_UNKNOWN = code('recurring_unknown')
const BUDGET_OFF = code('budget_off')
const NO_CONSENT = code('no_consent')
const CONSENT_UNKNOWN = code('consent_unknown')
const COOLDOWN = code('cooldown')
const CONTACT_CAP = code('contact_cap')
const PAYMENT_FAILED = code('payment_failed')
const DISCOUNT_RUNNING = code('discount_running')
const DISCOUNTS_USED = code('discounts_used')
const MARGIN_FLOOR = code('margin_floor')
const LEAD_WINDOW = code('lead_window')
const GROUP = code('group')
const IN_FORCE = code('in_force')
const BUDGET_USED = code('budget_used')
const CAPACITY_USED = code('capacity_used')
const NO_ADDRESS = code('no_address')
const PAUSED = code('paused')
const UNSOLVED = code('unsolved')
const PAYMENT_IN_ORDER = code('payment_in_order')
const NOT_ELIGIBLE = code('not_eligible')
const LANGUAGE = code('language')
const NO_OFFER = code('no_offer')

/** What rules everything out where its number is above 0, in the order in which it is told. */
const CUSTOMER_MASKS = [
  ['suppressed', code('suppressed')],
  ['profilingObjection', code('profiling_objection')],
  ['vulnerable', code('vulnerable')],
  ['dispute', code('dispute')],
  ['held', code('held')],
  ['noticeGiven', code('notice_given')],
  ['negotiation', code('negotiation')],
  ['urgentTicket', code('urgent_ticket')],
  ['sequence', code('sequence')],
] as const satisfies readonly (readonly [keyof MaskContext, number])[]

/** What the settings alone rule out, the same for every customer. */
function alwaysMasked(action: Action, a: number, rules: MaskRules, context: MaskContext): number {
  if (!rules.enabled[a]) return DISABLED
  if (context.paused?.[a] === true) return PAUSED
  if (action.capacity === 0) return CAPACITY_OFF
  if (rules.used?.capacity[a] === true) return CAPACITY_USED
  if (action.discount > rules.deepestDiscount) return TOO_DEEP
  if (context.unfulfilled?.[a] === true) return NO_OFFER
  return rules.solved?.[a] === false ? UNSOLVED : 0
}

/** What rules out everything for one customer. */
function customerMask(context: MaskContext, row: number): number {
  for (const [name, reason] of CUSTOMER_MASKS) {
    const column = context[name]
    if (column !== undefined && column[row] > 0) return reason
  }
  const { recurring } = context
  return recurring[row] >= 0 && recurring[row] < Infinity ? 0 : RECURRING_UNKNOWN
}

function actionMask(
  context: MaskContext,
  row: number,
  action: Action,
  recurring: number,
  rules: MaskRules,
): number {
  const { paymentFailed } = context
  const failed = paymentFailed !== undefined && paymentFailed[row] > 0
  if (action.remedy === 'payment' && !failed) return PAYMENT_IN_ORDER
  if (!isFor(context, row, action, recurring)) return NOT_ELIGIBLE
  const spent = rules.used?.budget === true
  if ((rules.budgetOff || spent) && plannedCost(action.cost, recurring, rules.digits) > 0)
    return rules.budgetOff ? BUDGET_OFF : BUDGET_USED
  if (action.channel !== 'none') {
    const masked = contactMask(context, row, action.channel, rules)
    if (masked > 0) return masked
  }
  if (action.discount > 0) {
    const { discountInForce, discountsLastYear } = context
    if (failed) return PAYMENT_FAILED
    if (discountInForce !== undefined && discountInForce[row] > 0) return DISCOUNT_RUNNING
    const most = rules.discountsPerYear
    if (most === 0) return DISCOUNTS_USED
    if (most !== null && discountsLastYear !== undefined && discountsLastYear[row] >= most)
      return DISCOUNTS_USED
  }
  if (breaksMargin(action.cost, recurring, rules)) return MARGIN_FLOOR
  const { monthsToNotice } = context
  // A payment that failed waits for no notice date.
  if (monthsToNotice === undefined || action.remedy === 'payment') return 0
  return monthsToNotice[row] < 0 || monthsToNotice[row] > action.leadMonths ? LEAD_WINDOW : 0
}

/** Whether a customer is one of those whom the settings mean. */
function isFor({ who }: MaskContext, row: number, action: Action, recurring: number): boolean {
  const { eligibility, channel } = action
  if (eligibility === undefined) return true
  const country = channel === 'none' ? undefined : who?.country[channel]
  const facts = {
    level: who?.level[row] ?? null,
    object: who?.object[row] ?? null,
    country: country?.[row] ?? null,
    number: (name: EligibilityNumber): number =>
      name === 'monthlyAmount' ? recurring : (who?.numbers[name]?.[row] ?? NaN),
  }
  return ineligible(eligibility, facts) === null
}

function contactMask(
  context: MaskContext,
  row: number,
  channel: 'email' | 'sms' | 'task',
  rules: MaskRules,
): number {
  const { consent, reach, daysSinceContact, contactsInPeriod } = context
  const reachable = reach?.[channel]?.[row] ?? 1
  if (reachable < 0) return SUPPRESSED
  if (reachable === 0) return NO_ADDRESS
  const agreed = consent?.[channel]?.[row] ?? NaN
  if (agreed <= 0) return NO_CONSENT
  if (rules.requireConsent && !(agreed > 0)) return CONSENT_UNKNOWN
  const person = context.person?.[channel]
  const less = (days: Column | undefined): boolean => days !== undefined && days[row] < rules.cooldownDays
  if (less(daysSinceContact) || less(person?.daysSinceContact)) return COOLDOWN
  const most = rules.contactsPerPeriod
  if (most === null) return 0
  if (most === 0) return CONTACT_CAP
  const used = (contacts: Column | undefined): boolean => contacts !== undefined && contacts[row] >= most
  return used(contactsInPeriod) || used(person?.contactsInPeriod) ? CONTACT_CAP : 0
}
