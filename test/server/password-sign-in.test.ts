import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { TenantId } from '../../src/contracts/ids.ts'
import { setLocalPassword } from '../../src/security/local-admin.ts'
import { apiRoutes } from '../../src/server/api/routes.ts'
import type { SessionAnswer } from '../../src/server/api/session.ts'
import { listAudit } from '../../src/store/audit.ts'
import type { Database } from '../../src/store/database.ts'
import { addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { asking, cookieOf } from './signing.ts'

const PASSWORD = 'four words nobody guesses'

let database: Database
let server: TestServer
let first: TenantId

beforeAll(async () => {
  database = await openTestDatabase()
  server = await startTestServer(database, apiRoutes, { trustProxy: 1 })
  first = await addTenant(database, 'First')
})
afterAll(async () => {
  await server.close()
  await database.close()
})
beforeEach(() => setLocalPassword(database, { password: PASSWORD, actor: 'cli' }))

let address = 0
const newAddress = () => `192.0.2.${++address}`

const signIn = (password: string, ip = newAddress()) =>
  server.fetch('/sign-in/password', {
    method: 'POST',
    headers: { 'x-forwarded-for': ip },
    body: new URLSearchParams({ password }),
  })

describe(`the local password (${databaseKind})`, () => {
  it('signs in as admin of the oldest company, who goes on in every other', async () => {
    const second = await addTenant(database, 'Second')
    const answer = await signIn(PASSWORD)
    expect(answer.status).toBe(303)
    const ask = asking(server, cookieOf(answer))
    const me = (await ask<SessionAnswer>('GET', '/v1/session')).body
    expect(me).toMatchObject({
      name: 'local admin',
      email: null,
      role: 'admin',
      installation: true,
      means: 'password',
      company: { id: first },
    })
    expect((await ask('POST', '/v1/session/company', { company: second })).status).toBe(200)
    const entries = await database.withTenant(first, (tx) => listAudit(tx))
    expect(entries.map(({ actor, action }) => `${actor} ${action}`)).toContain('user:local admin sign_in')
    expect(JSON.stringify(entries)).not.toContain(PASSWORD)
  })

  it('is offered where it is set, and refused in the same words whether it is wrong or not set', async () => {
    const page = async () => (await server.fetch('/sign-in')).text()
    expect(await page()).toContain('action="/sign-in/password"')
    const wrong = await signIn('not the one that was set')
    expect(wrong.status).toBe(401)
    expect(wrong.headers.getSetCookie()).toEqual([])
    const said = (await wrong.text()).match(/role="alert">.*?<span>[^<]+/)?.[0]
    expect(said).toContain('not the password')
    await setLocalPassword(database, { password: null, actor: 'cli' })
    expect(await page()).not.toContain('action="/sign-in/password"')
    const none = await signIn(PASSWORD)
    expect(none.status).toBe(401)
    expect((await none.text()).match(/role="alert">.*?<span>[^<]+/)?.[0]).toBe(said)
  })

  it('takes about as long to refuse where none is set', async () => {
    const took = async () => {
      const began = performance.now()
      await signIn('not the one that was set')
      return performance.now() - began
    }
    const measured = async () => Math.min(await took(), await took(), await took())
    const set = await measured()
    await setLocalPassword(database, { password: null, actor: 'cli' })
    const unset = await measured()
    // Without the work on a made-up one it would be hundreds of times quicker.
    expect(unset).toBeGreaterThan(set / 4)
  })

  it('is guessed ten times from an address, also all at once, and then no more for a while', async () => {
    const ip = newAddress()
    const many = await Promise.all(Array.from({ length: 8 }, () => signIn('a wrong password of length', ip)))
    expect(many.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 401))
    const more = await Promise.all(Array.from({ length: 5 }, () => signIn('a wrong password of length', ip)))
    expect(more.map(({ status }) => status).toSorted()).toEqual([401, 401, 429, 429, 429])
    const refused = await signIn(PASSWORD, ip)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([
      429,
      expect.stringMatching(/^\d+$/),
    ])
    expect((await signIn(PASSWORD)).status).toBe(303)
  })

  it('is looked at one after the other, with few that wait', async () => {
    const many = await Promise.all(Array.from({ length: 20 }, () => signIn('a wrong password of length')))
    const statuses = many.map(({ status }) => status)
    expect(statuses.filter((status) => status === 401)).toHaveLength(8)
    expect(statuses.filter((status) => status === 429)).toHaveLength(12)
  })

  it('ends the sessions of the one before, and no other', async () => {
    const cookie = cookieOf(await signIn(PASSWORD))
    const linked = await server.cookie(first, 'admin', true)
    await setLocalPassword(database, { password: 'another four words of length', actor: 'cli' })
    const fresh = await startTestServer(database, apiRoutes)
    const status = async (as: string) => (await asking(fresh, as)('GET', '/v1/session')).status
    expect([await status(cookie), await status(linked)]).toEqual([401, 200])
    await fresh.close()
    expect((await signIn(PASSWORD)).status).toBe(401)
  })

  it('is out of reach for a company’s own transactions, hash and all', async () => {
    await expect(
      database.withTenant(first, (tx) => tx.query('select password from local_admin')),
    ).rejects.toThrow(/permission denied|insufficient/i)
  })

  it('comes in our own form alone', async () => {
    const foreign = await server.fetch('/sign-in/password', {
      method: 'POST',
      headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      body: new URLSearchParams({ password: PASSWORD }),
    })
    expect(foreign.status).toBe(403)
    expect(server.log()).not.toContain(PASSWORD)
  })
})
