/**
 * At a given price of the budget: who gets which action when some actions have only so many places.
 *
 * Each limited action gets a price such that as many customers want it as it has places: its places go to
 * those who gain most over their best other action, and are left empty only when nobody else gains. With one
 * limited action (the default: calls) the price is one order statistic and the assignment exact. With several
 * the prices are found by exact steps down the dual, one action at a time and all together, and the assignment
 * is repaired and improved afterwards; the dual bound tells what that leaves.
 *
 * The dual of the assignment problem: Bertsekas, Network Optimization, 1998, chapter 7.
 */
import type { Book } from './policy.ts'
import { exchange } from './exchange.ts'
import { NO_ACTION } from './policy.ts'
import { kthLargest } from './select.ts'

export interface Assignment {
  readonly action: Uint8Array
  /** Price of a place of each action, minor units; 0 for unlimited ones. */
  readonly price: Float64Array
}

/** Sweeps over the limited actions at one price of the budget, when there are several. */
const SWEEPS = 20
/** Prices that move by less than this share have settled. */
const SETTLED = 1e-6
/** Rounds of filling free places; one is enough but where places are given up for others. */
const REPAIRS = 20

/**
 * Prepares the work arrays once; the function returned assigns at a price of the budget. Each assignment is
 * fresh, none is overwritten by the next.
 *
 * @param capacity places of each action, null where unlimited, in catalogue order
 * @example
 * assigner(book, [null, null, null, null, null, 100])(0).action
 */
