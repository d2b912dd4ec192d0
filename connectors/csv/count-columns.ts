/**
 * Counts all columns of a file in as few passes as it takes.
 *
 * Columns of few distinct values, which is most of them, are grouped by DuckDB in one pass and judged value by
 * value. Columns of many values that look like plain numbers are counted in SQL; the rest are read cell by
 * cell. So a million rows cost about as many JavaScript calls as there are distinct values.
 */
import { countColumn, MAX_DISTINCT, type ColumnCounts } from './column-counter.ts'
import { literal, type Database } from './duckdb.ts'
import { BLANKS, MISSING_TOKENS } from './missing.ts'
import { numberSql, type Relation } from './relation.ts'

export interface CountedColumn {
  readonly counts: ColumnCounts
  /** Exact where values were grouped or nearly all differ, estimated otherwise. */
  readonly distinct: number
}

type Cells = readonly (string | null)[]

/** Values that an estimate may call few: more than are counted exactly, as it can be off by some percent. */
const FEW = MAX_DISTINCT * 1.2
/** Columns in one GROUPING SETS query: its mask must fit a double. */
const WIDEST = 50

/**
 * @param head rows from the start of the file; null for a file so small that every column can be grouped
 * @throws Error of DuckDB, to be translated by the caller
 */
export async function countColumns(
  database: Database,
  relation: Relation,
  head: readonly Cells[] | null,
): Promise<CountedColumn[]> {
  const all = relation.columns.map((_, i) => i)
  const columnHead = (i: number): Cells => (head ?? []).map((row) => row[i] ?? null)
  // A column that repeats itself from the start is grouped without asking; of the others the size is estimated.
  const varied = head === null ? [] : all.filter((i) => variety(columnHead(i)) > 0.1)
  const estimates = await estimateDistinct(database, relation, varied)
  const many = varied.filter((i) => estimates.get(i)! > FEW)
  const few = all.filter((i) => !many.includes(i))
  const counts: ColumnCounts[] = []
  for (let at = 0; at < few.length; at += WIDEST) {
    await countGrouped(database, relation, few.slice(at, at + WIDEST), counts)
  }
  const looks = new Map(many.map((i) => [i, lookOf(columnHead(i))]))
  const { byCell, unique } = await countInSql(database, relation, many, looks, estimates, counts)
  await countCells(database, relation, byCell, counts)
  return counts.map((column, i) => ({
    counts: column,
    distinct: column.values?.size ?? unique.get(i) ?? estimates.get(i) ?? column.groups,
  }))
}

/** Share of the filled cells that differ. */
function variety(cells: Cells): number {
  const filled = cells.filter((cell) => cell !== null && cell !== '')
  return filled.length === 0 ? 1 : new Set(filled).size / filled.length
}

async function estimateDistinct(
  database: Database,
  relation: Relation,
  columns: readonly number[],
): Promise<Map<number, number>> {
  if (columns.length === 0) return new Map()
  const select = columns.map((i) => `approx_count_distinct(c${i})::DOUBLE`)
  const row = await firstRow(database, `SELECT ${select.join(', ')} FROM ${relation.from}`, select.length)
  return new Map(columns.map((i, k) => [i, row[k]]))
}

/** One scan, one hash table a column. */
async function countGrouped(
  database: Database,
  relation: Relation,
  columns: readonly number[],
  counts: ColumnCounts[],
): Promise<void> {
  const names = columns.map((i) => `c${i}`)
  const counters = columns.map(() => countColumn(true))
  const value = names.length === 1 ? names[0] : `coalesce(${names.join(', ')})`
  const sets = names.map((name) => `(${name})`).join(', ')
  const sql =
    `SELECT GROUPING(${names.join(', ')})::DOUBLE, ${value}, count(*)::DOUBLE ` +
    `FROM ${relation.from} GROUP BY GROUPING SETS (${sets})`
  for await (const chunk of database.chunks(sql)) {
    const masks = chunk.numbers(0)
    const values = chunk.strings(1)
    const times = chunk.numbers(2)
    for (let row = 0; row < chunk.rows; row++) {
      // Bit 0 is the last column; a bit is 0 for the column that the row is grouped by.
      const grouped = Math.log2(2 ** names.length - 1 - masks[row])
      counters[names.length - 1 - Math.round(grouped)].add(values[row], times[row])
    }
  }
  columns.forEach((column, i) => {
    counts[column] = counters[i].counts
  })
}

type Look = 'plain numbers' | 'text' | 'other'

