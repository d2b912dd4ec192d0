/**
 * The trainer's inner loops in WebAssembly, over the shared memory that layout.ts lays out. A histogram entry
 * is one i64: the sum of the rows' quantised gradients in the high half, of their hessians in the low half, so
 * one addition serves both, nothing is lost to rounding, and the order of the rows (hence the number of
 * threads) cannot change a sum. JavaScript has no 64-bit integer addition on typed arrays; that, and reads
 * without bounds checks, is why this is not TypeScript. Lists of rows are never empty.
 */
import { binning, BINNING_STEPS } from './kernel-binning.ts'
import { gradients } from './kernel-gradients.ts'
import { NODE } from './node.ts'
import type { Code, WasmFunction } from './wasm.ts'
import { f64, get, i32, i64, repeatWhile, select, set, wasmFunction, wasmModule } from './wasm.ts'

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

/** 256 entries of 8 bytes: up to 255 bins and one for missing. */
export const HISTOGRAM_BYTES = 2112

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

function accumulate(n: number, adjacent: boolean, { stride, addresses }: KernelShape): WasmFunction {
  const binsOf = Array.from({ length: adjacent ? 1 : n }, (_, column) => `bins${column}`)
  return wasmFunction(
    `accumulate${n}`,
    ['rows', 'end', 'histogram', ...binsOf],
    { row: 'i32', entry: 'i32', gradient: 'i64' },
    false,
    (local) => {
      const binOf = (column: number): Code =>
        adjacent
          ? i32.load8U(get(local.row), column)
          : i32.load8U(i32.add(get(local.row), get(local[binsOf[column]])))
      const addTo = (column: number): Code[] => {
        const offset = column * HISTOGRAM_BYTES
        return [
          set(local.entry, i32.add(i32.shl(binOf(column), i32.const(3)), get(local.histogram))),
          i64.store(
            get(local.entry),
            i64.add(i64.load(get(local.entry), offset), get(local.gradient)),
            offset,
          ),
        ]
      }
      const rowBins = i32.mul(get(local.row), i32.const(stride))
      return [
        repeatWhile(
          [
            set(local.row, i32.load(get(local.rows))),
            set(local.gradient, i64.load(i32.shl(get(local.row), i32.const(3)), addresses.gradients)),
            set(local.row, adjacent ? i32.add(rowBins, get(local.bins0)) : rowBins),
            ...Array.from({ length: n }, (_, column) => addTo(column)).flat(),
            set(local.rows, i32.add(get(local.rows), i32.const(4))),
          ],
          i32.ltU(get(local.rows), get(local.end)),
        ),
      ]
    },
  )
}

function touch({ stride, addresses }: KernelShape): WasmFunction {
  return wasmFunction('touch', ['rows', 'end', 'bins'], { row: 'i32', sum: 'i32' }, true, (local) => {
    const rowBins = i32.add(i32.mul(get(local.row), i32.const(stride)), get(local.bins))
    const gradient = i32.load(i32.shl(get(local.row), i32.const(3)), addresses.gradients)
    return [
      repeatWhile(
        [
          set(local.row, i32.load(get(local.rows))),
          set(local.sum, i32.add(get(local.sum), i32.add(i32.load8U(rowBins), gradient))),
          set(local.rows, i32.add(get(local.rows), i32.const(4))),
        ],
        i32.ltU(get(local.rows), get(local.end)),
      ),
      // Returned so that no compiler may leave the reads out.
      get(local.sum),
    ]
  })
}

