/** Centre, scale and range of the columns of a design matrix, which logistic regression is fitted on. */

/** One entry a column. */
export interface Standardisation {
  readonly center: Float64Array
  readonly scale: Float64Array
  readonly min: Float64Array
  readonly max: Float64Array
}

/** Share of the distance between two values. */
const LEAST_SPREAD = 0.2

interface Columns {
  readonly design: Float32Array
  readonly rows: number
  readonly width: number
  readonly weights?: Float64Array | Float32Array
}

/**
 * Weighted mean, standard deviation and range of what is present. A column of two values counts as spread by
 * at least a fifth of their distance: by its own tiny deviation a rare category would look so large that no
 * prior held its weight. A constant column keeps scale 1, and one
 * without any value gets centre and range 0, so that both add nothing whatever is scored later.
 *
 * With a reference, its centre and scale stand (priors refer to them) and its range is widened by the data's.
 *
 * @example
 * standardise({ design: new Float32Array([1, NaN, 3]), rows: 3, width: 1 }) // center [2], scale [1], min [1], max [3]
 */
export function standardise(data: Columns, reference?: Standardisation): Standardisation {
  const { design, rows, width, weights } = data
  const min = new Float64Array(width).fill(Infinity)
  const max = new Float64Array(width).fill(-Infinity)
  const total = new Float64Array(width)
  const center = new Float64Array(width)
  const squares = new Float64Array(width)
  const one = new Float64Array(width).fill(NaN)
  const other = new Float64Array(width).fill(NaN)
  const more = new Uint8Array(width)
  for (let row = 0; row < rows; row++) {
    const weight = weights?.[row] ?? 1
    if (weight <= 0) continue
    for (let column = 0, at = row * width; column < width; column++, at++) {
      const x = design[at]
      if (x !== x) continue
      if (x < min[column]) min[column] = x
      if (x > max[column]) max[column] = x
      if (x !== one[column] && x !== other[column]) {
        if (one[column] !== one[column]) one[column] = x
        else if (other[column] !== other[column]) other[column] = x
        else more[column] = 1
      }
      // West's update: a large mean with a small spread (a year, a date in days) does not cancel.
      total[column] += weight
      const shift = x - center[column]
      center[column] += (weight / total[column]) * shift
      squares[column] += weight * shift * (x - center[column])
    }
  }
  const scale = new Float64Array(width)
  for (let column = 0; column < width; column++) {
    if (reference !== undefined) {
      center[column] = reference.center[column]
      scale[column] = reference.scale[column]
      min[column] = Math.min(min[column], reference.min[column])
      max[column] = Math.max(max[column], reference.max[column])
      continue
    }
    if (total[column] === 0) {
      min[column] = 0
      max[column] = 0
    }
    const distance = max[column] - min[column]
    const least = more[column] === 1 ? 0 : LEAST_SPREAD * distance
    scale[column] = distance > 0 ? Math.max(least, Math.sqrt(squares[column] / total[column])) : 1
    if (max[column] === min[column]) center[column] = min[column]
  }
  return { center, scale, min, max }
}
