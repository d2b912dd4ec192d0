/** Keys of the package in a Salesforce org, which speaks for the people there. One is made for an org, and shown once. */
import { z } from 'zod'
import { asConnection, type ConnectionId } from '../../contracts/ids.ts'
import { HoldfastError } from '../../contracts/errors.ts'
import { createPackageKey } from '../../security/api-keys.ts'
import { packageKeys } from '../../store/api-keys.ts'
import { readConnection } from '../../store/connections.ts'
import type { Transaction } from '../../store/database.ts'
import { route } from '../route.ts'
import { newApiKeyAnswer } from './api-keys.ts'
import * as shape from './shapes.ts'

export const packageAnswer = z.object({
  org: z.string().meta({ description: 'Id of the org', example: '00DHp000002xQAXMA2' }),
  address: z
    .string()
    .nullable()
    .meta({ description: 'URL of the Named Credential; null: this installation has no public address yet' }),
  keys: z.array(
    z.object({
      id: z.uuid(),
      prefix: z.string(),
      createdBy: z.string(),
      createdAt: shape.time,
      lastUsedAt: shape.time.nullable().meta({ description: 'To the minute; null: never yet' }),
    }),
  ),
})
export type PackageAnswer = z.infer<typeof packageAnswer>

const access = { scope: null, role: 'admin' } as const
const tag = 'Connections'
const params = z.strictObject({ id: shape.connectionId })

export const packageKeyRoutes = [
  route({
    method: 'get',
    path: '/v1/connections/{id}/package',
    summary: 'The package in the Salesforce org: where it asks, and with which keys',
    tag,
    access,
    params,
    answers: { 200: { description: 'Keys that are not revoked, newest first', schema: packageAnswer } },
    handle: async ({ tenant, params: { id } }, { database, publicUrl }) => {
      const body = await database.withTenant(tenant, async (tx) => {
        const { org } = await orgOf(tx, asConnection(id))
        const keys = await packageKeys(tx, org)
        return {
          org,
          address: publicUrl,
          keys: keys.map(({ id: key, prefix, createdBy, createdAt, lastUsedAt }) => ({
            id: key,
            prefix,
            createdBy,
            createdAt,
            lastUsedAt,
          })),
        }
      })
      return { status: 200, body }
    },
  }),
  route({
    method: 'post',
    path: '/v1/connections/{id}/package/keys',
    summary: 'Makes a key for the package in the Salesforce org, and shows it once',
    description:
      'It opens what the package asks, for this org alone. Those before go on working until they are revoked (DELETE /v1/api-keys/{id}).',
    tag,
    access,
    params,
    answers: { 201: { description: 'The key, shown this once', schema: newApiKeyAnswer } },
    handle: async ({ tenant, params: { id }, caller, requestId }, { database }) => ({
      status: 201,
      body: await database.withTenant(tenant, async (tx) => {
        const { org, status } = await orgOf(tx, asConnection(id))
        if (status === 'disconnected')
          throw new HoldfastError('conflict', 'The org is disconnected. Connect it again, then make a key.')
        return createPackageKey(tx, {
          name: `Package in ${org}`,
          account: org,
          actor: caller.actor,
          requestId,
        })
      }),
    }),
  }),
] as const

/** @throws HoldfastError `not_found`; `request_invalid` for what is no org */
async function orgOf(tx: Transaction, connection: ConnectionId): Promise<{ org: string; status: string }> {
  const { kind, externalId, status } = await readConnection(tx, connection)
  if (kind !== 'salesforce' || externalId === null)
    throw new HoldfastError(
      'request_invalid',
      'This connection is to no Salesforce org, so there is no package.',
    )
  return { org: externalId, status }
}
