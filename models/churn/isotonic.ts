/** Isotonic calibration: the monotone curve that fits the observed rates best, as few linear pieces. */
import type { Calibrator } from './model.ts'

/** Beyond so many rows neighbours start out pooled: the curve cannot be told that finely anyway. */
const FINEST = 20_000

interface Pool {
  margin: number
  churned: number
  weight: number
}

/**
 * Pool-adjacent-violators (Ayer et al. 1955) over margins in ascending order, then one knot a pool at its
 * mean margin and linear in between: centred isotonic regression (Oron & Flournoy 2017), which has no steps
 * and hence ranks within a pool as the margin does. Each pool's rate is drawn towards the overall rate by one
 * row, so that no pool claims 0 or 1 for certain.
 *
 * @param order row numbers by ascending margin; only these rows count
 * @returns knots strictly ascending in margin also as float32 (ONNX); a single knot when all margins are equal
 * @example
 * fitIsotonic(margins, labels, rowsByMargin)
 */
export function fitIsotonic(
  margins: Float64Array,
  labels: Uint8Array,
  order: Uint32Array,
): Extract<Calibrator, { kind: 'isotonic' }> {
  const ties = poolTies(margins, labels, order, Math.ceil(order.length / FINEST))
  let churned = 0
  for (const tie of ties) churned += tie.churned
  const overall = (churned + 0.5) / (order.length + 1)
  const drawn = poolViolators(ties).map(({ margin, churned, weight }) => ({
    margin,
    churned: (weight * (churned + overall)) / (weight + 1),
    weight,
  }))
  // Small pools were drawn further than large ones, which may have put neighbours out of order again.
  const pools = poolViolators(drawn)
  const margin: number[] = []
  const probability: number[] = []
  for (const pool of pools) {
    const at = Math.fround(pool.margin)
    if (margin.length > 0 && at <= margin[margin.length - 1]) continue
    margin.push(at)
    probability.push(pool.churned / pool.weight)
  }
  return { kind: 'isotonic', margin, probability }
}

/** Pools of equal margins, and of at least `least` neighbours. */
function poolTies(margins: Float64Array, labels: Uint8Array, order: Uint32Array, least: number): Pool[] {
  const pools: Pool[] = []
  for (let i = 0; i < order.length;) {
    let sum = 0
    let churned = 0
    let last = margins[order[i]]
    const start = i
    while (i < order.length && (i - start < least || margins[order[i]] === last)) {
      last = margins[order[i]]
      sum += last
      churned += labels[order[i]]
      i++
    }
    pools.push({ margin: sum / (i - start), churned, weight: i - start })
  }
  return pools
}

function poolViolators(inputs: readonly Pool[]): Pool[] {
  const pools: Pool[] = []
  for (const input of inputs) {
    let pool = { ...input }
    while (pools.length > 0) {
      const before = pools[pools.length - 1]
      if (before.churned * pool.weight < pool.churned * before.weight) break
      pools.pop()
      const weight = before.weight + pool.weight
      pool = {
        margin: (before.margin * before.weight + pool.margin * pool.weight) / weight,
        churned: before.churned + pool.churned,
        weight,
      }
    }
    pools.push(pool)
  }
  return pools
}
