/**
 * Action values under other costs, durations or another margin than the policy was trained with, to first
 * order: acting now is priced anew, what is done in later months stays as it was. Since a plan is made anew each
 * period only the customer's later acts are off, and those weigh little; a policy trained with the new costs is
 * the exact answer.
 *
 * As in the simulator (simulator/world.ts), an action in force costs its share in each month that the customer
 * stays and lowers the hazard of those same months; it ends by chance after `durationMonths` on average. At a
 * constant monthly hazard h the expected, discounted number of months that it runs is
 *
 *   M(h, D) = 1 / (1 - gamma (1 - h) (1 - 1 / D)),
 *
 * so what it costs is share x M, and what it keeps grows and shrinks with M too. A shorter offer is therefore
 * not only cheaper: it also does less. (Charging one month against years of effect is what makes a policy give
 * everybody the deepest discount.)
 */
import type { Action, ActionCost } from '../../src/contracts/actions.ts'
import { expectedMonths } from './costs.ts'
import { benefitOf, type EffectPrior } from './gate.ts'
import { defaultInvoluntary, paymentGain, type InvoluntaryChurn } from './involuntary.ts'
import { NO_ACTION, type ActionValues } from './policy.ts'

/** What a policy was trained with: its pricing, and what its world believed. */
export interface Training {
  /** Keys of the actions that it knows, in the order of its values. */
  readonly actions: readonly string[]
  /** Gross margin, share of the recurring amount. */
  readonly margin: number
  /** One an action. */
  readonly costs: readonly ActionCost[]
  /** Discount a month. */
  readonly gamma: number
  /** Prior of each action's relative effect on the hazard; null: nothing is gated. */
  readonly priors: readonly EffectPrior[] | null
}

/** What is wanted: a catalogue, which may hold actions that the policy does not know. */
export interface Pricing {
  /** Gross margin, share of the recurring amount. */
  readonly margin: number
  /** The order of what comes out. */
  readonly actions: readonly Pick<Action, 'key' | 'cost' | 'remedy'>[]
  /** What is believed of failed payments; the shipped assumptions by default. */
  readonly involuntary?: InvoluntaryChurn
}

/** Customers, one value each. */
export interface PricedCustomers {
  /** Chance to leave in a month, as the served state has it. */
  readonly hazard: ArrayLike<number>
  /** A month, major units of the reporting currency; NaN gives gain NaN and cost 0. */
  readonly recurring: Float64Array | Float32Array
  /** How many of the last payments failed; NaN, or absent, is unknown. */
  readonly failedPayments?: ArrayLike<number> | undefined
}

export interface Priced {
  /** Net expected gain over doing nothing, minor units, rows x actions; NaN where the amount is unknown. */
  readonly gain: Float64Array
  /** Planned cost, whole minor units: the liability over the whole duration. */
  readonly cost: Float64Array
  /** P(gain > 0) under the priors, rows x actions (models/policy/gate.ts); null without priors. */
  readonly benefit: Float32Array | null
}

/**
 * Whether each action of a catalogue has a value: the policy knows it, or it is the remedy of a failed
 * payment, which is valued apart (involuntary.ts). The others have none until the policy was solved with them.
 *
 * @example
 * solvedBy(trained, actions) // false for an action that was added a minute ago
 */
export function solvedBy(trained: Pick<Training, 'actions'>, actions: Pricing['actions']): boolean[] {
  return actions.map(({ key, remedy }) => remedy === 'payment' || trained.actions.includes(key))
}

/** What is believed of each action of a catalogue, for the log; null where nothing is yet. */
export function beliefsOf(trained: Training, { actions, involuntary }: Pricing): (EffectPrior | null)[] {
  return actions.map(({ key, remedy }) =>
    remedy === 'payment'
      ? (involuntary ?? defaultInvoluntary).effect
      : (trained.priors?.[trained.actions.indexOf(key)] ?? null),
  )
}

/**
 * Gains over doing nothing and planned costs in minor units, rows x actions of the catalogue. The gain counts what an
 * action is expected to cost, as long as the customer stays; the planned cost is the liability over the whole
 * duration. An action without a value has gain NaN and benefit 0.
 *
 * @param digits decimals of the reporting currency
 * @example
 * const { gain, cost, benefit } = price(values, { hazard, recurring }, 2, trained, { margin: 0.6, actions })
 */
export function price(
  values: ActionValues,
  { hazard, recurring, failedPayments }: PricedCustomers,
  digits: number,
  trained: Training,
  wanted: Pricing,
): Priced {
  const { rows, actions: known, value } = values
  const { margin, actions, involuntary = defaultInvoluntary } = wanted
  const width = actions.length
  const minor = 10 ** digits
  const gain = new Float64Array(rows * width)
  const cost = new Float64Array(rows * width)
  const { priors, gamma } = trained
  const benefit = priors === null ? null : new Float32Array(rows * width)
  actions.forEach(({ key, cost: now, remedy }, a) => {
    if (a === NO_ACTION) return
    const column = trained.actions.indexOf(key)
    const then = column === -1 ? now : trained.costs[column]
    const prior = remedy === 'payment' ? involuntary.effect : (priors?.[column] ?? null)
    for (let row = 0; row < rows; row++) {
      const at = row * width + a
      const amount = recurring[row] * minor
      if (!(amount >= 0)) {
        gain[at] = NaN
        continue
      }
      const monthsNow = expectedMonths(now.durationMonths, hazard[row], gamma)
      const paidNow = now.fixedMinor + now.share * monthsNow * amount
      if (remedy === 'payment') {
        const failed = failedPayments?.[row] ?? NaN
        gain[at] = paymentGain(failed, hazard[row], involuntary, { margin, gamma }) * amount - paidNow
      } else if (column === -1) {
        gain[at] = NaN
      } else {
        const monthsThen =
          now.durationMonths === then.durationMonths
            ? monthsNow
            : expectedMonths(then.durationMonths, hazard[row], gamma)
        const net = (value[row * known + column] - value[row * known]) * amount
        const paidThen = then.fixedMinor + then.share * monthsThen * amount
        gain[at] = (net + paidThen) * (margin / trained.margin) * (monthsNow / monthsThen) - paidNow
      }
      if (benefit !== null && prior !== null && gain[at] === gain[at])
        benefit[at] = benefitOf(gain[at], paidNow, prior)
      cost[at] = Math.round(now.fixedMinor + now.share * now.durationMonths * amount)
    }
  })
  return { gain, cost, benefit }
}
