/** Addresses of other systems that hear of what happens, and what was told to whom. */
import { z } from 'zod'
import { tell } from '../../loop/tell.ts'
import { webhookPlace } from '../../loop/telling.ts'
import { outgoingUrl } from '../../security/outgoing.ts'
import { makeWebhookSecret } from '../../security/standard-webhook.ts'
import { ADMIN_KINDS, TOLD_KINDS } from '../../settings/alerts.ts'
import { recordAudit } from '../../store/audit.ts'
import type { Transaction } from '../../store/database.ts'
import {
  addWebhook,
  changeWebhook,
  deleteWebhook,
  enableWebhook,
  listWebhooks,
  readWebhook,
} from '../../store/outgoing-webhooks.ts'
import { databaseTime } from '../../store/time.ts'
import { dropTold } from '../../store/told.ts'
import { route, type Route } from '../route.ts'
import * as shape from './shapes.ts'

const kind = z.enum(TOLD_KINDS)

const webhook = z.object({
  id: z.uuid(),
  name: z.string(),
  format: z.enum(['signed', 'slack', 'teams']).meta({
    description: 'signed: JSON by Standard Webhooks; slack, teams: messages for their incoming webhooks',
  }),
  host: z.string().meta({ description: 'Of the address, the rest of which is kept in the vault' }),
  kinds: z.array(kind),
  status: z.enum(['active', 'disabled']),
  statusReason: z.string().nullable(),
  failingSince: shape.time.nullable().meta({ description: 'null: the last message got through' }),
  lastSentAt: shape.time.nullable(),
  lastError: z.string().nullable(),
  createdBy: z.string(),
  createdAt: shape.time,
})

export const webhooksAnswer = z.object({ items: z.array(webhook) })
export type WebhookAnswer = z.infer<typeof webhook>

const params = z.strictObject({ webhook: z.uuid('takes the id of a webhook as GET /v1/webhooks lists it') })
const secret = z
  .string()
  .meta({ description: 'Shown this once. Verify webhook-signature with it', example: 'whsec_…' })
const addedWebhook = webhook.extend({ secret: secret.nullable() })
export type AddedWebhookAnswer = z.infer<typeof addedWebhook>

const admin = { scope: 'admin', role: 'admin' } as const

