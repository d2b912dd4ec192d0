/**
 * OAuth with HubSpot: tokens for a refresh token or a code, what a token may do, and giving both back.
 *
 * @see https://developers.hubspot.com/docs/api-reference/auth-oauth-v1/guide
 */
import { z } from 'zod'
import type { Clock } from '../../src/contracts/clock.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'
import { jsonOr } from '../refusal-text.ts'
import type { HubSpotClient } from './client.ts'
import { readFailure, translate } from './errors.ts'
import { openTransport, type Sent } from './transport.ts'
import { API_VERSION, HUBSPOT_API } from './version.ts'

/** What a portal granted; sealed in the vault as JSON. */
export interface PortalTokens {
  readonly accessToken: string
  readonly refreshToken: string
  /** ISO 8601, UTC: when the access token runs out. */
  readonly expiresAt: string
}

/** The installation's own app at HubSpot. */
export interface HubSpotApp {
  readonly baseUrl: string
  readonly clientId: string
  readonly clientSecret: string
  readonly timeoutMs?: number
}

const answer = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1).optional(),
  expires_in: z.number().positive(),
})

/** What went wrong with a grant; RFC 6749 section 5.2, and HubSpot's own words for the same. */
const refusal = z.object({
  error: z.string().catch(''),
  status: z.string().catch(''),
  category: z.string().catch(''),
  subCategory: z.string().catch(''),
  message: z.string().catch(''),
  error_description: z.string().catch(''),
})

/**
 * A new access token.
 *
 * @throws HoldfastError `connector_reconnect` when the portal took its consent back (`invalid_grant`,
 *   `BAD_REFRESH_TOKEN`), `connector_configuration` when HubSpot does not know our app (`invalid_client`),
 *   `connector_unavailable` (retryable) when HubSpot cannot be asked
 * @example
 * const { accessToken, expiresAt } = await refreshTokens({ ...app, refreshToken, clock })
 */
export async function refreshTokens({
  refreshToken,
  clock,
  ...app
}: HubSpotApp & { refreshToken: string; clock: Clock }): Promise<PortalTokens> {
  return granted(app, { grant_type: 'refresh_token', refresh_token: refreshToken }, clock, refreshToken)
}

/** Where HubSpot's own pages are. */
const HUBSPOT_APP = 'https://app.hubspot.com'

/**
 * Where a person agrees to the app.
 *
 * @param app.baseUrl of the API; HubSpot's own pages answer elsewhere, everybody else's beside it
 * @param challenge of PKCE, S256
 * @param portal the account that it has to be; null: the person chooses one of theirs
 * @see https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/oauth/working-with-oauth
 * @example
 * consentUrl({ app, redirectUri, state, challenge, portal: null, scopes: APP_SCOPES })
 */
export function consentUrl({
  app: { baseUrl, clientId },
  redirectUri,
  state,
  challenge,
  portal,
  scopes,
}: {
  readonly app: Pick<HubSpotApp, 'baseUrl' | 'clientId'>
  readonly redirectUri: string
  readonly state: string
  readonly challenge: string
  readonly portal: string | null
  readonly scopes: { readonly required: readonly string[]; readonly optional: readonly string[] }
}): string {
  const pages = baseUrl === HUBSPOT_API ? HUBSPOT_APP : baseUrl
  const url = new URL(`${pages}/oauth/${portal === null ? '' : `${encodeURIComponent(portal)}/`}authorize`)
  url.search = new URLSearchParams({
    client_id: clientId,
    redirect_uri: redirectUri,
    scope: scopes.required.join(' '),
    optional_scope: scopes.optional.join(' '),
    state,
    code_challenge: challenge,
    code_challenge_method: 'S256',
  })
    .toString()
    // As HubSpot writes it; a plus is a blank in forms alone.
    .replaceAll('+', '%20')
  return url.href
}

/** The first tokens, for the code that HubSpot sent the admin back with. */
export async function exchangeCode({
  code,
  redirectUri,
  codeVerifier,
  clock,
  ...app
}: HubSpotApp & {
  code: string
  redirectUri: string
  codeVerifier?: string
  clock: Clock
}): Promise<PortalTokens> {
  const verifier = codeVerifier === undefined ? {} : { code_verifier: codeVerifier }
  const grant = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, ...verifier }
  return granted(app, grant, clock, null)
}

/**
 * A token of the app itself, which acts for no account: for the Webhooks Journal, and nothing else takes it.
 *
 * @returns until when it is good too; there is no refresh token, and the next one is asked for in the same way
 * @throws HoldfastError as {@link refreshTokens}
 * @see https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/overview#client-credentials
 */
export async function appToken({
  scopes,
  clock,
  ...app
}: HubSpotApp & { scopes: readonly string[]; clock: Clock }): Promise<
  Pick<PortalTokens, 'accessToken' | 'expiresAt'>
> {
  const grant = { grant_type: 'client_credentials', scope: scopes.join(' ') }
  const { accessToken, expiresAt } = await granted(app, grant, clock, '')
  return { accessToken, expiresAt }
}

const tokenInfo = z.object({
  active: z.boolean(),
  hub_id: z.coerce.string().optional().catch(undefined),
  user: z.string().optional().catch(undefined),
  scopes: z.array(z.string()).optional().catch(undefined),
  scope: z.string().optional().catch(undefined),
})

export interface TokenInfo {
  readonly active: boolean
  /** Null where HubSpot does not say. */
  readonly portal: string | null
  readonly scopes: readonly string[] | null
}

