/**
 * Signing in to Salesforce: a person's consent (authorization code with PKCE and a refresh token that may be replaced at
 * each use), a signed assertion (JWT bearer), or an app's own secret (client credentials); and giving a consent back.
 *
 * @see https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_flows.htm
 */
import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../../src/contracts/clock.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'
import { broken, endOf } from '../network.ts'
import { jsonOr } from '../refusal-text.ts'
import { readFailure, translate } from './errors.ts'
import { id18 } from './ids.ts'
import { signAssertion } from './jwt.ts'
import type { Session } from './sessions.ts'
import { LOGIN_URL } from './version.ts'

/** An app at Salesforce: the installation's own, or one of the customer's org. */
export interface SalesforceApp {
  /** Where it signs in, without a slash at its end; default {@link LOGIN_URL}. */
  readonly loginUrl?: string | undefined
  readonly clientId: string
  /** Null: a public app, for which PKCE stands. */
  readonly clientSecret?: string | null | undefined
  readonly timeoutMs?: number | undefined
}

/** What a sign-in gave. */
export interface Granted extends Session {
  /** Null where the session is opened anew instead of renewed. */
  readonly refreshToken: string | null
  /** Of 18 characters; null where Salesforce does not say. */
  readonly org: string | null
  readonly user: string | null
}

/** Scopes that Holdfast asks for: its data, and a refresh token. */
export const SCOPES: readonly string[] = ['api', 'refresh_token']

/**
 * The two halves of a proof that whoever brings the code is who asked for it (RFC 7636, S256).
 *
 * @example
 * const { verifier, challenge } = pkce()
 */
export function pkce(random: (bytes: number) => Buffer = randomBytes): {
  readonly verifier: string
  readonly challenge: string
} {
  // 43 to 128 characters; Salesforce asks for 128 bytes of randomness at most, encoded.
  const verifier = random(64).toString('base64url')
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
}

/**
 * Where to send an admin for consent.
 *
 * @param options.state comes back with the code, so that nobody else's code is taken
 * @example
 * authorizeUrl({ clientId, redirectUri: 'https://holdfast.example.com/oauth/salesforce/callback', state, challenge })
 */
export function authorizeUrl({
  loginUrl = LOGIN_URL,
  clientId,
  redirectUri,
  state,
  challenge,
  scopes = SCOPES,
}: {
  loginUrl?: string | undefined
  clientId: string
  redirectUri: string
  state: string
  challenge: string
  scopes?: readonly string[]
}): string {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    state,
    scope: scopes.join(' '),
    code_challenge: challenge,
    code_challenge_method: 'S256',
    // Who is signed in to another org in the same browser is asked which one is meant.
    prompt: 'login consent',
  })
  return `${loginUrl}/services/oauth2/authorize?${query.toString()}`
}

/**
 * The first session, for the code that Salesforce sent the admin back with.
 *
 * @throws HoldfastError as {@link refreshSession}
 */
export function exchangeCode({
  code,
  redirectUri,
  verifier,
  ...app
}: SalesforceApp & { code: string; redirectUri: string; verifier: string }): Promise<Granted> {
  const grant = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier }
  return granted(app, { ...ofApp(app), ...grant }, null)
}

/**
 * Another session for a refresh token. The token that comes with it may be another one, and then the one given is dead:
 * keep the new one before anything else is done.
 *
 * @throws HoldfastError `connector_reconnect` when the consent was taken back, ran out, or its token was used before
 *   (`invalid_grant`), `connector_configuration` when Salesforce does not know the app (`invalid_client`),
 *   `connector_unavailable` (retryable) when Salesforce cannot be asked
 * @example
 * const { accessToken, refreshToken } = await refreshSession({ clientId, refreshToken: kept })
 */
export function refreshSession({
  refreshToken,
  ...app
}: SalesforceApp & { refreshToken: string }): Promise<Granted> {
  return granted(
    app,
    { ...ofApp(app), grant_type: 'refresh_token', refresh_token: refreshToken },
    refreshToken,
  )
}

/**
 * A session for a user who allowed the app beforehand, proved by the app's private key. It is opened anew each time.
 *
 * @param options.privateKey PEM, PKCS#8 or PKCS#1
 * @param options.loginUrl {@link LOGIN_URL}, https://test.salesforce.com, the org's My Domain, or a site's address
 * @throws HoldfastError as {@link refreshSession}; `connector_configuration` for a key that cannot be read
 * @see https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_jwt_flow.htm
 * @example
 * const session = await jwtSession({ clientId, username: 'holdfast@acme.example', privateKey, clock })
 */
export async function jwtSession({
  username,
  privateKey,
  clock,
  ...app
}: SalesforceApp & { username: string; privateKey: string; clock: Clock }): Promise<Granted> {
  const { clientId, loginUrl = LOGIN_URL } = app
  const assertion = await signAssertion({
    clientId,
    username,
    audience: audienceOf(loginUrl),
    privateKey,
    clock,
  })
  return granted(app, { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }, null)
}

/** An assertion for a My Domain names the common address behind it; one for a site the site's own. */
function audienceOf(loginUrl: string): string {
  const { hostname } = new URL(loginUrl)
  if (hostname.endsWith('.sandbox.my.salesforce.com')) return 'https://test.salesforce.com'
  return hostname.endsWith('.my.salesforce.com') ? LOGIN_URL : loginUrl
}

/**
 * A session of the user that the app in the org runs as. It is opened anew each time.
 *
 * @param app with `loginUrl` the org's My Domain: login.salesforce.com does not serve this
 * @throws HoldfastError as {@link refreshSession}
 * @see https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_client_credentials_flow.htm
 */
