import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import type { ConnectionId, TenantId } from '../../src/contracts/ids.ts'
import { openBackend } from '../../src/queue/backend.ts'
import type { Database } from '../../src/store/database.ts'
import { openDatabase } from '../../src/store/open.ts'
import { listSteps } from '../../src/store/steps.ts'
import { ask, gate, recordingLog, start, type Started } from '../queue/company.ts'
import { addIntervention } from '../store/interventions.ts'
import { addConnection, addTenant, openTestDatabase } from '../support/database.ts'
import { until } from './process.ts'
import { noPostgres, noRedis, ownPostgres, ownRedis, type OwnServer } from './servers.ts'

const SENDS = 60
const AWAY_MS = 20_000

const cleaning: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const clean of cleaning.splice(0).toReversed()) await clean()
})

/** A queue at work: a step that lasts until it is let go, and sends of 100 ms each. */
async function atWork(database: Database, redisUrl: string | null) {
  const { log, lines } = recordingLog()
  const tenant = await addTenant(database)
  const connection = await addConnection(database, tenant)
  const step = gate()
  const ran: string[] = []
  /** Moves that the database took and whose answer came back. */
  const sent: string[] = []
  const started: Started = await start(
    database,
    redisUrl,
    {
      step: async (_tenant, _connection, name) => {
        if (name === 'sync') await step.opened
        ran.push(name)
      },
      act: async (of, id) => {
        await sleep(100)
        const moved = await database.withTenant(of, (tx) =>
          tx.query(
            "update interventions set state = 'sent' where id = $1 and state = 'planned' returning id",
            [id],
          ),
        )
        if (moved.length > 0) sent.push(id)
      },
    },
    // As in earnest, but for a sweep that is as often.
    { log, limits: { sweepMs: 1000, leaseSeconds: 60 } },
  )
  cleaning.push(() => started.stop())
  for (let i = 0; i < SENDS; i++) await addIntervention(database, { tenant, connection, state: 'planned' })
  await ask(database, tenant, connection)
  started.queue.wake()
  await until('work goes on', () => sent.length > 5)
  const states = () =>
    database.withTenant(tenant, (tx) =>
      tx.query<{ state: string; n: number }>(
        'select state, count(*) as n from interventions where tenant_id = $1 group by state',
        [tenant],
      ),
    )
  return { tenant, connection, started, step, ran, sent, lines, states }
}

type Work = Awaited<ReturnType<typeof atWork>>

async function expectNothingLost(work: Work): Promise<void> {
  expect(await work.states()).toEqual([{ state: 'sent', n: SENDS }])
  // A commit whose answer was lost is not counted; nothing is counted twice.
  expect(new Set(work.sent).size).toBe(work.sent.length)
}

/** Waits until nothing waits any more, and returns how long that took. */
async function recovered(database: Database, work: Work): Promise<number> {
  const since = performance.now()
  await until(
    'everything is sent and the step is done',
    async () => {
      const [left] = (await work.states()).filter(({ state }) => state !== 'sent')
      return left === undefined && (await idle(database, work.tenant, work.connection))
    },
    { timeoutMs: 90_000 },
  )
  return performance.now() - since
}

async function idle(database: Database, tenant: TenantId, connection: ConnectionId): Promise<boolean> {
  const steps = await database.withTenant(tenant, (tx) => listSteps(tx, { connection }))
  return steps.every(({ state, error }) => state === 'idle' && error === null)
}

const queues = [
  { where: 'in the database', redis: false },
  { where: 'in Redis', redis: true },
] as const

describe.each(queues)('PostgreSQL stopped in the middle of everything, the queue $where', ({ redis }) => {
  const reason = noPostgres ?? (redis ? noRedis : null)
  it.skipIf(reason !== null)(
    `and started again 20 s later loses nothing and does nothing twice${reason === null ? '' : ` (skipped: ${reason})`}`,
    async ({ annotate }) => {
      const server = await ownPostgres()
      cleaning.push(() => server.remove())
      const queueServer: OwnServer | null = redis ? await ownRedis() : null
      if (queueServer !== null) cleaning.push(() => queueServer.remove())
      const lost: string[] = []
      const database = await openDatabase({
        url: server.url,
        folder: null,
        onLost: ({ message }) => void lost.push(message),
      })
      cleaning.push(() => database.close())
      const work = await atWork(database, queueServer?.url ?? null)

      await server.kill()
      // The step ends while nobody can be told.
      await sleep(AWAY_MS / 2)
      work.step.open()
      await expect(work.states()).rejects.toMatchObject({ code: 'database_unavailable', retryable: true })
      await expect(work.started.queue.counts()).rejects.toThrow()
      await sleep(AWAY_MS / 2)
      const before = work.sent.length
      await server.start()
      const ms = await recovered(database, work)
      await expectNothingLost(work)
      // It ran once; its end was noted when somebody could be told.
      expect(work.ran).toEqual(['sync'])
      const told = work.lines.filter(({ level }) => level >= 40)
      expect(told.filter(({ msg }) => msg.includes('cannot be worked with'))).toHaveLength(1)
      // Said by the next look over everything, which may come after the last of it was sent.
      await until('it is said that it works again', () =>
        Promise.resolve(work.lines.some(({ msg }) => msg.includes('can be worked with again'))),
      )
      expect(told.length).toBeLessThan(20)
      await annotate(
        `${before} sent before, ${SENDS - before} after; all within ${(ms / 1000).toFixed(1)} s of its return; ` +
          `${told.length} warnings, ${lost.length} idle connections lost`,
      )
    },
  )
})

describe('Redis killed in the middle of everything', () => {
  it.skipIf(noRedis !== null)(
    `and started again empty loses nothing and does nothing twice${noRedis === null ? '' : ` (skipped: ${noRedis})`}`,
    async ({ annotate }) => {
      const server = await ownRedis()
      cleaning.push(() => server.remove())
      const database = await openTestDatabase()
      cleaning.push(() => database.close())
      const work = await atWork(database, server.url)

      await server.kill()
      await sleep(2000)
      await expect(work.started.queue.counts()).rejects.toMatchObject({ code: 'queue_unavailable' })
      await sleep(3000)
      const before = work.sent.length
      await server.start()
      work.step.open()
      const ms = await recovered(database, work)
      await expectNothingLost(work)
      expect(work.ran).toEqual(['sync'])
      const told = work.lines.filter(({ level }) => level >= 40)
      expect(told.filter(({ msg }) => msg.includes('cannot be worked with'))).toHaveLength(1)
      await annotate(
        `${before} sent before, ${SENDS - before} after; all within ${(ms / 1000).toFixed(1)} s of its return; ${told.length} warnings`,
      )
    },
  )
})

describe('a Redis that may evict jobs', () => {
  it.skipIf(noRedis !== null)(
    `is refused with what to set${noRedis === null ? '' : ` (skipped: ${noRedis})`}`,
    async () => {
      const server = await ownRedis({ 'maxmemory-policy': 'allkeys-lru' })
      cleaning.push(() => server.remove())
      const database = await openTestDatabase()
      cleaning.push(() => database.close())
      await expect(openBackend(database, server.url)).rejects.toMatchObject({
        code: 'queue_unavailable',
        retryable: false,
        message: expect.stringMatching(/maxmemory-policy allkeys-lru.*Set maxmemory-policy to noeviction/),
      })
    },
  )
})
