/** What a person says of messages of which nobody could: that they went out, or that they did not. */
import { z } from 'zod'
import { asIntervention } from '../../contracts/ids.ts'
import { previewOf } from '../../loop/message-preview.ts'
import { resolveUncertain } from '../../loop/resolve-uncertain.ts'
import { recordAudit } from '../../store/audit.ts'
import { INTERVENTION_STATES } from '../../store/intervention-states.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import { route, type Route } from '../route.ts'
import * as shape from './shapes.ts'

export const resolvedAnswer = z.object({
  resolved: z.int(),
  results: z.array(
    z.object({
      id: shape.interventionId,
      outcome: z.enum(['done', 'already', 'expired', 'not_found']).meta({
        description: 'already: it is not uncertain any more. expired: it cannot be sent again',
      }),
      state: z.enum(INTERVENTION_STATES).nullable(),
      message: z.string().nullable(),
    }),
  ),
})
export type ResolvedAnswer = z.infer<typeof resolvedAnswer>

const party = z.object({ name: z.string().nullable(), address: z.string() })

export const messageAnswer = z.object({
  none: z.string().nullable().meta({ description: 'Why there is no message, as a sentence' }),
  stored: z.boolean().meta({ description: 'Whether it is what went or goes out, not what would' }),
  message: z
    .object({
      kind: z.enum(['email', 'sms', 'task']),
      from: party.nullable(),
      to: party.nullable().meta({ description: 'null: of a task' }),
      replyTo: party.nullable(),
      responsible: z
        .string()
        .nullable()
        .meta({ description: 'Whose list a task is on; null: of a message, or nobody’s' }),
      subject: z.string().nullable(),
      text: z.string(),
      html: z.string().nullable().meta({ description: 'Of an e-mail: for a frame without scripts' }),
      language: z.string(),
      dueAt: shape.time.nullable(),
      segments: z.int().nullable().meta({ description: 'Parts of a text, each of which is paid for' }),
    })
    .nullable(),
})
export type MessageAnswer = z.infer<typeof messageAnswer>

export const uncertainRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/v1/attention/resolve',
    summary: 'Says whether uncertain messages went out',
    description:
      'As good as the provider’s own word. `again` of not_sent: everything is asked once more, and then it is sent. Each with its result.',
    tag: 'Interventions',
    access: { scope: 'write', role: 'operator' },
    body: shape
      .body({
        items: z
          .array(shape.interventionId)
          .min(1)
          .max(200, 'takes 200 at most: send the rest in further requests')
          .refine((all) => new Set(all).size === all.length, 'names one twice'),
        as: z.enum(['sent', 'not_sent']),
        again: z.boolean().default(false),
        reason: shape.text(500).meta({ description: 'How it is known, in your own words' }),
      })
      .refine(({ as, again }) => as === 'not_sent' || !again, {
        error: 'belongs to not_sent: what was sent is not sent again',
        path: ['again'],
      }),
    answers: { 200: { description: 'What became of each, in their order', schema: resolvedAnswer } },
    handle: async ({ tenant, body, caller, requestId }, { database, connectors, queue }) => ({
      status: 200,
      body: await database.withTenant(tenant, async (tx) => {
        const { as, again, reason } = body
        const results = await resolveUncertain(
          tx,
          { connectors },
          { ids: body.items.map(asIntervention), as, again, reason, actor: caller.actor },
        )
        const done = results.filter(({ outcome }) => outcome === 'done')
        for (const { id } of done)
          await recordAudit(tx, {
            actor: caller.actor,
            action: 'intervention.resolve',
            object: id,
            detail: { as, again, reason },
            requestId,
          })
        if (queue !== null && done.length > 0) tx.afterCommit(() => queue.wake(tenant))
        return { resolved: done.length, results }
      }),
    }),
  }),
  route({
    method: 'get',
    path: '/v1/interventions/{id}/message',
    summary: 'What an intervention says',
    description:
      'As it was stored when it went, or as it would read now, its links leading nowhere. Not for viewers: it names people.',
    tag: 'Interventions',
    access: { scope: 'read', role: 'operator' },
    params: z.strictObject({ id: shape.interventionId }),
    answers: { 200: { description: 'The message', schema: messageAnswer } },
    handle: async ({ tenant, params, origin }, services) => ({
      status: 200,
      body: await services.database.withTenant(tenant, async (tx) => {
        const { settings } = await currentSettings(tx)
        const preview = await previewOf(tx, services, {
          tenant,
          id: asIntervention(params.id),
          settings,
          origin,
        })
        const { message } = preview
        if (message === null) return { none: preview.none, stored: false, message: null }
        const nobody = { from: null, to: null, replyTo: null, responsible: null, subject: null, html: null }
        const { kind, text, language } = message
        const common = { ...nobody, kind, text, language, dueAt: null, segments: null }
        return {
          none: null,
          stored: preview.stored,
          message:
            message.kind === 'email'
              ? {
                  ...common,
                  from: message.from,
                  to: message.to,
                  replyTo: message.replyTo,
                  subject: message.subject,
                  html: message.html,
                }
              : message.kind === 'sms'
                ? { ...common, to: { name: null, address: message.to }, segments: message.segments }
                : {
                    ...common,
                    responsible: message.responsible?.name ?? message.responsible?.id ?? null,
                    subject: message.subject,
                    dueAt: message.dueAt,
                  },
        }
      }),
    }),
  }),
]
