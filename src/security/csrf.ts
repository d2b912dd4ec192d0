/**
 * The proof that a change was asked for by a page of ours: a token that only who may read our pages knows. It is made of
 * the session's own, which no script sees, so that nothing has to be kept and it ends with the session.
 *
 * It stands behind SameSite cookies and the check of where a request comes from, for browsers and proxies that get one of
 * these wrong.
 *
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

/**
 * @param session the session's token, as the cookie has it
 * @returns 43 characters of base64url
 * @example
 * csrfOf(token) // what `X-CSRF-Token`, or the field `csrf` of a form, has to say
 */
export function csrfOf(session: string): string {
  return createHmac('sha256', session).update('holdfast csrf').digest('base64url')
}

/** Whether what was sent is the session's. */
export function isCsrfOf(session: string, given: unknown): boolean {
  if (typeof given !== 'string') return false
  const [own, sent] = [Buffer.from(csrfOf(session)), Buffer.from(given)]
  return own.length === sent.length && timingSafeEqual(own, sent)
}
