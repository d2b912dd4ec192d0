/**
 * One process a folder. PGlite itself takes no lock: two processes that open one folder lose one another's writes
 * without a word.
 */
import { createHash, randomUUID } from 'node:crypto'
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { HoldfastError } from '../contracts/errors.ts'

const NAME = 'holdfast.lock'

/** Locks of this very process, by id: in a container every process may have the same number as the one before. */
const held = new Set<string>()

/**
 * Takes the folder for this process. The lock of a process that is gone is taken over.
 *
 * @returns gives the folder back
 * @throws HoldfastError `database_locked`, naming the process
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, NAME)
  const id = randomUUID()
  const mine = JSON.stringify({ pid: process.pid, since: new Date().toISOString(), id })
  const aside = `${path}.${id}`
  held.add(id)
  try {
    // It appears with what it says: one that is still empty would look like one that a death left.
    await writeFile(aside, mine)
    for (let attempt = 0; !(await isLinked(aside, path)); attempt++) {
      const said = await readFile(path, 'utf8').catch(() => null)
      const holder = said === null ? null : holderOf(said)
      if (holder !== null && isAlive(holder)) {
        throw new HoldfastError(
          'database_locked',
          `The folder ${folder} is open in process ${holder.pid} since ${holder.since}. Commands talk to that server while it runs; stop it first to open the folder here. If process ${holder.pid} is none of Holdfast's, delete ${path}. For several servers use PostgreSQL: set DATABASE_URL.`,
        )
      }
      if (said !== null && (await takesOver({ path, dead: said, aside }))) break
      if (attempt >= 100) throw new Error('other processes try at the same time')
      await sleep(10)
    }
  } catch (cause) {
    held.delete(id)
    throw cause instanceof HoldfastError ? cause : cannotLock(folder, cause)
  } finally {
    await rm(aside, { force: true })
  }
  return async () => {
    held.delete(id)
    if ((await readFile(path, 'utf8').catch(() => '')) === mine) await rm(path, { force: true })
  }
}

/** @returns false: there is a lock already */
async function isLinked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw cause
  }
}

/**
 * Puts our lock in the place of a dead one. Whoever looked before another was quicker must not throw away the other's
 * lock: of all who found the same one dead, only who has the claim named after it may, and looks once more.
 */
async function takesOver({
  path,
  dead,
  aside,
}: {
  path: string
  dead: string
  aside: string
}): Promise<boolean> {
  const claimOn = (said: string): string =>
    `${path}.${createHash('sha256').update(said).digest('hex').slice(0, 16)}`
  let claim = claimOn(dead)
  while (!(await isLinked(aside, claim))) {
    const said = await readFile(claim, 'utf8').catch(() => null)
    const holder = said === null ? null : holderOf(said)
    if (said === null || holder === null || isAlive(holder)) return false
    // Who had the claim died with it.
    claim = claimOn(said)
  }
  const still = (await readFile(path, 'utf8').catch(() => null)) === dead
  if (still) await rename(aside, path)
  await rm(claim, { force: true })
  return still
}

interface Holder {
  readonly pid: number
  readonly since: string
  readonly id: string
}

function holderOf(said: string): Holder | null {
  try {
    const { pid, since, id } = JSON.parse(said)
    return typeof pid === 'number' ? { pid, since: String(since), id: String(id) } : null
  } catch {
    return null
  }
}

/** A process of somebody else answers with EPERM: it lives. */
function isAlive({ pid, id }: Holder): boolean {
  if (pid === process.pid) return held.has(id)
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function cannotLock(folder: string, cause: unknown): HoldfastError {
  const detail = cause instanceof Error ? cause.message : String(cause)
  return new HoldfastError(
    'database_unavailable',
    `The folder ${folder} cannot be locked: ${detail}. Check that it may be written, or name another with HOLDFAST_DATA.`,
    { cause },
  )
}
