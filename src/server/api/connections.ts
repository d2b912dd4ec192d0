/** Connections as they stand, and the log of what the loop did. */
import { z } from 'zod'
import { asConnection } from '../../contracts/ids.ts'
import { STEP_NAMES } from '../../loop/services.ts'
import { watchConnections } from '../../store/reads/connections.ts'
import { listRuns } from '../../store/reads/runs.ts'
import { route } from '../route.ts'
import * as shape from './shapes.ts'

const run = z.object({
  id: z.uuid(),
  connection: shape.connectionId.nullable(),
  step: z.string().meta({ description: STEP_NAMES.join(', ') }),
  cause: z.string().meta({ description: 'schedule, webhook, api, cli, settings, first, or the step before' }),
  status: z.enum(['running', 'done', 'failed', 'interrupted']),
  done: z.int(),
  total: z.int().nullable().meta({ description: 'null: not known beforehand' }),
  counts: z.record(z.string(), z.number()).meta({ example: { added: 3, changed: 2, unchanged: 95 } }),
  error: shape.problem.nullable(),
  startedAt: shape.time,
  finishedAt: shape.time.nullable(),
})

const connection = z.object({
  id: shape.connectionId,
  kind: z.string().meta({ example: 'csv' }),
  name: z.string(),
  sandbox: z.boolean().meta({ description: 'Nothing is ever sent to customers of it' }),
  status: z.enum(['active', 'paused', 'needs_reconnect', 'disconnected']),
  statusReason: z.string().nullable(),
  populationStated: z.boolean().meta({
    description: 'Whether somebody said who counts as a customer; nothing is scored before',
  }),
  createdAt: shape.time,
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
        lastRun: run.nullable(),
      }),
    )
    .meta({ description: 'In the order of the loop' }),
})

export const connectionRoutes = [
  route({
    method: 'get',
    path: '/v1/connections',
    summary: 'Connections with their steps, errors and last runs',
    tag: 'Connections',
    access: { scope: 'read', role: 'viewer' },
    answers: {
      200: { description: 'All connections, oldest first', schema: z.object({ items: z.array(connection) }) },
    },
    handle: async ({ tenant }, { database }) => ({
      status: 200,
      body: { items: await database.withTenant(tenant, watchConnections) },
    }),
  }),
  route({
    method: 'get',
    path: '/v1/runs',
    summary: 'What the loop did, newest first',
    tag: 'Connections',
    access: { scope: 'read', role: 'viewer' },
    query: z.strictObject({
      ...shape.pageQuery,
      connection: shape.connectionId.optional(),
      step: z.enum(STEP_NAMES).optional(),
      status: run.shape.status.optional(),
    }),
    answers: { 200: { description: 'A page of runs', schema: shape.pageOf(run) } },
    handle: async ({ tenant, query }, { database }) => {
      const connection = query.connection === undefined ? undefined : asConnection(query.connection)
      return {
        status: 200,
        body: await database.withTenant(tenant, (tx) => listRuns(tx, { ...query, connection })),
      }
    },
  }),
] as const
