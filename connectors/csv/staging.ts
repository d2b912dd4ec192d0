/**
 * Brings a file into the form that DuckDB reads in one go: UTF-8, unpacked, one kind of line end. Files that
 * are so already, which is nearly all, are read where they are; others are copied into a temporary folder.
 */
import {
  closeSync,
  createReadStream,
  createWriteStream,
  mkdtempSync,
  openSync,
  rmSync,
  writevSync,
} from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { TextDecoderStream } from 'node:stream/web'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { HoldfastError } from '../../src/contracts/errors.ts'
import { encodingOf, readHead, type Encoding } from './dialect.ts'
import { scanRecords } from './records.ts'

export interface Staging {
  /** A folder of this table's own, made on the first call. */
  folder(): Promise<string>
  /** Removes the folder and all in it. */
  close(): Promise<void>
}

export function createStaging(): Staging {
  let made: string | undefined
  // A process that is stopped takes its copies with it: they are the customers' data.
  const sweep = (): void => {
    if (made !== undefined) rmSync(made, { recursive: true, force: true })
  }
  return {
    async folder() {
      if (made === undefined) {
        made = mkdtempSync(join(tmpdir(), 'holdfast-'))
        process.once('exit', sweep)
      }
      return made
    },
    async close() {
      process.off('exit', sweep)
      if (made !== undefined) await rm(made, { recursive: true, force: true })
    },
  }
}

/**
 * The path of a UTF-8 copy of a CSV file, or the file's own path where it needs none.
 *
 * @param name the file as the person named it
 * @param forced the encoding that the person stated; UTF-8 is assumed otherwise, UTF-16 known by its mark
 * @throws HoldfastError input_format, input_encoding, output_full
 */
export async function stageCsv(
  path: string,
  name: string,
  staging: Staging,
  forced?: Encoding,
): Promise<string> {
  let staged = path
  if (path.toLowerCase().endsWith('.gz')) {
    staged = join(await staging.folder(), 'unpacked.csv')
    await pipeline(createReadStream(path), createGunzip(), createWriteStream(staged)).catch(
      (cause: unknown) => {
        throw stagingError(cause, `${name} is not a whole gzip file. Pack it again, or give the plain CSV.`)
      },
    )
  }
  const encoding = forced ?? encodingOf(await readHead(staged), name)
  if (encoding === 'utf-8') return staged
  const copy = join(await staging.folder(), 'utf8.csv')
  const decoded = Readable.toWeb(createReadStream(staged)).pipeThrough(
    new TextDecoderStream(encoding, { fatal: true }),
  )
  await pipeline(Readable.fromWeb(decoded), createWriteStream(copy)).catch((cause: unknown) => {
    throw stagingError(cause, `${name} is not ${encoding.toUpperCase()} all through. Save it as "CSV UTF-8".`)
  })
  return copy
}

export interface ByteReport {
  /** Line of the first NUL byte, 0 where there is none. */
  readonly nulLine: number
  /** Line ends differ, perhaps only inside quoted cells. */
  readonly mixedLineEnds: boolean
}

/** Looks at every byte once, at the speed of memchr: DuckDB lets NUL bytes pass and refuses mixed line ends. */
export async function inspectBytes(path: string): Promise<ByteReport> {
  const file = await open(path)
  const buffer = Buffer.allocUnsafe(1 << 20)
  let [lf, crlf, cr] = [0, 0, 0]
  let lastByte = 0
  try {
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null)
      if (bytesRead === 0) break
      const chunk = buffer.subarray(0, bytesRead)
      const nul = chunk.indexOf(0)
      // A file of LF alone, the usual case, needs no counting.
      if (nul < 0 && crlf === 0 && cr === 0 && lastByte !== 13 && !chunk.includes(13)) {
        if (lf === 0 && chunk.includes(10)) lf = 1
        lastByte = chunk[bytesRead - 1]
        continue
      }
      if (nul >= 0) return { nulLine: await lineOfNul(path), mixedLineEnds: false }
      if (lastByte === 13 && chunk[0] !== 10) cr++
      for (let at = chunk.indexOf(13); at >= 0 && at < bytesRead - 1; at = chunk.indexOf(13, at + 1)) {
        if (chunk[at + 1] !== 10) cr++
      }
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) {
        if ((at > 0 ? chunk[at - 1] : lastByte) === 13) crlf++
        else lf++
      }
      lastByte = chunk[bytesRead - 1]
    }
    return { nulLine: 0, mixedLineEnds: [lf, crlf, cr].filter((count) => count > 0).length > 1 }
  } finally {
    await file.close()
  }
}

async function lineOfNul(path: string): Promise<number> {
  let line = 1
  for await (const piece of createReadStream(path)) {
    const chunk = piece as Buffer
    const nul = chunk.indexOf(0)
    const before = nul < 0 ? chunk : chunk.subarray(0, nul)
    for (let at = before.indexOf(10); at >= 0; at = before.indexOf(10, at + 1)) line++
    if (nul >= 0) break
  }
  return line
}

/** A copy with LF after every record, where line ends outside of cells really differ; the path itself otherwise. */
export async function stageLineEnds(path: string, delimiter: string, staging: Staging): Promise<string> {
  const ends = new Set<string>()
  await scanRecords(path, delimiter, ({ newline }) => {
    if (newline !== '') ends.add(newline)
    return ends.size < 2
  })
  if (ends.size < 2) return path
  const copy = join(await staging.folder(), 'lines.csv')
  const out = openSync(copy, 'w')
  let held: Buffer[] = []
  let bytesHeld = 0
  const flush = (): void => {
    writevSync(out, held)
    held = []
    bytesHeld = 0
  }
  try {
    await scanRecords(path, delimiter, ({ bytes }) => {
      held.push(bytes, LINE_END)
      bytesHeld += bytes.length
      if (bytesHeld > 1 << 20 || held.length >= 1000) flush()
    })
    flush()
  } catch (cause) {
    throw stagingError(cause, `${path} could not be copied.`)
  } finally {
    closeSync(out)
  }
  return copy
}

const LINE_END = Buffer.from('\n')

function stagingError(cause: unknown, message: string): HoldfastError {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOSPC'
    ? new HoldfastError(
        'output_full',
        'The disk with the temporary folder is full. Free some space and try again.',
        {
          cause,
          retryable: true,
        },
      )
    : new HoldfastError('input_format', message, { cause })
}
