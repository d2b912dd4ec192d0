/** What comes of a training, in short: kept in its row and shown in the history of runs. */
import type { Estimate } from '../../models/churn/statistics.ts'
import type { Learned } from '../loop/learn.ts'
import type { PreparedTraining } from '../loop/training-data.ts'

/** Plain JSON. */
export interface TrainingResult {
  readonly customers: number
  readonly churned: number
  readonly features: number
  readonly kind: 'trees' | 'logistic'
  readonly trees: number
  readonly auc: Estimate
  readonly logLoss: Estimate
  readonly calibrationError: Estimate
  /** What a perfect model would show on so many customers. */
  readonly calibrationNoise: number
  /** Null: enough customers of both kinds. */
  readonly belowFloor: string | null
  /** Columns that were left out because they tell the answer. */
  readonly leaks: readonly string[]
  readonly why: string
  readonly seconds: number
}

export function trainingResult(
  prepared: PreparedTraining,
  { fit, evaluation, featureSet }: Learned,
  seconds: number,
): TrainingResult {
  const { metrics } = evaluation
  return {
    customers: evaluation.rows,
    churned: evaluation.churned,
    features: featureSet.features.length,
    kind: fit.chosen,
    trees: fit.rounds,
    auc: metrics.auc,
    logLoss: metrics.logLoss,
    calibrationError: metrics.calibrationError,
    calibrationNoise: evaluation.calibration.noise,
    belowFloor: fit.belowFloor?.sentence ?? null,
    leaks: prepared.excluded,
    why: fit.why,
    seconds: Math.round(seconds * 10) / 10,
  }
}
