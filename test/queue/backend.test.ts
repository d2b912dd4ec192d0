import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/contracts/clock.ts'
import type { HoldfastError } from '../../src/contracts/errors.ts'
import { openBackend, type QueueBackend } from '../../src/queue/backend.ts'
import { QUEUE_NAMES } from '../../src/queue/limits.ts'
import { startQueue } from '../../src/queue/service.ts'
import type { Database } from '../../src/store/database.ts'
import { databaseKind, openTestDatabase } from '../support/database.ts'

const redisUrl = process.env['HOLDFAST_TEST_REDIS_URL']
const kinds = [
  { kind: 'database', url: null },
  ...(redisUrl === undefined ? [] : [{ kind: 'redis', url: redisUrl }]),
] as const

describe.each(kinds)(`the queue in $kind (${databaseKind})`, ({ kind, url }) => {
  let database: Database
  let backend: QueueBackend
  beforeAll(async () => {
    database = await openTestDatabase()
    backend = await openBackend(database, url)
  })
  afterAll(async () => {
    await backend?.close()
    await database?.close()
  })

  it('hands each job to one worker, at once', async () => {
    const name = `once-${process.pid}`
    const queue = await backend.queue(name)
    const done: string[] = []
    const workers = await Promise.all(
      [0, 1].map(() =>
        backend.worker(name, async (job) => void done.push(job.data.connection ?? ''), { concurrency: 10 }),
      ),
    )
    await Promise.all(workers.map((worker) => worker.waitUntilReady()))
    await queue.addBulk(
      Array.from({ length: 50 }, (_, i) => ({
        name: 'job',
        data: { tenant: 't', connection: String(i) },
        opts: { jobId: `job-${i}` },
      })),
    )
    await expect.poll(() => done.length, { timeout: 10_000 }).toBe(50)
    expect(new Set(done).size).toBe(50)
    await Promise.all([...workers.map((worker) => worker.close()), queue.obliterate({ force: true })])
    await queue.close()
  })

  it('runs our own transactions while jobs come and go', async () => {
    const name = `beside-${process.pid}`
    const queue = await backend.queue(name)
    let done = 0
    const worker = await backend.worker(
      name,
      async () => {
        await database.asSystem('a test', (tx) => tx.query('select count(*) from tenants'))
        done++
      },
      { concurrency: 5 },
    )
    for (let i = 0; i < 20; i++) {
      await database.asSystem('a test', (tx) => tx.query('select 1'))
      await queue.add('job', { tenant: 't' })
    }
    await expect.poll(() => done, { timeout: 10_000 }).toBe(20)
    await worker.close()
    await queue.obliterate({ force: true })
    await queue.close()
  })

  it(`says that it is there (${kind})`, async () => {
    await expect(backend.ping()).resolves.toBeUndefined()
  })
})

describe(`a database that goes away while the queue starts (${databaseKind})`, () => {
  // A worker whose first look at the database failed asked for jobs for ever, and the process did nothing else.
  it('is said, whichever connection it was that broke, and the process goes on', async () => {
    const database = await openTestDatabase()
    const backend = await openBackend(database, null)
    const { pool } = database
    const connect = pool.connect.bind(pool)
    const refused: string[] = []
    for (let lost = 0; ; lost++) {
      let asked = 0
      pool.connect = ((...given: []) =>
        given.length === 0 && asked++ === lost
          ? Promise.reject(new Error('Connection terminated unexpectedly'))
          : connect(...given)) as typeof pool.connect
      const started = startQueue({ ...IDLE, backend, database })
      // The connection that is listened on is made anew with the next sweep.
      const queue = await started.catch(({ code }: HoldfastError) => void refused.push(code))
      await queue?.drain(5000)
      if (asked <= lost) break
    }
    // Each queue and each worker looks once.
    expect(refused).toEqual(Array.from({ length: 2 * QUEUE_NAMES.length }, () => 'database_unavailable'))
    pool.connect = connect
    const queue = await startQueue({ ...IDLE, backend, database })
    await queue.drain(5000)
    await backend.close()
    await database.close()
  })
})

const IDLE = {
  role: 'all' as const,
  clock: systemClock,
  log: pino({ level: 'silent' }),
  handlers: { step: async () => undefined, act: async () => undefined },
}

describe('a Redis that is not there', () => {
  it('is named with what to do, and can be tried again', async () => {
    const database = await openTestDatabase()
    await expect(openBackend(database, 'redis://127.0.0.1:1')).rejects.toMatchObject({
      code: 'queue_unavailable',
      retryable: true,
      message: expect.stringMatching(/REDIS_URL cannot be reached \(.*ECONNREFUSED.*[^.]\)\. Start it/),
    })
    await database.close()
  })
})
