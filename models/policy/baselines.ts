/**
 * What a policy must beat: never acting, always the same, acting on risk alone, and looking one step ahead.
 * Each says what it wishes for every customer of the same book; what is not open is not done, and budget and
 * capacities are then kept by whoever goes first by the keyed hash.
 */
import { type Book, type Limits, NO_ACTION } from './policy.ts'

/** What a baseline wishes: an action a customer. */
export type Wishes = Uint8Array

export function never(book: Book): Wishes {
  return new Uint8Array(book.rows)
}

/**
 * The same action for everybody to whom it is open.
 *
 * @example
 * evaluateWishes(book, limits, always(book, 5)).gain // what the reference's policy would be worth here
 */
export function always(book: Book, action: number): Wishes {
  const wishes = new Uint8Array(book.rows)
  for (let row = 0; row < book.rows; row++) wishes[row] = ifOpen(book, row, action)
  return wishes
}

export interface RiskRule {
  /** Risk from which the action is taken, 0 to 1. */
  readonly from: number
  readonly action: number
}

/**
 * The rule that most teams use: the higher the risk, the dearer the action.
 *
 * @param risk churn probability of each customer
 * @param rules in any order; the highest threshold that is reached counts, and of what it asks for nothing
 *   cheaper is done where that is not open
 * @example
 * riskThreshold(book, risk, [{ from: 0.7, action: 5 }, { from: 0.4, action: 3 }])
 */
export function riskThreshold(book: Book, risk: ArrayLike<number>, rules: readonly RiskRule[]): Wishes {
  const wishes = new Uint8Array(book.rows)
  const steepest = rules.toSorted((a, b) => b.from - a.from)
  for (let row = 0; row < book.rows; row++) {
    const rule = steepest.find(({ from }) => risk[row] >= from)
    if (rule !== undefined) wishes[row] = ifOpen(book, row, rule.action)
  }
  return wishes
}

/**
 * Looks one step ahead: churn avoided this month x what a customer who stays is worth, less the cost. It knows
 * nothing of fatigue, of habit, and of customers whom contact drives away.
 *
 * @param monthlyRisk chance to leave this month, one a customer
 * @param effect relative reduction of that chance by each action, in catalogue order
 * @param worth of a customer who stays, minor units, one a customer
 */
export function oneStep(
  book: Book,
  monthlyRisk: ArrayLike<number>,
  effect: ArrayLike<number>,
  worth: ArrayLike<number>,
): Wishes {
  const { rows, actions, cost } = book
  const wishes = new Uint8Array(rows)
  for (let row = 0; row < rows; row++) {
    let best = 0
    for (let a = 1; a < actions; a++) {
      const value = monthlyRisk[row] * effect[a] * worth[row] - cost[row * actions + a]
      if (value > best && ifOpen(book, row, a) === a) {
        best = value
        wishes[row] = a
      }
    }
  }
  return wishes
}

/** What wishes come to within the limits, by the same gains and costs as the policy. */
export function evaluateWishes(
  book: Book,
  limits: Pick<Limits, 'budget' | 'capacity'>,
  wishes: Wishes,
): { readonly action: Uint8Array; readonly gain: number; readonly spend: number } {
  const { rows, actions, tie, gain, cost } = book
  const order = Uint32Array.from({ length: rows }, (_, row) => row).sort((x, y) => tie[x] - tie[y])
  const free = limits.capacity.map((places) => places ?? Infinity)
  const action = new Uint8Array(rows)
  let left = limits.budget ?? Infinity
  let gained = 0
  let spend = 0
  for (const row of order) {
    const wish = wishes[row]
    const at = row * actions + wish
    if (wish === NO_ACTION || free[wish] < 1 || cost[at] > left) continue
    free[wish]--
    left -= cost[at]
    spend += cost[at]
    gained += gain[at]
    action[row] = wish
  }
  return { action, gain: gained, spend }
}

function ifOpen(book: Book, row: number, action: number): number {
  return book.open[row * book.actions + action] === 1 ? action : NO_ACTION
}
