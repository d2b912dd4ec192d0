/**
 * Signing in: authorization code with PKCE, refresh tokens that are good once, assertions, an app's own secret.
 *
 * @see https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_flows.htm
 * @see https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_flow_errors.htm
 */
import { createHash, createHmac, verify } from 'node:crypto'
import { z } from 'zod'
import type { SandboxAnswer } from '../../sandbox/http.ts'
import { consentRoutes } from './consent-page.ts'
import { problemOf } from './problems.ts'
import type { SandboxContext, SandboxRequest, SandboxRoute } from './route.ts'
import type { Sessions } from './sessions.ts'

/** A code is good for so long. */
const CODE_LIFE = 15 * 60_000
/** An assertion may run out in at most so many seconds. */
const ASSERTION_LIFE = 180
const GRANT_JWT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

const refusal = (error: string, description: string, status = 400): Error =>
  problemOf({
    status,
    errors: [{ errorCode: error, message: description }],
    body: { error, error_description: description },
  })

const fieldsSchema = z.record(z.string(), z.string())

export function oauthRoutes(sessions: Sessions): readonly SandboxRoute[] {
  const token: SandboxRoute = {
    method: 'POST',
    path: '/services/oauth2/token',
    kind: 'open',
    handle(request) {
      const given = fieldsSchema.safeParse(request.body).data ?? {}
      const { context, at } = request
      switch (given.grant_type) {
        case 'authorization_code': {
          checkClient(context, given)
          checkCode(sessions, given, at)
          const grant = { family: sessions.family(), clientId: given.client_id }
          return granted(request, sessions.open(grant, at), sessions.refreshToken(grant))
        }
        case 'refresh_token': {
          checkClient(context, given)
          const used = sessions.useRefresh(given.refresh_token ?? '')
          if (!used) throw refusal('invalid_grant', 'expired access/refresh token')
          checkUser(context)
          const rotated = used.refreshToken === given.refresh_token ? null : used.refreshToken
          return granted(request, sessions.open(used.grant, at), rotated)
        }
        case 'client_credentials': {
          if (given.client_secret === undefined)
            throw refusal('invalid_request', 'missing required parameter: client_secret')
          checkClient(context, given)
          checkUser(context)
          return granted(
            request,
            sessions.open({ family: sessions.family(), clientId: given.client_id }, at),
            null,
          )
        }
        case GRANT_JWT: {
          checkAssertion(context, given.assertion ?? '', at)
          checkUser(context)
          const grant = { family: sessions.family(), clientId: context.settings.jwtClientId }
          return granted(request, sessions.open(grant, at), null)
        }
        default:
          throw refusal('unsupported_grant_type', 'grant type not supported')
      }
    },
  }

  const revoke = (method: 'GET' | 'POST'): SandboxRoute => ({
    method,
    path: '/services/oauth2/revoke',
    kind: 'open',
    handle(request) {
      const given = fieldsSchema.safeParse(request.body).data?.token ?? request.query.get('token') ?? ''
      if (!sessions.revoke(given)) throw refusal('invalid_token', 'the specified token was not found')
      return { status: 200 }
    },
  })

  /** The identity's address takes the session as a parameter too. */
  const bearer = ({ headers, query, at }: SandboxRequest): void => {
    const sent = /^(?:Bearer|OAuth) (.+)$/.exec(String(headers.authorization ?? ''))?.[1]
    const given = sent ?? query.get('oauth_token') ?? undefined
    if (given === undefined || !sessions.isGood(given, at)) {
      throw problemOf({
        status: 403,
        errors: [{ errorCode: 'Bad_OAuth_Token', message: 'Bad_OAuth_Token' }],
        body: 'Bad_OAuth_Token',
        headers: { 'Content-Type': 'text/html' },
      })
    }
  }
  const identity = (path: string): SandboxRoute => ({
    method: 'GET',
    path,
    kind: 'open',
    handle(request) {
      bearer(request)
      return {
        status: 200,
        body: path.startsWith('/id/') ? identityOf(request.context) : userInfo(request.context),
      }
    },
  })

  return [
    token,
    ...consentRoutes(sessions),
    revoke('GET'),
    revoke('POST'),
    identity('/services/oauth2/userinfo'),
    identity('/id/:org/:user'),
  ]
}

function checkClient({ app }: SandboxContext, given: Readonly<Record<string, string>>): void {
  if (given.client_id !== app.clientId) throw refusal('invalid_client_id', 'client identifier invalid')
  // An app may go without one where PKCE stands for it.
  if (given.client_secret !== undefined && given.client_secret !== app.clientSecret) {
    throw refusal('invalid_client', 'invalid client credentials')
  }
}

function checkUser({ state, user }: SandboxContext): void {
  if (state.value('User', user.id, 'IsActive') !== true) throw refusal('inactive_user', 'user is inactive')
}

