/**
 * Shapley values of one leaf of a tree.
 *
 * Under the path-dependent value function (Lundberg et al. 2020, "From local explanations to global
 * understanding with explainable AI for trees", Algorithm 1) a leaf with value v adds v x product of
 * (o_j for the columns j that are known, z_j for the others), where o_j is 1 when the row meets all
 * conditions on column j along the path, else 0, and z_j is the share of the training rows that do. The
 * Shapley value is the integral over t of the marginal contribution when every other column is known with
 * probability t (Owen 1972, "Multilinear extensions of games"):
 *
 *   phi_i = v x (o_i - z_i) x integral from 0 to 1 of product over j != i of ((1 - t) z_j + t o_j) dt
 *
 * The integrand is a polynomial of degree m - 1, so ceil(m / 2) Gauss-Legendre points integrate it exactly.
 * All terms are >= 0: nothing cancels, unlike in the unwinding of the classic algorithm.
 */

/**
 * Writes the contributions of the m columns of one leaf's path to `out[0 .. m)`.
 *
 * @param share z_j of each column, 0 to 1
 * @param met o_j of each column: 1 where the row meets the path's conditions on it, else 0
 * @param value the leaf's value in log-odds
 * @example
 * const out = new Float64Array(1)
 * leafShapley(Float64Array.of(0.25), Uint8Array.of(1), 2, out) // out[0] = 2 x (1 - 0.25)
 */
export function leafShapley(share: Float64Array, met: Uint8Array, value: number, out: Float64Array): void {
  const m = share.length
  if (prefix.length < m) prefix = new Float64Array(2 * m)
  out.fill(0, 0, m)
  const { point, weight } = gaussLegendre((m + 1) >> 1)
  for (let q = 0; q < point.length; q++) {
    const t = point[q]
    let before = weight[q] * value
    // out[j] receives the product over i < j, then the way back multiplies the product over i > j in.
    for (let j = 0; j < m; j++) {
      prefix[j] = before
      before *= (1 - t) * share[j] + met[j] * t
    }
    let after = 1
    for (let j = m - 1; j >= 0; j--) {
      const known = met[j]
      out[j] += prefix[j] * after * (known - share[j])
      after *= (1 - t) * share[j] + known * t
    }
  }
}

/** Scratch, grown when a path is longer than any before. */
let prefix = new Float64Array(32)

interface Quadrature {
  readonly point: Float64Array
  readonly weight: Float64Array
}

const rules: Quadrature[] = []

/** Gauss-Legendre points and weights on [0, 1], by Newton's method on the Legendre polynomial. */
function gaussLegendre(n: number): Quadrature {
  const known = rules[n]
  if (known !== undefined) return known
  const point = new Float64Array(n)
  const weight = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5))
    let slope = 1
    for (let step = 0; step < 100; step++) {
      let p = 1
      let previous = 0
      for (let k = 1; k <= n; k++) {
        const next = ((2 * k - 1) * x * p - (k - 1) * previous) / k
        previous = p
        p = next
      }
      slope = (n * (x * p - previous)) / (x * x - 1)
      const change = p / slope
      x -= change
      if (Math.abs(change) < 1e-16) break
    }
    point[i] = (1 - x) / 2
    weight[i] = 1 / ((1 - x * x) * slope * slope)
  }
  const rule = { point, weight }
  rules[n] = rule
  return rule
}
