/** From batches of a file to the values of a feature set: units converted, categories coded, gaps told. */
import type { Feature, Frame } from '../../src/contracts/features.ts'
import type { ColumnRequest, TableBatch, TableProfile } from '../../src/contracts/table.ts'
import type { AsOf } from './as-of.ts'
import { asOfDay } from './as-of.ts'
import type { Mapping } from './mapping-file.ts'
import type { ColumnReader } from './readers.ts'
import { readerFor } from './readers.ts'

export interface FrameReader {
  /** What to ask the table for, in this order. */
  readonly requests: readonly ColumnRequest[]
  /** Day that dates are counted from; null when the file has none. */
  readonly asOf: AsOf | null
  /** Features that the file lacks or that cannot be read from it: they stay missing in every row. */
  readonly gaps: readonly Gap[]
  /** Things worth telling that stop nothing: another date format than before. */
  readonly notes: readonly string[]
  /**
   * @param first index of this reader's first column within the batch, when others asked for columns before it
   * @returns arrays that the next call overwrites
   */
  read(batch: TableBatch, first?: number): FrameBatch
  /** Category values met so far that the model does not know, by feature. */
  unknown(): readonly UnknownValues[]
}

export interface FrameBatch {
  readonly frame: Frame
  /** For each row the share of the features that are present and understood, weighted by importance; 0 to 1. */
  readonly dataConfidence: Float32Array
}

export interface Gap {
  readonly feature: string
  readonly label: string
  /** The column that was meant to feed it, where there is one. */
  readonly column: string | null
  readonly why: string
}

export interface UnknownValues {
  readonly feature: string
  readonly column: string
  /** Rows with a value that the model never saw. */
  readonly rows: number
  /** The most frequent of them, at most five. */
  readonly values: readonly string[]
}

export interface FrameOptions {
  /** A weight of at least 0 a feature, for the data confidence; default all equal. */
  readonly importance?: readonly number[]
  /** Days since 1970-01-01: the as-of date is never taken to be later. */
  readonly today?: number
}

/**
 * @param features in the order that the frame's columns shall have
 * @param profile of the file that the batches come from
 * @example
 * const reader = frameReader(features, profile, mapping)
 * for await (const batch of table.read(reader.requests)) score(reader.read(batch).frame)
 */
export function frameReader(
  features: readonly Feature[],
  profile: TableProfile,
  mapping: Mapping,
  options: FrameOptions = {},
): FrameReader {
  const asOf = asOfDay(profile, mapping, options.today)
  const readers = features.map((feature) => readerFor(feature, profile, mapping, asOf))
  const requests: ColumnRequest[] = []
  const starts = readers.map((reader) => {
    requests.push(...reader.requests)
    return requests.length - reader.requests.length
  })
  const weights = normalised(features, options.importance)
  let capacity = 0
  let columns: Float32Array[] = []
  let confidence = new Float32Array(0)

  return {
    requests,
    asOf,
    gaps: readers.flatMap((reader, i) =>
      reader.gap === null
        ? []
        : [{ feature: features[i].name, label: features[i].label, column: reader.column, why: reader.gap }],
    ),
    notes: readers.flatMap((reader) => reader.note ?? []),
    read(batch, first = 0) {
      const { rows } = batch
      if (rows > capacity) {
        capacity = rows
        columns = features.map(() => new Float32Array(capacity))
        confidence = new Float32Array(capacity)
      }
      for (const [i, reader] of readers.entries()) {
        const inputs = reader.requests.map((_, k) => batch.columns[first + starts[i] + k] as Float64Array)
        reader.fill(inputs, columns[i], rows)
      }
      const exact = rows === capacity
      const frame = { rows, columns: exact ? columns : columns.map((column) => column.subarray(0, rows)) }
      measureConfidence(columns, weights, confidence, rows)
      return { frame, dataConfidence: exact ? confidence : confidence.subarray(0, rows) }
    },
    unknown: () => readers.flatMap((reader, i) => unknownOf(reader, features[i])),
  }
}

function measureConfidence(
  columns: readonly Float32Array[],
  weights: Float64Array,
  out: Float32Array,
  rows: number,
): void {
  out.fill(0, 0, rows)
  for (const [i, column] of columns.entries()) {
    const weight = weights[i]
    for (let row = 0; row < rows; row++) {
      const value = column[row]
      if (value === value) out[row] += weight
    }
  }
  for (let row = 0; row < rows; row++) if (out[row] > 0.999999) out[row] = 1
}

function normalised(features: readonly Feature[], importance: readonly number[] | undefined): Float64Array {
  const weights = Float64Array.from(features, (_, i) => Math.max(0, importance?.[i] ?? 1))
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return sum > 0 ? weights.map((weight) => weight / sum) : weights.fill(1 / Math.max(1, features.length))
}

function unknownOf(reader: ColumnReader, feature: Feature): UnknownValues[] {
  const counts = reader.unknown?.()
  if (!counts || !reader.column || counts.rows === 0) return []
  return [{ feature: feature.name, column: reader.column, ...counts }]
}
