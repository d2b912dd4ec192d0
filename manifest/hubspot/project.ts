/**
 * The project of the app on HubSpot's developer platform, for one installation of Holdfast: a company that hosts Holdfast itself
 * uploads an app of its own, with its own addresses.
 *
 * @see https://developers.hubspot.com/docs/apps/developer-platform/build-apps/create-an-app
 */
import type { ProjectFiles } from './check.ts'
import { KINDS } from './kinds.ts'
import type { ProjectOptions } from './kinds/kind.ts'
import { PLATFORM_VERSION } from './kinds/shape.ts'
import { pageFiles } from './page-files.ts'

export type { ProjectOptions }

/**
 * @example
 * const files = hubspotProject({ publicUrl: 'https://holdfast.example.com', name: 'Holdfast', distribution: 'private', supportEmail: null })
 * files.get('src/app/app-hsmeta.json')
 */
export function hubspotProject(options: ProjectOptions): ProjectFiles {
  const files = new Map([
    ['hsproject.json', json({ name: options.name, srcDir: 'src', platformVersion: PLATFORM_VERSION })],
  ])
  for (const { folder, files: components, pages } of KINDS) {
    const rendered = Object.entries(components(options)) as [string, { config: { entrypoint?: string } }][]
    for (const [name, content] of rendered) files.set(`src/${folder}/${name}-hsmeta.json`, json(content))
    if (pages !== true) continue
    const entries = rendered.map(([, { config }]) => config.entrypoint!.split('/').at(-1)!)
    for (const [name, text] of pageFiles(folder, entries, options)) files.set(`src/${folder}/${name}`, text)
  }
  return files
}

const json = (content: object): string => `${JSON.stringify(content, null, 2)}\n`
