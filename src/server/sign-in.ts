/** Signing in and out in the browser. */
import { z } from 'zod'
import { limitAttempts } from '../security/attempts.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { asTenant } from '../contracts/ids.ts'
import { escapeMarkup } from '../report/markup.ts'
import { sessionCookie, sessionToken } from './authenticate.ts'
import { page } from './page.ts'
import { route, type Route } from './route.ts'

const token = z.string().max(200)

export function signInRoutes(): readonly Route[] {
  const attempts = limitAttempts({ most: 10, seconds: 15 * 60, what: 'sign-ins' })
  return [
    route({
      method: 'get',
      path: '/sign-in',
      summary:
        'Page with the button that signs in; opening it uses nothing up, since mail scanners open links too',
      tag: 'Pages',
      access: 'public',
      audience: 'page',
      query: z.strictObject({ token: token.optional() }),
      answers: { 200: { description: 'The page', type: 'text/html' } },
      handle: ({ query }) => ({
        status: 200,
        html: page({
          title: 'Sign in',
          body:
            query.token === undefined
              ? '<h1>Sign in</h1><p>Open the sign-in link that the server prints at its start. It works once, for 15 minutes.</p>'
              : `<h1>Sign in to Holdfast</h1><form method="post" action="/sign-in"><input type="hidden" name="token" value="${escapeMarkup(query.token)}"><button>Sign in</button></form>`,
        }),
      }),
    }),
    route({
      method: 'post',
      path: '/sign-in',
      summary: 'Turns a sign-in link into a session',
      tag: 'Pages',
      access: 'public',
      audience: 'page',
      body: z.strictObject({ token }),
      bodyType: 'application/x-www-form-urlencoded',
      bodyLimit: 1024,
      answers: { 303: { description: 'Signed in; on to the first page' } },
      handle: async ({ body, ip, requestId, origin }, { sessions }) => {
        await attempts.check(ip)
        const session = await sessions.signIn(body.token, requestId).catch(async (error: unknown) => {
          if (error instanceof HoldfastError && error.code === 'unauthenticated') await attempts.failed(ip)
          throw error
        })
        return { redirect: '/', headers: { 'Set-Cookie': sessionCookie(origin, session.token) } }
      },
    }),
    route({
      method: 'post',
      path: '/company',
      summary: 'Goes on in another company, for who holds the installation',
      tag: 'Pages',
      access: { scope: null, role: 'viewer', installation: true },
      audience: 'page',
      body: z.strictObject({ company: z.uuid() }),
      bodyType: 'application/x-www-form-urlencoded',
      bodyLimit: 1024,
      answers: { 303: { description: 'Signed in there; on to its first page' } },
      handle: async ({ body, cookie, origin, requestId }, { sessions }) => {
        const next = await sessions.switchTo(sessionToken(cookie) ?? '', asTenant(body.company), requestId)
        return { redirect: '/', headers: { 'Set-Cookie': sessionCookie(origin, next) } }
      },
    }),
    route({
      method: 'post',
      path: '/sign-out',
      summary: 'Ends the session',
      tag: 'Pages',
      access: { scope: null, role: 'viewer' },
      audience: 'page',
      answers: { 303: { description: 'Signed out' } },
      handle: async ({ cookie, origin, requestId }, { sessions }) => {
        const session = sessionToken(cookie)
        if (session !== null) await sessions.signOut(session, requestId)
        return { redirect: '/sign-in', headers: { 'Set-Cookie': sessionCookie(origin, null) } }
      },
    }),
  ]
}
