/**
 * The served state: what the policy network is fed with, in the product as in training. Nine inputs of the
 * reference, the months to the notice date, and a flag for each that can be missing: 19 numbers in [0, 1].
 *
 * What is unknown is 0 with its flag at 1, never a guess. Every value is clipped to the range that training
 * covers, so that no customer, however large the contract, leaves it.
 */

/** Raised whenever the meaning of an input changes; networks of another version are refused. */
export const STATE_VERSION = 1

/** Inputs that can be missing; the flag of the i-th is input `VALUES + i`. */
const optional = [
  'contract',
  'product_tier',
  'tenure',
  'monthly_charge',
  'earlier_interventions',
  'days_since_contact',
  'response_rate',
  'engagement',
  'notice_nearness',
] as const

/** Names of the inputs in their order. */
export const STATE_NAMES: readonly string[] = [
  'churn_log_odds_12_months',
  ...optional,
  ...optional.map((name) => `${name}_missing`),
]

export const STATE_SIZE = STATE_NAMES.length

/** Positions of the inputs in a row. */
export const INPUT = {
  churn: 0,
  contract: 1,
  tier: 2,
  tenure: 3,
  charge: 4,
  interventions: 5,
  days: 6,
  response: 7,
  engagement: 8,
  notice: 9,
} as const

const VALUES = 10

/** Log-odds of .999. */
const LIMIT = Math.log(999)

/** What is known of a customer; NaN is unknown. */
export interface StateValues {
  /**
   * Chance to leave in a month, 0 to 1, always known. Whatever the churn model's own horizon, its score is
   * converted to this one. The state holds the probability within 12 months, 1 - (1 - hazard)^12, on the scale
   * of log-odds: 0 is .001, 1 is .999. What acting gains turns on factors, and most customers lie under .1.
   */
  readonly monthlyHazard: number
  /** Months that the customer is bound for: 1 for month-to-month, 12, 24. */
  readonly contractMonths: number
  /** Rank of the product tier or internet service, 0 (basic) to 1 (top). */
  readonly tier: number
  readonly tenureMonths: number
  /** Monthly recurring amount in major units of the reporting currency. */
  readonly monthlyCharge: number
  /** Interventions in the last 12 months. */
  readonly interventions: number
  /** Days since the last contact; any number >= 90 (also Infinity) when there was none. */
  readonly daysSinceContact: number
  /** Share of contacts that were answered, 0 to 1. */
  readonly responseRate: number
  /** Engagement score, 0 to 100. */
  readonly engagement: number
  /**
   * Months to the next date by which notice must be given; 0 for month-to-month. The state holds
   * 1 / (1 + months).
   */
  readonly monthsToNotice: number
}

/** Chance to leave within 12 months at a constant monthly hazard. */
export function annualProbability(monthlyHazard: number): number {
  return 1 - (1 - monthlyHazard) ** 12
}

/** The probability within 12 months that a state's first input stands for. */
export function probabilityOfState(states: Float32Array, row: number): number {
  return 1 / (1 + Math.exp(LIMIT * (1 - 2 * states[row * STATE_SIZE])))
}

/** The monthly hazard that a state's first input stands for. */
export function hazardOfState(states: Float32Array, row: number): number {
  return 1 - (1 - probabilityOfState(states, row)) ** (1 / 12)
}

/**
 * Writes one customer's state.
 *
 * @param out rows x STATE_SIZE, row-major
 * @example
 * const state = new Float32Array(STATE_SIZE)
 * writeState(state, 0, { ...unknownState, monthlyHazard: 0.02, tenureMonths: 5 })
 */
export function writeState(out: Float32Array, row: number, values: StateValues): void {
  const at = row * STATE_SIZE
  const probability = annualProbability(values.monthlyHazard)
  out[at] = clip(0.5 + Math.log(probability / (1 - probability)) / (2 * LIMIT), 0, 1)
  put(out, at, INPUT.contract, values.contractMonths / 24)
  put(out, at, INPUT.tier, values.tier)
  put(out, at, INPUT.tenure, values.tenureMonths / 72)
  put(out, at, INPUT.charge, values.monthlyCharge / 120)
  put(out, at, INPUT.interventions, values.interventions / 5)
  put(out, at, INPUT.days, values.daysSinceContact / 90)
  put(out, at, INPUT.response, values.responseRate)
  put(out, at, INPUT.engagement, values.engagement / 100)
  // Nearness: what happens in the month of the notice must not lie within a hair of the month before.
  put(out, at, INPUT.notice, 1 / (1 + Math.max(0, values.monthsToNotice)))
}

/** A customer of whom nothing but the churn score is known (which must be filled in). */
export const unknownState: StateValues = {
  monthlyHazard: NaN,
  contractMonths: NaN,
  tier: NaN,
  tenureMonths: NaN,
  monthlyCharge: NaN,
  interventions: NaN,
  daysSinceContact: NaN,
  responseRate: NaN,
  engagement: NaN,
  monthsToNotice: NaN,
}

function put(out: Float32Array, at: number, input: number, value: number): void {
  const missing = value !== value
  out[at + input] = missing ? 0 : clip(value, 0, 1)
  out[at + VALUES + input - 1] = missing ? 1 : 0
}

function clip(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value
}
