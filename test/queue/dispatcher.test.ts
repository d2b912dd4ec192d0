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

const SINCE = 1_800_000_000_000_000

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

/** In which these are due, each since the same moment. */
function dueIn(interventions: readonly string[]): Database {
  const rows = interventions.map((id) => ({ tenant_id: tenant, id, since: SINCE }))
  const work = { query: async () => [], prepared: async () => rows }
  return { asSystem: (_: string, look: (tx: unknown) => unknown) => look(work) } as unknown as Database
}

/** As BullMQ has it: a job whose id it still shows is not taken again. */
function queueWith(jobs: Map<string, JobData>): Queue<JobData> {
  type Adding = Parameters<Queue<JobData>['addBulk']>[0][number]
  const add = async ({ data, opts }: Adding) => void (jobs.has(opts!.jobId!) || jobs.set(opts!.jobId!, data))
  return {
    name: 'act',
    add: (name: string, data: JobData, opts: NonNullable<Adding['opts']>) => add({ name, data, opts }),
    addBulk: (all: Adding[]) => Promise.all(all.map(add)),
    getRanges: async () => [...jobs.keys()],
    getJobCountByTypes: async () => 0,
  } as unknown as Queue<JobData>
}

function dispatching(database: Database, act?: Queue<JobData>) {
  const held = {
    ...database,
    asSystem: async (reason: string, work: never) =>
      reason === 'who dispatches' ? true : database.asSystem(reason, work),
  } as unknown as Database
  return startDispatcher({
    database: held,
    backend: { ping: async () => undefined } as unknown as QueueBackend,
    queues: { act } as Record<QueueName, Queue<JobData>>,
    limits: { ...DEFAULT_LIMITS, sweepMs: 60_000 },
    log: openLog({ level: 'silent' }),
    outage: { failed: () => undefined, ok: () => undefined },
    beforeSweep: async () => undefined,
    onLeave: () => undefined,
  })
}

async function leading() {
  const { database, looks } = lookedAt()
  const dispatcher = dispatching(database)
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

  it('brings in what is due although the one that is longest due has a job of an earlier process', async () => {
    const [held, ...others] = ['a', 'b', 'c'].map((n) => `00000000-0000-4000-8000-00000000000${n}`)
    const jobs = new Map<string, JobData>([[`${held}.${SINCE}`, { tenant, interventions: [held] }]])
    const dispatcher = dispatching(dueIn([held, ...others]), queueWith(jobs))
    const brought = () => [...jobs.values()].flatMap(({ interventions = [] }) => interventions)
    await expect.poll(brought).toEqual(expect.arrayContaining(others))
    await dispatcher.close()
  })

  it('brings in the same ones once, whichever process finds them due', async () => {
    const due = ['a', 'b', 'c'].map((n) => `00000000-0000-4000-8000-00000000000${n}`)
    const jobs = new Map<string, JobData>()
    for (let process = 0; process < 2; process++) {
      const dispatcher = dispatching(dueIn(due), queueWith(jobs))
      await expect.poll(() => jobs.size).toBe(1)
      await dispatcher.close()
    }
    expect([...jobs.values()]).toEqual([{ tenant, interventions: due }])
  })
})

// With every send of a company in a job of its own, and none of them answered.
it('A company whose mail server hangs never has all places of those who send', () => {
  const { concurrency, sendsAlone, sendsAtPace, sendsPerTenant } = DEFAULT_LIMITS
  expect(concurrency.act).toBeGreaterThan(Math.max(sendsAlone, sendsAtPace, sendsPerTenant))
})
