/**
 * What is held of a person, and forgetting it. The person is named in bodies alone: addresses in URLs end up in the logs
 * of proxies and the histories of browsers.
 */
import { z } from 'zod'
import { erasePerson, findPerson } from '../../loop/people-data.ts'
import { recordAudit } from '../../store/audit.ts'
import { listErasures, readErasure, readmit, type ErasureLine } from '../../store/erasures.ts'
import { PERSONAL_PLACES } from '../../store/people/places.ts'
import { LARGEST_PAGE } from '../../store/reads/paging.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import { route, type Route } from '../route.ts'
import { csvFile, everyPage, listFormat, type CsvColumns } from './csv-file.ts'
import * as shape from './shapes.ts'

const admin = { scope: 'admin', role: 'admin' } as const

const exactlyOne = 'name exactly one of email, phone, record and customer'
/** By what a person is named. */
export const personSelector = z
  .strictObject({
    email: shape.text(254).optional().meta({ example: 'ann@example.com' }),
    phone: shape.text(40).optional().meta({ description: 'With its country', example: '+49 170 1234567' }),
    record: z
      .strictObject({
        connection: shape.connectionId,
        id: shape.word(200).meta({ description: 'As the CRM or file names the record' }),
        object: shape.word(100).optional().meta({
          description:
            'Where a customer and a contact have the same id: which of them, as the search names it',
        }),
      })
      .optional()
      .meta({ description: 'A customer, or a contact of customers' }),
    customer: shape.customerId.optional(),
  })
  .refine((given) => Object.values(given).filter((one) => one !== undefined).length === 1, exactlyOne)

