import { createHash } from 'node:crypto'
import { SignJWT, importPKCS8 } from 'jose'
import { expect, it } from 'vitest'
import { openOrg } from './opened.ts'

const TOKEN = '/services/oauth2/token'
const challengeOf = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url')

it('exchanges a code once, for whoever can prove that they asked for it', async () => {
  const { sandbox, call, form, use, pass } = await openOrg()
  const { clientId: client_id, clientSecret: client_secret } = sandbox.app
  const redirect_uri = 'https://holdfast.example/callback'
  const asked = new URLSearchParams({
    response_type: 'code',
    client_id,
    redirect_uri,
    state: 's1',
    code_challenge: challengeOf('verifier'),
    code_challenge_method: 'S256',
  })
  const page = await call('GET', `/services/oauth2/authorize?${asked.toString()}`)
  expect(page.status).toBe(200)
  const answer = (said: 'allow' | 'deny') =>
    fetch(`${sandbox.url}/services/oauth2/authorize`, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({ ...Object.fromEntries(asked), answer: said }),
    })
  const denied = new URL((await answer('deny')).headers.get('location')!)
  expect(Object.fromEntries(denied.searchParams)).toMatchObject({ error: 'access_denied', state: 's1' })
  const sent = await answer('allow')
  expect(sent.status).toBe(302)
  const back = new URL(sent.headers.get('location') ?? '')
  expect(back.searchParams.get('state')).toBe('s1')
  const code = back.searchParams.get('code') ?? ''
  const exchange = {
    grant_type: 'authorization_code',
    client_id,
    client_secret,
    redirect_uri,
    code,
    code_verifier: 'verifier',
  }
  const granted = await form(TOKEN, exchange)
  expect(granted.body).toMatchObject({
    instance_url: sandbox.url,
    token_type: 'Bearer',
    id: `${sandbox.url}/id/${sandbox.org}/${sandbox.user.id}`,
  })
  expect(granted.body.expires_in).toBeUndefined()
  use(granted.body.access_token)
  expect((await call('GET', '/services/oauth2/userinfo')).body).toMatchObject({
    organization_id: sandbox.org,
    user_id: sandbox.user.id,
    preferred_username: sandbox.user.username,
  })
  expect(await form(TOKEN, exchange)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  const wrong = {
    ...exchange,
    code: sandbox.authorizationCode(challengeOf('verifier')),
    code_verifier: 'other',
  }
  expect(await form(TOKEN, wrong)).toMatchObject({
    status: 400,
    body: { error_description: 'invalid code verifier' },
  })
  const late = { ...exchange, code: sandbox.authorizationCode(challengeOf('verifier')) }
  pass(16 * 60)
  expect(await form(TOKEN, late)).toMatchObject({ body: { error_description: 'expired authorization code' } })
  asked.delete('code_challenge')
  const plain = await call('GET', `/services/oauth2/authorize?${asked.toString()}`)
  expect(plain.headers.get('location')).toContain('error=invalid_request')
})

it('gives another refresh token each time, and ends the consent when an old one comes back', async () => {
  const { sandbox, call, form, use } = await openOrg()
  const { refreshToken } = sandbox.authorize()
  const refresh = (refresh_token: string) =>
    form(TOKEN, { grant_type: 'refresh_token', client_id: sandbox.app.clientId, refresh_token })
  const first = await refresh(refreshToken)
  const second = await refresh(first.body.refresh_token)
  expect(second.status).toBe(200)
  use(second.body.access_token)
  expect((await call('GET', '/limits')).status).toBe(200)
  expect(await refresh(refreshToken)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  expect(await refresh(second.body.refresh_token)).toMatchObject({
    status: 400,
    body: { error: 'invalid_grant' },
  })
  expect(await call('GET', '/limits')).toMatchObject({
    status: 401,
    body: [{ errorCode: 'INVALID_SESSION_ID', message: 'Session expired or invalid' }],
  })
})

it('takes an assertion whose end is near, in seconds', async () => {
  const { sandbox, form, state } = await openOrg()
  const { clientId, username, privateKey } = sandbox.jwt
  const key = await importPKCS8(privateKey, 'RS256')
  const now = Date.parse('2026-11-20T09:00:00Z') / 1000
  const sign = async (exp: number, aud = 'https://login.salesforce.com') =>
    form(TOKEN, {
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: await new SignJWT({ iss: clientId, sub: username, aud, exp })
        .setProtectedHeader({ alg: 'RS256' })
        .sign(key),
    })
  const granted = await sign(now + 180)
  expect(granted.status).toBe(200)
  expect(granted.body.refresh_token).toBeUndefined()
  expect((await sign(now + 120, sandbox.url)).status).toBe(200)
  expect((await sign((now + 120) * 1000)).body.error_description).toContain('too far in the future')
  expect((await sign(now - 1)).body.error_description).toBe('assertion expired')
  expect((await sign(now + 120, 'https://example.com')).body.error_description).toBe('audience is invalid')
  state.updateRecord('User', sandbox.user.id, { IsActive: false })
  expect((await sign(now + 120)).body.error).toBe('inactive_user')
})

it('lets an app in by its own secret, and takes consents back', async () => {
  const { sandbox, call, form, use } = await openOrg()
  const { clientId: client_id, clientSecret: client_secret } = sandbox.app
  const own = await form(TOKEN, { grant_type: 'client_credentials', client_id, client_secret })
  expect(own.status).toBe(200)
  use(own.body.access_token)
  expect((await call('GET', '/limits')).status).toBe(200)
  expect(
    await form(TOKEN, { grant_type: 'client_credentials', client_id, client_secret: 'x' }),
  ).toMatchObject({
    status: 400,
    body: { error: 'invalid_client' },
  })
  expect((await form('/services/oauth2/revoke', { token: own.body.access_token })).status).toBe(200)
  expect((await call('GET', '/limits')).status).toBe(401)
  expect((await call('GET', '/services/oauth2/userinfo')).status).toBe(403)
})

it('ends a session that nobody used, and not one that is used', async () => {
  const { call, pass, sandbox, use } = await openOrg()
  for (let n = 0; n < 3; n++) {
    pass(7_000)
    expect((await call('GET', '/limits')).status).toBe(200)
  }
  pass(7_201)
  expect((await call('GET', '/limits')).status).toBe(401)
  use(sandbox.authorize().accessToken)
  sandbox.faults.refuseSessions(true)
  expect((await call('GET', '/limits')).status).toBe(401)
  sandbox.faults.clear()
  expect((await call('GET', '/limits')).status).toBe(200)
})
