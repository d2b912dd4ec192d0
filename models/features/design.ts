/** The design matrix: the customer's columns widened to what a model computes with. See models/churn/model.ts. */
import type { Feature, Frame } from '../../src/contracts/features.ts'

export interface Design {
  /** Columns of the matrix. */
  readonly width: number
  /** Index of the feature behind each column: `width` long. */
  readonly source: Uint16Array
  /** What each column holds: `tenureMonths`, `contract = One year`. */
  readonly names: readonly string[]
}

/**
 * A number is one column, two categories are one (is it the second?), more are one each.
 *
 * @example
 * designOf([{ name: 'contract', label: 'contract', kind: 'category', categories: ['a', 'b', 'c'] }]).width // 3
 */
export function designOf(features: readonly Feature[]): Design {
  const source: number[] = []
  const names: string[] = []
  for (const [index, feature] of features.entries()) {
    const categories = feature.categories ?? []
    if (feature.kind === 'number') names.push(feature.name)
    else if (categories.length <= 2) names.push(`${feature.name} = ${categories.at(-1) ?? ''}`)
    else for (const category of categories) names.push(`${feature.name} = ${category}`)
    while (source.length < names.length) source.push(index)
  }
  return { width: names.length, source: Uint16Array.from(source), names }
}

/** Rows written before the next feature's columns: a block of the matrix that stays in the cache. */
const BLOCK = 256

/**
 * Fills the matrix, row-major, `frame.rows` x width. NaN stays NaN, in all columns of its feature.
 *
 * @param out used when it is long enough; its first rows x width numbers are written
 * @returns exactly rows x width numbers
 * @example
 * fillDesign(features, { rows: 1, columns: [Float32Array.of(2)] }) // for three categories: 0, 0, 1
 */
export function fillDesign(features: readonly Feature[], frame: Frame, out?: Float32Array): Float32Array {
  const widths = features.map((feature) =>
    feature.kind === 'category' && (feature.categories?.length ?? 0) > 2 ? feature.categories!.length : 1,
  )
  const width = widths.reduce((sum, w) => sum + w, 0)
  const size = frame.rows * width
  const matrix =
    out && out.length >= size ? (out.length === size ? out : out.subarray(0, size)) : new Float32Array(size)
  for (let from = 0; from < frame.rows; from += BLOCK) {
    const to = Math.min(frame.rows, from + BLOCK)
    let first = 0
    for (let f = 0; f < features.length; f++) {
      const values = frame.columns[f]
      if (widths[f] === 1) {
        for (let row = from, at = from * width + first; row < to; row++, at += width) matrix[at] = values[row]
      } else {
        oneHot(values, from, to, matrix, from * width + first, width, widths[f])
      }
      first += widths[f]
    }
  }
  return matrix
}

function oneHot(
  values: Float32Array,
  from: number,
  to: number,
  matrix: Float32Array,
  start: number,
  width: number,
  categories: number,
): void {
  for (let row = from, at = start; row < to; row++, at += width) {
    const code = values[row]
    const rest = code !== code ? NaN : 0
    for (let c = 0; c < categories; c++) matrix[at + c] = rest
    if (rest === 0) matrix[at + code] = 1
  }
}
