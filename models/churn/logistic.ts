/**
 * Logistic regression by Newton's method with a normal prior on every coefficient: the baseline that trees
 * must beat, the model for files too small for trees, and, with stated priors, the starter model that works
 * before any customer has churned.
 *
 * The fit is the posterior mode: it maximises log-likelihood - sum of ((w - mean) / sd)^2 / 2, with w on the
 * standardised scale. With no rows that is the prior; with many, the ordinary maximum-likelihood fit. Being
 * proper, the priors also keep collinear one-hot columns and separable data finite.
 */
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { LogisticModel } from './model.ts'
import { factorise, solveFactored } from './cholesky.ts'
import { outerProducts } from './outer-products.ts'
import { logit, sigmoid, softplus } from './statistics.ts'
import { standardise, type Standardisation } from './standardise.ts'

/** What was seen: row-major design (rows x width), NaN is missing. The trainer's TrainingData fits. */
export interface LogisticData {
  readonly design: Float32Array
  readonly rows: number
  readonly width: number
  readonly labels: Uint8Array
  /** Weight of each row; default 1. */
  readonly weights?: Float64Array | Float32Array
  /** Per column: +1 risk may only rise with it, -1 only fall, 0 free. A weight of the wrong sign becomes 0. */
  readonly monotone?: ArrayLike<number>
}

/** What is believed of one coefficient before the data. */
export interface CoefficientPrior {
  /** Expected log-odds for a step of one unit of `scale`. */
  readonly mean: number
  /** Standard deviation of the belief, > 0. */
  readonly sd: number
  /**
   * `standardised`: per standard deviation of the column; `natural`: per unit of the column as it stands
   * (a month, a ticket; for a one-hot column: this category against the others).
   */
  readonly scale: 'standardised' | 'natural'
}

export interface LogisticOptions {
  /** Prior sd of every coefficient without a prior of its own, standardised scale. Default 1, as scikit-learn's C = 1. */
  readonly sd?: number
  /** Per column; undefined takes `sd` around 0. */
  readonly priors?: readonly (CoefficientPrior | undefined)[]
  /**
   * The churn rate expected among the reference customers, 0 < rate < 1, and the sd of that belief in
   * log-odds (default 1). Without it the intercept is free, which needs both classes.
   */
  readonly churnRate?: { readonly rate: number; readonly sd?: number }
  /** Centre, scale and range that priors refer to; without it they are measured on the data. */
  readonly reference?: Standardisation
  /** A model of the same columns that the optimum is near to; used where steps are dear. */
  readonly near?: LogisticModel
  /** Newton steps at most; default 60, of which ordinary data needs about 6. */
  readonly iterations?: number
}

/**
 * @throws HoldfastError `target_one_class` when only one class is present and no churn rate is stated,
 *   `usage` when there are neither rows nor a reference
 * @example
 * const model = fitLogistic({ design, rows: 7043, width: 38, labels })
 * const starter = fitLogistic(nothing, { reference, priors, churnRate: { rate: 0.1 } })
 */
export function fitLogistic(data: LogisticData, options: LogisticOptions = {}): LogisticModel {
  requireBothClasses(data, options)
  const frame = standardise(data, options.reference)
  const prior = priorOf(data.width, frame, options)
  const frozen = new Uint8Array(data.width)
  for (;;) {
    const beta = posteriorMode(data, frame, prior, frozen, options)
    const wrong = freezeWrongSigns(beta, data.monotone, frozen)
    if (wrong === 0) {
      return { intercept: beta[data.width], weight: beta.slice(0, data.width), ...frame }
    }
  }
}

/**
 * Margin of each row in log-odds.
 *
 * @param design row-major, rows x model.weight.length, NaN is missing and adds nothing
 * @example
 * logisticMargins(model, design, rows).map(sigmoid)
 */
export function logisticMargins(model: LogisticModel, design: Float32Array, rows: number): Float64Array {
  const { weight, center, scale, min, max } = model
  const width = weight.length
  const out = new Float64Array(rows).fill(model.intercept)
  const slope = weight.map((w, column) => w / scale[column])
  for (let row = 0; row < rows; row++) {
    const base = row * width
    let sum = 0
    for (let column = 0; column < width; column++) {
      const x = design[base + column]
      if (x !== x) continue
      const inside = x < min[column] ? min[column] : x > max[column] ? max[column] : x
      sum += slope[column] * (inside - center[column])
    }
    out[row] += sum
  }
  return out
}

