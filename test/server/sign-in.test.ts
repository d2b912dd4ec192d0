import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TenantId } from '../../src/contracts/ids.ts'
import { createSignInLink } from '../../src/security/sessions.ts'
import { route } from '../../src/server/route.ts'
import type { Database } from '../../src/store/database.ts'
import { addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let database: Database
let server: TestServer
let tenant: TenantId

const common = { summary: 'A test', tag: 'Test', answers: { 200: { description: 'ok' } } } as const
const routes = [
  route({
    ...common,
    method: 'get',
    path: '/v1/who',
    access: { scope: 'read', role: 'viewer' },
    handle: ({ caller, ip, origin }) => ({ status: 200, body: { actor: caller.actor, ip, origin } }),
  }),
  route({
    ...common,
    method: 'post',
    path: '/v1/change',
    access: { scope: 'write', role: 'viewer' },
    handle: () => ({ status: 200, body: 'changed' }),
  }),
]

beforeAll(async () => {
  database = await openTestDatabase()
  tenant = await addTenant(database)
  server = await startTestServer(database, routes)
})
afterAll(async () => {
  await server.close()
  await database.close()
})

const link = () =>
  database.withTenant(tenant, (tx) =>
    createSignInLink(tx, { subject: 'ann', role: 'operator', actor: 'a test' }),
  )
const signIn = (token: string, headers: Record<string, string> = {}, at: TestServer = server) =>
  at.fetch('/sign-in', { method: 'POST', body: new URLSearchParams({ token }), headers })
const who = async (cookie: string, at: TestServer = server) => {
  const answer = await at.fetch('/v1/who', { headers: { cookie } })
  return answer.status === 200 ? ((await answer.json()) as { actor: string }).actor : answer.status
}
const cookieOf = (answer: Response) => answer.headers.getSetCookie()[0].split(';')[0]

describe(`signing in on ${databaseKind}`, () => {
  it('is a page with a button, which opening does not use up', async () => {
    const token = await link()
    for (let n = 0; n < 3; n++) {
      const page = await server.fetch(`/sign-in?token=${token}`)
      expect([page.status, page.headers.getSetCookie()]).toEqual([200, []])
      expect(await page.text()).toContain(`value="${token}"`)
    }
    const answer = await signIn(token)
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/app'])
    expect(await who(cookieOf(answer))).toBe('user:ann')
  })

  it('shows a link that is no token as what it is, and never as markup', async () => {
    const page = await server.fetch(`/sign-in?token=${encodeURIComponent('"><script>alert(1)</script>')}`)
    expect(await page.text()).not.toContain('<script>alert')
  })

  it('works once, also when it is clicked twice at the same time', async () => {
    const token = await link()
    const answers = await Promise.all(Array.from({ length: 5 }, () => signIn(token)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([303, 401, 401, 401, 401])
    const late = await signIn(token)
    expect([late.status, late.headers.getSetCookie()]).toEqual([401, []])
    expect(await late.text()).toContain('it was used before, or is too old')
  })

  it('does not work with a link older than 15 minutes', async () => {
    const token = await link()
    await database.withTenant(tenant, (tx) =>
      tx.query("update sign_in_links set expires_at = now() - interval '1 second' where used_at is null"),
    )
    expect((await signIn(token)).status).toBe(401)
  })

  it('gives a cookie that scripts do not see, other sites do not send and https alone carries', async () => {
    const plain = (await signIn(await link())).headers.getSetCookie()
    expect(plain).toHaveLength(1)
    expect(plain[0]).toMatch(
      /^holdfast_session=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=43200$/,
    )
    const open = await startTestServer(database, routes, {}, { publicUrl: 'https://holdfast.example' })
    const answer = await signIn(await link(), { origin: 'https://holdfast.example' }, open)
    expect(answer.headers.getSetCookie()[0]).toMatch(
      /^__Host-holdfast_session=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=43200; Secure$/,
    )
    expect(answer.headers.get('strict-transport-security')).toBe('max-age=31536000')
    expect(await who(cookieOf(answer), open)).toBe('user:ann')
    await open.close()
  })

  it('believes over https no cookie that a neighbour of the same domain can plant', async () => {
    const at = await startTestServer(
      database,
      routes,
      { trustProxy: 1 },
      { publicUrl: 'https://holdfast.example' },
    )
    const planted = cookieOf(await signIn(await link()))
    const secure = `__Host-${cookieOf(await signIn(await link()))}`
    const asked = async (cookie: string, path = '/v1/who', method = 'GET') =>
      (
        await at.fetch(path, {
          method,
          headers: {
            cookie,
            'x-forwarded-proto': 'https',
            'x-forwarded-host': 'holdfast.example',
            ...(method === 'GET' ? {} : { origin: 'https://holdfast.example' }),
          },
        })
      ).status
    expect([await asked(planted), await asked(secure)]).toEqual([401, 200])
    const change = (cookie: string) => asked(cookie, '/v1/change', 'POST')
    expect([await change(planted), await change(`${secure}; ${planted}`)]).toEqual([401, 200])
    await at.close()
  })

  it('ends by signing out, and the cookie goes with it', async () => {
    const cookie = cookieOf(await signIn(await link()))
    const out = await server.fetch('/sign-out', { method: 'POST', headers: { cookie, origin: server.url } })
    expect([out.status, out.headers.get('location')]).toEqual([303, '/sign-in'])
    expect(out.headers.getSetCookie()[0]).toMatch(/^holdfast_session=; .*Max-Age=0$/)
    expect(await who(cookie)).toBe(401)
  })

  it('is closed for a while to an address that tried ten wrong links, and to no other', async () => {
    const behind = await startTestServer(database, routes, { trustProxy: 1 })
    const from = (ip: string, token: string) => signIn(token, { 'x-forwarded-for': ip }, behind)
    for (let n = 0; n < 10; n++) expect((await from('192.0.2.1', `${n}`)).status).toBe(401)
    const good = await link()
    const refused = await from('192.0.2.1', good)
    expect(refused.status).toBe(429)
    // On the page of the ways there are, rather than on a dead end.
    expect(await refused.text()).toMatch(/<h1>Sign in<\/h1>[^]*role="alert"/)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(60)
    expect((await from('192.0.2.2', good)).status).toBe(303)
    await behind.close()
  })

  it('leaves no link and no session in the log', async () => {
    const token = await link()
    await server.fetch(`/sign-in?token=${token}`)
    const answer = await signIn(token, { 'x-request-id': 'signed-in-here' })
    const cookie = cookieOf(answer)
    await who(cookie)
    await expect.poll(() => server.log()).toContain('signed-in-here')
    expect(server.log()).not.toContain(token)
    expect(server.log()).not.toContain(cookie.split('=')[1])
  })
})

describe('whoever is not signed in', () => {
  it('is told how to be, by what the door opens to', async () => {
    const program = await server.fetch('/v1/who')
    expect(((await program.json()) as { detail: string }).detail).toMatch(/Bearer hf_….*holdfast sign-in/)
    const person = await server.fetch('/sign-out', { method: 'POST', headers: { origin: server.url } })
    const page = await person.text()
    expect([person.status, person.headers.get('content-type')]).toEqual([401, 'text/html; charset=utf-8'])
    expect(page).toContain('<h1>Sign in first</h1>')
    expect(page).toContain('holdfast sign-in')
    expect(page).not.toContain('Bearer')
  })
})

describe('a change by a person who is signed in', () => {
  it('is taken from our own pages alone', async () => {
    const cookie = cookieOf(await signIn(await link()))
    const change = async (headers: Record<string, string>) =>
      (await server.fetch('/v1/change', { method: 'POST', headers })).status
    const own = { cookie, origin: server.url, 'sec-fetch-site': 'same-origin' }
    expect(await change(own)).toBe(200)
    expect(await change({ cookie, origin: server.url })).toBe(200)
    expect(await change({ cookie, 'sec-fetch-site': 'same-origin' })).toBe(200)
    for (const foreign of [
      { cookie },
      { cookie, origin: 'https://evil.example' },
      { cookie, origin: 'null' },
      { cookie, origin: server.url.replace('http:', 'https:') },
      { cookie, origin: `http://127.0.0.1:${server.port + 1}` },
      { ...own, 'sec-fetch-site': 'same-site' },
      { ...own, 'sec-fetch-site': 'cross-site' },
      { ...own, 'sec-fetch-site': 'none' },
    ])
      expect(await change(foreign), JSON.stringify(foreign)).toBe(403)
    // Reading is no change, and a key is no cookie that a browser adds by itself.
    expect(await who(cookie)).toBe('user:ann')
    const key = await server.key(tenant, 'write')
    expect(await change({ authorization: `Bearer ${key}`, 'sec-fetch-site': 'cross-site' })).toBe(200)
  })

  it('is not begun by another site that signs its victim in or out', async () => {
    const token = await link()
    const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    expect((await signIn(token, foreign)).status).toBe(403)
    const cookie = cookieOf(await signIn(token))
    expect(
      (await server.fetch('/sign-out', { method: 'POST', headers: { cookie, ...foreign } })).status,
    ).toBe(403)
    expect(await who(cookie)).toBe('user:ann')
  })

  it('gives no other site a permission to read', async () => {
    const answer = await server.fetch('/v1/change', {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    })
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    expect(answer.headers.get('cross-origin-resource-policy')).toBe('same-origin')
  })
})

describe('what a proxy tells', () => {
  const forwarded = {
    'x-forwarded-for': '203.0.113.9',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'holdfast.example',
  }
  const seen = async (at: TestServer, headers: Record<string, string>) => {
    const authorization = `Bearer ${await at.key(tenant, 'read')}`
    const answer = await at.fetch('/v1/who', { headers: { authorization, ...headers } })
    return (await answer.json()) as { ip: string; origin: string }
  }

  it('is believed of nobody unless TRUST_PROXY names them', async () => {
    expect(await seen(server, forwarded)).toMatchObject({ ip: '127.0.0.1', origin: server.url })
    const other = await startTestServer(database, routes, { trustProxy: '192.0.2.0/24' })
    expect(await seen(other, forwarded)).toMatchObject({ ip: '127.0.0.1', origin: other.url })
    await other.close()
    for (const trustProxy of [1, 'loopback', '10.0.0.0/8, 127.0.0.1']) {
      const behind = await startTestServer(database, routes, { trustProxy })
      expect(await seen(behind, forwarded)).toMatchObject({
        ip: '203.0.113.9',
        origin: 'https://holdfast.example',
      })
      await behind.close()
    }
  })

  it('cannot be used to pass for another address than the last one outside', async () => {
    const behind = await startTestServer(database, routes, { trustProxy: 1 })
    const told = { ...forwarded, 'x-forwarded-for': '198.51.100.1, 203.0.113.9' }
    expect(await seen(behind, told)).toMatchObject({ ip: '203.0.113.9' })
    await behind.close()
  })

  it('is not needed where PUBLIC_URL says what the browser sees', async () => {
    const publicUrl = 'https://holdfast.example'
    const behind = await startTestServer(database, routes, {}, { publicUrl })
    const own = { origin: publicUrl, 'sec-fetch-site': 'same-origin' }
    const cookie = cookieOf(await signIn(await link(), own, behind))
    const change = (headers: Record<string, string>) =>
      behind.fetch('/v1/change', { method: 'POST', headers: { cookie, ...headers } })
    expect((await change(own)).status).toBe(200)
    expect((await change({ origin: 'https://holdfast.example.evil.example' })).status).toBe(403)
    await behind.close()
  })

  it('names no network and stops the start', async () => {
    await expect(startTestServer(database, routes, { trustProxy: 'true' })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('TRUST_PROXY') as string,
    })
  })
})

describe('guessing API keys', () => {
  it('is stopped for the address that guesses; keys that are known go on, and a minute later so does it', async () => {
    const behind = await startTestServer(database, routes, { trustProxy: 1 })
    const key = await behind.key(tenant, 'read')
    const fresh = await behind.key(tenant, 'read')
    const from = (ip: string, shown: string) =>
      behind.fetch('/v1/who', { headers: { authorization: `Bearer ${shown}`, 'x-forwarded-for': ip } })
    expect((await from('192.0.2.7', key)).status).toBe(200)
    for (let n = 0; n < 60; n++)
      expect((await from('192.0.2.7', `hf_${String(n).padStart(43, '0')}`)).status).toBe(401)
    const refused = await from('192.0.2.7', `hf_${'z'.repeat(43)}`)
    expect(refused.status).toBe(429)
    const seconds = Number(refused.headers.get('retry-after'))
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThanOrEqual(60)
    expect(await refused.json()).toMatchObject({ code: 'too_many_requests', retryable: true })
    expect((await from('192.0.2.7', key)).status).toBe(200)
    expect((await from('192.0.2.8', fresh)).status).toBe(200)
    await behind.close()
  })
})