/** Number of the request in another system; addresses and names do not fit into it. */
export const reference = z
  .string()
  .regex(/^[\w.#/: -]{1,60}$/, 'takes up to 60 letters, digits, blanks and . # / : - _')
  .optional()
  .meta({
    description:
      'Number of the request in your own system. It is kept for good: nothing of the person belongs here',
    example: 'DSR-2026-114',
  })

const held = z.object({
  place: z.string().meta({ example: 'recipients' }),
  title: z.string().meta({ description: 'As people read it' }),
  count: z.int(),
  erased: z.enum(['deleted', 'forgotten', 'stays']).meta({
    description:
      'What erasing does. deleted: the rows go, or what is in them of the person. forgotten: the rows stay without the person. stays: see `why`',
  }),
  why: z.string().nullable().meta({ description: 'Why it stays, and what to do about it' }),
})

export const erasureAnswer = z.object({
  id: z.uuid(),
  actor: z.string(),
  source: z.enum(['admin', 'crm']).meta({ description: 'crm: the person asked in the CRM, which told us' }),
  reference: z.string().nullable(),
  askedAt: shape.time,
  doneAt: shape.time.nullable().meta({
    description: 'null: all of it is gone here, and fields of a record in a CRM are still to be emptied',
  }),
  held: z.array(held).meta({ description: 'What was held and went' }),
  crm: z.object({
    emptied: z.int(),
    givenUp: z.int().meta({ description: 'Records that could not be emptied within 30 days' }),
    waiting: z.array(
      z.object({
        connection: shape.connectionId,
        connectionName: z.string(),
        record: z.string().meta({ description: 'Its id in the CRM, kept until its fields are empty' }),
        state: z.enum(['waiting', 'failed']),
        problem: z.string().nullable().meta({ description: 'Why not yet; null: it is just about to be' }),
      }),
    ),
  }),
  backupsUntil: shape.time.nullable().meta({
    description:
      'Until when a backup may still hold the person, by `retention.backups` of the settings; null: not stated there',
  }),
  seenAgainAt: shape.time.nullable().meta({
    description:
      'When a CRM or file last handed the person over all the same. They were kept out: delete them there',
  }),
  readmittedAt: shape.time.nullable().meta({ description: 'Since when they may come back' }),
})
export type ErasureAnswer = z.infer<typeof erasureAnswer>

export const peopleDataAnswer = z.object({
  records: z
    .array(
      z.object({
        connection: shape.connectionId,
        connectionName: z.string(),
        object: z.string().meta({ example: 'contacts' }),
        id: z.string(),
        kind: z.enum(['customer', 'contact']).meta({
          description:
            'customer: goes with all that is known of it. contact: goes from its customers, which stay',
        }),
        name: z.string().nullable(),
        customers: z.array(z.object({ id: shape.customerId, name: z.string().nullable() })),
      }),
    )
    .meta({ description: 'The records that are this person. Empty: nobody is known by this' }),
  held: z.array(held),
  fingerprint: z.string().meta({ description: 'For POST /v1/erasures: stands for what was found here' }),
  erasures: z.array(erasureAnswer).meta({ description: 'Whether they were erased before, newest first' }),
})
export type PeopleDataAnswer = z.infer<typeof peopleDataAnswer>

const params = z.strictObject({ id: z.uuid('takes the id of an erasure as GET /v1/erasures lists it') })

export const peopleDataRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/v1/people-data/search',
    summary: 'What is held of a person, and where',
    description:
      'Counts by place, over all records that are the person, with what erasing does to each. Looking is noted in the audit log, without the person.',
    tag: 'Personal data',
    access: admin,
    body: personSelector,
    answers: { 200: { description: 'What is held', schema: peopleDataAnswer } },
    handle: async ({ tenant, body, caller, requestId }, { database, secrets }) => ({
      status: 200,
      body: await database.withTenant(tenant, async (tx) => {
        const found = await findPerson(tx, { secrets }, body)
        await recordAudit(tx, {
          actor: caller.actor,
          action: 'person.search',
          detail: { by: Object.keys(body)[0], records: found.subject.records.length },
          requestId,
        })
        const { settings } = await currentSettings(tx)
        return {
          records: found.subject.records,
          held: heldOf(found.counts),
          fingerprint: found.fingerprint,
          erasures: found.erasures.map((line) => erasureOf(line, settings.retention.backups)),
        }
      }),
    }),
  }),
  route({
    method: 'post',
    path: '/v1/erasures',
    summary: 'Erases everything that is held of a person',
    description:
      'What is on its way to them is cancelled first. Keyed hashes of their addresses stay, so that nobody writes to them again and no CRM or file brings them back. Our fields on their record in a CRM are emptied by the next write-back; tasks and messages on its timeline belong to the record: delete it there. What is erased is exactly what the search with this `fingerprint` showed: if something else is held by now, nothing is erased and the answer is 409. Where nothing is held of somebody who was erased before, the answer is 200 with that erasure.',
    tag: 'Personal data',
    access: admin,
    body: shape.body({
      person: personSelector,
      fingerprint: shape.word(100).meta({ description: 'Of POST /v1/people-data/search' }),
      reference,
    }),
    answers: {
      200: { description: 'They were erased before, and nothing was held since', schema: erasureAnswer },
      201: { description: 'Nothing of them is held any more', schema: erasureAnswer },
    },
    handle: async ({ tenant, body, caller, requestId }, { database, secrets, queue, forgetCopies }) =>
      database.withTenant(tenant, async (tx) => {
        const services = forgetCopies === undefined ? { secrets } : { secrets, forgetCopies }
        const erased = await erasePerson(tx, services, {
          selector: body.person,
          actor: caller.actor,
          reference: body.reference ?? null,
          fingerprint: body.fingerprint,
        })
        const { settings } = await currentSettings(tx)
        if (erased === null) {
          const { erasures } = await findPerson(tx, { secrets }, body.person)
          return { status: 200, body: erasureOf(erasures[0], settings.retention.backups) }
        }
        await recordAudit(tx, {
          actor: caller.actor,
          action: 'person.erase',
          object: erased.id,
          detail: { counts: erased.counts, reference: body.reference ?? null },
          requestId,
        })
        if (queue !== null) tx.afterCommit(() => queue.wake(tenant))
        return {
          status: 201,
          body: erasureOf(await readErasure(tx, erased.id), settings.retention.backups),
        }
      }),
  }),
  route({
    method: 'get',
    path: '/v1/erasures',
    summary: 'Who had somebody erased, and how far it is, newest first',
    description: 'Also those that people asked for in a CRM. Not whom: nothing here says that.',
    tag: 'Personal data',
    access: admin,
    query: z.strictObject({ ...shape.pageQuery, format: listFormat }),
    answers: { 200: { description: 'A page of erasures', schema: shape.pageOf(erasureAnswer) } },
    handle: async ({ tenant, query }, { database }) => {
      const { format, ...asked } = query
      const read = (cursor: string | null | undefined, limit: number) =>
        database.withTenant(tenant, async (tx) => {
          const page = await listErasures(tx, { cursor, limit })
          const { settings } = await currentSettings(tx)
          return { ...page, items: page.items.map((line) => erasureOf(line, settings.retention.backups)) }
        })
      if (format === 'csv')
        return csvFile(
          'erasures.csv',
          COLUMNS,
          everyPage((cursor) => read(cursor, LARGEST_PAGE)),
        )
      return { status: 200, body: await read(asked.cursor, asked.limit) }
    },
  }),
  route({
    method: 'post',
    path: '/v1/erasures/{id}/readmit',
    summary: 'Lets an erased person come back',
    description:
      'For somebody who becomes a customer again: what a CRM or file hands over is stored again from its next sync on. Their addresses are still not written to until they agree anew and are taken off the list of suppressed addresses.',
    tag: 'Personal data',
    access: admin,
    params,
    answers: { 200: { description: 'They may come back', schema: erasureAnswer } },
    handle: async ({ tenant, params: { id }, caller, requestId }, { database }) => ({
      status: 200,
      body: await database.withTenant(tenant, async (tx) => {
        await readmit(tx, { erasure: id, actor: caller.actor })
        await recordAudit(tx, { actor: caller.actor, action: 'person.readmit', object: id, requestId })
        const { settings } = await currentSettings(tx)
        return erasureOf(await readErasure(tx, id), settings.retention.backups)
      }),
    }),
  }),
]