interface Prior {
  /** Width + 1 long, the intercept last, standardised scale. */
  readonly mean: Float64Array
  /** 1 / sd^2; 0 is flat. */
  readonly precision: Float64Array
}

function priorOf(width: number, frame: Standardisation, options: LogisticOptions): Prior {
  const mean = new Float64Array(width + 1)
  const precision = new Float64Array(width + 1).fill(1 / (options.sd ?? 1) ** 2)
  let spread = 0
  for (let column = 0; column < width; column++) {
    const prior = options.priors?.[column]
    if (prior === undefined) continue
    const unit = prior.scale === 'natural' ? frame.scale[column] : 1
    mean[column] = prior.mean * unit
    precision[column] = 1 / (prior.sd * unit) ** 2
    spread += mean[column] ** 2
  }
  precision[width] = 0
  if (options.churnRate !== undefined) {
    const { rate, sd = 1 } = options.churnRate
    // Margins that spread round their mean average to a rate nearer to 1/2 than the mean's own:
    // E sigmoid(N(m, s^2)) is about sigmoid(m / sqrt(1 + pi s^2 / 8)) (MacKay 1992). Solved for m.
    mean[width] = logit(rate) * Math.sqrt(1 + (Math.PI * spread) / 8)
    precision[width] = 1 / sd ** 2
  }
  return { mean, precision }
}

/** Above this many multiplications the Hessian comes from every n-th row; gradient and step search stay exact. */
const HESSIAN_WORK = 2e8
/**
 * Above this many multiplications a Hessian serves several steps, as long as each brings the optimum nearer by
 * the factor: it costs as much as width / 2 gradients, and far from changing at every step (the chord method).
 */
const SHARED_WORK = 3e7
const NEARER = 6

function posteriorMode(
  data: LogisticData,
  frame: Standardisation,
  prior: Prior,
  frozen: Uint8Array,
  { iterations = 60, near }: LogisticOptions,
): Float64Array {
  const size = data.width + 1
  const work = (data.rows * size * size) / 2
  const stride = Math.max(1, Math.ceil(work / HESSIAN_WORK))
  const shared = work > SHARED_WORK
  // Newton's method doubles its digits at each step; with a sampled Hessian every digit has its price.
  const tolerance = shared ? 1e-6 : 1e-11
  let beta: Float64Array = prior.mean.slice()
  const warm = shared && near !== undefined
  if (warm) beta = Float64Array.of(...near.weight, near.intercept)
  for (let column = 0; column < data.width; column++) if (frozen[column] === 1) beta[column] = 0
  let factor: Float64Array | null = null
  let before = Infinity
  for (let iteration = 0; iteration < iterations; iteration++) {
    const here = derivatives(data, frame, prior, beta, factor === null ? stride : null)
    for (let column = 0; column < data.width; column++) if (frozen[column] === 1) freeze(here, column, size)
    if (here.hessian !== null) {
      factor = here.hessian
      factorise(factor, size)
    }
    const step = solveFactored(factor!, here.gradient, size)
    let decrement = 0
    for (let i = 0; i < size; i++) decrement += step[i] * here.gradient[i]
    if (decrement < tolerance * Math.max(1, data.rows)) break
    const next = search(data, frame, prior, beta, step, here.loss, decrement)
    const fresh = here.hessian !== null
    if (next === null && fresh) break
    beta = next ?? beta
    // A cold start's Hessian knows nothing of the rows yet.
    if (!shared || (iteration === 0 && !warm) || next === null || (!fresh && decrement * NEARER > before))
      factor = null
    before = decrement
  }
  return beta
}

/** Halves the Newton step until the loss falls by a fair share of what the quadratic model promises (Armijo). */
function search(
  data: LogisticData,
  frame: Standardisation,
  prior: Prior,
  beta: Float64Array,
  step: Float64Array,
  loss: number,
  decrement: number,
): Float64Array | null {
  for (let length = 1; length > 1e-6; length /= 2) {
    const next = beta.map((value, i) => value - length * step[i])
    if (lossAt(data, frame, prior, next) <= loss - 1e-4 * length * decrement) return next
  }
  return null
}

