import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readSignInService, type SignInServiceConfig } from '../../src/config-sign-in.ts'
import type { TenantId } from '../../src/contracts/ids.ts'
import { openSignInService } from '../../src/security/sign-in-service.ts'
import { apiRoutes } from '../../src/server/api/routes.ts'
import type { SessionAnswer } from '../../src/server/api/session.ts'
import { listAudit } from '../../src/store/audit.ts'
import type { Database } from '../../src/store/database.ts'
import { addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { startOpenIdProvider, type OpenIdProvider } from '../support/openid-provider.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { asking, invite, owner, type Asking } from './signing.ts'

const CALLBACK = '/sign-in/service/callback'

let database: Database
let provider: OpenIdProvider
let server: TestServer
let tenant: TenantId
let ask: Asking
const others: TestServer[] = []

const configOf = (more: Readonly<Record<string, string>> = {}): SignInServiceConfig =>
  readSignInService({
    OIDC_ISSUER: provider.issuer,
    OIDC_CLIENT_ID: provider.clientId,
    OIDC_CLIENT_SECRET: provider.clientSecret,
    OIDC_NAME: 'Nordlicht ID',
    ...more,
  })!

async function start(config: SignInServiceConfig): Promise<TestServer> {
  const started = await startTestServer(database, apiRoutes, {}, { signIn: openSignInService(config) })
  provider.allow(started.url + CALLBACK)
  others.push(started)
  return started
}

beforeAll(async () => {
  database = await openTestDatabase()
  provider = await startOpenIdProvider()
  server = await start(configOf())
})
afterAll(async () => {
  for (const one of others) await one.close()
  await provider.close()
  await database.close()
})
beforeEach(async () => {
  tenant = await addTenant(database, 'Nordlicht')
  ask = asking(server, await owner(server, tenant))
})

let counter = 0
/** A new account at the provider, with an address of its own. */
function account(more: object = {}): { readonly id: string; readonly email: string } {
  const id = `account-${++counter}`
  const email = `person-${counter}@nordlicht.example`
  provider.people[id] = { email, email_verified: true, name: `Person ${counter}`, ...more }
  return { id, email }
}

interface Begun {
  /** The provider's address. */
  readonly url: URL
  /** The browser's cookie. */
  readonly attempt: string
}

async function begin(at = server): Promise<Begun> {
  const answer = await at.fetch('/sign-in/service')
  expect(answer.status).toBe(303)
  return {
    url: new URL(answer.headers.get('location')!),
    attempt: answer.headers.getSetCookie()[0].split(';')[0],
  }
}

const come = (back: string, cookie: string | null, at = server): Promise<Response> =>
  at.fetch(back.slice(at.url.length), { headers: cookie === null ? {} : { cookie } })

/** The whole way, as a browser goes it. */
async function signIn(id: string, at = server): Promise<Response> {
  const { url, attempt } = await begin(at)
  return come(await provider.visit(url.href, id), attempt, at)
}

const sessionOf = (answer: Response): string | undefined =>
  answer.headers
    .getSetCookie()
    .find((cookie) => cookie.startsWith('holdfast_session='))
    ?.split(';')[0]

async function refusal(answer: Response): Promise<string> {
  expect(sessionOf(answer)).toBeUndefined()
  const text = await answer.text()
  return `${answer.status} ${/role="alert">.*?<span>([^<]*)</.exec(text)?.[1] ?? text}`
}

const me = async (answer: Response, at = server): Promise<SessionAnswer> =>
  (await asking(at, sessionOf(answer)!)<SessionAnswer>('GET', '/v1/session')).body

describe(`signing in at an OpenID provider (${databaseKind})`, () => {
  it('is offered where it is set up', async () => {
    const page = await (await server.fetch('/sign-in')).text()
    expect(page).toContain('Sign in with Nordlicht ID')
    const plain = await startTestServer(database, apiRoutes)
    expect(await (await plain.fetch('/sign-in')).text()).not.toContain('/sign-in/service')
    expect((await plain.fetch('/sign-in/service')).status).toBe(404)
    expect((await plain.fetch(`${CALLBACK}?code=x&state=y`)).status).toBe(404)
    await plain.close()
  })

  it('asks with code, PKCE, state and nonce, new ones each time, and keeps them in no page', async () => {
    const [one, two] = [await begin(), await begin()]
    const asked = Object.fromEntries(one.url.searchParams)
    expect(asked).toMatchObject({
      response_type: 'code',
      client_id: 'holdfast',
      redirect_uri: server.url + CALLBACK,
      scope: 'openid email profile',
      code_challenge_method: 'S256',
    })
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(asked[name]).toMatch(/^[\w-]{43}$/)
      expect(two.url.searchParams.get(name)).not.toBe(asked[name])
      expect(one.attempt).not.toContain(asked[name])
    }
    expect(new Set(['state', 'nonce', 'code_challenge'].map((name) => asked[name])).size).toBe(3)
  })

  it('lets in who was invited by the address that the provider has verified', async () => {
    const ann = account({ name: 'Ann at the provider' })
    await invite(ask, ann.email.toUpperCase(), 'operator', 'Ann')
    const answer = await signIn(ann.id)
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/app'])
    expect(await me(answer)).toMatchObject({
      name: 'Ann',
      email: ann.email,
      role: 'operator',
      means: 'service',
      installation: false,
      company: { id: tenant },
    })
    expect(answer.headers.getSetCookie()).toContainEqual(
      expect.stringMatching(/^holdfast_attempt=; .*Max-Age=0/),
    )
    const [last] = await database.withTenant(tenant, (tx) => listAudit(tx))
    expect(last).toMatchObject({
      actor: `user:${ann.email}`,
      action: 'sign_in',
      detail: { means: 'service', role: 'operator' },
    })
    expect((await me(await signIn(ann.id))).role).toBe('operator')
  })

  it('goes on with the page of ours that was asked for, and with no other', async () => {
    const ann = account()
    await invite(ask, ann.email, 'viewer')
    for (const [next, location] of [
      ['/app/customers/501?tab=why', '/app/customers/501?tab=why'],
      ['//evil.example/app', '/app'],
      ['https://evil.example/app', '/app'],
      ['/app\\@evil.example', '/app'],
      ['/sign-out', '/app'],
    ]) {
      const page = await server.fetch(`/sign-in?next=${encodeURIComponent(next)}`)
      const [kept] = page.headers.getSetCookie()
      const { url, attempt } = await begin()
      const back = await provider.visit(url.href, ann.id)
      const forged = `holdfast_next=${encodeURIComponent(next)}`
      const answer = await come(back, `${attempt}; ${kept?.split(';')[0] ?? forged}`)
      expect(answer.headers.get('location'), next).toBe(location)
    }
  })

  it('refuses who was not invited, was removed, or has no verified address', async () => {
    const stranger = account()
    expect(await refusal(await signIn(stranger.id))).toMatch(
      /^403 .*is not among the people of a company here/,
    )
    const gone = account()
    const { id } = await invite(ask, gone.email, 'admin')
    expect((await signIn(gone.id)).status).toBe(303)
    await database.withTenant(tenant, (tx) =>
      tx.query('update people set disabled_at = now() where id = $1', [id]),
    )
    expect(await refusal(await signIn(gone.id))).toMatch(/^403 .*is not among the people/)
    for (const email_verified of [false, undefined, 'no']) {
      const unverified = account({ email_verified })
      await invite(ask, unverified.email, 'admin')
      expect(await refusal(await signIn(unverified.id)), String(email_verified)).toMatch(
        /^403 .*has verified/,
      )
    }
    const nameless = account({ email: undefined })
    expect(await refusal(await signIn(nameless.id))).toMatch(/^403 .*has verified/)
  })

  it('refuses another account that has the address now', async () => {
    const ann = account()
    const { id } = await invite(ask, ann.email, 'admin')
    expect((await signIn(ann.id)).status).toBe(303)
    const heir = account({ email: ann.email })
    expect(await refusal(await signIn(heir.id))).toMatch(/^403 .*belongs to another account/)
    expect((await signIn(ann.id)).status).toBe(303)
    // Removed and invited anew, it is whoever signs in first.
    await invite(ask, 'boss@nordlicht.example', 'admin')
    await database.withTenant(tenant, (tx) =>
      tx.query("update people set last_sign_in_at = now() where name like 'boss%'"),
    )
    expect((await ask('DELETE', `/v1/people/${id}`)).status).toBe(204)
    await invite(ask, ann.email, 'viewer')
    expect((await me(await signIn(heir.id))).role).toBe('viewer')
    expect(await refusal(await signIn(ann.id))).toMatch(/^403 .*belongs to another account/)
  })

  it('takes addresses of the domains alone that are set', async () => {
    const strict = await start(configOf({ OIDC_DOMAINS: 'nordlicht.example, @sued.example' }))
    const inside = account()
    const outside = account({ email: 'ann@nordlicht.example.evil.example' })
    for (const { email } of [inside, { email: 'ann@nordlicht.example.evil.example' }])
      await invite(ask, email, 'viewer')
    expect((await signIn(inside.id, strict)).status).toBe(303)
    expect(await refusal(await signIn(outside.id, strict))).toMatch(
      /^403 .*nordlicht\.example or sued\.example/,
    )
  })

  it('lets people of two companies go on in the other, while they are there', async () => {
    const ann = account()
    const there = await addTenant(database, 'South')
    const askThere = asking(server, await owner(server, there))
    await invite(ask, ann.email, 'admin')
    const { id } = await invite(askThere, ann.email, 'viewer')
    const third = await addTenant(database, 'Third')
    const answer = await signIn(ann.id)
    const here = await me(answer)
    const asAnn = asking(server, sessionOf(answer)!)
    const [from, to] = here.company.id === tenant ? [tenant, there] : [there, tenant]
    expect(here.companies.map((company) => company.id)).toEqual([to])
    expect((await asAnn('POST', '/v1/session/company', { company: third })).status).toBe(404)
    const moved = await asAnn<SessionAnswer>('POST', '/v1/session/company', { company: to })
    expect(moved.body).toMatchObject({
      company: { id: to },
      role: to === there ? 'viewer' : 'admin',
      installation: false,
    })
    // Whoever goes on there has signed in there: as an admin they count among those who are left.
    const [{ signedIn }] = await database.withTenant(to, (tx) =>
      tx.query<{ signedIn: boolean }>(
        'select last_sign_in_at is not null as "signedIn" from people where email = $1',
        [ann.email],
      ),
    )
    expect(signedIn).toBe(true)
    const next = asking(server, sessionOf(new Response(null, { headers: moved.headers }))!)
    await database.withTenant(there, (tx) =>
      tx.query('update people set disabled_at = now() where id = $1', [id]),
    )
    const back = await next<SessionAnswer>('GET', '/v1/session')
    if (to === tenant) expect(back.body.companies).toEqual([])
    expect(from).not.toBe(to)
  })
})

