/**
 * Columns in bins: a value's bin is the number of cuts that are not above it, so `bin < b + 1` is the same
 * question as `x < cut[b]`, exactly, in float32. That is what lets training look at one byte a value.
 */
import type { Kernels } from './kernels.ts'
import type { Layout } from './layout.ts'
import { CUT_BYTES, STAGED_ROWS } from './layout.ts'
import type { Groups, TrainedRows } from './quantiles.ts'
import { groupValues, LARGEST } from './quantiles.ts'

/** Bins a column may have; the entry after them in a histogram is for missing. */
export const MAX_BINS = 255

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

/** The threshold of split `index` of a column. */
export const thresholdOf = (binned: BinnedColumn, index: number): number =>
  index < binned.cuts.length ? binned.cuts[index] : LARGEST

/**
 * Cuts of every column that can split at all: between all distinct values where at most `maxBins` exist,
 * otherwise at weighted quantiles. A cut lies midway between two values that occur (the upper one where
 * float32 has none between). Infinite values count as the largest finite ones, which no threshold can tell
 * apart.
 */
export function binColumns(trained: TrainedRows, maxBins: number, seed: number): BinnedColumn[] {
  const columns: BinnedColumn[] = []
  for (const { column, groups, hasMissing, largest } of groupValues(
    trained,
    Math.min(MAX_BINS, maxBins),
    seed,
  )) {
    const cuts = cutsBetween(groups)
    // The largest value of all cannot be told from missing by a threshold.
    const canAskPresent = hasMissing && largest < LARGEST
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
