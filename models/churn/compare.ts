/** Two models on the same customers: whether one ranks them worse than the other by more than chance. */
import { rank, type Scores } from './metrics.ts'
import { Z95, type Estimate } from './statistics.ts'

export interface AucDifference extends Estimate {
  /** AUC of each. */
  readonly first: number
  readonly second: number
  /** Chance to see a first one so much worse, or worse still, although it is as good; NaN when it cannot be said. */
  readonly pWorse: number
}

/**
 * AUC of the first less AUC of the second over the same rows, with DeLong's 95 % interval for paired scores (DeLong, DeLong &
 * Clarke-Pearson 1988): that both are right or wrong of the same customers is what makes a small difference tell.
 *
 * @throws RangeError when fewer than two churned or two stayed
 * @example
 * aucDifference(labels, challenger, champion) // { value: 0.012, low: 0.003, high: 0.021, pWorse: 0.995, … }
 */
export function aucDifference(labels: Uint8Array, first: Scores, second: Scores): AucDifference {
  const one = placements(labels, first)
  const other = placements(labels, second)
  const churned = differences(one.churned, other.churned)
  const kept = differences(one.kept, other.kept)
  if (churned.length < 2 || kept.length < 2)
    throw new RangeError('Two models are compared on at least two customers who churned and two who stayed.')
  const value = mean(one.churned) - mean(other.churned)
  const error = Math.sqrt(variance(churned) / churned.length + variance(kept) / kept.length)
  const reach = Z95 * error
  return {
    first: mean(one.churned),
    second: mean(other.churned),
    value,
    low: value - reach,
    high: value + reach,
    pWorse: error > 0 ? normalBelow(value / error) : value < 0 ? 0 : value > 0 ? 1 : 0.5,
  }
}

/** Of each customer the share of the other kind that it is ranked rightly against, in the order of the rows. */
function placements(labels: Uint8Array, scores: Scores): { churned: Float64Array; kept: Float64Array } {
  const ranked = rank(labels, scores)
  const churned = new Float64Array(ranked.churned.length)
  const kept = new Float64Array(ranked.kept.length)
  let c = 0
  let k = 0
  for (let row = 0; row < labels.length; row++) {
    if (labels[row] === 1) churned[c++] = shareBelow(ranked.kept, scores[row])
    else kept[k++] = 1 - shareBelow(ranked.churned, scores[row])
  }
  return { churned, kept }
}

/** Ties count half. */
function shareBelow(ascending: Float64Array, score: number): number {
  return (firstFrom(ascending, score, false) + firstFrom(ascending, score, true)) / 2 / ascending.length
}

function firstFrom(ascending: Float64Array, score: number, after: boolean): number {
  let low = 0
  let high = ascending.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (ascending[middle] < score || (after && ascending[middle] === score)) low = middle + 1
    else high = middle
  }
  return low
}

const differences = (one: Float64Array, other: Float64Array): Float64Array =>
  one.map((value, at) => value - other[at])

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length

function variance(values: Float64Array): number {
  const middle = mean(values)
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1)
}

/** P(Z < z) of a standard normal: Abramowitz & Stegun 26.2.17, right to 7.5e-8. */
export function normalBelow(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z))
  const tail =
    (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return z >= 0 ? 1 - tail : tail
}
