import { createHash, generateKeyPairSync } from 'node:crypto'
import { jwtVerify } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  authorizeUrl,
  clientCredentialsSession,
  exchangeCode,
  jwtSession,
  pkce,
  refreshSession,
  revoke,
} from '../../../connectors/salesforce/oauth.ts'
import { answering, type Answering, type Reply } from '../../support/answering.ts'

const ORG = '00D000000000001EAA'
const clock = () => new Date('2026-11-21T10:00:00.500Z')

let server: Answering
let reply: Reply | null
const app = () => ({ loginUrl: server.url, clientId: '3MVG9.app', clientSecret: 's & cret' })
const granted = (more: object = {}): Reply => ({
  body: {
    access_token: '00D000000000001!AQ',
    instance_url: 'https://acme.my.salesforce.com/',
    id: 'https://login.salesforce.com/id/00D000000000001EAA/005000000000001AAA',
    token_type: 'Bearer',
    issued_at: '1763719200000',
    signature: 'x',
    ...more,
  },
})
const sent = () => Object.fromEntries(new URLSearchParams(server.requests.at(-1)?.body))
beforeEach(async () => {
  reply = granted()
  server = await answering(() => reply)
})
afterEach(() => server.close())

describe('a consent in the browser', () => {
  it('is asked for with a challenge, and its code is exchanged with the proof', async () => {
    const { verifier, challenge } = pkce()
    expect(verifier).toMatch(/^[\w-]{43,128}$/)
    expect(createHash('sha256').update(verifier).digest('base64url')).toBe(challenge)
    const redirectUri = 'https://holdfast.example.com/oauth/salesforce/callback'
    const url = new URL(authorizeUrl({ clientId: '3MVG9.app', redirectUri, state: 'a+b', challenge }))
    expect(url.origin + url.pathname).toBe('https://login.salesforce.com/services/oauth2/authorize')
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: '3MVG9.app',
      redirect_uri: redirectUri,
      state: 'a+b',
      scope: 'api refresh_token',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    })
    reply = granted({ refresh_token: 'r-1' })
    const session = await exchangeCode({ ...app(), code: 'aPrx==', redirectUri, verifier })
    expect(session).toEqual({
      accessToken: '00D000000000001!AQ',
      refreshToken: 'r-1',
      instanceUrl: 'https://acme.my.salesforce.com',
      org: ORG,
      user: '005000000000001AAA',
    })
    expect(server.requests[0]).toMatchObject({ url: '/services/oauth2/token', method: 'POST' })
    expect(sent()).toEqual({
      grant_type: 'authorization_code',
      code: 'aPrx==',
      redirect_uri: redirectUri,
      code_verifier: verifier,
      client_id: '3MVG9.app',
      client_secret: 's & cret',
    })
  })

  it('of an app without a secret sends none', async () => {
    await refreshSession({ ...app(), clientSecret: null, refreshToken: 'r-1' })
    expect(sent()).toEqual({ grant_type: 'refresh_token', refresh_token: 'r-1', client_id: '3MVG9.app' })
  })
})

