/**
 * Gradients of the logistic loss, quantised. For margin m, p = 1 / (1 + exp(-m)), label y and weight w the
 * gradient is (p - y) w and the hessian p (1 - p) w. Each is scaled to a whole number and rounded up or down
 * by chance in proportion, so that small gradients do not vanish from large sums (Shi et al. 2022, Quantized
 * Training of Gradient Boosting Decision Trees).
 */
import type { Code, WasmFunction } from './wasm.ts'
import { f32, f64, get, i32, i64, repeatWhile, set, wasmFunction, when } from './wasm.ts'

export interface GradientShape {
  /** Rows whose chance is below this, out of 2^32, grow the tree. */
  readonly sampleBelow: number
  readonly gradientScale: number
  readonly hessianScale: number
  readonly addresses: {
    readonly gradients: number
    readonly margins: number
    readonly weights: number
    readonly labels: number
  }
}

/**
 * `gradients(from, to, list, others, sums, sampleSeed, ditherSeed)`: writes the packed gradients of the rows
 * from `from` to `to` that grow the tree, lists those rows at `list` and all others at `others`, adds the
 * packed gradients up at `sums`, and returns how many rows grow the tree.
 */
export function gradients(shape: GradientShape): WasmFunction {
  const { addresses, gradientScale, hessianScale } = shape
  return wasmFunction(
    'gradients',
    ['from', 'to', 'list', 'others', 'sums', 'sampleSeed', 'ditherSeed'],
    {
      start: 'i32',
      grows: 'i32',
      chance: 'i32',
      x: 'f64',
      whole: 'f64',
      p: 'f64',
      weight: 'f64',
      hessian: 'f64',
      packed: 'i32',
      sum: 'i64',
    },
    true,
    (local) => {
      const quarter = i32.shl(get(local.from), i32.const(2))
      const eighth = i32.shl(get(local.from), i32.const(3))
      const label = f64.fromU32(i32.load8U(get(local.from), addresses.labels))
      const low = f64.fromU32(i32.and(get(local.chance), i32.const(0xffff)))
      const high = f64.fromU32(i32.shrU(get(local.chance), i32.const(16)))
      const dithered = (value: Code, dither: Code): Code =>
        f64.floor(f64.add(value, f64.mul(dither, f64.const(2 ** -16))))
      const takesAll = shape.sampleBelow >= 2 ** 32
      const inTree = takesAll ? i32.const(1) : i32.ltU(get(local.chance), i32.const(shape.sampleBelow))
      return [
        set(local.start, get(local.list)),
        repeatWhile(
          [
            ...(takesAll ? [] : mix(local.chance, get(local.from), get(local.sampleSeed))),
            set(local.weight, f64.fromF32(f32.load(quarter, addresses.weights))),
            set(local.grows, i32.and(inTree, f32.gt(f32.load(quarter, addresses.weights), f32.const(0)))),
            i32.store(get(local.list), get(local.from)),
            i32.store(get(local.others), get(local.from)),
            set(local.list, i32.add(get(local.list), i32.shl(get(local.grows), i32.const(2)))),
            set(
              local.others,
              i32.add(get(local.others), i32.sub(i32.const(4), i32.shl(get(local.grows), i32.const(2)))),
            ),
            when(get(local.grows), [
              ...mix(local.chance, get(local.from), get(local.ditherSeed)),
              ...exponential(local.x, local.whole, f64.load(eighth, addresses.margins)),
              set(local.p, f64.div(f64.const(1), f64.add(f64.const(1), get(local.x)))),
              set(
                local.hessian,
                f64.mul(
                  f64.mul(f64.mul(get(local.p), get(local.p)), get(local.x)),
                  f64.mul(get(local.weight), f64.const(hessianScale)),
                ),
              ),
              set(local.packed, eighth),
              i32.store(
                get(local.packed),
                // At least 1, so that a histogram entry is 0 only where no row is.
                i32.unsignedFromF64(f64.max(f64.const(1), dithered(get(local.hessian), high))),
                addresses.gradients,
              ),
              i32.store(
                get(local.packed),
                i32.fromF64(
                  dithered(
                    f64.mul(
                      f64.mul(f64.sub(get(local.p), label), get(local.weight)),
                      f64.const(gradientScale),
                    ),
                    low,
                  ),
                ),
                addresses.gradients + 4,
              ),
              set(local.sum, i64.add(get(local.sum), i64.load(get(local.packed), addresses.gradients))),
            ]),
            set(local.from, i32.add(get(local.from), i32.const(1))),
          ],
          i32.ltU(get(local.from), get(local.to)),
        ),
        i64.store(get(local.sums), get(local.sum)),
        i32.shrU(i32.sub(get(local.list), get(local.start)), i32.const(2)),
      ]
    },
  )
}

/** Terms of 2^r = sum of (r ln 2)^k / k!; to |r| <= 1/2 nine of them are within 1e-11. */
const TERMS = 9

/** Sets `x` to exp(-margin): 2^n x 2^r with n whole and |r| <= 1/2, bounded so that n stays an exponent. */
function exponential(x: number, whole: number, margin: Code): Code[] {
  const bounded = f64.max(f64.const(-1000), f64.min(f64.const(1000), f64.mul(margin, f64.const(-Math.LOG2E))))
  const coefficients = [1]
  for (let k = 1; k <= TERMS; k++) coefficients.push((coefficients[k - 1] * Math.LN2) / k)
  let series: Code = f64.const(coefficients[TERMS])
  for (let k = TERMS - 1; k >= 0; k--) {
    series = f64.add(f64.mul(series, get(x)), f64.const(coefficients[k]))
  }
  const exponent = i32.add(i32.fromF64(get(whole)), i32.const(1023))
  const power = f64.fromBits(i64.shl(i64.fromI32(exponent), i64.const(52)))
  return [
    set(x, bounded),
    set(whole, f64.nearest(get(x))),
    set(x, f64.sub(get(x), get(whole))),
    set(x, f64.mul(series, power)),
  ]
}

/** A row's chance in a round, 32 bits: MurmurHash3's finaliser (Appleby) over row and seed. */
function mix(into: number, row: Code, seed: Code): Code[] {
  const fold = (by: number): Code => set(into, i32.xor(get(into), i32.shrU(get(into), i32.const(by))))
  const scatter = (by: number): Code => set(into, i32.mul(get(into), i32.const(by)))
  return [
    set(into, i32.xor(row, seed)),
    fold(16),
    scatter(0x85ebca6b),
    fold(13),
    scatter(0xc2b2ae35),
    fold(16),
  ]
}
