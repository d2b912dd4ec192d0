import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { TenantId } from '../../src/contracts/ids.ts'
import type { QueueCounts } from '../../src/queue/service.ts'
import { openMetrics } from '../../src/server/metrics.ts'
import { route } from '../../src/server/route.ts'
import type { ServerServices } from '../../src/server/services.ts'
import type { Database } from '../../src/store/database.ts'
import { ensureInstallation } from '../../src/store/tenants.ts'
import { ask, start, type Started } from '../queue/company.ts'
import { addConnection, addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let database: Database
let tenant: TenantId
beforeAll(async () => {
  database = await openTestDatabase()
  tenant = await addTenant(database, 'Acme')
})
afterAll(() => database.close())

async function withServer(
  options: Parameters<typeof startTestServer>[2],
  services: Partial<ServerServices>,
  work: (server: TestServer) => Promise<void>,
  routes: Parameters<typeof startTestServer>[1] = [],
): Promise<void> {
  const server = await startTestServer(database, routes, options, services)
  try {
    await work(server)
  } finally {
    await server.close()
  }
}
const read = async (answer: Response) =>
  ({ status: answer.status, body: await answer.json() }) as {
    status: number
    body: { ready: boolean; checks: { name: string; ready: boolean; code: string | null }[] }
  }

/** A database whose every transaction fails as if it were away. */
function away(): Database {
  const gone = () =>
    Promise.reject(
      new HoldfastError('database_unavailable', 'The database cannot be reached.', { retryable: true }),
    )
  return { ...database, withTenant: gone, asSystem: gone }
}

describe(`/healthz (${databaseKind})`, () => {
  it('tells which installation answers, and nothing else', async () => {
    const { id } = await database.asSystem('a test', ensureInstallation)
    await withServer({}, {}, async (server) => {
      const answer = await server.fetch('/healthz')
      expect(answer.status).toBe(200)
      expect(await answer.json()).toEqual({ alive: true, installation: id })
    })
  })

  it('goes on while the database is away: whoever restarts on it would mend nothing', async () => {
    await withServer({}, { database: away() }, async (server) => {
      const answer = await server.fetch('/healthz')
      expect([answer.status, await answer.json()]).toEqual([200, { alive: true, installation: null }])
    })
  })
})

describe(`/readyz (${databaseKind})`, () => {
  it('is ready when database, queue and model are', async () => {
    await withServer({ ready: { model: async () => 'loaded' } }, {}, async (server) => {
      expect(await read(await server.fetch('/readyz'))).toEqual({
        status: 200,
        body: {
          ready: true,
          checks: ['server', 'database', 'model'].map((name) => ({ name, ready: true, code: null })),
        },
      })
    })
  })

  it('says which part is not, by its code alone, and the log says why', async () => {
    const queue = {
      wake: () => undefined,
      counts: () => Promise.reject(new HoldfastError('queue_unavailable', 'Redis at 10.1.2.3 is away.')),
      queues: [],
    }
    const ready = {
      model: () => Promise.reject(new HoldfastError('model_corrupt', 'The bundle in /data is broken.')),
      disk: () => Promise.reject(new TypeError('an inside')),
    }
    await withServer({ ready }, { database: away(), queue }, async (server) => {
      const { status, body } = await read(await server.fetch('/readyz'))
      expect(status).toBe(503)
      expect(body.ready).toBe(false)
      expect(Object.fromEntries(body.checks.map(({ name, code }) => [name, code]))).toEqual({
        server: null,
        database: 'database_unavailable',
        queue: 'queue_unavailable',
        model: 'model_corrupt',
        disk: 'internal',
      })
      expect(JSON.stringify(body)).not.toMatch(/10\.1\.2\.3|an inside|bundle/)
      expect(server.log()).toContain('The bundle in /data is broken.')
    })
  })

  it('asks the parts once a second however often it is asked, and waits for none that hangs', async () => {
    let asked = 0
    const ready = {
      slow: async () => {
        asked++
        await sleep(20)
      },
      hanging: () => new Promise<never>(() => undefined),
    }
    await withServer({ ready }, {}, async (server) => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => server.fetch('/readyz')))
      expect(asked).toBe(1)
      const { status, body } = await read(answers[0])
      expect(status).toBe(503)
      expect(body.checks.find(({ name }) => name === 'hanging')).toMatchObject({ ready: false, code: 'late' })
    })
  })

  it('finds a database whose role could read past row-level security', async () => {
    const withTenant: Database['withTenant'] = (of, work) =>
      database.asSystem('a test', (tx) => work({ ...tx, tenant: of }))
    await withServer({}, { database: { ...database, withTenant } }, async (server) => {
      const { status, body } = await read(await server.fetch('/readyz'))
      expect(status).toBe(503)
      expect(body.checks).toContainEqual({ name: 'database', ready: false, code: 'database_setup' })
    })
  })
})

