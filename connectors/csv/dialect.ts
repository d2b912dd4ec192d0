/** How a CSV file is written: its encoding, delimiter and header, found from its first 256 kB. */
import { open } from 'node:fs/promises'
import { isUtf8 } from 'node:buffer'
import { HoldfastError } from '../../src/contracts/errors.ts'
import { dateReadings } from './dates.ts'
import { isPlainNumber } from './numbers.ts'
import { parseRecords } from './records.ts'

export type Delimiter = ',' | ';' | '\t' | '|'
export const DELIMITERS: readonly Delimiter[] = [',', ';', '\t', '|']

export interface Dialect {
  readonly delimiter: Delimiter
  /** Lines before the header: 1 where Excel's own "sep=;" stands first. */
  readonly skip: 0 | 1
  readonly headers: readonly string[]
  /** Rows after the header out of the first 256 kB, to guess how columns are written. */
  readonly head: () => string[][]
}

/** Bytes of the start of a file that the sniffer looks at. */
export const HEAD_BYTES = 256 * 1024

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252'

/**
 * UTF-8 unless a byte order mark says UTF-16. A file without one that is full of NUL bytes is binary, or
 * UTF-16 that does not say so: both are refused.
 *
 * @throws HoldfastError input_format for a binary file
 */
export function encodingOf(head: Buffer, path: string): Encoding {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le'
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be'
  const nul = head.indexOf(0)
  if (nul < 0) return 'utf-8'
  if (looksUtf16(head)) {
    throw new HoldfastError(
      'input_encoding',
      `${path} looks like UTF-16 without a byte order mark. Save it as "CSV UTF-8" and try again.`,
    )
  }
  const control = (byte: number): boolean =>
    byte !== 0 && (byte < 9 || (byte > 13 && byte < 32 && byte !== 27))
  const binary = head.subarray(0, 4096).some(control)
  if (binary || !isUtf8(head.subarray(0, nul))) {
    throw new HoldfastError(
      'input_format',
      `${path} is a binary file, not a table in text. Export it as CSV (UTF-8) or Parquet and try again.`,
    )
  }
  return 'utf-8'
}

/** Latin text in UTF-16 has a zero in nearly every second byte. */
function looksUtf16(head: Buffer): boolean {
  const bytes = Math.min(head.length, 1000) & ~1
  let even = 0
  let odd = 0
  for (let i = 0; i < bytes; i += 2) {
    if (head[i] === 0) even++
    if (head[i + 1] === 0) odd++
  }
  return bytes >= 4 && Math.max(even, odd) > bytes * 0.35 && Math.min(even, odd) < bytes * 0.05
}

/** The first `HEAD_BYTES` bytes of a file. */
export async function readHead(path: string): Promise<Buffer> {
  const file = await open(path)
  try {
    const head = Buffer.alloc(HEAD_BYTES)
    const { bytesRead } = await file.read(head, 0, HEAD_BYTES, 0)
    return head.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

/**
 * Delimiter and header of a UTF-8 file.
 *
 * The delimiter is the one that cuts most of the first records into as many cells as the header has, and of
 * equals the one that makes most cells. A blank header is named "column 3" by its place.
 *
 * @param name the file as the person named it, for messages
 * @throws HoldfastError input_empty, input_header
 */
export function dialectOf(head: Buffer, name: string, forced?: Delimiter): Dialect {
  const text = withoutCutTail(head)
    .toString('utf8')
    .replace(/^\ufeff/, '')
  if (text.trim() === '') {
    throw new HoldfastError('input_empty', `${name} is empty. It needs a header line and a row a customer.`)
  }
  const separator = /^sep=([,;|\t])\r?\n/i.exec(text)
  const body = separator === null ? text : text.slice(separator[0].length)
  const complete = head.length < HEAD_BYTES
  const given = forced ?? (separator?.[1] as Delimiter | undefined)
  // A few records tell the delimiter: 16 kB of them, or as much as holds one.
  const sample = parseRecords(body.slice(0, SAMPLE), ',', false).length > 0 ? body.slice(0, SAMPLE) : body
  const all = complete && sample.length === body.length
  let best = { delimiter: given ?? (',' as Delimiter), records: [] as string[][], score: -1 }
  for (const delimiter of given === undefined ? DELIMITERS : [given]) {
    const records = parseRecords(sample, delimiter, all)
    const width = records[0]?.length ?? 0
    const fitting = records.filter((record) => record.length === width).length / Math.max(1, records.length)
    const score = width > 1 ? fitting + width * 1e-6 : 0
    if (score > best.score) best = { delimiter, records, score }
  }
  const { delimiter, records } = best
  if (records.length === 0) {
    throw new HoldfastError(
      'input_header',
      `The header line of ${name} opens a quote that it never closes, or is longer than ${HEAD_BYTES / 1024} kB. Check it.`,
    )
  }
  return {
    delimiter,
    skip: separator === null ? 0 : 1,
    headers: nameHeaders(records[0], name),
    head: () => parseRecords(body, delimiter, complete).slice(1),
  }
}

const SAMPLE = 16 * 1024

/**
 * The headers of a table, blank ones named by their place.
 *
 * @throws HoldfastError input_header for headers that occur twice, or a first line that is data
 */
export function nameHeaders(cells: readonly string[], name: string): string[] {
  const filled = cells.filter((cell) => cell.trim() !== '')
  const numeric = filled.filter((cell) => isPlainNumber(cell) || dateReadings(cell).length > 0)
  if (filled.length === 0 || numeric.length * 2 > filled.length) {
    throw new HoldfastError(
      'input_header',
      `The first line of ${name} looks like data, not like column names ("${cells.slice(0, 3).join('", "')}"). Add a header line.`,
    )
  }
  if (cells.length > 2 && filled.length * 2 < cells.length) {
    throw new HoldfastError(
      'input_header',
      `The first line of ${name} names only ${filled.length} of its ${cells.length} columns ("${filled[0]}"). Put the column names into the first line, and remove what is above them.`,
    )
  }
  const headers = cells.map((cell, i) => (cell.trim() === '' ? `column ${i + 1}` : cell.trim()))
  const places = new Map<string, number>()
  headers.forEach((header, i) => {
    const before = places.get(header)
    if (before !== undefined) {
      throw new HoldfastError(
        'input_header',
        `${name} has two columns named "${header}" (the ${ordinal(before + 1)} and the ${ordinal(i + 1)}). Rename one of them.`,
      )
    }
    places.set(header, i)
  })
  return headers
}

function ordinal(n: number): string {
  const teens = n % 100 > 10 && n % 100 < 14
  return `${n}${teens ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th')}`
}

/** A head cut in the middle of a multi-byte character, without its last bytes. */
function withoutCutTail(head: Buffer): Buffer {
  if (head.length < HEAD_BYTES) return head
  let end = head.length
  while (end > head.length - 4 && (head[end - 1] & 0xc0) === 0x80) end--
  return head.subarray(0, end - 1)
}
