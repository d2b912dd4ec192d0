/**
 * Below so many customers nobody should trust trees: the floor, what is missing to reach it, and the logistic
 * model with priors that is fitted instead.
 */
import { HoldfastError } from '../../src/contracts/errors.ts'
import { fitLogistic, logisticMargins, type LogisticData, type LogisticOptions } from './logistic.ts'
import type { LogisticModel } from './model.ts'
import { sigmoid } from './statistics.ts'

/** The least that trees are trained on (as Pendo asks for). */
export const FLOOR = { churned: 200, kept: 500 } as const

export interface FloorGap {
  readonly churned: number
  readonly kept: number
  readonly needChurned: number
  readonly needKept: number
  /** How many more of each it takes; 0 when there are enough. */
  readonly missingChurned: number
  readonly missingKept: number
  readonly sentence: string
}

/**
 * @returns null when there are enough of both
 * @example
 * floorOf(labels)?.missingChurned // 137
 */
export function floorOf(labels: Uint8Array): FloorGap | null {
  const churned = labels.reduce((sum, label) => sum + label, 0)
  const kept = labels.length - churned
  const missingChurned = Math.max(0, FLOOR.churned - churned)
  const missingKept = Math.max(0, FLOOR.kept - kept)
  if (missingChurned === 0 && missingKept === 0) return null
  const missing = [
    missingChurned > 0 ? `${missingChurned} more who churned` : '',
    missingKept > 0 ? `${missingKept} more who stayed` : '',
  ].filter((part) => part !== '')
  return {
    churned,
    kept,
    needChurned: FLOOR.churned,
    needKept: FLOOR.kept,
    missingChurned,
    missingKept,
    sentence: `There are ${churned} customers who churned and ${kept} who stayed; training in earnest needs ${FLOOR.churned} and ${FLOOR.kept}. Until there are ${missing.join(' and ')}, a cautious logistic model is used.`,
  }
}

/** Standardised effects beyond 1 (an odds ratio of 2.7 a standard deviation) are rare: weakly informative. */
const WEAK_SD = 0.5

/**
 * Logistic regression with priors: the ones stated, or N(0, .5) on each standardised column, and an intercept
 * from the stated churn rate or, more loosely, the observed one. Works with no churned customer at all if a
 * rate is stated. No calibrator: there is too little to fit one on.
 *
 * @param foldOf fold of each row; the out-of-fold probabilities come from fits without the fold
 * @throws HoldfastError `target_one_class` when only one class is present and no rate is stated
 * @example
 * fitBelowFloor(data, foldOf, 5, { priors, churnRate: { rate: 0.08 }, reference })
 */
export function fitBelowFloor(
  data: LogisticData,
  foldOf: Uint8Array,
  folds: number,
  beliefs: LogisticOptions = {},
): { logistic: LogisticModel; outOfFold: Float64Array } {
  const churned = data.labels.reduce((sum, label) => sum + label, 0)
  if (beliefs.churnRate === undefined && (churned === 0 || churned === data.rows)) {
    throw new HoldfastError(
      'target_one_class',
      `All ${data.rows} customers have ${churned > 0 ? 'churned' : 'been kept'}, so nothing tells the two apart. Add customers of the other kind, or state the usual churn rate.`,
    )
  }
  const options: LogisticOptions = {
    sd: WEAK_SD,
    // Loose enough (a factor of e^2.5 in odds) to leave the level to the data, but finite without any churned.
    churnRate: { rate: (churned + 0.5) / (data.rows + 1), sd: 2.5 },
    ...beliefs,
  }
  const outOfFold = new Float64Array(data.rows)
  for (let fold = 0; fold < folds; fold++) {
    const others = rowsOf(data, (row) => foldOf[row] !== fold)
    const own = rowsOf(data, (row) => foldOf[row] === fold)
    const margins = logisticMargins(fitLogistic(others, options), own.design, own.rows)
    for (let row = 0, next = 0; row < data.rows; row++) {
      if (foldOf[row] === fold) outOfFold[row] = sigmoid(margins[next++])
    }
  }
  return { logistic: fitLogistic(data, options), outOfFold }
}

/** The part of the data whose rows are wanted, in order. */
export function rowsOf<D extends LogisticData>(data: D, wanted: (row: number) => boolean): LogisticData {
  const { design, width, labels, weights, monotone } = data
  const rows: number[] = []
  for (let row = 0; row < data.rows; row++) if (wanted(row)) rows.push(row)
  const part = new Float32Array(rows.length * width)
  for (let i = 0; i < rows.length; i++) {
    part.set(design.subarray(rows[i] * width, (rows[i] + 1) * width), i * width)
  }
  return {
    design: part,
    rows: rows.length,
    width,
    labels: Uint8Array.from(rows, (row) => labels[row]),
    ...(weights && { weights: Float32Array.from(rows, (row) => weights[row]) }),
    ...(monotone && { monotone }),
  }
}
