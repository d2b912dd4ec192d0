/**
 * Turns margins into probabilities that mean what they say. A calibrator is always fitted on margins that
 * were out of fold for the model, and judged on rows that the calibrator did not see either.
 */
import { fitIsotonic } from './isotonic.ts'
import { rowLogLoss } from './metrics.ts'
import type { Calibrator } from './model.ts'
import { sigmoid, softplus } from './statistics.ts'

export type CalibratorKind = Calibrator['kind']

/** From the simplest: none, two numbers, a curve. */
export const CALIBRATORS: readonly CalibratorKind[] = ['identity', 'platt', 'isotonic']

/**
 * Probability of each margin.
 *
 * @example
 * calibrate({ kind: 'identity' }, new Float64Array([0])) // [0.5]
 */
export function calibrate(calibrator: Calibrator, margins: Float64Array): Float64Array {
  if (calibrator.kind === 'identity') return margins.map(sigmoid)
  if (calibrator.kind === 'platt') {
    const { slope, offset } = calibrator
    return margins.map((margin) => sigmoid(slope * margin + offset))
  }
  const { margin: knots, probability } = calibrator
  const last = knots.length - 1
  return margins.map((margin) => {
    if (margin <= knots[0]) return probability[0]
    if (margin >= knots[last]) return probability[last]
    let low = 0
    let high = last
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (knots[middle] <= margin) low = middle
      else high = middle
    }
    const share = (margin - knots[low]) / (knots[high] - knots[low])
    return probability[low] + share * (probability[high] - probability[low])
  })
}

/**
 * Fits one kind of calibrator on the rows of `order` (default: all).
 *
 * @param order row numbers by ascending margin
 * @example
 * fitCalibrator('platt', outOfFoldMargins, labels) // { kind: 'platt', slope: 1.03, offset: 0.02 }
 */
export function fitCalibrator(
  kind: CalibratorKind,
  margins: Float64Array,
  labels: Uint8Array,
  order: Uint32Array = rowsByMargin(margins),
): Calibrator {
  if (kind === 'identity' || order.length === 0) return { kind: 'identity' }
  return kind === 'platt' ? fitPlatt(margins, labels, order) : fitIsotonic(margins, labels, order)
}

export interface CrossFitted {
  /** For use on new customers: the chosen kind fitted on all rows. */
  readonly calibrator: Calibrator
  /** Of each row, by a calibrator that was chosen and fitted on the other folds. */
  readonly probabilities: Float64Array
  /** Cross-fitted mean log-loss of each kind, for the card. */
  readonly logLoss: Readonly<Record<CalibratorKind, number>>
}

/**
 * Chooses a calibrator by cross-fitted log-loss and gives honest calibrated probabilities. A less simple kind
 * must win by more than one standard error of the paired difference a row. For the probabilities of a fold,
 * both choice and fit use only the other folds' out-of-fold margins.
 *
 * @param margins out of fold for the model
 * @param foldOf fold of each row, 0 to folds - 1
 * @example
 * const { calibrator, probabilities } = crossFitCalibration(margins, labels, foldOf, 5)
 */
export function crossFitCalibration(
  margins: Float64Array,
  labels: Uint8Array,
  foldOf: Uint8Array,
  folds: number,
  kinds: readonly CalibratorKind[] = CALIBRATORS,
): CrossFitted {
  const order = rowsByMargin(margins)
  const all = Array.from({ length: folds }, (_, fold) => fold)
  const loss = crossFittedLosses(kinds, margins, labels, order, foldOf, all)
  const kind = simplestWithinOneError(kinds, loss, order)
  // With two folds the others are one, which leaves nothing to choose on; with very many rows a choice among
  // three kinds cannot flatter. Both share the one choice; the fit is cross-fitted always.
  const shared = folds < 3 || margins.length > 50_000
  const probabilities = new Float64Array(margins.length)
  for (const fold of all) {
    const others = all.filter((other) => other !== fold)
    const training = order.filter((row) => foldOf[row] !== fold)
    const inner = shared ? kind : chooseWithin(kinds, margins, labels, training, foldOf, others)
    const calibrator = fitCalibrator(inner, margins, labels, training)
    const rows = order.filter((row) => foldOf[row] === fold)
    const calibrated = calibrate(
      calibrator,
      Float64Array.from(rows, (row) => margins[row]),
    )
    for (let i = 0; i < rows.length; i++) probabilities[rows[i]] = calibrated[i]
  }
  return {
    calibrator: fitCalibrator(kind, margins, labels, order),
    probabilities,
    logLoss: {
      identity: meanOf(loss.get('identity')),
      platt: meanOf(loss.get('platt')),
      isotonic: meanOf(loss.get('isotonic')),
    },
  }
}

/** Row numbers by ascending margin; equal margins by row. */
export function rowsByMargin(margins: Float64Array): Uint32Array {
  return Uint32Array.from(margins.keys()).sort((a, b) => margins[a] - margins[b] || a - b)
}

