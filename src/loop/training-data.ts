/**
 * From a table of customers to what a model is trained on: target, features, leak checks, design matrix. Both
 * `train` and `evaluate` start here, so that a report judges exactly what training would do.
 */
import { findLeaks, type LeakFinding } from '../../models/churn/leaks.ts'
import type { TrainingData } from '../../models/churn/trainer/train.ts'
import { designOf, fillDesign, type Design } from '../../models/features/design.ts'
import { frameReader } from '../../models/features/frame.ts'
import type { Mapping } from '../../models/features/mapping-file.ts'
import { findColumn } from '../../models/features/columns.ts'
import { keptColumns } from '../../models/features/mapping.ts'
import { labels as labelsOf, parseTarget, type Target } from '../../models/features/target.ts'
import { trainingFeatures, type LeftOut } from '../../models/features/training.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { Feature, Frame } from '../contracts/features.ts'
import type { TableSource } from '../contracts/table.ts'
import { idReader } from './customer-ids.ts'
import { fingerprint, rowFingerprint } from './fingerprint.ts'

export interface TrainingRequest {
  readonly target: string
  readonly positive?: readonly string[]
  readonly id?: string
  readonly keep?: readonly string[]
  readonly mapping?: Mapping
  /** Day that dates are counted from, `YYYY-MM-DD`; default: the newest date in the file. */
  readonly asOf?: string
  /** Days since 1970-01-01: no later day is believed. */
  readonly today: number
  readonly seed: number
  readonly onProgress?: (done: number, total: number) => void
}

export interface PreparedTraining {
  readonly features: readonly Feature[]
  readonly frame: Frame
  readonly design: Design
  readonly data: TrainingData
  readonly target: Target
  readonly mapping: Mapping
  /** Months as a customer, where the file tells; else null. */
  readonly tenureMonths: Float32Array | null
  readonly leaks: readonly LeakFinding[]
  /** Columns that were left out because of a leak. */
  readonly excluded: readonly string[]
  readonly leftOut: readonly LeftOut[]
  /** Guesses that a person should look at. */
  readonly notes: readonly string[]
  /** Header of the id column, null when rows are only numbered. */
  readonly id: string | null
  /** A number that names each customer (by id, else by its values), to tell later whether a model saw it. */
  readonly fingerprints: Float64Array
  /** Rows without a target, which teach nothing and were dropped. */
  readonly dropped: number
}

/**
 * @throws HoldfastError target_*, id_duplicate, column_missing, no_features, too_few_rows
 */
