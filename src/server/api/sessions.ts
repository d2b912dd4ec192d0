/** Sessions: one's own, and for admins all of the company; each can be ended from here. */
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import { ROLES, allows, type Caller, type SessionCaller } from '../../security/access.ts'
import { browserName } from '../../security/browser-name.ts'
import { IDLE_MINUTES } from '../../security/sessions.ts'
import { recordAudit } from '../../store/audit.ts'
import { LARGEST_PAGE } from '../../store/reads/paging.ts'
import { listSessions, type OpenSession } from '../../store/reads/sessions.ts'
import { revokeSessionById, revokeSessionsOf } from '../../store/sessions.ts'
import { route } from '../route.ts'
import { csvFile, everyPage, listFormat, type CsvColumns } from './csv-file.ts'
import { sessionsEndedAnswer } from './people.ts'
import * as shape from './shapes.ts'

export const openSessionAnswer = z.object({
  id: z.uuid(),
  person: z.uuid().nullable().meta({ description: 'null: nobody of the people, but who holds the machine' }),
  name: z.string().meta({ description: 'Of the person, or `owner`, `command line`, `local admin`' }),
  subject: z.string().meta({ description: 'As the audit log names them' }),
  role: z.enum(ROLES),
  installation: z.boolean().meta({ description: 'Whether it reaches what spans companies' }),
  means: z.enum(['link', 'password', 'service']).meta({
    description: 'What it came from: a sign-in link, the local password, the sign-in service',
  }),
  startedAt: shape.time,
  lastSeenAt: shape.time.meta({ description: 'To the minute' }),
  expiresAt: shape.time,
  address: z.string().nullable().meta({ description: 'IP address where it began' }),
  browser: z.string().nullable().meta({ example: 'Firefox on Windows' }),
  current: z.boolean().meta({ description: 'Whether it is the one that asks' }),
})
export type OpenSessionAnswer = z.infer<typeof openSessionAnswer>

const PERSON = { scope: null, role: 'viewer' } as const
const tag = 'Sessions'

const COLUMNS: CsvColumns<OpenSessionAnswer> = {
  name: (session) => session.name,
  subject: (session) => session.subject,
  role: (session) => session.role,
  means: (session) => session.means,
  startedAt: (session) => session.startedAt,
  lastSeenAt: (session) => session.lastSeenAt,
  expiresAt: (session) => session.expiresAt,
  address: (session) => session.address,
  browser: (session) => session.browser,
}

export const sessionsRoutes = [
  route({
    method: 'get',
    path: '/v1/sessions',
    summary: 'Who is signed in now, newest first',
    tag,
    access: PERSON,
    query: z.strictObject({
      ...shape.pageQuery,
      of: z.enum(['me', 'everyone']).default('me').meta({ description: 'everyone is for admins' }),
      format: listFormat,
    }),
    answers: { 200: { description: 'A page of sessions', schema: shape.pageOf(openSessionAnswer) } },
    handle: async ({ tenant, query, caller }, { database }) => {
      const { format, of, ...asked } = query
      const me = personOf(caller)
      if (of === 'everyone') expectAdmin(caller)
      const read = async (cursor: string | null | undefined, limit: number) => {
        const request = { cursor, limit, idleMinutes: IDLE_MINUTES }
        const page = await database.withTenant(tenant, (tx) =>
          listSessions(tx, of === 'me' ? { ...request, subject: me.subject } : request),
        )
        return { ...page, items: page.items.map((session) => toldOf(session, me)) }
      }
      if (format === 'csv')
        return csvFile(
          'sessions.csv',
          COLUMNS,
          everyPage((cursor) => read(cursor, LARGEST_PAGE)),
        )
      return { status: 200, body: await read(asked.cursor, asked.limit) }
    },
  }),
  route({
    method: 'delete',
    path: '/v1/sessions/{id}',
    summary: 'Ends a session: of one’s own, or as an admin any of the company',
    tag,
    access: PERSON,
    params: z.strictObject({ id: z.uuid('takes the id of a session as GET /v1/sessions lists it') }),
    answers: { 204: { description: 'It is over' } },
    handle: async ({ tenant, params, caller, requestId }, { database, sessions }) => {
      const me = personOf(caller)
      const subject = allows({ scope: null, role: 'admin' }, caller) ? null : me.subject
      await database.withTenant(tenant, async (tx) => {
        const whose = await revokeSessionById(tx, params.id, { idleMinutes: IDLE_MINUTES, subject })
        if (whose === null) throw new HoldfastError('not_found', 'There is no such session, or it is over.')
        await recordAudit(tx, { actor: caller.actor, action: 'session.end', object: whose, requestId })
        tx.afterCommit(() => sessions.forget((other) => other.session === params.id))
      })
      return { status: 204 }
    },
  }),
  route({
    method: 'delete',
    path: '/v1/sessions',
    summary: 'Ends all of one’s own sessions but this one',
    tag,
    access: PERSON,
    answers: { 200: { description: 'How many there were', schema: sessionsEndedAnswer } },
    handle: async ({ tenant, caller, requestId }, { database, sessions }) => {
      const me = personOf(caller)
      const ended = await database.withTenant(tenant, async (tx) => {
        const many = await revokeSessionsOf(tx, me.subject, {
          idleMinutes: IDLE_MINUTES,
          but: me.session,
        })
        await recordAudit(tx, {
          actor: caller.actor,
          action: 'session.end_others',
          detail: { sessions: many },
          requestId,
        })
        tx.afterCommit(() =>
          sessions.forget(
            (other) =>
              other.tenant === tenant && other.subject === me.subject && other.session !== me.session,
          ),
        )
        return many
      })
      return { status: 200, body: { ended } }
    },
  }),
] as const

function toldOf(session: OpenSession, me: SessionCaller): OpenSessionAnswer {
  const { agent, name, startedAt, lastSeenAt, expiresAt, ...rest } = session
  return {
    ...rest,
    name: name ?? session.subject,
    startedAt: startedAt.toISOString(),
    lastSeenAt: lastSeenAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    browser: browserName(agent),
    current: session.id === me.session,
  }
}

/** Keys do not open these routes. */
export function personOf(caller: Caller): SessionCaller {
  if (caller.kind === 'session') return caller
  throw new HoldfastError('forbidden', 'API keys do not open this. Sign in as a person.')
}

function expectAdmin(caller: Caller): void {
  if (allows({ scope: null, role: 'admin' }, caller)) return
  throw new HoldfastError('forbidden', 'Everyone’s sessions are for admins to see. Ask one.')
}
