/** The plain files of a tar archive, gzipped or not, as they lie in a folder that somebody packed. */
import { gunzipSync } from 'node:zlib'
import { HoldfastError } from '../contracts/errors.ts'

const BLOCK = 512

/**
 * Regular files by their bare name. Links, devices and long names are refused, two files of one name as well; folders are
 * passed over.
 *
 * @param limits `bytes` of all files unpacked, and how many `files` there may be
 * @throws HoldfastError `input_format`, `request_too_large`
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html (ustar)
 * @example
 * filesOfTar(bytes, { bytes: 2 ** 28, files: 20 }).get('bundle.json')
 */
export function filesOfTar(
  packed: Uint8Array,
  limits: { readonly bytes: number; readonly files: number },
): ReadonlyMap<string, Uint8Array> {
  const tar = unzipped(packed, limits.bytes)
  const files = new Map<string, Uint8Array>()
  for (let at = 0; at + BLOCK <= tar.length;) {
    const header = tar.subarray(at, at + BLOCK)
    if (header.every((byte) => byte === 0)) return files
    if (checksum(header) !== octal(header, 148, 8)) throw notOne('it is damaged, or no tar archive')
    const size = octal(header, 124, 12)
    const kind = String.fromCharCode(header[156])
    const from = at + BLOCK
    if (!(size >= 0) || from + size > tar.length) throw notOne('it ends early')
    at = from + Math.ceil(size / BLOCK) * BLOCK
    // Folders, and what pax says of the file that follows (its times, never its name here).
    if (kind === '5' || kind === 'g' || kind === 'x') continue
    if (kind !== '0' && kind !== '\0') throw notOne('it holds a link or something else that is no plain file')
    const name = text(header, 0, 100).split('/').at(-1) ?? ''
    // What macOS adds beside each file.
    if (name.startsWith('._') || name === '.DS_Store') continue
    if (name === '' || files.has(name)) throw notOne(`it holds two files named ${name}`)
    if (files.size >= limits.files) throw notOne('it holds too many files')
    files.set(name, tar.slice(from, from + size))
  }
  return files
}

function unzipped(packed: Uint8Array, most: number): Uint8Array {
  if (packed[0] !== 0x1f || packed[1] !== 0x8b) return packed
  try {
    return gunzipSync(packed, { maxOutputLength: most })
  } catch (cause) {
    if (cause instanceof RangeError)
      throw new HoldfastError('request_too_large', `Unpacked it is larger than ${most / 2 ** 20} MB.`, {
        cause,
      })
    throw notOne('its compression is damaged', cause)
  }
}

/** The bytes of the header with the checksum's own taken for blanks. */
function checksum(header: Uint8Array): number {
  let sum = 0
  for (let at = 0; at < BLOCK; at++) sum += at >= 148 && at < 156 ? 32 : header[at]
  return sum
}

const octal = (header: Uint8Array, from: number, length: number): number =>
  Number.parseInt(text(header, from, length).trim() || '0', 8)

function text(header: Uint8Array, from: number, length: number): string {
  const bytes = header.subarray(from, from + length)
  const end = bytes.indexOf(0)
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('utf8')
}

function notOne(why: string, cause?: unknown): HoldfastError {
  return new HoldfastError(
    'input_format',
    `The archive cannot be taken: ${why}. Pack the folder of a model with: tar -czf model.tar.gz -C model .`,
    { cause },
  )
}
