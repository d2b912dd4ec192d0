/**
 * Where everything lies in the memory that the training threads share. One WebAssembly memory holds it all:
 * the kernels reach only that, and its buffer is a SharedArrayBuffer.
 */
import { HoldfastError } from '../../../src/contracts/errors.ts'
import { HISTOGRAM_BYTES } from './kernel-histograms.ts'
import { NODE_BYTES } from './node.ts'

/** Byte addresses, and the sizes that they follow from. */
export interface Layout {
  readonly rows: number
  /** Binned columns: bytes from one row's bins to the next row's. */
  readonly stride: number
  /** Columns that a tree may use. */
  readonly sampledColumns: number
  readonly threads: number
  readonly leaves: number
  /** Bytes of one leaf's histograms. */
  readonly slotBytes: number
  /** Bytes of one thread's scratch histograms. */
  readonly scratchBytes: number
  /** Int32: the barrier. */
  readonly control: number
  /** Float64: what the threads are to do, and with what. */
  readonly command: number
  /** Float64: {@link RESULT_NUMBERS} a thread. */
  readonly results: number
  /** Int32: the tree's columns, as indices of binned columns, ascending. */
  readonly sampled: number
  /** Int32: where each sampled column's entries begin in a slot, in bytes. */
  readonly entries: number
  /** The tree by bins: records as in node.ts. */
  readonly nodes: number
  /** Int32, 3 a leaf: node, first and end position in `order`. */
  readonly segments: number
  /** Uint8, rows x stride: what histograms are built from. */
  readonly bins: number
  /** Uint8, stride x rows: what rows are partitioned by, which looks at one column only. */
  readonly columnBins: number
  /** Packed gradients, i64 a row. */
  readonly gradients: number
  /** Float64 a row. */
  readonly margins: number
  /** Float32 a row; 0 for a row that is not trained on. */
  readonly weights: number
  /** Uint8 a row. */
  readonly labels: number
  /** Int32: the tree's rows, each leaf's together and ascending; after them the rows that are not in it. */
  readonly order: number
  /** Int32: rows on their way to `order`. */
  readonly left: number
  readonly right: number
  /** Float32, {@link CUT_BYTES} a column, for binning. */
  readonly cuts: number
  /** Float32, {@link STAGED_ROWS} rows of the design on their way into bins. */
  readonly staging: number
  readonly scratch: number
  readonly slots: number
  /** Size of it all. */
  readonly bytes: number
}

export const RESULT_NUMBERS = 32
export const COMMAND_NUMBERS = 32
export const CUT_BYTES = 1024
export const STAGED_ROWS = 256

export interface LayoutSize {
  readonly rows: number
  readonly stride: number
  /** Columns of the design. */
  readonly width: number
  readonly threads: number
  readonly leaves: number
  /** Columns that a tree may use. */
  readonly sampledColumns: number
  /** The most histogram entries that those columns can have together. */
  readonly entries: number
}

/**
 * @throws HoldfastError `usage` when the data does not fit into the 4 GiB that one training may take
 */
export function layOut(size: LayoutSize): Layout {
  const { rows, stride, threads, leaves } = size
  let bytes = 0
  const take = (length: number): number => {
    const address = bytes
    bytes += Math.ceil(length / 128) * 128
    return address
  }
  const nodes = 2 * leaves
  const slotBytes = Math.ceil((size.entries * 8) / 128) * 128
  const scratchBytes = size.sampledColumns * HISTOGRAM_BYTES
  const layout = {
    rows,
    stride,
    sampledColumns: size.sampledColumns,
    threads,
    leaves,
    slotBytes,
    scratchBytes,
    control: take(128),
    command: take(COMMAND_NUMBERS * 8),
    results: take(threads * RESULT_NUMBERS * 8),
    sampled: take(size.sampledColumns * 4),
    entries: take(size.sampledColumns * 4),
    nodes: take(nodes * NODE_BYTES),
    segments: take(leaves * 3 * 4),
    bins: take(rows * stride),
    columnBins: take(rows * stride),
    gradients: take(rows * 8),
    margins: take(rows * 8),
    weights: take(rows * 4),
    labels: take(rows),
    order: take(rows * 4),
    left: take(rows * 4),
    right: take(rows * 4),
    cuts: take(stride * CUT_BYTES),
    staging: take(STAGED_ROWS * size.width * 4),
    scratch: take(threads * scratchBytes),
    slots: take(leaves * slotBytes),
  }
  if (bytes > 65535 * 65536) {
    const gigabytes = (bytes / 2 ** 30).toFixed(1)
    throw new HoldfastError(
      'usage',
      `Training on ${rows} rows with ${stride} columns would take ${gigabytes} GB of memory; one training may ` +
        'take 4. Train on a sample of the rows, or leave out columns.',
    )
  }
  return { ...layout, bytes }
}

export function allocate(layout: Layout): WebAssembly.Memory {
  const pages = Math.ceil(layout.bytes / 65536)
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
}

/** What the leading thread itself reads and writes of the rows. */
export interface RowViews {
  readonly margins: Float64Array
  readonly weights: Float32Array
  readonly labels: Uint8Array
  readonly order: Int32Array
  readonly left: Int32Array
  readonly right: Int32Array
}

export function viewRows(buffer: ArrayBufferLike, layout: Layout): RowViews {
  const { rows } = layout
  return {
    margins: new Float64Array(buffer, layout.margins, rows),
    weights: new Float32Array(buffer, layout.weights, rows),
    labels: new Uint8Array(buffer, layout.labels, rows),
    order: new Int32Array(buffer, layout.order, rows),
    left: new Int32Array(buffer, layout.left, rows),
    right: new Int32Array(buffer, layout.right, rows),
  }
}
