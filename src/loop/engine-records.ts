/** Records of a CRM as a batch of columns, read in the way in which their stored profile says they are written. */
import { readDate } from '../../connectors/csv/dates.ts'
import { isMissing, trimBlanks } from '../../connectors/csv/missing.ts'
import { readNumber } from '../../connectors/csv/numbers.ts'
import type { Properties, PropertyValue } from '../../connectors/connector.ts'
import type {
  ColumnProfile,
  ColumnRequest,
  ColumnValues,
  TableBatch,
  TableProfile,
} from '../contracts/table.ts'

/**
 * Prepares the reading of records, so that one of them costs little.
 *
 * @returns the values that reading a file of the same cells gives, in the order of the requests
 * @example
 * const read = recordReader(profile, [{ column: 'tenure', as: 'number' }])
 * read([{ tenure: 12 }, {}]).columns[0] // Float64Array [12, NaN]
 */
export function recordReader(
  profile: TableProfile,
  requests: readonly ColumnRequest[],
): (rows: readonly Properties[]) => TableBatch {
  const profiles = new Map(profile.columns.map((column) => [column.header, column]))
  const readers = requests.map((request) => columnReader(request, profiles.get(request.column)))
  return (rows) => ({ offset: 0, rows: rows.length, columns: readers.map((read) => read(rows)) })
}

function columnReader(
  request: ColumnRequest,
  profile: ColumnProfile | undefined,
): (rows: readonly Properties[]) => ColumnValues {
  const { column } = request
  if (request.as === 'text') return (rows) => rows.map((row) => cellOf(row[column]))
  const read = cellReader(request, profile)
  return (rows) => Float64Array.from(rows, (row) => read(row[column]))
}

function cellReader(
  request: Exclude<ColumnRequest, { as: 'text' }>,
  profile: ColumnProfile | undefined,
): (value: PropertyValue | undefined) => number {
  if (request.as === 'category') {
    const codes = new Map(request.categories.map((category, code) => [category, code]))
    return (value) => {
      const cell = cellOf(value)
      return cell === null ? NaN : (codes.get(trimBlanks(cell)) ?? -1)
    }
  }
  if (request.as === 'date') {
    const format = profile?.dateFormat ?? '%Y-%m-%d'
    return (value) => {
      const cell = cellOf(value)
      return cell === null ? NaN : readDate(cell, format)
    }
  }
  const format = profile?.numberFormat ?? { decimal: '.', group: '' }
  return (value) => {
    if (typeof value === 'number') return Number.isFinite(value) ? value : NaN
    const cell = cellOf(value)
    return cell === null ? NaN : readNumber(cell, format)
  }
}

function cellOf(value: PropertyValue | undefined): string | null {
  if (value === null || value === undefined) return null
  const cell = String(value)
  return isMissing(cell) ? null : cell
}
