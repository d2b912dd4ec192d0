/** Opens a customer file (CSV, Parquet, .xlsx) as a {@link TableSource}. */
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { TableProfile, TableSource } from '../../src/contracts/table.ts'
import { openDatabase, type Database } from './duckdb.ts'
import { isMissing } from './missing.ts'
import { checkFile, prepareCsv, prepareParquet, stampOf, type CsvOptions, type Prepared } from './prepare.ts'
import { profileTable, type ProfiledTable } from './profile.ts'
import { cellReader, readBatches } from './read.ts'
import { createStaging } from './staging.ts'

export interface OpenOptions extends CsvOptions {
  /** Threads of DuckDB; default the machine's, at most 4. */
  readonly threads?: number
  /** Memory that DuckDB may take before it spills to disk, in MB; default 512. */
  readonly memoryMb?: number
}

/**
 * Opens a file. CSV (delimited by comma, semicolon, tab or bar; also gzipped), Parquet and .xlsx (its first
 * sheet) are known by their extension. Rows are never held as objects: `profile` passes over the file a few
 * times, each `read` once.
 *
 * @throws HoldfastError input_missing, input_empty, input_format, input_encoding, input_header here;
 *   input_row and input_encoding from `profile` and `read`, naming the line
 * @example
 * const table = await openTable('customers.csv')
 * const { rows, columns } = await table.profile()
 * for await (const batch of table.read([{ column: 'tenure', as: 'number' }])) sum(batch.columns[0])
 * await table.close()
 */
export async function openTable(path: string, options: OpenOptions = {}): Promise<TableSource> {
  const name = basename(path)
  const format = await checkFile(path, name)
  const staging = createStaging()
  // DuckDB makes this folder only when it has to spill.
  const spillFolder = join(tmpdir(), `holdfast-spill-${randomBytes(6).toString('hex')}`)
  // DuckDB starts while the head of the file is looked at.
  const opening = openDatabase({
    threads: options.threads ?? Math.min(4, availableParallelism()),
    memoryMb: options.memoryMb ?? 512,
    spillFolder,
  })
  const close = async (): Promise<void> => {
    await opening.then((database) => database.close()).catch(() => undefined)
    await rm(spillFolder, { recursive: true, force: true })
    await staging.close()
  }
  opening.catch(() => undefined)
  try {
    const prepared =
      format === 'parquet'
        ? await prepareParquet(path, name, await opening)
        : await prepareCsv(format, path, name, staging, options)
    return tableSource(path, name, await opening, prepared, close)
  } catch (error) {
    await close()
    throw error
  }
}

function tableSource(
  path: string,
  name: string,
  database: Database,
  prepared: Prepared,
  close: () => Promise<void>,
): TableSource {
  const { relation, explain, stamp } = prepared
  const places = new Map(relation.columns.map(({ header }, i) => [header, i]))
  let profiled: Promise<ProfiledTable> | undefined
  const columnOf = (header: string): number => {
    const place = places.get(header)
    if (place !== undefined) return place
    const known = [...places.keys()].slice(0, 40).join(', ')
    throw new HoldfastError('column_missing', `There is no column "${header}" in ${name}. Columns: ${known}.`)
  }
  // What DuckDB throws is a plain Error; anything else is a defect of ours and must look like one.
  const forPeople = async (cause: unknown): Promise<unknown> =>
    cause instanceof Error && cause.constructor === Error ? explain(cause) : cause
  const once = (): Promise<ProfiledTable> => {
    profiled ??= (async () => {
      try {
        const { delimiter, small, head } = prepared
        const found = await profileTable(database, relation, { path, delimiter, small, head })
        return { ...found, profile: await withExamples(found, database, prepared) }
      } catch (cause) {
        throw await forPeople(cause)
      }
    })()
    return profiled
  }
  return {
    profile: async () => (await once()).profile,
    async *read(requests, options) {
      const { formats } = await once()
      if ((await stampOf(path)) !== stamp) {
        throw new HoldfastError('input_format', `${name} was changed while it was being read. Run again.`, {
          retryable: true,
        })
      }
      try {
        yield* readBatches(database, relation, formats, columnOf, requests, options?.batchRows)
      } catch (cause) {
        throw await forPeople(cause)
      }
    },
    lineOf: prepared.lineOf,
    close,
  }
}

/** Adds the first unreadable cell of each number and date column, with its line. */
async function withExamples(
  { profile, formats }: ProfiledTable,
  database: Database,
  { relation, lineOf }: Prepared,
): Promise<TableProfile> {
  const columns = [...profile.columns]
  for (let i = 0; i < columns.length; i++) {
    const { kind, unreadable } = columns[i]
    if (unreadable === 0 || (kind !== 'number' && kind !== 'date')) continue
    const parse = cellReader(kind, formats[i])
    let row = 0
    search: for await (const chunk of database.chunks(`SELECT c${i} FROM ${relation.from}`)) {
      for (const cell of chunk.strings(0)) {
        if (cell !== null && !isMissing(cell) && Number.isNaN(parse(cell))) {
          columns[i] = { ...columns[i], unreadableExample: { line: await lineOf(row), value: cell } }
          break search
        }
        row++
      }
    }
  }
  return { ...profile, columns }
}
