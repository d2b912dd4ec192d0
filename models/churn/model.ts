/**
 * A churn model as data: what is trained, explained, exported to ONNX and kept in a bundle.
 *
 * probability = calibrate(margin(design(frame))), where `design` widens the customer's columns: a number is
 * one column, a category of k values is k columns of 0 and 1 (one column when k is 2: is it the second?),
 * a missing or unknown category is NaN in all of its columns.
 */
import type { TreeEnsemble } from './trees.ts'

/**
 * Logistic regression over the design: margin = intercept + sum of
 * weight x (clamp(x, min, max) - center) / scale, a missing value adding nothing.
 */
export interface LogisticModel {
  readonly intercept: number
  readonly weight: Float64Array
  readonly center: Float64Array
  readonly scale: Float64Array
  readonly min: Float64Array
  readonly max: Float64Array
}

/** Margin to probability, monotone. */
export type Calibrator =
  | { readonly kind: 'identity' }
  /** sigmoid(slope x margin + offset), Platt 1999. */
  | { readonly kind: 'platt'; readonly slope: number; readonly offset: number }
  /** Linear between the knots (margin, probability), flat outside; knots strictly ascending in margin. */
  | { readonly kind: 'isotonic'; readonly margin: readonly number[]; readonly probability: readonly number[] }

export type ChurnModel =
  | { readonly kind: 'trees'; readonly trees: TreeEnsemble; readonly calibrator: Calibrator }
  | { readonly kind: 'logistic'; readonly logistic: LogisticModel; readonly calibrator: Calibrator }

/** What a probability means: churned at some time before the snapshot, or within a number of days. */
export type ScoreMeaning = { readonly kind: 'snapshot' } | { readonly kind: 'horizon'; readonly days: number }
