/**
 * How good predictions are: ranking (AUC, KS), probabilities (log-loss, Brier score; calibration is in
 * reliability.ts) and decisions at a threshold. All take labels (1 churned, 0 kept) and as many scores; higher means likelier
 * to churn. A million rows take well under a second each.
 */
import type { Estimate } from './statistics.ts'
import { Z95 } from './statistics.ts'

export type Scores = Float64Array | Float32Array

/** Scores of churned and of kept customers, each ascending: all that ranking figures and curves need. */
export interface Ranked {
  readonly churned: Float64Array
  readonly kept: Float64Array
}

/** Two native sorts of plain numbers are many times faster than one sort of rows by a comparator. */
export function rank(labels: Uint8Array, scores: Scores): Ranked {
  let positives = 0
  for (let row = 0; row < labels.length; row++) positives += labels[row]
  const churned = new Float64Array(positives)
  const kept = new Float64Array(labels.length - positives)
  let c = 0
  let k = 0
  for (let row = 0; row < labels.length; row++) {
    if (labels[row] === 1) churned[c++] = scores[row]
    else kept[k++] = scores[row]
  }
  return { churned: churned.sort(), kept: kept.sort() }
}

/**
 * Area under the ROC curve: the chance that a churned customer scores above a kept one, ties counting half.
 * NaN when a class is absent.
 *
 * @example
 * auc(new Uint8Array([0, 1, 1]), new Float64Array([0.1, 0.1, 0.9])) // 0.75
 */
export function auc(labels: Uint8Array, scores: Scores): number {
  return aucOfRanked(rank(labels, scores))
}

/**
 * AUC with its 95 % interval by DeLong's variance (DeLong, DeLong & Clarke-Pearson 1988), computed from
 * ranks in n log n (Sun & Xu 2014). Where the variance estimate is 0 (perfect separation) the interval is
 * {@link aucLowerBound}'s, which knows how few rows it rests on.
 */
export function aucEstimate(labels: Uint8Array, scores: Scores): Estimate {
  const ranked = rank(labels, scores)
  const value = aucOfRanked(ranked)
  const { churned, kept } = ranked
  if (churned.length < 2 || kept.length < 2) return { value, low: 0, high: 1 }
  const variance =
    placementVariance(churned, kept) / churned.length + placementVariance(kept, churned) / kept.length
  if (variance <= 0) return { value, low: aucLowerBound(value, churned.length, kept.length), high: value }
  const reach = Z95 * Math.sqrt(variance)
  return { value, low: Math.max(0, value - reach), high: Math.min(1, value + reach) }
}

/**
 * Lower 95 % bound of an AUC from the counts alone: the smallest true AUC that the observed one does not
 * contradict, with Hanley & McNeil's variance at the true value (Newcombe 2006, method 5). Unlike DeLong's it
 * stays below 1 for a perfect column on few rows.
 */
export function aucLowerBound(value: number, churned: number, kept: number): number {
  const half = (churned + kept) / 2 - 1
  const contradicts = (truth: number): boolean => {
    const variance =
      (truth * (1 - truth) * (1 + (half * (1 - truth)) / (2 - truth) + (half * truth) / (1 + truth))) /
      (churned * kept)
    return value - truth > Z95 * Math.sqrt(variance)
  }
  let low = 0
  let high = value
  for (let step = 0; step < 50; step++) {
    const middle = (low + high) / 2
    if (contradicts(middle)) low = middle
    else high = middle
  }
  return low
}

/**
 * Kolmogorov-Smirnov distance between the scores of churned and kept customers: the largest gap between
 * true and false positive rate over all thresholds.
 */
export function kolmogorovSmirnov(labels: Uint8Array, scores: Scores): number {
  const { churned, kept } = rank(labels, scores)
  let c = 0
  let k = 0
  let largest = 0
  while (c < churned.length && k < kept.length) {
    const value = Math.min(churned[c], kept[k])
    while (c < churned.length && churned[c] === value) c++
    while (k < kept.length && kept[k] === value) k++
    largest = Math.max(largest, Math.abs(c / churned.length - k / kept.length))
  }
  return largest
}

/** A probability of exactly 0 or 1 would cost infinitely much when wrong: both ends are clipped to this. */
const CLIP = 1e-12

/** Cost of one prediction in nats. */
export function rowLogLoss(label: number, probability: number): number {
  const p = Math.min(1 - CLIP, Math.max(CLIP, probability))
  return label === 1 ? -Math.log(p) : -Math.log1p(-p)
}

/** Mean log-loss in nats. */
export function logLoss(labels: Uint8Array, probabilities: Scores): number {
  let sum = 0
  for (let row = 0; row < labels.length; row++) sum += rowLogLoss(labels[row], probabilities[row])
  return sum / labels.length
}

/** Mean squared distance between probability and label (Brier 1950). */
export function brier(labels: Uint8Array, probabilities: Scores): number {
  let sum = 0
  for (let row = 0; row < labels.length; row++) sum += (probabilities[row] - labels[row]) ** 2
  return sum / labels.length
}

/** Counts at a threshold; a customer is predicted to churn when its probability is >= the threshold. */
export interface Confusion {
  readonly truePositives: number
  readonly falsePositives: number
  readonly falseNegatives: number
  readonly trueNegatives: number
}

export function confusion(labels: Uint8Array, probabilities: Scores, threshold: number): Confusion {
  let truePositives = 0
  let flagged = 0
  let positives = 0
  for (let row = 0; row < labels.length; row++) {
    positives += labels[row]
    if (probabilities[row] >= threshold) {
      flagged++
      truePositives += labels[row]
    }
  }
  const falsePositives = flagged - truePositives
  const falseNegatives = positives - truePositives
  return {
    truePositives,
    falsePositives,
    falseNegatives,
    trueNegatives: labels.length - positives - falsePositives,
  }
}

/** Share of rows on the right side of the threshold. */
export function accuracy(labels: Uint8Array, probabilities: Scores, threshold = 0.5): number {
  const { truePositives, trueNegatives } = confusion(labels, probabilities, threshold)
  return (truePositives + trueNegatives) / labels.length
}

/** Share of the flagged that churned; NaN when none is flagged. */
export function precision(counts: Confusion): number {
  return counts.truePositives / (counts.truePositives + counts.falsePositives)
}

/** Share of the churned that are flagged; NaN when none churned. */
export function recall(counts: Confusion): number {
  return counts.truePositives / (counts.truePositives + counts.falseNegatives)
}

function aucOfRanked({ churned, kept }: Ranked): number {
  let wins = 0
  let below = 0
  let notAbove = 0
  for (let c = 0; c < churned.length; c++) {
    const score = churned[c]
    while (below < kept.length && kept[below] < score) below++
    if (notAbove < below) notAbove = below
    while (notAbove < kept.length && kept[notAbove] <= score) notAbove++
    wins += (below + notAbove) / 2
  }
  return wins / (churned.length * kept.length)
}

/** Sample variance of the placements of `these` scores among `others`: both ascending. */
function placementVariance(these: Float64Array, others: Float64Array): number {
  let below = 0
  let notAbove = 0
  let sum = 0
  let squares = 0
  for (let i = 0; i < these.length; i++) {
    while (below < others.length && others[below] < these[i]) below++
    if (notAbove < below) notAbove = below
    while (notAbove < others.length && others[notAbove] <= these[i]) notAbove++
    const placement = (below + notAbove) / 2 / others.length
    sum += placement
    squares += placement * placement
  }
  const mean = sum / these.length
  return Math.max(0, (squares - these.length * mean * mean) / (these.length - 1))
}
