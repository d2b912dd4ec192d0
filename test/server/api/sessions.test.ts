import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { TenantId } from '../../../src/contracts/ids.ts'
import { csrfOf } from '../../../src/security/csrf.ts'
import { apiRoutes } from '../../../src/server/api/routes.ts'
import { sessionAnswer, type SessionAnswer } from '../../../src/server/api/session.ts'
import { openSessionAnswer, type OpenSessionAnswer } from '../../../src/server/api/sessions.ts'
import { listAudit } from '../../../src/store/audit.ts'
import type { Database } from '../../../src/store/database.ts'
import { addTenant, databaseKind, openTestDatabase } from '../../support/database.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { asking, comesIn, cookieOf, openLink, owner, type Asking } from '../signing.ts'

const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0'

interface Listed {
  readonly items: readonly OpenSessionAnswer[]
  readonly next: string | null
}

let database: Database
let server: TestServer
let tenant: TenantId
let ask: Asking

beforeAll(async () => {
  database = await openTestDatabase()
  server = await startTestServer(database, apiRoutes)
})
afterAll(async () => {
  await server.close()
  await database.close()
})
beforeEach(async () => {
  tenant = await addTenant(database, 'Nordlicht')
  ask = asking(server, await owner(server, tenant))
})

const statusOf = async (cookie: string) => (await ask('GET', '/v1/session', undefined, cookie)).status
const sessionsOf = async (cookie: string, query = '') =>
  (await ask<Listed>('GET', `/v1/sessions${query}`, undefined, cookie)).body.items

describe(`sessions (${databaseKind})`, () => {
  it('are one’s own to see, with when, where and by which browser', async () => {
    const ann = await comesIn(server, ask, 'ann@example.com', 'viewer', 'Ann')
    const { link } = (await ask<{ link: string }>('POST', `/v1/people/${ann.id}/link`)).body
    const second = cookieOf(await openLink(server, link, FIREFOX))
    await comesIn(server, ask, 'bob@example.com', 'viewer')
    const listed = await sessionsOf(second)
    for (const one of listed) expect(openSessionAnswer.strict().parse(one)).toEqual(one)
    expect(
      listed.map(({ name, browser, address, current }) => ({ name, browser, address, current })),
    ).toEqual([
      { name: 'Ann', browser: 'Firefox on Windows', address: '127.0.0.1', current: true },
      { name: 'Ann', browser: null, address: '127.0.0.1', current: false },
    ])
    expect((await ask('GET', '/v1/sessions?of=everyone', undefined, second)).status).toBe(403)
    expect(JSON.stringify(listed)).not.toContain(second.split('=')[1])
  })

  it('of everyone are for admins to see and to end, page by page and as a file', async () => {
    for (const name of ['ann', 'bob', 'cleo'])
      await comesIn(server, ask, `${name}@example.com`, 'viewer', name)
    const first = (await ask<Listed>('GET', '/v1/sessions?of=everyone&limit=3')).body
    const rest = (await ask<Listed>('GET', `/v1/sessions?of=everyone&limit=3&cursor=${first.next}`)).body
    expect([...first.items, ...rest.items].map(({ name }) => name)).toEqual(['cleo', 'bob', 'ann', 'admin'])
    expect(rest.next).toBeNull()
    const file = (await ask('GET', '/v1/sessions?of=everyone&format=csv')).text
    expect(file.trim().split('\n')).toHaveLength(5)
  })

  it('end one by one: one’s own by anybody, another’s by admins alone', async () => {
    const ann = await comesIn(server, ask, 'ann@example.com', 'viewer')
    const bob = await comesIn(server, ask, 'bob@example.com', 'operator')
    const [anns] = await sessionsOf(ann.cookie)
    expect((await ask('DELETE', `/v1/sessions/${anns.id}`, undefined, bob.cookie)).status).toBe(404)
    expect(await statusOf(ann.cookie)).toBe(200)
    expect((await ask('DELETE', `/v1/sessions/${anns.id}`)).status).toBe(204)
    expect(await statusOf(ann.cookie)).toBe(401)
    expect((await ask('DELETE', `/v1/sessions/${anns.id}`)).status).toBe(404)
    const [bobs] = await sessionsOf(bob.cookie)
    const stranger = asking(server, await owner(server, await addTenant(database, 'Another')))
    expect((await stranger('DELETE', `/v1/sessions/${bobs.id}`)).status).toBe(404)
    expect((await ask('DELETE', `/v1/sessions/${bobs.id}`, undefined, bob.cookie)).status).toBe(204)
    expect(await statusOf(bob.cookie)).toBe(401)
    const [last] = await database.withTenant(tenant, (tx) => listAudit(tx))
    expect(last).toMatchObject({
      actor: 'user:bob@example.com',
      action: 'session.end',
      object: 'bob@example.com',
    })
  })

  it('end all but the one that asks', async () => {
    const ann = await comesIn(server, ask, 'ann@example.com', 'viewer')
    const bob = await comesIn(server, ask, 'bob@example.com', 'viewer')
    const { link } = (await ask<{ link: string }>('POST', `/v1/people/${ann.id}/link`)).body
    const second = cookieOf(await openLink(server, link))
    const third = cookieOf(
      await openLink(server, (await ask<{ link: string }>('POST', `/v1/people/${ann.id}/link`)).body.link),
    )
    // Two hours without a request: it was over before anybody ended it.
    const [{ id: idle }] = await sessionsOf(third)
    await database.withTenant(tenant, (tx) =>
      tx.query("update sessions set last_seen_at = now() - interval '3 hours' where id = $1", [idle]),
    )
    expect((await ask('DELETE', `/v1/sessions/${idle}`)).status).toBe(404)
    expect((await ask('DELETE', '/v1/sessions', undefined, second)).body).toEqual({ ended: 1 })
    expect([await statusOf(ann.cookie), await statusOf(second), await statusOf(bob.cookie)]).toEqual([
      401, 200, 200,
    ])
  })
})

