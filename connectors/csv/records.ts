/**
 * A small exact reader of CSV records, for what DuckDB does not tell: the true line of a broken record or of
 * an odd cell, also behind cells of several lines. It looks at the header and at files that went wrong;
 * whole healthy files go through DuckDB.
 */
import { createReadStream } from 'node:fs'

const QUOTE = 34
const CR = 13
const LF = 10

export interface RecordSpan {
  /** Line of the file, from 1, on which the record begins. */
  readonly line: number
  readonly cells: number
  /** Text follows a closing quote, as in "5" x. */
  readonly strayText: boolean
  /** The file ended inside quotes. */
  readonly unclosed: boolean
  readonly bytes: Buffer
  readonly newline: '\n' | '\r\n' | '\r' | ''
}

/**
 * Cuts a text into records of cells; the last, perhaps cut off, record is left out unless `complete`.
 *
 * @example
 * parseRecords('a,b\n"1,5",2\n', ',', true) // [['a', 'b'], ['1,5', '2']]
 */
export function parseRecords(text: string, delimiter: string, complete: boolean): string[][] {
  const records: string[][] = []
  let record: string[] = []
  let at = 0
  const plainEnd = delimiter === '|' ? /[|\r\n]/g : new RegExp(`[${delimiter}\r\n]`, 'g')
  while (at < text.length) {
    let cell = ''
    if (text[at] === '"') {
      const close = closingQuote(text, at + 1)
      if (close < 0) return records
      cell = text.slice(at + 1, close).replaceAll('""', '"')
      at = close + 1
    }
    plainEnd.lastIndex = at
    const end = plainEnd.exec(text)?.index ?? text.length
    if (end > at) cell += text.slice(at, end)
    if (end === text.length && !complete) return records
    record.push(cell)
    at = end + 1
    if (text[end] === delimiter && at < text.length) continue
    if (text[end] === delimiter) record.push('')
    if (text[end] === '\r' && text[at] === '\n') at++
    if (record.length > 1 || record[0] !== '') records.push(record)
    record = []
  }
  return records
}

/** Where a quoted cell that begins at `from` ends, -1 where it does not. */
function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return at
  }
  return -1
}

/**
 * Visits the records of a UTF-8 file in order, blank lines left out, until `visit` returns false.
 * The bytes of a span are valid during the visit.
 */
export async function scanRecords(
  path: string,
  delimiter: string,
  visit: (record: RecordSpan) => boolean | void,
): Promise<void> {
  const cut = delimiter.charCodeAt(0)
  let state: 'start' | 'plain' | 'quoted' | 'closed' = 'start'
  let held: Buffer = Buffer.alloc(0)
  let line = 1
  let linesInside = 0
  let cells = 1
  let strayText = false
  let pendingCr = false
  const emit = (bytes: Buffer, newline: RecordSpan['newline']): boolean => {
    const blank = bytes.length === 0
    const go =
      blank || visit({ line, cells, strayText, unclosed: state === 'quoted', bytes, newline }) !== false
    line += 1 + linesInside
    linesInside = 0
    cells = 1
    strayText = false
    state = 'start'
    return go
  }
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) {
    const chunk: Buffer = held.length === 0 ? (piece as Buffer) : Buffer.concat([held, piece as Buffer])
    let from = 0
    for (let at = held.length; at < chunk.length; at++) {
      const byte = chunk[at]
      if (pendingCr) {
        // The end of this record was a CR: with a LF after it, or alone.
        pendingCr = false
        const crlf = byte === LF
        if (!emit(chunk.subarray(from, at - 1), crlf ? '\r\n' : '\r')) return
        from = crlf ? at + 1 : at
        if (crlf) continue
      }
      if (state === 'quoted') {
        if (byte === QUOTE) state = 'closed'
        else if (byte === LF) linesInside++
      } else if (byte === cut) {
        cells++
        state = 'start'
      } else if (byte === CR) pendingCr = true
      else if (byte === LF) {
        if (!emit(chunk.subarray(from, at), '\n')) return
        from = at + 1
      } else if (byte === QUOTE && state !== 'plain') state = 'quoted'
      else if (state === 'closed') {
        strayText = true
        state = 'plain'
      } else state = 'plain'
    }
    held = Buffer.from(chunk.subarray(from))
  }
  if (pendingCr) emit(held.subarray(0, -1), '\r')
  else emit(held, '')
}
