/** People of the company: who gets in, and as what. Only people ask, and change it as admins. */
import { z } from 'zod'
import { ROLES } from '../../security/access.ts'
import {
  INVITATION_HOURS,
  changePerson,
  invitePerson,
  removePerson,
  renewInvitation,
} from '../../security/people.ts'
import { IDLE_MINUTES } from '../../security/sessions.ts'
import { recordAudit } from '../../store/audit.ts'
import { findPerson, type Person } from '../../store/people.ts'
import { LARGEST_PAGE } from '../../store/reads/paging.ts'
import { countPeople, listPeople } from '../../store/reads/people.ts'
import { revokeSessionsOf } from '../../store/sessions.ts'
import { HoldfastError } from '../../contracts/errors.ts'
import { route } from '../route.ts'
import { csvFile, everyPage, listFormat, type CsvColumns } from './csv-file.ts'
import * as shape from './shapes.ts'

const role = z.enum(ROLES).meta({
  description:
    'viewer looks; operator also approves, rejects, snoozes and pauses; admin also changes settings, people and keys',
})

export const personAnswer = z.object({
  id: z.uuid(),
  email: z.string().meta({ example: 'ines.vogt@nordlicht.example' }),
  name: z.string(),
  role,
  origin: z.enum(['invited', 'group']).meta({
    description: 'invited: an admin said the role. group: the sign-in service says it, at each sign-in',
  }),
  createdBy: z.string(),
  createdAt: shape.time,
  removedAt: shape.time.nullable(),
  lastSignInAt: shape.time.nullable().meta({ description: 'null: never yet' }),
})
export type PersonAnswer = z.infer<typeof personAnswer>

export const peopleAnswer = shape.pageOf(personAnswer).extend({
  counts: z
    .object({
      viewer: z.int(),
      operator: z.int(),
      admin: z.int(),
      removed: z.int(),
      neverSignedIn: z.int().meta({ description: 'Who has a link and has not come; in their roles too' }),
    })
    .meta({ description: 'Of everybody, whatever the filter' }),
})
export type PeopleAnswer = z.infer<typeof peopleAnswer>

export const invitationAnswer = z.object({
  person: personAnswer,
  link: z.url().meta({ description: 'Signs in once. It is shown this once and kept nowhere: hand it on' }),
  validHours: z.int(),
})
export type InvitationAnswer = z.infer<typeof invitationAnswer>

export const sessionsEndedAnswer = z.object({ ended: z.int().meta({ description: 'Sessions that ended' }) })
export type SessionsEndedAnswer = z.infer<typeof sessionsEndedAnswer>

const ADMIN = { scope: null, role: 'admin' } as const
const tag = 'People'
const PERSON = 'takes the id of a person as GET /v1/people lists it'
const params = z.strictObject({ id: z.uuid(PERSON) })
const name = shape.text(100).meta({ description: 'As colleagues call them' })

const COLUMNS: CsvColumns<Person> = {
  name: (person) => person.name,
  email: (person) => person.email,
  role: (person) => person.role,
  origin: (person) => person.origin,
  lastSignInAt: (person) => person.lastSignInAt,
  createdAt: (person) => person.createdAt,
  createdBy: (person) => person.createdBy,
  removedAt: (person) => person.removedAt,
}

/** Where the link leads: the public address where there is one, since others open it. */
const linkTo = (base: string, token: string): string => `${base}/sign-in?token=${token}`

