/** What every thread of a training has to know, settled before the first round. */
import type { BinnedColumn } from './bins.ts'
import type { Layout, LayoutSize } from './layout.ts'
import { layOut } from './layout.ts'
import type { SplitRules } from './split.ts'
import type { TrainingData, TrainOptions } from './train.ts'

/** Plain data, so that it can be posted. */
export interface Job {
  readonly layout: Layout
  /** Columns of the design. */
  readonly width: number
  readonly rules: SplitRules
  /** Share of the rows that grow a tree, as a whole number out of 2^32. */
  readonly sampleBelow: number
  /** By binned column. */
  readonly missingBin: Int32Array
  readonly splits: Int32Array
  readonly monotone: Int8Array
  readonly constrained: boolean
}

/**
 * With fewer values than this, starting threads and waiting for them takes longer than they save: on two busy
 * cores two threads lost at a million values and won at two million (200 trees x 8 leaves).
 */
export const SHARED_VALUES = 1_000_000

/**
 * @param trained rows that are trained on
 * @param weight their weights' sum
 */
export function jobFor(
  data: TrainingData,
  columns: readonly BinnedColumn[],
  options: TrainOptions,
  trained: number,
  weight: number,
): Job {
  const sampledColumns = sampledCount(columns, options)
  const entries = columns.map(({ missingBin }) => missingBin + 1).sort((a, b) => b - a)
  const size: LayoutSize = {
    threads: threadsFor(data, options),
    rows: data.rows,
    stride: columns.length,
    width: data.width,
    leaves: options.leaves,
    sampledColumns,
    entries: entries.slice(0, sampledColumns).reduce((sum, n) => sum + n, 0),
  }
  // |g| <= w and h <= w / 4 bound both sums; a power of two keeps g = 1/2 and h = 1/4 exact. Each row's
  // rounding may add one more unit.
  const gradientUnit = unitFor(weight, 2 ** 31 - 1 - trained)
  const hessianUnit = unitFor(weight / 4, 2 ** 32 - 1 - 2 * trained)
  const monotone = Int8Array.from(columns, ({ column }) => data.monotone?.[column] ?? 0)
  return {
    layout: layOut(size),
    width: data.width,
    rules: {
      lambda: options.lambda,
      minHessian: Math.max(1, (options.minChildWeight / hessianUnit) * (1 - 1e-6)),
      gradientUnit,
      hessianUnit,
    },
    sampleBelow: Math.round(options.subsample * 2 ** 32),
    missingBin: Int32Array.from(columns, (column) => column.missingBin),
    splits: Int32Array.from(columns, (column) => column.splits),
    monotone,
    constrained: monotone.some((direction) => direction !== 0),
  }
}

/** The smallest power of two in which `sum` is at most `most` units. */
const unitFor = (sum: number, most: number): number => 2 ** Math.ceil(Math.log2(sum / most))

function threadsFor({ rows, width }: TrainingData, { threads }: TrainOptions): number {
  return rows * width < SHARED_VALUES ? 1 : threads
}

const sampledCount = (columns: readonly BinnedColumn[], { columnSample }: TrainOptions): number =>
  Math.max(1, Math.floor(columns.length * columnSample))
