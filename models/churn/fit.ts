/**
 * Fits a churn model to customers whose outcome is known: chooses trees or logistic regression and how large,
 * calibrates, and tells how good the result is on customers it did not see.
 */
import { HoldfastError } from '../../src/contracts/errors.ts'
import { crossFitCalibration, type CrossFitted } from './calibration.ts'
import { fitBelowFloor, floorOf, type FloorGap } from './floor.ts'
import { stratifiedFolds, stratifiedSample } from './folds.ts'
import { crossValidateLogistic, crossValidateTrees, type CrossValidated } from './fit-candidates.ts'
import { fitLogistic, type LogisticOptions } from './logistic.ts'
import { accuracy, auc, logLoss, rowLogLoss } from './metrics.ts'
import type { ChurnModel } from './model.ts'
import type { TrainingData } from './trainer/train.ts'
import { trainTrees } from './trainer/train.ts'
import { logisticSpreads, trainOptions, treeCandidates, tuningRows, type TreeCandidate } from './tuning.ts'

export interface FitInput {
  readonly data: TrainingData
  /** Default 5; fewer where there are fewer rows. */
  readonly folds?: number
  /** Default 42: same data and seed, same model. */
  readonly seed?: number
  /** Default 1; changes the time, never the result. */
  readonly threads?: number
  /** Trees to try, simplest first; by default chosen by the number of rows. */
  readonly candidates?: readonly TreeCandidate[]
  /** Rows to choose candidates and rounds on; by default bounded by the size of the design. */
  readonly tuneOn?: number
  /** What is believed beforehand; used only below the floor. */
  readonly beliefs?: LogisticOptions
  readonly onProgress?: (progress: FitProgress) => void
}

export interface FitProgress {
  readonly step: 'baseline' | 'trees' | 'final'
  /** 0 to 1 within the whole fit. */
  readonly share: number
}

export interface Figures {
  readonly rows: number
  readonly churned: number
  readonly auc: number
  readonly logLoss: number
  /** At even odds. */
  readonly accuracy: number
}

export interface ChurnFit {
  readonly model: ChurnModel
  readonly chosen: 'trees' | 'logistic'
  /** In one sentence, for the card. */
  readonly why: string
  /** Calibrated probability of each row by model and calibrator that did not see it. */
  readonly outOfFold: Float64Array
  readonly foldOf: Uint8Array
  readonly folds: number
  /** Out of fold, over all rows and by fold. */
  readonly metrics: Figures
  readonly foldMetrics: readonly Figures[]
  /** The logistic baseline's out-of-fold figures, calibrated in the same way, and the sd of its prior. */
  readonly baseline: Figures & { readonly sd: number | null }
  /** What was tried of trees; empty below the floor. */
  readonly candidates: readonly TriedCandidate[]
  /** Trees of the final model; 0 for a logistic one. */
  readonly rounds: number
  /** Cross-fitted log-loss by kind of calibrator, of the chosen model. */
  readonly calibratorLogLoss: CrossFitted['logLoss'] | null
  /** Rows that candidates and rounds were chosen on. */
  readonly tunedOn: number
  /** What is missing to train in earnest; null when there is enough. */
  readonly belowFloor: FloorGap | null
}

export interface TriedCandidate {
  readonly candidate: TreeCandidate
  /** Best number of rounds over all folds, and its mean held-out log-loss before calibration. */
  readonly rounds: number
  readonly logLoss: number
}

/**
 * Trees must beat the calibrated logistic baseline in out-of-fold log-loss by more than one standard error,
 * otherwise the baseline is the model. Candidates and rounds are chosen within cross-validation (nested), the
 * calibrator is cross-fitted. Above 2 million cells (or 200,000 rows) they are chosen on a seeded sample and
 * only the final model sees all rows; the other rows are then predicted by the model of their fold. Weights
 * shape the fit; calibration and figures count customers.
 *
 * @throws HoldfastError `target_one_class` when only one class is present and `beliefs` state no churn rate,
 *   `too_few_rows` for fewer than 2 rows, `no_features` for an empty design
 * @example
 * const fit = await fitChurnModel({ data, seed: 42, threads: 2 })
 * fit.metrics.auc // out of fold
 */
