/** The machine: its disk, its clock against the database's, and how the world reaches it. */
import { randomUUID } from 'node:crypto'
import { rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Check } from '../contracts/checks.ts'
import type { Clock } from '../contracts/clock.ts'
import type { Database } from '../store/database.ts'
import { databaseTime } from '../store/time.ts'

const GB = 2 ** 30

/**
 * Room and the right to write in the data folder.
 *
 * @example
 * await checkDisk('/var/lib/holdfast') // { name: 'Data folder', status: 'ok', … }
 */
export async function checkDisk(folder: string): Promise<Check> {
  const name = 'Data folder'
  const probe = join(folder, `.probe-${randomUUID()}`)
  try {
    await writeFile(probe, 'x')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    return {
      name,
      status: 'failed',
      message: `${folder} cannot be written (${code}): nothing can be stored. Let the user that runs Holdfast write there, or name another folder with HOLDFAST_DATA.`,
    }
  } finally {
    await rm(probe, { force: true }).catch(() => undefined)
  }
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  const room = `${(free / GB).toFixed(1)} GB free in ${folder}.`
  if (free < 0.2 * GB)
    return { name, status: 'failed', message: `${room} Syncing and scoring will stop soon. Make room.` }
  if (free < 2 * GB)
    return { name, status: 'warning', message: `${room} That is little for a growing book. Make room.` }
  return { name, status: 'ok', message: room }
}

/** Seconds between this machine's clock and the database's from which consent and quiet hours become doubtful. */
const DRIFT_SECONDS = 5

/** Leases and due times are the database's; dates in messages and periods are the machine's. */
export async function checkClock(database: Database, clock: Clock): Promise<Check> {
  const name = 'Clock'
  const before = clock().getTime()
  const there = await database.asSystem('the clock, for doctor', databaseTime)
  const here = (before + clock().getTime()) / 2
  const seconds = Math.round((here - there.getTime()) / 100) / 10
  if (Math.abs(seconds) <= DRIFT_SECONDS)
    return { name, status: 'ok', message: `${new Date(here).toISOString()}, as the database has it.` }
  return {
    name,
    status: 'failed',
    message: `This machine is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} the database. Leases follow the database and stay right, but dates of messages and periods may be a day off. Let NTP set both clocks.`,
  }
}

export interface PublicPlace {
  readonly publicUrl: string | null
  /** Told by `/healthz` of this installation. */
  readonly installation: string
  readonly fetch?: typeof fetch
}

/** Whether links in messages would lead here. */
export async function checkPublicUrl({
  publicUrl,
  installation,
  fetch: ask = fetch,
}: PublicPlace): Promise<Check> {
  const name = 'Public address'
  if (publicUrl === null)
    return {
      name,
      status: 'off',
      message:
        'PUBLIC_URL is not set, so nothing that needs a public address starts: live e-mail (its unsubscribe links), webhooks, cards in the CRM. Set it to the https address under which the world reaches this server.',
    }
  if (!publicUrl.startsWith('https://'))
    return {
      name,
      status: 'warning',
      message: `${publicUrl} is not https, so live e-mail stays off. Put a proxy with a certificate in front and set PUBLIC_URL to its address.`,
    }
  try {
    const answer = await ask(`${publicUrl}/healthz`, { signal: AbortSignal.timeout(5000), redirect: 'error' })
    const told: unknown = await answer.json()
    const other = (told as { installation?: unknown } | null)?.installation
    if (other === installation) return { name, status: 'ok', message: `${publicUrl} leads here.` }
    return {
      name,
      status: 'failed',
      message: `${publicUrl} answers, but it is another server. Unsubscribe links would fail. Correct PUBLIC_URL or the proxy.`,
    }
  } catch (cause) {
    const detail =
      cause instanceof Error ? (cause.cause instanceof Error ? cause.cause.message : cause.message) : ''
    return {
      name,
      status: 'failed',
      message: `${publicUrl} cannot be reached from here (${detail}). Unsubscribe links would fail. Start the server, or correct PUBLIC_URL, the name service or the proxy.`,
    }
  }
}
