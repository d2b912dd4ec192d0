/** Distribution functions and interval formulas, in closed form or by series: no data, no chance. */

/** Two-sided 95 % quantile of the standard normal. */
export const Z95 = 1.959963984540054

/** A figure with its 95 % interval. */
export interface Estimate {
  readonly value: number
  readonly low: number
  readonly high: number
}

/**
 * P(X > x) for a chi-square variable: the upper regularised incomplete gamma function Q(df / 2, x / 2), by
 * its series below a + 1 and Lentz's continued fraction above (Numerical Recipes, 3rd ed., 6.2).
 *
 * @param degrees of freedom, > 0
 * @example
 * chiSquareSurvival(15.507, 8) // 0.0500
 */
export function chiSquareSurvival(x: number, degrees: number): number {
  if (!(x > 0)) return 1
  const a = degrees / 2
  const half = x / 2
  const scale = Math.exp(a * Math.log(half) - half - logGamma(a))
  return half < a + 1 ? 1 - scale * lowerSeries(a, half) : scale * upperFraction(a, half)
}

/**
 * Wilson's score interval for a share (Wilson 1927): honest for small n and for shares near 0 and 1, where
 * the normal interval leaves [0, 1].
 *
 * @param n rows, may be a weighted count; 0 gives [0, 1]
 * @example
 * wilson(0, 10) // { value: 0, low: 0, high: 0.2775 }
 */
export function wilson(successes: number, n: number, z = Z95): Estimate {
  if (n <= 0) return { value: NaN, low: 0, high: 1 }
  const share = successes / n
  const shrink = 1 + (z * z) / n
  const middle = (share + (z * z) / (2 * n)) / shrink
  const reach = (z / shrink) * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n))
  return { value: share, low: Math.max(0, middle - reach), high: Math.min(1, middle + reach) }
}

/** Log-odds of a share in (0, 1). */
export function logit(share: number): number {
  return Math.log(share / (1 - share))
}

/** Probability of a log-odds, without overflow at either end. */
export function sigmoid(margin: number): number {
  if (margin >= 0) return 1 / (1 + Math.exp(-margin))
  const odds = Math.exp(margin)
  return odds / (1 + odds)
}

/** log(1 + e^x) without overflow. */
export function softplus(x: number): number {
  return x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x))
}

function lowerSeries(a: number, x: number): number {
  let term = 1 / a
  let sum = term
  for (let k = 1; k < 10_000; k++) {
    term *= x / (a + k)
    sum += term
    if (term < sum * 1e-16) break
  }
  return sum
}

function upperFraction(a: number, x: number): number {
  const tiny = 1e-300
  let b = x + 1 - a
  let c = 1 / tiny
  let d = 1 / b
  let fraction = d
  for (let k = 1; k < 10_000; k++) {
    const an = -k * (k - a)
    b += 2
    d = an * d + b
    if (Math.abs(d) < tiny) d = tiny
    c = b + an / c
    if (Math.abs(c) < tiny) c = tiny
    d = 1 / d
    const step = d * c
    fraction *= step
    if (Math.abs(step - 1) < 1e-16) break
  }
  return fraction
}

/** Lanczos approximation with g = 7 and nine terms, about 15 digits. */
function logGamma(a: number): number {
  const terms = [
    676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
    -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
  ]
  let sum = 0.99999999999980993
  for (let i = 0; i < terms.length; i++) sum += terms[i] / (a + i)
  const t = a + 6.5
  return 0.5 * Math.log(2 * Math.PI) + (a - 0.5) * Math.log(t) - t + Math.log(sum)
}

export function sumOf(values: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  return sum
}
