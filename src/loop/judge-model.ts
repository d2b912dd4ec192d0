/**
 * Judges a finished model on a file with outcomes, on the customers that it did not see in training.
 */
import { calibrate } from '../../models/churn/calibration.ts'
import { evaluate, type Evaluation } from '../../models/churn/evaluate.ts'
import { defaultLevels, levelThresholds } from '../../models/churn/levels.ts'
import { logisticMargins } from '../../models/churn/logistic.ts'
import type { ChurnModel } from '../../models/churn/model.ts'
import { margins } from '../../models/churn/trees.ts'
import { designOf, fillDesign } from '../../models/features/design.ts'
import { frameReader } from '../../models/features/frame.ts'
import type { Mapping } from '../../models/features/mapping-file.ts'
import { labels as labelsOf, type Target } from '../../models/features/target.ts'
import type { ChurnBundle } from '../../models/onnx/bundle-contents.ts'
import type { TableSource } from '../contracts/table.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { idReader } from './customer-ids.ts'
import { fingerprint, rowFingerprint, seenBy } from './fingerprint.ts'
import { importanceOn } from './importance.ts'

export interface JudgeRequest {
  readonly target: Target
  readonly mapping: Mapping
  /** Header of the id column; without one customers are known again by the values that the model looks at. */
  readonly id: string | null
  readonly today: number
  readonly seed: number
  readonly onProgress?: (done: number, total: number) => void
}

export interface Judged {
  /** Null when every customer of the file was in the training data. */
  readonly evaluation: Evaluation | null
  readonly seen: number
  readonly unseen: number
  /** Features of the model that the file lacks. */
  readonly gaps: readonly string[]
}

/** Fewer unseen customers than this tell nothing about a model. */
const LEAST = 50

/** Rows whose contributions are averaged for the importance. */
const MOST_EXPLAINED = 20_000

/**
 * @throws HoldfastError `too_few_rows` when some, but too few customers are new to the model
 */
export async function judgeModel(
  table: TableSource,
  bundle: ChurnBundle,
  request: JudgeRequest,
): Promise<Judged> {
  const profile = await table.profile()
  const features = bundle.features.features
  const reader = frameReader(features, profile, request.mapping, { today: request.today })
  const design = designOf(features)
  const sawIt = seenBy(trainedOn(bundle.card))
  const labels: number[] = []
  const probabilities: number[] = []
  const explained = new Float32Array(Math.min(MOST_EXPLAINED, profile.rows) * design.width)
  let explainedRows = 0
  let seen = 0
  const own = reader.requests.length
  const idsOf = request.id === null ? null : idReader(table, request.id, own + 1)
  const requests = [
    ...reader.requests,
    request.target.request,
    ...(request.id === null ? [] : [{ column: request.id, as: 'text' } as const]),
  ]
  for await (const batch of table.read(requests)) {
    const { frame } = reader.read(batch)
    const matrix = fillDesign(features, frame)
    const predicted = predict(bundle.model, matrix, batch.rows)
    const outcome = labelsOf(request.target, batch.columns[own], new Float64Array(batch.rows))
    const ids = idsOf === null ? null : await idsOf(batch)
    for (let row = 0; row < batch.rows; row++) {
      if (outcome[row] !== outcome[row]) continue
      if (sawIt(ids === null ? rowFingerprint(frame, row) : fingerprint(ids[row]))) {
        seen++
        continue
      }
      labels.push(outcome[row])
      probabilities.push(predicted[row])
      if ((explainedRows + 1) * design.width <= explained.length) {
        explained.set(
          matrix.subarray(row * design.width, (row + 1) * design.width),
          explainedRows * design.width,
        )
        explainedRows++
      }
    }
    request.onProgress?.(Math.min(profile.rows, batch.offset + batch.rows), profile.rows)
  }
  const result = { seen, unseen: labels.length, gaps: reader.gaps.map(({ label }) => label) }
  if (labels.length === 0) return { evaluation: null, ...result }
  if (labels.length < LEAST) {
    throw new HoldfastError(
      'too_few_rows',
      `Only ${labels.length === 1 ? 'one customer' : `${labels.length} customers`} of ${profile.path} ${labels.length === 1 ? 'is' : 'are'} new to this model (${seen} were in its training data): too few to judge it. Give a file with new customers, or leave --model out to cross-validate on all of them.`,
    )
  }
  const levels = levelThresholds(defaultLevels, bundle.population.baseRate)
  return {
    evaluation: evaluate({
      labels: Uint8Array.from(labels),
      probabilities: Float64Array.from(probabilities),
      thresholds: [
        { name: 'MEDIUM', value: levels.medium },
        { name: 'HIGH', value: levels.high },
      ],
      features: importanceOn(bundle.model, { design: explained, rows: explainedRows }, features, design),
      seed: request.seed,
    }),
    ...result,
  }
}

/** Probabilities by our own predictor, one a row. */
export function predict(model: ChurnModel, design: Float32Array, rows: number): Float64Array {
  const raw =
    model.kind === 'trees'
      ? margins(model.trees, design, rows)
      : logisticMargins(model.logistic, design, rows)
  return calibrate(model.calibrator, raw)
}

/** A model that does not say whom it was trained on (a starter from assumptions) was trained on nobody. */
export function trainedOn(card: unknown): string {
  const value = typeof card === 'object' && card !== null && 'trainedOn' in card ? card.trainedOn : ''
  return typeof value === 'string' ? value : ''
}
