/** Signing in and out in the browser: by a link, at the sign-in service, by the local password. */
import { z } from 'zod'
import { HoldfastError } from '../contracts/errors.ts'
import { asTenant } from '../contracts/ids.ts'
import { admit } from '../security/admission.ts'
import { limitAttempts, type Attempts } from '../security/attempts.ts'
import { openLocalAdmin } from '../security/local-admin.ts'
import { readLocalPassword } from '../store/local-admin.ts'
import {
  attemptCookie,
  attemptOf,
  nextCookie,
  nextOf,
  ownPage,
  sessionCookie,
  sessionToken,
} from './cookies.ts'
import { problemHeaders } from './problem.ts'
import { route, type Answer, type Route } from './route.ts'
import type { RouteServices } from './services.ts'
import { signInPage, type SignInPage } from './sign-in-page.ts'

const token = z.string().max(200)
const CALLBACK = '/sign-in/service/callback'

const page = { tag: 'Pages', access: 'public', audience: 'page' } as const
const form = { bodyType: 'application/x-www-form-urlencoded', bodyLimit: 1024 } as const
const shown = { 200: { description: 'The page', type: 'text/html' } } as const
const done = {
  303: { description: 'Signed in; on to the first page, or to the one that was asked for' },
} as const

export function signInRoutes(): readonly Route[] {
  const limit = { most: 10, seconds: 15 * 60, what: 'sign-ins' }
  const links = limitAttempts(limit)
  const localAdmin = openLocalAdmin(limitAttempts(limit))
  // A wrong answer of the service is seldom a guess, and an office shares one address.
  const answers = limitAttempts({ ...limit, most: 30 })
  return [
    route({
      ...page,
      method: 'get',
      path: '/sign-in',
      summary: 'The ways to sign in; opening a link uses nothing up, since mail scanners open links too',
      query: z.strictObject({
        token: token.optional(),
        next: z.string().max(500).optional().meta({ description: 'A page of the app to go on with' }),
      }),
      answers: shown,
      handle: async ({ query, origin }, services) => {
        const next = query.next === undefined ? null : ownPage(query.next)
        return signInPage({
          ...(await waysOf(services)),
          token: query.token ?? null,
          ...(next === null ? {} : { cookies: [nextCookie(origin, next)] }),
        })
      },
    }),
    route({
      ...page,
      ...form,
      method: 'post',
      path: '/sign-in',
      summary: 'Turns a sign-in link into a session',
      body: z.strictObject({ token }),
      answers: done,
      handle: async ({ body, ip, agent, requestId, origin, cookie }, services) => {
        const session = await counted(links, ip, services, () =>
          services.sessions.signIn(body.token, requestId, { address: ip, agent }),
        )
        return 'token' in session ? signedIn(origin, cookie, session.token) : session
      },
    }),
    route({
      ...page,
      ...form,
      method: 'post',
      path: '/sign-in/password',
      summary: 'Signs in by the password of the installation',
      body: z.strictObject({ password: z.string().max(1000) }),
      answers: done,
      handle: async ({ body, ip, agent, requestId, origin, cookie }, services) => {
        const session = await told(services, () =>
          localAdmin.signIn(services, body.password, { address: ip, agent, requestId }),
        )
        return 'token' in session ? signedIn(origin, cookie, session.token) : session
      },
    }),
    route({
      ...page,
      method: 'get',
      path: '/sign-in/service',
      summary: 'On to the sign-in service',
      answers: { 303: { description: 'To the sign-in service, which comes back to us' } },
      handle: async ({ origin }, services) => {
        const service = serviceOf(services)
        const begun = await told(services, () => service.begin(origin + CALLBACK))
        if (!('attempt' in begun)) return begun
        return { redirect: begun.url, cookies: [attemptCookie(origin, begun.attempt)] }
      },
    }),
    route({
      ...page,
      method: 'get',
      path: CALLBACK,
      summary: 'Where the sign-in service sends people back to',
      // What else the service adds is its own affair: what counts is looked at by openid-client.
      query: z.looseObject({}),
      answers: done,
      handle: async ({ url, ip, agent, requestId, origin, cookie }, services) => {
        const service = serviceOf(services)
        const { config } = service
        const session = await counted(answers, ip, services, async () => {
          const identity = await service.finish(new URL(origin + url), attemptOf(origin, cookie))
          return admit({ ...services, config }, identity, { address: ip, agent, requestId })
        })
        if (!('token' in session)) return { ...session, cookies: [attemptCookie(origin, null)] }
        return signedIn(origin, cookie, session.token)
      },
    }),
    route({
      method: 'post',
      path: '/company',
      summary: 'Goes on in another company, where one may',
      tag: 'Pages',
      access: { scope: null, role: 'viewer' },
      audience: 'page',
      body: z.strictObject({ company: z.uuid() }),
      ...form,
      answers: { 303: { description: 'Signed in there; on to its first page' } },
      handle: async ({ body, cookie, origin, requestId }, { sessions }) => {
        const next = await sessions.switchTo(
          sessionToken(origin, cookie) ?? '',
          asTenant(body.company),
          requestId,
        )
        return { redirect: '/app', cookies: [sessionCookie(origin, next.token)] }
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
        const session = sessionToken(origin, cookie)
        if (session !== null) await sessions.signOut(session, requestId)
        return { redirect: '/sign-in', cookies: [sessionCookie(origin, null)] }
      },
    }),
  ]
}

