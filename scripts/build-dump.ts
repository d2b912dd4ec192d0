/**
 * Makes the dump that new embedded databases start from; npm runs it after `npm ci`. Where it cannot be made nothing
 * is lost but seconds: the first start then sets its database up step by step.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { openBackend } from '../src/queue/backend.ts'
import { firstDumpPath } from '../src/store/first-dump.ts'
import { openDatabase, type OpenedDatabase } from '../src/store/open.ts'

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
    await withoutTemplates(database)
    return gzipSync(await database.embedded!.dump())
  } finally {
    await database.close()
  }
}

/** Nobody makes a database in the embedded one: what new ones would be copied from is half of the files of a dump. */
async function withoutTemplates(database: OpenedDatabase): Promise<void> {
  for (const name of ['template0', 'template1']) {
    await database.pool.query('update pg_database set datistemplate = false where datname = $1', [name])
    await database.pool.query(`drop database ${name}`)
  }
  await database.pool.query('checkpoint')
}
