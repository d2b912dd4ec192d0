/** Where the master key comes from: HOLDFAST_MASTER_KEY, or the file master.key, which the first start makes. */
import { randomBytes } from 'node:crypto'
import { link, mkdir, readFile, stat, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { claimMasterKey, readMasterKeyNote, replaceMasterKeyNote } from '../store/credentials.ts'
import type { Database } from '../store/database.ts'
import { ensureInstallation } from '../store/tenants.ts'
import { masterKeyIdOf, wrongMasterKey } from './vault.ts'

/**
 * The key that opens what is sealed in this database. A new one is made only where nothing was ever sealed; the
 * database notes which key that is (a hash's first bytes), so that a process with another key ends here, not at the
 * first password it needs.
 *
 * The file is as precious as the database and belongs in another place than its backups: with both anybody reads the
 * secrets, and without it nobody does.
 *
 * @returns 32 bytes
 * @throws HoldfastError `vault_key` saying which key is needed and how to bring it back; `output_failed`
 * @example
 * const vault = openVault({ masterKey: await loadMasterKey({ config, database }) })
 */
export async function loadMasterKey({
  config,
  database,
}: {
  config: Pick<Config, 'masterKey' | 'data'>
  database: Database
}): Promise<Buffer> {
  const path = join(config.data, 'master.key')
  const note = await database.asSystem('note of the master key', async (tx) => {
    await ensureInstallation(tx)
    return readMasterKeyNote(tx)
  })
  // After the note: a key that another process noted meanwhile has its file by then.
  const there = config.masterKey ?? (await readKeyFile(path))
  // Embedded there is one process and one folder; served, another machine may hold the key and be about to seal.
  const taken = note.masterKeyId !== null && (note.sealed || database.kind === 'served')
  if (there === null && taken) throw missingMasterKey(path, note.masterKeyId)
  const key = there ?? (await makeKeyFile(path))
  const id = masterKeyIdOf(key)
  await database.asSystem('note of the master key', async (tx) => {
    const noted = await claimMasterKey(tx, id)
    if (noted === id) return
    if (taken || database.kind === 'served') throw wrongMasterKey(id, noted)
    await replaceMasterKeyNote(tx, id)
  })
  return key
}

function missingMasterKey(path: string, needed: string | null): HoldfastError {
  return new HoldfastError(
    'vault_key',
    `The secrets in this database are sealed with the master key ${needed}, and there is none here: no HOLDFAST_MASTER_KEY, no file ${path}. Put the file back from where it was kept, or set HOLDFAST_MASTER_KEY to its content; processes on other machines need the same. No new key was made, since it could open nothing.`,
  )
}

async function readKeyFile(path: string): Promise<Buffer | null> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return null
    throw new HoldfastError(
      'vault_key',
      `The master key in ${path} cannot be read (${cause.code}). Let the user that runs Holdfast read it.`,
      { cause },
    )
  })
  if (text === null) return null
  // Windows has no such bits; its folders of users are their own.
  if (process.platform !== 'win32' && ((await stat(path)).mode & 0o077) !== 0) {
    throw new HoldfastError(
      'vault_key',
      `The master key in ${path} can be read by other users of this machine. Run "chmod 600 ${path}" and start again.`,
    )
  }
  const key = Buffer.from(text.trim(), 'base64')
  if (key.length === 32) return key
  throw new HoldfastError(
    'vault_key',
    `The file ${path} holds no master key: it should be 32 bytes in base64. Put the right one back from where it is kept; if nothing was ever sealed, delete it and start again.`,
  )
}

async function makeKeyFile(path: string): Promise<Buffer> {
  const key = randomBytes(32)
  try {
    await mkdir(join(path, '..'), { recursive: true, mode: 0o700 })
    // Appears whole or not at all: a process that starts at the same time never reads half a key.
    const aside = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
    await writeFile(aside, `${key.toString('base64')}\n`, { mode: 0o600, flush: true, flag: 'wx' })
    await link(aside, path).finally(() => unlink(aside))
    return key
  } catch (cause) {
    // Another process that started with this one was quicker.
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') {
      const other = await readKeyFile(path)
      if (other !== null) return other
    }
    throw new HoldfastError(
      'output_failed',
      `The master key cannot be written to ${path}: ${cause instanceof Error ? cause.message : String(cause)}. Make the folder writable, or set HOLDFAST_MASTER_KEY to 32 random bytes in base64.`,
      { cause },
    )
  }
}
