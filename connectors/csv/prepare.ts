/** Makes a file ready to be read: checks it, finds out how it is written, and says what is wrong with it. */
import { stat } from 'node:fs/promises'
import { extname } from 'node:path'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { TableProfile } from '../../src/contracts/table.ts'
import { diagnose } from './diagnose.ts'
import { dialectOf, HEAD_BYTES, readHead, type Delimiter, type Dialect, type Encoding } from './dialect.ts'
import type { Database } from './duckdb.ts'
import { scanRecords } from './records.ts'
import { csvRelation, parquetRelation, type Relation } from './relation.ts'
import { stageSheet } from './sheet.ts'
import { inspectBytes, stageCsv, stageLineEnds, type Staging } from './staging.ts'

export interface CsvOptions {
  /** Found from the file where it is not stated. */
  readonly delimiter?: Delimiter
  /** UTF-8 where it is not stated, and UTF-16 where the file says so itself. */
  readonly encoding?: Encoding
}

/** A file made ready: what DuckDB reads, and what is known of it already. */
export interface Prepared {
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

/** Exists, is a file, is not empty, and has an extension that is known. */
export async function checkFile(path: string, name: string): Promise<Exclude<TableProfile['format'], 'crm'>> {
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
export async function prepareCsv(
  format: 'csv' | 'xlsx',
  path: string,
  name: string,
  staging: Staging,
  options: CsvOptions,
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
export async function stampOf(path: string): Promise<string> {
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

export async function prepareParquet(path: string, name: string, database: Database): Promise<Prepared> {
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
