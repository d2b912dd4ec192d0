/** Finds out what every column of a file is, from all of its rows. */
import type { ColumnProfile, TableProfile } from '../../src/contracts/table.ts'
import { columnFormat, fileHabits, type ColumnFormat } from './column-kind.ts'
import { countColumns, type CountedColumn } from './count-columns.ts'
import type { Database } from './duckdb.ts'
import type { Relation } from './relation.ts'

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

/** Most frequent values of a column that a profile shows. */
const TOP_VALUES = 256

/** @throws Error of DuckDB, to be translated by the caller */
export async function profileTable(
  database: Database,
  relation: Relation,
  options: ProfileOptions,
): Promise<ProfiledTable> {
  const counted = await countColumns(database, relation, options.small ? null : await options.head())
  const all = counted.map(({ counts }) => counts)
  const habits = fileHabits(all, options.delimiter)
  const formats = counted.map(({ counts, distinct }) => columnFormat(counts, habits, distinct))
  const columns = counted.map((column, i) => columnProfile(relation.columns[i].header, column, formats[i]))
  return {
    formats,
    profile: { path: options.path, format: relation.format, rows: all[0]?.cells ?? 0, columns },
  }
}

function columnProfile(
  header: string,
  { counts, distinct }: CountedColumn,
  format: ColumnFormat,
): ColumnProfile {
  const { kind, percent, range, unreadable } = format
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
    ...(percent && { percent }),
    ...(kind === 'date' && format.date !== null && { dateFormat: format.date }),
  }
}
