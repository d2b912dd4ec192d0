/**
 * Learn: from customers whose outcome is known to a model bundle. Read top to bottom it is what `train` does:
 * prepare, fit, judge on customers that the model did not see, write down.
 */
import { evaluate, type Evaluation } from '../../models/churn/evaluate.ts'
import { fitChurnModel, type ChurnFit, type FitProgress } from '../../models/churn/fit.ts'
import { starterBeliefs } from '../../models/churn/starter/beliefs.ts'
import { defaultLevels, levelThresholds } from '../../models/churn/levels.ts'
import type { ScoreMeaning } from '../../models/churn/model.ts'
import { makeFeatureSet } from '../../models/features/feature-set.ts'
import { measurePopulation } from '../../models/features/population.ts'
import type { ChurnContents } from '../../models/onnx/bundle-contents.ts'
import type { FeatureSet } from '../contracts/features.ts'
import { packFingerprints } from './fingerprint.ts'
import { heldOutImportance } from './importance.ts'
import { modelCard, modelCardText } from './model-card.ts'
import type { PreparedTraining } from './training-data.ts'

export interface LearnOptions {
  readonly folds: number
  readonly seed: number
  readonly threads: number
  readonly meaning: ScoreMeaning
  /** Name and version of the model. */
  readonly name: string
  readonly version: string
  /** Name of the file, for the card; never its folder. */
  readonly source: string
  /** A line on licence and origin, where the data has one. */
  readonly origin?: string
  readonly onProgress?: (progress: FitProgress) => void
}

export interface Learned {
  readonly fit: ChurnFit
  readonly evaluation: Evaluation
  readonly featureSet: FeatureSet
  /** What goes into the bundle. */
  readonly contents: ChurnContents
}

/**
 * @param prepared as `prepareTraining` made it
 * @throws HoldfastError as `fitChurnModel` and `evaluate`
 */
export async function learn(prepared: PreparedTraining, options: LearnOptions): Promise<Learned> {
  const { data, features, frame, design } = prepared
  const fit = await fitChurnModel({
    data,
    folds: options.folds,
    seed: options.seed,
    threads: options.threads,
    beliefs: { priors: starterBeliefs(features) },
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  })
  const evaluation = await judge(prepared, fit, options)
  const featureSet = makeFeatureSet(features)
  const population = measurePopulation(features, frame, data.labels, prepared.tenureMonths)
  const about = { prepared, fit, evaluation, options, featureSet, population, design }
  return {
    fit,
    evaluation,
    featureSet,
    contents: {
      kind: 'churn',
      name: options.name,
      version: options.version,
      meaning: options.meaning,
      model: fit.model,
      features: featureSet,
      population,
      card: {
        ...modelCard(about),
        mapping: prepared.mapping,
        trainedOn: packFingerprints(prepared.fingerprints),
      },
      cardText: modelCardText(about),
    },
  }
}

/** Every figure of a fit on rows that neither model nor calibrator saw. */
export async function judge(
  prepared: PreparedTraining,
  fit: ChurnFit,
  options: { readonly seed: number; readonly threads: number },
): Promise<Evaluation> {
  const baseRate = fit.metrics.churned / fit.metrics.rows
  const levels = levelThresholds(defaultLevels, baseRate)
  return evaluate({
    labels: prepared.data.labels,
    probabilities: fit.outOfFold,
    thresholds: [
      { name: 'MEDIUM', value: levels.medium },
      { name: 'HIGH', value: levels.high },
    ],
    features: await heldOutImportance(fit, prepared.data, prepared.features, prepared.design, options),
    seed: options.seed,
  })
}
