/**
 * Our cookies: of this very host alone, out of reach of scripts, not sent along by other sites. Over https they bear the
 * prefix by which browsers hold us to that.
 *
 * @see https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes
 */
import { SESSION_HOURS } from '../security/sessions.ts'

/** Browsers take a cookie of this name over https only, for this very host. */
const SECURE = '__Host-'

/**
 * @param origin as the browser sees us: over https only the secure cookie is ours, since any neighbour below the same
 *   domain can plant one of the plain name
 * @param header the request's cookies
 * @returns the cookie of this name, the secure one first; null: there is none
 */
function cookieNamed(origin: string, header: string | undefined, name: string): string | null {
  if (header === undefined) return null
  let plain: string | null = null
  for (const part of header.split(';')) {
    const at = part.indexOf('=')
    const found = part.slice(0, at).trim()
    if (found === SECURE + name) return part.slice(at + 1).trim()
    if (found === name) plain = part.slice(at + 1).trim()
  }
  return isSecure(origin) ? null : plain
}

const isSecure = (origin: string): boolean => origin.startsWith('https:')

/**
 * Set-Cookie; null ends it.
 *
 * @param origin as the browser sees us
 * @example
 * setCookie('https://holdfast.example.com', 'holdfast_session', token, 43_200)
 */
function setCookie(origin: string, name: string, value: string | null, seconds: number): string {
  const secure = isSecure(origin)
  const age = value === null ? 0 : seconds
  return `${secure ? SECURE : ''}${name}=${value ?? ''}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${age}${secure ? '; Secure' : ''}`
}

const SESSION = 'holdfast_session'
/** Of a sign-in at the sign-in service that has begun. */
const ATTEMPT = 'holdfast_attempt'
/** Of an installation at a CRM that has begun. */
const INSTALL = 'holdfast_install'
/** Where to go on after signing in. */
const NEXT = 'holdfast_next'

/** The session that a cookie header names. */
export const sessionToken = (origin: string, header: string | undefined): string | null =>
  cookieNamed(origin, header, SESSION)

/** Set-Cookie for a session; null ends it. */
export const sessionCookie = (origin: string, token: string | null): string =>
  setCookie(origin, SESSION, token, SESSION_HOURS * 3600)

/** The attempt that a cookie header names. */
export const attemptOf = (origin: string, header: string | undefined): string | null =>
  cookieNamed(origin, header, ATTEMPT)

/** Ten minutes to type a password and find the other factor. */
export const attemptCookie = (origin: string, attempt: string | null): string =>
  setCookie(origin, ATTEMPT, attempt, 600)

/** The attempt that a cookie header names. */
export const installCookieOf = (origin: string, header: string | undefined): string | null =>
  cookieNamed(origin, header, INSTALL)

/** Ten minutes to choose an account and agree; null ends it. */
export const installCookie = (origin: string, attempt: string | null): string =>
  setCookie(origin, INSTALL, attempt, 600)

/**
 * A page of ours to go on with: no other site, no other scheme, nothing that a browser reads as one. Beside the app these are
 * the two ends of an installation at HubSpot.
 */
const OWN_PAGE = /^\/(?:app(?:\/[\w.~-]+)*|oauth\/hubspot\/(?:install|callback))(?:\?[\w.~=&%+-]*)?$/

/** @returns null where it is none of ours */
export const ownPage = (path: string): string | null =>
  path.length <= 500 && OWN_PAGE.test(path) ? path : null

/** Set-Cookie for where to go on; null forgets it. */
export const nextCookie = (origin: string, path: string | null): string =>
  setCookie(origin, NEXT, path === null ? null : encodeURIComponent(path), 1800)

/** Where to go on; null: nowhere in particular. */
export function nextOf(origin: string, header: string | undefined): string | null {
  try {
    return ownPage(decodeURIComponent(cookieNamed(origin, header, NEXT) ?? ''))
  } catch {
    return null
  }
}
