/**
 * Columns in bins: a value's bin is the number of cuts that are not above it, so `bin < b + 1` is the same
 * question as `x < cut[b]`, exactly, in float32. That is what lets training look at one byte a value.
 */
import { random } from '../../random.ts'
import type { Kernels } from './kernels.ts'
import type { Layout } from './layout.ts'
import { CUT_BYTES, STAGED_ROWS } from './layout.ts'

/** Bins a column may have; the entry after them in a histogram is for missing. */
export const MAX_BINS = 255
/** Columns of more distinct values than bins take their quantiles from about so many rows. */
const QUANTILE_ROWS = 200_000
/** A value that no finite float32 reaches from below: the threshold that asks "is it present?". */
const LARGEST = 3.4028234663852886e38

export interface BinnedColumn {
  /** Index in the design. */
  readonly column: number
  /** Ascending thresholds between neighbouring bins. */
  readonly cuts: Float32Array
  /** One past the last bin with present values: the bin of a missing value. */
  readonly missingBin: number
  /** Thresholds that a split may use: `cuts`, and {@link LARGEST} where values are missing. */
  readonly splits: number
}

export interface CutSource {
  readonly design: Float32Array
  readonly width: number
  readonly weights?: Float32Array
  /** The rows that are trained on. */
  readonly rows: Int32Array
}

/** The threshold of split `index` of a column. */
export const thresholdOf = (binned: BinnedColumn, index: number): number =>
  index < binned.cuts.length ? binned.cuts[index] : LARGEST

/**
 * Cuts of every column that can split at all: between all distinct values where at most `maxBins` exist,
 * otherwise at weighted quantiles. A cut lies midway between two values that occur (the upper one where
 * float32 has none between). Infinite values count as the largest finite ones, which no threshold can tell
 * apart.
 */
export function binColumns(source: CutSource, maxBins: number, seed: number): BinnedColumn[] {
  const bins = Math.min(MAX_BINS, maxBins)
  const { hasMissing, largest } = surveyColumns(source)
  const sample = sampleRows(source.rows, seed)
  const columns: BinnedColumn[] = []
  for (let column = 0; column < source.width; column++) {
    if (largest[column] === -Infinity) continue
    const values = fewDistinct(source, column, bins)
    const groups = values ? eachAlone(values) : quantileGroups(weightedDistinct(source, column, sample), bins)
    const cuts = cutsBetween(groups)
    // The largest value of all cannot be told from missing by a threshold.
    const canAskPresent = hasMissing[column] === 1 && largest[column] < LARGEST
    const splits = cuts.length + (canAskPresent ? 1 : 0)
    if (splits > 0) columns.push({ column, cuts, missingBin: cuts.length + 1, splits })
  }
  return columns
}

/** Bins all rows of the design, by way of staged rows that the kernel can reach. */
export function fillBins(
  columns: readonly BinnedColumn[],
  design: Float32Array,
  width: number,
  layout: Layout,
  kernels: Kernels,
  buffer: ArrayBufferLike,
): void {
  const { rows, stride } = layout
  const cuts = new Float32Array(buffer, layout.cuts, (stride * CUT_BYTES) / 4).fill(NaN)
  for (const [k, binned] of columns.entries()) cuts.set(binned.cuts, (k * CUT_BYTES) / 4)
  const staging = new Float32Array(buffer, layout.staging, STAGED_ROWS * width)
  for (let row = 0; row < rows; row += STAGED_ROWS) {
    const staged = Math.min(STAGED_ROWS, rows - row)
    staging.set(design.subarray(row * width, (row + staged) * width))
    for (let k = 0; k < stride; k++) {
      const values = layout.staging + columns[k].column * 4
      const end = values + staged * width * 4
      const byRow = layout.bins + row * stride + k
      const byColumn = layout.columnBins + k * rows + row
      kernels.binColumn(layout.cuts + k * CUT_BYTES, values, end, byRow, byColumn, columns[k].cuts.length)
    }
  }
}

/** Groups of neighbouring values, as pairs of [lowest, highest]. */
type Groups = Float32Array

function cutsBetween(groups: Groups): Float32Array {
  const cuts = new Float32Array(Math.max(0, groups.length / 2 - 1))
  for (let i = 0; i < cuts.length; i++) {
    const below = groups[2 * i + 1]
    const above = groups[2 * i + 2]
    const middle = Math.fround(below / 2 + above / 2)
    cuts[i] = middle > below && middle <= above ? middle : above
  }
  return cuts
}

const eachAlone = (values: Float32Array): Groups =>
  Float32Array.from({ length: 2 * values.length }, (_, i) => values[i >> 1])

/** By column: whether a trained row misses it, and the largest value (-Infinity where there is none). */
function surveyColumns({ design, width, rows }: CutSource): {
  hasMissing: Uint8Array
  largest: Float64Array
} {
  const hasMissing = new Uint8Array(width)
  const largest = new Float64Array(width).fill(-Infinity)
  for (let i = 0; i < rows.length; i++) {
    const base = rows[i] * width
    for (let column = 0; column < width; column++) {
      const x = design[base + column]
      if (x > largest[column]) largest[column] = x
      else if (x === -Infinity) largest[column] = Math.max(largest[column], -LARGEST)
      else if (x !== x) hasMissing[column] = 1
    }
  }
  return { hasMissing, largest }
}

