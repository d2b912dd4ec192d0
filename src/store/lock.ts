/**
 * One process a folder. PGlite itself takes no lock: two processes that open one folder lose one another's writes
 * without a word.
 */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HoldfastError } from '../contracts/errors.ts'

const NAME = 'holdfast.lock'

/** Folders that this very process has: in a container every process may have the same number as the one before. */
const held = new Set<string>()

/**
 * Takes the folder for this process. The lock of a process that is gone is taken over.
 *
 * @returns gives the folder back
 * @throws HoldfastError `database_locked`, naming the process
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, NAME)
  const mine = JSON.stringify({ pid: process.pid, since: new Date().toISOString() })
  for (let attempt = 0; ; attempt++) {
    try {
      await writeFile(path, mine, { flag: 'wx' })
      break
    } catch (cause) {
      const holder = await holderOf(path)
      if (!isTaken(cause) || attempt >= 3) throw cannotLock(folder, cause)
      if (holder !== null && isAlive(holder.pid, path)) {
        throw new HoldfastError(
          'database_locked',
          `The folder ${folder} is open in process ${holder.pid} since ${holder.since}. Commands talk to that server while it runs; stop it first to open the folder here. For several servers use PostgreSQL: set DATABASE_URL.`,
        )
      }
      await rm(path, { force: true })
    }
  }
  held.add(path)
  return async () => {
    held.delete(path)
    if ((await readFile(path, 'utf8').catch(() => '')) === mine) await rm(path, { force: true })
  }
}

async function holderOf(path: string): Promise<{ readonly pid: number; readonly since: string } | null> {
  try {
    const { pid, since } = JSON.parse(await readFile(path, 'utf8'))
    return typeof pid === 'number' ? { pid, since: String(since) } : null
  } catch {
    return null
  }
}

/** A process of somebody else answers with EPERM: it lives. */
function isAlive(pid: number, path: string): boolean {
  if (pid === process.pid) return held.has(path)
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function isTaken(cause: unknown): boolean {
  return (cause as NodeJS.ErrnoException).code === 'EEXIST'
}

function cannotLock(folder: string, cause: unknown): HoldfastError {
  const detail = cause instanceof Error ? cause.message : String(cause)
  return new HoldfastError(
    'database_unavailable',
    `The folder ${folder} cannot be locked: ${detail}. Check that it may be written, or name another with HOLDFAST_DATA.`,
    { cause },
  )
}
