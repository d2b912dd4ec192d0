/**
 * Folders that are replaced as a whole: a crash at any moment leaves the old one or the new one, never half.
 *
 * The new folder is written aside and made durable, the old one steps aside under the name that
 * {@link previousOf} gives, the new one takes its place. Only between those two renames is there none, and
 * then the reader finds the old one under that name.
 */
import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { cp, lstat, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { HoldfastError } from '../../src/contracts/errors.ts'

/**
 * Puts `files` in place of the folder, keeping what others have put in there.
 *
 * @param mark a folder that is not empty is replaced only when it holds a file of this name
 * @param own whether a file of the old folder belongs to it and goes with it
 * @throws HoldfastError output_full | output_denied | output_failed; the old folder is then untouched
 * @example
 * await replaceFolder('models/telco', new Map([['bundle.json', bytes]]), 'bundle.json', () => true)
 */
export async function replaceFolder(
  dir: string,
  files: ReadonlyMap<string, Uint8Array>,
  mark: string,
  own: (name: string) => boolean,
): Promise<void> {
  const target = resolve(dir)
  const aside = join(dirname(target), `.${basename(target)}.writing-${randomUUID()}`)
  try {
    await mkdir(dirname(target), { recursive: true })
    await restorePrevious(target)
    const present = await namesIn(target)
    if (present.length > 0 && !present.includes(mark)) throw notOurs(dir, mark)
    await mkdir(aside)
    for (const [name, bytes] of files) await writeDurably(join(aside, name), bytes)
    for (const name of present.filter((one) => !files.has(one) && !own(one))) {
      await cp(join(target, name), join(aside, name), { recursive: true, mode: constants.COPYFILE_FICLONE })
    }
    await syncFolder(aside)
    await exchange(aside, target)
  } catch (error) {
    await rm(aside, { recursive: true, force: true })
    throw outputError(error, dir)
  }
}

/** Where the old folder is while the new one takes its place. */
export function previousOf(dir: string): string {
  const target = resolve(dir)
  return join(dirname(target), `.${basename(target)}.previous`)
}

/**
 * Reads a file of at most `limit` bytes; null when there is none.
 *
 * @throws RangeError when it is larger
 */
export async function readLimited(path: string, limit: number): Promise<Uint8Array | null> {
  let handle
  try {
    handle = await open(path, 'r')
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null
    throw error
  }
  try {
    const { size } = await handle.stat()
    if (size > limit) throw new RangeError(`${basename(path)} has ${size} bytes, at most ${limit} are read`)
    return await handle.readFile()
  } finally {
    await handle.close()
  }
}

/** A crash between the two renames left only the old folder, under its other name. */
async function restorePrevious(target: string): Promise<void> {
  const previous = previousOf(target)
  if (!(await isThere(previous))) return
  if (await isThere(target)) await rm(previous, { recursive: true, force: true })
  else await rename(previous, target)
}

async function exchange(aside: string, target: string): Promise<void> {
  const previous = previousOf(target)
  const replaces = await isThere(target)
  if (replaces) await rename(target, previous)
  try {
    await rename(aside, target)
  } catch (error) {
    if (replaces) await rename(previous, target)
    throw error
  }
  await syncFolder(dirname(target))
  if (replaces) await rm(previous, { recursive: true, force: true })
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, 'wx')
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes names durable; where folders cannot be opened (Windows) the file system sees to it itself. */
async function syncFolder(path: string): Promise<void> {
  let handle
  try {
    handle = await open(path, 'r')
    await handle.sync()
  } catch (error) {
    if (!['EPERM', 'EISDIR', 'EINVAL', 'EACCES'].includes(codeOf(error))) throw error
  } finally {
    await handle?.close()
  }
}

async function namesIn(dir: string): Promise<string[]> {
  if (!(await isThere(dir))) return []
  if (!(await stat(dir)).isDirectory()) {
    throw new HoldfastError('output_failed', `${dir} is a file. Name a folder for the model.`)
  }
  return readdir(dir)
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}

function notOurs(dir: string, mark: string): HoldfastError {
  return new HoldfastError(
    'output_denied',
    `${dir} holds other files and no ${mark}, so it is not replaced by a model. Name a new or empty folder.`,
  )
}

function outputError(error: unknown, dir: string): HoldfastError {
  if (error instanceof HoldfastError) return error
  const code = codeOf(error)
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const message = `The disk is full: the model was not written to ${dir}, and what was there is untouched. Free some space and run it again.`
    return new HoldfastError('output_full', message, { cause: error })
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    const message = `Holdfast may not write to ${dir}. Give it permission or name another folder.`
    return new HoldfastError('output_denied', message, { cause: error })
  }
  const reason = error instanceof Error ? error.message : String(error)
  return new HoldfastError('output_failed', `The model could not be written to ${dir}: ${reason}`, {
    cause: error,
  })
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
