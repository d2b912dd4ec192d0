import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { asCustomer } from '../../../src/contracts/ids.ts'
import { apiRoutes } from '../../../src/server/api/routes.ts'
import { liveEvents } from '../../../src/server/api/events.ts'
import type { Database } from '../../../src/store/database.ts'
import { endRun, saveProgress, startRun } from '../../../src/store/runs.ts'
import { revokeSessionsOf } from '../../../src/store/sessions.ts'
import { saveSettings } from '../../../src/store/settings-versions.ts'
import { fillBook } from '../../support/book.ts'
import { addConnection, addTenant, databaseKind, openTestDatabase } from '../../support/database.ts'
import { addIntervention } from '../../support/ledger.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { listen, type Heard } from './listening.ts'

// What is measured is what is held, not what nobody has collected yet.
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

let database: Database
let server: TestServer
const heard: Heard[] = []
beforeAll(async () => {
  database = await openTestDatabase()
  server = await startTestServer(database, apiRoutes, { streams: { everyMs: 50, heartbeatMs: 400 } })
})
afterEach(async () => {
  for (const one of heard.splice(0)) one.close()
  await until(() => server.streams().listeners === 0)
})
afterAll(async () => {
  await server.close()
  await database.close()
})

async function until(holds: () => boolean): Promise<void> {
  for (let n = 0; n < 120 && !holds(); n++) await sleep(25)
  expect(holds()).toBe(true)
}

async function hear(
  cookie: string,
  more: Record<string, string> = {},
  of: TestServer = server,
): Promise<Heard> {
  const one = await listen(of, { cookie, ...more })
  heard.push(one)
  return one
}

async function company(name: string) {
  const tenant = await addTenant(database, name)
  const connection = await addConnection(database, tenant, { name: `File of ${name}` })
  return { tenant, connection, cookie: await server.cookie(tenant, 'viewer') }
}