export function clientCredentialsSession(app: SalesforceApp & { clientSecret: string }): Promise<Granted> {
  return granted(app, { ...ofApp(app), grant_type: 'client_credentials' }, null)
}

/** Gives the consent back, with all its sessions; one that is gone already is fine. */
export async function revoke({
  token,
  ...app
}: Pick<SalesforceApp, 'loginUrl' | 'timeoutMs'> & { token: string }): Promise<void> {
  const { status, text, path } = await post(app, 'revoke', { token })
  if (status < 200 || (status >= 300 && !/invalid_token|unsupported_token_type/.test(text)))
    throw refused(path, status, text)
}

function ofApp({ clientId, clientSecret }: SalesforceApp): Readonly<Record<string, string>> {
  return clientSecret === null || clientSecret === undefined
    ? { client_id: clientId }
    : { client_id: clientId, client_secret: clientSecret }
}

const answer = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1).optional(),
  instance_url: z.url({ protocol: /^https?$/ }),
  /** The identity: `https://login.salesforce.com/id/00D…/005…`. */
  id: z.string().optional(),
})

async function granted(
  app: SalesforceApp,
  grant: Readonly<Record<string, string>>,
  refreshToken: string | null,
): Promise<Granted> {
  const { status, text, path } = await post(app, 'token', grant)
  if (status < 200 || status >= 300) throw refused(path, status, text)
  const said = answer.safeParse(jsonOr(text, null))
  if (!said.success) {
    throw new HoldfastError(
      'connector_unavailable',
      'Salesforce answered the sign-in with something that is none. It is tried again.',
      { retryable: true, cause: said.error },
    )
  }
  const { access_token, refresh_token, instance_url, id } = said.data
  const identity = /\/id\/(\w{15,18})\/(\w{15,18})\/?$/.exec(id ?? '')
  return {
    accessToken: access_token,
    refreshToken: refresh_token ?? refreshToken,
    instanceUrl: instance_url.replace(/\/+$/, ''),
    org: identity === null ? null : id18(identity[1]),
    user: identity === null ? null : id18(identity[2]),
  }
}

async function post(
  { loginUrl = LOGIN_URL, timeoutMs = 15_000 }: Pick<SalesforceApp, 'loginUrl' | 'timeoutMs'>,
  name: string,
  form: Readonly<Record<string, string>>,
): Promise<{ status: number; text: string; path: string }> {
  const path = `/services/oauth2/${name}`
  const giveUp = new AbortController()
  const end = endOf(timeoutMs)
  end.reached.catch(() => giveUp.abort())
  try {
    const headers = { accept: 'application/json' }
    // A redirect of a POST would carry the secret to another address.
    const init = { method: 'POST', headers, body: new URLSearchParams(form), redirect: 'manual' } as const
    const came = await fetch(`${loginUrl}${path}`, { ...init, signal: giveUp.signal })
    return { status: came.status, text: await came.text(), path }
  } catch (cause) {
    const why = end.isOver() ? `no answer within ${timeoutMs / 1000} seconds` : broken(cause).why
    throw new HoldfastError(
      'connector_unavailable',
      `Salesforce (${loginUrl}) gave no answer about its sign-in: ${why}. It is tried again.`,
      { cause, retryable: true },
    )
  } finally {
    end.clear()
  }
}

/** What the customer has to sign in for again. */
const REVOKED = ['invalid_grant', 'inactive_user', 'inactive_org', 'access_denied']
/** What is wrong with the app, and not with the consent. */
const OF_THE_APP = [
  'invalid_client',
  'invalid_client_id',
  'unauthorized_client',
  'invalid_app_access',
  'invalid_client_credentials',
]

/** What passes by itself, although it comes with 400 as well: "unknown_error: retry your request". */
const PASSING = ['unknown_error', 'server_error', 'temporarily_unavailable', 'rate_limit_exceeded']
/** Another process renews with the same token at this moment; `invalid_grant` is said of that too, and means nothing. */
const UNDER_WAY = /already being processed/i

/**
 * @see https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_flow_errors.htm
 * @see https://help.salesforce.com/s/articleView?id=release-notes.rn_security_refresh_token_requests.htm
 */
function refused(path: string, status: number, text: string): HoldfastError {
  const failure = readFailure({ method: 'POST', path, status, body: text })
  const [{ errorCode, message }] = failure.errors
  const detail =
    errorCode === '' && message === ''
      ? ''
      : ` Salesforce says: ${[errorCode, message].filter((one) => one !== '').join(', ')}.`
  if (PASSING.includes(errorCode) || UNDER_WAY.test(message)) {
    return new HoldfastError(
      'connector_unavailable',
      `Salesforce cannot renew the sign-in at this moment. It is tried again.${detail}`,
      { cause: failure, retryable: true },
    )
  }
  if (OF_THE_APP.includes(errorCode)) {
    return new HoldfastError(
      'connector_configuration',
      `Salesforce does not accept the app itself. Check its consumer key and secret against the app's page in Salesforce (Setup > External Client App Manager); an app that is new there is known everywhere only after ten minutes. The connected orgs stay connected.${detail}`,
      { cause: failure },
    )
  }
  if (REVOKED.includes(errorCode)) {
    return new HoldfastError(
      'connector_reconnect',
      `Salesforce refuses the sign-in: the consent was taken back or ran out, its user is not active or not allowed to use the app, or the key does not fit. Connect the org again.${detail}`,
      { cause: failure },
    )
  }
  if (status >= 400 && status < 500 && status !== 408 && status !== 420 && status !== 429) {
    return new HoldfastError(
      'connector_configuration',
      `Salesforce refuses the sign-in with ${status}.${detail}`,
      { cause: failure },
    )
  }
  return translate(failure)
}
