/** Where the sync of a file stands: what the file looked like when all of it had been read. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { z } from 'zod'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { Cursor } from '../connector.ts'

const cursorSchema = z.object({
  path: z.string(),
  size: z.number(),
  modified: z.number(),
  inode: z.number(),
  /** SHA-256 of the content: a file that was only touched is the same file. */
  content: z.string(),
  /** Of the columns that were stated: other columns make other customers of the same file. */
  reading: z.string(),
})

export type FileCursor = z.infer<typeof cursorSchema>

/** What can be asked without reading. */
export type FileStamp = Pick<FileCursor, 'path' | 'size' | 'modified' | 'inode'>

/** @returns null for a cursor of an unfinished pass, and for one that is none of ours */
export function parseCursor(cursor: Cursor | null): FileCursor | null {
  return cursorSchema.safeParse(cursor).data ?? null
}

/** @throws HoldfastError `input_missing` */
export async function stampOfFile(path: string): Promise<FileStamp> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    const message =
      cause.code === 'EACCES' || cause.code === 'EPERM'
        ? `${path} may not be read. Give yourself permission to read it.`
        : `There is no file ${path}. Check the path and the spelling.`
    throw new HoldfastError('input_missing', message, { cause })
  })
  return { path, size: found.size, modified: found.mtimeMs, inode: found.ino }
}

export function sameStamp(a: FileStamp, b: FileStamp): boolean {
  return a.path === b.path && a.size === b.size && a.modified === b.modified && a.inode === b.inode
}

export async function contentOf(path: string): Promise<string> {
  const digest = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) digest.update(chunk as Buffer)
  return digest.digest('hex')
}
