/**
 * Tokens: exchanged, refreshed, looked into, revoked.
 *
 * @see https://developers.hubspot.com/docs/api-reference/auth-oauth-v3/guide
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { SandboxAnswer } from '../../sandbox/http.ts'
import { API_VERSION } from '../version.ts'
import type { Token } from './entries.ts'
import { problem } from './problems.ts'
import { parseBody, type SandboxContext, type SandboxRequest, type SandboxRoute } from './route.ts'
import { ALL_SCOPES, fixedScopes } from './scopes.ts'

const OAUTH = `/oauth/${API_VERSION}/token`
/** Seconds that an access token is good for. */
export const ACCESS_SECONDS = 1_800
const open = fixedScopes()

/** As OAuth names them, and as HubSpot does beside that: clients meet either. */
function refusal(error: string, word: string, message: string, status = 400): Error {
  return problem({
    status,
    word,
    message,
    category: 'VALIDATION_ERROR',
    more: { error, error_description: message },
  })
}

const badRefreshToken = (): Error =>
  refusal('invalid_grant', 'BAD_REFRESH_TOKEN', 'missing or invalid refresh token')

function checkClient(
  request: SandboxRequest,
  clientId: string | undefined,
  secret: string | undefined,
): void {
  const { app } = request.context
  if (clientId !== app.clientId) {
    throw refusal('invalid_client', 'BAD_CLIENT_ID', 'missing or unknown client id')
  }
  if (secret !== app.clientSecret) {
    throw refusal('invalid_client', 'BAD_CLIENT_SECRET', 'missing or invalid client secret')
  }
}

/** A new access token of the installation that a refresh token stands for. */
export function issueAccess(context: SandboxContext, refresh: Token, at: Date): Token {
  const { state } = context
  // Those that have run out are of no use to anyone; kept for an hour, to say so.
  for (const known of state.tokens().values()) {
    if (known.kind !== 'private' && known.expiresAt !== null && known.expiresAt < at.getTime() - 3_600_000) {
      state.removeToken(known.token)
    }
  }
  const token: Token = {
    token: context.secret('access'),
    kind: 'access',
    scopes: refresh.scopes,
    expiresAt: at.getTime() + ACCESS_SECONDS * 1000,
    from: refresh.token,
  }
  state.setToken(token)
  return token
}

export function issueRefresh(context: SandboxContext, scopes: readonly string[]): Token {
  const isNew = ![...context.state.tokens().values()].some(({ kind }) => kind === 'refresh')
  if (isNew) context.journal.lifecycle('APP_INSTALL')
  const token: Token = {
    token: context.secret('refresh'),
    kind: 'refresh',
    scopes,
    expiresAt: null,
    from: null,
  }
  context.state.setToken(token)
  return token
}

const CODES = 'oauth_codes'
/** RFC 6749, section 4.1.2: ten minutes at most. */
const CODE_MS = 600_000

/** What a person's consent is exchanged by, once. */
export interface Code {
  readonly scopes: readonly string[]
  /** Where it was sent to; null: wherever. */
  readonly redirectUri: string | null
  /** Of PKCE, S256; null: none was sent. */
  readonly challenge: string | null
  /** Milliseconds. */
  readonly madeAt: number
}

const code: z.ZodType<Code> = z.object({
  scopes: z.array(z.string()),
  redirectUri: z.string().nullable(),
  challenge: z.string().nullable(),
  madeAt: z.number(),
})

/** @returns the code, as the browser brings it back */
export function keepCode(context: SandboxContext, kept: Code): string {
  const name = context.secret('code')
  context.state.put(CODES, name, kept)
  return name
}

/** RFC 7636. */
const challengeOf = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url')

const fields = z.object({
  grant_type: z.string().optional(),
  client_id: z.string().optional(),
  client_secret: z.string().optional(),
  refresh_token: z.string().optional(),
  code: z.string().optional(),
  redirect_uri: z.string().optional(),
  scope: z.string().optional(),
  code_verifier: z.string().optional(),
  token: z.string().optional(),
})

const token: SandboxRoute = {
  method: 'POST',
  path: OAUTH,
  kind: 'open',
  scopes: open,
  handle(request) {
    const given = parseBody(fields, request)
    checkClient(request, given.client_id, given.client_secret)
    if (given.grant_type === 'client_credentials') return appToken(request, given.scope ?? '')
    const refresh = grantOf(request, given)
    const access = issueAccess(request.context, refresh, request.at)
    return {
      status: 200,
      body: {
        token_type: 'bearer',
        access_token: access.token,
        refresh_token: refresh.token,
        expires_in: ACCESS_SECONDS,
        hub_id: Number(request.state.portal),
        scopes: refresh.scopes,
        user_id: 1_000_001,
        token_use: 'access_token',
      },
    }
  },
}

const ofApps = /^developer\.webhooks_journal\.(read|(subscriptions|snapshots)\.(read|write))$/

