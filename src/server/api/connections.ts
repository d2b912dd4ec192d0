/** Connections as they stand. */
import { z } from 'zod'
import { asConnection, type ConnectionId } from '../../contracts/ids.ts'
import type { Caller } from '../../security/access.ts'
import { seesPeople } from '../../security/masking.ts'
import { readConnection } from '../../store/connections.ts'
import type { Transaction } from '../../store/database.ts'
import { connectionCounts, connectionHealth, heldCounts } from '../../store/reads/connection-health.ts'
import { watchConnections } from '../../store/reads/connections.ts'
import { watchCrms } from '../../store/reads/crm-connections.ts'
import { route } from '../route.ts'
import { healthOf, healthShape } from './connection-health.ts'
import { populationShape } from './population-shape.ts'
import { runLine } from './runs.ts'
import * as shape from './shapes.ts'

const many = z.int()

export const connectionShape = z.object({
  id: shape.connectionId,
  ...healthShape,
  kind: z.string().meta({ example: 'csv' }),
  name: z.string(),
  sandbox: z.boolean().meta({ description: 'Nothing is ever sent to customers of it' }),
  status: z.enum(['active', 'paused', 'needs_reconnect', 'disconnected']),
  statusReason: z.string().nullable(),
  populationStated: z.boolean().meta({
    description: 'Whether somebody said who counts as a customer; nothing is scored before',
  }),
  createdAt: shape.time,
  erasure: z
    .object({
      askedAt: shape.time,
      customers: z.int().meta({ description: 'Customers when it was asked for' }),
      gone: z.int().meta({ description: 'How many of them went' }),
      doneAt: shape.time.nullable().meta({ description: 'Null: it is being done' }),
    })
    .nullable()
    .meta({ description: 'That what was known of its customers is erased, or was; null: it is kept' }),
  failedWrites: z.int().meta({ description: 'Records that could not be written back' }),
  steps: z
    .array(
      z.object({
        step: z.string(),
        dueAt: shape.time.nullable(),
        cause: z.string().nullable(),
        schedule: z.string().nullable().meta({ description: 'Cron expression in UTC' }),
        running: z.boolean(),
        lastDoneAt: shape.time.nullable(),
        error: shape.problem.nullable(),
        lastRun: runLine.nullable(),
      }),
    )
    .meta({ description: 'In the order of the loop' }),
})

export const connectionDetail = connectionShape.extend({
  population: populationShape.nullable(),
})

export const connectionCountsAnswer = z.object({
  active: many.meta({ description: 'Customers: GET /v1/customers?connection=…' }),
  left: many.meta({ description: 'Records outside the population' }),
  deleted: many.meta({ description: 'Gone from the CRM' }),
  scored: many.meta({ description: 'Of the active' }),
  written: many.meta({ description: 'Records that show what Holdfast found' }),
  failed: many.meta({ description: 'Records that could not be written' }),
  rehearsed: many.meta({ description: 'Records of a test account that would have been written' }),
})
export type ConnectionCountsAnswer = z.infer<typeof connectionCountsAnswer>

export type ConnectionAnswer = z.infer<typeof connectionShape>
export type ConnectionDetail = z.infer<typeof connectionDetail>

interface Looking {
  readonly connection?: ConnectionId
  readonly troubled?: boolean
  readonly now: Date
  readonly caller: Caller
}

/** Connections with all that their rows and those around them say. */
async function connectionsIn(
  tx: Transaction,
  { now, caller, ...filter }: Looking,
): Promise<readonly z.input<typeof connectionShape>[]> {
  const views = await watchConnections(tx, filter)
  const crms = await watchCrms(tx)
  const health = await connectionHealth(tx, filter.connection ?? null)
  return views.map((view) => ({
    ...(view as unknown as z.input<typeof connectionShape>),
    ...healthOf(
      view,
      crms.find(({ connection }) => connection === view.id) ?? null,
      health.find(({ connection }) => connection === view.id)!,
      { now, names: seesPeople(caller) },
    ),
  }))
}

export const connectionRoutes = [
  route({
    method: 'get',
    path: '/v1/connections',
    summary: 'Connections with how they fare: fresh or not, signed in or not, what is in the way',
    tag: 'Connections',
    access: { scope: 'read', role: 'viewer' },
    query: z.strictObject({
      trouble: z
        .enum(['true'])
        .optional()
        .meta({ description: 'Only those that somebody has to do something about' }),
    }),
    answers: {
      200: {
        description: 'All connections, oldest first; at most 200',
        schema: z.object({ items: z.array(connectionShape) }),
      },
    },
    handle: async ({ tenant, query, caller }, { database, clock }) => ({
      status: 200,
      body: {
        items: await database.withTenant(tenant, (tx) =>
          connectionsIn(tx, { troubled: query.trouble === 'true', now: clock(), caller }),
        ),
      },
    }),
  }),
  route({
    method: 'get',
    path: '/v1/connections/{id}',
    summary: 'One connection, with who counts as a customer',
    tag: 'Connections',
    access: { scope: 'read', role: 'viewer' },
    params: z.strictObject({ id: shape.connectionId }),
    answers: { 200: { description: 'The connection', schema: connectionDetail } },
    handle: async ({ tenant, params, caller }, { database, clock }) => {
      const connection = asConnection(params.id)
      return {
        status: 200,
        body: await database.withTenant(tenant, async (tx) => {
          const { population } = await readConnection(tx, connection)
          const [found] = await connectionsIn(tx, { connection, now: clock(), caller })
          return { ...found, population }
        }),
      }
    },
  }),
  route({
    method: 'get',
    path: '/v1/connections/{id}/counts',
    summary: 'How much is stored of a connection, and written to it',
    description: 'Goes over all of it: a second or two for a million customers. At most 5 seconds old.',
    tag: 'Connections',
    access: { scope: 'read', role: 'viewer' },
    params: z.strictObject({ id: shape.connectionId }),
    answers: { 200: { description: 'The counts', schema: connectionCountsAnswer } },
    handle: async ({ tenant, params }, { database }) => {
      const connection = asConnection(params.id)
      const { status } = await database.withTenant(tenant, (tx) => readConnection(tx, connection))
      const counts =
        // While it is erased, what was a moment ago would stand beside what is.
        status === 'disconnected'
          ? await database.withTenant(tenant, (tx) => connectionCounts(tx, connection))
          : await heldCounts(database, tenant, connection)
      return { status: 200, body: counts }
    },
  }),
] as const
