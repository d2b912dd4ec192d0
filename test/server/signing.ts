/** What people do in a browser, as far as a test of access needs it: they are invited, open their link, and ask. */
import type { TenantId } from '../../src/contracts/ids.ts'
import type { Role } from '../../src/security/access.ts'
import type { InvitationAnswer } from '../../src/server/api/people.ts'
import type { TestServer } from '../support/server.ts'

export interface Asked<Body> {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Parsed JSON; null where there is none. */
  readonly body: Body
}

export type Asking = <Body = Readonly<Record<string, unknown>>>(
  method: string,
  path: string,
  body?: object,
  cookie?: string,
) => Promise<Asked<Body>>

/** Asks as whoever has the cookie, unless a call says another. */
export function asking(server: TestServer, cookie: string): Asking {
  return async <Body>(method: string, path: string, body?: object, as = cookie) => {
    const answer = await server.fetch(path, {
      method,
      headers: {
        cookie: as,
        'sec-fetch-site': 'same-origin',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    const isJson = answer.headers.get('content-type')?.includes('json') === true
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      body: (isJson && text !== '' ? JSON.parse(text) : null) as Body,
    }
  }
}

/** Opens a sign-in link as its button does. */
export async function openLink(server: TestServer, link: string, agent = 'a test'): Promise<Response> {
  const token = new URL(link).searchParams.get('token') ?? ''
  return server.fetch('/sign-in', {
    method: 'POST',
    headers: { 'user-agent': agent },
    body: new URLSearchParams({ token }),
  })
}

/** The cookie that an answer sets. */
export const cookieOf = (answer: Response): string => answer.headers.getSetCookie()[0].split(';')[0]

export interface Invited {
  readonly id: string
  readonly email: string
  readonly link: string
}

/** An admin who holds the machine, as at the first start. */
export const owner = (server: TestServer, tenant: TenantId): Promise<string> =>
  server.cookie(tenant, 'admin', true)

export async function invite(ask: Asking, email: string, role: Role, name = email): Promise<Invited> {
  const { status, body, text } = await ask<InvitationAnswer>('POST', '/v1/people', {
    email,
    name,
    role,
  })
  if (status !== 201) throw new Error(`the invitation was answered with ${status}: ${text}`)
  return { id: body.person.id, email: body.person.email, link: body.link }
}

/** Invited and signed in: their cookie. */
export async function comesIn(
  server: TestServer,
  ask: Asking,
  email: string,
  role: Role,
  name = email,
): Promise<Invited & { readonly cookie: string }> {
  const invited = await invite(ask, email, role, name)
  return { ...invited, cookie: cookieOf(await openLink(server, invited.link)) }
}
