/** Puts beside the compiled files what is no program of ours: the database's files, the pages as built, and what HubSpot builds. */
import { cpSync, mkdirSync, readdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const copy = (path: string): void => {
  const to = join(root, 'dist', path)
  mkdirSync(dirname(to), { recursive: true })
  cpSync(join(root, path), to, { recursive: true })
}

for (const folder of ['src/store/migrations', 'src/store/dump', 'src/admin/built']) copy(folder)

// Sources of what runs inside HubSpot, without their tests: `holdfast manifest hubspot` writes them out for HubSpot to build.
const extensions = 'manifest/hubspot/extensions'
for (const { name } of readdirSync(join(root, extensions), { withFileTypes: true }).filter((one) =>
  one.isFile(),
))
  if (/\.tsx?$|^package\.json$/.test(name)) copy(`${extensions}/${name}`)
copy('src/contracts/record-card.ts')

// What of the Salesforce package is written by hand.
copy('manifest/salesforce/classes')
copy('manifest/salesforce/lwc/modules')