/** The distinct values of all rows, ascending, by a small hash set; null where there are more than the limit. */
function fewDistinct({ design, width, rows }: CutSource, column: number, limit: number): Float32Array | null {
  const slots = 1024
  const table = new Float32Array(slots).fill(NaN)
  const value = new Float32Array(1)
  const bits = new Int32Array(value.buffer)
  let count = 0
  let last = NaN
  for (let i = 0; i < rows.length; i++) {
    const x = design[rows[i] * width + column]
    if (x !== x || x === last) continue
    last = x
    value[0] = finite(x)
    let slot = Math.imul(bits[0], 0x9e3779b1) >>> 22
    while (table[slot] === table[slot] && table[slot] !== value[0]) slot = (slot + 1) & (slots - 1)
    if (table[slot] === value[0]) continue
    if (count === limit) return null
    table[slot] = value[0]
    count++
  }
  return table.filter((x) => x === x).sort()
}

interface Distinct {
  /** Ascending. */
  readonly values: Float32Array
  readonly weights: Float64Array
}

/**
 * At most `bins` groups of about equal weight; a value that alone weighs as much as a group gets its own, and
 * the others share what bins remain (as LightGBM's GreedyFindBin does).
 */
function quantileGroups({ values, weights }: Distinct, bins: number): Groups {
  let light = 0
  for (let i = 0; i < weights.length; i++) light += weights[i]
  const heavyFrom = light / bins
  let heavyLeft = 0
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] < heavyFrom) continue
    light -= weights[i]
    heavyLeft++
  }
  const groups: number[] = []
  let binsLeft = bins
  let lowest = 0
  let weight = 0
  for (let i = 0; i < values.length; i++) {
    const isHeavy = weights[i] >= heavyFrom
    const afterHeavy = i > 0 && weights[i - 1] >= heavyFrom
    const isFull = binsLeft - 1 > heavyLeft && weight >= light / (binsLeft - heavyLeft)
    if (i > lowest && binsLeft > 1 && (isHeavy || afterHeavy || isFull)) {
      groups.push(values[lowest], values[i - 1])
      if (!afterHeavy) light -= weight
      binsLeft--
      weight = 0
      lowest = i
    }
    weight += weights[i]
    if (isHeavy) heavyLeft--
  }
  groups.push(values[lowest], values[values.length - 1])
  return Float32Array.from(groups)
}

/** The distinct values of a sample of rows, and how much each weighs. */
function weightedDistinct(
  { design, width, weights }: CutSource,
  column: number,
  sample: Int32Array,
): Distinct {
  const present = new Float32Array(sample.length)
  let n = 0
  for (let i = 0; i < sample.length; i++) {
    const x = design[sample[i] * width + column]
    if (x === x) present[n++] = finite(x)
  }
  const sorted = radixSort(present.subarray(0, n))
  const values = new Float32Array(n)
  const sums = new Float64Array(n)
  let distinct = 0
  for (let i = 0; i < n; i++) {
    if (distinct === 0 || sorted[i] !== values[distinct - 1]) values[distinct++] = sorted[i]
    sums[distinct - 1]++
  }
  if (weights) {
    sums.fill(0)
    for (let i = 0; i < sample.length; i++) {
      const x = design[sample[i] * width + column]
      if (x === x) sums[indexOf(values, distinct, finite(x))] += weights[sample[i]]
    }
  }
  return { values: values.subarray(0, distinct), weights: sums.subarray(0, distinct) }
}

/**
 * Ascending finite values; five to ten times faster than sorting by comparison. A float's bits, with the sign
 * bit flipped (all bits of a negative one), are in the order of the floats.
 */
function radixSort(values: Float32Array): Float32Array {
  let from = new Uint32Array(values.slice().buffer)
  for (let i = 0; i < from.length; i++) from[i] ^= (from[i] | 0) < 0 ? 0xffffffff : 0x80000000
  let to = new Uint32Array(from.length)
  for (const shift of [0, 11, 22]) {
    const next = new Uint32Array(2049)
    for (let i = 0; i < from.length; i++) next[((from[i] >>> shift) & 2047) + 1]++
    for (let digit = 0; digit < 2048; digit++) next[digit + 1] += next[digit]
    for (let i = 0; i < from.length; i++) to[next[(from[i] >>> shift) & 2047]++] = from[i]
    const swap = from
    from = to
    to = swap
  }
  for (let i = 0; i < from.length; i++) from[i] ^= (from[i] | 0) < 0 ? 0x80000000 : 0xffffffff
  return new Float32Array(from.buffer)
}

/** Position of a value that is among the first `n` of ascending values. */
function indexOf(values: Float32Array, n: number, value: number): number {
  let low = 0
  let high = n
  while (low < high) {
    const middle = (low + high) >>> 1
    if (values[middle] < value) low = middle + 1
    else high = middle
  }
  return low
}

/** Also turns -0 into 0, so that equal numbers have equal bits. */
const finite = (x: number): number => (x > LARGEST ? LARGEST : x < -LARGEST ? -LARGEST : x + 0)

/** All rows where they are few, otherwise a random choice in ascending order. */
function sampleRows(rows: Int32Array, seed: number): Int32Array {
  if (rows.length <= QUANTILE_ROWS * 1.25) return rows
  const share = QUANTILE_ROWS / rows.length
  const { next } = random(seed).fork('quantiles')
  return rows.filter(() => next() < share)
}