describe('an answer of the provider', () => {
  let ann: { readonly id: string; readonly email: string }
  beforeEach(async () => {
    ann = account()
    await invite(ask, ann.email, 'admin')
  })
  const NOT_OURS = /^401 .*not the answer to a sign-in that this browser began/

  it('is of use to the browser that began, and to no other', async () => {
    const { url, attempt } = await begin()
    const back = await provider.visit(url.href, ann.id)
    const other = await begin()
    for (const cookie of [null, 'holdfast_attempt=', 'holdfast_attempt=x', other.attempt])
      expect(await refusal(await come(back, cookie)), String(cookie)).toMatch(NOT_OURS)
    expect((await come(back, attempt)).status).toBe(303)
  })

  it('is of use once', async () => {
    const { url, attempt } = await begin()
    const back = await provider.visit(url.href, ann.id)
    const first = await come(back, attempt)
    expect(first.status).toBe(303)
    expect(await refusal(await come(back, attempt))).toMatch(NOT_OURS)
  })

  it('with another state, another code, another issuer or none is refused', async () => {
    const { url, attempt } = await begin()
    const back = await provider.visit(url.href, ann.id)
    const another = await begin()
    const stolen = new URL(await provider.visit(another.url.href, ann.id)).searchParams.get('code')!
    const changed = (change: (query: URLSearchParams) => void): string => {
      const url = new URL(back)
      change(url.searchParams)
      return url.href
    }
    for (const wrong of [
      changed((query) => query.set('state', another.url.searchParams.get('state')!)),
      changed((query) => query.delete('state')),
      changed((query) => query.append('state', 'x')),
      changed((query) => query.set('iss', 'https://evil.example')),
      changed((query) => query.delete('iss')),
      changed((query) => query.set('code', `${query.get('code')}x`)),
      changed((query) => query.delete('code')),
      // PKCE: a code that another attempt was given.
      changed((query) => query.set('code', stolen)),
    ])
      expect(await refusal(await come(wrong, attempt)), wrong).toMatch(/^401 /)
  })

  it('with the nonce of another attempt is refused', async () => {
    const { url, attempt } = await begin()
    url.searchParams.set('nonce', (await begin()).url.searchParams.get('nonce')!)
    expect(await refusal(await come(await provider.visit(url.href, ann.id), attempt))).toMatch(NOT_OURS)
  })

  it('that says no is told as a no, and its words are not repeated', async () => {
    const { url, attempt } = await begin()
    const back = new URL(server.url + CALLBACK)
    back.search = String(
      new URLSearchParams({
        error: 'access_denied',
        error_description: '<b>call +1 555 0100</b>',
        state: url.searchParams.get('state')!,
        iss: provider.issuer,
      }),
    )
    const said = await refusal(await come(back.href, attempt))
    expect(said).toMatch(/^401 Nordlicht ID did not sign you in/)
    expect(said).not.toContain('555')
  })

  it('leaves no code, token or address in the log', async () => {
    const { url, attempt } = await begin()
    const back = await provider.visit(url.href, ann.id)
    await come(back, attempt)
    await signIn(account({ email: 'canary@nordlicht.example' }).id)
    const code = new URL(back).searchParams.get('code')!
    for (const secret of [code, attempt.split('=')[1], 'canary@nordlicht.example', provider.clientSecret])
      expect(server.log()).not.toContain(secret)
  })

  it('counts against the address that sends wrong ones', async () => {
    const behind = await startTestServer(
      database,
      apiRoutes,
      { trustProxy: 1 },
      { signIn: openSignInService(configOf()) },
    )
    const from = (ip: string) =>
      behind.fetch(`${CALLBACK}?code=x&state=y`, { headers: { 'x-forwarded-for': ip } })
    for (let n = 0; n < 30; n++) expect((await from('192.0.2.1')).status).toBe(401)
    expect((await from('192.0.2.1')).status).toBe(429)
    expect((await from('192.0.2.2')).status).toBe(401)
    await behind.close()
  })
})

