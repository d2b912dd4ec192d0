/**
 * A sandbox on disk: a file that only grows, an entry a line, each with its checksum. What was answered is in the file
 * before the answer goes out, so a killed process loses nothing of it; a line that was being written when it died is
 * recognised by its checksum and cut off. When the file has grown far beyond what it says, it is written anew.
 *
 * `write` hands the bytes to the operating system: they outlive the process, not a power cut.
 */
import {
  closeSync,
  existsSync,
  ftruncateSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { crc32 } from 'node:zlib'
import { HoldfastError } from '../../src/contracts/errors.ts'

/** @typeParam Entry plain JSON */
export interface Journal<Entry> {
  append(entry: Entry): void
  /** Hands what was appended to the operating system. */
  flush(): void
  /** Entries in the file. */
  size(): number
  /** Writes the file anew from these. */
  compact(entries: Iterable<Entry>): void
  close(): void
}

const CHUNK = 1 << 20
/** Characters gathered before they are written without anybody asking. */
const BUFFERED = 1 << 20

/**
 * @param path made if it is not there
 * @param replay given each entry, in order, before this returns
 * @throws input_row when a line in the middle is damaged: that is not a torn end
 */
export function openJournal<Entry>(path: string, replay: (entry: Entry) => void): Journal<Entry> {
  rmSync(`${path}.new`, { force: true })
  let count = existsSync(path) ? read(path, replay) : 0
  let file = openSync(path, 'a')
  let pending: string[] = []
  let length = 0

  const flush = (): void => {
    if (pending.length === 0) return
    writeAll(file, pending.join(''))
    pending = []
    length = 0
  }
  return {
    append(entry) {
      const line = format(entry)
      pending.push(line)
      length += line.length
      count++
      if (length > BUFFERED) flush()
    },
    flush,
    size: () => count,
    compact(entries) {
      flush()
      const fresh = openSync(`${path}.new`, 'w')
      let lines: string[] = []
      count = 0
      for (const entry of entries) {
        lines.push(format(entry))
        count++
        if (lines.length === 1_000) {
          writeAll(fresh, lines.join(''))
          lines = []
        }
      }
      writeAll(fresh, lines.join(''))
      // On the disk before it takes the place of the one that is.
      fsyncSync(fresh)
      closeSync(fresh)
      closeSync(file)
      renameSync(`${path}.new`, path)
      file = openSync(path, 'a')
    },
    close() {
      flush()
      closeSync(file)
    },
  }
}

/** The checksum in eight hexadecimal digits, the entry, a line feed. */
function format(entry: unknown): string {
  const text = JSON.stringify(entry)
  return `${crc32(text).toString(16).padStart(8, '0')} ${text}\n`
}

function parse(line: string): unknown {
  const text = line.slice(9)
  if (line[8] !== ' ' || crc32(text).toString(16).padStart(8, '0') !== line.slice(0, 8)) return null
  return JSON.parse(text)
}

function writeAll(file: number, text: string): void {
  const bytes = Buffer.from(text)
  let written = 0
  while (written < bytes.length) written += writeSync(file, bytes, written)
}

function read<Entry>(path: string, replay: (entry: Entry) => void): number {
  const file = openSync(path, 'r+')
  try {
    const chunk = Buffer.alloc(CHUNK)
    let rest: Buffer = Buffer.alloc(0)
    let good = 0
    let count = 0
    let torn: number | null = null
    for (let bytes = readSync(file, chunk); bytes > 0; bytes = readSync(file, chunk)) {
      const data = Buffer.concat([rest, chunk.subarray(0, bytes)])
      let start = 0
      for (let end = data.indexOf(10); end !== -1; end = data.indexOf(10, start)) {
        // Nothing may come after what cannot be read.
        if (torn !== null) throw damaged(path, torn)
        const entry = parse(data.toString('utf8', start, end))
        if (entry) {
          replay(entry as Entry)
          count++
          good += end + 1 - start
        } else torn = count + 1
        start = end + 1
      }
      rest = Buffer.from(data.subarray(start))
    }
    if (torn !== null && rest.length > 0) throw damaged(path, torn)
    ftruncateSync(file, good)
    return count
  } finally {
    closeSync(file)
  }
}

const damaged = (path: string, line: number): HoldfastError =>
  new HoldfastError(
    'input_row',
    `Line ${line} of the sandbox's journal ${path} is damaged. Delete the file to begin with a new sandbox, or put back a copy of it.`,
  )
