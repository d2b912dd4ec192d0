/**
 * Cross-validation of the trainer: an ensemble for each fold that never saw the fold's rows, nor took its
 * cuts from them, and the held-out loss after each tree, from which the number of trees is chosen.
 */
import type { TreeEnsemble } from '../trees.ts'
import { margins } from '../trees.ts'
import type { Boosted } from './boost.ts'
import { boost } from './boost.ts'
import type { TrainingData, TrainOptions } from './train.ts'

export interface FoldEnsembles {
  /** By fold: trained on the rows of the other folds. */
  readonly ensembles: TreeEnsemble[]
  /** By fold, after each round: weighted mean log-loss over the fold's own rows. */
  readonly heldOutLogLoss: Float64Array[]
  /** Margin of every row by the first `round` trees of the ensemble that did not see it. */
  heldOutMargins(round: number): Float64Array
}

/**
 * @param foldOf by row, below `foldCount`
 * @param onRound called with the number of trees grown so far in all folds, of foldCount x options.rounds
 * @throws HoldfastError as {@link trainTrees} does
 * @example
 * const { heldOutLogLoss } = await trainFolds(data, stratifiedFolds(labels, 5, 42), 5, defaultTrainOptions)
 */
export async function trainFolds(
  data: TrainingData,
  foldOf: Uint8Array,
  foldCount: number,
  options: TrainOptions,
  onRound?: (trees: number) => void,
): Promise<FoldEnsembles> {
  const boosted: Boosted[] = []
  for (let fold = 0; fold < foldCount; fold++) {
    const before = fold * options.rounds
    boosted.push(await boost(data, rowsIn(foldOf, fold), options, (round) => onRound?.(before + round)))
  }
  const ensembles = boosted.map(({ ensemble }) => ensemble)
  return {
    ensembles,
    heldOutLogLoss: boosted.map(({ heldOutLogLoss }) => heldOutLogLoss),
    heldOutMargins: (round) => heldOutMargins(data, foldOf, ensembles, round),
  }
}

const rowsIn = (foldOf: Uint8Array, fold: number): Uint8Array =>
  foldOf.map((ofRow) => (ofRow === fold ? 1 : 0))

function heldOutMargins(
  { design, rows, width }: TrainingData,
  foldOf: Uint8Array,
  ensembles: readonly TreeEnsemble[],
  round: number,
): Float64Array {
  const out = new Float64Array(rows)
  for (const [fold, ensemble] of ensembles.entries()) {
    const own = Int32Array.from(foldOf.keys()).filter((row) => foldOf[row] === fold)
    const part = new Float32Array(own.length * width)
    for (const [i, row] of own.entries()) part.set(design.subarray(row * width, (row + 1) * width), i * width)
    const first = { ...ensemble, trees: ensemble.trees.slice(0, round) }
    const margin = margins(first, part, own.length)
    for (const [i, row] of own.entries()) out[row] = margin[i]
  }
  return out
}
