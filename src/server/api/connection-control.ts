/** What a person or a program says to a connection: sync now, run a step, pause, resume, look at it, another name, leave it. */
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import { asConnection } from '../../contracts/ids.ts'
import type { Person } from '../../control/acting-person.ts'
import type { SettingUp } from '../../control/setting-up-contract.ts'
import type { Caller } from '../../security/access.ts'
import { STEP_NAMES } from '../../loop/services.ts'
import { recordAudit } from '../../store/audit.ts'
import {
  lockSyncPosition,
  readConnection,
  renameConnection,
  setConnectionStatus,
  type Connection,
} from '../../store/connections.ts'
import type { Transaction } from '../../store/database.ts'
import { requestStep } from '../../store/steps.ts'
import { route, type Route } from '../route.ts'
import type { ServerServices } from '../services.ts'
import { checkedShape } from './connection-health.ts'
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

const idOf = z.strictObject({ id: shape.connectionId })

export const connectionControlRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/v1/connections/{id}/check',
    summary: 'Looks at a connection as doctor does',
    description:
      'Sign-in, scopes, quota, missing properties, counts, how changes are told: asks the CRM, so it takes some seconds and a dozen of its calls. What was found is kept and shown with the connection.',
    tag: 'Connections',
    access: { scope: 'write', role: 'operator' },
    rate: 'costly',
    params: idOf,
    answers: { 200: { description: 'What was found', schema: checkedShape } },
    handle: async ({ tenant, params, caller }, services) => ({
      status: 200,
      body: await settingUpOf(services).check(tenant, asConnection(params.id), personOf(caller)),
    }),
  }),
  route({
    method: 'patch',
    path: '/v1/connections/{id}',
    summary: 'Gives a connection another name',
    tag: 'Connections',
    access: { scope: 'admin', role: 'admin' },
    params: idOf,
    body: shape.body({ name: shape.text(100) }),
    answers: { 200: { description: 'It has the name', schema: standing.extend({ name: z.string() }) } },
    handle: async ({ tenant, params, body, caller, requestId }, { database }) => {
      const id = asConnection(params.id)
      return {
        status: 200,
        body: await database.withTenant(tenant, async (tx) => {
          await lockSyncPosition(tx, id)
          const before = await readConnection(tx, id)
          if (before.name !== body.name) {
            await renameConnection(tx, id, body.name)
            await recordAudit(tx, {
              actor: caller.actor,
              action: 'connection.rename',
              object: id,
              detail: { from: before.name, to: body.name },
              requestId,
            })
          }
          const { status, statusReason } = before
          return { id, status, statusReason, name: body.name }
        }),
      }
    },
  }),
  route({
    method: 'post',
    path: '/v1/connections/{id}/disconnect',
    summary: 'Leaves a CRM or file',
    description:
      'It is not read, scored or written to any more, and its sign-in is forgotten where no other connection uses it. With `keep`, customers, their scores and their history stay; connecting the same account again goes on with them. With `erase` they go, for good, a batch at a time (`erasure` of GET /v1/connections/{id} says how far it is); keyed hashes of addresses stay, so that whoever said no is not written to again, and amounts that were spent. What was written to the CRM stays there. One that is disconnected already can still be erased.',
    tag: 'Connections',
    access: { scope: 'admin', role: 'admin' },
    params: idOf,
    body: shape.body({
      confirm: shape
        .text(100)
        .meta({ description: 'The name of the connection: says that this one is meant' }),
      data: z
        .enum(['keep', 'erase'])
        .default('keep')
        .meta({ description: 'What becomes of everything that is known of its customers' }),
    }),
    answers: {
      200: {
        description: 'It is disconnected',
        schema: standing.extend({
          uninstalled: z.boolean().meta({ description: 'Whether the CRM was told that the app leaves' }),
          forgotten: z.boolean().meta({ description: 'Whether the sign-in was forgotten' }),
          erasing: z
            .boolean()
            .meta({ description: 'Whether what is known of its customers goes from now on' }),
        }),
      },
    },
    handle: async ({ tenant, params, body, caller, requestId }, services) => {
      const id = asConnection(params.id)
      const { database } = services
      const before = await database.withTenant(tenant, (tx) => readConnection(tx, id))
      if (body.confirm !== before.name)
        throw new HoldfastError(
          'conflict',
          `Nothing was disconnected: the name that confirms it is "${before.name}", not "${body.confirm}".`,
        )
      const left = await settingUpOf(services).disconnect(tenant, id, body.data, personOf(caller, requestId))
      const { status, statusReason } = await database.withTenant(tenant, (tx) => readConnection(tx, id))
      return { status: 200, body: { id, status, statusReason, ...left } }
    },
  }),
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
    verb: 'run',
    summary: 'Asks for a step now',
    description:
      'For a step that failed, or one that nobody wants to wait for. What follows it runs by itself where something changed.',
    role: 'operator',
    body: shape.body({ step: z.enum(STEP_NAMES) }),
    status: 202,
    answer: 'It is asked for; GET /v1/runs tells how it goes',
    change: async (tx, connection, { step }) => {
      if (connection.status !== 'active') throw notNow(connection, 'so nothing of it runs')
      await requestStep(tx, { connection: connection.id, step, cause: 'api' })
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

/** @throws HoldfastError `connector_unavailable` in a process that reaches no CRM */
export function settingUpOf({ settingUp }: Pick<ServerServices, 'settingUp'>): SettingUp {
  if (settingUp !== undefined && settingUp !== null) return settingUp
  throw new HoldfastError(
    'connector_unavailable',
    'This server reaches no CRM, so that nothing can be set up or looked at here. Ask the one that people use.',
  )
}

export const personOf = ({ actor }: Caller, requestId?: string): Person => ({
  actor,
  way: 'app',
  ...(requestId === undefined ? {} : { requestId }),
})

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
