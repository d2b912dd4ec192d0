/** Whether probabilities mean what they say: calibration in bins, its error, and its test. */
import { rank, type Scores } from './metrics.ts'
import type { Estimate } from './statistics.ts'
import { chiSquareSurvival, wilson } from './statistics.ts'

/** Customers with similar probabilities: what was predicted for them and what came. */
export interface CalibrationBin {
  readonly count: number
  readonly from: number
  readonly to: number
  readonly predicted: number
  readonly observed: Estimate
}

/**
 * Bins of equal count in order of probability, with Wilson intervals on the observed rate. Equal
 * probabilities stay in one bin, so there may be fewer bins than asked for, of unequal size.
 *
 * @example
 * calibrationBins(labels, probabilities) // ten bins, lowest risk first
 */
export function calibrationBins(labels: Uint8Array, probabilities: Scores, bins = 10): CalibrationBin[] {
  const { churned, kept } = rank(labels, probabilities)
  const rows = labels.length
  const out: CalibrationBin[] = []
  let c = 0
  let k = 0
  while (c + k < rows) {
    const startC = c
    const start = c + k
    const from = nextScore(churned, c, kept, k)
    const end = Math.max(start + 1, Math.round(((out.length + 1) * rows) / bins))
    let sum = 0
    let to = from
    while (c + k < end && c + k < rows) {
      to = nextScore(churned, c, kept, k)
      for (; c < churned.length && churned[c] === to; c++) sum += to
      for (; k < kept.length && kept[k] === to; k++) sum += to
    }
    const count = c + k - start
    out.push({ count, from, to, predicted: sum / count, observed: wilson(c - startC, count) })
  }
  return out
}

/**
 * Expected calibration error over equal-count bins: mean of |predicted - observed|, weighted by count. A
 * perfect model does not show 0 but {@link calibrationNoise}.
 */
export function calibrationError(labels: Uint8Array, probabilities: Scores, bins = 10): number {
  return errorOfBins(calibrationBins(labels, probabilities, bins))
}

export function errorOfBins(bins: readonly CalibrationBin[]): number {
  let sum = 0
  let rows = 0
  for (const bin of bins) {
    sum += bin.count * Math.abs(bin.predicted - bin.observed.value)
    rows += bin.count
  }
  return sum / rows
}

/**
 * The calibration error that a perfect model shows on so many rows by chance alone: the mean of |normal| is
 * sd x sqrt(2 / pi) in each bin.
 */
export function calibrationNoise(bins: readonly CalibrationBin[]): number {
  let sum = 0
  let rows = 0
  for (const { count, predicted } of bins) {
    sum += Math.sqrt((2 / Math.PI) * count * predicted * (1 - predicted))
    rows += count
  }
  return sum / rows
}

/**
 * Hosmer & Lemeshow's test of calibration over equal-count bins. The degrees of freedom are bins - 2, the
 * convention for rows that the model was fitted on; on held-out rows that is the stricter choice (the exact
 * one there is bins), so a p-value reported here never flatters.
 *
 * @returns p-value NaN when there are fewer than 3 distinct bins
 */
export function hosmerLemeshow(
  labels: Uint8Array,
  probabilities: Scores,
  bins = 10,
): { statistic: number; degrees: number; pValue: number } {
  const groups = calibrationBins(labels, probabilities, bins)
  let statistic = 0
  for (const { count, predicted, observed } of groups) {
    const variance = count * predicted * (1 - predicted)
    const gap = count * (observed.value - predicted)
    // A bin predicted to be exactly 0 or 1 is refuted by a single counterexample.
    if (variance > 0) statistic += (gap * gap) / variance
    else if (gap !== 0) statistic = Infinity
  }
  const degrees = groups.length - 2
  return { statistic, degrees, pValue: degrees > 0 ? chiSquareSurvival(statistic, degrees) : NaN }
}

function nextScore(churned: Float64Array, c: number, kept: Float64Array, k: number): number {
  if (c >= churned.length) return kept[k]
  if (k >= kept.length) return churned[c]
  return Math.min(churned[c], kept[k])
}
