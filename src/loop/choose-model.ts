/** Which shipped model suits a file: the one whose features the file can feed best. */
import { frameReader } from '../../models/features/frame.ts'
import type { Mapping } from '../../models/features/mapping-file.ts'
import type { ChurnBundle } from '../../models/onnx/bundle-contents.ts'
import type { TableProfile } from '../contracts/table.ts'
import { cardImportance } from './card.ts'
import { openBundleNamed, starterModels, type StarterModel } from './models.ts'

export interface ModelChoice {
  readonly name: StarterModel
  readonly bundle: ChurnBundle
  /** Share of what matters to the model that the file has columns for, 0 to 1. */
  readonly coverage: number
}

/** A model trained on another business's customers is only taken when the file has nearly all that it looks at. */
const NEARLY_ALL = 0.8

/**
 * @example
 * (await chooseModel(profile, mapping, today)).name // 'telco' for the Telco file
 */
export async function chooseModel(
  profile: TableProfile,
  mapping: Mapping,
  today: number,
): Promise<ModelChoice> {
  const choices = await Promise.all(
    starterModels.map(async (name): Promise<ModelChoice> => {
      const bundle = await openBundleNamed(name)
      return { name, bundle, coverage: coverageOf(bundle, profile, mapping, today) }
    }),
  )
  const trained = choices.find(({ name }) => name === 'telco')!
  return trained.coverage >= NEARLY_ALL ? trained : choices.find(({ name }) => name === 'subscription')!
}

/** Share of what matters to a model that a file has columns for, 0 to 1. */
export function coverageOf(
  bundle: ChurnBundle,
  profile: TableProfile,
  mapping: Mapping,
  today: number,
): number {
  const { features } = bundle.features
  const weights = cardImportance(bundle.card, features)
  const gaps = new Set(frameReader(features, profile, mapping, { today }).gaps.map(({ feature }) => feature))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const fed = features.reduce((sum, { name }, index) => sum + (gaps.has(name) ? 0 : weights[index]), 0)
  return total > 0 ? fed / total : 0
}
