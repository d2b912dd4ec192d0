/** Histograms: adding rows up, and adding, moving and subtracting whole histograms. See kernels.ts. */
import type { KernelShape } from './kernels.ts'
import type { Code, WasmFunction } from './wasm.ts'
import { get, i32, i64, repeatWhile, set, wasmFunction } from './wasm.ts'

/**
 * From one column's scratch histogram to the next: 256 entries of 8 bytes (255 bins and one for missing), and
 * a cache line more. A power of two would put the same bin of every column into the same few sets of the
 * first-level cache.
 */
export const HISTOGRAM_BYTES = 2048 + 64

export function accumulate(n: number, adjacent: boolean, { stride, addresses }: KernelShape): WasmFunction {
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

export function touch({ stride, addresses }: KernelShape): WasmFunction {
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

/** `move` or `add`. */
export function gather(name: string, adds: boolean): WasmFunction {
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

export const subtract = wasmFunction('subtract', ['what', 'from', 'fromEnd'], {}, false, (local) => [
  repeatWhile(
    [
      i64.store(get(local.from), i64.sub(i64.load(get(local.from)), i64.load(get(local.what)))),
      set(local.what, i32.add(get(local.what), i32.const(8))),
      set(local.from, i32.add(get(local.from), i32.const(8))),
    ],
    i32.ltU(get(local.from), get(local.fromEnd)),
  ),
])
