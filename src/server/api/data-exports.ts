/** Everything that is held of a person as one file, fetched once. */
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import { findPerson, type PersonSelector } from '../../loop/people-data.ts'
import { personFile } from '../../loop/person-file.ts'
import { renderPerson } from '../../report/person-page.ts'
import { recordAudit } from '../../store/audit.ts'
import { addExport, exportPlace, listExports, takeExport, type DataExport } from '../../store/data-exports.ts'
import { LARGEST_PAGE } from '../../store/reads/paging.ts'
import { route, type Route } from '../route.ts'
import { csvFile, everyPage, listFormat, type CsvColumns } from './csv-file.ts'
import { personSelector, reference } from './people-data.ts'
import * as shape from './shapes.ts'

const admin = { scope: 'admin', role: 'admin' } as const
const DAY = 86_400_000

export const dataExportAnswer = z.object({
  id: z.uuid(),
  actor: z.string(),
  reference: z.string().nullable(),
  format: z.enum(['json', 'html']),
  askedAt: shape.time,
  expiresAt: shape.time.meta({ description: 'Until when it can be fetched: a day' }),
  fetchedAt: shape.time.nullable(),
})
export type DataExportAnswer = z.infer<typeof dataExportAnswer>

const COLUMNS: CsvColumns<DataExport> = {
  id: (one) => one.id,
  askedAt: (one) => one.askedAt,
  actor: (one) => one.actor,
  reference: (one) => one.reference,
  format: (one) => one.format,
  expiresAt: (one) => one.expiresAt,
  fetchedAt: (one) => one.fetchedAt,
}

const params = z.strictObject({ id: z.uuid('takes the id of an export as GET /v1/data-exports lists it') })

export const dataExportRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/v1/data-exports',
    summary: 'Asks for everything that is held of a person',
    description:
      'The file is made when it is fetched, within a day and once. Until then nothing is kept but, sealed, whom it is about.',
    tag: 'Personal data',
    access: admin,
    body: shape.body({
      person: personSelector,
      format: z
        .enum(['json', 'html'])
        .default('json')
        .meta({ description: 'json: for programs. html: one page that a person can read' }),
      reference,
    }),
    answers: { 201: { description: 'It can be fetched now', schema: dataExportAnswer } },
    handle: async ({ tenant, body, caller, requestId }, { database, secrets, vault, clock }) => ({
      status: 201,
      body: await database.withTenant(tenant, async (tx) => {
        // What is no address is said now, not when the file is fetched.
        await findPerson(tx, { secrets }, body.person)
        const now = clock()
        const made = await addExport(tx, {
          actor: caller.actor,
          reference: body.reference ?? null,
          format: body.format,
          now,
          expiresAt: new Date(now.getTime() + DAY),
        })
        await vault.seal(tx, exportPlace(made.id), JSON.stringify(body.person))
        const { actor } = caller
        const detail = { format: made.format, reference: made.reference }
        await recordAudit(tx, { actor, action: 'person.export', object: made.id, detail, requestId })
        return made
      }),
    }),
  }),
  route({
    method: 'get',
    path: '/v1/data-exports',
    summary: 'Who asked for the data of a person, newest first',
    tag: 'Personal data',
    access: admin,
    query: z.strictObject({ ...shape.pageQuery, format: listFormat }),
    answers: { 200: { description: 'A page of exports', schema: shape.pageOf(dataExportAnswer) } },
    handle: async ({ tenant, query }, { database }) => {
      const { format, ...asked } = query
      const read = (cursor: string | null | undefined, limit: number) =>
        database.withTenant(tenant, (tx) => listExports(tx, { cursor, limit }))
      if (format === 'csv')
        return csvFile(
          'data-exports.csv',
          COLUMNS,
          everyPage((cursor) => read(cursor, LARGEST_PAGE)),
        )
      return { status: 200, body: await read(asked.cursor, asked.limit) }
    },
  }),
  route({
    method: 'post',
    path: '/v1/data-exports/{id}/download',
    summary: 'Fetches the file, which is possible once',
    tag: 'Personal data',
    access: admin,
    params,
    answers: { 200: { description: 'The file: JSON, or a page', type: 'application/json' } },
    handle: async ({ tenant, params: { id }, caller, requestId }, { database, secrets, vault, clock }) => {
      const now = clock()
      const { file, format } = await database.withTenant(tenant, async (tx) => {
        const taken = await takeExport(tx, id, now)
        const sealed = await vault.unseal(tx, exportPlace(id))
        if (sealed === null)
          throw new HoldfastError('conflict', 'This export was not fetched in time. Ask for another one.')
        await vault.forget(tx, exportPlace(id))
        const person = personSelector.parse(JSON.parse(sealed.toString()))
        const { subject } = await findPerson(tx, { secrets }, person)
        const made = await personFile(tx, subject, { askedFor: wordsOf(person), now })
        await recordAudit(tx, { actor: caller.actor, action: 'person.export_fetched', object: id, requestId })
        return { file: made, format: taken.format }
      })
      const name = `holdfast-person-${now.toISOString().slice(0, 10)}.${format}`
      return {
        status: 200,
        bytes: format === 'html' ? renderPerson(file) : `${JSON.stringify(file, null, 2)}\n`,
        type: format === 'html' ? 'text/html; charset=utf-8' : 'application/json',
        // Never shown within our own pages, whatever a customer's record says.
        headers: { 'Content-Disposition': `attachment; filename="${name}"`, 'Cache-Control': 'no-store' },
      }
    },
  }),
]

function wordsOf({ email, phone, record, customer }: PersonSelector): string {
  return email ?? phone ?? (record === undefined ? `customer ${customer}` : `record ${record.id}`)
}