describe('groups of the provider', () => {
  const groups = 'admin=retention-admins; operator=success; viewer=sales'
  let strict: TestServer
  beforeEach(async () => {
    strict = await start(
      configOf({
        OIDC_SCOPE: 'openid email profile groups',
        OIDC_GROUPS: groups,
        OIDC_COMPANY: tenant,
      }),
    )
  })

  it('let their people in with the highest role that they say, follow them, and put out who is in none', async () => {
    const ann = account({ groups: ['sales', 'success', 'others'] })
    const first = await signIn(ann.id, strict)
    expect(await me(first, strict)).toMatchObject({
      role: 'operator',
      company: { id: tenant },
      email: ann.email,
    })
    provider.people[ann.id] = { ...provider.people[ann.id], groups: ['retention-admins'] }
    const second = await signIn(ann.id, strict)
    expect((await me(second, strict)).role).toBe('admin')
    // The session before is of the same person: it has the same role.
    expect((await me(first, strict)).role).toBe('admin')
    provider.people[ann.id] = { ...provider.people[ann.id], groups: ['others'] }
    expect(await refusal(await signIn(ann.id, strict))).toMatch(/^403 .*is not among the people/)
    for (const over of [first, second])
      expect((await asking(strict, sessionOf(over)!)('GET', '/v1/session')).status).toBe(401)
    const actions = (await database.withTenant(tenant, (tx) => listAudit(tx))).map(({ action }) => action)
    expect(actions).toContain('person.group')
    expect(actions).toContain('person.role')
  })

  it('say nothing of people whom an admin invited or removed, and nothing without a verified address', async () => {
    const invited = account({ groups: ['retention-admins'] })
    await invite(ask, invited.email, 'viewer')
    expect((await me(await signIn(invited.id, strict), strict)).role).toBe('viewer')

    const removed = account({ groups: ['sales'] })
    const { person } = await me(await signIn(removed.id, strict), strict)
    expect((await ask('DELETE', `/v1/people/${person}`)).status).toBe(204)
    expect(await refusal(await signIn(removed.id, strict))).toMatch(/^403 /)

    const unverified = account({ groups: ['retention-admins'], email_verified: false })
    expect(await refusal(await signIn(unverified.id, strict))).toMatch(/^403 .*has verified/)
    const none = account()
    expect(await refusal(await signIn(none.id, strict))).toMatch(/^403 .*is not among/)
  })

  it('let nobody into another company than the one that they are mapped to', async () => {
    const ann = account({ groups: ['sales'] })
    expect((await signIn(ann.id, strict)).status).toBe(303)
    const other = await start(
      configOf({
        OIDC_SCOPE: 'openid email profile groups',
        OIDC_GROUPS: groups,
        OIDC_COMPANY: await addTenant(database, 'Elsewhere'),
      }),
    )
    // In the company of before nobody asks their groups any more.
    const { company, companies } = await me(await signIn(ann.id, other), other)
    expect([company.name, companies]).toEqual(['Elsewhere', []])
  })

  it('of another account with the address change nothing', async () => {
    const ann = account({ groups: ['sales'] })
    const first = await signIn(ann.id, strict)
    const heir = account({ email: ann.email, groups: ['retention-admins'] })
    expect(await refusal(await signIn(heir.id, strict))).toMatch(/^403 .*another account/)
    expect((await me(first, strict)).role).toBe('viewer')
  })
})

