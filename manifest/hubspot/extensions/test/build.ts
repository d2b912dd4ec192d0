/** The app's project with its pages built, as HubSpot builds them when it is uploaded. */
import { remoteBuild } from '@hubspot/ui-extensions-dev-server/build'
import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

export interface BuiltPage {
  readonly uid: string
  /** Where it is described, in the project. */
  readonly path: string
  readonly entrypoint: string
  /** @returns the script */
  build(): Promise<string>
}

/**
 * @param files as `hubspotProject` renders them
 * @param folder an empty one
 * @example
 * const pages = pagesOf(hubspotProject(about), folder)
 * const script = await pages.find(({ uid }) => uid === 'holdfast_settings')!.build()
 */
export function pagesOf(files: ReadonlyMap<string, string>, folder: string): readonly BuiltPage[] {
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const pages = [...files]
    .filter(([path]) => path.endsWith('-hsmeta.json'))
    .map(([path, text]) => ({ path, ...(JSON.parse(text) as Described) }))
    .flatMap(({ uid, path, config }) =>
      config.entrypoint === undefined ? [] : [{ uid, path, entrypoint: config.entrypoint }],
    )
  // As `hs project install-deps` would.
  for (const name of new Set(pages.map(({ path }) => dirname(path))))
    symlinkSync(resolve(import.meta.dirname, '../node_modules'), join(folder, name, 'node_modules'))
  return pages.map((page) => ({
    ...page,
    build: async () => {
      const outputDir = join(folder, 'built', page.uid)
      const root = join(folder, dirname(page.path))
      await remoteBuild({ root, entryPoint: basename(page.entrypoint), outputDir, logLevel: 'error' })
      const [script] = readdirSync(outputDir).filter((name) => name.endsWith('.js'))
      return readFileSync(join(outputDir, script), 'utf8')
    },
  }))
}

interface Described {
  readonly uid: string
  readonly config: { readonly entrypoint?: string }
}
