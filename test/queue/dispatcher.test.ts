import { setTimeout as sleep } from 'node:timers/promises'
import type { Queue } from 'bullmq'
import { describe, expect, it } from 'vitest'
import { asTenant } from '../../src/contracts/ids.ts'
import { openLog } from '../../src/log.ts'
import type { JobData, QueueBackend } from '../../src/queue/backend.ts'
import { startDispatcher } from '../../src/queue/dispatcher.ts'
import { DEFAULT_LIMITS } from '../../src/queue/limits.ts'
import type { QueueName } from '../../src/queue/service.ts'
import type { Database } from '../../src/store/database.ts'

const tenant = asTenant('00000000-0000-4000-8000-000000000001')

/** A database in which nothing is ever due, and which is asked for it so many times. */
function lookedAt() {
  let looks = 0
  const database = {
    asSystem: async (reason: string, work: (tx: unknown) => Promise<unknown>) => {
      if (reason === 'dispatch what is due') looks++
      return work({
        query: async (sql: string) => (sql.includes('clock_timestamp') ? [{ now: new Date() }] : []),
      })
    },
  }
  return { database: database as unknown as Database, looks: () => looks }
}

async function leading() {
  const { database, looks } = lookedAt()
  const held = {
    ...database,
    asSystem: async (reason: string, work: never) =>
      reason === 'who dispatches' ? true : database.asSystem(reason, work),
  } as unknown as Database
  const dispatcher = startDispatcher({
    database: held,
    backend: { ping: async () => undefined } as unknown as QueueBackend,
    queues: {} as Record<QueueName, Queue<JobData>>,
    limits: { ...DEFAULT_LIMITS, sweepMs: 60_000 },
    log: openLog({ level: 'silent' }),
    outage: { failed: () => undefined, ok: () => undefined },
    beforeSweep: async () => undefined,
    onLeave: () => undefined,
  })
  await expect.poll(looks).toBe(1)
  await sleep(1)
  return { dispatcher, looks }
}

describe('the dispatcher', () => {
  it('looks again for a wake that comes at whatever moment of a look, its very end included', async () => {
    for (let moment = 0; moment < 60; moment++) {
      const { dispatcher, looks } = await leading()
      dispatcher.wake(tenant)
      for (let i = 0; i < moment; i++) await Promise.resolve()
      const before = looks()
      dispatcher.wake(tenant)
      await sleep(2)
      expect(looks(), `woken ${moment} turns after the look began`).toBe(before + 1)
      await dispatcher.close()
    }
  })
})
