/** A new model against one in charge, on the customers of its training that the latter did not see. */
import { aucDifference, type AucDifference } from '../../models/churn/compare.ts'
import { fillDesign } from '../../models/features/design.ts'
import { frameReader } from '../../models/features/frame.ts'
import { proposeMapping } from '../../models/features/mapping.ts'
import { labels as labelsOf } from '../../models/features/target.ts'
import type { ChurnBundle } from '../../models/onnx/bundle-contents.ts'
import type { TableSource } from '../contracts/table.ts'
import { cardMapping } from './card.ts'
import { idReader } from './customer-ids.ts'
import { fingerprint, rowFingerprint, seenBy } from './fingerprint.ts'
import { predict, trainedOn } from './judge-model.ts'
import type { PreparedTraining } from './training-data.ts'

/** Plain JSON. */
export interface ModelComparison {
  /** The one in charge. */
  readonly hash: string
  readonly name: string
  /** Customers that both were asked about; neither saw them. */
  readonly customers: number
  readonly churned: number
  /** Customers of the training that the one in charge had seen, and that do not count. */
  readonly seen: number
  /** New less the one in charge; null: too few customers that neither saw, or it knows nothing of these columns. */
  readonly auc: AucDifference | null
  /** Why there is none, as a sentence. */
  readonly why: string | null
}

/** Fewer of either kind tell nothing of two models. */
const LEAST_OF_A_KIND = 10

export interface ComparisonRequest {
  readonly prepared: PreparedTraining
  /** Of the new model, out of fold, in the order of `prepared`. */
  readonly outOfFold: Float64Array
  readonly champion: ChurnBundle
  /** Days since 1970-01-01. */
  readonly today: number
}

/**
 * @param table that `prepared` was read from
 * @example
 * (await compareModels(table, { prepared, outOfFold: fit.outOfFold, champion, today })).auc?.pWorse
 */
export async function compareModels(
  table: TableSource,
  { prepared, outOfFold, champion, today }: ComparisonRequest,
): Promise<ModelComparison> {
  const profile = await table.profile()
  const { features } = champion.features
  const like = cardMapping(champion.card)
  const mapping = proposeMapping(profile, {
    target: prepared.target.column,
    ...(prepared.id === null ? {} : { id: prepared.id }),
    ...(like === undefined ? {} : { like }),
  })
  const reader = frameReader(features, profile, mapping, { today })
  const about = { hash: champion.hash, name: champion.name }
  if (reader.gaps.length === features.length)
    return {
      ...about,
      customers: 0,
      churned: 0,
      seen: 0,
      auc: null,
      why: 'The model in charge looks at nothing that this data has, so the two cannot be compared on it.',
    }
  const sawIt = seenBy(trainedOn(champion.card))
  const labels: number[] = []
  const first: number[] = []
  const second: number[] = []
  let seen = 0
  let place = 0
  const own = reader.requests.length
  const idsOf = prepared.id === null ? null : idReader(table, prepared.id, own + 1)
  const requests = [
    ...reader.requests,
    prepared.target.request,
    ...(prepared.id === null ? [] : [{ column: prepared.id, as: 'text' } as const]),
  ]
  for await (const batch of table.read(requests)) {
    const { frame } = reader.read(batch)
    const theirs = predict(champion.model, fillDesign(features, frame), batch.rows)
    const outcome = labelsOf(prepared.target, batch.columns[own], new Float64Array(batch.rows))
    const ids = idsOf === null ? null : await idsOf(batch)
    for (let row = 0; row < batch.rows; row++) {
      // As the training dropped them: rows without an outcome have no place.
      if (outcome[row] !== outcome[row]) continue
      const at = place++
      if (sawIt(ids === null ? rowFingerprint(frame, row) : fingerprint(ids[row]))) {
        seen++
        continue
      }
      labels.push(outcome[row])
      first.push(outOfFold[at])
      second.push(theirs[row])
    }
  }
  const churned = labels.reduce((sum, label) => sum + label, 0)
  const counts = { ...about, customers: labels.length, churned, seen }
  if (Math.min(churned, labels.length - churned) < LEAST_OF_A_KIND)
    return {
      ...counts,
      auc: null,
      why:
        seen > 0
          ? `The model in charge was trained on ${seen.toLocaleString('en')} of these customers, and too few are new to it for a comparison.`
          : 'There are too few customers of one kind for a comparison.',
    }
  const auc = aucDifference(Uint8Array.from(labels), Float64Array.from(first), Float64Array.from(second))
  return { ...counts, auc, why: null }
}
