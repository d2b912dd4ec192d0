/**
 * Writes a retention plan: CSV or Parquet by the file's extension. Rows go into a file beside the target,
 * which takes the target's name only when all of it is safely on the disk: there is never half a plan.
 */
import { randomBytes } from 'node:crypto'
import { openSync, realpathSync, rmSync, statSync, write as writeFd, fsync, close, type Stats } from 'node:fs'
import { rename, stat, open as openFile } from 'node:fs/promises'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { HoldfastError } from '../../src/contracts/errors.ts'
import { literal, openDatabase, pathLiteral } from './duckdb.ts'
import { encodeRows, encodeText, type CellColumn, type CsvColumn } from './encode.ts'
import { outputError } from './output-error.ts'

export type PlanColumn = CsvColumn

export interface PlanWriter {
  /** Adds rows: one array a column, all equally long, NaN and null where there is no value. */
  append(columns: readonly CellColumn[]): Promise<void>
  /** Puts the file in its place. Nothing can be appended afterwards. */
  commit(): Promise<{ readonly rows: number; readonly bytes: number }>
  /** Leaves everything as it was before; safe to call at any time, also after a failure or a commit. */
  abort(): Promise<void>
}

export interface PlanFileOptions {
  /** Files that are being read: writing over one of them is refused. */
  readonly inputs?: readonly string[]
  /** How bytes get to the disk; replaced in tests of a failing disk. */
  readonly write?: (fd: number, bytes: Uint8Array) => Promise<void>
}

/** Rows encoded between two writes. */
const STRIDE = 2048

/**
 * Opens a plan file for writing; that the place can be written is found out now, not after an hour's work.
 *
 * @throws HoldfastError output_denied, output_full, output_failed here and from every method; usage when the
 *   path is one of the inputs
 * @example
 * const plan = createPlanFile('plan.csv', [{ name: 'CustomerID', type: 'text' }, { name: 'ChurnProbability', type: 'number', decimals: 4 }])
 * await plan.append([['c-1', 'c-2'], new Float64Array([0.1, 0.9])])
 * await plan.commit() // { rows: 2, bytes: 44 }
 */
