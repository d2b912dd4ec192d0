/**
 * Involuntary churn: customers who are lost because a payment failed (a card that expired, a mandate that was
 * cancelled), not because they wish to leave. What the churn model foresees and the simulator holds is voluntary churn;
 * the two are kept apart, so that a failed payment leads to a new payment method and not to a discount.
 *
 * The loss is near and happens at most once, so there is nothing to plan ahead and the value of asking has a closed
 * form. A customer with a failed payment is lost to it with chance `leaves` if nobody asks; asking prevents the share e
 * of those losses. Who is kept is worth margin in each month that follows, discounted and as long as they do not leave
 * of their own accord, at a constant monthly hazard h:
 *
 *   gain = e x leaves x margin x gamma (1 - h) / (1 - gamma (1 - h)) - cost, in monthly amounts.
 *
 * Each number is an assumption of its own version, and a setting.
 */
import type { EffectPrior } from './gate.ts'

export interface InvoluntaryChurn {
  /** Chance that a failed payment loses the customer when nothing is done. */
  readonly leaves: number
  /** Prior of the share of those losses that asking to update the payment prevents. */
  readonly effect: EffectPrior & { readonly source: string }
}

export const defaultInvoluntary: InvoluntaryChurn & { readonly version: string; readonly source: string } = {
  version: '2026-11-1',
  leaves: 0.2,
  source: 'assumption: four of five failed payments succeed when the bank is asked again',
  effect: { mean: 0.25, sd: 0.12, source: 'assumption' },
}

/**
 * What a customer who is kept now is worth from the next month on, in monthly amounts.
 *
 * @param monthlyHazard of voluntary churn, 0 to 1
 * @param economics gamma discounts a month
 * @example
 * worthOfStaying(0.02, { margin: 0.6, gamma: 0.99 }) // 19.5
 */
export function worthOfStaying(
  monthlyHazard: number,
  { margin, gamma }: { readonly margin: number; readonly gamma: number },
): number {
  const stays = gamma * (1 - monthlyHazard)
  return (margin * stays) / (1 - stays)
}

/**
 * What asking is expected to bring before its cost, in monthly amounts; 0 for who has no failed payment, or is not
 * known to have one.
 *
 * @param failedPayments how many of the last payments failed; NaN unknown
 */
export function paymentGain(
  failedPayments: number,
  monthlyHazard: number,
  { leaves, effect }: InvoluntaryChurn,
  economics: { readonly margin: number; readonly gamma: number },
): number {
  return failedPayments > 0 ? effect.mean * leaves * worthOfStaying(monthlyHazard, economics) : 0
}