export async function fitChurnModel(input: FitInput): Promise<ChurnFit> {
  const { data, seed = 42, threads = 1, onProgress } = input
  if (data.width === 0) {
    throw new HoldfastError('no_features', 'No column is left to predict from. Map or include at least one.')
  }
  if (data.rows < 2) {
    throw new HoldfastError(
      'too_few_rows',
      `${data.rows} customers are too few to learn from. Add more rows.`,
    )
  }
  const folds = Math.min(input.folds ?? 5, data.rows)
  const belowFloor = floorOf(data.labels)
  const foldOf = stratifiedFolds(data.labels, folds, seed)
  if (belowFloor !== null) return belowFloorFit(input, belowFloor, foldOf, folds)

  const churned = data.labels.reduce((sum, label) => sum + label, 0)
  const tuneOn = input.tuneOn ?? tuningRows(data.rows, data.width, churned)
  const sample = sampleOf(data, foldOf, tuneOn, seed)
  const baseline = calibrated(
    data,
    foldOf,
    folds,
    crossValidateLogistic(data, foldOf, folds, sample, logisticSpreads(sample.data.rows, data.width)),
  )
  onProgress?.({ step: 'baseline', share: 0.05 })
  const candidates = input.candidates ?? treeCandidates(sample.data.rows)
  const validated = await crossValidateTrees(
    data,
    foldOf,
    folds,
    sample,
    candidates,
    { seed, threads },
    (share) => onProgress?.({ step: 'trees', share: 0.05 + 0.8 * share }),
  )
  const trees = validated === null ? null : calibrated(data, foldOf, folds, validated)
  const gain = trees === null ? null : pairedGain(data.labels, baseline.probabilities, trees.probabilities)
  const treesWin = trees !== null && gain !== null && gain.mean > gain.error
  const winner = treesWin ? trees : baseline
  const shared = {
    why: whyOf(gain, treesWin),
    outOfFold: winner.probabilities,
    foldOf,
    folds,
    metrics: figuresOf(data.labels, winner.probabilities),
    foldMetrics: foldFigures(data.labels, winner.probabilities, foldOf, folds),
    baseline: { ...figuresOf(data.labels, baseline.probabilities), sd: baseline.choice },
    candidates: validated?.tried ?? [],
    calibratorLogLoss: winner.calibration.logLoss,
    tunedOn: sample.data.rows,
    belowFloor: null,
  }
  const { calibrator } = winner.calibration
  if (!treesWin) {
    const logistic = fitLogistic(data, { sd: baseline.choice })
    onProgress?.({ step: 'final', share: 1 })
    return { model: { kind: 'logistic', logistic, calibrator }, chosen: 'logistic', rounds: 0, ...shared }
  }
  const { candidate, rounds } = trees.choice
  const ensemble = await trainTrees(data, { ...trainOptions(candidate, seed, threads), rounds }, (round) =>
    onProgress?.({ step: 'final', share: 0.85 + (0.15 * round) / rounds }),
  )
  return { model: { kind: 'trees', trees: ensemble, calibrator }, chosen: 'trees', rounds, ...shared }
}

interface Calibrated<C> {
  readonly choice: C
  readonly calibration: CrossFitted
  readonly probabilities: Float64Array
}

function calibrated<C>(
  data: TrainingData,
  foldOf: Uint8Array,
  folds: number,
  { margins, choice }: CrossValidated<C>,
): Calibrated<C> {
  const calibration = crossFitCalibration(margins, data.labels, foldOf, folds)
  return { choice, calibration, probabilities: calibration.probabilities }
}

