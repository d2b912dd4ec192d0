import { afterEach, describe, expect, it } from 'vitest'
import {
  exchangeCode,
  introspectToken,
  refreshTokens,
  revokeToken,
} from '../../../connectors/hubspot/oauth.ts'
import { HoldfastError } from '../../../src/contracts/errors.ts'
import { answering, type Answer, type Answering } from '../../support/answering.ts'

let server: Answering | null = null
afterEach(async () => {
  await server?.close()
  server = null
})

const now = new Date('2026-11-21T10:00:00Z')

async function app(answer: Answer) {
  server = await answering(answer)
  return { baseUrl: server.url, clientId: 'client', clientSecret: 'app-secret & more' }
}

async function refused(answer: Answer, limits: { timeoutMs?: number } = {}): Promise<HoldfastError> {
  const error: unknown = await refreshTokens({
    ...(await app(answer)),
    ...limits,
    refreshToken: 'refresh-1',
    clock: () => now,
  }).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(HoldfastError)
  return error as HoldfastError
}

describe('tokens', () => {
  it('are asked for with a form on the dated path, and keep the refresh token where none comes back', async () => {
    const options = await app(() => ({
      body: { access_token: 'a-2', expires_in: 1800, token_type: 'bearer' },
    }))
    expect(await refreshTokens({ ...options, refreshToken: 'refresh-1', clock: () => now })).toEqual({
      accessToken: 'a-2',
      refreshToken: 'refresh-1',
      expiresAt: '2026-11-21T10:30:00.000Z',
    })
    const [request] = server!.requests
    expect(request).toMatchObject({ method: 'POST', url: '/oauth/2026-09/token', token: '' })
    expect(request.type).toContain('application/x-www-form-urlencoded')
    expect(Object.fromEntries(new URLSearchParams(request.body))).toEqual({
      grant_type: 'refresh_token',
      client_id: 'client',
      client_secret: 'app-secret & more',
      refresh_token: 'refresh-1',
    })
  })

  it('take over a refresh token that HubSpot replaces', async () => {
    const body = { access_token: 'a', refresh_token: 'refresh-2', expires_in: 1800 }
    const options = await app(() => ({ body }))
    const tokens = await refreshTokens({ ...options, refreshToken: 'refresh-1', clock: () => now })
    expect(tokens.refreshToken).toBe('refresh-2')
  })

  it('come for a code with its verifier', async () => {
    const options = await app(() => ({ body: { access_token: 'a', refresh_token: 'r', expires_in: 1800 } }))
    const grant = { code: 'c', redirectUri: 'https://h.example/oauth', codeVerifier: 'v', clock: () => now }
    expect(await exchangeCode({ ...options, ...grant })).toMatchObject({
      accessToken: 'a',
      refreshToken: 'r',
    })
    expect(Object.fromEntries(new URLSearchParams(server!.requests[0].body))).toMatchObject({
      grant_type: 'authorization_code',
      code: 'c',
      redirect_uri: 'https://h.example/oauth',
      code_verifier: 'v',
    })
  })

  it('can be looked into and given back', async () => {
    const options = await app(({ url }) =>
      url.endsWith('/introspect')
        ? { body: { active: true, hub_id: 62_515, scopes: ['oauth', 'crm.objects.companies.read'] } }
        : { status: 204 },
    )
    expect(await introspectToken({ ...options, token: 'a', kind: 'access_token' })).toEqual({
      active: true,
      portal: '62515',
      scopes: ['oauth', 'crm.objects.companies.read'],
    })
    await revokeToken({ ...options, refreshToken: 'r' })
    expect(server!.requests.map(({ url }) => url)).toEqual([
      '/oauth/2026-09/token/introspect',
      '/oauth/2026-09/token/revoke',
    ])
  })

  it('are not taken from an answer of another form', async () => {
    const page = await refused(() => ({ body: '<html>Sign in</html>' }))
    expect(page).toMatchObject({ code: 'connector_unavailable', retryable: true })
    await server!.close()
    expect(await refused(() => ({ body: { access_token: '' } }))).toMatchObject({
      code: 'connector_unavailable',
    })
  })
})

describe('a refused renewal', () => {
  it.each([
    ['RFC 6749', { error: 'invalid_grant', error_description: 'refresh token is invalid' }],
    ['HubSpot', { status: 'BAD_REFRESH_TOKEN', message: 'missing or unknown refresh token' }],
    [
      'both',
      { status: 'BAD_REFRESH_TOKEN', error: 'invalid_grant', category: 'VALIDATION_ERROR', message: 'x' },
    ],
  ])('because the consent was taken back, in the words of %s: connect again', async (_, body) => {
    expect(await refused(() => ({ status: 400, body }))).toMatchObject({
      code: 'connector_reconnect',
      retryable: false,
    })
  })

  it.each([
    [401, { error: 'invalid_client' }],
    [400, { status: 'BAD_CLIENT_ID', message: 'missing or unknown client id' }],
    [
      400,
      { status: 'BAD_CLIENT_SECRET', message: 'missing or invalid client secret', error: 'invalid_client' },
    ],
  ])('%i because of our own app %o: ours to mend, nobody is disconnected', async (status, body) => {
    const error = await refused(() => ({ status, body }))
    expect(error).toMatchObject({ code: 'connector_configuration', retryable: false })
    expect(error.message).toContain('HUBSPOT_CLIENT_ID')
    expect(`${error.message} ${JSON.stringify(error.cause)}`).not.toContain('app-secret')
  })

  it.each([
    [500, {}],
    [502, '<html>Bad gateway</html>'],
    [429, { policyName: 'SECONDLY' }],
    [401, { status: 'error', category: 'INVALID_AUTHENTICATION', message: 'no' }],
    [400, { status: 'error', category: 'VALIDATION_ERROR', message: 'no' }],
    [403, '<html>Blocked by the proxy</html>'],
  ])('with %i for another reason never disconnects', async (status, body) => {
    const error = await refused(() => ({ status, body }))
    expect(error.code).toBe(
      status >= 500 || status === 429 ? 'connector_unavailable' : 'connector_configuration',
    )
  })

  it('that is not answered can be tried again', async () => {
    const error = await refused(() => null, { timeoutMs: 300 })
    expect(error).toMatchObject({ code: 'connector_unavailable', retryable: true })
  })
})
