/**
 * Decide: from what each action is worth to a plan for the whole file.
 *
 * masks -> gate -> price on budget and capacity -> draw. Columns in, columns out; nothing is asked or written,
 * so the same call serves a file, a nightly batch and the question "what if".
 *
 * Where the recurring amount of a customer is unknown, neither cost nor worth can be said in money: such a
 * customer gets no action, and the expected value is NaN, a blank in the file.
 */
import { planAlarms, type Alarm } from '../../models/policy/alarm.ts'
import { allocate } from '../../models/policy/allocate.ts'
import type { Draws } from '../../models/policy/draw.ts'
import { countReasons, MASK_REASONS, maskActions, type MaskContext } from '../../models/policy/masks.ts'
import { type ActionValues, type Choices, NO_ACTION, type Policy } from '../../models/policy/policy.ts'
import { price, solvedBy, type Priced, type Training } from '../../models/policy/reprice.ts'
import type { Action } from '../contracts/actions.ts'
import { minorDigits } from '../contracts/money.ts'
import {
  actionsOf,
  maskRules,
  planLimits,
  pricingOf,
  reportingCurrency,
  reportingRate,
} from '../settings/planning.ts'
import type { Settings } from '../settings/settings.ts'

/** A file of customers, scored once; it can be decided on again under other settings. */
export interface ScoredBook {
  readonly values: ActionValues
  /** What the values were computed with; other costs, durations and margins are allowed for to first order. */
  readonly trained: Training
  /** Chance to leave in a month, as the served state has it; one a customer. */
  readonly hazard: Float32Array | Float64Array
  /** A month, major units of the file's currency; NaN is unknown. One a customer. */
  readonly recurring: Float64Array
  /** What is known of consent, contacts and so on; its absent columns are unknown. */
  readonly context: Omit<MaskContext, 'rows' | 'recurring'>
  readonly draws: Draws
}

/** What earlier decisions of the same period left over. */
export interface Left {
  /** Whole minor units of the reporting currency; null is no limit. */
  readonly budget: number | null
  /** Places of each action, in catalogue order; null is no limit. */
  readonly capacity: readonly (number | null)[]
}

/** The plan, one value a customer in the order of the file, and what it comes to. */
export interface Plan {
  readonly rows: number
  /** Id of the chosen action. */
  readonly action: Uint8Array
  /** Probability with which it was chosen. */
  readonly propensity: Float64Array
  /** Net expected gain over doing nothing, major units of the reporting currency; NaN is unknown. */
  readonly expectedValue: Float64Array
  /** Planned cost, major units of the reporting currency. */
  readonly plannedCost: Float64Array
  /** rows x actions: why each action was not open, an index in MASK_REASONS, 0 where it was. */
  readonly reasons: Uint8Array
  /** rows x actions: what each was worth and costs, also where it was not open; minor units. */
  readonly priced: Priced
  /** Full probabilities of one customer, in catalogue order. */
  probabilities(row: number): Float64Array
  readonly summary: PlanSummary
}

export interface PlanSummary {
  readonly currency: string
  /** How many customers get how far. */
  readonly funnel: {
    readonly candidates: number
    /** Something but no action is open after the masks. */
    readonly eligible: number
    /** ... and does more good than harm with the certainty asked for. */
    readonly gated: number
    /** ... and is worth its price under budget and capacity. */
    readonly allocated: number
    /** ... and is what the draw fell on (or the draw gave something where nothing was allocated). */
    readonly chosen: number
  }
  readonly actions: readonly ActionSummary[]
  /** Major units of the reporting currency, as all money here. */
  readonly plannedSpend: number
  readonly expectedValue: number
  /** No plan within these limits can be worth more. */
  readonly bound: number
  /** Expected value given up to learn from. */
  readonly explorationCost: number
  readonly budget: number | null
  /** Expected value that one more unit of budget would bring. */
  readonly budgetPrice: number
  /** Customers whose recurring amount is unknown. */
  readonly unknownAmount: number
  readonly alarms: readonly Alarm[]
}

export interface ActionSummary {
  readonly id: number
  readonly key: string
  readonly name: string
  readonly count: number
  readonly plannedSpend: number
  readonly expectedValue: number
  readonly capacity: number | null
  /** Expected value that one more place would bring. */
  readonly capacityPrice: number
  /** Customers for whom it was not open, by reason. */
  readonly masked: Readonly<Record<string, number>>
}

/**
 * A pure function, linear in rows.
 *
 * @param options.choose how the policy in charge chooses for a book; a challenger or a baseline can stand here
 * @param options.left what is left of budget and capacities; null: nothing was used yet
 * @param options.actions as they are carried out where these customers are (`carriedOut` of delivery.ts): consent and
 *   reach are asked of that channel
 * @example
 * const plan = decide(scored, loadSettings(null))
 * plan.summary.actions.map(({ name, count, plannedSpend }) => `${name}: ${count}, ${plannedSpend}`)
 */
