/**
 * Solving a policy for a catalogue: seeds are tried in their order until one reaches the bars, so that the same
 * assumptions give the same bytes on every machine.
 */
import type { PolicyContents } from '../onnx/bundle-contents.ts'
import { policyProblems } from './bars.ts'
import { policyContents } from './contents.ts'
import type { LearnerOptions } from './learner.ts'
import type { Assumptions } from './simulator/assumptions.ts'
import { trainPolicy, type PolicyFigures } from './train.ts'

export interface SolveRequest {
  readonly assumptions: Assumptions
  /** Of the bundle. */
  readonly version: string
  /** One after the other, until one is good enough. */
  readonly seeds: readonly number[]
  /** What differs from the standard learner, such as fewer rounds in a test. */
  readonly learner?: Partial<Omit<LearnerOptions, 'seed'>>
}

export interface SolvedPolicy {
  /** Of the last seed that was tried. */
  readonly contents: PolicyContents
  readonly figures: PolicyFigures
  readonly seed: number
  /** Why it may not take over; none when it may. */
  readonly problems: readonly string[]
}

/**
 * Minutes of a core: run it in a thread of its own (solve-thread.ts).
 *
 * @example
 * solvePolicy({ assumptions: defaultAssumptions, version: '1.0.0', seeds: [1] }).problems // []
 */
export function solvePolicy({ assumptions, version, seeds, learner }: SolveRequest): SolvedPolicy {
  let solved: SolvedPolicy | null = null
  for (const seed of seeds) {
    const trained = trainPolicy({ assumptions, learner: { ...learner, seed } })
    const { figures } = trained
    solved = { contents: policyContents(trained, version), figures, seed, problems: policyProblems(figures) }
    if (solved.problems.length === 0) return solved
  }
  if (solved === null) throw new RangeError('A policy is solved with at least one seed.')
  return solved
}
