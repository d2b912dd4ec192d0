/** Customer files that people bring through the app: kept in the data folder, a folder for each, until a connection reads them. */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, rm, stat, statfs } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { finished } from 'node:stream/promises'
import { z } from 'zod'
import { HoldfastError } from '../contracts/errors.ts'
import type { TenantId } from '../contracts/ids.ts'

/** Bytes of one file: some two million customers of twenty columns. */
export const MOST_BYTES = 256 * 2 ** 20
/** Bytes that are left free on the disk. */
const LEAVE_FREE = 512 * 2 ** 20
/** Hours that a file waits for somebody to connect it. */
const KEPT_HOURS = 24
/** What the connector reads, by the end of the name. */
const KNOWN = /\.(csv|tsv|txt|csv\.gz|parquet|xlsx)$/i

export interface CustomerFiles {
  /**
   * @param name as it was called where it came from
   * @returns an id, by which it is looked at and connected
   * @throws HoldfastError `input_format`, `input_empty`, `request_too_large`, `output_full`
   */
  receive(
    tenant: TenantId,
    name: string,
    chunks: AsyncIterable<Buffer>,
  ): Promise<{ readonly id: string; readonly name: string; readonly bytes: number }>
  /** @throws HoldfastError `not_found` for one that is not there (any more) */
  pathOf(tenant: TenantId, id: string): Promise<string>
  /** Forgets files that wait for longer than a day, but for those of `used`. */
  clear(tenant: TenantId, used: ReadonlySet<string>, now: Date): Promise<void>
  /** Deletes one with its folder, and whatever was written beside it there; a path that leads elsewhere is left alone. */
  forget(tenant: TenantId, path: string): Promise<void>
}

/**
 * @param data the data folder
 * @example
 * const { id } = await openCustomerFiles('data').receive(tenant, 'customers.csv', request.chunks())
 */
export function openCustomerFiles(data: string): CustomerFiles {
  const folderOf = (tenant: TenantId): string => resolve(data, 'files', tenant)

  return {
    receive: async (tenant, given, chunks) => {
      const name = plainName(given)
      if (!KNOWN.test(name))
        throw new HoldfastError(
          'input_format',
          `"${name}" is no customer file that can be read. Bring CSV, Parquet or .xlsx.`,
        )
      const id = randomUUID()
      const place = join(folderOf(tenant), id)
      await mkdir(place, { recursive: true, mode: 0o700 })
      try {
        await expectRoom(place)
        const bytes = await written(join(place, name), chunks)
        if (bytes === 0)
          throw new HoldfastError(
            'input_empty',
            `"${name}" is empty. It needs a header line and a row a customer.`,
          )
        return { id, name, bytes }
      } catch (cause) {
        await rm(place, { recursive: true, force: true })
        throw asFull(cause)
      }
    },

    pathOf: async (tenant, id) => {
      // An id and nothing else: never a way to another folder.
      if (!z.uuid().safeParse(id).success) throw gone()
      const place = join(folderOf(tenant), id)
      const [name] = await readdir(place).catch(() => [])
      if (name === undefined) throw gone()
      return join(place, name)
    },

    clear: async (tenant, used, now) => {
      const folder = folderOf(tenant)
      for (const id of await readdir(folder).catch(() => [])) {
        const place = join(folder, id)
        if ([...used].some((path) => path.startsWith(join(place, '/')))) continue
        const found = await stat(place).catch(() => null)
        if (found !== null && now.getTime() - found.mtimeMs > KEPT_HOURS * 3_600_000)
          await rm(place, { recursive: true, force: true })
      }
    },

    forget: async (tenant, path) => {
      const [id, ...rest] = relative(folderOf(tenant), resolve(path)).split(sep)
      if (rest.length !== 1 || !z.uuid().safeParse(id).success) return
      await rm(join(folderOf(tenant), id), { recursive: true, force: true })
    },
  }
}

/** Without folders, and with nothing that a file system or a shell takes for more than a letter. */
function plainName(given: string): string {
  const bare = given
    .split(/[\\/]/)
    .at(-1)!
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}._ -]+/gu, '_')
  return bare.replace(/^[. ]+/, '').slice(-100) || 'customers'
}

async function written(path: string, chunks: AsyncIterable<Buffer>): Promise<number> {
  const file = createWriteStream(path, { mode: 0o600 })
  const failed = once(file, 'error').then(([cause]: unknown[]) => Promise.reject(cause as Error))
  failed.catch(() => undefined)
  let bytes = 0
  try {
    for await (const chunk of chunks) {
      bytes += chunk.length
      if (!file.write(chunk)) await Promise.race([once(file, 'drain'), failed])
    }
    file.end()
    await Promise.race([finished(file), failed])
    return bytes
  } catch (cause) {
    file.destroy()
    throw cause
  }
}

async function expectRoom(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize < LEAVE_FREE) throw full()
}

function asFull(cause: unknown): unknown {
  return (cause as NodeJS.ErrnoException).code === 'ENOSPC' ? full() : cause
}

const full = (): HoldfastError =>
  new HoldfastError(
    'output_full',
    'The disk of this server is too full for the file. Make room in the data folder.',
  )

const gone = (): HoldfastError =>
  new HoldfastError('not_found', 'This file is not here any more: it is kept for a day. Bring it again.')
