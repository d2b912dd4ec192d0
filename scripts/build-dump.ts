/**
 * Makes the dump that new embedded databases start from; npm runs it after `npm ci`. Where it cannot be made nothing
 * is lost but seconds: the first start then sets its database up step by step.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { openBackend } from '../src/queue/backend.ts'
import { firstDumpPath } from '../src/store/first-dump.ts'
import { openDatabase } from '../src/store/open.ts'

const path = firstDumpPath()
if (!existsSync(path)) {
  try {
    const bytes = await makeDump()
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, bytes)
    process.stdout.write(`${path}: ${(bytes.length / 2 ** 20).toFixed(1)} MB\n`)
  } catch (cause) {
    process.stdout.write(`no dump for new databases, their first start takes longer: ${String(cause)}\n`)
  }
}
// Those of schemas before would go into the package, 5 MB each.
if (existsSync(path))
  for (const name of readdirSync(dirname(path)).filter((name) => name !== basename(path)))
    rmSync(join(dirname(path), name))

async function makeDump(): Promise<Buffer> {
  const database = await openDatabase({ url: null, folder: null })
  try {
    // The queue's own tables as well.
    await (await openBackend(database, null)).close()
    return gzipSync(await database.embedded!.dump())
  } finally {
    await database.close()
  }
}
