/**
 * Score: every customer of a table gets a churn probability, its reasons, and what the policy needs to know.
 * Rows stream through in batches: the table is read and widened here, worker threads compute, and only plain
 * arrays remain.
 */
import { contextReader, type PolicyContext } from '../../models/features/context.ts'
import { fillDesign } from '../../models/features/design.ts'
import { frameReader, type Gap, type UnknownValues } from '../../models/features/frame.ts'
import type { Mapping } from '../../models/features/mapping-file.ts'
import type { Reasons } from '../../models/churn/explain/reasons.ts'
import type { ServedChurn } from '../../models/onnx/serve.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { Frame } from '../contracts/features.ts'
import type { ColumnRequest, TableBatch, TableSource } from '../contracts/table.ts'
import { cardImportance } from './card.ts'
import { createBookContext, copyContext } from './book-context.ts'
import { idReader } from './customer-ids.ts'

export interface ScoreRequest {
  readonly mapping: Mapping
  /** Days since 1970-01-01: what is the file's own day when it holds no date. */
  readonly today: number
  /** Threads that compute; a few batches more than these are under way at once. */
  readonly workers: number
  /** Further columns of the file to carry along as text. */
  readonly carry: readonly string[]
  readonly onProgress?: (done: number, total: number) => void
}

/** All customers of a table, scored. Arrays are as long as the table, in its order. */
export interface ScoredTable {
  readonly rows: number
  /** Ids as in the file; "row 1", "row 2", … where it has none. */
  readonly ids: readonly string[]
  readonly idColumn: string | null
  readonly frame: Frame
  readonly probability: Float32Array
  readonly reasons: Reasons
  /** Share of the model's features that are present and understood, weighted by what they matter. */
  readonly dataConfidence: Float32Array
  readonly context: PolicyContext
  readonly carried: readonly (readonly (string | null)[])[]
  readonly gaps: readonly Gap[]
  readonly unknown: readonly UnknownValues[]
  readonly notes: readonly string[]
}

const BATCH_ROWS = 8192
const RAISING = 3
const LOWERING = 2

/**
 * @throws HoldfastError id_duplicate, id_missing, input_* from the table, model_inference
 * @example
 * const book = await scoreTable(table, served, { mapping, today, workers: 2, carry: [] })
 */
export async function scoreTable(
  table: TableSource,
  served: ServedChurn,
  request: ScoreRequest,
): Promise<ScoredTable> {
  const profile = await table.profile()
  const { features } = served.bundle.features
  const dates = { today: request.today }
  const frames = frameReader(features, profile, request.mapping, {
    ...dates,
    importance: cardImportance(served.bundle.card, features),
  })
  if (frames.gaps.length === features.length)
    throw nothingKnown(profile.path, served.bundle.name, frames.gaps)
  const contexts = contextReader(profile, request.mapping, dates)
  const idColumn = request.mapping.columns.find((column) => column.use === 'id')?.column ?? null
  const text = (column: string): ColumnRequest => ({ column, as: 'text' })
  const requests = [
    ...frames.requests,
    ...contexts.requests,
    ...(idColumn === null ? [] : [text(idColumn)]),
    ...request.carry.map(text),
  ]
  const contextAt = frames.requests.length
  const idAt = contextAt + contexts.requests.length
  const carryAt = idAt + (idColumn === null ? 0 : 1)

  const rows = profile.rows
  const book = createBook(rows, features.length, request.carry.length)
  const idsOf = idColumn === null ? null : idReader(table, idColumn, idAt)
  const waiting = new Set<Promise<void>>()
  let failure: unknown = null
  let done = 0

  for await (const batch of table.read(requests, { batchRows: BATCH_ROWS })) {
    if (failure !== null) break
    const { offset } = batch
    const { frame, dataConfidence } = frames.read(batch)
    frame.columns.forEach((column, index) => book.frame.columns[index].set(column, offset))
    book.dataConfidence.set(dataConfidence, offset)
    copyContext(contexts.read(batch, contextAt), book.context, offset, batch.rows)
    if (idsOf !== null) book.ids.push(...(await idsOf(batch)))
    else for (let row = 1; row <= batch.rows; row++) book.ids.push(`row ${offset + row}`)
    request.carry.forEach((_, index) => book.carried[index].push(...textOf(batch, carryAt + index)))

    const design = served.lease(batch.rows)
    fillDesign(features, frame, design)
    const count = batch.rows
    const scoring = served
      .score(design, count, { reasons: { raising: RAISING, lowering: LOWERING } })
      .then((scores) => {
        book.probability.set(scores.probability.subarray(0, count), offset)
        if (scores.reasons !== null) {
          book.reasons.feature.set(scores.reasons.feature.subarray(0, count * SLOTS), offset * SLOTS)
          book.reasons.contribution.set(
            scores.reasons.contribution.subarray(0, count * SLOTS),
            offset * SLOTS,
          )
        }
        scores.release()
        done += count
        request.onProgress?.(done, rows)
      })
      .catch((error: unknown) => {
        failure ??= error
      })
      .finally(() => {
        served.release(design)
        waiting.delete(scoring)
      })
    waiting.add(scoring)
    if (waiting.size > request.workers + 1) await Promise.race(waiting)
  }
  await Promise.all(waiting)
  if (failure !== null) throw failure
  return { ...book, idColumn, gaps: frames.gaps, unknown: frames.unknown(), notes: frames.notes }
}

const SLOTS = RAISING + LOWERING

function createBook(rows: number, features: number, carried: number) {
  return {
    rows,
    ids: [] as string[],
    frame: { rows, columns: Array.from({ length: features }, () => new Float32Array(rows)) },
    probability: new Float32Array(rows),
    reasons: {
      rows,
      slots: SLOTS,
      raising: RAISING,
      lowering: LOWERING,
      feature: new Int16Array(rows * SLOTS),
      contribution: new Float32Array(rows * SLOTS),
    },
    dataConfidence: new Float32Array(rows),
    context: createBookContext(rows),
    carried: Array.from({ length: carried }, (): (string | null)[] => []),
  }
}

function textOf(batch: TableBatch, column: number): readonly (string | null)[] {
  const values = batch.columns[column]
  if (Array.isArray(values)) return values
  throw new HoldfastError('internal', `Column ${column} of a batch was not read as text.`)
}

function nothingKnown(path: string, model: string, gaps: readonly Gap[]): HoldfastError {
  const wanted = gaps.slice(0, 8).map(({ label }) => label)
  return new HoldfastError(
    'no_features',
    `No column of ${path} could be matched to what the model ${model} needs (${wanted.join(', ')}${gaps.length > 8 ? ', …' : ''}). Name the columns in a mapping file (--mapping), or train a model of your own with "holdfast train".`,
  )
}
