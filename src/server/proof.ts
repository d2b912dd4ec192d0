/**
 * The CSRF token of whoever is signed in, on both ways: into the forms of our pages, and out of the requests that change
 * something. What asks by a script sends it as `X-CSRF-Token`, a form as its field `csrf`.
 */
import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { HoldfastError } from '../contracts/errors.ts'
import { csrfOf, isCsrfOf } from '../security/csrf.ts'
import { readBody } from './body.ts'

/** Stands for the token until the page is sent; new in each process, so that no text from outside holds it. */
const PLACE = `csrf-${randomBytes(12).toString('hex')}`

/** The field of every form of ours. */
export const PROOF_FIELD = { csrf: PLACE } as const

/** A page with its forms made out to this session. */
export function withProof(html: string, session: string): string {
  return html.includes(PLACE) ? html.replaceAll(PLACE, csrfOf(session)) : html
}

/**
 * The body of a request that changes something, once it has shown the token.
 *
 * @param rules how the route wants its body; null: it wants none
 * @returns what is left of a form without the token
 * @throws HoldfastError `forbidden` without the token of this session; what `readBody` throws
 */
export async function provenBody(
  request: IncomingMessage,
  session: string,
  rules: Parameters<typeof readBody>[1] | null,
): Promise<unknown> {
  const header = request.headers['x-csrf-token']
  if (header !== undefined) {
    if (!isCsrfOf(session, header)) throw noProof()
    return rules === null ? undefined : withoutField(await readBody(request, rules), rules.type)
  }
  if (!/^application\/x-www-form-urlencoded\b/i.test(request.headers['content-type'] ?? '')) throw noProof()
  if (rules !== null && rules.type !== FORM) throw noProof()
  const form = await readBody(request, { type: FORM, limit: rules?.limit ?? 1024 })
  if (!isCsrfOf(session, (form as { csrf?: unknown } | undefined)?.csrf)) throw noProof()
  return withoutField(form, FORM)
}

const FORM = 'application/x-www-form-urlencoded'

function withoutField(body: unknown, type: string): unknown {
  if (type !== FORM || typeof body !== 'object' || body === null) return body
  const { csrf: _, ...rest } = body as Record<string, unknown>
  return rest
}

function noProof(): HoldfastError {
  return new HoldfastError(
    'forbidden',
    'The request does not show the token of your session (X-CSRF-Token), or shows that of an earlier one. Load the page again and repeat it there.',
  )
}
