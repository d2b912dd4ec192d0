import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { API_VERSION as V } from '../../../../connectors/hubspot/version.ts'
import type { Refusal } from './calling.ts'
import { openSandbox } from './opened.ts'

interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
  readonly expires_in: number
}

const COMPANIES = `/crm/objects/${V}/companies`
const TOKEN = `/oauth/${V}/token`

it('takes an access token for 1,800 seconds, and hands out another for the refresh token', async () => {
  const { sandbox, call, use, pass } = await openSandbox()
  const app = { client_id: sandbox.app.clientId, client_secret: sandbox.app.clientSecret }
  const { accessToken, refreshToken } = sandbox.authorize()
  use(accessToken)
  pass(1_799)
  expect((await call('GET', COMPANIES)).status).toBe(200)
  pass(1)
  const expired = await call<Refusal>('GET', COMPANIES)
  expect(expired).toMatchObject({
    status: 401,
    body: { status: 'error', category: 'EXPIRED_AUTHENTICATION' },
  })
  const renewed = await call<Tokens>('POST', TOKEN, undefined, {
    ...app,
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
  })
  expect(renewed.body).toMatchObject({ refresh_token: refreshToken, expires_in: 1800, token_type: 'bearer' })
  use(renewed.body.access_token)
  expect((await call('GET', COMPANIES)).status).toBe(200)
})

it('tells a refresh token that is gone from an app that is not known', async () => {
  const { sandbox, call } = await openSandbox()
  const app = { client_id: sandbox.app.clientId, client_secret: sandbox.app.clientSecret }
  const refresh = { ...app, grant_type: 'refresh_token', refresh_token: sandbox.authorize().refreshToken }
  const answers = [
    await call('POST', TOKEN, undefined, { ...refresh, client_secret: 'other' }),
    await call('POST', TOKEN, undefined, { ...refresh, refresh_token: 'other' }),
  ]
  await call('POST', `${TOKEN}/revoke`, undefined, { ...app, token: refresh.refresh_token })
  answers.push(await call('POST', TOKEN, undefined, refresh))
  expect(answers).toMatchObject([
    { status: 400, body: { status: 'BAD_CLIENT_SECRET', error: 'invalid_client' } },
    { status: 400, body: { status: 'BAD_REFRESH_TOKEN', error: 'invalid_grant' } },
    { status: 400, body: { status: 'BAD_REFRESH_TOKEN', error: 'invalid_grant' } },
  ])
})

it('takes back the access tokens of an installation with its refresh token', async () => {
  const { sandbox, call, use } = await openSandbox()
  const app = { client_id: sandbox.app.clientId, client_secret: sandbox.app.clientSecret }
  const { accessToken, refreshToken } = sandbox.authorize()
  use(accessToken)
  const introspect = () => call('POST', `${TOKEN}/introspect`, undefined, { ...app, token: accessToken })
  expect((await introspect()).body).toMatchObject({
    active: true,
    hub_id: Number(sandbox.portal),
    expires_in: 1800,
  })
  await call('POST', `${TOKEN}/revoke`, undefined, { ...app, token: refreshToken })
  expect((await introspect()).body).toEqual({ active: false })
  expect((await call('GET', COMPANIES)).body).toMatchObject({ category: 'INVALID_AUTHENTICATION' })
})

it('exchanges the code of an install once', async () => {
  const { sandbox, call, use } = await openSandbox()
  const app = { client_id: sandbox.app.clientId, client_secret: sandbox.app.clientSecret }
  const code = sandbox.authorizationCode(['crm.objects.companies.read'])
  const exchange = () =>
    call<Tokens>('POST', TOKEN, undefined, { ...app, grant_type: 'authorization_code', code })
  const first = await exchange()
  use(first.body.access_token)
  expect((await call('GET', COMPANIES)).status).toBe(200)
  expect((await exchange()).body).toMatchObject({ status: 'BAD_AUTH_CODE' })
})