/** What a token is good for. */
export async function introspectToken({
  token,
  kind,
  ...app
}: HubSpotApp & { token: string; kind: 'access_token' | 'refresh_token' }): Promise<TokenInfo> {
  const { text } = await post(app, 'token/introspect', { token, token_type_hint: kind })
  const info = tokenInfo.parse(JSON.parse(text))
  const listed = info.scopes ?? info.scope?.split(' ') ?? null
  return { active: info.active, portal: info.hub_id ?? null, scopes: listed }
}

const privateAppInfo = z.object({ scopes: z.array(z.string()).min(1) })

/**
 * What the token of a private app may do: the one question that HubSpot answers under a path without a date alone. Asked
 * by the doctor, who finds it out by calls that are refused where HubSpot does not say.
 *
 * @returns null where HubSpot does not say
 * @see https://developers.hubspot.com/docs/apps/legacy-apps/private-apps/overview at its end
 * @example
 * await privateAppScopes({ baseUrl: 'https://api.hubapi.com', token }) // ['crm.objects.companies.read', …]
 */
export async function privateAppScopes({
  baseUrl,
  token,
  timeoutMs = 15_000,
}: {
  baseUrl: string
  token: string
  timeoutMs?: number
}): Promise<readonly string[] | null> {
  const path = '/oauth/v2/private-apps/get/access-token-info'
  const headers = { Authorization: `Bearer ${token}` }
  const sent = await openTransport(baseUrl)(
    { method: 'POST', path, headers, body: { tokenKey: token } },
    { timeoutMs },
  )
  if ('kind' in sent || sent.status !== 200) return null
  const info = privateAppInfo.safeParse(jsonOr(sent.text, null))
  return info.success ? info.data.scopes : null
}

/**
 * Takes the app out of the account that the client is signed in to; what it was granted ends with that.
 *
 * @see https://developers.hubspot.com/docs/api-reference/latest/app-management/app-uninstalls/guide
 */
export async function uninstallApp(client: HubSpotClient): Promise<void> {
  await client.call({
    method: 'DELETE',
    path: `/appinstalls/${API_VERSION}/external-install`,
    schema: z.unknown(),
    repeatable: true,
  })
}

/** Gives the grant back; a token that is gone already is fine. */
export async function revokeToken({
  refreshToken,
  ...app
}: HubSpotApp & { refreshToken: string }): Promise<void> {
  await post(app, 'token/revoke', { token: refreshToken, token_type_hint: 'refresh_token' })
}

async function granted(
  app: HubSpotApp,
  grant: Readonly<Record<string, string>>,
  clock: Clock,
  refreshToken: string | null,
): Promise<PortalTokens> {
  const asked = clock()
  const { text } = await post(app, 'token', grant)
  const said = answer.safeParse(jsonOr(text, null))
  const next = said.success ? (said.data.refresh_token ?? refreshToken) : null
  if (!said.success || next === null) {
    throw new HoldfastError(
      'connector_unavailable',
      'HubSpot answered the request for a token with something else. It is tried again.',
      {
        retryable: true,
      },
    )
  }
  const expiresAt = new Date(asked.getTime() + said.data.expires_in * 1000).toISOString()
  return { accessToken: said.data.access_token, refreshToken: next, expiresAt }
}

async function post(app: HubSpotApp, name: string, form: Readonly<Record<string, string>>): Promise<Sent> {
  const path = `/oauth/${API_VERSION}/${name}`
  const credentials = { client_id: app.clientId, client_secret: app.clientSecret }
  const sent = await openTransport(app.baseUrl)(
    { method: 'POST', path, headers: {}, form: { ...credentials, ...form } },
    { timeoutMs: app.timeoutMs ?? 15_000 },
  )
  if ('kind' in sent) {
    throw new HoldfastError(
      'connector_unavailable',
      `HubSpot (${app.baseUrl}) gave no answer about its sign-in: ${sent.why}. It is tried again.`,
      {
        cause: sent.cause,
        retryable: true,
      },
    )
  }
  if (sent.status >= 200 && sent.status < 300) return sent
  throw refused(path, sent)
}

/** One list a reaction; compared without case or punctuation, because HubSpot writes them in several ways. */
const REVOKED = [
  'invalidgrant',
  'badrefreshtoken',
  'badauthcode',
  'invalidrefreshtoken',
  'missingrefreshtoken',
]
const OUR_APP = [
  'invalidclient',
  'unauthorizedclient',
  'badclientid',
  'badclientsecret',
  'invalidclientid',
  'invalidclientsecret',
]

function refused(path: string, { status, text }: Sent): HoldfastError {
  const failure = readFailure({ method: 'POST', path, status, body: text, retryAt: null })
  const said = refusal.safeParse(jsonOr(text, null))
  const fields = said.success ? Object.values(said.data) : []
  const names = fields.map((field) => field.toLowerCase().replace(/[^a-z]/g, ''))
  const detail = failure.message === '' ? '' : ` HubSpot says: ${failure.message}`
  if (names.some((name) => OUR_APP.includes(name))) {
    return new HoldfastError(
      'connector_configuration',
      `HubSpot does not accept the credentials of the app itself. Check HUBSPOT_CLIENT_ID and HUBSPOT_CLIENT_SECRET against the app's page in HubSpot and restart; the connected accounts stay connected.${detail}`,
      { cause: failure },
    )
  }
  if (names.some((name) => REVOKED.includes(name))) {
    return new HoldfastError(
      'connector_reconnect',
      `The HubSpot account has taken back its consent: the app was uninstalled there, an admin revoked it, or HUBSPOT_CLIENT_ID is now that of another app. Connect the account again.${detail}`,
      { cause: failure },
    )
  }
  if (status >= 400 && status < 500 && status !== 429 && status !== 408) {
    return new HoldfastError(
      'connector_configuration',
      `HubSpot refuses the request for a token with ${status}.${detail}`,
      { cause: failure },
    )
  }
  return translate(failure)
}