export interface Sample {
  readonly data: TrainingData
  readonly foldOf: Uint8Array
}

function sampleOf(data: TrainingData, foldOf: Uint8Array, size: number, seed: number): Sample {
  if (size >= data.rows) return { data, foldOf }
  const rows = stratifiedSample(data.labels, size, seed)
  const { design, width, labels, weights, monotone } = data
  const part = new Float32Array(rows.length * width)
  for (let i = 0; i < rows.length; i++) {
    part.set(design.subarray(rows[i] * width, (rows[i] + 1) * width), i * width)
  }
  return {
    data: {
      design: part,
      rows: rows.length,
      width,
      labels: Uint8Array.from(rows, (row) => labels[row]),
      ...(weights && { weights: Float32Array.from(rows, (row) => weights[row]) }),
      ...(monotone && { monotone }),
    },
    foldOf: Uint8Array.from(rows, (row) => foldOf[row]),
  }
}

interface Gain {
  /** Log-loss a customer that the trees save, and its standard error. */
  readonly mean: number
  readonly error: number
  readonly baseline: number
}

function pairedGain(labels: Uint8Array, baseline: Float64Array, trees: Float64Array): Gain {
  const rows = labels.length
  let sum = 0
  let squares = 0
  let total = 0
  for (let row = 0; row < rows; row++) {
    const loss = rowLogLoss(labels[row], baseline[row])
    const gain = loss - rowLogLoss(labels[row], trees[row])
    total += loss
    sum += gain
    squares += gain * gain
  }
  const mean = sum / rows
  return { mean, error: Math.sqrt(Math.max(0, squares / rows - mean * mean) / rows), baseline: total / rows }
}

function whyOf(gain: Gain | null, treesWin: boolean): string {
  if (gain === null) return 'No column varies, so there was nothing for trees to split on.'
  const figures = `out-of-fold log-loss ${(gain.baseline - gain.mean).toFixed(4)} against ${gain.baseline.toFixed(4)} of logistic regression (difference ${gain.mean.toFixed(4)}, standard error ${gain.error.toFixed(4)})`
  return treesWin
    ? `Trees predict better: ${figures}.`
    : `Trees are not clearly better, so the simpler model is used: ${figures}.`
}

function figuresOf(labels: Uint8Array, probabilities: Float64Array): Figures {
  return {
    rows: labels.length,
    churned: labels.reduce((sum, label) => sum + label, 0),
    auc: auc(labels, probabilities),
    logLoss: logLoss(labels, probabilities),
    accuracy: accuracy(labels, probabilities),
  }
}

function foldFigures(
  labels: Uint8Array,
  probabilities: Float64Array,
  foldOf: Uint8Array,
  folds: number,
): Figures[] {
  return Array.from({ length: folds }, (_, fold) => {
    const inFold = (_value: number, row: number): boolean => foldOf[row] === fold
    return figuresOf(labels.filter(inFold), probabilities.filter(inFold))
  })
}

function belowFloorFit(input: FitInput, belowFloor: FloorGap, foldOf: Uint8Array, folds: number): ChurnFit {
  const { logistic, outOfFold } = fitBelowFloor(input.data, foldOf, folds, input.beliefs)
  const { labels, rows } = input.data
  input.onProgress?.({ step: 'final', share: 1 })
  const metrics = figuresOf(labels, outOfFold)
  return {
    model: { kind: 'logistic', logistic, calibrator: { kind: 'identity' } },
    chosen: 'logistic',
    why: belowFloor.sentence,
    outOfFold,
    foldOf,
    folds,
    metrics,
    foldMetrics: foldFigures(labels, outOfFold, foldOf, folds),
    baseline: { ...metrics, sd: input.beliefs?.sd ?? null },
    candidates: [],
    rounds: 0,
    calibratorLogLoss: null,
    tunedOn: rows,
    belowFloor,
  }
}