describe(`the session that asks (${databaseKind})`, () => {
  it('says whose it is, what there is for it, and the token of its changes', async () => {
    const ann = await comesIn(server, ask, 'ann@example.com', 'operator', 'Ann')
    const { body } = await ask<SessionAnswer>('GET', '/v1/session', undefined, ann.cookie)
    expect(sessionAnswer.strict().parse(body)).toEqual(body)
    expect(body).toMatchObject({
      name: 'Ann',
      email: 'ann@example.com',
      role: 'operator',
      installation: false,
      means: 'link',
      company: { id: tenant, name: 'Nordlicht' },
      companies: [],
      csrf: csrfOf(ann.cookie.split('=')[1]),
      has: { inbox: false, texts: false, queues: false },
    })
    const hours = (Date.parse(body.expiresAt) - Date.now()) / 3_600_000
    expect(hours).toBeGreaterThan(11.9)
    expect(hours).toBeLessThan(12.1)
    const key = await server.key(tenant, 'read', 'admin')
    expect((await server.fetch('/v1/session', { headers: { authorization: `Bearer ${key}` } })).status).toBe(
      403,
    )
  })

  it('goes on in another company, where it holds the installation', async () => {
    const there = await addTenant(database, 'There')
    const before = (await ask<SessionAnswer>('GET', '/v1/session')).body
    expect(before.companies).toContainEqual({ id: there, name: 'There' })
    const moved = await ask<SessionAnswer>('POST', '/v1/session/company', { company: there })
    expect(moved.status).toBe(200)
    expect(moved.body).toMatchObject({ company: { id: there }, name: 'admin', installation: true })
    const cookie = moved.headers.getSetCookie()[0].split(';')[0]
    expect(moved.body.csrf).toBe(csrfOf(cookie.split('=')[1]))
    expect(await statusOf(cookie)).toBe(200)
    expect((await ask('GET', '/v1/session')).status).toBe(401)
  })

  it('goes nowhere else for people whose address only a link vouches for', async () => {
    const there = await addTenant(database, 'There')
    await comesIn(server, asking(server, await owner(server, there)), 'ceo@example.com', 'admin')
    // An admin here may write any address on an invitation, and open it.
    const here = await comesIn(server, ask, 'ceo@example.com', 'viewer')
    const { body } = await ask<SessionAnswer>('GET', '/v1/session', undefined, here.cookie)
    expect(body.companies).toEqual([])
    expect((await ask('POST', '/v1/session/company', { company: there }, here.cookie)).status).toBe(403)
    expect(await statusOf(here.cookie)).toBe(200)
  })

  it('ends', async () => {
    const ann = await comesIn(server, ask, 'ann@example.com', 'viewer')
    const out = await ask('DELETE', '/v1/session', undefined, ann.cookie)
    expect([out.status, out.headers.getSetCookie()[0]]).toEqual([
      204,
      expect.stringMatching(/^holdfast_session=; .*Max-Age=0/),
    ])
    expect(await statusOf(ann.cookie)).toBe(401)
  })
})

describe('a change by a session', () => {
  const change = (cookie: string, headers: Record<string, string>, body?: URLSearchParams) =>
    fetch(`${server.url}/v1/sessions`, {
      method: 'DELETE',
      headers: { cookie, 'sec-fetch-site': 'same-origin', ...headers },
      ...(body === undefined ? {} : { body }),
    })

  it('shows the token of this very session, in a header or in a form', async () => {
    const cookie = await owner(server, tenant)
    const other = await owner(server, tenant)
    const own = csrfOf(cookie.split('=')[1])
    expect((await change(cookie, { 'x-csrf-token': own })).status).toBe(200)
    expect((await change(cookie, {}, new URLSearchParams({ csrf: own }))).status).toBe(200)
    const stale = await owner(server, tenant)
    for (const headers of [
      {},
      { 'x-csrf-token': '' },
      { 'x-csrf-token': csrfOf(other.split('=')[1]) },
      { 'x-csrf-token': `${own}A` },
      { 'x-csrf-token': cookie.split('=')[1] },
    ] as Record<string, string>[]) {
      const refused = await change(cookie, headers)
      expect(refused.status, JSON.stringify(headers)).toBe(403)
      expect(((await refused.json()) as { detail: string }).detail).toContain('X-CSRF-Token')
    }
    expect((await change(cookie, {}, new URLSearchParams({ csrf: own.slice(1) }))).status).toBe(403)
    expect(await statusOf(stale)).toBe(200)
  })

  it('needs none where a key shows who asks', async () => {
    const key = await server.key(tenant, 'write')
    const answer = await fetch(`${server.url}/v1/interventions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: '{}',
    })
    expect(answer.status).toBe(400)
  })
})
