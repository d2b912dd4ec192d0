/** Everything that was measured of a model, wherever it lies; null where nothing was. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Evaluation } from '../../models/churn/evaluate.ts'
import type { Transaction } from '../store/database.ts'
import { bundleEvaluation } from '../store/model-bundles.ts'
import type { ModelVersion } from './model-versions.ts'
import { artefactFolder, starterModels } from './models.ts'

/** @returns null: no curves were measured; its card may still have figures */
export async function evaluationOf(
  tx: Transaction,
  { hash, location, origin }: Pick<ModelVersion, 'hash' | 'location' | 'origin'>,
): Promise<Evaluation | null> {
  if (origin !== 'shipped') return (await bundleEvaluation(tx, hash)) as Evaluation | null
  const name = starterModels.find((one) => location === `shipped:${one}`)
  if (name === undefined) return null
  const text = await readFile(join(artefactFolder(name), 'evaluation.json'), 'utf8').catch(() => null)
  if (text === null) return null
  const kept = JSON.parse(text) as { readonly bundle: string; readonly evaluation: Evaluation }
  // Of another build of the bundle they would be somebody else's figures.
  return kept.bundle === hash ? kept.evaluation : null
}
