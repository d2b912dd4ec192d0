/**
 * The embedded database as it is before its first customer: setting it up takes seconds, unpacking it a fraction.
 * `npm ci` makes it in a checkout (the script `prepare`), and the package carries it.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { schemaHash } from './migrate.ts'

/** Named by the schema: that of another one is never taken for it. */
export const firstDumpPath = (): string =>
  fileURLToPath(new URL(`./dump/embedded-${schemaHash().slice(0, 12)}.tar.gz`, import.meta.url))

/**
 * @returns its path; null where there is none for this schema: the database is then set up step by step
 * @example
 * await openDatabase({ url: null, folder, dump: firstDump() })
 */
export function firstDump(): string | null {
  const path = firstDumpPath()
  return existsSync(path) ? path : null
}
