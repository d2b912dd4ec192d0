/**
 * Signing in at an OpenID provider: authorization code with PKCE, state and nonce. All three are made of one secret in a
 * cookie of the browser that began, so that nothing is stored, and an answer that another browser began finds nobody.
 *
 * Whose word counts is checked by openid-client: the issuer by its discovery document, the answer's `iss` (RFC 9207), the
 * ID token's signature by the provider's keys, its issuer, audience, times and nonce. A provider of the public internet
 * leads nowhere into a private network; one inside a network may.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html
 * @see https://www.rfc-editor.org/rfc/rfc9700 (OAuth 2.0 security best current practice)
 */
import { createHmac } from 'node:crypto'
import { isIP } from 'node:net'
import { z } from 'zod'
import type { Configuration } from 'openid-client'
import type { SignInServiceConfig } from '../config-sign-in.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { normaliseEmail } from './address-hash.ts'
import { openOutgoingFetch, type OutgoingFetch } from './outgoing-fetch.ts'
import { isPublicAddress, resolveName, type Resolve } from './outgoing.ts'
import { looksLikeToken, newToken } from './tokens.ts'

/** Whom the provider says it was. */
export interface Identity {
  readonly issuer: string
  /** The provider's own name for the person: never given to somebody else. */
  readonly subject: string
  /** Normalised; null: none, or one that the provider has not verified. */
  readonly email: string | null
  readonly name: string | null
  /** Of the claim that lists groups; empty where there is none. */
  readonly groups: readonly string[]
}

export interface SignInService {
  readonly name: string
  readonly config: SignInServiceConfig
  /**
   * @param redirectUri where the provider sends the browser back to
   * @returns the provider's address, and the secret for the browser's cookie
   * @throws HoldfastError `sign_in_unavailable`
   */
  begin(redirectUri: string): Promise<{ readonly url: string; readonly attempt: string }>
  /**
   * @param answer where the browser came back to, with its query
   * @param attempt of the browser's cookie
   * @throws HoldfastError `unauthenticated` for an answer that is not to this attempt, or says no; `sign_in_unavailable`
   */
  finish(answer: URL, attempt: string | null): Promise<Identity>
}

/**
 * @param options.resolve how names are resolved; default as the machine does
 * @example
 * const service = openSignInService(config.signIn)
 * const { url, attempt } = await service.begin('https://holdfast.example.com/sign-in/service/callback')
 */
export function openSignInService(
  config: SignInServiceConfig,
  { resolve = resolveName }: { readonly resolve?: Resolve } = {},
): SignInService {
  const discovered = kept(() => discover(config, resolve))

  return {
    name: config.name,
    config,

    begin: async (redirectUri) => {
      const client = await import('openid-client')
      const provider = await discovered().catch(unavailable(config))
      const attempt = newToken()
      const { state, nonce, verifier } = secretsOf(attempt)
      const url = client.buildAuthorizationUrl(provider, {
        redirect_uri: redirectUri,
        scope: config.scope,
        state,
        nonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      })
      return { url: url.href, attempt }
    },

    finish: async (answer, attempt) => {
      if (attempt === null || !looksLikeToken(attempt)) throw notOurs()
      const client = await import('openid-client')
      const provider = await discovered().catch(unavailable(config))
      const { state, nonce, verifier } = secretsOf(attempt)
      const tokens = await client
        .authorizationCodeGrant(provider, answer, {
          pkceCodeVerifier: verifier,
          expectedState: state,
          expectedNonce: nonce,
          idTokenExpected: true,
        })
        .catch(refused(config))
      const claims = tokens.claims()
      if (claims === undefined) throw notOurs()
      const groupsClaim = config.groups?.claim
      const isWhole = 'email' in claims && (groupsClaim === undefined || groupsClaim in claims)
      const more =
        isWhole || provider.serverMetadata().userinfo_endpoint === undefined
          ? {}
          : await client.fetchUserInfo(provider, tokens.access_token, claims.sub).catch(refused(config))
      return identityOf({ ...more, ...claims }, config)
    },
  }
}