const COLUMNS: CsvColumns<ReturnType<typeof erasureOf>> = {
  id: (one) => one.id,
  askedAt: (one) => one.askedAt,
  actor: (one) => one.actor,
  source: (one) => one.source,
  reference: (one) => one.reference,
  doneAt: (one) => one.doneAt,
  went: (one) => one.held.reduce((sum, { erased, count }) => (erased === 'stays' ? sum : sum + count), 0),
  crmWaiting: (one) => one.crm.waiting.length,
  crmGivenUp: (one) => one.crm.givenUp,
  backupsUntil: (one) => one.backupsUntil,
  seenAgainAt: (one) => one.seenAgainAt,
  readmittedAt: (one) => one.readmittedAt,
}

const PLACES = new Map(PERSONAL_PLACES.map((place) => [place.name, place]))

function heldOf(counts: Readonly<Record<string, number>>): z.infer<typeof held>[] {
  return Object.entries(counts).map(([name, count]) => {
    const place = PLACES.get(name)
    const erased = place?.erased ?? 'deleted'
    return {
      place: name,
      title: place?.title ?? name,
      count,
      erased: typeof erased === 'string' ? erased : 'stays',
      why: typeof erased === 'string' ? null : erased.stays,
    }
  })
}

const DAY = 86_400_000

function erasureOf(line: ErasureLine, backups: number | null) {
  const { id, actor, source, reference: number, askedAt, doneAt, counts, seenAt, readmittedAt } = line
  return {
    id,
    actor,
    source,
    reference: number,
    askedAt,
    doneAt,
    held: heldOf(counts),
    crm: {
      emptied: line.cleared,
      givenUp: line.notCleared,
      waiting: line.waiting.map(({ connectionStatus, problem, ...one }) => ({
        ...one,
        problem:
          connectionStatus === 'active'
            ? problem
            : `The connection is ${connectionStatus.replaceAll('_', ' ')}: nothing is written there until it works again.`,
      })),
    },
    backupsUntil: backups === null ? null : new Date(askedAt.getTime() + backups * DAY),
    seenAgainAt: seenAt,
    readmittedAt,
  }
}
