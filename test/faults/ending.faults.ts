import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { createWorkshop } from '../cli/command.ts'
import { gate, recordingLog, start } from '../queue/company.ts'
import { startServerProcess } from '../service/server-process.ts'
import { addIntervention } from '../store/interventions.ts'
import { addConnection, addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { until } from './process.ts'
import { openWay, type Way } from './proxy.ts'
import { noRedis, ownRedis } from './servers.ts'

/** Half of what a queue has to end in when it is given no other time. */
const SOON_MS = 10_000

const cleaning: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const clean of cleaning.splice(0).toReversed()) await clean()
})

/** A Redis that can be cut off without a trace. */
async function redisBehind(): Promise<{ readonly url: string; readonly way: Way }> {
  const server = await ownRedis()
  cleaning.push(() => server.remove())
  const way = await openWay({ host: '127.0.0.1', port: Number(new URL(server.url).port) })
  cleaning.push(() => way.remove())
  return { url: `redis://127.0.0.1:${way.port}`, way }
}

/** Whatever Redis does meanwhile: all that a queue has to say is in the database. */
const outages: readonly { readonly redis: string; readonly happens: (way: Way) => Promise<void> }[] = [
  { redis: 'works', happens: () => Promise.resolve() },
  {
    redis: 'has just gone',
    happens: (way) => Promise.resolve(way.close()),
  },
  {
    redis: 'has been away for a while',
    happens: async (way) => {
      way.close()
      await sleep(3000)
    },
  },
  {
    // Connections that wait to be tried again: ioredis neither ends them nor says so when told to.
    redis: 'has just come back, before anybody noticed',
    happens: async (way) => {
      way.close()
      await sleep(4000)
      way.open()
    },
  },
  {
    // What was asked of the connection before is kept for one that is up, and nobody is told when none follows.
    redis: 'came back by half and is away again',
    happens: async (way) => {
      way.hold()
      // Long enough for a sweep.
      await sleep(1500)
      way.cut()
      await sleep(1000)
      way.close()
      await sleep(300)
    },
  },
  {
    redis: 'answers nothing',
    happens: async (way) => {
      way.hold()
      await sleep(200)
    },
  },
]

const skipped = noRedis === null ? '' : ` (skipped: ${noRedis})`

describe.skipIf(noRedis !== null)(
  `A queue in Redis that is told to end (database ${databaseKind})${skipped}`,
  () => {
    it.each(outages)('ends soon while Redis $redis, and gives back what it held', async ({ happens }) => {
      const { url, way } = await redisBehind()
      const database = await openTestDatabase()
      const tenant = await addTenant(database)
      const connection = await addConnection(database, tenant)
      const runs = gate()
      const { log, lines } = recordingLog()
      const started = await start(
        database,
        url,
        {
          act: async (_tenant, _intervention, { signal }) => {
            runs.open()
            await new Promise((resolve) => signal.addEventListener('abort', resolve))
          },
        },
        { log, limits: { sweepMs: 1000, leaseSeconds: 60 } },
      )
      for (let at = 0; at < 5; at++) await addIntervention(database, { tenant, connection, state: 'planned' })
      started.queue.wake(tenant)
      await runs.opened

      await happens(way)
      const since = performance.now()
      await started.queue.drain()
      const drained = performance.now() - since
      const leases = await database.asSystem('who dispatches', (tx) =>
        tx.query(`select owner from leases where name = 'dispatcher' and until > clock_timestamp()`),
      )
      await started.backend.close()
      // Waits for every connection that somebody has not given back.
      await database.close()
      expect(performance.now() - since).toBeLessThan(SOON_MS)
      expect(drained).toBeLessThan(SOON_MS)
      expect(leases).toEqual([])
      expect(lines.map(({ msg }) => msg)).not.toContainEqual(expect.stringContaining('did not end within'))
    })
  },
)

describe.skipIf(noRedis !== null)(`holdfast serve with its jobs in Redis${skipped}`, () => {
  it.each(outages.filter(({ redis }) => /away|nothing/.test(redis)))(
    'ends on SIGTERM while Redis $redis',
    async ({ happens }) => {
      const { url, way } = await redisBehind()
      const { at, remove } = createWorkshop()
      cleaning.push(() => Promise.resolve(remove()))
      const server = await startServerProcess({ HOLDFAST_DATA: at('data'), REDIS_URL: url })
      cleaning.push(async () => void (await server.end('SIGKILL')))
      // In the middle of what it begins with.
      await until('it is up', async () => (await fetch(`${server.url}/healthz`)).status < 500)
      await happens(way)
      const since = performance.now()
      const code = await Promise.race([server.end(), sleep(60_000, 'not within a minute' as const)])
      expect(code, server.log()).toBe(0)
      expect(performance.now() - since).toBeLessThan(2 * SOON_MS)
    },
  )
})