describe('a refresh token', () => {
  it('that comes back replaced is the new one, and stays where none comes', async () => {
    reply = granted({ refresh_token: 'r-2' })
    expect((await refreshSession({ ...app(), refreshToken: 'r-1' })).refreshToken).toBe('r-2')
    reply = granted()
    expect((await refreshSession({ ...app(), refreshToken: 'r-1' })).refreshToken).toBe('r-1')
  })

  it.each([
    ['invalid_grant', 'expired access/refresh token'],
    ['inactive_user', 'user is inactive'],
  ])('%s: not asked again, and somebody has to connect', async (code, error_description) => {
    reply = { status: 400, body: { error: code, error_description } }
    const thrown = await refreshSession({ ...app(), refreshToken: 'r-1' }).catch((cause: unknown) => cause)
    expect(thrown).toMatchObject({ code: 'connector_reconnect', retryable: false })
    expect((thrown as Error).message).toContain(error_description)
    expect((thrown as Error).message).not.toContain('r-1')
    expect(server.requests.length).toBe(1)
  })

  it.each(['invalid_client', 'invalid_client_id'])(
    '%s: is about the app, and nobody is disconnected',
    async (error) => {
      reply = { status: 401, body: { error, error_description: 'invalid client credentials' } }
      await expect(refreshSession({ ...app(), refreshToken: 'r-1' })).rejects.toMatchObject({
        code: 'connector_configuration',
        message: expect.stringContaining('consumer key and secret'),
      })
    },
  )

  it('that cannot be asked about says so, and is tried again', async () => {
    for (const said of [null, { status: 503, body: '<h1>Down</h1>' }, { body: '<html>' }] as const) {
      reply = said
      const waits = said === null ? 60 : 15_000
      await expect(refreshSession({ ...app(), timeoutMs: waits, refreshToken: 'r-1' })).rejects.toMatchObject(
        {
          code: 'connector_unavailable',
          retryable: true,
        },
      )
    }
    const gone = await answering(() => null)
    await gone.close()
    await expect(refreshSession({ ...app(), loginUrl: gone.url, refreshToken: 'r-1' })).rejects.toMatchObject(
      {
        message: expect.stringContaining('the connection was refused'),
      },
    )
  })

  it('is never sent on to another address', async () => {
    const elsewhere = await answering(() => granted())
    reply = { status: 307, headers: { location: `${elsewhere.url}/services/oauth2/token` }, body: '' }
    await expect(refreshSession({ ...app(), refreshToken: 'r-1' })).rejects.toThrow('another address')
    expect(elsewhere.requests).toEqual([])
    await elsewhere.close()
  })
})

describe('an assertion', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = (type: 'pkcs8' | 'pkcs1') => String(privateKey.export({ type, format: 'pem' }))
  const mine = () => ({ ...app(), username: 'holdfast@acme.example', clock })

  it.each(['pkcs8', 'pkcs1'] as const)(
    'of a key in %s is signed, and runs out within three minutes',
    async (type) => {
      const session = await jwtSession({ ...mine(), privateKey: pem(type) })
      expect(session).toMatchObject({ refreshToken: null, org: ORG })
      const { grant_type, assertion, ...rest } = sent()
      expect(grant_type).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer')
      expect(rest).toEqual({})
      const { payload, protectedHeader } = await jwtVerify(assertion, publicKey, { currentDate: clock() })
      expect(protectedHeader.alg).toBe('RS256')
      expect(payload).toMatchObject({ iss: '3MVG9.app', sub: 'holdfast@acme.example', aud: server.url })
      const seconds = payload.exp! - clock().getTime() / 1000
      expect(seconds).toBeGreaterThan(60)
      expect(seconds).toBeLessThanOrEqual(180)
    },
  )

  it('of a key that is none, or of another kind, says what is needed', async () => {
    await expect(jwtSession({ ...mine(), privateKey: 'not a key' })).rejects.toMatchObject({
      code: 'connector_configuration',
      message: expect.stringContaining('PEM'),
    })
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    await expect(
      jwtSession({ ...mine(), privateKey: String(ec.export({ type: 'pkcs8', format: 'pem' })) }),
    ).rejects.toThrow('RSA')
    expect(server.requests).toEqual([])
  })
})

describe("an app's own secret", () => {
  it('opens a session of the user that the app runs as', async () => {
    expect(await clientCredentialsSession(app())).toMatchObject({ refreshToken: null, org: ORG })
    expect(sent()).toEqual({
      grant_type: 'client_credentials',
      client_id: '3MVG9.app',
      client_secret: 's & cret',
    })
  })
})

describe('giving a consent back', () => {
  it('tells Salesforce, and one that is gone already is fine', async () => {
    reply = { status: 200, body: '' }
    await revoke({ loginUrl: server.url, token: 'r-1' })
    expect(sent()).toEqual({ token: 'r-1' })
    reply = { status: 400, body: { error: 'invalid_token', error_description: 'Invalid token' } }
    await revoke({ loginUrl: server.url, token: 'r-1' })
    reply = { status: 503, body: '' }
    await expect(revoke({ loginUrl: server.url, token: 'r-1' })).rejects.toMatchObject({ retryable: true })
  })
})