export async function prepareTraining(
  table: TableSource,
  request: TrainingRequest,
): Promise<PreparedTraining> {
  const profile = await table.profile()
  const targetColumn = findColumn(profile, request.target, 'target')
  if (request.id !== undefined && findColumn(profile, request.id, 'id') === targetColumn) {
    throw new HoldfastError(
      'usage',
      `"${targetColumn.header}" cannot be both the target and the id. Name another column with --id, or leave --id out.`,
    )
  }
  const target = parseTarget(
    targetColumn,
    request.positive === undefined ? {} : { positive: request.positive },
  )
  const {
    features: all,
    leftOut,
    mapping,
    notes,
  } = trainingFeatures(profile, {
    target: targetColumn.header,
    today: request.today,
    ...(request.id === undefined ? {} : { id: request.id }),
    ...(request.keep === undefined ? {} : { keep: request.keep }),
    ...(request.asOf === undefined ? {} : { asOf: request.asOf }),
    ...(request.mapping === undefined ? {} : { mapping: request.mapping }),
  })
  const id = mapping.columns.find((column) => column.use === 'id')?.column ?? null
  const read = await readAll(table, { features: all, mapping, target, id, request, rows: profile.rows })
  if (read.rows < 20) {
    throw new HoldfastError(
      'too_few_rows',
      `${profile.path} has ${read.rows === 1 ? 'one customer' : `${read.rows} customers`} with a known outcome in "${target.column}". A model needs hundreds; with fewer than 20 nothing can be learned. Score with the subscription starter model instead.`,
    )
  }
  const leaks = findLeaks({
    columns: all.map((feature, index) => ({
      name: columnNamed(mapping, feature),
      kind: feature.kind,
      values: read.columns[index],
      ...(feature.categories === undefined ? {} : { categories: feature.categories }),
    })),
    labels: read.labels,
    seed: request.seed,
  })
  const kept = keptColumns(profile, request.keep ?? [])
  const excluded = new Map(
    leaks
      .filter((leak) => leak.action === 'exclude' && !kept.has(leak.column))
      .map((leak) => [leak.column, leak.sentence]),
  )
  const places = all.flatMap((feature, index) => (excluded.has(columnNamed(mapping, feature)) ? [] : [index]))
  if (places.length === 0) {
    throw new HoldfastError(
      'no_features',
      `No column of ${profile.path} is left to learn from: ${[...excluded.values()].slice(0, 5).join(' ')} Keep one by name with --keep if it was known before customers left.`,
    )
  }
  const features = places.map((index) => all[index])
  const frame: Frame = { rows: read.rows, columns: places.map((index) => read.columns[index]) }
  const tenure = all.findIndex((feature) => feature.name === 'tenureMonths')
  const design = designOf(features)
  return {
    features,
    frame,
    design,
    data: {
      design: fillDesign(features, frame),
      rows: read.rows,
      width: design.width,
      labels: read.labels,
    },
    target,
    mapping,
    tenureMonths: tenure < 0 ? null : read.columns[tenure],
    leaks,
    excluded: [...excluded.keys()],
    leftOut,
    notes,
    id,
    fingerprints:
      id === null ? read.fingerprints.map((_, row) => rowFingerprint(frame, row)) : read.fingerprints,
    dropped: profile.rows - read.rows,
  }
}

/** The header that a person knows a feature by. */
function columnNamed(mapping: Mapping, feature: Feature): string {
  return mapping.columns.find((column) => column.feature === feature.name)?.column ?? feature.name
}

interface ReadAll {
  readonly features: readonly Feature[]
  readonly mapping: Mapping
  readonly target: Target
  readonly id: string | null
  readonly request: TrainingRequest
  readonly rows: number
}

interface WholeTable {
  readonly rows: number
  readonly columns: Float32Array[]
  readonly labels: Uint8Array
  /** By id; zeros where there is none. */
  readonly fingerprints: Float64Array
}

/** Every row with a known outcome, as columns. */
async function readAll(table: TableSource, plan: ReadAll): Promise<WholeTable> {
  const { features, mapping, target, id, request } = plan
  const reader = frameReader(features, await table.profile(), mapping, { today: request.today })
  const columns = features.map(() => new Float32Array(plan.rows))
  const labels = new Uint8Array(plan.rows)
  const fingerprints = new Float64Array(plan.rows)
  let outcome = new Float64Array(0)
  let rows = 0
  const own = reader.requests.length
  const idsOf = id === null ? null : idReader(table, id, own + 1)
  const requests = [
    ...reader.requests,
    target.request,
    ...(id === null ? [] : [{ column: id, as: 'text' } as const]),
  ]
  for await (const batch of table.read(requests)) {
    const { frame } = reader.read(batch)
    if (outcome.length < batch.rows) outcome = new Float64Array(batch.rows)
    labelsOf(target, batch.columns[own], outcome)
    const ids = idsOf === null ? null : await idsOf(batch)
    for (let row = 0; row < batch.rows; row++) {
      const label = outcome[row]
      if (label !== label) continue
      if (ids !== null) fingerprints[rows] = fingerprint(ids[row])
      labels[rows] = label
      for (let column = 0; column < columns.length; column++)
        columns[column][rows] = frame.columns[column][row]
      rows++
    }
    request.onProgress?.(Math.min(plan.rows, batch.offset + batch.rows), plan.rows)
  }
  return {
    rows,
    columns: rows === plan.rows ? columns : columns.map((column) => column.slice(0, rows)),
    labels: labels.slice(0, rows),
    fingerprints: fingerprints.slice(0, rows),
  }
}
