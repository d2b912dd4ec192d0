/** What happens at a threshold, from the curves: each of their points is a threshold with exact counts. */
import type { EvaluationAnswer } from '../../../server/api/model-shapes.ts'

export type Evaluation = NonNullable<EvaluationAnswer['evaluation']>

export interface AtThreshold {
  readonly threshold: number
  readonly truePositives: number
  readonly falsePositives: number
  readonly falseNegatives: number
  readonly trueNegatives: number
  readonly roc: { readonly x: number; readonly y: number }
  /** Null: nobody is flagged. */
  readonly precisionRecall: { readonly x: number; readonly y: number } | null
}

/** The point of the curve whose threshold is nearest. */
export function atThreshold({ roc, rows, churned }: Evaluation, wanted: number): AtThreshold {
  const [first] = roc
  const point = roc.reduce(
    (best, one) => (Math.abs(one.threshold - wanted) < Math.abs(best.threshold - wanted) ? one : best),
    first ?? { threshold: wanted, x: 0, y: 0 },
  )
  const kept = rows - churned
  const truePositives = Math.round(point.y * churned)
  const falsePositives = Math.round(point.x * kept)
  const flagged = truePositives + falsePositives
  return {
    threshold: point.threshold,
    truePositives,
    falsePositives,
    falseNegatives: churned - truePositives,
    trueNegatives: kept - falsePositives,
    roc: { x: point.x, y: point.y },
    precisionRecall: flagged === 0 ? null : { x: point.y, y: truePositives / flagged },
  }
}

/** One point for each place along the bottom, as a chart needs it: the highest. */
export function byX<Point extends { readonly x: number; readonly y: number }>(
  points: readonly Point[],
): readonly Point[] {
  const highest = new Map<number, Point>()
  for (const point of points) {
    const known = highest.get(point.x)
    if (known === undefined || point.y > known.y) highest.set(point.x, point)
  }
  return [...highest.values()].toSorted((a, b) => a.x - b.x)
}
