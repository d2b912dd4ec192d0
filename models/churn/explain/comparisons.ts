/**
 * How a reason compares with the usual risk, in words that are numerically true: each says a ratio, and holds
 * for a narrow range round it.
 */

/**
 * Risk with this one contribution over the usual risk: sigmoid(logit(base) + c) / base.
 *
 * @param contribution c, in log-odds
 * @param baseRate the usual risk, 0 < rate < 1
 * @example
 * riskRatio(Math.log(2), 0.01) // 1.98
 */
export function riskRatio(contribution: number, baseRate: number): number {
  const odds = Math.exp(Math.min(contribution, 700))
  return odds / (1 - baseRate + baseRate * odds)
}

/**
 * The comparison that holds for a ratio.
 *
 * @param ratio > 0
 * @example
 * comparisonOf(1.97) // 'twice the usual risk'
 */
export function comparisonOf(ratio: number): string {
  let low = 0
  let high = steps.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (ratio < steps[middle].below) high = middle
    else low = middle + 1
  }
  return steps[low].words
}

interface Step {
  /** Said of ratios from the step before to below this. */
  readonly below: number
  readonly words: string
}

/** "1.6 times" for 1.55 to 1.65, and so on up to `to` tenths. */
const tenths = (from: number, to: number): Step[] =>
  Array.from({ length: to - from + 1 }, (_, i) => ({
    below: (from + i + 0.5) / 10,
    words: `${((from + i) / 10).toFixed(1)} times the usual risk`,
  }))

const steps: readonly Step[] = [
  { below: 0.1, words: 'less than a tenth of the usual risk' },
  { below: 0.18, words: 'less than a fifth of the usual risk' },
  { below: 0.22, words: 'a fifth of the usual risk' },
  { below: 0.29, words: 'a quarter of the usual risk' },
  { below: 0.38, words: 'a third of the usual risk' },
  { below: 0.45, words: 'less than half the usual risk' },
  { below: 0.55, words: 'half the usual risk' },
  { below: 0.63, words: '40 % less risk than usual' },
  { below: 0.71, words: 'a third less risk than usual' },
  { below: 0.775, words: 'a quarter less risk than usual' },
  { below: 0.83, words: 'a fifth less risk than usual' },
  { below: 0.96, words: 'a little less risk than usual' },
  { below: 1.04, words: 'close to the usual risk' },
  { below: 1.17, words: 'a little more risk than usual' },
  { below: 1.225, words: 'a fifth more risk than usual' },
  { below: 1.29, words: 'a quarter more risk than usual' },
  { below: 1.42, words: 'a third more risk than usual' },
  { below: 1.55, words: 'one and a half times the usual risk' },
  ...tenths(16, 18),
  { below: 2.15, words: 'twice the usual risk' },
  ...tenths(22, 28),
  { below: 3.15, words: 'three times the usual risk' },
  ...tenths(32, 38),
  { below: 4.15, words: 'four times the usual risk' },
  { below: 4.75, words: 'more than four times the usual risk' },
  { below: 5.25, words: 'five times the usual risk' },
  { below: 10, words: 'more than five times the usual risk' },
  { below: Infinity, words: 'more than ten times the usual risk' },
]
