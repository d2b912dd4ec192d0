/**
 * What a solved policy has to reach in the simulator before it may take over. The shipped one reaches 91 to 92 % of the
 * exact gain on a complete book and 73 to 76 % on a bare one (docs/policy.md); the bars leave room for the luck of a
 * seed and for catalogues that are harder to tell apart, and none for a network that learned nothing.
 */
import type { PolicyFigures } from './train.ts'

/** Least share of the exact gain, by what the book knows. */
export const LEAST_SHARE = { complete: 0.75, bare: 0.5 } as const

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
