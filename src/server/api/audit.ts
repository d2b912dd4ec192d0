/** Who changed what, for admins. */
import { z } from 'zod'
import { recordAudit } from '../../store/audit.ts'
import { searchAudit, type NamedEntry } from '../../store/reads/audit.ts'
import { LARGEST_PAGE } from '../../store/reads/paging.ts'
import { route } from '../route.ts'
import { csvFile, everyPage, listFormat, type CsvColumns } from './csv-file.ts'
import * as shape from './shapes.ts'

export const auditEntryAnswer = z.object({
  id: z.int(),
  at: shape.time,
  actor: z.string().meta({
    description: '`user:<who>`, `key:<name>`, `cli`, or a part of Holdfast',
    example: 'user:ines.vogt@nordlicht.example',
  }),
  action: z.string().meta({ example: 'person.role' }),
  object: z.string().nullable().meta({ description: 'What it was done to: an id, an address or a name' }),
  objectName: z
    .string()
    .nullable()
    .meta({ description: 'Of a connection or a customer, as people call it; null: `object` says it' }),
  detail: z.unknown(),
  requestId: z.string().nullable().meta({ description: 'The log has it too' }),
})
export type AuditEntryAnswer = z.infer<typeof auditEntryAnswer>

const COLUMNS: CsvColumns<NamedEntry> = {
  id: (entry) => entry.id,
  at: (entry) => entry.at,
  actor: (entry) => entry.actor,
  action: (entry) => entry.action,
  object: (entry) => entry.object,
  objectName: (entry) => entry.objectName,
  detail: (entry) => entry.detail,
  requestId: (entry) => entry.requestId,
}

export const auditRoutes = [
  route({
    method: 'get',
    path: '/v1/audit',
    summary: 'Who changed what, newest first',
    tag: 'Audit log',
    access: { scope: 'admin', role: 'admin' },
    query: z.strictObject({
      ...shape.pageQuery,
      actor: shape.word(400).optional().meta({ description: 'As entries have it' }),
      action: shape.word(100).optional().meta({
        description: 'One action such as person.role, or all of a kind such as person',
      }),
      from: shape.moment.optional().meta({ description: 'From this moment on' }),
      to: shape.moment.optional().meta({ description: 'Before this moment' }),
      format: listFormat,
    }),
    answers: { 200: { description: 'A page of entries', schema: shape.pageOf(auditEntryAnswer) } },
    handle: async ({ tenant, query, caller, requestId }, { database }) => {
      const { format, from, to, ...asked } = query
      const filter = {
        ...asked,
        from: from === undefined ? undefined : new Date(from),
        to: to === undefined ? undefined : new Date(to),
      }
      if (format === 'json')
        return { status: 200, body: await database.withTenant(tenant, (tx) => searchAudit(tx, filter)) }
      await database.withTenant(tenant, (tx) =>
        recordAudit(tx, { actor: caller.actor, action: 'export', object: 'audit', requestId }),
      )
      return csvFile(
        'audit.csv',
        COLUMNS,
        everyPage((cursor) =>
          database.withTenant(tenant, (tx) => searchAudit(tx, { ...filter, cursor, limit: LARGEST_PAGE })),
        ),
      )
    },
  }),
] as const
