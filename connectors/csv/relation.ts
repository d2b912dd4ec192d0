/** A file as DuckDB sees it: a table expression whose columns have plain names, whatever the headers are. */
import { literal, pathLiteral, type Database } from './duckdb.ts'

export interface Relation {
  readonly format: 'csv' | 'parquet' | 'xlsx'
  /** SQL after FROM: column i is `c{i}` VARCHAR, and `n{i}` DOUBLE where the file itself holds numbers. */
  readonly from: string
  readonly columns: readonly { readonly header: string; readonly numeric: boolean }[]
}

export function csvRelation(
  path: string,
  dialect: { readonly delimiter: string; readonly skip: number; readonly headers: readonly string[] },
  format: 'csv' | 'xlsx',
): Relation {
  const columns = dialect.headers.map((_, i) => `'c${i}': 'VARCHAR'`).join(', ')
  return {
    format,
    from:
      `read_csv(${pathLiteral(path)}, auto_detect = false, header = true, skip = ${dialect.skip}, ` +
      `delim = ${literal(dialect.delimiter)}, quote = '"', escape = '"', columns = {${columns}})`,
    columns: dialect.headers.map((header) => ({ header, numeric: false })),
  }
}

const numericTypes = /^(?:U?(?:TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\))$/

/** @throws Error of DuckDB where the file is no whole Parquet file */
export async function parquetRelation(
  database: Database,
  path: string,
): Promise<{ relation: Relation; rows: number }> {
  const file = `read_parquet(${pathLiteral(path)})`
  const described: { header: string; numeric: boolean }[] = []
  for await (const chunk of database.chunks(
    `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${file})`,
  )) {
    const types = chunk.strings(1)
    chunk.strings(0).forEach((header, i) => {
      described.push({ header: header ?? '', numeric: numericTypes.test(types[i] ?? '') })
    })
  }
  let rows = 0
  for await (const chunk of database.chunks(`SELECT count(*)::DOUBLE FROM ${file}`))
    rows = chunk.numbers(0)[0]
  const select = described.flatMap(({ header, numeric }, i) => {
    const name = `"${header.replaceAll('"', '""')}"`
    return numeric
      ? [`CAST(${name} AS VARCHAR) AS c${i}`, `CAST(${name} AS DOUBLE) AS n${i}`]
      : [`CAST(${name} AS VARCHAR) AS c${i}`]
  })
  return {
    relation: { format: 'parquet', from: `(SELECT ${select.join(', ')} FROM ${file})`, columns: described },
    rows,
  }
}

/** SQL of a column as a finite DOUBLE, NULL where it is missing or not a plain number. */
export function numberSql(relation: Relation, column: number): string {
  const raw = relation.columns[column].numeric ? `n${column}` : `TRY_CAST(c${column} AS DOUBLE)`
  return `(CASE WHEN isfinite(${raw}) THEN ${raw} END)`
}
