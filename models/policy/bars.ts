/**
 * What a solved policy has to reach in the simulator before it may take over. On a complete book the shipped one reaches
 * 91 to 92 % of the exact gain (docs/policy.md), and with one and two actions more, much cheaper for what they do, 82 and
 * 88 % were measured; on a bare book 73 to 76, 59 and 47 %, since the more there is to tell apart, the more of it such a
 * file hides. The bars leave room for that and for the luck of a seed, and none for a network that learned nothing.
 */
import type { PolicyFigures } from './train.ts'

/** Least share of the exact gain, by what the book knows. */
export const LEAST_SHARE = { complete: 0.7, bare: 0.25 } as const

/** A gain below this, in months of the recurring amount, is none: where nothing pays, doing nothing is no failure. */
const NOTHING = 0.001

/** Bound on the error of the exact solution that shares are taken of. */
const EXACT = 1e-4

/**
 * What is wrong with a policy, in sentences for the admin; none when it may take over.
 *
 * @example
 * policyProblems(trainPolicy().figures) // []
 */
export function policyProblems(figures: PolicyFigures): readonly string[] {
  const { fullStateGain, errorBound, gain, gatedGain, gatedGainEffectsHalved } = figures
  const problems: string[] = []
  if (!(errorBound <= EXACT)) problems.push('The simulated world could not be solved exactly.')
  for (const book of ['complete', 'bare'] as const) {
    const least = LEAST_SHARE[book] * fullStateGain
    if (!(gain[book] >= least - NOTHING))
      problems.push(
        `On a book that is ${book} it gains ${months(gain[book])} of the ${months(fullStateGain)} months that are possible, and has to gain ${months(least)}.`,
      )
  }
  if (!(gatedGain >= -NOTHING))
    problems.push(`Behind the benefit gate it loses ${months(-gatedGain)} months.`)
  if (!(gatedGainEffectsHalved >= -NOTHING))
    problems.push(
      `Behind the benefit gate it loses ${months(-gatedGainEffectsHalved)} months where all effects are half as large.`,
    )
  return problems
}

function months(value: number): string {
  return value.toFixed(4)
}