function checkCode(sessions: Sessions, given: Readonly<Record<string, string>>, at: Date): void {
  const code = sessions.takeCode(given.code ?? '')
  if (!code) throw refusal('invalid_grant', 'invalid authorization code')
  if (at.getTime() > code.madeAt + CODE_LIFE) throw refusal('invalid_grant', 'expired authorization code')
  if (code.redirectUri !== null && given.redirect_uri !== code.redirectUri) {
    throw refusal('redirect_uri_mismatch', 'redirect_uri must match configuration')
  }
  const proof = createHash('sha256')
    .update(given.code_verifier ?? '')
    .digest('base64url')
  if (proof !== code.challenge) throw refusal('invalid_grant', 'invalid code verifier')
}

const claimsSchema = z.object({ iss: z.string(), sub: z.string(), aud: z.string(), exp: z.number() })

/** @see https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_jwt_flow.htm */
function checkAssertion(context: SandboxContext, assertion: string, at: Date): void {
  const { settings, user } = context
  const [header, payload, signature] = assertion.split('.')
  const wrong = (): Error => refusal('invalid_grant', 'invalid assertion')
  if (signature === undefined || settings.publicKey === '') throw wrong()
  const claims = claimsSchema.safeParse(read(payload))
  const algorithm = z.object({ alg: z.literal('RS256') }).safeParse(read(header))
  if (!claims.success || !algorithm.success) throw wrong()
  const { iss, sub, aud, exp } = claims.data
  if (iss !== settings.jwtClientId) throw refusal('invalid_client_id', 'client identifier invalid')
  const signed = Buffer.from(`${header}.${payload}`)
  if (!verify('RSA-SHA256', signed, settings.publicKey, Buffer.from(signature, 'base64url'))) throw wrong()
  if (!['https://login.salesforce.com', 'https://test.salesforce.com', context.url()].includes(aud)) {
    throw refusal('invalid_grant', 'audience is invalid')
  }
  const now = at.getTime() / 1000
  if (exp <= now) throw refusal('invalid_grant', 'assertion expired')
  // Milliseconds given for seconds lie a thousand lifetimes ahead.
  if (exp > now + ASSERTION_LIFE)
    throw refusal('invalid_grant', 'invalid assertion: exp is too far in the future')
  if (sub !== user.username) throw refusal('invalid_grant', "user hasn't approved this consumer")
}

function read(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString())
  } catch {
    return null
  }
}

/** What comes of each way in. How long it lasts is not told. */
function granted(
  { context, at }: SandboxRequest,
  accessToken: string,
  refreshToken: string | null,
): SandboxAnswer {
  const id = identityUrl(context)
  const issued = String(at.getTime())
  return {
    status: 200,
    headers: { 'Cache-Control': 'no-cache, no-store' },
    body: {
      access_token: accessToken,
      ...(refreshToken === null ? {} : { refresh_token: refreshToken }),
      signature: createHmac('sha256', context.app.clientSecret).update(`${id}${issued}`).digest('base64'),
      scope: 'refresh_token api',
      instance_url: context.url(),
      id,
      token_type: 'Bearer',
      issued_at: issued,
    },
  }
}

export const identityUrl = ({ url, state, user }: SandboxContext): string =>
  `${url()}/id/${state.org}/${user.id}`

const urls = ({ url, state }: SandboxContext): Record<string, string> => ({
  rest: `${url()}/services/data/v{version}/`,
  sobjects: `${url()}/services/data/v{version}/sobjects/`,
  query: `${url()}/services/data/v{version}/query/`,
  profile: `${url()}/${state.org}`,
})

function identityOf(context: SandboxContext): Record<string, unknown> {
  const { state, user } = context
  return {
    id: identityUrl(context),
    asserted_user: true,
    user_id: user.id,
    organization_id: state.org,
    username: user.username,
    nick_name: 'integration',
    display_name: state.value('User', user.id, 'Name'),
    email: state.value('User', user.id, 'Email'),
    email_verified: true,
    first_name: state.value('User', user.id, 'FirstName'),
    last_name: state.value('User', user.id, 'LastName'),
    timezone: state.value('User', user.id, 'TimeZoneSidKey'),
    active: state.value('User', user.id, 'IsActive'),
    user_type: 'STANDARD',
    language: 'en_US',
    locale: 'en_US',
    utcOffset: 3_600_000,
    urls: urls(context),
  }
}

function userInfo(context: SandboxContext): Record<string, unknown> {
  const { state, user } = context
  return {
    sub: identityUrl(context),
    user_id: user.id,
    organization_id: state.org,
    preferred_username: user.username,
    nickname: 'integration',
    name: state.value('User', user.id, 'Name'),
    email: state.value('User', user.id, 'Email'),
    email_verified: true,
    zoneinfo: state.value('User', user.id, 'TimeZoneSidKey'),
    active: true,
    user_type: 'STANDARD',
    language: 'en_US',
    locale: 'en_US',
    utcOffset: 3_600_000,
    is_app_installed: true,
    urls: urls(context),
  }
}