/**
 * A token of the app itself: for its journal alone, and without a refresh token.
 *
 * @see https://developers.hubspot.com/docs/api-reference/latest/webhooks-journal/guide
 */
function appToken({ context, state, at }: SandboxRequest, scope: string): SandboxAnswer {
  const scopes = scope.split(' ').filter((one) => one !== '')
  const unknown = scopes.find((one) => !ofApps.test(one) && !ALL_SCOPES.includes(one))
  if (scopes.length === 0 || unknown !== undefined)
    throw refusal('invalid_scope', 'BAD_SCOPE', `missing or unknown scope ${unknown ?? ''}`)
  const expiresAt = at.getTime() + ACCESS_SECONDS * 1000
  const made: Token = { token: context.secret('app'), kind: 'app', scopes, expiresAt, from: null }
  state.setToken(made)
  return {
    status: 200,
    body: { token_type: 'bearer', access_token: made.token, expires_in: ACCESS_SECONDS, scopes },
  }
}

function grantOf(request: SandboxRequest, given: z.infer<typeof fields>): Token {
  const { state } = request
  switch (given.grant_type) {
    case 'refresh_token': {
      const known = state.tokens().get(given.refresh_token ?? '')
      if (known?.kind !== 'refresh') throw badRefreshToken()
      return known
    }
    case 'authorization_code': {
      const name = given.code ?? ''
      const kept = code.safeParse(state.get(CODES, name))
      if (!kept.success || request.at.getTime() - kept.data.madeAt > CODE_MS)
        throw refusal('invalid_grant', 'BAD_AUTH_CODE', 'missing or unknown auth code')
      const { scopes, redirectUri, challenge } = kept.data
      if (redirectUri !== null && given.redirect_uri !== redirectUri)
        throw refusal('invalid_grant', 'MISMATCH_REDIRECT_URI_AUTH_CODE', 'redirect uri does not match')
      if (challenge !== null && challengeOf(given.code_verifier ?? '') !== challenge)
        throw refusal('invalid_grant', 'BAD_CODE_VERIFIER', 'code verifier does not match')
      state.put(CODES, name, null)
      return issueRefresh(request.context, scopes)
    }
    default:
      throw refusal('unsupported_grant_type', 'BAD_GRANT_TYPE', 'missing or unknown grant type')
  }
}

const introspect: SandboxRoute = {
  method: 'POST',
  path: `${OAUTH}/introspect`,
  kind: 'open',
  scopes: open,
  handle(request) {
    const given = parseBody(fields, request)
    checkClient(request, given.client_id, given.client_secret)
    const known = request.state.tokens().get(given.token ?? '')
    const now = request.at.getTime()
    if (
      !known ||
      known.kind === 'private' ||
      known.kind === 'app' ||
      (known.expiresAt !== null && known.expiresAt <= now)
    ) {
      return { status: 200, body: { active: false } }
    }
    return {
      status: 200,
      body: {
        active: true,
        token_use: known.kind === 'access' ? 'access_token' : 'refresh_token',
        token_type: 'bearer',
        client_id: request.context.app.clientId,
        hub_id: Number(request.state.portal),
        user_id: 1_000_001,
        app_id: Number(request.context.app.appId),
        scopes: known.scopes,
        ...(known.expiresAt === null ? {} : { expires_in: Math.floor((known.expiresAt - now) / 1000) }),
      },
    }
  },
}

/** All tokens of an installation go with its refresh token. */
export function revokeInstallation(context: SandboxContext, refresh: string): void {
  for (const known of context.state.tokens().values()) {
    if (known.token === refresh || known.from === refresh) context.state.removeToken(known.token)
  }
}

const revoke: SandboxRoute = {
  method: 'POST',
  path: `${OAUTH}/revoke`,
  kind: 'open',
  scopes: open,
  handle(request) {
    const given = parseBody(fields, request)
    checkClient(request, given.client_id, given.client_secret)
    const known = request.state.tokens().get(given.token ?? '')
    if (known?.kind === 'refresh') revokeInstallation(request.context, known.token)
    else if (known?.kind === 'access') request.state.removeToken(known.token)
    return { status: 204 }
  },
}

/** The app goes with everything that any consent to it granted; a private app's token is none of those. */
export function uninstallApp(context: SandboxContext): void {
  const installed = [...context.state.tokens().values()].filter(({ kind }) => kind === 'refresh')
  for (const { token: known } of installed) revokeInstallation(context, known)
  if (installed.length > 0) context.journal.lifecycle('APP_UNINSTALL')
}

const uninstall: SandboxRoute = {
  method: 'DELETE',
  path: `/appinstalls/${API_VERSION}/external-install`,
  kind: 'call',
  scopes: fixedScopes('oauth'),
  handle(request) {
    uninstallApp(request.context)
    return { status: 204 }
  },
}

export const oauthRoutes: readonly SandboxRoute[] = [token, introspect, revoke, uninstall]
