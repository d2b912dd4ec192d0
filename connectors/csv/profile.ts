/**
 * Finds out what every column of a file is, from all of its rows.
 *
 * Columns of few distinct values, which is most of them, are grouped by DuckDB in one pass and judged value by
 * value. Columns of many values that look like plain numbers are counted in SQL; the rest are read cell by
 * cell. So a million rows cost about as many JavaScript calls as there are distinct values.
 */
import type { ColumnProfile, TableProfile } from '../../src/contracts/table.ts'
import { countColumn, MAX_DISTINCT, type ColumnCounts } from './column-counter.ts'
import { columnFormat, fileHabits, type ColumnFormat } from './column-kind.ts'
import { literal, type Database } from './duckdb.ts'
import { BLANKS, MISSING_TOKENS } from './missing.ts'
import { numberSql, type Relation } from './relation.ts'

export interface ProfiledTable {
  readonly profile: TableProfile
  /** By column, how it is to be read. */
  readonly formats: readonly ColumnFormat[]
}

export interface ProfileOptions {
  readonly path: string
  readonly delimiter: string
  /** Whether the file is so small that every column can be grouped without asking first. */
  readonly small: boolean
  /** Rows from the start, as cells. */
  readonly head: () => Promise<(string | null)[][]>
}

/** Values that the estimate may call few: a little more than what is counted exactly, as it is off by some percent. */
const FEW = MAX_DISTINCT * 1.2
/** Columns in one GROUPING SETS query: its mask must fit a double. */
const WIDEST = 50
/** Most frequent values of a column that a profile shows. */
const TOP_VALUES = 256

/** SQL condition: the VARCHAR `cell` says that it is empty. */
export function missingSql(cell: string): string {
  return `(${cell} IS NULL OR lower(trim(${cell}, ${literal(BLANKS)})) IN (${MISSING_TOKENS.map(literal).join(', ')}))`
}

/** @throws Error of DuckDB, to be translated by the caller */
export async function profileTable(
  database: Database,
  relation: Relation,
  options: ProfileOptions,
): Promise<ProfiledTable> {
  const all = relation.columns.map((_, i) => i)
  const estimates = options.small ? null : await estimateDistinct(database, relation)
  const few = all.filter((i) => estimates === null || estimates[i] <= FEW)
  const counts: ColumnCounts[] = []
  for (let at = 0; at < few.length; at += WIDEST) {
    await countGrouped(database, relation, few.slice(at, at + WIDEST), counts)
  }
  const many = all.filter((i) => !few.includes(i))
  const head = many.length === 0 ? [] : await options.head()
  const looks = new Map(many.map((i) => [i, lookOf(head.map((row) => row[i] ?? null))]))
  const byCell = await countInSql(database, relation, many, looks, counts)
  await countCells(database, relation, byCell, counts)

  const habits = fileHabits(counts, options.delimiter)
  const unique = await countUnique(database, relation, many, estimates ?? [], counts)
  const distinct = all.map(
    (i) => counts[i].values?.size ?? unique.get(i) ?? Math.round(estimates?.[i] ?? MAX_DISTINCT + 1),
  )
  const formats = counts.map((column, i) => columnFormat(column, habits, distinct[i]))
  return {
    formats,
    profile: {
      path: options.path,
      format: relation.format,
      rows: counts[0]?.cells ?? 0,
      columns: counts.map((column, i) =>
        columnProfile(relation.columns[i].header, column, formats[i], distinct[i]),
      ),
    },
  }
}

async function estimateDistinct(database: Database, relation: Relation): Promise<number[]> {
  const select = relation.columns.map((_, i) => `approx_count_distinct(c${i})::DOUBLE`)
  return firstRow(database, `SELECT ${select.join(', ')} FROM ${relation.from}`, select.length)
}

/**
 * Distinct values of columns where nearly every cell differs, by their 64-bit hashes: the estimate can be off by
 * a quarter, and whether ids are unique hangs on it.
 */
