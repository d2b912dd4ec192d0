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
  const bins = Math.max(2, Math.min(MAX_BINS, maxBins))
  const sample = sampleRows(source.rows, seed)
  const columns: BinnedColumn[] = []
  for (let column = 0; column < source.width; column++) {
    const few = fewDistinct(source, column, bins)
    const cuts = cutsBetween(few.values ?? quantileGroups(source, column, sample, bins))
    const present = few.values === null || few.values.length > 0
    // Without present values nothing can be told apart; the largest value itself cannot be told from missing.
    const canAskPresent = few.hasMissing && present && few.largest < LARGEST
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

interface Distinct {
  /** Each value as a group of its own, or null where there are more than the limit. */
  readonly values: Groups | null
  readonly hasMissing: boolean
  readonly largest: number
}

/** The distinct values of all rows by a small hash set. */
function fewDistinct({ design, width, rows }: CutSource, column: number, limit: number): Distinct {
  const slots = 1024
  const table = new Float32Array(slots).fill(NaN)
  const value = new Float32Array(1)
  const bits = new Int32Array(value.buffer)
  let count = 0
  let hasMissing = false
  let largest = -Infinity
  for (let i = 0; i < rows.length; i++) {
    const x = design[rows[i] * width + column]
    if (x !== x) {
      hasMissing = true
      continue
    }
    if (x > largest) largest = x
    if (count > limit) continue
    value[0] = finite(x)
    let slot = (Math.imul(bits[0], 0x9e3779b1) >>> 22) & (slots - 1)
    while (table[slot] === table[slot] && table[slot] !== value[0]) slot = (slot + 1) & (slots - 1)
    if (table[slot] === value[0]) continue
    table[slot] = value[0]
    count++
  }
  if (count > limit) return { values: null, hasMissing, largest }
  const sorted = table.filter((x) => x === x).sort()
  const values = new Float32Array(2 * sorted.length)
  for (let i = 0; i < values.length; i++) values[i] = sorted[i >> 1]
  return { values, hasMissing, largest }
}

/**
 * At most `bins` groups of about equal weight; a value that alone weighs as much as a group gets its own.
 */
function quantileGroups(source: CutSource, column: number, sample: Int32Array, bins: number): Groups {
  const { values, weights } = weightedDistinct(source, column, sample)
  let rest = weights.reduce((sum, weight) => sum + weight, 0)
  const groups: number[] = []
  let lowest = 0
  let weight = 0
  for (let i = 0; i < values.length; i++) {
    const left = bins - groups.length / 2
    const target = rest / left
    if (i > lowest && left > 1 && (weight >= target || (weight > 0 && weights[i] >= target))) {
      groups.push(values[lowest], values[i - 1])
      rest -= weight
      weight = 0
      lowest = i
    }
    weight += weights[i]
  }
  if (values.length > 0) groups.push(values[lowest], values[values.length - 1])
  return Float32Array.from(groups)
}

function weightedDistinct(
  { design, width, weights }: CutSource,
  column: number,
  sample: Int32Array,
): { values: Float32Array; weights: Float64Array } {
  const present = new Float32Array(sample.length)
  let n = 0
  for (let i = 0; i < sample.length; i++) {
    const x = design[sample[i] * width + column]
    if (x === x) present[n++] = finite(x)
  }
  const sorted = present.subarray(0, n).sort()
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
