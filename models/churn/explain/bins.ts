import type { TreeEnsemble } from '../trees.ts'

/**
 * Every condition of an ensemble compares a column with a threshold, so a value matters only by its place
 * among the column's thresholds. Binned once, a row answers all conditions of all trees by integers.
 */
export interface Binning {
  /** Design columns that some tree asks about, ascending; the others are never read. */
  readonly columns: Int32Array
  /** Position of a design column in `columns`. */
  readonly position: ReadonlyMap<number, number>
  /** Distinct thresholds of each of `columns`, ascending. Bin b of x is the count of thresholds <= x. */
  readonly thresholds: readonly Float32Array[]
  /** Bins of each of `columns`: thresholds + 1, and one more, the last, for a missing value. */
  readonly counts: Int32Array
  /**
   * Bins of `count` rows from row `first` of a row-major design, column by column: out[c x stride + r].
   */
  fill(design: Float32Array, first: number, count: number, out: Uint16Array, stride: number): void
}

/**
 * @example
 * const binning = binningOf(ensemble)
 * // x < threshold k of a column exactly when its bin <= k
 */
export function binningOf(ensemble: TreeEnsemble): Binning {
  const columns = columnsOf(ensemble)
  const position = new Map(Array.from(columns, (column, i) => [column, i]))
  const thresholds = thresholdsOf(ensemble, columns, position)
  const counts = Int32Array.from(thresholds, (sorted) => sorted.length + 2)
  if (counts.some((bins) => bins > 65_536)) {
    throw new RangeError(
      'A column has more than 65,534 distinct thresholds, which 16-bit bins cannot tell apart.',
    )
  }
  const grids = thresholds.map(gridOf)
  const width = ensemble.columns

  return {
    columns,
    position,
    thresholds,
    counts,
    fill: (design, first, count, out, stride) => {
      for (let c = 0; c < columns.length; c++) {
        const from = first * width + columns[c]
        if (thresholds[c].length === 1) {
          fillBinary(design, from, width, count, thresholds[c][0], out, c * stride)
        } else {
          fillMany(design, from, width, count, thresholds[c], grids[c], out, c * stride)
        }
      }
    },
  }
}

function fillBinary(
  design: Float32Array,
  from: number,
  width: number,
  count: number,
  threshold: number,
  out: Uint16Array,
  to: number,
): void {
  for (let r = 0, at = from; r < count; r++, at += width) {
    const x = design[at]
    out[to + r] = x < threshold ? 0 : x >= threshold ? 1 : 2
  }
}

function fillMany(
  design: Float32Array,
  from: number,
  width: number,
  count: number,
  sorted: Float32Array,
  grid: Grid,
  out: Uint16Array,
  to: number,
): void {
  const { low, scale, start } = grid
  const last = sorted.length
  for (let r = 0, at = from; r < count; r++, at += width) {
    const x = design[at]
    let bin: number
    if (x >= low) {
      const cell = (x - low) * scale
      bin = start[cell < CELLS ? cell | 0 : CELLS]
      while (bin < last && sorted[bin] <= x) bin++
    } else {
      bin = x < low ? 0 : last + 1
    }
    out[to + r] = bin
  }
}

/**
 * Even cells over the thresholds' range, each with the count of thresholds in the cells below: a lower bound
 * of the bin, whatever the rounding, because the cell grows with the value. A few steps finish the search.
 */
interface Grid {
  readonly low: number
  readonly scale: number
  readonly start: Uint16Array
}

const CELLS = 512

function gridOf(sorted: Float32Array): Grid {
  const low = sorted[0]
  const range = sorted[sorted.length - 1] - low
  const scale = range > 0 && Number.isFinite(CELLS / range) ? CELLS / range : 0
  const start = new Uint16Array(CELLS + 1)
  for (const threshold of sorted) {
    const cell = (threshold - low) * scale
    if (cell < CELLS) start[Math.floor(cell) + 1]++
  }
  for (let cell = 1; cell <= CELLS; cell++) start[cell] += start[cell - 1]
  return { low, scale, start }
}

function columnsOf(ensemble: TreeEnsemble): Int32Array {
  const used = new Uint8Array(ensemble.columns)
  for (const { column } of ensemble.trees) {
    for (let node = 0; node < column.length; node++) if (column[node] >= 0) used[column[node]] = 1
  }
  return Int32Array.from(used.keys()).filter((column) => used[column] === 1)
}

function thresholdsOf(
  ensemble: TreeEnsemble,
  columns: Int32Array,
  position: ReadonlyMap<number, number>,
): Float32Array[] {
  const sets = Array.from(columns, () => new Set<number>())
  for (const tree of ensemble.trees) {
    for (let node = 0; node < tree.column.length; node++) {
      const place = position.get(tree.column[node])
      if (place !== undefined) sets[place].add(tree.threshold[node])
    }
  }
  return sets.map((set) => Float32Array.from(set).sort())
}
