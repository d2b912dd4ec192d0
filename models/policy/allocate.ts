/**
 * Chooses for a whole book at once: one price on the budget and one on each scarce action, such that every
 * customer takes what is worth most after these prices and the limits hold exactly.
 *
 * argmax over actions of gain - lambda x cost - price of a place. lambda is found by bracketing and the
 * Illinois rule on what is really spent: the draws of exploration are known when planning, so the spend of the
 * drawn actions stays within the budget to the cent. What then is left over is handed out by gain per unit of
 * cost, equals in the order of the keyed hash.
 *
 * Since lambda depends on all draws, a customer's own draw moves it by the order of 1 / rows; the propensities
 * treat it as fixed. For the handful let in by what is left over the same holds.
 */
import { HoldfastError } from '../../src/contracts/errors.ts'
import { chooser, type Chooser } from './choose.ts'
import type { Book, Choices, Limits } from './policy.ts'
import { assigner, dualBound } from './prices.ts'
import { kthLargest } from './select.ts'

/** How often the price of the budget is tried; each time is one pass over the book. */
const TRIALS = 60
/** The search ends when no more customers than this choose differently at the two nearest prices. */
const CLOSE = 100
/** Customers looked at in one round of handing out the rest. */
const UPGRADES = 4096
const ROUNDS = 8

/**
 * A pure function, linear in rows (about 2 s for a million customers when the budget binds).
 *
 * @example
 * const { action, lambda, spend } = allocate(book, { budget: 500_000, capacity: [null, null, null, null, null, 100], exploration })
 */
export function allocate(book: Book, limits: Limits): Choices {
  const { rows, actions, gain, cost } = book
  const { budget, capacity, exploration } = limits
  const assign = assigner(book, capacity)
  const draws = chooser(book, exploration, capacity)
  const spendAt = (action: Uint8Array, lambda: number): number => {
    let spend = 0
    for (let row = 0; row < rows; row++) {
      const allocated = action[row]
      spend += cost[row * actions + draws.pick(row, allocated, lambda)]
    }
    return spend
  }

  const found = searchPrice(assign, spendAt, budget)
  const { lambda, price } = found
  const allocated = found.action
  if (budget !== null && lambda > 0) {
    const rest: Rest = {
      book,
      draws,
      lambda,
      allocated,
      left: budget - found.spend,
      free: freePlaces(book, capacity, allocated),
    }
    takeNext(rest, found.next)
    upgrade(rest)
  }

  const action = new Uint8Array(rows)
  const propensity = new Float64Array(rows)
  const support = new Float64Array(actions)
  let spend = 0
  let reached = 0
  let aimed = 0
  for (let row = 0; row < rows; row++) {
    const chosen = draws.pick(row, allocated[row], lambda)
    action[row] = chosen
    propensity[row] = draws.probabilities(row, allocated[row], lambda, support)[chosen]
    spend += cost[row * actions + chosen]
    reached += gain[row * actions + chosen]
    aimed += gain[row * actions + allocated[row]]
  }
  return {
    action,
    allocated,
    propensity,
    probabilities: (row) => draws.probabilities(row, allocated[row], lambda, new Float64Array(actions)),
    lambda,
    capacityPrice: price,
    spend,
    gain: reached,
    bound: dualBound(book, budget, capacity, lambda, price),
    explorationCost: aimed - reached,
  }
}

interface Priced {
  readonly lambda: number
  readonly action: Uint8Array
  readonly price: Float64Array
  readonly spend: number
}

/** The lowest price found whose spend is within the budget, and the assignment just below it. */
function searchPrice(
  assign: ReturnType<typeof assigner>,
  spendAt: (action: Uint8Array, lambda: number) => number,
  budget: number | null,
): Priced & { readonly next: Uint8Array } {
  const at = (lambda: number): Priced => {
    const { action, price } = assign(lambda)
    return { lambda, action, price, spend: budget === null ? 0 : spendAt(action, lambda) }
  }
  const free = at(0)
  if (budget === null || free.spend <= budget) return { ...free, next: free.action }

  let low = free
  let high = at(1)
  let trials = 0
  if (high.spend > budget) {
    // Costs are whole minor units, so a price above every gain leaves only what costs nothing.
    while (high.spend > budget) {
      if (high.lambda > 1e18)
        throw new HoldfastError('internal', 'No price keeps the plan within its budget.')
      low = high
      high = at(high.lambda * 4)
    }
  } else {
    for (let half = at(0.25); trials < TRIALS / 2; half = at(high.lambda / 4), trials++) {
      if (half.spend > budget) {
        low = half
        break
      }
      high = half
    }
  }
  let overLow = low.spend - budget
  let overHigh = high.spend - budget
  let kept: 'low' | 'high' | null = null
  for (; trials < TRIALS && differing(low.action, high.action) > CLOSE; trials++) {
    if (high.lambda - low.lambda <= 1e-12 * high.lambda) break
    const secant = (low.lambda * overHigh - high.lambda * overLow) / (overHigh - overLow)
    // Steps in the spend (many customers alike) can hold the secant back: every third trial halves.
    const halve = trials % 3 === 2 || !(secant > low.lambda && secant < high.lambda)
    const tried = at(halve ? (low.lambda + high.lambda) / 2 : secant)
    if (tried.spend > budget) {
      low = tried
      overLow = tried.spend - budget
      if (kept === 'high') overHigh /= 2
      kept = 'high'
    } else {
      high = tried
      overHigh = tried.spend - budget
      if (kept === 'low') overLow /= 2
      kept = 'low'
    }
  }
  return { ...high, next: low.action }
}

