/**
 * Everything a report says of a model, as plain JSON: figures with 95 % intervals, curves, calibration,
 * decisions. The probabilities must be of rows that neither model nor calibrator saw.
 */
import { HoldfastError } from '../../src/contracts/errors.ts'
import { bootstrap } from './bootstrap.ts'
import {
  averagePrecision,
  decileGains,
  precisionRecallCurve,
  rocCurve,
  type CurvePoint,
  type DecileGain,
} from './curves.ts'
import {
  aucEstimate,
  confusion,
  kolmogorovSmirnov,
  rank,
  rowLogLoss,
  type Confusion,
  type Ranked,
} from './metrics.ts'
import { calibrationBins, calibrationNoise, hosmerLemeshow, type CalibrationBin } from './reliability.ts'
import { wilson, type Estimate } from './statistics.ts'

export interface EvaluationInput {
  /** 1 churned, 0 kept. */
  readonly labels: Uint8Array
  /** Calibrated and out of fold. */
  readonly probabilities: Float64Array
  /** Thresholds to show a confusion matrix for, beside .5: the levels'. */
  readonly thresholds?: readonly { readonly name: string; readonly value: number }[]
  /** Importance of each feature as measured elsewhere; passed through, most important first. */
  readonly features?: readonly FeatureImportance[]
  readonly seed?: number
}

export interface FeatureImportance {
  readonly feature: string
  readonly label: string
  readonly value: number
  readonly low: number
  readonly high: number
}

export interface ThresholdReport extends Confusion {
  readonly name: string
  readonly threshold: number
  /** Share of customers at or above the threshold. */
  readonly flagged: number
  readonly accuracy: Estimate
  /** Null when nobody is flagged. */
  readonly precision: Estimate | null
  readonly recall: Estimate
  readonly specificity: Estimate
}

export interface Evaluation {
  readonly rows: number
  readonly churned: number
  readonly baseRate: Estimate
  readonly metrics: {
    readonly auc: Estimate
    readonly averagePrecision: number
    readonly kolmogorovSmirnov: number
    readonly logLoss: Estimate
    /** 1 - log-loss / log-loss of the base rate: 0 knows nothing, 1 knows all. */
    readonly logLossSkill: Estimate
    readonly brier: Estimate
    readonly accuracy: Estimate
    /** Of whoever predicts that everybody stays (or everybody leaves, where most do). */
    readonly accuracyOfGuessing: number
    readonly calibrationError: Estimate
  }
  readonly calibration: {
    readonly bins: readonly CalibrationBin[]
    /** What a perfect model would show as calibration error on so many rows. */
    readonly noise: number
    readonly hosmerLemeshow: {
      /** Null when a certain prediction was wrong, which no finite statistic tells. */
      readonly statistic: number | null
      readonly degrees: number
      /** Null when there are too few distinct probabilities to test. */
      readonly pValue: number | null
    }
  }
  readonly roc: readonly CurvePoint[]
  readonly precisionRecall: readonly CurvePoint[]
  readonly thresholds: readonly ThresholdReport[]
  readonly deciles: readonly DecileGain[]
  /** How the probabilities of both kinds of customers are spread, in twentieths from [0, .05) to [.95, 1]. */
  readonly distribution: readonly ScoreBin[]
  readonly features: readonly FeatureImportance[]
}

export interface ScoreBin {
  readonly from: number
  readonly to: number
  readonly churned: number
  readonly kept: number
}

/**
 * @throws HoldfastError `target_one_class` when only one class is present
 * @example
 * const report = evaluate({ labels, probabilities: fit.outOfFold, thresholds: [{ name: 'HIGH', value: 0.53 }] })
 */
