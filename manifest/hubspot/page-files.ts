/**
 * Sources of what runs inside HubSpot, as a folder of the project carries them. Each folder is built by itself and may import
 * nothing from outside, so that each has a copy of what it shares with the others.
 *
 * @see https://developers.hubspot.com/docs/apps/developer-platform/add-features/ui-extensions/linting/rules/no-parent-imports
 */
import { readFileSync } from 'node:fs'
import { APP_PATHS } from '../../connectors/hubspot/app.ts'
import type { ProjectOptions } from './kinds/kind.ts'

const here = new URL('./extensions/', import.meta.url)
const contract = new URL('../../src/contracts/record-card.ts', import.meta.url)

/** Needed where HubSpot builds it; the others are for building and looking at it here. */
const LIBRARIES = ['@hubspot/ui-extensions', '@remote-ui/react', 'react'] as const

/**
 * @param folder beneath `src`
 * @param entries names of the files that pages begin with
 * @returns by name: the pages, whatever they import, and the package that says with which libraries they are built
 * @example
 * pageFiles('app/pages', ['pages.tsx'], options).get('place.ts') // with the public address in it
 */
export function pageFiles(
  folder: string,
  entries: readonly string[],
  options: Pick<ProjectOptions, 'publicUrl'>,
): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  const add = (name: string): void => {
    if (files.has(name)) return
    const text = written(name, options)
    files.set(name, text)
    for (const [, imported] of text.matchAll(/\bfrom '\.\/([\w./-]+)'/g)) add(imported)
  }
  entries.forEach(add)
  return new Map([
    ['package.json', packageOf(folder)],
    ...[...files].toSorted(([a], [b]) => (a < b ? -1 : 1)),
  ])
}

function written(name: string, { publicUrl }: Pick<ProjectOptions, 'publicUrl'>): string {
  if (name === 'contract.ts') return readFileSync(contract, 'utf8')
  if (name !== 'place.ts') return readFileSync(new URL(name, here), 'utf8')
  return [
    '/** Where Holdfast answers. */',
    `export const PUBLIC_URL = ${JSON.stringify(publicUrl)}`,
    '',
    `export const PATHS = ${JSON.stringify(APP_PATHS, null, 2)} as const`,
    '',
  ].join('\n')
}

/** With the versions that it is tried with here. */
function packageOf(folder: string): string {
  const { devDependencies, version } = JSON.parse(readFileSync(new URL('package.json', here), 'utf8')) as {
    readonly devDependencies: Readonly<Record<string, string>>
    readonly version: string
  }
  const dependencies = Object.fromEntries(LIBRARIES.map((name) => [name, devDependencies[name]]))
  const name = `holdfast-${folder.split('/').at(-1)}`
  return `${JSON.stringify({ name, version, private: true, type: 'module', dependencies }, null, 2)}\n`
}
