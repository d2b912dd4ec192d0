/** Small tables in memory that profile and read as a connector's would. */
import type {
  ColumnProfile,
  ColumnRequest,
  ColumnValues,
  TableBatch,
  TableProfile,
} from '../../../src/contracts/table.ts'

export type Cells = readonly (string | number | null)[]

/** Columns by header; each is repeated until it has `rows` cells. `#` is a text with a number of its own in each row. */
export function table(columns: Readonly<Record<string, Cells | string>>, rows = 1000) {
  const cells = new Map(
    Object.entries(columns).map(([header, values]) => [
      header,
      Array.from({ length: rows }, (_, i) => {
        if (typeof values === 'string') return values.replace('#', String(100000 + i))
        const cell = values[i % values.length]
        // As a connector does: trimmed, and blank is missing.
        return cell === null ? null : String(cell).trim() || null
      }),
    ]),
  )
  const profile: TableProfile = {
    path: 'customers.csv',
    format: 'csv',
    rows,
    columns: [...cells].map(([header, column]) => profileColumn(header, column)),
  }
  const read = (requests: readonly ColumnRequest[]): TableBatch => ({
    offset: 0,
    rows,
    columns: requests.map((request) => readColumn(cells.get(request.column) ?? [], request)),
  })
  return { profile, read }
}

const isoDate = /^\d{4}-\d{2}-\d{2}$/u
export const day = (text: string): number => Date.parse(`${text}T00:00:00Z`) / 86400000

function profileColumn(header: string, cells: readonly (string | null)[]): ColumnProfile {
  const present = cells.filter((cell) => cell !== null)
  const counts = new Map<string, number>()
  for (const cell of present) counts.set(cell, (counts.get(cell) ?? 0) + 1)
  const values = [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, 256)
  const base = {
    header,
    missing: cells.length - present.length,
    distinct: counts.size,
    unreadable: 0,
    values,
  }
  if (present.length === 0) return { ...base, kind: 'empty' }
  if (present.every((cell) => isoDate.test(cell))) {
    return { ...base, kind: 'date', dateFormat: '%Y-%m-%d', range: rangeOf(present.map(day)), values: [] }
  }
  if (present.every((cell) => cell.trim() !== '' && !Number.isNaN(Number(cell)))) {
    return { ...base, kind: 'number', range: rangeOf(present.map(Number)) }
  }
  return { ...base, kind: counts.size > 300 && counts.size > 0.5 * present.length ? 'text' : 'category' }
}

function rangeOf(numbers: readonly number[]) {
  const sum = numbers.reduce((total, value) => total + value, 0)
  const min = numbers.reduce((a, b) => Math.min(a, b))
  const max = numbers.reduce((a, b) => Math.max(a, b))
  return { min, max, mean: sum / numbers.length }
}

function readColumn(cells: readonly (string | null)[], request: ColumnRequest): ColumnValues {
  if (request.as === 'text') return [...cells]
  return Float64Array.from(cells, (cell) => {
    if (cell === null) return NaN
    if (request.as === 'date') return day(cell)
    if (request.as === 'number') return Number(cell)
    return request.categories.indexOf(cell.trim())
  })
}
