/** `holdfast manifest hubspot`: the project that a company uploads to HubSpot to have an app of its own. */
import { checkProject } from '../../manifest/hubspot/check.ts'
import { hubspotProject } from '../../manifest/hubspot/project.ts'
import { readConfig } from '../config.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { publicAddress, writeProject } from './manifest-files.ts'
import { runCommand, type CommonOptions } from './run.ts'

export interface ManifestOptions extends CommonOptions {
  readonly out: string
  readonly publicUrl?: string
  /** Default: Holdfast. */
  readonly name?: string
  /** Default: private. */
  readonly distribution?: 'private' | 'marketplace'
  readonly supportEmail?: string
  /** Absent: HubSpot tells nobody. */
  readonly sentryDataset?: string
}

/** Names its folder as one that may be written over. */
const MARK = 'hsproject.json'

/**
 * Everything is rendered and checked before the first file is written; a folder with anything else in it is left alone.
 *
 * @example await hubspotManifest({ out: 'hubspot-app', publicUrl: 'https://holdfast.example.com', name: 'Holdfast', distribution: 'private' })
 */
export function hubspotManifest(options: ManifestOptions): Promise<number> {
  return runCommand(options, async (terminal) => {
    const given = options.publicUrl ?? readConfig().publicUrl
    if (given === null)
      throw new HoldfastError(
        'usage',
        'Say where Holdfast answers on the internet: --public-url https://holdfast.example.com (or set PUBLIC_URL). HubSpot calls nothing else.',
      )
    const publicUrl = publicAddress(given, 'HubSpot')
    const { name = 'Holdfast', distribution = 'private', out } = options
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
    await writeProject(out, files, { mark: MARK, whose: 'HubSpot' })
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
