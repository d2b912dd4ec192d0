/** What would be sent today, over the whole book, with nothing written. */
import { z } from 'zod'
import { OUTCOMES, type Outcome, type PreviewMessage } from '../../loop/preview-tally.ts'
import { route } from '../route.ts'
import { sharedPreview } from '../previews.ts'
import { signPreview } from '../seen-preview.ts'
import * as shape from './shapes.ts'

const outcome = z.enum(OUTCOMES).meta({
  description:
    'send: it goes out. approval: a person is asked first. later: it goes later today or another day, by itself. waits: somebody has to mend something. suppressed: it is held back. not_possible: nothing here carries it out. ends: it is over',
})
const channel = z.enum(['email', 'sms', 'task'])
const many = z.int()

const exampleMessage = z.object({
  kind: z.enum(['email', 'sms', 'task']),
  to: z.string().nullable().meta({ description: 'Name and address; null: of a task' }),
  subject: z.string().nullable(),
  text: z.string(),
})

export const previewAnswer = z.object({
  at: shape.time,
  settingsVersion: z.int().meta({ description: 'Of the settings that it was made with' }),
  seen: z.string().meta({
    description: 'Says that you saw it: POST /v1/activation takes it for an hour, under the same settings',
  }),
  book: z.enum(['whole', 'today']).meta({
    description:
      'whole: everybody, decided on anew. today: who is still undecided, and what is open and due today',
  }),
  missing: z.array(z.string()).meta({
    description: 'What is to be set up before any of it goes out; the preview looks behind it',
  }),
  customers: many.meta({ description: 'Decided on' }),
  nothing: many.meta({ description: 'Of them, for whom nothing is worth doing or allowed' }),
  currency: shape.currency,
  plannedCostMinor: z.int().meta({ description: 'What it would reserve of the budget, in minor units' }),
  actions: z.array(
    z.object({
      key: shape.actionKey,
      name: z.string(),
      channel,
      chosen: many,
      would: z
        .object(Object.fromEntries(OUTCOMES.map((one) => [one, many])) as Record<Outcome, typeof many>)
        .meta({
          description: 'Of the chosen, what would become of how many',
        }),
      plannedCostMinor: z.int(),
      masked: z.record(z.string(), many).meta({
        description: 'Customers for whom it was not open, by reason',
      }),
    }),
  ),
  reasons: z
    .array(
      z.object({
        actionKey: shape.actionKey,
        channel,
        outcome,
        code: z.string(),
        reason: z.string().meta({ description: 'Of one of them' }),
        count: many,
      }),
    )
    .meta({ description: 'Why some would not go out now, most frequent first' }),
  examples: z
    .array(
      z.object({
        actionKey: shape.actionKey,
        channel,
        outcome,
        customer: shape.customerId,
        customerName: z.string().nullable(),
        code: z.string().nullable(),
        reason: z.string().nullable(),
        message: exampleMessage
          .nullable()
          .meta({ description: 'As a dry run: its links lead nowhere. null: there is none' }),
      }),
    )
    .meta({
      description:
        'Three of each action that would go out, now, later or once somebody approves it; one of each other outcome',
    }),
})

export type PreviewAnswer = z.infer<typeof previewAnswer>

export const previewRoutes = [
  route({
    method: 'post',
    path: '/v1/preview',
    summary: 'What would be sent today',
    description:
      'Decides and judges as the real thing does, as if everything were switched on, and writes nothing. Before actions are turned on it is always over the whole book. Some seconds for 10,000 customers; who asks while one is being made gets the same.',
    tag: 'Settings',
    access: { scope: 'read', role: 'operator' },
    rate: 'costly',
    body: shape
      .body({
        book: z.enum(['whole', 'today']).default('today').meta({
          description:
            'today (default): once actions are on, only who is still undecided and what is due. whole: everybody, as if decided on anew',
        }),
      })
      .default({ book: 'today' }),
    answers: { 200: { description: 'The preview', schema: previewAnswer } },
    handle: async ({ tenant, body, origin }, services) => {
      const preview = await sharedPreview(services, { tenant, origin, whole: body.book === 'whole' })
      const key = await services.database.withTenant(tenant, (tx) => services.secrets.linkKey(tx))
      return {
        status: 200,
        body: {
          ...preview,
          examples: preview.examples.map((one) => ({ ...one, message: one.message && said(one.message) })),
          seen: signPreview(key, tenant, preview),
        },
      }
    },
  }),
] as const

function said(message: PreviewMessage): z.input<typeof exampleMessage> {
  const { kind, text } = message
  if (kind === 'sms') return { kind, to: message.to, subject: null, text }
  if (kind === 'task') return { kind, to: null, subject: message.subject, text }
  const { name, address } = message.to
  return { kind, to: name === null ? address : `${name}, ${address}`, subject: message.subject, text }
}
