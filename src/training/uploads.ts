/** Uploaded customer files: streamed to the data folder under a cap, known by their content, gone when nobody needs them. */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, rename, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { HoldfastError } from '../contracts/errors.ts'
import type { TrainingFile } from '../store/training-files.ts'

/** Bytes of one file: some two million customers of twenty columns. */
export const MOST_BYTES = 256 * 2 ** 20
/** Hours that a file waits for somebody to train on it. */
export const KEPT_HOURS = 24
/** Bytes that are left free on the disk. */
const LEAVE_FREE = 512 * 2 ** 20

export interface Received extends Pick<TrainingFile, 'id' | 'name' | 'format' | 'bytes'> {
  readonly path: string
}

const EXTENSION = { csv: '.csv', parquet: '.parquet', xlsx: '.xlsx' } as const

/** Where a file lies: under its own name, which is what messages say. */
export function uploadPath(
  folder: string,
  { id, name, format }: Pick<TrainingFile, 'id' | 'name' | 'format'>,
): string {
  const bare = name.replace(/\.[A-Za-z0-9]{1,8}$/, '').replace(/[^A-Za-z0-9._ -]+/g, '_')
  return join(folder, id, `${bare.replace(/^[. ]+/, '').slice(0, 80) || 'customers'}${EXTENSION[format]}`)
}

/**
 * @param chunks of the body as it comes
 * @throws HoldfastError `input_format` for what is no table, `input_empty`, `request_too_large`, `output_full`
 */
export async function receiveFile(
  folder: string,
  given: string,
  chunks: AsyncIterable<Buffer>,
): Promise<Received> {
  const id = randomUUID()
  const name = nameOf(given)
  const place = join(folder, id)
  await mkdir(place, { recursive: true, mode: 0o700 })
  const aside = join(place, 'arriving')
  const file = createWriteStream(aside, { mode: 0o600 })
  const failed = once(file, 'error').then(([cause]: unknown[]) => Promise.reject(cause as Error))
  failed.catch(() => undefined)
  try {
    await expectRoom(folder)
    let bytes = 0
    let head = Buffer.alloc(0)
    for await (const chunk of chunks) {
      bytes += chunk.length
      if (bytes > MOST_BYTES) throw tooLarge()
      if (head.length < HEAD) {
        head = Buffer.concat([head, chunk.subarray(0, HEAD - head.length)])
        // What cannot be one is refused before all of it has come.
        if (head.length >= HEAD) formatOf(head, name)
      }
      if (!file.write(chunk)) await Promise.race([once(file, 'drain'), failed])
    }
    file.end()
    await Promise.race([finished(file), failed])
    if (bytes === 0)
      throw new HoldfastError('input_empty', `${name} is empty. It needs a header line and a row a customer.`)
    const format = formatOf(head, name)
    const path = uploadPath(folder, { id, name, format })
    await rename(aside, path)
    return { id, name, format, bytes, path }
  } catch (cause) {
    file.destroy()
    await rm(place, { recursive: true, force: true })
    throw diskFull(cause)
  }
}

const HEAD = 4096

/** By its first bytes: what it is called says nothing. */
function formatOf(head: Buffer, name: string): TrainingFile['format'] {
  const begins = (...bytes: number[]): boolean => bytes.every((byte, at) => head[at] === byte)
  const refuse = (what: string): never => {
    throw new HoldfastError('input_format', `${name} is ${what}. Upload CSV, Parquet or .xlsx.`)
  }
  if (begins(0x50, 0x41, 0x52, 0x31)) return 'parquet'
  if (begins(0x50, 0x4b, 3, 4))
    return /\.xlsx$/i.test(name) ? 'xlsx' : refuse('a packed archive: unpack it first')
  if (begins(0x1f, 0x8b)) return refuse('packed with gzip: unpack it first')
  if (begins(0xd0, 0xcf, 0x11, 0xe0)) return refuse('an old Excel file: save it as .xlsx')
  if (begins(0x25, 0x50, 0x44, 0x46)) return refuse('a PDF')
  const unicode = begins(0xff, 0xfe) || begins(0xfe, 0xff)
  if (!unicode && head.includes(0)) return refuse('no text')
  return 'csv'
}

/** As somebody named it, without folders and without what no file name has. */
function nameOf(given: string): string {
  const last = given.split(/[/\\]/).at(-1) ?? ''
  const clean = last
    .replace(/\p{Cc}/gu, '')
    .trim()
    .slice(0, 120)
  return clean === '' ? 'customers.csv' : clean
}

async function expectRoom(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize < LEAVE_FREE)
    throw new HoldfastError(
      'output_full',
      'The disk of this machine is nearly full, so no file is taken. Make room first.',
    )
}

const tooLarge = (): HoldfastError =>
  new HoldfastError(
    'request_too_large',
    `The file is larger than the ${MOST_BYTES / 2 ** 20} MB that are taken here. Leave out columns or rows: 200,000 customers teach as much as more.`,
  )

function diskFull(cause: unknown): unknown {
  const code = cause instanceof Error && 'code' in cause ? cause.code : null
  return code === 'ENOSPC' || code === 'EDQUOT'
    ? new HoldfastError(
        'output_full',
        'The disk is full, so the file was not kept. Make room and upload it again.',
        { cause },
      )
    : cause
}

/** Takes away the folders of files that nobody needs; one that is just arriving is left alone. */
export async function sweepUploads(folder: string, needed: ReadonlySet<string>, now: Date): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  for (const name of names) {
    if (needed.has(name)) continue
    const found = await stat(join(folder, name)).catch(() => null)
    if (found !== null && now.getTime() - found.mtimeMs > 30 * 60_000)
      await rm(join(folder, name), { recursive: true, force: true })
  }
}
