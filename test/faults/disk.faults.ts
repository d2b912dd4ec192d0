import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, rmdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { openInbox } from '../../actions/email/sandbox/inbox.ts'
import { databaseKind } from '../support/database.ts'
import { IN_ORDER, planMailing, reckon } from './mailing.ts'
import { folderPlace } from './place.ts'
import { killAll, startWorker, until, untilSettled } from './process.ts'

const MAILS = 100
const DISK_MB = 160

/** Why there is no small disk to fill; null when there is one. */
function whyNot(): string | null {
  if (databaseKind !== 'embedded') return 'the disk of a server is not ours to fill'
  if (process.getuid?.() !== 0) return 'only root can mount a small disk'
  try {
    unmount(mountSmallDisk())
    return null
  } catch {
    return 'no small disk can be mounted here'
  }
}

function mountSmallDisk(): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-small-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m`, 'tmpfs', folder], { stdio: 'ignore' })
  return folder
}

function unmount(folder: string): void {
  execFileSync('umount', [folder], { stdio: 'ignore' })
  rmdirSync(folder)
}

const missing = whyNot()

afterEach(killAll)

describe.skipIf(missing !== null)(
  `a disk that is full while e-mails go out${missing === null ? '' : ` (skipped: ${missing})`}`,
  () => {
    it('stops them, loses none and doubles none; they go on once there is room', async ({ annotate }) => {
      const disk = mountSmallDisk()
      const ballast = join(disk, 'ballast')
      const inbox = await openInbox({ port: 0, host: '127.0.0.1' })
      inbox.inject({ fault: { kind: 'slow', at: 'dot', ms: 100 } })
      const place = folderPlace(join(disk, 'data'))
      try {
        const tenant = await place.use((database) => planMailing(database, MAILS))
        const options = {
          address: place.address,
          inbox: { host: inbox.host, port: inbox.port },
          tenant,
          timeoutMs: 2000,
          leases: { prepareMs: 2000, marginMs: 1000 },
          role: 'all' as const,
          alone: true,
        }
        const count = () => inbox.deliveries().length
        let worker = await startWorker(options)
        await until('the first e-mails', () => count() >= 10, { everyMs: 5 })
        for (let before = -1; before !== count(); await sleep(1500)) {
          before = count()
          fill(ballast)
        }
        const stoppedAt = count()
        expect(stoppedAt).toBeLessThan(MAILS)
        const said = worker.log
        // Whoever stops it to make room, or starts it again in the hope that it helps, makes nothing worse.
        await worker.kill()
        const again = await startWorker(options).catch((cause: Error) => cause.message)
        const restarted =
          typeof again === 'string' ? 'did not start while it was full' : 'started while it was full'
        if (typeof again === 'string') expect(again).toMatch(/disk/)
        await killAll()

        rmSync(ballast)
        worker = await startWorker(options)
        await untilSettled(() => worker.ask('hurry'), { everyMs: 500 })
        await worker.kill()
        const found = await place.use((database) => reckon(database, tenant, inbox.deliveries()))
        await annotate(
          `full after ${stoppedAt} of ${MAILS}, ${restarted}; with room ${JSON.stringify(found.states)}, ${found.delivered} delivered`,
        )
        // By the ledger in words of ours, by the queue in PostgreSQL's: whichever met it first.
        expect(said).toMatch(/The disk of the database is full\..*Make room|No space left on device/)
        expect(found).toMatchObject(IN_ORDER)
      } finally {
        await killAll()
        await inbox.close()
        unmount(disk)
      }
    })
  },
)

function fill(path: string): void {
  const chunk = Buffer.alloc(65_536)
  for (let size = chunk.length; size >= 512; size /= 2) {
    try {
      for (;;) writeFileSync(path, chunk.subarray(0, size), { flag: 'a' })
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOSPC') throw cause
    }
  }
}
