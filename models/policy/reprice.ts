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
import type { ActionValues } from './policy.ts'

export interface Pricing {
  /** Gross margin, share of the recurring amount. */
  readonly margin: number
  /** In catalogue order. */
  readonly costs: readonly ActionCost[]
}

/** Discount a month of the simulator and of every value: 12 % a year. */
export const GAMMA = 0.99

/**
 * Expected, discounted months that an action is in force and the customer still there; 1 for a single month.
 *
 * @example
 * monthsInForce(0.02, 12) // 9.08
 */
export function monthsInForce(monthlyHazard: number, durationMonths: number, gamma = GAMMA): number {
  return 1 / (1 - gamma * (1 - monthlyHazard) * (1 - 1 / Math.max(1, durationMonths)))
}

/**
 * Gains over doing nothing and planned costs in minor units, rows x actions. The gain counts what an action is
 * expected to cost, as long as the customer stays; the planned cost is the liability over the whole duration.
 *
 * @param hazard monthly, as the served state has it; one a row
 * @param recurring a month, major units of the reporting currency; NaN gives gain NaN and cost 0
 * @param digits decimals of the reporting currency
 * @example
 * const { gain, cost } = price(values, hazard, recurring, 2, trained, wanted)
 */
export function price(
  values: ActionValues,
  hazard: ArrayLike<number>,
  recurring: Float64Array | Float32Array,
  digits: number,
  trained: Pricing,
  wanted: Pricing,
): { readonly gain: Float64Array; readonly cost: Float64Array } {
  const { rows, actions, value } = values
  const minor = 10 ** digits
  const margin = wanted.margin / trained.margin
  const gain = new Float64Array(rows * actions)
  const cost = new Float64Array(rows * actions)
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
      const monthsThen = monthsInForce(hazard[row], then.durationMonths)
      const monthsNow =
        now.durationMonths === then.durationMonths
          ? monthsThen
          : monthsInForce(hazard[row], now.durationMonths)
      const net = (value[at] - value[row * actions]) * amount
      const paidThen = then.fixedMinor + then.share * monthsThen * amount
      const paidNow = now.fixedMinor + now.share * monthsNow * amount
      gain[at] = (net + paidThen) * margin * (monthsNow / monthsThen) - paidNow
      cost[at] = Math.round(now.fixedMinor + now.share * now.durationMonths * amount)
    }
  }
  return { gain, cost }
}
