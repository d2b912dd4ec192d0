/** Keys of programs, for admins: a key is shown once, when it is made. No key makes another. */
import { z } from 'zod'
import { API_SCOPES, PACKAGE_SCOPE, TENANT_SCOPES } from '../../security/access.ts'
import { createApiKey, revokeApiKey } from '../../security/api-keys.ts'
import type { ApiKey } from '../../store/api-keys.ts'
import { LARGEST_PAGE } from '../../store/reads/paging.ts'
import { countKeys, listKeys } from '../../store/reads/api-keys.ts'
import { route } from '../route.ts'
import { csvFile, everyPage, listFormat, type CsvColumns } from './csv-file.ts'
import * as shape from './shapes.ts'

export const apiKeyAnswer = z.object({
  id: z.uuid(),
  name: z.string().meta({ description: 'What uses it', example: 'Warehouse' }),
  prefix: z.string().meta({ description: 'Its first characters, to tell keys apart', example: 'hf_x81c2Q' }),
  scopes: z.array(z.enum([...API_SCOPES, PACKAGE_SCOPE])),
  account: z.string().nullable().meta({
    description: 'With the scope crm: the org whose package shows it',
    example: '00DHp000002xQAXMA2',
  }),
  createdBy: z.string(),
  createdAt: shape.time,
  lastUsedAt: shape.time.nullable().meta({ description: 'To the minute; null: never yet' }),
  revokedAt: shape.time.nullable(),
})
export type ApiKeyAnswer = z.infer<typeof apiKeyAnswer>

export const apiKeysAnswer = shape.pageOf(apiKeyAnswer).extend({
  counts: z
    .object({ active: z.int(), revoked: z.int() })
    .meta({ description: 'Of all of them, whatever the filter' }),
})
export type ApiKeysAnswer = z.infer<typeof apiKeysAnswer>

export const newApiKeyAnswer = z.object({
  id: z.uuid(),
  prefix: z.string(),
  key: z.string().meta({ description: 'Shown this once; only its hash is kept', example: 'hf_…' }),
})
export type NewApiKeyAnswer = z.infer<typeof newApiKeyAnswer>

const access = { scope: null, role: 'admin' } as const
const tag = 'API keys'

const COLUMNS: CsvColumns<ApiKey> = {
  name: (key) => key.name,
  prefix: (key) => key.prefix,
  scopes: (key) => key.scopes.join(' '),
  account: (key) => key.account,
  createdBy: (key) => key.createdBy,
  createdAt: (key) => key.createdAt,
  lastUsedAt: (key) => key.lastUsedAt,
  revokedAt: (key) => key.revokedAt,
}

export const apiKeyRoutes = [
  route({
    method: 'get',
    path: '/v1/api-keys',
    summary: 'Keys of programs, newest first',
    tag,
    access,
    query: z.strictObject({
      ...shape.pageQuery,
      status: z.enum(['active', 'revoked']).optional().meta({ description: 'Default: both' }),
      format: listFormat,
    }),
    answers: { 200: { description: 'A page of keys', schema: apiKeysAnswer } },
    handle: async ({ tenant, query }, { database }) => {
      const { format, ...asked } = query
      const read = (cursor: string | null | undefined, limit: number) =>
        database.withTenant(tenant, (tx) => listKeys(tx, { ...asked, cursor, limit }))
      if (format === 'csv')
        return csvFile(
          'api-keys.csv',
          COLUMNS,
          everyPage((cursor) => read(cursor, LARGEST_PAGE)),
        )
      const counts = await database.withTenant(tenant, countKeys)
      return { status: 200, body: { ...(await read(asked.cursor, asked.limit)), counts } }
    },
  }),
  route({
    method: 'post',
    path: '/v1/api-keys',
    summary: 'Makes a key, and shows it once',
    description: 'The scope `metrics` reaches beyond the company: the command line alone grants it.',
    tag,
    access,
    body: shape.body({
      name: shape.text(100).meta({ description: 'What uses it' }),
      scopes: z
        .array(z.enum(TENANT_SCOPES, `takes scopes out of ${TENANT_SCOPES.join(', ')}`))
        .min(1, 'takes at least one scope')
        .max(TENANT_SCOPES.length),
    }),
    answers: { 201: { description: 'The key, shown this once', schema: newApiKeyAnswer } },
    handle: async ({ tenant, body, caller, requestId }, { database }) => ({
      status: 201,
      body: await database.withTenant(tenant, (tx) =>
        createApiKey(tx, { ...body, actor: caller.actor, requestId }),
      ),
    }),
  }),
  route({
    method: 'delete',
    path: '/v1/api-keys/{id}',
    summary: 'Revokes a key: it is void at once',
    tag,
    access,
    params: z.strictObject({ id: z.uuid('takes the id of a key as GET /v1/api-keys lists it') }),
    answers: { 204: { description: 'It opens nothing any more' } },
    handle: async ({ tenant, params, caller, requestId }, { database, keys }) => {
      await database.withTenant(tenant, (tx) =>
        revokeApiKey(tx, keys, { id: params.id, actor: caller.actor, requestId }),
      )
      return { status: 204 }
    },
  }),
] as const
