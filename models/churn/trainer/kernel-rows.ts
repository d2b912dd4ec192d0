/** Lists of rows: parting them, and adding leaf values to their margins. See kernels.ts. */
import type { KernelShape } from './kernels.ts'
import { NODE } from './node.ts'
import type { Code, WasmFunction } from './wasm.ts'
import { f64, get, i32, repeatWhile, select, set, wasmFunction } from './wasm.ts'

/** Without branches: every row is written to both lists, and only one of them moves on. */
export const partition = wasmFunction(
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

export function shift({ addresses }: KernelShape): WasmFunction {
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

export function route({ stride, addresses }: KernelShape): WasmFunction {
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
