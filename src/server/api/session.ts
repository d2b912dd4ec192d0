/** The session that asks: whose it is, what it may, where it may go on; and its end. */
import { z } from 'zod'
import { asTenant } from '../../contracts/ids.ts'
import { ROLES, allows, type SessionCaller } from '../../security/access.ts'
import { csrfOf } from '../../security/csrf.ts'
import { findPerson } from '../../store/people.ts'
import { sessionEnd } from '../../store/sessions.ts'
import { readTenant } from '../../store/tenants.ts'
import { sessionCookie, sessionToken } from '../cookies.ts'
import { QUEUES_ACCESS } from '../queues.ts'
import { route } from '../route.ts'
import type { RouteServices } from '../services.ts'
import { personOf } from './sessions.ts'
import * as shape from './shapes.ts'

const company = z.object({ id: z.uuid(), name: z.string() })

export const sessionAnswer = z.object({
  name: z.string().meta({ description: 'Of the person, or `owner`, `command line`, `local admin`' }),
  email: z.string().nullable().meta({ description: 'null: nobody of the people, but who holds the machine' }),
  person: z.uuid().nullable(),
  session: z.uuid().meta({ description: 'As GET /v1/sessions lists it' }),
  role: z.enum(ROLES),
  installation: z.boolean().meta({ description: 'Whether it reaches what spans companies' }),
  means: z.enum(['link', 'password', 'service']),
  company,
  companies: z.array(company).meta({ description: 'Others to go on in: POST /v1/session/company' }),
  csrf: z
    .string()
    .meta({ description: 'Goes into the header X-CSRF-Token of every request that changes something' }),
  expiresAt: shape.time,
  has: z
    .object({
      inbox: z.boolean().meta({ description: 'The sandbox inbox' }),
      texts: z.boolean().meta({ description: 'The SMS sandbox' }),
      queues: z.boolean().meta({ description: 'The queue board, at /admin/queues' }),
    })
    .meta({ description: 'What there is and this session may open' }),
})
export type SessionAnswer = z.infer<typeof sessionAnswer>

const access = { scope: null, role: 'viewer' } as const
const tag = 'Session'

export const sessionRoutes = [
  route({
    method: 'get',
    path: '/v1/session',
    summary: 'Who am I, what may I, where am I',
    tag,
    access,
    answers: { 200: { description: 'The session that asks', schema: sessionAnswer } },
    handle: async ({ caller, cookie, origin }, services) => ({
      status: 200,
      body: await describe(services, personOf(caller), sessionToken(origin, cookie) ?? ''),
    }),
  }),
  route({
    method: 'post',
    path: '/v1/session/company',
    summary: 'Goes on in another company',
    description:
      'For who holds the installation, and for people of both companies whom the sign-in service knows. The session here ends; the answer sets the cookie of the one there, and has its CSRF token.',
    tag,
    access,
    body: shape.body({ company: z.uuid('takes the id of a company as GET /v1/session lists it') }),
    answers: { 200: { description: 'The session there', schema: sessionAnswer } },
    handle: async ({ body, cookie, origin, requestId }, services) => {
      const { token, caller } = await services.sessions.switchTo(
        sessionToken(origin, cookie) ?? '',
        asTenant(body.company),
        requestId,
      )
      return {
        status: 200,
        body: await describe(services, caller, token),
        headers: { 'Set-Cookie': sessionCookie(origin, token) },
      }
    },
  }),
  route({
    method: 'delete',
    path: '/v1/session',
    summary: 'Signs out',
    tag,
    access,
    answers: { 204: { description: 'The session is over, and its cookie gone' } },
    handle: async ({ cookie, origin, requestId }, { sessions }) => {
      await sessions.signOut(sessionToken(origin, cookie) ?? '', requestId)
      return { status: 204, headers: { 'Set-Cookie': sessionCookie(origin, null) } }
    },
  }),
] as const

async function describe(
  { database, sessions, inbox, texts, queue, clock }: RouteServices,
  caller: SessionCaller,
  token: string,
): Promise<z.input<typeof sessionAnswer>> {
  const { person, role, installation, means, session, subject, tenant } = caller
  const companies = await sessions.companiesOf(caller)
  const { name, end, known } = await database.withTenant(tenant, async (tx) => ({
    name: (await readTenant(tx, tenant)).name,
    end: await sessionEnd(tx, session),
    known: person === null ? null : await findPerson(tx, person),
  }))
  const operates = allows({ scope: null, role: 'operator' }, caller)
  return {
    name: known?.name ?? subject,
    email: known?.email ?? null,
    person,
    session,
    role,
    installation,
    means,
    company: { id: tenant, name },
    companies: [...companies],
    csrf: csrfOf(token),
    // Ended in between: the next request says so.
    expiresAt: (end ?? clock()).toISOString(),
    has: {
      inbox: inbox !== null && operates,
      texts: (texts ?? null) !== null && operates,
      queues: queue !== null && allows(QUEUES_ACCESS, caller),
    },
  }
}
