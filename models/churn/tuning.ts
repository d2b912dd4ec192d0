/** How much is tried, and on how many rows: what bounds the time of a fit. */
import type { TrainOptions } from './trainer/train.ts'
import { defaultTrainOptions } from './trainer/train.ts'

/** Rounds past the best one after which a fold whose loss has clearly risen is given up: larger trees get there early. */
export const PATIENCE = 40

/** What may differ between candidates; the rest is the trainer's default. */
export type TreeCandidate = Partial<Omit<TrainOptions, 'seed' | 'threads' | 'patience'>> &
  Pick<TrainOptions, 'rounds' | 'leaves' | 'learningRate'>

/** Rows to tune on: at most this many, and at most so many cells of the design. */
const MOST_ROWS = 200_000
const MOST_CELLS = 2_000_000
/** But enough to tell candidates apart, as long as that is at most three times as many cells. */
const LEAST_ROWS = 10_000
const LEAST_CHURNED = 1_000

/**
 * Number of rows that candidates and rounds are chosen on; all of them up to 2 million cells.
 *
 * @example
 * tuningRows(1_000_000, 40, 100_000) // 50000
 */
export function tuningRows(rows: number, width: number, churned: number): number {
  const cells = MOST_CELLS / Math.max(1, width)
  const enough = Math.max(LEAST_ROWS, (LEAST_CHURNED * rows) / Math.max(1, churned))
  return Math.ceil(Math.min(rows, MOST_ROWS, Math.max(cells, Math.min(enough, 3 * cells))))
}

/**
 * Candidates for so many rows, simplest first; a later one is tried only if the one before it helped. Small trees at a low rate win on small and noisy data; larger
 * trees need rows to pay. `rounds` is a ceiling: the number itself is chosen by cross-validation.
 */
export function treeCandidates(rows: number): readonly TreeCandidate[] {
  if (rows < 3_000) {
    return [
      { leaves: 2, learningRate: 0.06, rounds: 300, minChildWeight: 3, lambda: 5 },
      { leaves: 4, learningRate: 0.04, rounds: 300, minChildWeight: 3, lambda: 5 },
      { leaves: 10, learningRate: 0.04, rounds: 300, minChildWeight: 3, lambda: 5 },
      { leaves: 24, learningRate: 0.05, rounds: 300, minChildWeight: 3, lambda: 5 },
    ]
  }
  if (rows < 40_000) {
    return [
      { leaves: 3, learningRate: 0.05, rounds: 400, minChildWeight: 3, lambda: 3 },
      { leaves: 8, learningRate: 0.03, rounds: 400, minChildWeight: 3, lambda: 3 },
      { leaves: 24, learningRate: 0.05, rounds: 300, minChildWeight: 3, lambda: 3 },
      { leaves: 63, learningRate: 0.06, rounds: 250, minChildWeight: 3, lambda: 3 },
    ]
  }
  return [
    { leaves: 8, learningRate: 0.1, rounds: 250, minChildWeight: 5, lambda: 3 },
    { leaves: 31, learningRate: 0.1, rounds: 250, minChildWeight: 5, lambda: 3 },
    { leaves: 95, learningRate: 0.1, rounds: 200, minChildWeight: 5, lambda: 3 },
  ]
}

/**
 * The same candidate learning twice as fast, for when even the last round still helped. Raising the rate
 * reaches further in the same time than adding rounds does.
 */
export function faster(candidate: TreeCandidate): TreeCandidate {
  return { ...candidate, learningRate: Math.min(0.3, candidate.learningRate * 2) }
}

export function trainOptions(candidate: TreeCandidate, seed: number, threads: number): TrainOptions {
  return { ...defaultTrainOptions, ...candidate, seed, threads }
}

/** Multiplications of one Newton step from which only two priors are tried: seconds each, in every fold. */
const HEAVY = 5e8

/**
 * Prior standard deviations to try for the logistic baseline, widest (nearest to plain maximum likelihood)
 * last. The narrowest leaves little but the churn rate: what is right for noise. With hundreds of rows a column
 * nothing in between matters.
 */
export function logisticSpreads(rows: number, width: number): readonly number[] {
  if (rows > 200 * width) return [0.03, 1]
  return rows * width * width > HEAVY ? [0.03, 0.3] : [0.03, 0.1, 0.3, 1]
}
