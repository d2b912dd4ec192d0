import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TenantId } from '../../src/contracts/ids.ts'
import { apiRoutes } from '../../src/server/api/routes.ts'
import type { SessionAnswer } from '../../src/server/api/session.ts'
import { listAudit } from '../../src/store/audit.ts'
import type { Database } from '../../src/store/database.ts'
import { activateTenant, readTenant } from '../../src/store/tenants.ts'
import { addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let database: Database
let server: TestServer
let here: TenantId
let there: TenantId

beforeAll(async () => {
  database = await openTestDatabase()
  server = await startTestServer(database, apiRoutes)
  here = await addTenant(database, 'Here & Co')
  there = await addTenant(database, 'There')
  for (const tenant of [here, there]) await database.withTenant(tenant, (tx) => activateTenant(tx, tenant))
})
afterAll(async () => {
  await server.close()
  await database.close()
})

const open = async (cookie: string) => {
  const answer = await server.fetch('/v1/session', { headers: { cookie } })
  return { status: answer.status, session: (await answer.json()) as SessionAnswer }
}
const post = (path: string, cookie: string, fields: Record<string, string>) =>
  server.fetch(path, {
    method: 'POST',
    headers: { cookie, origin: server.url },
    body: new URLSearchParams(fields),
    redirect: 'manual',
  })
const cookieOf = (answer: Response) => answer.headers.getSetCookie()[0].split(';')[0]

describe(`another company (${databaseKind})`, () => {
  it('is a button away for who holds the installation, with the role that they have', async () => {
    const cookie = await server.cookie(here, 'operator', true)
    const { session } = await open(cookie)
    expect(session.company.name).toBe('Here & Co')
    expect(session.companies).toEqual([{ id: there, name: 'There' }])
    const moved = await post('/company', cookie, { company: there })
    expect([moved.status, moved.headers.get('location')]).toEqual([303, '/app'])
    const next = cookieOf(moved)
    expect((await open(next)).session).toMatchObject({ company: { name: 'There' }, role: 'operator' })
    expect((await open(cookie)).status).toBe(401)
    const activation = await server.fetch('/v1/activation', {
      method: 'POST',
      headers: { cookie: next, origin: server.url, 'content-type': 'application/json' },
      body: JSON.stringify({ confirm: true }),
    })
    expect(activation.status).toBe(403)
    const actions = async (tenant: TenantId) =>
      (await database.withTenant(tenant, (tx) => listAudit(tx))).map(({ action }) => action)
    expect(await actions(here)).toContain('session.leave')
    expect(await actions(there)).toContain('session.enter')
  })

  it('is neither shown nor open to anybody else', async () => {
    const cookie = await server.cookie(here, 'admin')
    expect((await open(cookie)).session.companies).toEqual([])
    const refused = await post('/company', cookie, { company: there })
    expect([refused.status, refused.headers.getSetCookie()]).toEqual([403, []])
    expect((await post('/company', 'holdfast_session=x', { company: there })).status).toBe(401)
    expect((await open(cookie)).status).toBe(200)
  })

  it('has to be there', async () => {
    const cookie = await server.cookie(here, 'admin', true)
    expect((await post('/company', cookie, { company: randomUUID() })).status).toBe(404)
    expect((await open(cookie)).status).toBe(200)
  })

  it('is gone on in once, of two tries at the same moment', async () => {
    const cookie = await server.cookie(here, 'admin', true)
    const live = async () =>
      (
        await database.withTenant(there, (tx) =>
          tx.query('select 1 as one from sessions where tenant_id = $1 and revoked_at is null', [there]),
        )
      ).length
    const before = await live()
    const both = await Promise.all([1, 2].map(() => post('/company', cookie, { company: there })))
    expect(both.map(({ status }) => status).toSorted()).toEqual([303, 401])
    expect((await live()) - before).toBe(1)
  })

  it('lasts no longer than the session that was switched', async () => {
    const cookie = await server.cookie(here, 'admin', true)
    await database.withTenant(here, (tx) =>
      tx.query("update sessions set expires_at = now() + interval '5 minutes' where tenant_id = $1", [here]),
    )
    const next = cookieOf(await post('/company', cookie, { company: there }))
    expect((await open(next)).status).toBe(200)
    const [{ soon }] = await database.withTenant(there, (tx) =>
      tx.query<{ soon: boolean }>(
        `select expires_at < now() + interval '6 minutes' as soon from sessions
         where tenant_id = $1 and revoked_at is null order by expires_at limit 1`,
        [there],
      ),
    )
    expect(soon).toBe(true)
  })

  it('is not paused from a page of the one before, whose proof was of that session', async () => {
    const cookie = await server.cookie(here, 'admin', true)
    const { csrf: stale } = (await open(cookie)).session
    const next = cookieOf(await post('/company', cookie, { company: there }))
    const pause = (csrf: string): Promise<Response> =>
      fetch(`${server.url}/v1/pause`, {
        method: 'POST',
        headers: {
          cookie: next,
          origin: server.url,
          'content-type': 'application/json',
          'x-csrf-token': csrf,
        },
        body: JSON.stringify({ reason: 'meant' }),
      })
    expect((await pause(stale)).status).toBe(403)
    for (const tenant of [here, there])
      expect((await database.withTenant(tenant, (tx) => readTenant(tx, tenant))).status).toBe('active')
    expect((await pause((await open(next)).session.csrf)).status).toBeLessThan(300)
    expect((await database.withTenant(there, (tx) => readTenant(tx, there))).status).toBe('paused')
  })
})
