/**
 * From what a model says to a monthly hazard, the chance that a customer who is here today leaves within the
 * month. It is what money and policy are reckoned with.
 *
 * Limits, which whoever shows a hazard should know:
 * - A snapshot score says who looks like those who had left by some day; it has no horizon. The conversion
 *   keeps its ranking and odds ratios and takes the level from events over exposure. It assumes that what
 *   multiplies the odds of having left multiplies the odds of leaving next month by the same factor. Features
 *   that grow with time in the stock, tenure above all, are then counted as effects on the hazard.
 * - A horizon score is spread evenly over its days: contracts that end on a date do not.
 * - 12-month figures hold the hazard constant. Among customers who differ, those who stay are the safer ones,
 *   so the year's total for a group is lower than the sum of its parts suggests.
 */
import { HoldfastError } from '../../src/contracts/errors.ts'
import { logit, sigmoid } from './statistics.ts'

/** Days in a mean month: 365.25 / 12. */
export const DAYS_PER_MONTH = 30.4375

/**
 * Monthly hazard of a snapshot probability by proportional odds:
 * odds(hazard) = odds(p) / odds(baseRate) x odds(monthlyRate). A customer of average risk gets the average
 * monthly rate.
 *
 * @param p snapshot probability, 0 to 1; NaN stays NaN
 * @param population share in the snapshot that had churned; churn events over customer-months
 * @throws HoldfastError `usage` when a rate is not between 0 and 1
 * @example
 * snapshotToMonthlyHazard(0.265, { baseRate: 0.265, monthlyRate: 0.0082 }) // 0.0082
 */
export function snapshotToMonthlyHazard(
  p: number,
  population: { readonly baseRate: number; readonly monthlyRate: number },
): number {
  requireRate(population.baseRate, 'The base rate')
  requireRate(population.monthlyRate, 'The monthly churn rate')
  return sigmoid(logit(p) - logit(population.baseRate) + logit(population.monthlyRate))
}

/**
 * Monthly hazard of a probability within so many days, under a constant hazard: 1 - (1 - p)^(month / days).
 *
 * @example
 * horizonToMonthlyHazard(0.1, 90) // 0.0350
 */
export function horizonToMonthlyHazard(p: number, days: number): number {
  if (!(days > 0)) throw new HoldfastError('usage', `A horizon must be more than 0 days, not ${days}.`)
  return -Math.expm1((DAYS_PER_MONTH / days) * Math.log1p(-p))
}

/**
 * Probability of leaving within so many months under a constant hazard.
 *
 * @example
 * hazardToProbability(0.0082) // 0.0941 within 12 months
 */
export function hazardToProbability(monthlyHazard: number, months = 12): number {
  return -Math.expm1(months * Math.log1p(-monthlyHazard))
}

/**
 * Churn events over customer-months of exposure, the maximum-likelihood constant hazard: tenure is how long
 * each customer was (or has been) here, so a stock becomes a rate. A customer in the first month counts half a
 * month; missing tenures are left out with their labels.
 *
 * @param tenureMonths 0 or more, NaN missing
 * @returns null when no tenure is known or nobody churned, so that a rate is never made up
 * @example
 * monthlyRateFromExposure(new Uint8Array([1, 0]), new Float32Array([10, 40])) // 0.02
 */
export function monthlyRateFromExposure(labels: Uint8Array, tenureMonths: ArrayLike<number>): number | null {
  let events = 0
  let months = 0
  for (let row = 0; row < labels.length; row++) {
    const tenure = tenureMonths[row]
    if (!(tenure >= 0)) continue
    events += labels[row]
    months += Math.max(tenure, 0.5)
  }
  return events > 0 && events < months ? events / months : null
}

function requireRate(rate: number, name: string): void {
  if (rate > 0 && rate < 1) return
  throw new HoldfastError('usage', `${name} must lie between 0 and 1, not ${rate}.`)
}