/** What the start of a column suggests; only the way of counting depends on it, never the result. */
function lookOf(cells: Cells): Look {
  const counter = countColumn(false)
  for (const cell of cells) counter.add(cell, 1)
  const { counts } = counter
  const filled = counts.cells - counts.missing
  // Numbers that could as well be written with a decimal comma need the closer look.
  const decimals = counts.plain > 0 && counts.numbers[0].count > counts.numbers[3].count
  const whole = counts.numbers[0].sum === counts.numbers[3].sum
  if (filled > 0 && counts.plain === filled && (decimals || whole)) return 'plain numbers'
  if (filled > 100 && counts.dates.size === 0 && counts.numbers.every(({ count }) => count === 0))
    return 'text'
  return 'other'
}

/**
 * Counts numbers and texts of many values in SQL. Returns the columns that need a look at every cell, and the
 * distinct values of columns where nearly every cell differs, by their 64-bit hashes: the estimate can be off by
 * a quarter, and whether ids are unique hangs on it.
 */
async function countInSql(
  database: Database,
  relation: Relation,
  columns: readonly number[],
  looks: ReadonlyMap<number, Look>,
  estimates: ReadonlyMap<number, number>,
  counts: ColumnCounts[],
): Promise<{ byCell: number[]; unique: Map<number, number> }> {
  const byCell = columns.filter((i) => looks.get(i) === 'other')
  const unique = new Map<number, number>()
  if (columns.length === 0) return { byCell, unique }
  const largest = Math.max(...columns.map((i) => estimates.get(i)!))
  const nearlyAll = (i: number): boolean => estimates.get(i)! > largest * 0.6
  const select = columns.flatMap((i) => {
    const numeric = looks.get(i) === 'plain numbers'
    const value = numeric ? `x${i}` : 'NULL::DOUBLE'
    const missing = `CASE WHEN ${value} IS NULL THEN ${missingSql(`c${i}`)} ELSE false END`
    return [
      `count(*)`,
      `count(*) FILTER (${missing})`,
      `count(${value})`,
      `coalesce(min(${value}), 'inf')`,
      `coalesce(max(${value}), '-inf')`,
      `coalesce(sum(${value}), 0)`,
      numeric ? `count(*) FILTER (c${i} SIMILAR TO ' *[+-]?0[0-9].*')` : '0',
      nearlyAll(i) ? `count(DISTINCT hash(c${i})) FILTER (c${i} IS NOT NULL)` : '-1',
    ].map((sql) => `(${sql})::DOUBLE`)
  })
  const numbers = columns
    .filter((i) => looks.get(i) === 'plain numbers')
    .map((i) => `, ${numberSql(relation, i)} AS x${i}`)
  const from = `(SELECT *${numbers.join('')} FROM ${relation.from})`
  const row = await firstRow(database, `SELECT ${select.join(', ')} FROM ${from}`, select.length)
  columns.forEach((i, k) => {
    const [cells, missing, count, min, max, sum, leadingZeros, distinct] = row.slice(k * 8, k * 8 + 8)
    if (distinct >= 0) unique.set(i, distinct)
    const { counts: column } = countColumn(false)
    counts[i] = Object.assign(column, { cells, missing, plain: count, leadingZeros, untidy: null })
    Object.assign(column.numbers[0], { count, min, max, sum })
    // A number with an odd cell in it may be written in a richer way: look at all of it.
    if (looks.get(i) === 'plain numbers' && count + missing < cells) byCell.push(i)
  })
  return { byCell, unique }
}

async function countCells(
  database: Database,
  relation: Relation,
  columns: readonly number[],
  counts: ColumnCounts[],
): Promise<void> {
  if (columns.length === 0) return
  const counters = columns.map(() => countColumn(false))
  const sql = `SELECT ${columns.map((i) => `c${i}`).join(', ')} FROM ${relation.from}`
  for await (const chunk of database.chunks(sql)) {
    counters.forEach((counter, k) => {
      for (const cell of chunk.strings(k)) counter.add(cell, 1)
    })
  }
  columns.forEach((column, k) => {
    counts[column] = counters[k].counts
  })
}

/** SQL condition: the VARCHAR `cell` says that it is empty. */
function missingSql(cell: string): string {
  const tokens = MISSING_TOKENS.map(literal).join(', ')
  return `(${cell} IS NULL OR lower(trim(${cell}, ${literal(BLANKS)})) IN (${tokens}))`
}

async function firstRow(database: Database, sql: string, width: number): Promise<number[]> {
  const row: number[] = []
  for await (const chunk of database.chunks(sql)) {
    for (let i = 0; i < width; i++) row.push(chunk.numbers(i)[0])
  }
  return row
}