async function discover(config: SignInServiceConfig, resolve: Resolve): Promise<Configuration> {
  const client = await import('openid-client')
  const issuer = new URL(config.issuer)
  const anywhere = await isInside(issuer.hostname.replace(/^\[|\]$/g, ''), resolve)
  const fetch: OutgoingFetch = openOutgoingFetch({ anywhere, resolve })
  const insecure = issuer.protocol === 'http:' ? [client.allowInsecureRequests] : []
  const authentication =
    config.clientSecret === null ? client.None() : client.ClientSecretBasic(config.clientSecret)
  return client.discovery(issuer, config.clientId, {}, authentication, {
    // The token comes over TLS from where the provider says; its signature is looked at all the same.
    execute: [client.enableNonRepudiationChecks, ...insecure],
    [client.customFetch]: fetch,
  })
}

/** A provider in a network of one's own: then what it names may lie there too. */
async function isInside(host: string, resolve: Resolve): Promise<boolean> {
  if (isIP(host) !== 0) return !isPublicAddress(host)
  return new Promise((done, failed) =>
    resolve(host, (cause, addresses) =>
      cause === null
        ? done(addresses.length > 0 && addresses.every(({ address }) => !isPublicAddress(address)))
        : failed(cause),
    ),
  )
}

/** What one attempt goes by: none of them tells another, and none the attempt. */
function secretsOf(attempt: string): { state: string; nonce: string; verifier: string } {
  const secret = (what: string): string =>
    createHmac('sha256', attempt).update(`holdfast ${what}`).digest('base64url')
  return { state: secret('state'), nonce: secret('nonce'), verifier: secret('verifier') }
}

const text = z.string().min(1)
const yes = z.union([z.literal(true), z.literal('true'), z.literal(1), z.literal('1')])

/**
 * Whether the address is the person's: `email_verified`, or `xms_edov`, which is how Microsoft Entra says it.
 *
 * @see https://learn.microsoft.com/en-us/entra/identity-platform/optional-claims-reference
 */
function identityOf(claims: Readonly<Record<string, unknown>>, config: SignInServiceConfig): Identity {
  const isVerified = [claims['email_verified'], claims['xms_edov']].some(
    (said) => yes.safeParse(said).success,
  )
  const email = text.safeParse(claims['email'])
  const name = text.safeParse(claims['name'])
  const groups = config.groups === null ? undefined : claims[config.groups.claim]
  return {
    issuer: config.issuer,
    subject: text.parse(claims['sub']),
    email: isVerified && email.success ? normaliseEmail(email.data) : null,
    name: name.success ? name.data.slice(0, 100) : null,
    groups: [groups].flat().filter((group) => typeof group === 'string'),
  }
}

/** Asked once; again when it failed, or after a day, since providers change their addresses. */
function kept<T>(ask: () => Promise<T>): () => Promise<T> {
  let last: { readonly at: number; readonly answer: Promise<T> } | null = null
  return () => {
    if (last === null || performance.now() - last.at > DAY_MS) {
      const answer = ask()
      const mine = (last = { at: performance.now(), answer })
      answer.catch(() => {
        if (last === mine) last = null
      })
    }
    return last.answer
  }
}

const DAY_MS = 24 * 3_600_000

const unavailable =
  ({ name }: SignInServiceConfig) =>
  (cause: unknown): never => {
    throw new HoldfastError(
      'sign_in_unavailable',
      `${name} cannot be reached, or answers differently than a sign-in service does. Try again in a while, or use another way to sign in. The log tells more.`,
      { cause, retryable: true },
    )
  }

const refused =
  (config: SignInServiceConfig) =>
  (cause: unknown): never => {
    const { name, code } = cause as { readonly name?: string; readonly code?: string }
    // The provider said no, in its answer or to our question.
    if (name === 'AuthorizationResponseError')
      throw new HoldfastError('unauthenticated', `${config.name} did not sign you in. Begin again.`, {
        cause,
      })
    if (name === 'ResponseBodyError' || OURS_TO_REFUSE.has(code ?? '')) throw notOurs(cause)
    return unavailable(config)(cause)
  }

/** Codes of oauth4webapi for answers that came, and are wrong. */
const OURS_TO_REFUSE = new Set([
  'OAUTH_INVALID_RESPONSE',
  'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
  'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED',
  'OAUTH_KEY_SELECTION_FAILED',
  'OAUTH_INVALID_REQUEST',
])

function notOurs(cause?: unknown): HoldfastError {
  return new HoldfastError(
    'unauthenticated',
    'This is not the answer to a sign-in that this browser began, or it was used before. Begin again.',
    cause === undefined ? {} : { cause },
  )
}
