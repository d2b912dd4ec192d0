/** The inner loop of Newton's method: sums of weighted outer products. */

export interface OuterProducts {
  /** Adds weight x z z'; `z` may be reused afterwards. */
  add(z: Float64Array, weight: number): void
  /** To be called once after the last row: until then up to three rows are still waiting. */
  flush(): void
}

/**
 * Adds up into the lower triangle of `matrix` (row-major, size x size). Rows wait four at a time, so that each
 * entry is read and written once for four of them.
 *
 * @example
 * const products = outerProducts(hessian, 3)
 * products.add(new Float64Array([1, 2, 1]), 0.25)
 * products.flush()
 */
export function outerProducts(matrix: Float64Array, size: number): OuterProducts {
  const weights = new Float64Array(4)
  const za = new Float64Array(size)
  const zb = new Float64Array(size)
  const zc = new Float64Array(size)
  const zd = new Float64Array(size)
  const waiting = [za, zb, zc, zd]
  let filled = 0

  const flush = (): void => {
    weights.fill(0, filled)
    filled = 0
    const [wa, wb, wc, wd] = weights
    for (let i = 0; i < size; i++) {
      const a = wa * za[i]
      const b = wb * zb[i]
      const c = wc * zc[i]
      const d = wd * zd[i]
      const base = i * size
      for (let j = 0; j <= i; j++) matrix[base + j] += a * za[j] + b * zb[j] + c * zc[j] + d * zd[j]
    }
  }
  return {
    add: (z, weight) => {
      waiting[filled].set(z)
      weights[filled] = weight
      filled++
      if (filled === 4) flush()
    },
    flush,
  }
}