/**
 * Platt 1999 with his smoothed targets, (n+ + 1) / (n+ + 2) and 1 / (n- + 2), which keep a separable case
 * finite; Newton's method with step halving (Lin, Lin & Weng 2007).
 */
function fitPlatt(margins: Float64Array, labels: Uint8Array, order: Uint32Array): Calibrator {
  let churned = 0
  for (const row of order) churned += labels[row]
  const high = (churned + 1) / (churned + 2)
  const low = 1 / (order.length - churned + 2)
  const lossAt = (slope: number, offset: number): number => {
    let loss = 0
    for (let i = 0; i < order.length; i++) {
      const row = order[i]
      const margin = slope * margins[row] + offset
      loss += softplus(margin) - (labels[row] === 1 ? high : low) * margin
    }
    return loss
  }
  let slope = 1
  let offset = 0
  let loss = lossAt(slope, offset)
  for (let iteration = 0; iteration < 50; iteration++) {
    let gs = 0
    let go = 0
    let hss = 1e-9
    let hso = 0
    let hoo = 1e-9
    for (let i = 0; i < order.length; i++) {
      const row = order[i]
      const x = margins[row]
      const p = sigmoid(slope * x + offset)
      const residual = p - (labels[row] === 1 ? high : low)
      const curvature = p * (1 - p)
      gs += residual * x
      go += residual
      hss += curvature * x * x
      hso += curvature * x
      hoo += curvature
    }
    const determinant = hss * hoo - hso * hso
    // All margins equal: only the offset can be told.
    const flat = determinant <= 1e-12 * hss * hoo
    const stepSlope = flat ? 0 : (hoo * gs - hso * go) / determinant
    const stepOffset = flat ? go / hoo : (hss * go - hso * gs) / determinant
    const decrement = gs * stepSlope + go * stepOffset
    if (decrement < 1e-11 * order.length) break
    let length = 1
    let next = loss
    for (; length > 1e-6; length /= 2) {
      next = lossAt(slope - length * stepSlope, offset - length * stepOffset)
      if (next <= loss - 1e-4 * length * decrement) break
    }
    if (!(next < loss)) break
    slope -= length * stepSlope
    offset -= length * stepOffset
    loss = next
  }
  // Calibration never turns the ranking round: a model worse than chance gets its base rate.
  return slope > 0
    ? { kind: 'platt', slope, offset }
    : { kind: 'platt', slope: 0, offset: rateOffset(high, low, churned, order.length) }
}

function rateOffset(high: number, low: number, churned: number, rows: number): number {
  const rate = (churned * high + (rows - churned) * low) / rows
  return Math.log(rate / (1 - rate))
}

type Losses = ReadonlyMap<CalibratorKind, Float64Array>

/** Log-loss of each row under each kind, fitted on the other folds among `folds`. */
function crossFittedLosses(
  kinds: readonly CalibratorKind[],
  margins: Float64Array,
  labels: Uint8Array,
  order: Uint32Array,
  foldOf: Uint8Array,
  folds: readonly number[],
): Losses {
  const losses = new Map(kinds.map((kind) => [kind, new Float64Array(margins.length)]))
  for (const fold of folds) {
    const training = order.filter((row) => foldOf[row] !== fold)
    const rows = order.filter((row) => foldOf[row] === fold)
    const held = Float64Array.from(rows, (row) => margins[row])
    for (const [kind, loss] of losses) {
      const calibrated = calibrate(fitCalibrator(kind, margins, labels, training), held)
      for (let i = 0; i < rows.length; i++) loss[rows[i]] = rowLogLoss(labels[rows[i]], calibrated[i])
    }
  }
  return losses
}

function chooseWithin(
  kinds: readonly CalibratorKind[],
  margins: Float64Array,
  labels: Uint8Array,
  order: Uint32Array,
  foldOf: Uint8Array,
  folds: readonly number[],
): CalibratorKind {
  return simplestWithinOneError(kinds, crossFittedLosses(kinds, margins, labels, order, foldOf, folds), order)
}

function simplestWithinOneError(
  kinds: readonly CalibratorKind[],
  losses: Losses,
  rows: Uint32Array,
): CalibratorKind {
  let chosen = kinds[0]
  for (const kind of kinds.slice(1)) {
    const simple = losses.get(chosen)
    const rival = losses.get(kind)
    if (simple === undefined || rival === undefined) continue
    let sum = 0
    let squares = 0
    for (let i = 0; i < rows.length; i++) {
      const gain = simple[rows[i]] - rival[rows[i]]
      sum += gain
      squares += gain * gain
    }
    const mean = sum / rows.length
    const error = Math.sqrt(Math.max(0, squares / rows.length - mean * mean) / rows.length)
    if (mean > error) chosen = kind
  }
  return chosen
}

function meanOf(values: Float64Array | undefined): number {
  if (values === undefined || values.length === 0) return NaN
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  return sum / values.length
}
