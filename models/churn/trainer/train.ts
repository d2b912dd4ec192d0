/**
 * Gradient boosting of trees on histograms (Friedman 2001; histograms, leaf-wise growth as in LightGBM, Ke et
 * al. 2017, and XGBoost's `tree_method=hist`), for the logistic loss. Runs in this process, with no native
 * code and no Python, so that customers can train on their own history inside the product.
 */
import type { TreeEnsemble } from '../trees.ts'
import { boost } from './boost.ts'

export interface TrainingData {
  /** Row-major, rows x width; NaN is missing. */
  readonly design: Float32Array
  readonly rows: number
  readonly width: number
  /** 0 or 1 a row. */
  readonly labels: Uint8Array
  /** Finite, not negative; a row of weight 2 counts as two rows, a row of weight 0 not at all. */
  readonly weights?: Float32Array
  /** By design column: 1 the margin may only rise with the value, -1 only fall, 0 either. */
  readonly monotone?: Int8Array
}

export interface TrainOptions {
  /** Trees. */
  readonly rounds: number
  /** Most leaves a tree may have. */
  readonly leaves: number
  readonly learningRate: number
  /** Least sum of hessians of a leaf. */
  readonly minChildWeight: number
  /** L2 penalty on leaf weights. */
  readonly lambda: number
  /** Least gain of a split; default 0. */
  readonly gamma?: number
  /** Default 0: no limit but `leaves`. */
  readonly maxDepth?: number
  /** Share of the rows that each tree grows on, drawn anew for each. */
  readonly subsample: number
  /** Share of the columns that each tree may use, drawn anew for each. */
  readonly columnSample: number
  /** 2 to 255. */
  readonly maxBins: number
  readonly seed: number
  /** Stop once the loss on the rows held out is so many rounds past its best, and clearly worse; default: never. */
  readonly patience?: number
  /** The trees are the same whatever this is. */
  readonly threads: number
}

/** Chosen on Telco by cross-validation: small trees, a low rate and sampling matter more than anything else. */
export const defaultTrainOptions: TrainOptions = {
  rounds: 200,
  leaves: 8,
  learningRate: 0.03,
  minChildWeight: 1,
  lambda: 1,
  subsample: 0.8,
  columnSample: 0.5,
  maxBins: 255,
  seed: 42,
  threads: 1,
}

/**
 * @param onRound called after each tree with how many there are; the event loop turns between trees
 * @throws HoldfastError `target_one_class` when all rows of positive weight have the same label, `usage` for
 *   options out of range or data beyond 4 GiB
 * @example
 * const trees = await trainTrees({ design, rows, width, labels }, { ...defaultTrainOptions, threads: 2 })
 */
export async function trainTrees(
  data: TrainingData,
  options: TrainOptions,
  onRound?: (round: number) => void,
): Promise<TreeEnsemble> {
  const { ensemble } = await boost(data, null, options, onRound)
  return ensemble
}