async function countUnique(
  database: Database,
  relation: Relation,
  columns: readonly number[],
  estimates: readonly number[],
  counts: readonly ColumnCounts[],
): Promise<Map<number, number>> {
  const nearlyAll = columns.filter((i) => estimates[i] > (counts[i].cells - counts[i].missing) * 0.6)
  if (nearlyAll.length === 0) return new Map()
  const select = nearlyAll.map((i) => `count(DISTINCT hash(c${i})) FILTER (c${i} IS NOT NULL)::DOUBLE`)
  const row = await firstRow(database, `SELECT ${select.join(', ')} FROM ${relation.from}`, select.length)
  return new Map(nearlyAll.map((i, k) => [i, row[k]]))
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
  const sql =
    `SELECT GROUPING(${names.join(', ')})::DOUBLE, ${names.length === 1 ? names[0] : `coalesce(${names.join(', ')})`}, ` +
    `count(*)::DOUBLE FROM ${relation.from} GROUP BY GROUPING SETS (${names.map((name) => `(${name})`).join(', ')})`
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

/** What the start of the file suggests; only the way of counting depends on it, never the result. */
function lookOf(cells: readonly (string | null)[]): Look {
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

/** Counts numbers and texts of many values in SQL. Returns the columns that need a look at every cell. */
async function countInSql(
  database: Database,
  relation: Relation,
  columns: readonly number[],
  looks: ReadonlyMap<number, Look>,
  counts: ColumnCounts[],
): Promise<number[]> {
  const byCell = columns.filter((i) => looks.get(i) === 'other')
  const inSql = columns.filter((i) => looks.get(i) !== 'other')
  if (inSql.length === 0) return byCell
  const select = inSql.flatMap((i) => {
    const value = looks.get(i) === 'text' ? 'NULL::DOUBLE' : `x${i}`
    const missing = `CASE WHEN ${value} IS NULL THEN ${missingSql(`c${i}`)} ELSE false END`
    const zeros = looks.get(i) === 'text' ? 'false' : `c${i} SIMILAR TO ' *[+-]?0[0-9].*'`
    return [
      `count(*)`,
      `count(*) FILTER (${missing})`,
      `count(${value})`,
      `coalesce(min(${value}), 'inf')`,
      `coalesce(max(${value}), '-inf')`,
      `coalesce(sum(${value}), 0)`,
      `count(*) FILTER (${zeros})`,
    ].map((sql) => `(${sql})::DOUBLE`)
  })
  const numbers = inSql
    .filter((i) => looks.get(i) !== 'text')
    .map((i) => `, ${numberSql(relation, i)} AS x${i}`)
  const row = await firstRow(
    database,
    `SELECT ${select.join(', ')} FROM (SELECT *${numbers.join('')} FROM ${relation.from})`,
    select.length,
  )
  inSql.forEach((i, k) => {
    const [cells, missing, count, min, max, sum, leadingZeros] = row.slice(k * 7, k * 7 + 7)
    const { counts: column } = countColumn(false)
    counts[i] = Object.assign(column, { cells, missing, plain: count, leadingZeros, untidy: null })
    Object.assign(column.numbers[0], { count, min, max, sum })
    // A number with an odd cell in it may be written in a richer way: look at all of it.
    if (looks.get(i) !== 'text' && count + missing < cells) byCell.push(i)
  })
  return byCell
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

async function firstRow(database: Database, sql: string, width: number): Promise<number[]> {
  const row: number[] = []
  for await (const chunk of database.chunks(sql)) {
    for (let i = 0; i < width; i++) row.push(chunk.numbers(i)[0])
  }
  return row
}

function columnProfile(
  header: string,
  counts: ColumnCounts,
  format: ColumnFormat,
  distinct: number,
): ColumnProfile {
  const { kind, range, unreadable } = format
  const values = [...(counts.values ?? [])]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, TOP_VALUES)
  return {
    header,
    kind,
    missing: counts.missing,
    distinct,
    values,
    ...(range !== null && { range: { min: range.min, max: range.max, mean: range.sum / range.count } }),
    unreadable,
    ...(kind === 'number' && { numberFormat: format.number }),
    ...(kind === 'date' && format.date !== null && { dateFormat: format.date }),
  }
}
