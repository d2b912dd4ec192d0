/**
 * Stochastic choice: what the prices point to with most of the probability, and a little for cheap actions
 * beside it, so that the next policy can learn from what this one did.
 *
 * Probabilities are computed after masks, gate and allocation:
 * - An action is explored only where it is open, may be explored, has neither a capacity nor a person's time
 *   in it, and is at the current price of the budget at least as good as doing nothing. So the worst that exploring does to a customer is what
 *   never acting would have done, and a scarce budget is not spent on it.
 * - `share` is split evenly over the best of these, over as few as keeps each at the floor or above.
 * - A support holds at most one discount: whoever is allocated one explores no other.
 * - Where an action with a capacity is allocated, or one that takes a person's time (a call), it is taken with probability 1: its places stay full.
 *
 * What that costs: nobody else has any probability of a call, so the log alone can never tell what calls do;
 * off-policy evaluation refuses there (propensity 0 on one side) and the holdout has to answer. The same goes
 * for actions that the gate refuses.
 */
import type { Book, Exploration } from './policy.ts'
import { NO_ACTION } from './policy.ts'

export interface Chooser {
  /** The action that the customer's draw lands on, given what is allocated and the price of the budget. */
  pick(row: number, allocated: number, lambda: number): number
  /** Probabilities of all actions into `out`; they sum to 1. */
  probabilities(row: number, allocated: number, lambda: number, out: Float64Array): Float64Array
}

/**
 * @param capacity null where an action is unlimited, in catalogue order
 * @example
 * chooser(book, exploration, capacity).pick(0, 1, 0) // 1, or an explored action if the draw of row 0 is small
 */
export function chooser(book: Book, exploration: Exploration, capacity: readonly (number | null)[]): Chooser {
  const { actions, gain, cost, open, uniform } = book
  const { share, floor, explorable, certain, discount } = exploration
  const most = share > 0 ? Math.min(actions - 1, Math.floor(share / floor + 1e-9)) : 0
  const explored = Int32Array.from({ length: actions }, (_, a) =>
    explorable[a] === 1 && certain[a] === 0 && capacity[a] === null ? 1 : 0,
  )
  const alone = Int32Array.from({ length: actions }, (_, a) =>
    certain[a] === 1 || capacity[a] !== null ? 1 : 0,
  )
  const support = new Int32Array(actions)
  const worth = new Float64Array(actions)

  /** Fills `support` with the explored actions in catalogue order, and says how many they are. */
  function explore(row: number, allocated: number, lambda: number): number {
    if (most === 0 || alone[allocated] === 1) return 0
    let count = 0
    let discounts = discount[allocated]
    while (count < most) {
      let best = -1
      for (let a = 0; a < actions; a++) {
        if (a === allocated || explored[a] === 0 || (discount[a] === 1 && discounts > 0)) continue
        if (a !== NO_ACTION && open[row * actions + a] === 0) continue
        let taken = false
        for (let s = 0; s < count; s++) taken ||= support[s] === a
        if (taken) continue
        const at = row * actions + a
        worth[a] = a === NO_ACTION ? 0 : gain[at] - lambda * cost[at]
        if (worth[a] >= 0 && (best < 0 || worth[a] > worth[best])) best = a
      }
      if (best < 0) break
      discounts += discount[best]
      let place = count++
      while (place > 0 && support[place - 1] > best) support[place] = support[--place]
      support[place] = best
    }
    return count
  }

  return {
    pick: (row, allocated, lambda) => {
      if (uniform[row] >= share) return allocated
      const count = explore(row, allocated, lambda)
      return count === 0
        ? allocated
        : support[Math.min(count - 1, Math.floor((uniform[row] / share) * count))]
    },
    probabilities: (row, allocated, lambda, out) => {
      out.fill(0)
      const count = explore(row, allocated, lambda)
      for (let s = 0; s < count; s++) out[support[s]] = share / count
      out[allocated] = count === 0 ? 1 : 1 - share
      return out
    },
  }
}
