import type { ChurnModel } from '../model.ts'
import { linearAttribution } from './linear-attribution.ts'
import { BLOCK, treeAttribution } from './tree-attribution.ts'

/**
 * Says how much each of a customer's features moved the margin (log-odds before calibration) away from
 * `expected`: for every row, `expected` + the sum of its contributions = margin, missing values included.
 *
 * With a Platt calibrator the calibrated margin is slope x margin + offset, so a contribution times
 * {@link calibratedScale} is a contribution to the calibrated log-odds, around slope x expected + offset.
 */
export interface Explainer {
  readonly features: number
  readonly expected: number
  /** Bytes of the precomputed tables; the linear model has none. */
  readonly bytes: number
  /**
   * @param design row-major, rows x the model's design columns, NaN is missing
   * @param out row-major, rows x features; made as Float64Array when absent. Sums are always added up in float64.
   */
  contributions(design: Float32Array, rows: number): Float64Array
  contributions<T extends Float32Array | Float64Array>(design: Float32Array, rows: number, out: T): T
}

export interface ExplainOptions {
  /**
   * Configurations a table may hold (trees), at most 65,536. Smaller saves memory, larger saves time for trees
   * of many leaves; 0 works everything out for each row. Default 1,024, which holds most trees of 8 leaves
   * whole.
   */
  readonly tableLimit?: number
  /** Bytes that all tables together may take (trees): they shrink until they do. Default 64 MiB. */
  readonly tableBytes?: number
  /** Linear model: mean of each scaled, clamped design column over the population; default 0 (centered there). */
  readonly means?: Float64Array
}

/**
 * Prepares exact attributions: path-dependent TreeSHAP with the trees' covers for boosted trees (the numbers
 * of XGBoost's `pred_contribs`), weight x distance from the mean for the linear model. Design columns are
 * added up to the customer's own features.
 *
 * @param source customer's feature of each design column, as `designOf(featureSet).source`
 * @param features how many features there are
 * @example
 * const explain = explainer(model, source, features)
 * const contributions = explain.contributions(design, rows) // rows x features, log-odds
 */
export function explainer(
  model: ChurnModel,
  source: Uint16Array,
  features: number,
  options: ExplainOptions = {},
): Explainer {
  if (model.kind === 'logistic') return linearAttribution(model.logistic, source, features, options.means)
  const { expected, bytes, explain } = treeAttribution(
    model.trees,
    source,
    features,
    options.tableLimit ?? 1024,
    options.tableBytes ?? 64 * 2 ** 20,
  )
  function contributions(design: Float32Array, rows: number): Float64Array
  function contributions<T extends Float32Array | Float64Array>(design: Float32Array, rows: number, out: T): T
  function contributions(
    design: Float32Array,
    rows: number,
    out: Float32Array | Float64Array = new Float64Array(rows * features),
  ): Float32Array | Float64Array {
    for (let first = 0; first < rows; first += BLOCK) {
      const count = Math.min(BLOCK, rows - first)
      const sums = explain(design, first, count)
      for (let f = 0; f < features; f++) {
        const from = f * BLOCK
        for (let r = 0, to = first * features + f; r < count; r++, to += features) out[to] = sums[from + r]
      }
    }
    return out
  }
  return { features, expected, bytes, contributions }
}

/** What a contribution to the margin is multiplied with to speak of the calibrated log-odds. */
export function calibratedScale(model: ChurnModel): number {
  return model.calibrator.kind === 'platt' ? model.calibrator.slope : 1
}
