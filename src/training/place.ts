/** The data folder by a name of its own: an uploaded file is worked on where it lies. */
import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * The same for every process on the same folder; made at first use.
 *
 * @example
 * await placeOf('data') // '0d5f…'
 */
export async function placeOf(folder: string): Promise<string> {
  const path = join(folder, 'place')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const known = await readFile(path, 'utf8').catch(() => '')
  if (known !== '') return known.trim()
  const aside = `${path}.${randomUUID()}`
  await writeFile(aside, `${randomUUID()}\n`, { mode: 0o600 })
  // Of two that make it at once, one is taken by both.
  await link(aside, path).catch(() => undefined)
  await rm(aside, { force: true })
  return (await readFile(path, 'utf8')).trim()
}
