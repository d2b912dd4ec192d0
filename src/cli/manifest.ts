/** `holdfast manifest hubspot`: the project that a company uploads to HubSpot to have an app of its own. */
import { mkdir, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { checkProject } from '../../manifest/hubspot/check.ts'
import { hubspotProject } from '../../manifest/hubspot/project.ts'
import { readConfig } from '../config.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { replaceFiles } from '../loop/replace-files.ts'
import { translateWriteError } from '../loop/write-error.ts'
import { runCommand, type CommonOptions } from './run.ts'

export interface ManifestOptions extends CommonOptions {
  readonly out: string
  readonly publicUrl?: string
  readonly name: string
  readonly distribution: 'private' | 'marketplace'
  readonly supportEmail?: string
  /** Absent: HubSpot tells nobody. */
  readonly sentryDataset?: string
}

const NOTHING = { protocol: '', search: '', hash: '', username: '' }

/** Names its folder as one that may be written over. */
const MARK = 'hsproject.json'

/**
 * Everything is rendered and checked before the first file is written; a folder with anything else in it is left alone.
 *
 * @example await hubspotManifest({ out: 'hubspot-app', publicUrl: 'https://holdfast.example.com', name: 'Holdfast', distribution: 'private' })
 */
export function hubspotManifest(options: ManifestOptions): Promise<number> {
  return runCommand(options, async (terminal) => {
    const publicUrl = publicAddress(options.publicUrl ?? readConfig().publicUrl)
    const { name, distribution, out } = options
    const files = hubspotProject({
      publicUrl,
      name,
      distribution,
      supportEmail: options.supportEmail ?? null,
      sentryDataset: options.sentryDataset ?? null,
    })
    const problems = checkProject(files)
    if (problems.length > 0)
      throw new HoldfastError(
        'usage',
        `HubSpot would not take this project. ${problems.map(({ file, problem }) => `${file}: ${problem}.`).join(' ')}`,
      )
    await expectFree(out)
    const placed = new Map([...files].map(([path, content]) => [join(out, path), content]))
    for (const path of placed.keys())
      await mkdir(dirname(path), { recursive: true }).catch((cause: unknown) => {
        throw translateWriteError(cause, path)
      })
    await replaceFiles(placed)
    terminal.print(
      `The project for ${publicUrl} is in ${out}: ${files.size} files, of which HubSpot reads ${[...files.keys()].filter((path) => path.endsWith('.json') && !path.endsWith('/package.json')).join(', ')}.`,
    )
    terminal.print(
      `Upload it with HubSpot's command line (cd ${out}, then hs project upload), and set HUBSPOT_CLIENT_ID and HUBSPOT_CLIENT_SECRET to what the Auth page of the app then shows.`,
    )
    if (distribution === 'marketplace' && options.supportEmail === undefined)
      terminal.warn('A listing on the marketplace has to say who helps: --support-email.')
    return { folder: out, publicUrl, files: [...files.keys()] }
  })
}

function publicAddress(given: string | null): string {
  if (given === null)
    throw new HoldfastError(
      'usage',
      'Say where Holdfast answers on the internet: --public-url https://holdfast.example.com (or set PUBLIC_URL). HubSpot calls nothing else.',
    )
  const address = given.replace(/\/+$/, '')
  const { protocol, search, hash, username } = URL.canParse(address) ? new URL(address) : NOTHING
  if (protocol === 'https:' && search === '' && hash === '' && username === '') return address
  throw new HoldfastError(
    'usage',
    `--public-url takes an address such as https://holdfast.example.com; "${given}" is not one that HubSpot would call.`,
  )
}

async function expectFree(folder: string): Promise<void> {
  const found = await readdir(folder).catch((cause: NodeJS.ErrnoException): string[] => {
    if (cause.code === 'ENOENT') return []
    throw translateWriteError(cause, folder)
  })
  if (found.length > 0 && !found.includes(MARK))
    throw new HoldfastError(
      'usage',
      `${folder} has other files in it (${found.slice(0, 3).join(', ')}). Choose a folder that is empty, not there yet, or has a project of HubSpot in it.`,
    )
}
