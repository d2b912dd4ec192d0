/** Reads the asked columns of a file in its own order, batch by batch, as typed arrays. */
import type { ColumnRequest, ColumnValues, TableBatch } from '../../src/contracts/table.ts'
import type { ColumnFormat } from './column-kind.ts'
import { readDate } from './dates.ts'
import { literal, type Chunk, type Database } from './duckdb.ts'
import { isMissing, trimBlanks } from './missing.ts'
import { readNumber } from './numbers.ts'
import { numberSql, type Relation } from './relation.ts'

/** Rows of a batch where the caller does not say. */
const BATCH_ROWS = 65_536
/** Categories that SQL looks up by comparing one after the other; more are looked up here, by hash. */
const MAX_LISTED = 256

/** How one request is answered: an expression for DuckDB, and what is done with what it returns. */
interface ColumnPlan {
  readonly sql: string
  readonly values: 'numbers' | 'strings'
  /** For cells that only JavaScript can read. */
  readonly parse?: (cell: string) => number
}

/**
 * @param formats how each column is written, from its profile
 * @param columnOf the index of a header; throws for one that the file lacks
 */
export async function* readBatches(
  database: Database,
  relation: Relation,
  formats: readonly ColumnFormat[],
  columnOf: (header: string) => number,
  requests: readonly ColumnRequest[],
  batchRows = BATCH_ROWS,
): AsyncGenerator<TableBatch> {
  const plans = requests.map((request) => {
    const column = columnOf(request.column)
    return planOf(request, column, relation, formats[column])
  })
  const select = plans.length === 0 ? 'NULL::DOUBLE' : plans.map(({ sql }) => sql).join(', ')
  const buffers = plans.map((plan) => (isNumeric(plan) ? new Float64Array(batchRows) : null))
  let texts = plans.map((plan): (string | null)[] | null => (isNumeric(plan) ? null : []))
  let offset = 0
  let filled = 0
  const batch = (): TableBatch => {
    const columns = plans.map((_, i): ColumnValues => texts[i] ?? buffers[i]!.subarray(0, filled))
    const out = { offset, rows: filled, columns }
    offset += filled
    filled = 0
    texts = texts.map((text) => (text === null ? null : []))
    return out
  }
  for await (const chunk of database.chunks(`SELECT ${select} FROM ${relation.from}`)) {
    const columns = plans.map((plan, i) => valuesOf(plan, chunk, i))
    for (let from = 0; from < chunk.rows;) {
      const rows = Math.min(chunk.rows - from, batchRows - filled)
      columns.forEach((column, i) => {
        const text = texts[i]
        if (text !== null)
          for (let row = from; row < from + rows; row++) text.push(column[row] as string | null)
        else buffers[i]!.set((column as Float64Array).subarray(from, from + rows), filled)
      })
      from += rows
      filled += rows
      if (filled === batchRows) yield batch()
    }
  }
  if (filled > 0) yield batch()
}

/** A reader of single cells as a column's number or date; equal cells are read once. */
export function cellReader(as: 'number' | 'date', format: ColumnFormat): (cell: string) => number {
  const known = new Map<string, number>()
  return (cell) => {
    const before = known.get(cell)
    if (before !== undefined) return before
    const value =
      as === 'number'
        ? readNumber(cell, format.number)
        : format.date === null
          ? NaN
          : readDate(cell, format.date)
    if (known.size < 20_000) known.set(cell, value)
    return value
  }
}

function isNumeric(plan: ColumnPlan): boolean {
  return plan.values === 'numbers' || plan.parse !== undefined
}

function planOf(
  request: ColumnRequest,
  column: number,
  relation: Relation,
  format: ColumnFormat,
): ColumnPlan {
  const cell = `c${column}`
  switch (request.as) {
    case 'number':
      return format.numberBySql || relation.columns[column].numeric
        ? { sql: numberSql(relation, column), values: 'numbers' }
        : { sql: cell, values: 'strings', parse: cellReader('number', format) }
    case 'date':
      return format.dateBySql
        ? { sql: `(TRY_CAST(${cell}[1:10] AS DATE) - DATE '1970-01-01')::DOUBLE`, values: 'numbers' }
        : { sql: cell, values: 'strings', parse: cellReader('date', format) }
    case 'category':
      return format.tidy && request.categories.length <= MAX_LISTED
        ? { sql: categorySql(cell, request.categories), values: 'numbers' }
        : { sql: cell, values: 'strings', parse: categoryReader(request.categories) }
    case 'text':
      return { sql: cell, values: 'strings' }
  }
}

/** NULL where the cell is missing, -1 where it is in no category. For tidy columns only. */
function categorySql(cell: string, categories: readonly string[]): string {
  // A category that reads as missing can never be one: a NULL keeps its place in the list.
  const list = categories.map((category) => (isMissing(category) ? 'NULL' : literal(category))).join(', ')
  return `CASE WHEN ${cell} IS NOT NULL THEN coalesce(list_position([${list}]::VARCHAR[], ${cell})::DOUBLE - 1, -1) END`
}

function categoryReader(categories: readonly string[]): (cell: string) => number {
  const codes = new Map<string, number>()
  categories.forEach((category, code) => {
    if (!codes.has(category)) codes.set(category, code)
  })
  return (cell) => codes.get(trimBlanks(cell)) ?? -1
}

function valuesOf(plan: ColumnPlan, chunk: Chunk, column: number): Float64Array | (string | null)[] {
  if (plan.values === 'numbers') return chunk.numbers(column)
  const cells = chunk.strings(column)
  const { parse } = plan
  if (parse === undefined) {
    for (let row = 0; row < cells.length; row++) {
      const cell = cells[row]
      if (cell !== null && isMissing(cell)) cells[row] = null
    }
    return cells
  }
  const out = new Float64Array(cells.length)
  for (let row = 0; row < cells.length; row++) {
    const cell = cells[row]
    out[row] = cell === null || isMissing(cell) ? NaN : parse(cell)
  }
  return out
}
