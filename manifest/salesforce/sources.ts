/** What of the package is written by hand: Apex classes and Lightning web components, each as it lies here. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { API_VERSION } from '../../connectors/salesforce/version.ts'
import { metadataFile } from './metadata.ts'

const CLASSES = join(import.meta.dirname, 'classes')
const MODULES = join(import.meta.dirname, 'lwc', 'modules')

/** Names of the classes, in their order. */
export const apexClasses = (): readonly string[] =>
  readdirSync(CLASSES)
    .filter((file) => file.endsWith('.cls'))
    .map((file) => file.slice(0, -'.cls'.length))
    .toSorted()

export function sourceFiles(): ReadonlyMap<string, string> {
  const meta = metadataFile('ApexClass', { apiVersion: API_VERSION.slice(1), status: 'Active' })
  const files = new Map<string, string>()
  for (const name of apexClasses()) {
    files.set(`classes/${name}.cls`, readFileSync(join(CLASSES, `${name}.cls`), 'utf8'))
    files.set(`classes/${name}.cls-meta.xml`, meta)
  }
  const modules = existsSync(MODULES) ? readdirSync(MODULES).toSorted() : []
  for (const name of modules)
    for (const file of readdirSync(join(MODULES, name)).toSorted())
      files.set(`lwc/${name}/${file}`, readFileSync(join(MODULES, name, file), 'utf8'))
  return files
}