describe('a provider', () => {
  it('that is away is said to be, and is asked again when it is back', async () => {
    const fresh = await start(configOf())
    await provider.pause()
    const away = await fresh.fetch('/sign-in/service')
    expect(await refusal(away)).toMatch(/^503 Nordlicht ID cannot be reached/)
    await provider.resume()
    expect((await fresh.fetch('/sign-in/service')).status).toBe(303)
  })

  it('that passes for another issuer, or changes what is signed, lets nobody in', async () => {
    const ann = account()
    await invite(ask, ann.email, 'admin')
    const stand = await standIn()
    const config = (issuer: string) => ({ ...configOf(), issuer })

    // Its document names the real one.
    const honest = await start(config(`${stand.url}/honest`))
    expect(await refusal(await honest.fetch('/sign-in/service'))).toMatch(/^503 /)

    // It names itself, and hands out tokens of the real one.
    for (const kind of ['foreign', 'forged']) {
      const own = await start(config(`${stand.url}/${kind}`))
      const { url, attempt } = await begin(own)
      const back = new URL(await provider.visit(url.href, ann.id))
      back.searchParams.delete('iss')
      expect(await refusal(await come(back.href, attempt, own)), kind).toMatch(/^401 /)
    }
    expect(stand.tokens()).toBe(2)
    await stand.close()
  })
})

