/**
 * The trainer's inner loops in WebAssembly, over the shared memory that layout.ts lays out. A histogram entry
 * is one i64: the sum of the rows' quantised gradients in the high half, of their hessians in the low half, so
 * one addition serves both, nothing is lost to rounding, and the order of the rows (hence the number of
 * threads) cannot change a sum. JavaScript has no 64-bit integer addition on typed arrays; that, and reads
 * without bounds checks, is why this is not TypeScript.
 */
import type { Code, WasmFunction } from './wasm.ts'
import { get, i32, i64, repeatWhile, set, wasmFunction, wasmModule } from './wasm.ts'

/** Addresses are bytes into the shared memory; lists are never empty. */
export interface Kernels {
  /**
   * Adds the packed gradients of the rows listed from `rows` to `end` to the histograms of `n` columns, whose
   * bins for row 0 are at `bin0`, `bin1` …; column k's histogram begins at `histogram` + k * HISTOGRAM_BYTES.
   */
  accumulate(n: TileSize, rows: number, end: number, histogram: number, bins: readonly number[]): void
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
}

/** Columns that one pass over the rows serves; more would evict their histograms from the first-level cache. */
export const tileSizes = [8, 4, 2, 1] as const
export type TileSize = (typeof tileSizes)[number]

/** 256 entries of 8 bytes: up to 255 bins and one for missing. */
export const HISTOGRAM_BYTES = 2048

export interface KernelAddresses {
  /** Bytes from one row's bins to the next row's. */
  readonly stride: number
  /** Packed gradients, one i64 a row. */
  readonly gradients: number
}

export function instantiateKernels(memory: WebAssembly.Memory, at: KernelAddresses): Kernels {
  const pages = memory.buffer.byteLength / 65536
  const functions = [
    ...tileSizes.map((n) => accumulate(n, at)),
    partition(at),
    move('move', false),
    move('add', true),
    subtract,
  ]
  const module = new WebAssembly.Module(wasmModule(pages, functions))
  const exported = new WebAssembly.Instance(module, { env: { memory } }).exports as Record<
    string,
    (...parameters: number[]) => number
  >
  const { accumulate8, accumulate4, accumulate2, accumulate1 } = exported
  return {
    accumulate: (n, rows, end, histogram, b) => {
      if (n === 8) accumulate8(rows, end, histogram, b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7])
      else if (n === 4) accumulate4(rows, end, histogram, b[0], b[1], b[2], b[3])
      else if (n === 2) accumulate2(rows, end, histogram, b[0], b[1])
      else accumulate1(rows, end, histogram, b[0])
    },
    partition: exported.partition as Kernels['partition'],
    move: exported.move as Kernels['move'],
    add: exported.add as Kernels['add'],
    subtract: exported.subtract as Kernels['subtract'],
  }
}

const binParameters = ['bin0', 'bin1', 'bin2', 'bin3', 'bin4', 'bin5', 'bin6', 'bin7'] as const

function accumulate(n: TileSize, { stride, gradients }: KernelAddresses): WasmFunction {
  const bins = binParameters.slice(0, n)
  return wasmFunction(
    `accumulate${n}`,
    ['rows', 'end', 'histogram', ...bins],
    { row: 'i32', entry: 'i32', gradient: 'i64' },
    false,
    (local) => {
      const addTo = (column: number): Code[] => {
        const offset = column * HISTOGRAM_BYTES
        const bin = i32.load8U(i32.add(get(local.row), get(local[binParameters[column]])))
        return [
          set(local.entry, i32.add(i32.shl(bin, i32.const(3)), get(local.histogram))),
          i64.store(
            get(local.entry),
            i64.add(i64.load(get(local.entry), offset), get(local.gradient)),
            offset,
          ),
        ]
      }
      return [
        repeatWhile(
          [
            set(local.row, i32.load(get(local.rows))),
            set(local.gradient, i64.load(i32.shl(get(local.row), i32.const(3)), gradients)),
            set(local.row, i32.mul(get(local.row), i32.const(stride))),
            ...bins.flatMap((_, column) => addTo(column)),
            set(local.rows, i32.add(get(local.rows), i32.const(4))),
          ],
          i32.ltU(get(local.rows), get(local.end)),
        ),
      ]
    },
  )
}

/** Without branches: every row is written to both lists, and only one of them moves on. */
function partition({ stride }: KernelAddresses): WasmFunction {
  return wasmFunction(
    'partition',
    ['rows', 'end', 'bins', 'bin', 'also', 'left', 'right'],
    { row: 'i32', value: 'i32', goesLeft: 'i32', start: 'i32' },
    true,
    (local) => [
      set(local.start, get(local.left)),
      repeatWhile(
        [
          set(local.row, i32.load(get(local.rows))),
          set(local.value, i32.load8U(i32.add(i32.mul(get(local.row), i32.const(stride)), get(local.bins)))),
          set(
            local.goesLeft,
            i32.shl(
              i32.or(i32.ltU(get(local.value), get(local.bin)), i32.eq(get(local.value), get(local.also))),
              i32.const(2),
            ),
          ),
          i32.store(get(local.left), get(local.row)),
          i32.store(get(local.right), get(local.row)),
          set(local.left, i32.add(get(local.left), get(local.goesLeft))),
          set(local.right, i32.add(get(local.right), i32.sub(i32.const(4), get(local.goesLeft)))),
          set(local.rows, i32.add(get(local.rows), i32.const(4))),
        ],
        i32.ltU(get(local.rows), get(local.end)),
      ),
      i32.shrU(i32.sub(get(local.left), get(local.start)), i32.const(2)),
    ],
  )
}

function move(name: string, adds: boolean): WasmFunction {
  return wasmFunction(name, ['from', 'to', 'toEnd'], {}, false, (local) => [
    repeatWhile(
      [
        i64.store(
          get(local.to),
          adds ? i64.add(i64.load(get(local.to)), i64.load(get(local.from))) : i64.load(get(local.from)),
        ),
        i64.store(get(local.from), i64.const(0)),
        set(local.from, i32.add(get(local.from), i32.const(8))),
        set(local.to, i32.add(get(local.to), i32.const(8))),
      ],
      i32.ltU(get(local.to), get(local.toEnd)),
    ),
  ])
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
