/** One customer whole, as its page needs it. */
import { z } from 'zod'
import { dataConfidence, predictionConfidence } from './confidence.ts'
import { identity, scoreLine } from './customers.ts'
import { decisionLine, decisionTrace } from './decisions.ts'
import { interventionEvent, interventionLine } from './interventions.ts'
import * as shape from './shapes.ts'
import { timelineAnswer } from './timeline.ts'

const consent = z
  .enum(['granted', 'refused', 'suppressed'])
  .nullable()
  .meta({ description: 'null: nobody ever asked' })

const consentSource = z
  .object({ source: z.string().meta({ example: 'hubspot' }), at: shape.time })
  .nullable()
  .meta({ description: 'Who said so, and when; null: nobody ever asked' })

const riskPoint = z.object({
  scoredAt: shape.time,
  probability: shape.probability,
  level: shape.level,
  modelHash: shape.hash,
})

const recipient = z.object({
  name: z.string().nullable().meta({ description: 'Masked to viewers' }),
  role: z.string().nullable(),
  language: z.string().nullable(),
  zone: z.string().nullable(),
  country: z.string().nullable(),
  hasEmail: z.boolean(),
  hasPhone: z.boolean(),
  consent: z.object({ email: consent, sms: consent, call: consent }),
  consentSource: z.object({ email: consentSource, sms: consentSource, call: consentSource }),
})

const score = z.object({
  ...scoreLine,
  kind: z.enum(['snapshot', 'horizon']),
  horizonDays: z.int().nullable(),
  means: z.string().meta({ description: 'What the number says', example: 'may leave within 90 days' }),
  monthlyHazard: z.number(),
  dataConfidence: z.number(),
  asOf: shape.date,
  modelHash: shape.hash,
  monthAgo: riskPoint.nullable().meta({ description: 'null: it was not scored thirty days ago' }),
  thresholds: z
    .object({ high: z.number(), medium: z.number() })
    .nullable()
    .meta({ description: 'From which probability a customer of this connection is HIGH or MEDIUM' }),
  confidence: z.object({
    prediction: predictionConfidence.nullable().meta({ description: 'null: the model cannot be opened' }),
    data: dataConfidence,
  }),
})

const told = z.object({
  hidden: z.boolean().meta({
    description:
      'The customer belongs to a group that is left as it is: nothing is suggested, so nothing is shown',
  }),
  sentences: z.array(z.string()).meta({ description: 'What was decided and why, to be read aloud' }),
  next: shape.date.meta({ description: 'When the next decision is taken' }),
  actions: z
    .array(
      z.object({
        key: shape.actionKey,
        name: z.string(),
        chosen: z.boolean(),
        possible: z.boolean(),
        why: z.string().nullable().meta({ description: 'Why it was not possible' }),
        expectedValueMinor: shape.minor('Net expected gain over doing nothing'),
        costMinor: shape.minor('Planned cost'),
        odds: z.number().meta({ description: 'Probability of being drawn' }),
        state: z
          .string()
          .nullable()
          .meta({ description: 'Of the chosen one: state of its intervention; null: there is none' }),
      }),
    )
    .meta({ description: 'The chosen one first, then what was possible by its worth, then the rest' }),
})

const hold = z.object({
  id: z.int(),
  kind: z.enum(['replied', 'complained', 'dispute', 'negotiation', 'by_hand']),
  reason: z.string().nullable().meta({ description: 'null to viewers' }),
  by: z.string().meta({ description: 'Masked to viewers' }),
  createdAt: shape.time,
  until: shape.time.nullable().meta({ description: 'null: until somebody ends it' }),
})

export const customerAnswer = z.object({
  ...identity,
  connectionName: z.string(),
  connectionKind: z.string(),
  record: z
    .object({ href: z.string(), crm: z.string() })
    .nullable()
    .meta({ description: 'Where people look at it in its CRM' }),
  statusSince: shape.time,
  objects: z.boolean().meta({ description: 'Everybody here objects to being profiled: there is no score' }),
  responsible: z
    .object({ id: z.string(), name: z.string().nullable(), email: z.string().nullable() })
    .nullable()
    .meta({ description: 'Name and address are masked to viewers' }),
  syncedAt: shape.time,
  pays: z.object({
    yearlyMinor: shape.minor('What it pays a year'),
    currency: shape.currency.nullable(),
    renewalDate: shape.date.nullable().meta({ description: 'The next one' }),
    noticeDate: shape.date.nullable().meta({ description: 'The next one' }),
  }),
  reaches: z
    .object({ name: z.string().nullable(), role: z.string().nullable() })
    .nullable()
    .meta({ description: 'Whom an action reaches first; null: the source names nobody' }),
  score: score.nullable().meta({ description: 'null: not scored yet, or not to be scored' }),
  history: z.array(riskPoint).meta({ description: 'How risk moved, oldest first: the newest 200' }),
  agreements: z.array(
    z.object({
      externalId: z.string(),
      amountMinor: shape.minor('Amount for `periodMonths`'),
      currency: shape.currency.nullable(),
      periodMonths: z.int().nullable(),
      monthlyMinor: shape.minor('The amount normalised to a month'),
      startDate: shape.date.nullable(),
      renewalDate: shape.date.nullable(),
      noticeDate: shape.date.nullable(),
      autoRenewal: z.boolean().nullable(),
    }),
  ),
  recipients: z
    .array(recipient)
    .meta({ description: 'The people who may be written to, best first; their addresses are not told' }),
  decision: decisionTrace.nullable().meta({
    description:
      'The newest one, with its whole trace; of groups that are left as they are without what was weighed, but to whoever may export decisions',
  }),
  told: told.nullable().meta({ description: 'The same in words; null: nothing is decided yet' }),
  decisions: z.array(decisionLine).meta({ description: 'Newest first: the newest 20' }),
  interventions: z
    .array(interventionLine.extend({ events: z.array(interventionEvent) }))
    .meta({ description: 'Newest first: the newest 20, each with its events' }),
  holds: z.array(hold).meta({ description: 'What leaves the customer alone now' }),
  writeBack: z
    .object({
      status: z.enum(['written', 'failed', 'dry_run']),
      writtenAt: shape.time.nullable(),
      message: z.string().nullable().meta({ description: 'Why it failed' }),
    })
    .nullable()
    .meta({ description: 'How the record in the CRM was last written; null: never tried' }),
  may: z
    .object({
      answer: z.array(
        z.object({
          intervention: shape.interventionId,
          actionKey: shape.actionKey,
          name: z.string(),
          approve: z.boolean(),
          reject: z.boolean(),
          snoozeDays: z
            .int()
            .nullable()
            .meta({ description: 'The longest of the usual; null: it expires before' }),
        }),
      ),
      hold: z.boolean(),
      release: z.boolean(),
    })
    .meta({ description: 'What the caller may press now' }),
  timeline: timelineAnswer.meta({ description: 'The first page of GET /v1/customers/{id}/timeline' }),
})
export type CustomerAnswer = z.infer<typeof customerAnswer>
