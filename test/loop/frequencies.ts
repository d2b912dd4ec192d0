/** Whether actions were taken as often as the log says that they would be. */

export interface LoggedChoice {
  readonly probabilities: ArrayLike<number>
  /** Position of the action taken. */
  readonly action: number
}

/**
 * Pearson's chi-square of what was taken against the logged probabilities, each vector of them a stratum of its own:
 * the strata are independent multinomials, so their statistics and degrees of freedom add up. Strata that expect
 * fewer than 5 of an action are left out, as usual.
 *
 * @returns standardised to about a normal (Wilson & Hilferty, PNAS 17, 1931), and the degrees of freedom
 */
export function chiSquareOf(choices: Iterable<LoggedChoice>): { z: number; freedom: number; taken: number } {
  const strata = new Map<string, { probabilities: number[]; counts: number[]; total: number }>()
  let taken = 0
  for (const { probabilities, action } of choices) {
    const vector = Array.from(probabilities, (p) => Math.round(p * 1e9) / 1e9)
    if (vector.every((p) => p === 0 || p === 1)) continue
    const key = vector.join()
    const stratum = strata.get(key) ?? { probabilities: vector, counts: vector.map(() => 0), total: 0 }
    strata.set(key, stratum)
    stratum.counts[action]++
    stratum.total++
    taken++
  }
  let chi = 0
  let freedom = 0
  for (const { probabilities, counts, total } of strata.values()) {
    const support = probabilities.flatMap((p, a) => (p > 0 ? [a] : []))
    const impossible = counts.some((count, a) => count > 0 && probabilities[a] === 0)
    if (impossible) return { z: Infinity, freedom, taken }
    if (support.some((a) => probabilities[a] * total < 5)) continue
    for (const a of support) chi += (counts[a] - probabilities[a] * total) ** 2 / (probabilities[a] * total)
    freedom += support.length - 1
  }
  const spread = 2 / (9 * freedom)
  return { z: (Math.cbrt(chi / freedom) - (1 - spread)) / Math.sqrt(spread), freedom, taken }
}