/** Without branches: every row is written to both lists, and only one of them moves on. */
const partition = wasmFunction(
  'partition',
  ['rows', 'end', 'bins', 'bin', 'also', 'left', 'right'],
  { row: 'i32', value: 'i32', step: 'i32', start: 'i32' },
  true,
  (local) => {
    const goesLeft = i32.or(
      i32.ltU(get(local.value), get(local.bin)),
      i32.eq(get(local.value), get(local.also)),
    )
    return [
      set(local.start, get(local.left)),
      repeatWhile(
        [
          set(local.row, i32.load(get(local.rows))),
          set(local.value, i32.load8U(i32.add(get(local.row), get(local.bins)))),
          set(local.step, i32.shl(goesLeft, i32.const(2))),
          i32.store(get(local.left), get(local.row)),
          i32.store(get(local.right), get(local.row)),
          set(local.left, i32.add(get(local.left), get(local.step))),
          set(local.right, i32.add(get(local.right), i32.sub(i32.const(4), get(local.step)))),
          set(local.rows, i32.add(get(local.rows), i32.const(4))),
        ],
        i32.ltU(get(local.rows), get(local.end)),
      ),
      i32.shrU(i32.sub(get(local.left), get(local.start)), i32.const(2)),
    ]
  },
)

function gather(name: string, adds: boolean): WasmFunction {
  return wasmFunction(name, ['from', 'to', 'toEnd'], {}, false, (local) => {
    const source = i64.load(get(local.from))
    return [
      repeatWhile(
        [
          i64.store(get(local.to), adds ? i64.add(i64.load(get(local.to)), source) : source),
          i64.store(get(local.from), i64.const(0)),
          set(local.from, i32.add(get(local.from), i32.const(8))),
          set(local.to, i32.add(get(local.to), i32.const(8))),
        ],
        i32.ltU(get(local.to), get(local.toEnd)),
      ),
    ]
  })
}

const subtract = wasmFunction('subtract', ['what', 'from', 'fromEnd'], {}, false, (local) => [
  repeatWhile(
    [
      i64.store(get(local.from), i64.sub(i64.load(get(local.from)), i64.load(get(local.what)))),
      set(local.what, i32.add(get(local.what), i32.const(8))),
      set(local.from, i32.add(get(local.from), i32.const(8))),
    ],
    i32.ltU(get(local.from), get(local.fromEnd)),
  ),
])

function shift({ addresses }: KernelShape): WasmFunction {
  return wasmFunction('shift', ['rows', 'end', 'value'], { margin: 'i32', by: 'f64' }, false, (local) => [
    set(local.by, f64.load(get(local.value))),
    repeatWhile(
      [
        set(local.margin, i32.shl(i32.load(get(local.rows)), i32.const(3))),
        f64.store(
          get(local.margin),
          f64.add(f64.load(get(local.margin), addresses.margins), get(local.by)),
          addresses.margins,
        ),
        set(local.rows, i32.add(get(local.rows), i32.const(4))),
      ],
      i32.ltU(get(local.rows), get(local.end)),
    ),
  ])
}

function route({ stride, addresses }: KernelShape): WasmFunction {
  return wasmFunction(
    'route',
    ['rows', 'end', 'root'],
    { row: 'i32', node: 'i32', bin: 'i32' },
    false,
    (local) => {
      const field = (offset: number): Code => i32.load(get(local.node), offset)
      const rowBins = i32.mul(get(local.row), i32.const(stride))
      const goesLeft = i32.or(
        i32.ltU(get(local.bin), field(NODE.bin)),
        i32.eq(get(local.bin), field(NODE.also)),
      )
      const margin = i32.shl(get(local.row), i32.const(3))
      return [
        repeatWhile(
          [
            set(local.row, i32.load(get(local.rows))),
            set(local.node, get(local.root)),
            repeatWhile(
              [
                set(local.bin, i32.load8U(i32.add(rowBins, field(NODE.column)), addresses.bins)),
                set(local.node, select(goesLeft, field(NODE.left), field(NODE.right))),
              ],
              // A leaf's left child is address 0, where no node is.
              field(NODE.left),
            ),
            f64.store(
              margin,
              f64.add(f64.load(margin, addresses.margins), f64.load(get(local.node), NODE.value)),
              addresses.margins,
            ),
            set(local.rows, i32.add(get(local.rows), i32.const(4))),
          ],
          i32.ltU(get(local.rows), get(local.end)),
        ),
      ]
    },
  )
}
