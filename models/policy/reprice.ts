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
import type { ActionCost } from '../../src/contracts/actions.ts'
import { expectedMonths } from './costs.ts'
import { benefitOf, type EffectPrior } from './gate.ts'
import type { ActionValues } from './policy.ts'

export interface Pricing {
  /** Gross margin, share of the recurring amount. */
  readonly margin: number
  /** In catalogue order. */
  readonly costs: readonly ActionCost[]
}

/** What a policy was trained with: its pricing, and what its world believed. */
export interface Training extends Pricing {
  /** Discount a month. */
  readonly gamma: number
  /** Prior of each action's relative effect on the hazard, in catalogue order; null: nothing is gated. */
  readonly priors: readonly EffectPrior[] | null
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
 * Gains over doing nothing and planned costs in minor units, rows x actions. The gain counts what an action is
 * expected to cost, as long as the customer stays; the planned cost is the liability over the whole duration.
 *
 * @param hazard monthly, as the served state has it; one a row
 * @param recurring a month, major units of the reporting currency; NaN gives gain NaN and cost 0
 * @param digits decimals of the reporting currency
 * @example
 * const { gain, cost, benefit } = price(values, hazard, recurring, 2, trained, wanted)
 */
export function price(
  values: ActionValues,
  hazard: ArrayLike<number>,
  recurring: Float64Array | Float32Array,
  digits: number,
  trained: Training,
  wanted: Pricing,
): Priced {
  const { rows, actions, value } = values
  const minor = 10 ** digits
  const margin = wanted.margin / trained.margin
  const gain = new Float64Array(rows * actions)
  const cost = new Float64Array(rows * actions)
  const { priors, gamma } = trained
  const benefit = priors === null ? null : new Float32Array(rows * actions)
  for (let a = 1; a < actions; a++) {
    const then = trained.costs[a]
    const now = wanted.costs[a]
    for (let row = 0; row < rows; row++) {
      const at = row * actions + a
      const amount = recurring[row] * minor
      if (!(amount >= 0)) {
        gain[at] = NaN
        continue
      }
      const monthsThen = expectedMonths(then.durationMonths, hazard[row], gamma)
      const monthsNow =
        now.durationMonths === then.durationMonths
          ? monthsThen
          : expectedMonths(now.durationMonths, hazard[row], gamma)
      const net = (value[at] - value[row * actions]) * amount
      const paidThen = then.fixedMinor + then.share * monthsThen * amount
      const paidNow = now.fixedMinor + now.share * monthsNow * amount
      gain[at] = (net + paidThen) * margin * (monthsNow / monthsThen) - paidNow
      if (benefit !== null && priors !== null) benefit[at] = benefitOf(gain[at], paidNow, priors[a])
      cost[at] = Math.round(now.fixedMinor + now.share * now.durationMonths * amount)
    }
  }
  return { gain, cost, benefit }
}
