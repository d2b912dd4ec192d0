/**
 * The reference's own retention simulator, from its published rules and in our own words (Aura-Sentinel,
 * https://github.com/JullMol/aura-sentinel, apps/brain-rl/generate_models.py, commit a7c3f0c): one step, a
 * made-up context, and a reward that sets an action's cost for some months against 36 months of revenue. It is
 * kept to show what that choice of months does: charged for one month, the dearest action wins for nearly
 * everybody; charged for a year, the best policy is mixed; for three years, always calling is worse than doing
 * nothing. No decision is made with it.
 */
import type { Random } from '../random.ts'

/** Columns of the rewards: the six reference actions in catalogue order. */
export const REFERENCE_ACTIONS = 6

/** Chance that an action keeps a customer who would leave, before the context changes it. */
const success = [0, 0.1, 0.15, 0.3, 0.5, 0.7]
/** Cost as a share of the monthly charge. */
const share = [0, 0.01, 0.02, 0.1, 0.2, 0.35]
/** Months of revenue that a customer who stays is worth. */
const REVENUE_MONTHS = 36

/**
 * What the reward reads of the context, one entry a customer. (The original also draws the days since the last
 * contact; they are in its state and change nothing.)
 */
export interface ReferenceContext {
  /** Earlier interventions, 0 to 5. */
  readonly interventions: ArrayLike<number>
  /** Share of contacts answered, 0 to 1. */
  readonly responseRate: ArrayLike<number>
  /** 0 to 100. */
  readonly engagement: ArrayLike<number>
}

export interface ReferenceCustomers extends ReferenceContext {
  /** Probability of churning, 0 to 1. */
  readonly churn: ArrayLike<number>
  /** Monthly charge, in any unit: rewards come in the same. */
  readonly charge: ArrayLike<number>
}

/** What policies come to in that simulator. */
export interface ReferenceTable {
  /** Customers for whom each action is best; of equals the cheaper. */
  readonly counts: readonly number[]
  /** Mean reward a customer when each gets the best action. */
  readonly optimal: number
  /** Mean reward a customer when all get the same action; `always[0]` is never acting. */
  readonly always: readonly number[]
}

/**
 * Expected reward of every action for every customer, over whether the customer would churn and whether the
 * action then works:
 *
 *     charge x (36 (1 - p (1 - s)) - share x months - annoyance)
 *
 * where s, the success, is .1 higher for a response rate above .5, .1 higher for an engagement above 70, .15
 * lower after three interventions, and within 0..1; annoyance is .1 after three interventions plus .05 for a
 * response rate below .2, once, however long the cost is charged. No action has neither.
 *
 * @param costMonths months that an action's share is charged for: 1 in the original
 * @returns rows x 6, row-major
 * @example
 * const context = { interventions: [0], responseRate: [0.3], engagement: [50] }
 * referenceRewards({ churn: [0], charge: [50], ...context }, 1)[0] // 1800
 */
export function referenceRewards(customers: ReferenceCustomers, costMonths: number): Float64Array {
  const { churn, charge, interventions, responseRate, engagement } = customers
  const rewards = new Float64Array(churn.length * REFERENCE_ACTIONS)
  for (let row = 0, at = 0; row < churn.length; row++) {
    const tired = interventions[row] >= 3
    const fit = (responseRate[row] > 0.5 ? 0.1 : 0) + (engagement[row] > 70 ? 0.1 : 0) - (tired ? 0.15 : 0)
    const annoyance = (tired ? 0.1 : 0) + (responseRate[row] < 0.2 ? 0.05 : 0)
    rewards[at++] = charge[row] * REVENUE_MONTHS * (1 - churn[row])
    for (let action = 1; action < REFERENCE_ACTIONS; action++) {
      const saves = Math.min(1, Math.max(0, success[action] + fit))
      const kept = 1 - churn[row] * (1 - saves)
      rewards[at++] = charge[row] * (REVENUE_MONTHS * kept - share[action] * costMonths - annoyance)
    }
  }
  return rewards
}

/**
 * What the best policy of that simulator does with a whole book, and what every constant policy earns.
 *
 * @example
 * referenceTable(customers, 12).counts[5] // customers to be called when offers last a year
 */
export function referenceTable(customers: ReferenceCustomers, costMonths: number): ReferenceTable {
  const rewards = referenceRewards(customers, costMonths)
  const rows = rewards.length / REFERENCE_ACTIONS
  const counts = success.map(() => 0)
  const always = success.map(() => 0)
  let optimal = 0
  for (let row = 0; row < rows; row++) {
    const own = rewards.subarray(row * REFERENCE_ACTIONS, (row + 1) * REFERENCE_ACTIONS)
    let best = 0
    for (let action = 0; action < REFERENCE_ACTIONS; action++) {
      always[action] += own[action] / rows
      if (own[action] > own[best]) best = action
    }
    counts[best]++
    optimal += own[best] / rows
  }
  return { counts, optimal, always }
}

/**
 * The context as the original makes it up: Poisson(1.5) up to 5 interventions, response rate Beta(2, 5),
 * engagement N(50, 20) within 0..100, all independent of the customer.
 *
 * @example
 * const customers = { churn, charge, ...drawReferenceContext(churn.length, random(1)) }
 */
export function drawReferenceContext(rows: number, chance: Random): ReferenceContext {
  const interventions = new Uint8Array(rows)
  const responseRate = new Float64Array(rows)
  const engagement = new Float64Array(rows)
  for (let row = 0; row < rows; row++) {
    interventions[row] = Math.min(5, poisson(1.5, chance))
    responseRate[row] = beta(2, 5, chance)
    engagement[row] = Math.min(100, Math.max(0, 50 + 20 * chance.normal()))
  }
  return { interventions, responseRate, engagement }
}

/** Knuth's method (The Art of Computer Programming, 3.4.1), fine for a small mean. */
function poisson(mean: number, chance: Random): number {
  const limit = Math.exp(-mean)
  let count = 0
  for (let product = chance.next(); product > limit; product *= chance.next()) count++
  return count
}

/** Beta of whole parameters: the a-th smallest of a + b - 1 uniforms. */
function beta(a: number, b: number, chance: Random): number {
  const uniforms = Array.from({ length: a + b - 1 }, () => chance.next()).sort((x, y) => x - y)
  return uniforms[a - 1]
}