export const peopleRoutes = [
  route({
    method: 'get',
    path: '/v1/people',
    summary: 'Who gets in, by name',
    tag,
    access: ADMIN,
    query: z.strictObject({
      ...shape.pageQuery,
      role: role.optional(),
      signedIn: z.enum(['yes', 'never']).optional().meta({ description: 'Only who did, or never did' }),
      removed: z
        .enum(['true', 'false'])
        .default('false')
        .meta({ description: 'Those who were removed, instead' }),
      format: listFormat,
    }),
    answers: { 200: { description: 'A page of people', schema: peopleAnswer } },
    handle: async ({ tenant, query }, { database }) => {
      const { format, removed, ...asked } = query
      const read = (cursor: string | null | undefined, limit: number) =>
        database.withTenant(tenant, (tx) =>
          listPeople(tx, { ...asked, removed: removed === 'true', cursor, limit }),
        )
      if (format === 'csv')
        return csvFile(
          'people.csv',
          COLUMNS,
          everyPage((cursor) => read(cursor, LARGEST_PAGE)),
        )
      const counts = await database.withTenant(tenant, countPeople)
      return { status: 200, body: { ...(await read(asked.cursor, asked.limit)), counts } }
    },
  }),
  route({
    method: 'post',
    path: '/v1/people',
    summary: 'Invites somebody, with a link that signs in once',
    tag,
    access: ADMIN,
    body: shape.body({ email: shape.text(254), name, role }),
    answers: { 201: { description: 'Invited; the link is shown this once', schema: invitationAnswer } },
    handle: async ({ tenant, body, caller, requestId, origin }, { database, publicUrl }) => {
      const { person, token } = await database.withTenant(tenant, (tx) =>
        invitePerson(tx, body, { actor: caller.actor, requestId }),
      )
      const link = linkTo(publicUrl ?? origin, token)
      return { status: 201, body: { person, link, validHours: INVITATION_HOURS } }
    },
  }),
  route({
    method: 'post',
    path: '/v1/people/{id}/link',
    summary: 'Another link that signs them in once; earlier ones work no more',
    tag,
    access: ADMIN,
    params,
    answers: { 201: { description: 'The link, shown this once', schema: invitationAnswer } },
    handle: async ({ tenant, params, caller, requestId, origin }, { database, publicUrl }) => {
      const { person, token } = await database.withTenant(tenant, (tx) =>
        renewInvitation(tx, params.id, { actor: caller.actor, requestId }),
      )
      const link = linkTo(publicUrl ?? origin, token)
      return { status: 201, body: { person, link, validHours: INVITATION_HOURS } }
    },
  }),
  route({
    method: 'patch',
    path: '/v1/people/{id}',
    summary: 'Another name or role; it counts at once',
    description: 'The last admin who has signed in stays admin (409).',
    tag,
    access: ADMIN,
    params,
    body: shape
      .body({ name: name.optional(), role: role.optional() })
      .refine((given) => Object.keys(given).length > 0, 'takes a name, a role or both'),
    answers: { 200: { description: 'The person as they are now', schema: personAnswer } },
    handle: async ({ tenant, params, body, caller, requestId }, { database, sessions }) => ({
      status: 200,
      body: await database.withTenant(tenant, (tx) =>
        changePerson(tx, { ...params, ...body }, { actor: caller.actor, requestId }, sessions),
      ),
    }),
  }),
  route({
    method: 'delete',
    path: '/v1/people/{id}',
    summary: 'Removes somebody: their sessions and links end at once',
    description: 'What they did keeps their name. The last admin who has signed in stays (409).',
    tag,
    access: ADMIN,
    params,
    answers: { 204: { description: 'They get in no more' } },
    handle: async ({ tenant, params, caller, requestId }, { database, sessions }) => {
      await database.withTenant(tenant, (tx) =>
        removePerson(tx, params.id, { actor: caller.actor, requestId }, sessions),
      )
      return { status: 204 }
    },
  }),
  route({
    method: 'delete',
    path: '/v1/people/{id}/sessions',
    summary: 'Ends every session of a person; they may sign in again',
    tag,
    access: ADMIN,
    params,
    answers: { 200: { description: 'How many there were', schema: sessionsEndedAnswer } },
    handle: async ({ tenant, params, caller, requestId }, { database, sessions }) => {
      const ended = await database.withTenant(tenant, async (tx) => {
        const person = await findPerson(tx, params.id)
        if (person === null) throw new HoldfastError('not_found', 'There is no such person here.')
        const many = await revokeSessionsOf(tx, person.email, { idleMinutes: IDLE_MINUTES })
        await recordAudit(tx, {
          actor: caller.actor,
          action: 'session.end_all',
          object: person.email,
          detail: { sessions: many },
          requestId,
        })
        tx.afterCommit(() => sessions.forget((other) => other.person === person.id))
        return many
      })
      return { status: 200, body: { ended } }
    },
  }),
] as const
