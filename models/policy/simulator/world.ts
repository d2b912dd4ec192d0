/**
 * The simulator as tables: customers x histories, what a month of each costs and risks. Small enough for
 * exact dynamic programming, and the same tables serve the learner and the evaluation.
 *
 * Costs and effects run for the same months. An action in force costs its share in every month that the
 * customer stays and lowers the hazard of that month; it ends by chance after `durationMonths` on average.
 * Charging a year for an effect of a month would make every action look bad, charging a month against years
 * of revenue is what made the reference policy call everybody. So the expected cost of an offer is weighted
 * by survival, while the plan's liability (`plannedCost`) stays the full duration.
 */
import type { Assumptions } from './assumptions.ts'
import { customerChain, termMonths } from './customer.ts'
import type { Customer, CustomerChain } from './customer.ts'
import { historyChain } from './history.ts'
import type { History, HistoryChain } from './history.ts'

export interface World {
  readonly assumptions: Assumptions
  readonly actions: number
  readonly chain: CustomerChain
  readonly history: HistoryChain
  /** Chance to leave at the end of the month: `hazard[customer * histories + history]`. */
  readonly hazard: Float64Array
  /** Margin less cost of the month, in monthly amounts, by history. */
  readonly reward: Float64Array
  /** Paid at once when an action is taken, in monthly amounts. */
  readonly fixed: Float64Array
  /** Mean monthly hazard over the term, without fatigue, contact and actions, as a churn model would know it. */
  readonly meanHazard: Float64Array
}

/**
 * @example
 * const world = buildWorld(defaultAssumptions)
 * solve(world).values[0] // value of the first customer, in monthly amounts
 */
export function buildWorld(assumptions: Assumptions): World {
  const chain = customerChain(assumptions)
  const history = historyChain(assumptions)
  const calibration = meanOdds(assumptions)
  const width = history.histories.length
  const hazard = new Float64Array(chain.customers.length * width)
  const meanHazard = Float64Array.from(chain.customers, (customer) =>
    averageHazard(customer, assumptions, calibration, 1),
  )
  chain.customers.forEach((customer, i) => {
    history.histories.forEach((past, j) => {
      hazard[i * width + j] = hazardOf(customer, past, assumptions, calibration)
    })
  })
  return {
    assumptions,
    actions: assumptions.actions.length,
    chain,
    history,
    hazard,
    reward: Float64Array.from(
      history.histories,
      (past) => assumptions.economics.margin - assumptions.actions[past.inForce].share,
    ),
    fixed: Float64Array.from(assumptions.actions, (action) => action.fixedMonths),
    meanHazard,
  }
}

/** Mean monthly hazard with the odds multiplied by `odds`. */
function averageHazard(
  customer: Customer,
  assumptions: Assumptions,
  calibration: number,
  odds: number,
): number {
  const { hazard, engagement, shock, risk } = assumptions
  const base =
    customer.contract === 'month_to_month'
      ? hazard.monthToMonth[customer.tenure]
      : customer.contract === 'year'
        ? hazard.year
        : hazard.twoYear
  const ratio =
    ((base / (1 - base)) *
      engagement.odds[customer.engagement] *
      risk.odds[customer.risk] *
      (customer.shock ? shock.odds : 1) *
      odds) /
    calibration
  return ratio / (1 + ratio)
}

function hazardOf(customer: Customer, past: History, assumptions: Assumptions, calibration: number): number {
  const { fatigue, sleepingDogs, habit, renewal } = assumptions
  const action = assumptions.actions[past.inForce]
  const contacted = past.months === 0
  const dog = customer.tenure === 2 && customer.engagement === 0 && !customer.shock
  const odds = Math.exp(fatigue.perLevel * past.fatigue) * (dog && contacted ? sleepingDogs.odds : 1)
  const mean = averageHazard(customer, assumptions, calibration, odds)

  const term = termMonths(customer.contract)
  const notice = term > 1 && customer.monthsToNotice === 0
  // The hazard of a whole term comes together in the month of the notice; the survival over it is the same.
  const months = term === 1 ? 1 : notice ? renewal.atNotice * term : 1 - renewal.atNotice
  const natural = 1 - (1 - mean) ** months

  const late = notice && past.months < action.noticeLag
  const worth = action.discount ? habit.worth[Math.max(1, past.habit) - 1] : 1
  const effect = late ? 0 : action.effectMean * worth * (dog ? sleepingDogs.effect : 1)
  return Math.min(1, Math.max(0, natural * (1 - effect)))
}

/**
 * The measured hazards are means over customers who differ in risk, engagement and shock; dividing the odds
 * by the mean multiplier keeps those means.
 */
function meanOdds(assumptions: Assumptions): number {
  const { risk, engagement, shock } = assumptions
  const mean = (values: readonly number[], shares: readonly number[]): number =>
    values.reduce((sum, value, i) => sum + value * shares[i], 0)
  const shocked = shock.onset / (shock.onset + shock.end)
  return (
    mean(risk.odds, risk.shares) *
    mean(engagement.odds, [1 / 3, 1 / 3, 1 / 3]) *
    (1 + shocked * (shock.odds - 1))
  )
}
