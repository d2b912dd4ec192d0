/**
 * Action values under other costs or another margin than the policy was trained with, to first order: acting
 * now is charged the new costs, what is done in later months stays as it was. Since a plan is made anew each
 * period, only the later acts of the same customer are off, and those weigh little; a policy trained with the
 * new costs is the exact answer.
 */
import type { ActionCost } from '../../src/contracts/actions.ts'
import type { ActionValues } from './policy.ts'

export interface Pricing {
  /** Gross margin, share of the recurring amount. */
  readonly margin: number
  /** In catalogue order. */
  readonly costs: readonly ActionCost[]
}

/**
 * Gains over doing nothing and planned costs in minor units, rows x actions: gain = (net margin gained + cost
 * then) x margin now / margin then - cost now.
 *
 * @param recurring a month, major units of the reporting currency; NaN gives gain NaN and cost 0
 * @param digits decimals of the reporting currency
 * @example
 * const { gain, cost } = price(values, recurring, 2, trained, wanted)
 */
export function price(
  values: ActionValues,
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
    const monthsThen = then.share * then.durationMonths
    const monthsNow = now.share * now.durationMonths
    for (let row = 0; row < rows; row++) {
      const at = row * actions + a
      const amount = recurring[row] * minor
      if (!(amount >= 0)) {
        gain[at] = NaN
        continue
      }
      const net = (value[at] - value[row * actions]) * amount
      const paidThen = then.fixedMinor + monthsThen * amount
      const exact = now.fixedMinor + monthsNow * amount
      gain[at] = (net + paidThen) * margin - exact
      cost[at] = Math.round(exact)
    }
  }
  return { gain, cost }
}