export function evaluate(input: EvaluationInput): Evaluation {
  const { labels, probabilities, seed = 42 } = input
  const ranked = rank(labels, probabilities)
  const rows = labels.length
  const churned = ranked.churned.length
  if (churned === 0 || churned === rows) {
    throw new HoldfastError(
      'target_one_class',
      `All ${rows} customers have ${churned > 0 ? 'churned' : 'been kept'}, so there is nothing to evaluate. Use a file with both kinds.`,
    )
  }
  const bins = calibrationBins(labels, probabilities)
  const test = hosmerLemeshow(labels, probabilities)
  return {
    rows,
    churned,
    baseRate: wilson(churned, rows),
    metrics: {
      auc: aucEstimate(labels, probabilities),
      averagePrecision: averagePrecision(ranked),
      kolmogorovSmirnov: kolmogorovSmirnov(labels, probabilities),
      ...bootstrapped(labels, probabilities, bins, seed),
      accuracyOfGuessing: Math.max(churned, rows - churned) / rows,
    },
    calibration: {
      bins,
      noise: calibrationNoise(bins),
      hosmerLemeshow: {
        statistic: Number.isFinite(test.statistic) ? test.statistic : null,
        degrees: test.degrees,
        pValue: Number.isFinite(test.pValue) ? test.pValue : null,
      },
    },
    roc: rocCurve(ranked),
    precisionRecall: precisionRecallCurve(ranked),
    thresholds: thresholdReports(input),
    deciles: decileGains(ranked),
    distribution: scoreBins(ranked),
    features: [...(input.features ?? [])].sort((a, b) => b.value - a.value),
  }
}

/** Wide enough that a few hundred customers make a shape. */
const BINS = 20

function scoreBins({ churned, kept }: Ranked): ScoreBin[] {
  const counts = (scores: Float64Array): number[] => {
    const found = Array.from({ length: BINS }, () => 0)
    for (const score of scores) found[Math.min(BINS - 1, Math.floor(score * BINS))]++
    return found
  }
  const [left, stayed] = [counts(churned), counts(kept)]
  return left.map((count, bin) => ({
    from: bin / BINS,
    to: (bin + 1) / BINS,
    churned: count,
    kept: stayed[bin],
  }))
}

type Bootstrapped = Pick<
  Evaluation['metrics'],
  'logLoss' | 'logLossSkill' | 'brier' | 'accuracy' | 'calibrationError'
>

/** One row adds: 1, label, log-loss, squared error, hit, and in its bin probability - label. */
function bootstrapped(
  labels: Uint8Array,
  probabilities: Float64Array,
  bins: readonly CalibrationBin[],
  seed: number,
): Bootstrapped {
  const edges = bins.map((bin) => bin.to)
  const addRow = (row: number, sums: Float64Array, at: number): void => {
    const p = probabilities[row]
    const label = labels[row]
    sums[at] += 1
    sums[at + 1] += label
    sums[at + 2] += rowLogLoss(label, p)
    sums[at + 3] += (p - label) ** 2
    sums[at + 4] += p >= 0.5 === (label === 1) ? 1 : 0
    let bin = 0
    while (bin < edges.length - 1 && p > edges[bin]) bin++
    sums[at + 5 + bin] += p - label
  }
  const figures = (sums: Float64Array): number[] => {
    const n = sums[0]
    const rate = sums[1] / n
    const entropy = -rate * Math.log(rate) - (1 - rate) * Math.log(1 - rate)
    let gap = 0
    for (let bin = 0; bin < bins.length; bin++) gap += Math.abs(sums[5 + bin])
    return [sums[2] / n, 1 - sums[2] / n / entropy, sums[3] / n, sums[4] / n, gap / n]
  }
  const estimates = bootstrap(labels.length, 5 + bins.length, addRow, figures, seed)
  const [logLoss, logLossSkill, brier, accuracy, calibrationError] = estimates
  return { logLoss, logLossSkill, brier, accuracy, calibrationError }
}

function thresholdReports({ labels, probabilities, thresholds = [] }: EvaluationInput): ThresholdReport[] {
  const wanted = [...thresholds]
  if (!wanted.some(({ value }) => value === 0.5)) wanted.push({ name: 'even odds', value: 0.5 })
  return wanted.map(({ name, value }) => {
    const counts = confusion(labels, probabilities, value)
    const { truePositives: tp, falsePositives: fp, falseNegatives: fn, trueNegatives: tn } = counts
    return {
      name,
      threshold: value,
      ...counts,
      flagged: (tp + fp) / labels.length,
      accuracy: wilson(tp + tn, labels.length),
      precision: tp + fp > 0 ? wilson(tp, tp + fp) : null,
      recall: wilson(tp, tp + fn),
      specificity: wilson(tn, tn + fp),
    }
  })
}
