/** Curves over all thresholds, thinned for a report. */
import type { Ranked } from './metrics.ts'

export interface CurvePoint {
  readonly threshold: number
  readonly x: number
  readonly y: number
}

export interface DecileGain {
  /** 1 is the tenth with the highest risk. */
  readonly decile: number
  readonly customers: number
  /** May be fractional where equal probabilities lie across an edge: they are shared out evenly. */
  readonly churned: number
  readonly rate: number
  /** Rate over the base rate. */
  readonly lift: number
  /** Share of all churned customers in this and the deciles above. */
  readonly cumulativeGain: number
  /** Churn rate in this and the deciles above, over the base rate. */
  readonly cumulativeLift: number
}

/** Most points a curve keeps. */
export const CURVE_POINTS = 200

interface Step {
  readonly threshold: number
  /** Churned and kept customers at or above the threshold. */
  readonly churned: number
  readonly kept: number
}

/** False positive rate to true positive rate, from (0, 0) to (1, 1). */
export function rocCurve(ranked: Ranked): CurvePoint[] {
  const { churned, kept } = ranked
  return thresholds(ranked).map((step) => ({
    threshold: step.threshold,
    x: step.kept / kept.length,
    y: step.churned / churned.length,
  }))
}

/** Recall to precision; the point without any flagged customer is left out, as precision is undefined there. */
export function precisionRecallCurve(ranked: Ranked): CurvePoint[] {
  return thresholds(ranked)
    .filter((step) => step.churned + step.kept > 0)
    .map((step) => ({
      threshold: step.threshold,
      x: step.churned / ranked.churned.length,
      y: step.churned / (step.churned + step.kept),
    }))
}

/**
 * Average precision: the area under the precision-recall curve as a sum of steps, without interpolation
 * (which would flatter; Davis & Goadrich 2006).
 */
export function averagePrecision(ranked: Ranked): number {
  let area = 0
  let before = 0
  forEachThreshold(ranked, (_, churned, kept) => {
    area += ((churned - before) / ranked.churned.length) * (churned / (churned + kept))
    before = churned
  })
  return area
}

/** Tenths of the customers by falling probability: who is reached first and how many churned among them. */
export function decileGains(ranked: Ranked): DecileGain[] {
  const churnedTotal = ranked.churned.length
  const rows = churnedTotal + ranked.kept.length
  const baseRate = churnedTotal / rows
  const edges = Array.from({ length: 10 }, (_, i) => Math.round(((i + 1) * rows) / 10))
  const atEdge: number[] = []
  let churnedBefore = 0
  let countBefore = 0
  forEachThreshold(ranked, (_, churned, kept) => {
    const count = churned + kept
    while (atEdge.length < 10 && edges[atEdge.length] <= count) {
      const share = (edges[atEdge.length] - countBefore) / (count - countBefore)
      atEdge.push(churnedBefore + share * (churned - churnedBefore))
    }
    churnedBefore = churned
    countBefore = count
  })
  return edges.flatMap((edge, i) => {
    const customers = edge - (edges[i - 1] ?? 0)
    if (customers === 0) return []
    const churned = atEdge[i] - (atEdge[i - 1] ?? 0)
    return [
      {
        decile: i + 1,
        customers,
        churned,
        rate: churned / customers,
        lift: churned / customers / baseRate,
        cumulativeGain: atEdge[i] / churnedTotal,
        cumulativeLift: atEdge[i] / edge / baseRate,
      },
    ]
  })
}

/** Calls back for each distinct score from the highest, with the counts at or above it. */
function forEachThreshold(
  { churned, kept }: Ranked,
  visit: (threshold: number, churned: number, kept: number) => void,
): void {
  let c = churned.length
  let k = kept.length
  while (c > 0 || k > 0) {
    const score = Math.max(c > 0 ? churned[c - 1] : -Infinity, k > 0 ? kept[k - 1] : -Infinity)
    while (c > 0 && churned[c - 1] === score) c--
    while (k > 0 && kept[k - 1] === score) k--
    visit(score, churned.length - c, kept.length - k)
  }
}

/**
 * Thresholds spread evenly along the length of the ROC curve (true plus false positive rate), so that steep
 * and flat parts both keep their shape. The first stands above every score.
 */
function thresholds(ranked: Ranked): Step[] {
  const steps: Step[] = []
  const spacing = 2 / (CURVE_POINTS - 2)
  let next = 0
  let last: Step | undefined
  forEachThreshold(ranked, (threshold, churned, kept) => {
    if (steps.length === 0) steps.push({ threshold: 1, churned: 0, kept: 0 })
    last = { threshold, churned, kept }
    const length = churned / ranked.churned.length + kept / ranked.kept.length
    if (length < next) return
    steps.push(last)
    next = (Math.floor(length / spacing) + 1) * spacing
  })
  if (last !== undefined && steps[steps.length - 1] !== last) steps.push(last)
  return steps
}