function differing(one: Uint8Array, other: Uint8Array): number {
  let count = 0
  for (let row = 0; row < one.length; row++) if (one[row] !== other[row]) count++
  return count
}

/** What is left of budget and places, and the allocation that it is added to. */
interface Rest {
  readonly book: Book
  readonly draws: Chooser
  readonly lambda: number
  readonly allocated: Uint8Array
  left: number
  /** Places left of each action; Infinity where unlimited. */
  readonly free: Float64Array
}

function freePlaces(book: Book, capacity: readonly (number | null)[], allocated: Uint8Array): Float64Array {
  const free = Float64Array.from({ length: book.actions }, (_, a) => capacity[a] ?? Infinity)
  for (let row = 0; row < book.rows; row++) free[allocated[row]]--
  return free
}

/** Gives a customer another action if budget and places allow; a full place is never given up. */
function change(rest: Rest, row: number, to: number): void {
  const { book, draws, lambda, allocated, free } = rest
  const from = allocated[row]
  if (free[from] < Infinity || free[to] < 1) return
  const base = row * book.actions
  const more = book.cost[base + draws.pick(row, to, lambda)] - book.cost[base + draws.pick(row, from, lambda)]
  if (more > rest.left) return
  allocated[row] = to
  free[to]--
  rest.left -= more
}

/** Those who are the first to change when the price falls: by gain per unit of cost, equals by the keyed hash. */
function takeNext(rest: Rest, next: Uint8Array): void {
  const { book, allocated } = rest
  const { rows, actions, gain, cost, tie } = book
  const order: number[] = []
  const ratio: number[] = []
  for (let row = 0; row < rows; row++) {
    if (next[row] === allocated[row]) continue
    const to = row * actions + next[row]
    const from = row * actions + allocated[row]
    ratio[row] = (gain[to] - gain[from]) / (cost[to] - cost[from])
    order.push(row)
  }
  order.sort((x, y) => ratio[y] - ratio[x] || tie[x] - tie[y])
  for (const row of order) change(rest, row, next[row])
}

/** Hands out what is still left to whoever gains most per unit of cost, a bounded number of times. */
function upgrade(rest: Rest): void {
  const { book, draws, lambda, allocated, free } = rest
  const { rows, actions, gain, cost, open, tie } = book
  const ratio = new Float64Array(rows)
  const scratch = new Float64Array(rows)
  const better = new Uint8Array(rows)
  for (let round = 0; round < ROUNDS && rest.left > 0; round++) {
    let count = 0
    for (let row = 0, base = 0; row < rows; row++, base += actions) {
      const from = allocated[row]
      ratio[row] = 0
      if (free[from] < Infinity || draws.pick(row, from, lambda) !== from) continue
      for (let a = 1; a < actions; a++) {
        if (open[base + a] === 0 || free[a] < 1) continue
        const more = cost[base + a] - cost[base + from]
        const worth = gain[base + a] - gain[base + from]
        if (!(worth > 0) || more > rest.left) continue
        const each = more > 0 ? worth / more : Infinity
        if (each > ratio[row] && draws.pick(row, a, lambda) === a) {
          ratio[row] = each
          better[row] = a
        }
      }
      if (ratio[row] > 0) scratch[count++] = ratio[row]
    }
    if (count === 0) return
    const least = count > UPGRADES ? kthLargest(scratch, count, UPGRADES - 1) : 0
    const order: number[] = []
    for (let row = 0; row < rows; row++) if (ratio[row] > 0 && ratio[row] >= least) order.push(row)
    order.sort((x, y) => ratio[y] - ratio[x] || tie[x] - tie[y])
    for (const row of order) change(rest, row, better[row])
  }
}