export function decide(
  scored: ScoredBook,
  settings: Settings,
  {
    choose = allocate,
    left = null,
    actions = actionsOf(settings),
  }: { choose?: Policy['choose']; left?: Left | null; actions?: readonly Action[] } = {},
): Plan {
  const { values, trained, draws } = scored
  const { rows } = values
  const width = actions.length
  const digits = minorDigits(reportingCurrency(settings))
  const recurring = inReportingCurrency(scored.recurring, reportingRate(settings))

  const limits = { ...planLimits(settings, actions), ...left }
  const rules = {
    ...maskRules(settings, actions),
    used: usedUp(left),
    solved: solvedBy(trained, actions),
  }
  const reasons = maskActions({ ...scored.context, rows, recurring }, rules)
  const eligible = customersOpen(reasons, rows, width)
  const masked = countReasons(reasons, width)
  const customers = { hazard: scored.hazard, recurring, failedPayments: scored.context.paymentFailed }
  const priced = price(values, customers, digits, trained, pricingOf(settings, actions))
  const { gain, cost, benefit } = priced
  gate(reasons, gain, benefit, width, settings.gate.threshold)
  const gated = customersOpen(reasons, rows, width)

  const open = reasons.map((reason) => (reason === 0 ? 1 : 0))
  const book = { rows, actions: width, gain, cost, open, ...draws }
  const choices = choose(book, limits)
  const money = moneyOf(choices, gain, cost, recurring, 10 ** digits)
  const perAction = summarise(choices, money, actions, countReasons(reasons, width), 10 ** digits)
  const acted = (chosen: Uint8Array) => chosen.reduce((sum, a) => sum + (a === NO_ACTION ? 0 : 1), 0)
  const chosen = perAction.map((action) => action.count)
  return {
    rows,
    action: choices.action,
    propensity: choices.propensity,
    ...money,
    reasons,
    priced,
    probabilities: choices.probabilities,
    summary: {
      currency: reportingCurrency(settings),
      funnel: {
        candidates: rows,
        eligible,
        gated,
        allocated: acted(choices.allocated),
        chosen: rows - chosen[NO_ACTION],
      },
      actions: perAction,
      plannedSpend: choices.spend / 10 ** digits,
      expectedValue: choices.gain / 10 ** digits,
      bound: choices.bound / 10 ** digits,
      explorationCost: choices.explorationCost / 10 ** digits,
      budget: settings.budget,
      budgetPrice: choices.lambda,
      unknownAmount: recurring.reduce((sum, amount) => sum + (amount >= 0 ? 0 : 1), 0),
      alarms: planAlarms({ rows, actions, chosen, eligible, reasons: masked }, settings.alarms),
    },
  }
}

/** A limit that the settings have at 0 is masked as off before this is looked at. */
function usedUp(left: Left | null): { budget: boolean; capacity: readonly boolean[] } {
  return { budget: left?.budget === 0, capacity: left?.capacity.map((places) => places === 0) ?? [] }
}

const UNPROVEN = MASK_REASONS.indexOf('unproven')

/**
 * Shuts what is not sure enough to help, and what has no value at all: writes `unproven` over the open ones.
 *
 * @param reasons rows x actions, as `maskActions` gives them; changed in place
 * @param benefit rows x actions, P(gain > 0); null gates nothing
 */
export function gate(
  reasons: Uint8Array,
  gain: Float64Array,
  benefit: Float32Array | null,
  actions: number,
  threshold: number,
): void {
  for (let at = 0; at < reasons.length; at++) {
    if (reasons[at] !== 0 || at % actions === NO_ACTION) continue
    const sure = benefit === null || benefit[at] >= threshold
    if (!sure || !Number.isFinite(gain[at])) reasons[at] = UNPROVEN
  }
}

function customersOpen(reasons: Uint8Array, rows: number, actions: number): number {
  let count = 0
  for (let row = 0; row < rows; row++) {
    for (let a = 1; a < actions; a++) {
      if (reasons[row * actions + a] !== 0) continue
      count++
      break
    }
  }
  return count
}

function inReportingCurrency(recurring: Float64Array, rate: number): Float64Array {
  return rate === 1 ? recurring : recurring.map((amount) => amount * rate)
}

/** The chosen action's gain and cost of each customer, in major units. */
function moneyOf(
  { action }: Choices,
  gain: Float64Array,
  cost: Float64Array,
  recurring: Float64Array,
  minor: number,
): { readonly expectedValue: Float64Array; readonly plannedCost: Float64Array } {
  const rows = action.length
  const width = rows === 0 ? 0 : gain.length / rows
  const expectedValue = new Float64Array(rows)
  const plannedCost = new Float64Array(rows)
  for (let row = 0; row < rows; row++) {
    const at = row * width + action[row]
    expectedValue[row] = recurring[row] >= 0 ? gain[at] / minor : NaN
    plannedCost[row] = cost[at] / minor
  }
  return { expectedValue, plannedCost }
}

function summarise(
  choices: Choices,
  money: { readonly expectedValue: Float64Array; readonly plannedCost: Float64Array },
  actions: readonly Action[],
  reasons: Uint32Array,
  minor: number,
): ActionSummary[] {
  const count = new Uint32Array(actions.length)
  const spent = new Float64Array(actions.length)
  const worth = new Float64Array(actions.length)
  choices.action.forEach((a, row) => {
    count[a]++
    // Whole minor units, so that the sum is exact.
    spent[a] += Math.round(money.plannedCost[row] * minor)
    if (a !== NO_ACTION) worth[a] += money.expectedValue[row]
  })
  return actions.map(({ id, key, name, capacity }) => ({
    id,
    key,
    name,
    count: count[id],
    plannedSpend: spent[id] / minor,
    expectedValue: worth[id],
    capacity,
    capacityPrice: choices.capacityPrice[id] / minor,
    masked: Object.fromEntries(
      MASK_REASONS.map((reason, code) => [reason, reasons[code * actions.length + id]] as const).filter(
        ([reason, customers]) => reason !== 'open' && customers > 0,
      ),
    ),
  }))
}