async function waysOf({
  database,
  signIn,
}: RouteServices): Promise<Pick<SignInPage, 'service' | 'password'>> {
  const kept = await database.asSystem('the ways to sign in', readLocalPassword)
  return { service: signIn?.name ?? null, password: kept !== null }
}

function serviceOf({ signIn }: RouteServices): NonNullable<RouteServices['signIn']> {
  if (signIn) return signIn
  throw new HoldfastError('not_found', 'There is no sign-in service set up here.')
}

/** On to where they were going, with nothing of the way in left behind. */
function signedIn(origin: string, cookie: string | undefined, session: string): Answer {
  return {
    redirect: nextOf(origin, cookie) ?? '/app',
    cookies: [
      sessionCookie(origin, session),
      ...(attemptOf(origin, cookie) === null ? [] : [attemptCookie(origin, null)]),
      ...(nextOf(origin, cookie) === null ? [] : [nextCookie(origin, null)]),
    ],
  }
}

/** What did not work is said on the page of the ways there are, rather than on a dead end. */
async function told<T extends object>(services: RouteServices, work: () => Promise<T>): Promise<T | Answer> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof HoldfastError) || !SAID.has(error.code)) throw error
    services.log.info({ code: error.code, err: causeOf(error) }, 'a sign-in was refused')
    return signInPage({
      ...(await waysOf(services)),
      notice: error.message,
      status: error.status,
      // When to come back.
      ...(error.code === 'too_many_requests' ? { headers: problemHeaders(error) } : {}),
    })
  }
}

const SAID = new Set(['unauthenticated', 'forbidden', 'sign_in_unavailable', 'too_many_requests'])

/** What the provider or the library said, without what it said it of: answers hold codes and addresses. */
function causeOf({ cause }: HoldfastError): object | undefined {
  if (!(cause instanceof Error)) return undefined
  const { code, error } = cause as { readonly code?: unknown; readonly error?: unknown }
  return { name: cause.name, code, error }
}

/** A refusal counts against the address that it came from. */
function counted<T extends object>(
  attempts: Attempts,
  ip: string,
  services: RouteServices,
  work: () => Promise<T>,
): Promise<T | Answer> {
  return told(services, async () => {
    await attempts.check(ip)
    try {
      return await work()
    } catch (error) {
      if (error instanceof HoldfastError && error.code === 'unauthenticated') await attempts.failed(ip)
      throw error
    }
  })
}
