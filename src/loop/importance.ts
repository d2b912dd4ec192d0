/**
 * How much each feature moves the score, measured on customers that the explaining model did not see: mean
 * absolute contribution to the log-odds.
 */
import { explainer } from '../../models/churn/explain/attribution.ts'
import type { ChurnFit } from '../../models/churn/fit.ts'
import { fitLogistic } from '../../models/churn/logistic.ts'
import type { FeatureImportance } from '../../models/churn/evaluate.ts'
import type { ChurnModel } from '../../models/churn/model.ts'
import { trainTrees, type TrainingData } from '../../models/churn/trainer/train.ts'
import { trainOptions } from '../../models/churn/tuning.ts'
import type { Design } from '../../models/features/design.ts'
import type { Feature } from '../../src/contracts/features.ts'

/** Customers that importance is measured on; more would not move the figures. */
const MOST = 20_000
/** Customers that a tree model is trained on for this purpose. */
const MOST_TRAINING = 200_000

/**
 * Fits the chosen kind of model once more without the first fold, and explains that fold with it.
 *
 * @returns one entry a feature, in the order of the features, with a 95 % interval of the mean
 */
export async function heldOutImportance(
  fit: ChurnFit,
  data: TrainingData,
  features: readonly Feature[],
  design: Design,
  options: { readonly seed: number; readonly threads: number },
): Promise<FeatureImportance[]> {
  const held = rowsWhere(data.rows, (row) => fit.foldOf[row] === 0, MOST)
  const rest = rowsWhere(data.rows, (row) => fit.foldOf[row] !== 0, MOST_TRAINING)
  const model = await modelOf(fit, partOf(data, rest), options)
  return importanceOn(model, partOf(data, held), features, design)
}

/**
 * @param part rows that the model did not see
 */
export function importanceOn(
  model: ChurnModel,
  part: Pick<TrainingData, 'design' | 'rows'>,
  features: readonly Feature[],
  design: Design,
): FeatureImportance[] {
  const contributions = explainer(model, design.source, features.length).contributions(part.design, part.rows)
  return features.map((feature, index) => {
    let sum = 0
    let squares = 0
    for (let row = 0; row < part.rows; row++) {
      const size = Math.abs(contributions[row * features.length + index])
      sum += size
      squares += size * size
    }
    const value = sum / part.rows
    const error = Math.sqrt(Math.max(0, squares / part.rows - value * value) / part.rows)
    return {
      feature: feature.name,
      label: feature.label,
      value,
      low: Math.max(0, value - 1.96 * error),
      high: value + 1.96 * error,
    }
  })
}

async function modelOf(
  fit: ChurnFit,
  data: TrainingData,
  { seed, threads }: { readonly seed: number; readonly threads: number },
): Promise<ChurnModel> {
  const calibrator = { kind: 'identity' } as const
  if (fit.chosen === 'logistic') {
    const spread = fit.baseline.sd
    return {
      kind: 'logistic',
      logistic: fitLogistic(data, { sd: spread ?? 1 }),
      calibrator,
    }
  }
  const best = fit.candidates.reduce((a, b) => (b.logLoss < a.logLoss ? b : a))
  const trees = await trainTrees(data, {
    ...trainOptions(best.candidate, seed, threads),
    rounds: best.rounds,
  })
  return { kind: 'trees', trees, calibrator }
}

function rowsWhere(rows: number, wanted: (row: number) => boolean, most: number): Uint32Array {
  const all = Uint32Array.from({ length: rows }, (_, row) => row).filter(wanted)
  if (all.length <= most) return all
  const step = all.length / most
  return Uint32Array.from({ length: most }, (_, index) => all[Math.floor(index * step)])
}

function partOf(data: TrainingData, rows: Uint32Array): TrainingData {
  const { width } = data
  const design = new Float32Array(rows.length * width)
  const labels = new Uint8Array(rows.length)
  for (let i = 0; i < rows.length; i++) {
    design.set(data.design.subarray(rows[i] * width, (rows[i] + 1) * width), i * width)
    labels[i] = data.labels[rows[i]]
  }
  return { design, labels, rows: rows.length, width }
}
