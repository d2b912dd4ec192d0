/**
 * The benefit gate: how sure it is that acting does more good than harm, given how little is known about
 * what actions do. A policy that is best for one guess of the effects loses when the guess is wrong.
 *
 * The gain of an action is nearly linear in its effect e: gain(e) = e x stake - cost. With the prior
 * e ~ N(mean, sd) and the network's net gain at the mean, P(gain > 0) has a closed form:
 * stake = (net + cost) / mean, so P = Phi((mean - cost / stake) / sd) = Phi(net / (net + cost) x mean / sd).
 * Harm by contact (fatigue, sleeping dogs) is in `net` and counts as cost. An action that cost nothing would
 * have P = Phi(mean / sd): .84 for an e-mail, .98 for 20 % off.
 */
import type { ActionCost } from '../../src/contracts/actions.ts'
import { expectedMonths } from './costs.ts'
import { STATE_SIZE, hazardOfState } from './state.ts'

/** Prior of an action's relative effect on the hazard. */
export interface EffectPrior {
  readonly mean: number
  readonly sd: number
}

/** Act only where benefit is at least so likely, unless the settings say otherwise. */
export const DEFAULT_BENEFIT_GATE = 0.6

/**
 * P(gain > 0) of each action, rows x actions; 1 for no action, 0 where the net gain at the mean is not above 0.
 *
 * @param values rows x actions, at the costs given
 * @param recurring monthly amount of each row in major units, for fixed costs
 * @example
 * probabilityOfBenefit(values, states, recurring, costs, priors, { gamma: 0.99 })
 */
export function probabilityOfBenefit(
  values: Float32Array,
  states: Float32Array,
  recurring: ArrayLike<number>,
  costs: readonly ActionCost[],
  priors: readonly EffectPrior[],
  economics: { readonly gamma: number },
): Float32Array {
  const actions = costs.length
  const rows = states.length / STATE_SIZE
  const out = new Float32Array(rows * actions)
  for (let row = 0; row < rows; row++) {
    const hazard = hazardOfState(states, row)
    out[row * actions] = 1
    for (let a = 1; a < actions; a++) {
      const net = values[row * actions + a] - values[row * actions]
      const { share, durationMonths, fixedMinor } = costs[a]
      const fixed = recurring[row] > 0 ? fixedMinor / 100 / recurring[row] : 0
      const cost = share * expectedMonths(durationMonths, hazard, economics.gamma) + fixed
      out[row * actions + a] = benefitOf(net, cost, priors[a])
    }
  }
  return out
}

/**
 * P(gain > 0) of one action, from its net expected gain and its expected cost in the same unit.
 *
 * @example
 * benefitOf(1, 1, { mean: 0.04, sd: 0.04 }) // 0.69: half of what it brings is spent on it
 */
export function benefitOf(net: number, cost: number, { mean, sd }: EffectPrior): number {
  return net > 0 ? normalCdf(((net / (net + cost)) * mean) / sd) : 0
}

/** Standard normal distribution function, within 1e-7 (Abramowitz & Stegun 26.2.17). */
export function normalCdf(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x))
  const tail =
    0.3989422804014327 *
    Math.exp((-x * x) / 2) *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return x > 0 ? 1 - tail : tail
}