interface Derivatives {
  readonly loss: number
  readonly gradient: Float64Array
  /** Lower triangle, row-major, size x size; null where it was not asked for. */
  readonly hessian: Float64Array | null
}

function freeze({ gradient, hessian }: Derivatives, column: number, size: number): void {
  gradient[column] = 0
  for (let i = 0; i < size; i++) {
    if (hessian === null) break
    if (i < column) hessian[column * size + i] = 0
    else hessian[i * size + column] = i === column ? 1 : 0
  }
}

function lossAt(data: LogisticData, frame: Standardisation, prior: Prior, beta: Float64Array): number {
  const { labels, weights, width } = data
  const model: LogisticModel = { intercept: beta[width], weight: beta.slice(0, width), ...frame }
  const margins = logisticMargins(model, data.design, data.rows)
  let loss = penalty(prior, beta)
  for (let row = 0; row < data.rows; row++) {
    loss += (weights?.[row] ?? 1) * softplus(labels[row] === 1 ? -margins[row] : margins[row])
  }
  return loss
}

function penalty({ mean, precision }: Prior, beta: Float64Array): number {
  let sum = 0
  for (let i = 0; i < beta.length; i++) sum += (precision[i] * (beta[i] - mean[i]) ** 2) / 2
  return sum
}

function derivatives(
  data: LogisticData,
  frame: Standardisation,
  prior: Prior,
  beta: Float64Array,
  stride: number | null,
): Derivatives {
  const { design, rows, width, labels, weights } = data
  const { center, scale, min, max } = frame
  const size = width + 1
  const gradient = new Float64Array(size)
  const hessian = stride === null ? null : new Float64Array(size * size)
  const products = hessian && outerProducts(hessian, size)
  let loss = penalty(prior, beta)
  const z = new Float64Array(size)
  for (let row = 0; row < rows; row++) {
    let margin = beta[width]
    for (let column = 0, at = row * width; column < width; column++, at++) {
      const x = design[at]
      const inside =
        x !== x ? center[column] : x < min[column] ? min[column] : x > max[column] ? max[column] : x
      z[column] = (inside - center[column]) / scale[column]
      margin += beta[column] * z[column]
    }
    z[width] = 1
    const weight = weights?.[row] ?? 1
    const p = sigmoid(margin)
    loss += weight * softplus(labels[row] === 1 ? -margin : margin)
    const residual = weight * (p - labels[row])
    for (let i = 0; i < size; i++) gradient[i] += residual * z[i]
    if (products && stride !== null && row % stride === 0) products.add(z, weight * p * (1 - p) * stride)
  }
  products?.flush()
  for (let i = 0; i < size; i++) {
    gradient[i] += prior.precision[i] * (beta[i] - prior.mean[i])
    if (hessian) hessian[i * size + i] += prior.precision[i]
  }
  return { loss, gradient, hessian }
}

function freezeWrongSigns(
  beta: Float64Array,
  monotone: ArrayLike<number> | undefined,
  frozen: Uint8Array,
): number {
  let wrong = 0
  if (monotone === undefined) return wrong
  for (let column = 0; column < frozen.length; column++) {
    if (monotone[column] * beta[column] < 0) {
      frozen[column] = 1
      wrong++
    }
  }
  return wrong
}

function requireBothClasses({ labels, rows }: LogisticData, options: LogisticOptions): void {
  if (rows === 0 && options.reference === undefined) {
    throw new HoldfastError(
      'usage',
      'A model without any rows needs a reference: centre, scale and range of its columns.',
    )
  }
  if (options.churnRate !== undefined) {
    const { rate } = options.churnRate
    if (!(rate > 0 && rate < 1)) {
      throw new HoldfastError(
        'usage',
        `A churn rate must lie between 0 and 1, not ${rate}. State it as a share: 0.1 for 10 %.`,
      )
    }
    return
  }
  let churned = 0
  for (let row = 0; row < rows; row++) churned += labels[row]
  if (churned > 0 && churned < rows) return
  throw new HoldfastError(
    'target_one_class',
    `All ${rows} customers have ${churned > 0 ? 'churned' : 'been kept'}, so nothing tells the two apart. Add customers of the other kind, or state the usual churn rate.`,
  )
}
