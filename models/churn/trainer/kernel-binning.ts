/** Values to bins, by a binary search without branches (a branch there is a coin toss for the processor). */
import type { WasmFunction } from './wasm.ts'
import { f32, get, i32, repeatWhile, select, set, wasmFunction } from './wasm.ts'

/** Steps of the search, by the number of cuts: 2^steps - 1 places for cuts, NaN in those not used. */
export const BINNING_STEPS = [1, 2, 3, 4, 5, 6, 7, 8] as const

/**
 * `bin<steps>(cuts, values, end, byRow, byColumn, missing)`: bins of a column's values in staged rows of the
 * design, written to the row-major and the column-major bins. A bin is the number of cuts that are not above
 * the value.
 */
export function binning(
  steps: number,
  { stride, designStride }: { stride: number; designStride: number },
): WasmFunction {
  return wasmFunction(
    `bin${steps}`,
    ['cuts', 'values', 'end', 'byRow', 'byColumn', 'missing'],
    { value: 'f32', bin: 'i32' },
    false,
    (local) => {
      const search = Array.from({ length: steps }, (_, i) => steps - 1 - i).map((power) => {
        const address = i32.add(get(local.cuts), i32.shl(get(local.bin), i32.const(2)))
        const notBelow = f32.ge(get(local.value), f32.load(address, 4 * (2 ** power - 1)))
        return set(local.bin, i32.add(get(local.bin), i32.shl(notBelow, i32.const(power))))
      })
      const isMissing = f32.ne(get(local.value), get(local.value))
      return [
        repeatWhile(
          [
            set(local.value, f32.load(get(local.values))),
            set(local.bin, i32.const(0)),
            ...search,
            set(local.bin, select(isMissing, get(local.missing), get(local.bin))),
            i32.store8(get(local.byRow), get(local.bin)),
            i32.store8(get(local.byColumn), get(local.bin)),
            set(local.values, i32.add(get(local.values), i32.const(designStride))),
            set(local.byRow, i32.add(get(local.byRow), i32.const(stride))),
            set(local.byColumn, i32.add(get(local.byColumn), i32.const(1))),
          ],
          i32.ltU(get(local.values), get(local.end)),
        ),
      ]
    },
  )
}
