/**
 * What an action costs a customer in months of the recurring amount, as far as the served state tells, and
 * values moved to another catalogue's costs without training again.
 */
import type { ActionCost } from '../../src/contracts/actions.ts'
import { STATE_SIZE, hazardOfState } from './state.ts'

/**
 * Discounted months that an action is expected to be in force: it ends by chance after `durationMonths` on
 * average, and with the customer. Always below `durationMonths`, the plan's full liability.
 */
export function expectedMonths(durationMonths: number, monthlyHazard: number, gamma: number): number {
  const stays = gamma * (1 - monthlyHazard) * (1 - 1 / Math.max(1, durationMonths))
  return 1 / (1 - stays)
}

/**
 * Values for an admin's costs and durations, to first order: costs are exchanged, and an effect that lasts
 * longer or shorter is scaled with the months that it is expected to last. What is left out is the second
 * order: that a dearer action will also be taken less often later. Measured against dynamic programming solved again
 * (test/models/policy/costs.test.ts); train again when costs change for good.
 *
 * @param values rows x actions, as the network gives them
 * @param recurring monthly recurring amount of each row in major units, for fixed costs; NaN counts as none known and leaves them out
 * @param trained costs that the network was trained with, in catalogue order
 * @param wanted costs to value at
 * @returns new values, rows x actions
 * @example
 * adjustForCosts(values, states, recurring, trained, catalogue.map((action) => action.cost), { gamma: 0.99 })
 */
export function adjustForCosts(
  values: Float32Array,
  states: Float32Array,
  recurring: ArrayLike<number>,
  trained: readonly ActionCost[],
  wanted: readonly ActionCost[],
  economics: { readonly gamma: number },
): Float32Array {
  const actions = trained.length
  const rows = states.length / STATE_SIZE
  const out = values.slice()
  const changed = trained.map(
    (cost, a) =>
      cost.share !== wanted[a].share ||
      cost.durationMonths !== wanted[a].durationMonths ||
      cost.fixedMinor !== wanted[a].fixedMinor,
  )
  if (!changed.includes(true)) return out
  for (let row = 0; row < rows; row++) {
    const hazard = hazardOfState(states, row)
    const base = values[row * actions]
    for (let a = 1; a < actions; a++) {
      if (!changed[a]) continue
      const from = trained[a]
      const to = wanted[a]
      const monthsBefore = expectedMonths(from.durationMonths, hazard, economics.gamma)
      const monthsAfter = expectedMonths(to.durationMonths, hazard, economics.gamma)
      const gross =
        values[row * actions + a] - base + from.share * monthsBefore + fixedMonths(from, recurring[row])
      const scaled = (gross * monthsAfter) / monthsBefore
      out[row * actions + a] = base + scaled - to.share * monthsAfter - fixedMonths(to, recurring[row])
    }
  }
  return out
}

function fixedMonths(cost: ActionCost, recurring: number): number {
  return recurring > 0 ? cost.fixedMinor / 100 / recurring : 0
}
