/**
 * The trainer's inner loops in WebAssembly, over the shared memory that layout.ts lays out. A histogram entry
 * is one i64: the sum of the rows' quantised gradients in the high half, of their hessians in the low half, so
 * one addition serves both, nothing is lost to rounding, and the order of the rows (hence the number of
 * threads) cannot change a sum. JavaScript has no 64-bit integer addition on typed arrays; that, and reads
 * without bounds checks, is why this is not TypeScript. Lists of rows are never empty.
 */
import { binning, BINNING_STEPS } from './kernel-binning.ts'
import { gradients } from './kernel-gradients.ts'
import { accumulate, gather, HISTOGRAM_BYTES, subtract, touch } from './kernel-histograms.ts'
import { partition, route, shift } from './kernel-rows.ts'
import { wasmModule } from './wasm.ts'

/** Addresses are bytes into the shared memory. */
export interface Kernels {
  /**
   * Adds the packed gradients of the rows listed from `rows` to `end` to the histograms of the tree's columns,
   * whose bins for row 0 are at the addresses `bins`; column k's histogram is at `histogram` + k x
   * HISTOGRAM_BYTES.
   */
  accumulate(rows: number, end: number, histogram: number, bins: readonly number[]): void
  /**
   * Reads what {@link accumulate} will read of scattered rows, so that many are on their way from memory at
   * once: one row's additions fill the processor's window, and it would wait for each row in turn.
   */
  touch(rows: number, end: number, bins: number): number
  /**
   * Splits the listed rows, keeping their order: to `left` where the bin is below `bin` or equals `also`,
   * otherwise to `right`. Returns the number that went left. Both lists need room for all rows.
   */
  partition(
    rows: number,
    end: number,
    bins: number,
    bin: number,
    also: number,
    left: number,
    right: number,
  ): number
  /** Moves entries to `to` (up to `toEnd`) and leaves zeroes. */
  move(from: number, to: number, toEnd: number): void
  /** Adds entries to those at `to` (up to `toEnd`) and leaves zeroes. */
  add(from: number, to: number, toEnd: number): void
  /** Subtracts entries from those at `from` (up to `fromEnd`). */
  subtract(what: number, from: number, fromEnd: number): void
  /** Adds the f64 at `value` to the margins of the listed rows. */
  shift(rows: number, end: number, value: number): void
  /** See kernel-gradients.ts. */
  gradients(
    from: number,
    to: number,
    list: number,
    others: number,
    sums: number,
    sampleSeed: number,
    ditherSeed: number,
  ): number
  /** Adds to the margins of the listed rows the values of the leaves that their bins lead to; see node.ts. */
  route(rows: number, end: number, root: number): void
  /** Bins of one column of staged rows; see kernel-binning.ts. */
  binColumn(cuts: number, values: number, end: number, byRow: number, byColumn: number, count: number): void
}

/** What is known when the kernels are made, and so stands in their code. */
export interface KernelShape {
  /** Bytes from one row's bins to the next row's: the number of binned columns. */
  readonly stride: number
  /** Columns that a tree uses. */
  readonly sampledColumns: number
  /** Bytes from one row of the design to the next. */
  readonly designStride: number
  readonly sampleBelow: number
  readonly gradientScale: number
  readonly hessianScale: number
  readonly addresses: {
    readonly bins: number
    readonly gradients: number
    readonly margins: number
    readonly weights: number
    readonly labels: number
  }
}

export function instantiateKernels(memory: WebAssembly.Memory, shape: KernelShape): Kernels {
  // Columns next to one another are reached by offsets that cost nothing; others need an address each.
  const adjacent = shape.sampledColumns === shape.stride
  const tiles = tileSizes(shape.sampledColumns, adjacent ? 64 : 24)
  const functions = [
    ...[...new Set(tiles)].map((n) => accumulate(n, adjacent, shape)),
    touch(shape),
    partition,
    gather('move', false),
    gather('add', true),
    subtract,
    shift(shape),
    route(shape),
    gradients(shape),
    ...BINNING_STEPS.map((steps) => binning(steps, shape)),
  ]
  const pages = memory.buffer.byteLength / 65536
  const module = new WebAssembly.Module(wasmModule(pages, functions))
  const exported = new WebAssembly.Instance(module, { env: { memory } }).exports as Record<
    string,
    (...parameters: number[]) => number
  >
  const passes = tiles.map((n) => ({ n, run: exported[`accumulate${n}`] }))
  const binSteps = BINNING_STEPS.map((steps) => exported[`bin${steps}`])
  return {
    accumulate: (rows, end, histogram, bins) => {
      let k = 0
      for (const { n, run } of passes) {
        const first = histogram + k * HISTOGRAM_BYTES
        if (adjacent) run(rows, end, first, bins[k])
        else run(rows, end, first, ...bins.slice(k, k + n))
        k += n
      }
    },
    touch: exported.touch as Kernels['touch'],
    partition: exported.partition as Kernels['partition'],
    move: exported.move as Kernels['move'],
    add: exported.add as Kernels['add'],
    subtract: exported.subtract as Kernels['subtract'],
    shift: exported.shift as Kernels['shift'],
    route: exported.route as Kernels['route'],
    gradients: exported.gradients as Kernels['gradients'],
    binColumn: (cuts, values, end, byRow, byColumn, count) => {
      const steps = Math.max(1, Math.ceil(Math.log2(count + 1)))
      binSteps[steps - 1](cuts, values, end, byRow, byColumn, count + 1)
    },
  }
}

/** As few passes over the rows as a bound on their size allows, of about equal size. */
function tileSizes(columns: number, most: number): number[] {
  const passes = Math.ceil(columns / most)
  return Array.from(
    { length: passes },
    (_, i) => Math.floor((columns * (i + 1)) / passes) - Math.floor((columns * i) / passes),
  )
}
