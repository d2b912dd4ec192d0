import type { LogisticModel } from '../model.ts'
import type { Explainer } from './attribution.ts'

/**
 * Exact attribution of a linear margin: weight x (scaled value - its mean over the population), which is its
 * Shapley value when columns are taken as independent. A missing value adds nothing to the margin, so its
 * scaled value is 0.
 *
 * @param means mean of each scaled, clamped column over the population; default 0
 */
export function linearAttribution(
  model: LogisticModel,
  source: Uint16Array,
  features: number,
  means: Float64Array = new Float64Array(model.weight.length),
): Explainer {
  const { weight, center, scale, min, max } = model
  const width = weight.length
  const expected = weight.reduce((sum, w, j) => sum + w * means[j], model.intercept)
  const row = new Float64Array(features)

  function contributions(design: Float32Array, rows: number): Float64Array
  function contributions<T extends Float32Array | Float64Array>(design: Float32Array, rows: number, out: T): T
  function contributions(
    design: Float32Array,
    rows: number,
    out: Float32Array | Float64Array = new Float64Array(rows * features),
  ): Float32Array | Float64Array {
    for (let r = 0; r < rows; r++) {
      row.fill(0)
      for (let j = 0; j < width; j++) {
        const x = design[r * width + j]
        const scaled = x === x ? (Math.min(Math.max(x, min[j]), max[j]) - center[j]) / scale[j] : 0
        row[source[j]] += weight[j] * (scaled - means[j])
      }
      out.set(row, r * features)
    }
    return out
  }
  return { features, expected, bytes: 0, contributions }
}