describe(`the stream of events (${databaseKind})`, () => {
  it('says first how everything stands, and then each step of a run', async () => {
    const { tenant, connection, cookie } = await company('Nordlicht')
    const stream = await hear(cookie)
    expect(await stream.next()).toMatchObject({
      event: 'state',
      data: { runs: [], badges: { approvals: 0, uncertain: 0, connections: 0 }, missed: null },
    })
    const run = await database.withTenant(tenant, (tx) =>
      startRun(tx, { connection, step: 'score', cause: 'api' }),
    )
    expect(await stream.next('run')).toMatchObject({
      data: { id: run, step: 'score', status: 'running', done: 0, connectionName: 'File of Nordlicht' },
    })
    await database.withTenant(tenant, (tx) => saveProgress(tx, run, { done: 400, total: 1000 }))
    expect(await stream.next('run')).toMatchObject({ data: { id: run, done: 400, total: 1000 } })
    await database.withTenant(tenant, (tx) => endRun(tx, run, { status: 'done', counts: { scored: 1000 } }))
    const end = await stream.next('run')
    expect(end).toMatchObject({ data: { id: run, status: 'done', counts: { scored: 1000 } } })
    expect(liveEvents.run.parse(end!.data)).toEqual(end!.data)
  })

  it('counts what arrives, tells what waits for a person and what to ask for anew', async () => {
    const { tenant, connection, cookie } = await company('Südwind')
    const stream = await hear(cookie)
    const first = await stream.next('state')
    expect(liveEvents.state.parse(first!.data)).toEqual(first!.data)
    const book = await fillBook(database, tenant, connection, { count: 30, decided: 0.5 })
    expect(await stream.next('arrived')).toMatchObject({
      data: { scores: 30, decisions: 15, interventions: 0 },
    })
    const place = { tenant, connection, customer: asCustomer(book.first) }
    await addIntervention(database, place, { state: 'awaiting_approval' })
    expect(await stream.next('badges')).toMatchObject({ data: { approvals: 1, uncertain: 0 } })
    await database.withTenant(tenant, (tx) =>
      saveSettings(tx, { budget: 5 }, { expected: 0, author: 'a test' }),
    )
    expect(await stream.next('changed')).toMatchObject({ data: { topics: ['settings'] } })
    await database.withTenant(tenant, (tx) =>
      tx.query(`update connections set status = 'needs_reconnect' where tenant_id = $1`, [tenant]),
    )
    expect(await stream.next('changed')).toMatchObject({ data: { topics: ['connections'] } })
    expect(stream.events.filter(({ event }) => event === 'badges').at(-1)).toMatchObject({
      data: { connections: 1 },
    })
  })

  it('counts a row once, also where another transaction adds rows of lower numbers later', async () => {
    const { tenant, connection, cookie } = await company('Doppelt')
    const { first } = await fillBook(database, tenant, connection, { count: 1 })
    const stream = await hear(cookie)
    await stream.next('state')
    const add = (ids: readonly number[]) =>
      database.withTenant(tenant, (tx) =>
        tx.query(
          `insert into score_history (tenant_id, id, customer_id, scored_at, probability, level, model_hash)
           overriding system value select $1, n, $2, now(), 0.5, 'LOW', 'm' from unnest($3::bigint[]) n`,
          [tenant, first, ids],
        ),
      )
    const high = 9_000_000
    await add([high + 5, high + 6])
    expect(await stream.next('arrived')).toMatchObject({ data: { scores: 2 } })
    await add([high + 1, high + 2, high + 3])
    expect(await stream.next('arrived')).toMatchObject({ data: { scores: 3 } })
    // Long enough for all of them to leave what is looked back over.
    await sleep(600)
    await add([high + 7])
    expect(await stream.next('arrived')).toMatchObject({ data: { scores: 1 } })
  })

  it('tells who comes back what arrived meanwhile, and takes no strange Last-Event-ID for one of its own', async () => {
    const { tenant, connection, cookie } = await company('Wiederkehr')
    const before = await hear(cookie)
    const { id } = (await before.next('state'))!
    before.close()
    await fillBook(database, tenant, connection, { count: 7 })
    const again = await hear(cookie, { 'last-event-id': id! })
    expect(await again.next('state')).toMatchObject({ data: { missed: { scores: 7, decisions: 0 } } })
    for (const strange of ['1', '-1.0.0', '1.2.3; drop table runs', `${'9'.repeat(40)}.1.1`]) {
      const stream = await hear(cookie, { 'last-event-id': strange })
      expect(await stream.next('state')).toMatchObject({ data: { missed: null } })
    }
  })

  it('never shows one company what happens in another', async () => {
    const here = await company('Hier')
    const there = await company('Dort')
    const [mine, theirs] = [await hear(here.cookie), await hear(there.cookie)]
    await mine.next('state')
    await theirs.next('state')
    await fillBook(database, there.tenant, there.connection, { count: 5, decided: 1 })
    await database.withTenant(there.tenant, (tx) =>
      startRun(tx, { connection: there.connection, step: 'sync', cause: 'api' }),
    )
    await theirs.next('run')
    await sleep(300)
    expect(mine.events.map(({ event }) => event)).toEqual(['state'])
    // Nor by an id that the other company's stream gave out.
    const id = theirs.events.findLast((one) => one.id !== null)!.id!
    const asked = await hear(here.cookie, { 'last-event-id': id.replace(/\d+/g, '0') })
    expect(await asked.next('state')).toMatchObject({ data: { missed: { scores: 0, decisions: 0 } } })
  })

  it('ends within a second when its session is revoked, also by another process', async () => {
    const { tenant, cookie } = await company('Abschied')
    const stream = await hear(cookie)
    await stream.next('state')
    const began = performance.now()
    await database.withTenant(tenant, (tx) => revokeSessionsOf(tx, 'viewer', { idleMinutes: 120 }))
    expect(await stream.next('end')).toMatchObject({ data: { why: 'signed_out' } })
    await stream.ended
    expect(performance.now() - began).toBeLessThan(1000)
  })

  it('ends when somebody signs out, and when their role changes', async () => {
    const { tenant, cookie } = await company('Wandel')
    const stream = await hear(cookie)
    await stream.next('state')
    await server.fetch('/sign-out', { method: 'POST', headers: { cookie, 'sec-fetch-site': 'same-origin' } })
    expect(await stream.next('end')).toMatchObject({ data: { why: 'signed_out' } })
    const other = await hear(await server.cookie(tenant, 'operator'))
    await other.next('state')
    await database.withTenant(tenant, (tx) =>
      tx.query(`update sessions set role = 'viewer' where tenant_id = $1`, [tenant]),
    )
    expect(await other.next('end')).toMatchObject({ data: { why: 'access_changed' } })
  })

  it('is for people: a key is refused, and so is nobody', async () => {
    const { tenant } = await company('Schlüssel')
    const key = await server.key(tenant, 'read', 'admin')
    expect((await server.fetch('/v1/events')).status).toBe(401)
    expect((await server.fetch('/v1/events', { headers: { authorization: `Bearer ${key}` } })).status).toBe(
      403,
    )
  })

  it('gives a session six streams, and a seventh once one of them is closed', async () => {
    const { cookie } = await company('Viele Fenster')
    const open = await Promise.all(Array.from({ length: 6 }, () => hear(cookie)))
    const seventh = await hear(cookie)
    expect(seventh.status).toBe(429)
    open[0].close()
    await until(() => server.streams().listeners === 5)
    expect((await hear(cookie)).status).toBe(200)
  })

  it('sends a sign of life where nothing happens', async () => {
    const { cookie } = await company('Stille')
    const stream = await hear(cookie)
    await stream.next('state')
    await until(() => stream.beats() > 0)
  })
})

