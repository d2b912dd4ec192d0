/** Writes small files as a whole or not at all: aside first, then renamed over what was there. */
import { open, rename, rm } from 'node:fs/promises'
import { translateWriteError } from './write-error.ts'

/**
 * @param files path to content; all are written aside before the first is renamed
 * @throws HoldfastError output_full | output_denied | output_failed; no file is then half written
 */
export async function replaceFiles(files: ReadonlyMap<string, string>): Promise<void> {
  const aside: [string, string][] = []
  let current = ''
  try {
    for (const [path, content] of files) {
      current = path
      const part = `${path}.${process.pid}.part`
      aside.push([part, path])
      const handle = await open(part, 'w')
      try {
        await handle.writeFile(content)
        await handle.sync()
      } finally {
        await handle.close()
      }
    }
    for (const [part, path] of aside) {
      current = path
      await rename(part, path)
    }
  } catch (cause) {
    await Promise.all(aside.map(([part]) => rm(part, { force: true })))
    throw translateWriteError(cause, current)
  }
}