export function assigner(book: Book, capacity: readonly (number | null)[]): (lambda: number) => Assignment {
  const { rows, actions, gain, cost, open, tie } = book
  const limited: number[] = []
  const unlimited: number[] = []
  for (let a = 0; a < actions; a++) {
    if (a === NO_ACTION) continue
    const places = capacity[a]
    if (places === null) unlimited.push(a)
    else if (places > 0) limited.push(a)
  }
  /** Place of a limited action in `limited`, -1 for the others. */
  const slot = Int32Array.from({ length: actions }, (_, a) => limited.indexOf(a))
  const places = Int32Array.from(capacity, (c) => c ?? rows)
  const width = limited.length
  const outside = new Float64Array(rows)
  /** Worth of the limited actions at the current price of the budget, rows x limited. */
  const inside = new Float64Array(rows * width)
  const margin = new Float64Array(width === 0 ? 0 : rows)
  const scratch = new Float64Array(width === 0 ? 0 : rows)
  const price = new Float64Array(actions)

  /** The best action without a limit, of equals the cheapest, into `action`; what it is worth into `outside`. */
  function chooseUnlimited(lambda: number, action: Uint8Array): void {
    for (let row = 0, base = 0; row < rows; row++, base += actions) {
      let best = 0
      let bestAction = NO_ACTION
      let bestCost = 0
      for (let u = 0; u < unlimited.length; u++) {
        const a = unlimited[u]
        const at = base + a
        if (open[at] === 0) continue
        const value = gain[at] - lambda * cost[at]
        if (value > best || (value === best && cost[at] < bestCost)) {
          best = value
          bestAction = a
          bestCost = cost[at]
        }
      }
      outside[row] = best
      action[row] = bestAction
      for (let l = 0; l < width; l++) {
        const at = base + limited[l]
        inside[row * width + l] = open[at] === 0 ? -Infinity : gain[at] - lambda * cost[at]
      }
    }
  }

  /** What each customer gains by the l-th limited action over the best other at the current prices, into `margin`. */
  function marginsOf(l: number): void {
    for (let row = 0, base = 0; row < rows; row++, base += width) {
      const own = inside[base + l]
      let other = outside[row]
      if (own > other) {
        for (let b = 0; b < width; b++) {
          const value = inside[base + b] - price[limited[b]]
          if (b !== l && value > other) other = value
        }
      }
      margin[row] = own - other
    }
  }

  /** The price at which at most `room` of the margins above `floor` want in; `floor` when there is room. */
  function clearing(room: number, floor: number): number {
    let wanting = 0
    for (let row = 0; row < rows; row++) if (margin[row] > floor) scratch[wanting++] = margin[row]
    return wanting > room ? kthLargest(scratch, wanting, room) : floor
  }

  /** Starts from the prices of the last call: at a price of the budget nearby they are nearly right. */
  function findPrices(): Float64Array {
    const together = limited.reduce((sum, a) => sum + places[a], 0)
    for (let sweep = 0; sweep < SWEEPS; sweep++) {
      let moved = 0
      limited.forEach((a, l) => {
        marginsOf(l)
        const next = clearing(places[a], 0)
        moved = Math.max(moved, Math.abs(next - price[a]) / (1 + price[a]))
        price[a] = next
      })
      if (width === 1 || moved < SETTLED) break
      // Two actions that bid for the same customers would raise each other's price in tiny steps for ever.
      let lowest = Infinity
      for (const a of limited) lowest = Math.min(lowest, price[a])
      for (let row = 0; row < rows; row++) {
        let best = -Infinity
        for (let l = 0; l < width; l++) {
          const value = inside[row * width + l] - price[limited[l]]
          if (value > best) best = value
        }
        margin[row] = best - outside[row]
      }
      const shift = clearing(together, -lowest)
      for (const a of limited) price[a] += shift
    }
    return price.slice()
  }

  /** Moves up to `room` customers with a positive margin to a, the largest margins first, then by hash. */
  function take(a: number, room: number, action: Uint8Array): number {
    const threshold = clearing(room, 0)
    const equal: number[] = []
    let taken = 0
    for (let row = 0; row < rows; row++) {
      if (margin[row] > threshold) {
        action[row] = a
        taken++
      } else if (margin[row] === threshold && threshold > 0) equal.push(row)
    }
    equal.sort((x, y) => tie[x] - tie[y])
    for (let i = 0; i < equal.length && taken < room; i++, taken++) action[equal[i]] = a
    return taken
  }

  /** Fills places that are still free by whoever gains over what they have, until nobody does. */
  function fill(action: Uint8Array, free: Int32Array): void {
    for (let moved = 1, round = 0; moved > 0 && round < REPAIRS; round++) {
      moved = 0
      limited.forEach((a, l) => {
        if (free[a] === 0) return
        for (let row = 0; row < rows; row++) {
          const has = slot[action[row]]
          margin[row] =
            has === l
              ? -Infinity
              : inside[row * width + l] - (has < 0 ? outside[row] : inside[row * width + has])
        }
        const before = action.slice()
        const taken = take(a, free[a], action)
        if (taken === 0) return
        for (let row = 0; row < rows; row++) if (action[row] !== before[row]) free[before[row]]++
        free[a] -= taken
        moved += taken
      })
    }
  }

  return (lambda) => {
    const action = new Uint8Array(rows)
    chooseUnlimited(lambda, action)
    if (width === 0) return { action, price: new Float64Array(actions) }
    const cleared = findPrices()
    const free = Int32Array.from(places)
    // Who wants a limited action at these prices has it first; several only where one price set clears all.
    limited.forEach((a, l) => {
      marginsOf(l)
      for (let row = 0; row < rows; row++) {
        if (!(margin[row] > price[a]) || slot[action[row]] >= 0) margin[row] = -Infinity
      }
      free[a] -= take(a, free[a], action)
    })
    fill(action, free)
    if (width > 1) {
      const worth = (row: number, a: number): number => {
        if (a === NO_ACTION) return 0
        const at = row * actions + a
        return open[at] === 0 ? -Infinity : gain[at] - lambda * cost[at]
      }
      exchange(action, { rows, actions, worth, free, tie })
    }
    return { action, price: cleared }
  }
}

/**
 * What no assignment within budget and capacities can exceed: the Lagrangian dual at these prices, in minor
 * units. The smaller its distance to what was reached, the closer the plan is to the optimum.
 */
export function dualBound(
  book: Book,
  budget: number | null,
  capacity: readonly (number | null)[],
  lambda: number,
  price: Float64Array,
): number {
  const { rows, actions, gain, cost, open } = book
  let bound = budget === null ? 0 : lambda * budget
  for (let a = 1; a < actions; a++) bound += price[a] * (capacity[a] ?? 0)
  for (let row = 0, base = 0; row < rows; row++, base += actions) {
    let best = 0
    for (let a = 1; a < actions; a++) {
      if (open[base + a] === 0 || capacity[a] === 0) continue
      best = Math.max(best, gain[base + a] - lambda * cost[base + a] - price[a])
    }
    bound += best
  }
  return bound
}
