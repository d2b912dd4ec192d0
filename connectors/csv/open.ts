/** Opens a customer file (CSV, Parquet, .xlsx) as a {@link TableSource}. */
import { randomBytes } from 'node:crypto'
import { rm, stat } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { basename, extname, join } from 'node:path'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { TableProfile, TableSource } from '../../src/contracts/table.ts'
import { diagnose } from './diagnose.ts'
import { dialectOf, HEAD_BYTES, readHead, type Delimiter, type Dialect, type Encoding } from './dialect.ts'
import { openDatabase, type Database } from './duckdb.ts'
import { profileTable, type ProfiledTable } from './profile.ts'
import { cellReader, readBatches } from './read.ts'
import { scanRecords } from './records.ts'
import { csvRelation, parquetRelation, type Relation } from './relation.ts'
import { stageSheet } from './sheet.ts'
import { createStaging, inspectBytes, stageCsv, stageLineEnds, type Staging } from './staging.ts'
import { isMissing } from './missing.ts'

export interface OpenOptions {
  /** Found from the file where it is not stated. */
  readonly delimiter?: Delimiter
  /** UTF-8 where it is not stated, and UTF-16 where the file says so itself. */
  readonly encoding?: Encoding
  /** Threads of DuckDB; default the machine's, at most 4. */
  readonly threads?: number
  /** Memory that DuckDB may take before it spills to disk, in MB; default 512. */
  readonly memoryMb?: number
}

/** A file made ready: what DuckDB reads, and what is known of it already. */
interface Prepared {
  /** What the file looked like when it was opened. */
  readonly stamp: string
  readonly relation: Relation
  readonly delimiter: string
  readonly small: boolean
  readonly head: () => Promise<(string | null)[][]>
  /** Turns an error of DuckDB into one for people. */
  readonly explain: (cause: unknown) => Promise<HoldfastError>
  /** Line of the file on which the row of this index stands. */
  readonly lineOf: (row: number) => Promise<number>
}

/**
 * Opens a file. CSV (delimited by comma, semicolon, tab or bar; also gzipped), Parquet and .xlsx (its first
 * sheet) are known by their extension. Rows are never held as objects; the file is read once by `profile` and once by each `read`.
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
  const once = (): Promise<ProfiledTable> => {
    profiled ??= (async () => {
      try {
        const { delimiter, small, head } = prepared
        const found = await profileTable(database, relation, { path, delimiter, small, head })
        return { ...found, profile: await withExamples(found, database, prepared) }
      } catch (cause) {
        throw cause instanceof HoldfastError ? cause : await explain(cause)
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
        throw cause instanceof HoldfastError ? cause : await explain(cause)
      }
    },
    close,
  }
}

/** Exists, is a file, is not empty, and has an extension that is known. */
async function checkFile(path: string, name: string): Promise<TableProfile['format']> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    const denied = cause.code === 'EACCES' || cause.code === 'EPERM'
    const message = denied
      ? `${path} may not be read. Give yourself permission to read it.`
      : `There is no file ${path}. Check the path and the spelling.`
    throw new HoldfastError('input_missing', message, { cause })
  })
  if (found.isDirectory()) {
    throw new HoldfastError('input_format', `${path} is a folder. Name a file in it: CSV or Parquet.`)
  }
  if (!found.isFile()) {
    throw new HoldfastError(
      'input_format',
      `${path} is not a regular file. It is read twice, so save it as a file.`,
    )
  }
  if (found.size === 0) {
    throw new HoldfastError('input_empty', `${name} is empty. It needs a header line and a row a customer.`)
  }
  const extension = extname(name.toLowerCase().replace(/\.gz$/, ''))
  if (['.csv', '.tsv', '.txt'].includes(extension)) return 'csv'
  if (['.parquet', '.pq'].includes(extension)) return 'parquet'
  if (extension === '.xlsx') return 'xlsx'
  if (['.xls', '.xlsm', '.xlsb', '.ods', '.numbers'].includes(extension)) {
    throw new HoldfastError(
      'input_format',
      `${name} is a spreadsheet. Save the sheet with the customers as "CSV UTF-8" and give that file.`,
    )
  }
  throw new HoldfastError(
    'input_format',
    `${name} has an unknown extension. Files are read as .csv, .tsv, .txt (also .gz), .parquet or .xlsx.`,
  )
}

