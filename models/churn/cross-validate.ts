/**
 * The choice among candidates and numbers of rounds by cross-validation, nested at no extra training: what
 * judges a fold was chosen by the curves of the other folds, so the out-of-fold figures stay honest.
 */
import { sumOf } from './statistics.ts'

/** Held-out log-loss of one candidate: by fold, after each round (models without rounds have one). */
export type Curves = readonly Float64Array[]

export interface Choice {
  /** Index among the candidates. */
  readonly candidate: number
  /** Number of rounds, from 1. */
  readonly rounds: number
  /** Mean log-loss over the folds that decided. */
  readonly loss: number
}

/**
 * The simplest candidate that is within one standard error of the best (Breiman et al. 1984), each at its own
 * best number of rounds. The error is that of the paired difference between folds: folds differ far more among
 * themselves than candidates do.
 *
 * @param candidates simplest first
 * @param sizes weight of each fold
 * @param without a fold that must not take part in the choice
 * @example
 * chooseCandidate([curvesOfSmallTrees, curvesOfLargeTrees], [1409, 1409, 1408], 0)
 */
export function chooseCandidate(
  candidates: readonly Curves[],
  sizes: readonly number[],
  without = -1,
): Choice {
  const folds = sizes.flatMap((size, fold) => (fold === without || size === 0 ? [] : [fold]))
  const best = candidates.map((curves, candidate) => bestRounds(curves, sizes, folds, candidate))
  const winner = best.reduce((a, b) => (b.loss < a.loss ? b : a))
  for (const choice of best) {
    if (choice.candidate === winner.candidate) break
    const mean = choice.loss - winner.loss
    let squares = 0
    for (const fold of folds) {
      const difference =
        candidates[choice.candidate][fold][choice.rounds - 1] -
        candidates[winner.candidate][fold][winner.rounds - 1]
      squares += (difference - mean) ** 2
    }
    const error = Math.sqrt(squares / Math.max(1, folds.length - 1) / folds.length)
    if (mean <= error) return choice
  }
  return winner
}

function bestRounds(
  curves: Curves,
  sizes: readonly number[],
  folds: readonly number[],
  candidate: number,
): Choice {
  const mean = averaged(curves, sizes, folds)
  let rounds = 1
  for (let round = 1; round < mean.length; round++) if (mean[round] < mean[rounds - 1]) rounds = round + 1
  return { candidate, rounds, loss: mean[rounds - 1] }
}

function averaged(curves: Curves, sizes: readonly number[], folds: readonly number[]): Float64Array {
  const total = sumOf(folds.map((fold) => sizes[fold]))
  const mean = new Float64Array(curves[folds[0]].length)
  for (const fold of folds) {
    const share = sizes[fold] / total
    for (let round = 0; round < mean.length; round++) mean[round] += share * curves[fold][round]
  }
  return mean
}