describe('what streams cost', () => {
  it('a hundred listeners of a company cost one look a time', async () => {
    const { tenant } = await company('Hundert')
    const looks = server.streams().looks
    const began = performance.now()
    const cookies = await Promise.all(Array.from({ length: 20 }, () => server.cookie(tenant, 'viewer')))
    const streams = await Promise.all(Array.from({ length: 100 }, (_, n) => hear(cookies[n % 20])))
    await Promise.all(streams.map((one) => one.next('state')))
    expect(streams.flatMap(({ events }) => events.filter(({ event }) => event === 'end'))).toEqual([])
    expect(server.streams().listeners).toBe(100)
    await sleep(300)
    const ticks = (performance.now() - began) / 50
    expect(server.streams().looks - looks).toBeLessThanOrEqual(Math.ceil(ticks) + 1)
  })

  it('nothing at all is looked at while nobody listens', async () => {
    await until(() => server.streams().listeners === 0)
    await sleep(150)
    const { looks } = server.streams()
    await sleep(400)
    expect(server.streams().looks).toBe(looks)
  })

  it('a client that reads nothing costs no memory, holds nobody up, and is let go', async () => {
    const other = await startTestServer(database, apiRoutes, {
      streams: { everyMs: 5, heartbeatMs: 5, stalledMs: 700 },
    })
    try {
      const { tenant, connection } = await company('Langsam')
      const cookie = await other.cookie(tenant, 'viewer')
      const socket = connect(other.port, '127.0.0.1')
      socket.pause()
      socket.write(`GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: ${cookie}\r\n\r\n`)
      await until(() => other.streams().listeners === 1)
      const quick = await hear(cookie, {}, other)
      await quick.next('state')
      const filler = 'x'.repeat(200_000)
      const used = () => {
        collect()
        return process.memoryUsage().external + process.memoryUsage().arrayBuffers
      }
      const before = used()
      for (let n = 0; other.streams().listeners === 2 && n < 400; n++) {
        const run = await database.withTenant(tenant, (tx) =>
          startRun(tx, { connection, step: 'sync', cause: 'api' }),
        )
        await database.withTenant(tenant, (tx) =>
          endRun(tx, run, { status: 'failed', error: { code: 'internal', message: `${n} ${filler}` } }),
        )
        await sleep(20)
      }
      expect(other.streams().listeners).toBe(1)
      expect(used() - before).toBeLessThan(64_000_000)
      expect(quick.events.filter(({ event }) => event === 'run').length).toBeGreaterThan(5)
      quick.close()
      socket.destroy()
    } finally {
      await other.close()
    }
  })

  it('ends all streams when the server does, without waiting for them', async () => {
    const other = await startTestServer(database, apiRoutes)
    const { tenant } = await company('Schluss')
    const stream = await hear(await other.cookie(tenant, 'viewer'), {}, other)
    await stream.next('state')
    const began = performance.now()
    await other.close()
    expect(await stream.next('end')).toMatchObject({ data: { why: 'closing' } })
    expect(performance.now() - began).toBeLessThan(2000)
  })
})
