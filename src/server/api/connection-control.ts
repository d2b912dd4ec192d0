/** What a person or a program says to a connection: sync now, pause, resume. */
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import { asConnection } from '../../contracts/ids.ts'
import { recordAudit } from '../../store/audit.ts'
import {
  lockSyncPosition,
  readConnection,
  setConnectionStatus,
  type Connection,
} from '../../store/connections.ts'
import type { Transaction } from '../../store/database.ts'
import { requestStep } from '../../store/steps.ts'
import { route, type Route } from '../route.ts'
import * as shape from './shapes.ts'

const standing = z.object({
  id: shape.connectionId,
  status: z.enum(['active', 'paused', 'needs_reconnect', 'disconnected']),
  statusReason: z.string().nullable(),
})

interface Told<Body extends z.ZodType> {
  readonly verb: string
  readonly summary: string
  readonly description: string
  readonly role: 'operator' | 'admin'
  readonly body?: Body
  /** 202: what was asked for is still to come. */
  readonly status: 200 | 202
  readonly answer: string
  change(tx: Transaction, connection: Connection, body: z.infer<Body>): Promise<void>
}

/** The connection's row is held meanwhile, so that what is decided by its status stays true. */
function telling<Body extends z.ZodType>(told: Told<Body>): Route {
  const { verb, summary, description, role, body, status, answer, change } = told
  return route({
    method: 'post',
    path: `/v1/connections/{id}/${verb}`,
    summary,
    description,
    tag: 'Connections',
    access: { scope: 'write', role },
    params: z.strictObject({ id: shape.connectionId }),
    ...(body === undefined ? {} : { body }),
    answers: { [status]: { description: answer, schema: standing } },
    handle: async ({ tenant, params, body: said, caller, requestId }, { database, queue }) => {
      const id = asConnection(params.id)
      const after = await database.withTenant(tenant, async (tx) => {
        await lockSyncPosition(tx, id)
        await change(tx, await readConnection(tx, id), said as z.infer<Body>)
        await recordAudit(tx, {
          actor: caller.actor,
          action: `connection.${verb}`,
          object: id,
          ...(said === undefined ? {} : { detail: said as Record<string, unknown> }),
          requestId,
        })
        if (queue !== null) tx.afterCommit(() => queue.wake())
        return readConnection(tx, id)
      })
      return { status, body: { id, status: after.status, statusReason: after.statusReason } }
    },
  })
}

export const connectionControlRoutes: readonly Route[] = [
  telling({
    verb: 'sync',
    summary: 'Asks for a sync now',
    description:
      'The steps that follow run by themselves where something changed. Asking twice is asking once.',
    role: 'operator',
    status: 202,
    answer: 'It is asked for; GET /v1/runs tells how it goes',
    change: async (tx, connection) => {
      if (connection.status !== 'active') throw notNow(connection, 'so it does not sync')
      await requestStep(tx, { connection: connection.id, step: 'sync', cause: 'api' })
    },
  }),
  telling({
    verb: 'pause',
    summary: 'Stops everything of one connection',
    description:
      'It is not synced, scored or written to, and nothing is sent to its customers, until it is resumed. What runs at this moment ends first.',
    role: 'operator',
    body: shape.body({
      reason: shape.text(300).meta({ description: 'Shown wherever somebody wonders' }),
    }),
    status: 200,
    answer: 'It is paused',
    change: async (tx, connection, { reason }) => {
      if (connection.status !== 'active' && connection.status !== 'paused')
        throw notNow(connection, 'so nothing of it runs anyway')
      await setConnectionStatus(tx, connection.id, 'paused', reason)
    },
  }),
  telling({
    verb: 'resume',
    summary: 'Lets a paused connection go on',
    description: 'What became due meanwhile goes on at once.',
    role: 'admin',
    status: 200,
    answer: 'It goes on',
    change: async (tx, connection) => {
      if (connection.status === 'active') return
      if (connection.status !== 'paused') throw notNow(connection, 'which resuming does not end')
      await setConnectionStatus(tx, connection.id, 'active', null)
    },
  }),
]

/** @param consequence what follows from it, as the end of a sentence */
function notNow({ name, status, statusReason }: Connection, consequence: string): HoldfastError {
  const now = {
    active: 'is active',
    paused: `is paused${statusReason === null ? '' : ` (${statusReason})`}`,
    needs_reconnect: 'has to be signed in to again',
    disconnected: 'is disconnected',
  }[status]
  const advice = {
    active: '',
    paused: ' Resume it first.',
    needs_reconnect: ' Connect it again.',
    disconnected: ' Connect it again.',
  }[status]
  return new HoldfastError('conflict', `The connection "${name}" ${now}, ${consequence}.${advice}`)
}