/** Between us and the real provider: passes its answers on under another name. */
async function standIn(): Promise<{ url: string; tokens: () => number; close: () => Promise<unknown> }> {
  let tokens = 0
  const stand = createServer((request, response) => {
    const answer = async (): Promise<object> => {
      const kind = request.url!.split('/')[1]
      const here = `http://127.0.0.1:${(stand.address() as AddressInfo).port}/${kind}`
      if (request.url!.includes('.well-known')) {
        const real = await (await fetch(`${provider.issuer}/.well-known/openid-configuration`)).json()
        if (kind === 'honest') return real as object
        const { authorization_response_iss_parameter_supported: _, ...rest } = real as Record<string, unknown>
        return { ...rest, issuer: here, token_endpoint: `${here}/token` }
      }
      tokens++
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const real = await fetch(`${provider.issuer}/token`, {
        method: 'POST',
        headers: {
          authorization: request.headers.authorization!,
          'content-type': request.headers['content-type']!,
        },
        body: Buffer.concat(chunks),
      })
      const body = (await real.json()) as { id_token: string }
      if (kind === 'foreign') return body
      // The claims that would pass, under the signature of others.
      const [head, claims, signature] = body.id_token.split('.')
      const told = JSON.parse(Buffer.from(claims, 'base64url').toString()) as object
      const forged = Buffer.from(JSON.stringify({ ...told, iss: here })).toString('base64url')
      return { ...body, id_token: [head, forged, signature].join('.') }
    }
    answer().then(
      (body) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      (cause: unknown) => response.writeHead(500).end(String(cause)),
    )
  })
  await new Promise<void>((done) => stand.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(stand.address() as AddressInfo).port}`,
    tokens: () => tokens,
    close: () => {
      stand.closeAllConnections()
      return new Promise((done) => stand.close(done))
    },
  }
}