export function createPlanFile(
  path: string,
  columns: readonly PlanColumn[],
  { inputs = [], write = writeAll }: PlanFileOptions = {},
): PlanWriter {
  const parquet = formatOf(path) === 'parquet'
  const target = targetOf(path)
  refuseInputs(path, target, inputs)
  const style = { neutralise: !parquet, quoteEmpty: parquet }
  const stem = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}`)
  // DuckDB makes Parquet out of a CSV, which keeps one way of writing rows and memory flat.
  const temporary = parquet ? [`${stem}.rows.tmp`, `${stem}.tmp`] : [`${stem}.tmp`]
  const existing = statOf(target)
  let fd: number | null = attempt(path, () =>
    openSync(temporary[0], 'wx', existing === null ? 0o666 : existing.mode & 0o777),
  )
  let pending: Promise<void> = Promise.resolve()
  let rows = 0
  let bytes = 0
  const sweep = (): void => temporary.forEach((file) => rmSync(file, { force: true }))
  process.once('exit', sweep)
  const finish = async (): Promise<void> => {
    process.off('exit', sweep)
    // A descriptor must not be closed, and perhaps given to another file, under a write.
    await pending.catch(() => undefined)
    if (fd !== null) await promisify(close)(fd).catch(() => undefined)
    fd = null
    sweep()
  }
  /** Whatever fails, the temporary file goes and the error is one for people. */
  const guarded = async <T>(work: (fd: number) => Promise<T>): Promise<T> => {
    if (fd === null)
      throw new HoldfastError('output_failed', `${path} is finished; nothing can be added to it.`)
    try {
      return await work(fd)
    } catch (cause) {
      await finish()
      throw outputError(path, cause)
    }
  }
  const put = async (fd: number, text: string): Promise<void> => {
    const chunk = Buffer.from(text, 'utf8')
    bytes += chunk.length
    // One write is under way while the next rows are encoded.
    await pending
    pending = write(fd, chunk)
    pending.catch(() => undefined)
  }
  let header: string | null = parquet
    ? null
    : `${columns.map(({ name }) => encodeText(name, style)).join(',')}\n`
  return {
    append: (values) =>
      guarded(async (fd) => {
        const length = values[0]?.length ?? 0
        if (values.length !== columns.length || values.some((column) => column.length !== length)) {
          throw new HoldfastError(
            'internal',
            `A batch for ${path} does not fit its ${columns.length} columns.`,
          )
        }
        for (let from = 0; from < length; from += STRIDE) {
          const text = encodeRows(columns, values, from, Math.min(length, from + STRIDE), style)
          await put(fd, header === null ? text : header + text)
          header = null
        }
        rows += length
      }),
    commit: () =>
      guarded(async (open) => {
        if (header !== null) await put(open, header)
        await pending
        await promisify(fsync)(open)
        await promisify(close)(open)
        fd = null
        if (parquet) {
          await toParquet(temporary[0], temporary[1], columns)
          rmSync(temporary[0], { force: true })
          bytes = (await stat(temporary[1])).size
          await syncPath(temporary[1])
        }
        await rename(temporary[temporary.length - 1], target)
        process.off('exit', sweep)
        // The name is on the disk only when the folder is.
        await syncPath(dirname(target)).catch(() => undefined)
        return { rows, bytes }
      }),
    abort: finish,
  }
}

function formatOf(path: string): 'csv' | 'parquet' {
  const extension = extname(path).toLowerCase()
  if (extension === '.csv') return 'csv'
  if (extension === '.parquet') return 'parquet'
  throw new HoldfastError(
    'usage',
    `${path} must end in .csv or .parquet: the extension says how it is written.`,
  )
}

/** The file itself, where the path is a link to it. */
function targetOf(path: string): string {
  const found = statOf(path)
  if (found === null) return resolve(path)
  if (found.isDirectory()) {
    throw new HoldfastError(
      'output_denied',
      `${path} is a folder. Name a file in it, such as ${join(path, 'plan.csv')}.`,
    )
  }
  if (!found.isFile()) {
    throw new HoldfastError(
      'output_denied',
      `${path} is not a regular file, so it cannot be replaced in one step.`,
    )
  }
  return realpathSync(path)
}

function refuseInputs(path: string, target: string, inputs: readonly string[]): void {
  const there = statOf(target)
  for (const input of inputs) {
    const other = statOf(input)
    if (there !== null && other !== null && there.dev === other.dev && there.ino === other.ino) {
      throw new HoldfastError(
        'usage',
        `${path} is the file that is being read. Choose another name for the plan.`,
      )
    }
  }
}

function statOf(path: string): Stats | null {
  return statSync(path, { throwIfNoEntry: false }) ?? null
}

function attempt<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw outputError(path, cause)
  }
}

async function writeAll(fd: number, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await promisify(writeFd)(fd, bytes, at, bytes.length - at, null)
    at += bytesWritten
  }
}

async function toParquet(from: string, to: string, columns: readonly PlanColumn[]): Promise<void> {
  const types = { number: 'DOUBLE', integer: 'BIGINT', text: 'VARCHAR' }
  const names = columns.map((column, i) => `'c${i}': '${types[column.type]}'`)
  const select = columns.map(({ name }, i) => `c${i} AS "${name.replaceAll('"', '""')}"`)
  const database = await openDatabase({ threads: 2, memoryMb: 256, spillFolder: `${to}.spill` })
  try {
    await database.run(
      `COPY (SELECT ${select.join(', ')} FROM read_csv(${pathLiteral(from)}, auto_detect = false, header = false, ` +
        `delim = ',', quote = '"', escape = '"', allow_quoted_nulls = false, columns = {${names.join(', ')}})) ` +
        `TO ${literal(to)} (FORMAT parquet)`,
    )
  } finally {
    database.close()
    rmSync(`${to}.spill`, { recursive: true, force: true })
  }
}

async function syncPath(path: string): Promise<void> {
  const handle = await openFile(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
