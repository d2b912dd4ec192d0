/**
 * An installation that a browser began: what the CRM is told of it, and what proves the answer to be to it. All of it is made
 * of one secret in a cookie of that browser, so that nothing is stored, and an answer that another browser began, or that is
 * brought to another company, finds nobody.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9700 (OAuth 2.0 security best current practice)
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { asConnection, type ConnectionId, type TenantId } from '../contracts/ids.ts'
import { newToken } from './tokens.ts'

/** What is to become of it; comes back with the browser. */
export interface InstallWish {
  readonly object: 'companies' | 'contacts'
  /** The connection that is signed in to anew; null: it is another one. */
  readonly again: ConnectionId | null
}

export interface InstallAttempt {
  /** For the browser's cookie. */
  readonly cookie: string
  readonly state: string
  /** Of PKCE, S256 (RFC 7636). */
  readonly challenge: string
}

/**
 * @example
 * const { cookie, state, challenge } = beginInstall(tenant, { object: 'companies', again: null })
 */
export function beginInstall(tenant: TenantId, wish: InstallWish): InstallAttempt {
  const token = newToken()
  const verifier = secretOf(token, 'verifier')
  return {
    cookie: [token, wish.object, wish.again ?? ''].join('.'),
    state: stateOf(token, tenant, wish),
    challenge: createHash('sha256').update(verifier).digest('base64url'),
  }
}

const cookieSchema = z.tuple([
  z.string().regex(/^[\w-]{43}$/),
  z.enum(['companies', 'contacts']),
  z.union([z.literal('').transform(() => null), z.uuid().transform((id) => asConnection(id))]),
])

/**
 * @param cookie of the browser that brings the answer; null: it has none
 * @param state as the answer has it
 * @returns null where the answer is not to what this browser began for this company
 */
export function installOf(
  cookie: string | null,
  state: string,
  tenant: TenantId,
): (InstallWish & { readonly verifier: string }) | null {
  const parts = cookieSchema.safeParse(cookie?.split('.'))
  if (!parts.success) return null
  const [token, object, again] = parts.data
  const expected = Buffer.from(stateOf(token, tenant, { object, again }))
  const given = Buffer.from(state)
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null
  return { object, again, verifier: secretOf(token, 'verifier') }
}

const stateOf = (token: string, tenant: TenantId, { object, again }: InstallWish): string =>
  secretOf(token, `state ${tenant} ${object} ${again ?? 'another'}`)

/** None tells another, and none the token. */
const secretOf = (token: string, what: string): string =>
  createHmac('sha256', token).update(`holdfast install ${what}`).digest('base64url')