export const outgoingWebhookRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/v1/webhooks',
    summary: 'The webhooks that are told of what happens, oldest first',
    tag: 'Alerts',
    access: { scope: 'admin', role: 'viewer' },
    answers: { 200: { description: 'All of them', schema: webhooksAnswer } },
    handle: async ({ tenant }, { database }) => ({
      status: 200,
      body: { items: await database.withTenant(tenant, listWebhooks) },
    }),
  }),
  route({
    method: 'post',
    path: '/v1/webhooks',
    summary: 'Adds a webhook',
    description:
      'The address has to be https and of the public internet. Of format "signed" the answer holds the secret that its messages are signed with.',
    tag: 'Alerts',
    access: admin,
    body: shape.body({
      name: shape.word(100).meta({ description: 'How people call it', example: 'Retention channel' }),
      format: z.enum(['signed', 'slack', 'teams']).default('signed'),
      url: shape.word(2000).meta({ example: 'https://hooks.example.com/holdfast' }),
      kinds: z
        .array(kind)
        .min(1)
        .max(TOLD_KINDS.length)
        .default([...ADMIN_KINDS])
        .meta({ description: 'What it is told of; docs/alerts.md says what each is' }),
    }),
    answers: {
      201: { description: 'It is told from now on', schema: addedWebhook },
    },
    handle: async ({ tenant, body, caller, requestId }, { database, vault }) => {
      const url = outgoingUrl(body.url)
      const added = await database.withTenant(tenant, async (tx) => {
        const { name, format } = body
        const kinds = [...new Set(body.kinds)]
        const made = await addWebhook(tx, { name, format, host: url.host, kinds, createdBy: caller.actor })
        await vault.seal(tx, webhookPlace(made.id, 'url'), url.href)
        const key = format === 'signed' ? makeWebhookSecret() : null
        if (key !== null) await vault.seal(tx, webhookPlace(made.id, 'secret'), key)
        const detail = { name, format, host: url.host, kinds }
        await recordAudit(tx, {
          actor: caller.actor,
          action: 'webhook.add',
          object: made.id,
          detail,
          requestId,
        })
        return { ...made, secret: key }
      })
      return { status: 201, body: added }
    },
  }),
  route({
    method: 'patch',
    path: '/v1/webhooks/{webhook}',
    summary: 'Gives a webhook another name, or has it told of other things',
    description: 'For another address add another one: whoever has the secret of this one expects it there.',
    tag: 'Alerts',
    access: admin,
    params,
    body: shape
      .body({
        name: shape.word(100).optional(),
        kinds: z.array(kind).min(1).max(TOLD_KINDS.length).optional(),
      })
      .refine(({ name, kinds }) => name !== undefined || kinds !== undefined, 'takes a name or kinds'),
    answers: { 200: { description: 'As it is now', schema: webhook } },
    handle: async ({ tenant, params: { webhook: id }, body, caller, requestId }, { database }) => ({
      status: 200,
      body: await database.withTenant(tenant, async (tx) => {
        const kinds = body.kinds === undefined ? undefined : [...new Set(body.kinds)]
        const changed = await changeWebhook(tx, id, { name: body.name, kinds })
        const { name } = changed
        await recordAudit(tx, {
          actor: caller.actor,
          action: 'webhook.change',
          object: id,
          detail: { name, kinds: changed.kinds },
          requestId,
        })
        return changed
      }),
    }),
  }),
  route({
    method: 'delete',
    path: '/v1/webhooks/{webhook}',
    summary: 'Deletes a webhook',
    tag: 'Alerts',
    access: admin,
    params,
    answers: {
      200: { description: 'It is told nothing any more', schema: z.object({ deleted: z.literal(true) }) },
    },
    handle: async ({ tenant, params: { webhook: id }, caller, requestId }, { database, vault }) => {
      await database.withTenant(tenant, async (tx) => {
        await deleteWebhook(tx, id)
        await dropTold(tx, { via: 'webhook', target: id, error: 'The webhook was deleted.' })
        await vault.forget(tx, webhookPlace(id, 'url'))
        await vault.forget(tx, webhookPlace(id, 'secret'))
        await recordAudit(tx, { actor: caller.actor, action: 'webhook.delete', object: id, requestId })
      })
      return { status: 200, body: { deleted: true } }
    },
  }),
  route({
    method: 'post',
    path: '/v1/webhooks/{webhook}/secret',
    summary: 'Makes another secret for a signed webhook',
    description: 'What is sent from now on is signed with it alone.',
    tag: 'Alerts',
    access: admin,
    params,
    answers: { 200: { description: 'The secret', schema: z.object({ secret }) } },
    handle: async ({ tenant, params: { webhook: id }, caller, requestId }, { database, vault }) => {
      const key = makeWebhookSecret()
      await database.withTenant(tenant, async (tx) => {
        await readWebhook(tx, id)
        await vault.seal(tx, webhookPlace(id, 'secret'), key)
        await recordAudit(tx, { actor: caller.actor, action: 'webhook.secret', object: id, requestId })
      })
      return { status: 200, body: { secret: key } }
    },
  }),
  route({
    method: 'post',
    path: '/v1/webhooks/{webhook}/enable',
    summary: 'Turns a webhook on again that was disabled',
    description: 'What was given up meanwhile is not told again.',
    tag: 'Alerts',
    access: admin,
    params,
    answers: { 200: { description: 'It is told again', schema: webhook } },
    handle: async ({ tenant, params: { webhook: id }, caller, requestId }, { database }) => ({
      status: 200,
      body: await database.withTenant(tenant, async (tx) => {
        await readWebhook(tx, id)
        await enableWebhook(tx, id)
        await recordAudit(tx, { actor: caller.actor, action: 'webhook.enable', object: id, requestId })
        return readWebhook(tx, id)
      }),
    }),
  }),
  route({
    method: 'post',
    path: '/v1/webhooks/{webhook}/test',
    summary: 'Sends a message that says that this is a test',
    description: 'It leaves within seconds; GET /v1/alerts tells what became of it. It is tried once.',
    tag: 'Alerts',
    access: admin,
    params,
    answers: { 202: { description: 'It is on its way', schema: z.object({ queued: z.literal(true) }) } },
    handle: async ({ tenant, params: { webhook: id }, caller }, { database }) => {
      await database.withTenant(tenant, (tx) => tellTest(tx, id, caller.actor))
      return { status: 202, body: { queued: true } }
    },
  }),
]

async function tellTest(tx: Transaction, id: string, actor: string): Promise<void> {
  const { name } = await readWebhook(tx, id)
  await tell(tx, {
    kind: 'test',
    level: 'info',
    subject: 'A test of Holdfast',
    text: `The webhook "${name}" works. ${actor} asked for this message.`,
    dedupKey: `test ${id} ${(await databaseTime(tx)).toISOString()}`,
    webhook: id,
  })
}