it('uninstalls on request, and nothing is left', async () => {
  const { sandbox, call } = await openSandbox()
  expect((await call('DELETE', `/appinstalls/${V}/external-install`)).status).toBe(204)
  expect((await call('GET', COMPANIES)).status).toBe(401)
  expect([...sandbox.state.tokens().values()]).toEqual([])
})

it('names the scopes that a call lacks', async () => {
  const { sandbox, call, use } = await openSandbox()
  use(sandbox.authorize(['oauth', 'crm.objects.companies.read']).accessToken)
  expect((await call('GET', COMPANIES)).status).toBe(200)
  const write = await call<Refusal>('POST', COMPANIES, { properties: { name: 'x' }, associations: [] })
  expect(write).toMatchObject({
    status: 403,
    body: {
      category: 'MISSING_SCOPES',
      errors: [{ context: { requiredGranularScopes: ['crm.objects.companies.write'] } }],
    },
  })
  sandbox.faults.withoutScope('crm.objects.companies.read')
  expect((await call('GET', COMPANIES)).status).toBe(403)
})

it('keeps one token of a private app', async () => {
  const { sandbox, call, use, pass } = await openSandbox()
  expect(sandbox.privateAppToken()).toBe(sandbox.privateAppToken())
  use(sandbox.privateAppToken())
  pass(86_400 * 30)
  expect((await call('GET', COMPANIES)).status).toBe(200)
})

it('asks a person, and sends the browser back with a code for whoever shows the verifier', async () => {
  const redirect = 'https://holdfast.example.com/oauth/hubspot/callback'
  const { sandbox, call, pass } = await openSandbox({
    app: { redirectUrls: [redirect], requiredScopes: ['oauth'], optionalScopes: ['tickets'] },
  })
  const verifier = 'v'.repeat(43)
  const asked = {
    client_id: sandbox.app.clientId,
    redirect_uri: redirect,
    scope: 'oauth',
    optional_scope: 'tickets',
    state: 'a&b',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }
  const page = async (changed: object): Promise<string> => {
    const query = new URLSearchParams({ ...asked, ...changed }).toString()
    return (await fetch(`${sandbox.url}/oauth/authorize?${query}`)).text()
  }
  expect(await page({})).toMatch(/Connect app.*<li>oauth<\/li><li>tickets<\/li>/s)
  expect(await page({ client_id: 'x' })).toContain('find an app with this client ID')
  expect(await page({ redirect_uri: 'https://evil.example.com/' })).toContain('match one registered')
  expect(await page({ scope: 'oauth tickets' })).toContain('mismatch between the scopes')
  expect(await page({ scope: '' })).toContain('mismatch between the scopes')

  const answer = async (answered: string): Promise<URL> => {
    const body = new URLSearchParams({ ...asked, answer: answered })
    const sent = await fetch(`${sandbox.url}/oauth/authorize`, { method: 'POST', body, redirect: 'manual' })
    expect(sent.status).toBe(302)
    return new URL(sent.headers.get('location')!)
  }
  const no = await answer('cancel')
  expect(Object.fromEntries(no.searchParams)).toMatchObject({ error: 'access_denied', state: 'a&b' })
  const code = (await answer('connect')).searchParams.get('code')!
  const exchange = (changed: object) =>
    call<{ access_token?: string; scopes?: string[] }>('POST', TOKEN, undefined, {
      client_id: sandbox.app.clientId,
      client_secret: sandbox.app.clientSecret,
      grant_type: 'authorization_code',
      redirect_uri: redirect,
      code_verifier: verifier,
      code,
      ...changed,
    })
  expect((await exchange({ code_verifier: 'w'.repeat(43) })).status).toBe(400)
  expect((await exchange({ redirect_uri: 'https://evil.example.com/' })).status).toBe(400)
  expect(await exchange({})).toMatchObject({ status: 200, body: { scopes: ['oauth', 'tickets'] } })
  expect((await exchange({})).status).toBe(400)
  const late = (await answer('connect')).searchParams.get('code')!
  pass(601)
  expect((await exchange({ code: late })).status).toBe(400)
})
