/** A rendered project, written into a folder that is its own. */
import { mkdir, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { HoldfastError } from '../contracts/errors.ts'
import { replaceFiles } from '../loop/replace-files.ts'
import { translateWriteError } from '../loop/write-error.ts'

/**
 * All of it or nothing; a folder with anything else in it is left alone.
 *
 * @param about.mark file that names a folder as one that may be written over
 * @throws HoldfastError `usage` for a folder with other files in it; `output_*`
 * @example
 * await writeProject('hubspot-app', files, { mark: 'hsproject.json', whose: 'HubSpot' })
 */
export async function writeProject(
  out: string,
  files: ReadonlyMap<string, string>,
  { mark, whose }: { readonly mark: string; readonly whose: string },
): Promise<void> {
  const found = await readdir(out).catch((cause: NodeJS.ErrnoException): string[] => {
    if (cause.code === 'ENOENT') return []
    throw translateWriteError(cause, out)
  })
  if (found.length > 0 && !found.includes(mark))
    throw new HoldfastError(
      'usage',
      `${out} has other files in it (${found.slice(0, 3).join(', ')}). Choose a folder that is empty, not there yet, or has a project of ${whose} in it.`,
    )
  const placed = new Map([...files].map(([path, content]) => [join(out, path), content]))
  for (const path of placed.keys())
    await mkdir(dirname(path), { recursive: true }).catch((cause: unknown) => {
      throw translateWriteError(cause, path)
    })
  await replaceFiles(placed)
}

const NOTHING = { protocol: '', search: '', hash: '', username: '' }

/**
 * Where an installation answers, without a slash at its end.
 *
 * @param whose who would call it
 * @throws HoldfastError `usage` for what is no address that a CRM would call
 */
export function publicAddress(given: string, whose: string): string {
  const address = given.replace(/\/+$/, '')
  const { protocol, search, hash, username } = URL.canParse(address) ? new URL(address) : NOTHING
  if (protocol === 'https:' && search === '' && hash === '' && username === '') return address
  throw new HoldfastError(
    'usage',
    `--public-url takes an address such as https://holdfast.example.com; "${given}" is not one that ${whose} would call.`,
  )
}
