import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TenantId } from '../../src/contracts/ids.ts'
import { pageRoutes } from '../../src/server/pages/routes.ts'
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
  server = await startTestServer(database, pageRoutes())
  here = await addTenant(database, 'Here & Co')
  there = await addTenant(database, 'There')
  for (const tenant of [here, there]) await database.withTenant(tenant, (tx) => activateTenant(tx, tenant))
})
afterAll(async () => {
  await server.close()
  await database.close()
})

const open = async (cookie: string) => {
  const answer = await server.fetch('/', { headers: { cookie } })
  return { status: answer.status, text: await answer.text() }
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
    const page = await open(cookie)
    expect(page.text).toContain('Here &amp; Co<')
    expect(page.text).toContain(`name="company" value="${there}"`)
    const moved = await post('/company', cookie, { company: there })
    expect([moved.status, moved.headers.get('location')]).toEqual([303, '/'])
    const next = cookieOf(moved)
    expect((await open(next)).text).toMatch(/<summary>\s*There</)
    expect((await open(cookie)).status).toBe(401)
    expect((await post('/activate', next, { confirm: 'yes' })).status).toBe(403)
    const actions = async (tenant: TenantId) =>
      (await database.withTenant(tenant, (tx) => listAudit(tx))).map(({ action }) => action)
    expect(await actions(here)).toContain('session.leave')
    expect(await actions(there)).toContain('session.enter')
  })

  it('is neither shown nor open to anybody else', async () => {
    const cookie = await server.cookie(here, 'admin')
    expect((await open(cookie)).text).not.toContain(there)
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

  it('is not paused from a page of the one before', async () => {
    const cookie = await server.cookie(here, 'admin', true)
    const next = cookieOf(await post('/company', cookie, { company: there }))
    const stale = await post('/pause', next, { company: here, reason: 'stale' })
    expect(stale.status).toBe(409)
    expect(await stale.text()).toContain('of another company')
    for (const tenant of [here, there])
      expect((await database.withTenant(tenant, (tx) => readTenant(tx, tenant))).status).toBe('active')
    expect((await post('/pause', next, { company: there, reason: 'meant' })).status).toBe(303)
    expect((await database.withTenant(there, (tx) => readTenant(tx, there))).status).toBe('paused')
  })
})