describe('a request while the database is away', () => {
  it('is answered 503 with when to come back, before it is known who asks', async () => {
    const reader = route({
      method: 'get',
      path: '/v1/reader',
      summary: 'A test',
      tag: 'Test',
      access: { scope: 'read', role: 'viewer' },
      answers: { 200: { description: 'ok' } },
      handle: () => ({ status: 200 }),
    })
    const work = async (server: TestServer) => {
      for (const headers of [
        { authorization: `Bearer hf_${'a'.repeat(43)}` },
        { cookie: `holdfast_session=${'a'.repeat(43)}` },
      ]) {
        const answer = await server.fetch('/v1/reader', { headers: headers as Record<string, string> })
        expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
        expect(await answer.json()).toMatchObject({ code: 'database_unavailable', retryable: true })
      }
    }
    await withServer({}, { database: away() }, work, [reader])
  })
})

describe(`/metrics (${databaseKind})`, () => {
  let running: Started
  beforeAll(async () => {
    running = await start(database, null, {})
  })
  afterAll(() => running.stop())

  it('is in the text format of Prometheus, of the installation and of no company', async () => {
    const connection = await addConnection(database, tenant, { name: 'The secret file' })
    await ask(database, tenant, connection)
    running.queue.wake(tenant)
    const completed = async () => (await running.queue.counts()).queues.sync.completed
    await expect.poll(completed, { timeout: 30_000 }).toBeGreaterThan(0)
    const metrics = openMetrics()
    metrics.systemTransaction('a reason')
    await withServer({ metrics }, { queue: running.queue }, async (server) => {
      const key = await server.key(tenant, 'metrics')
      const headers = { authorization: `Bearer ${key}` }
      await server.fetch('/healthz')
      await server.fetch('/v1/nothing/at/all')
      const answer = await server.fetch('/metrics', { headers })
      expect([answer.status, answer.headers.get('content-type')]).toEqual([
        200,
        'text/plain; version=0.0.4; charset=utf-8',
      ])
      const text = await answer.text()
      const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
      for (const line of samples)
        expect(line).toMatch(
          /^[a-z_:][a-z0-9_:]*(\{([a-z_]+="[^"]*",?)*\})? (-?[\d.]+(e[+-]?\d+)?|NaN|[+-]?Inf)$/i,
        )
      expect(text).toContain(
        'holdfast_http_request_duration_seconds_count{method="GET",route="/healthz",status="200"} 1',
      )
      expect(text).toContain('route="(unknown)",status="404"} 1')
      expect(text).toContain('holdfast_system_transactions_total{why="a reason"} 1')
      expect(text).toMatch(/holdfast_queue_jobs\{queue="sync",state="completed"\} [1-9]/)
      expect(text).toContain('holdfast_steps_due 0')
      expect(text).toContain('process_resident_memory_bytes')
      for (const secret of [tenant, connection, 'Acme', 'The secret file', '/at/all'])
        expect(text).not.toContain(secret)
    })
  })

  it('leaves out a queue that cannot be reached, and says nothing stale of it', async () => {
    let there = true
    const counts = (): Promise<QueueCounts> =>
      there ? running.queue.counts() : Promise.reject(new HoldfastError('queue_unavailable', 'away'))
    await withServer({}, { queue: { wake: () => undefined, counts, queues: [] } }, async (server) => {
      const headers = { authorization: `Bearer ${await server.key(tenant, 'metrics')}` }
      const text = async () => (await server.fetch('/metrics', { headers })).text()
      expect(await text()).toContain('holdfast_queue_jobs{')
      there = false
      expect(await text()).not.toMatch(/^holdfast_queue_jobs\{/m)
    })
  })

  it('is closed without a key for it', async () => {
    await withServer({}, {}, async (server) => {
      expect((await server.fetch('/metrics')).status).toBe(401)
      const headers = { authorization: `Bearer ${await server.key(tenant, 'admin', 'read')}` }
      expect((await server.fetch('/metrics', { headers })).status).toBe(403)
    })
  })
})