/** CSV, and a sheet that is turned into CSV first. */
async function prepareCsv(
  format: 'csv' | 'xlsx',
  path: string,
  name: string,
  staging: Staging,
  options: OpenOptions,
): Promise<Prepared> {
  const stamp = await stampOf(path)
  if (format === 'csv') refuseOtherFormats(await readHead(path), name)
  const sheet = format === 'xlsx'
  let staged = sheet
    ? await stageSheet(path, name, staging)
    : await stageCsv(path, name, staging, options.encoding)
  const head = await readHead(staged)
  const forced = sheet ? ',' : (options.delimiter ?? (/\.tsv(\.gz)?$/i.test(name) ? '\t' : undefined))
  const dialect = dialectOf(head, name, forced)
  const { nulLine, mixedLineEnds } = await inspectBytes(staged)
  if (nulLine > 0) {
    throw new HoldfastError(
      'input_format',
      `Line ${nulLine} of ${name} contains NUL bytes, which no text has. Export the file again.`,
    )
  }
  if (mixedLineEnds) staged = await stageLineEnds(staged, dialect.delimiter, staging)
  const whole = head.length < HEAD_BYTES
  const skip = dialect.skip + 1
  if (whole && dialect.head().length === 0) await refuseHeaderOnly(name, staged, dialect, skip)
  return {
    stamp,
    relation: csvRelation(staged, dialect, format),
    delimiter: dialect.delimiter,
    small: (await stat(staged)).size < SMALL_BYTES,
    head: async () => dialect.head(),
    explain: async (cause) =>
      resourceError(cause) ??
      (await diagnose(
        { name, path: staged, delimiter: dialect.delimiter, headers: dialect.headers, skip },
        cause,
      )),
    async lineOf(row) {
      let record = -skip
      let found = 0
      await scanRecords(staged, dialect.delimiter, ({ line }) => {
        found = line
        return record++ < row
      })
      return found
    },
  }
}

/** Changes when the file does. */
async function stampOf(path: string): Promise<string> {
  const { size, mtimeMs, ino } = await stat(path)
  return `${size} ${mtimeMs} ${ino}`
}

/** Below this size no column can have so many values that grouping all of them costs much. */
const SMALL_BYTES = 4 << 20

async function refuseHeaderOnly(
  name: string,
  staged: string,
  dialect: Dialect,
  skip: number,
): Promise<never> {
  const broken = await diagnose(
    { name, path: staged, delimiter: dialect.delimiter, headers: dialect.headers, skip },
    undefined,
  )
  if (broken.code !== 'input_format') throw broken
  throw new HoldfastError('input_empty', `${name} has a header, but no rows. It needs a row a customer.`)
}

/** A CSV that is something else inside. */
function refuseOtherFormats(head: Buffer, name: string): void {
  const starts = (...bytes: number[]): boolean => bytes.every((byte, i) => head[i] === byte)
  const is = starts(0x50, 0x4b, 3, 4)
    ? ['an Excel workbook or a zip archive', 'Save it as "CSV UTF-8"']
    : starts(0xd0, 0xcf, 0x11, 0xe0)
      ? ['an old Excel workbook', 'Save it as "CSV UTF-8"']
      : starts(0x50, 0x41, 0x52, 0x31)
        ? ['a Parquet file', 'Rename it to end in .parquet']
        : starts(0x1f, 0x8b) && !name.toLowerCase().endsWith('.gz')
          ? ['a gzip archive', 'Rename it to end in .csv.gz']
          : starts(0x25, 0x50, 0x44, 0x46)
            ? ['a PDF', 'Export the table itself as CSV']
            : null
  if (is !== null) {
    throw new HoldfastError(
      'input_format',
      `${name} is named as CSV, but is ${is[0]}. ${is[1]} and try again.`,
    )
  }
}

async function prepareParquet(path: string, name: string, database: Database): Promise<Prepared> {
  const explain = async (cause: unknown): Promise<HoldfastError> =>
    resourceError(cause) ??
    new HoldfastError('input_format', `${name} is not a whole Parquet file. Export it again.`, { cause })
  const { relation, rows } = await parquetRelation(database, path).catch(async (cause: unknown) => {
    throw await explain(cause)
  })
  if (rows === 0) throw new HoldfastError('input_empty', `${name} has no rows. It needs a row a customer.`)
  return {
    stamp: await stampOf(path),
    relation,
    delimiter: ',',
    small: rows < 20_000,
    async head() {
      const cells = relation.columns.map((_, i) => `c${i}`).join(', ')
      const head: (string | null)[][] = []
      for await (const chunk of database.chunks(`SELECT ${cells} FROM ${relation.from} LIMIT 2000`)) {
        const columns = relation.columns.map((_, i) => chunk.strings(i))
        for (let row = 0; row < chunk.rows; row++) head.push(columns.map((column) => column[row]))
      }
      return head
    },
    explain,
    lineOf: async (row) => row + 1,
  }
}

/** Memory or temporary space ran out: nothing is wrong with the file. */
function resourceError(cause: unknown): HoldfastError | null {
  const text = cause instanceof Error ? cause.message : String(cause)
  if (/no space left|ENOSPC|max_temp_directory_size/i.test(text)) {
    return new HoldfastError(
      'output_full',
      'The disk with the temporary folder is full. Free some space and try again.',
      {
        cause,
        retryable: true,
      },
    )
  }
  if (/out of memory/i.test(text)) {
    return new HoldfastError(
      'internal',
      'The file needs more memory than it may take. Split it into smaller files.',
      {
        cause,
      },
    )
  }
  return null
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
