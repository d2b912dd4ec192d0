/** Interventions: the outbox, asking for one, and a person's answer to one. */
import { z } from 'zod'
import { asConnection, asCustomer, asIntervention, type InterventionId } from '../../contracts/ids.ts'
import { answerOnce } from '../../store/idempotent-requests.ts'
import type { Transaction } from '../../store/database.ts'
import { INTERVENTION_STATES } from '../../store/intervention-states.ts'
import { approve, cancel, reject, snooze } from '../../store/interventions.ts'
import { keptBackWords } from '../../loop/kept-back-words.ts'
import { seesPeople, maskName } from '../../security/masking.ts'
import type { Caller } from '../../security/access.ts'
import { HEARD } from '../../store/reads/intervention-filter.ts'
import {
  listInterventions,
  readWholeIntervention,
  type InterventionLine,
  type WholeIntervention,
} from '../../store/reads/interventions.ts'
import { recordAudit } from '../../store/audit.ts'
import { route, type Route } from '../route.ts'
import { csvFile, everyPage } from './csv-file.ts'
import { lineFor } from './shown.ts'
import { planByHand } from './plan-by-hand.ts'
import { LARGEST_PAGE } from '../../store/reads/paging.ts'
import * as shape from './shapes.ts'

const state = z.enum(INTERVENTION_STATES)

export const interventionLine = z.object({
  id: shape.interventionId,
  customer: shape.customerId,
  customerName: z.string().nullable(),
  customerObject: shape.customerObject,
  person: shape.mayBePerson,
  connection: shape.connectionId,
  decision: shape.decisionId.nullable().meta({ description: 'null: a person or the API asked for it' }),
  actionKey: shape.actionKey,
  channel: z.enum(['email', 'sms', 'task']),
  state,
  reasonCode: z.string().nullable(),
  reason: z.string().nullable().meta({ description: 'Why it is in this state' }),
  dueAt: shape.time,
  expiresAt: shape.time,
  attempts: z.int(),
  plannedCostMinor: z.int().meta({ description: 'In minor units of the currency' }),
  actualCostMinor: shape.minor('What it cost'),
  currency: shape.currency,
  delivery: z.enum(['dry_run', 'sandbox', 'live']).nullable().meta({
    description:
      'How it left or would have: only recorded, into the sandbox, or in earnest; null: it has not come to that yet',
  }),
  createdBy: z.string(),
  createdAt: shape.time,
  updatedAt: shape.time,
  sentAt: shape.time.nullable(),
  askProblem: z.string().nullable().meta({
    description:
      'Why no task in the CRM asks for the approval that it waits for; null: one does, or none is wanted. Approve or reject it here',
  }),
})

export type InterventionLineAnswer = z.infer<typeof interventionLine>

export const interventionEvent = z.object({
  intervention: shape.interventionId,
  at: shape.time,
  fromState: state.nullable(),
  toState: state,
  actor: z.string(),
  reasonCode: z.string().nullable(),
  reason: z.string().nullable(),
  detail: z.unknown(),
})

const wholeIntervention = interventionLine.extend({
  idempotencyKey: z.string(),
  recipientName: z.string().nullable(),
  providerId: z.string().nullable(),
  sendingAt: shape.time.nullable(),
  message: z.unknown().meta({
    description: 'What was or would be sent; null until it is about to go, and to viewers',
  }),
  events: z.array(interventionEvent).meta({ description: 'Oldest first' }),
})

export type WholeInterventionAnswer = z.infer<typeof wholeIntervention>

const planned = z.object({ id: shape.interventionId, state: z.enum(['planned', 'awaiting_approval']) })

const params = z.strictObject({ id: shape.interventionId })
const note = shape.text(500).optional().meta({ description: 'In your own words' })

/** A person's answer to an intervention; what comes back is the intervention as it is then. */
function answering<Body extends z.ZodType>(
  verb: string,
  summary: string,
  body: Body,
  move: (tx: Transaction, id: InterventionId, actor: string, body: z.infer<Body>) => Promise<void>,
): Route {
  return route({
    method: 'post',
    path: `/v1/interventions/{id}/${verb}`,
    summary,
    tag: 'Interventions',
    access: { scope: 'write', role: 'operator' },
    params,
    body,
    answers: { 200: { description: 'The intervention as it is now', schema: wholeIntervention } },
    handle: async ({ tenant, params, body, caller, requestId }, { database, queue }) => {
      const whole = await database.withTenant(tenant, async (tx) => {
        const id = asIntervention(params.id)
        await move(tx, id, caller.actor, body)
        await recordAudit(tx, {
          actor: caller.actor,
          action: `intervention.${verb}`,
          object: params.id,
          requestId,
        })
        if (queue !== null) tx.afterCommit(() => queue.wake())
        return readWholeIntervention(tx, id)
      })
      return { status: 200, body: wholeFor(caller, whole) }
    },
  })
}

/** Whom it reaches and what it says is for those who answer for it. */
function wholeFor(caller: Caller, whole: WholeIntervention): WholeIntervention {
  const line = lineFor(caller, whole)
  if (seesPeople(caller)) return line
  return { ...line, recipientName: whole.recipientName && maskName(whole.recipientName), message: null }
}

const CSV: Readonly<Record<string, (line: InterventionLine) => unknown>> = {
  intervention: ({ id }) => id,
  createdAt: ({ createdAt }) => createdAt,
  updatedAt: ({ updatedAt }) => updatedAt,
  customer: ({ customer }) => customer,
  customerName: ({ customerName }) => customerName,
  action: ({ actionKey }) => actionKey,
  channel: ({ channel }) => channel,
  state: ({ state }) => state,
  because: ({ reasonCode }) => reasonCode && keptBackWords(reasonCode),
  delivery: ({ delivery }) => delivery,
  dueAt: ({ dueAt }) => dueAt,
  sentAt: ({ sentAt }) => sentAt,
  plannedCostMinor: ({ plannedCostMinor }) => plannedCostMinor,
  actualCostMinor: ({ actualCostMinor }) => actualCostMinor,
  currency: ({ currency }) => currency,
  createdBy: ({ createdBy }) => createdBy,
}

const saying = shape.body({ note }).default({})
const withNote = (actor: string, said: string | undefined) =>
  said === undefined ? { actor } : { actor, note: said }

export const interventionRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/v1/interventions',
    summary: 'The outbox: those that moved last first',
    description:
      'All filters together; `from` and `to` are of when it was made. `heard` are those of which something came back.',
    tag: 'Interventions',
    access: { scope: 'read', role: 'viewer' },
    query: z.strictObject({
      ...shape.pageQuery,
      sort: z.enum(['moved', 'created']).default('moved').meta({
        description: 'moved: those that moved last first. created: those that were made last first',
      }),
      state: shape.several(state, 'State').optional(),
      action: shape.actionGiven.optional(),
      channel: z.enum(['email', 'sms', 'task']).optional(),
      reason: shape
        .word(100)
        .optional()
        .meta({ description: '`reasonCode`; none: those that have no reason', example: 'quiet_hours' }),
      group: shape.group.optional(),
      connection: shape.connectionId.optional(),
      customer: shape.customerInText.optional(),
      responsible: shape.responsible.optional(),
      from: shape.since.optional(),
      to: shape.since.optional().meta({ description: 'Not included' }),
      simulated: shape.yesOrNo.optional().meta({ description: 'Whether it went into the sandbox' }),
      dryRun: shape.yesOrNo.optional().meta({ description: 'Whether it was only recorded' }),
      heard: z.enum(HEARD).optional().meta({
        description: 'What came back. done: the call or offer was made. redeemed: the offer was taken',
      }),
      unseen: z.literal('true').optional().meta({
        description: 'Failed within 30 days, and nobody has looked at it (`/v1/attention`)',
      }),
      format: shape.fileFormat,
    }),
    answers: { 200: { description: 'A page of interventions', schema: shape.pageOf(interventionLine) } },
    handle: async ({ tenant, query: { format, ...query }, caller }, { database }) => {
      const filter = {
        ...query,
        connection: query.connection === undefined ? undefined : asConnection(query.connection),
        customer: query.customer === undefined ? undefined : asCustomer(query.customer),
        reason: query.reason === 'none' ? null : query.reason,
        unseen: query.unseen === 'true',
      }
      const read = async (page: { limit?: number; cursor?: string | null }) => {
        const found = await database.withTenant(tenant, (tx) => listInterventions(tx, { ...filter, ...page }))
        return { ...found, items: found.items.map((line) => lineFor(caller, line)) }
      }
      if (format === 'csv')
        return csvFile(
          'interventions.csv',
          CSV,
          everyPage((cursor) => read({ limit: LARGEST_PAGE, cursor })),
        )
      return { status: 200, body: await read({}) }
    },
  }),
  route({
    method: 'get',
    path: '/v1/interventions/{id}',
    summary: 'One intervention with its message and its events',
    tag: 'Interventions',
    access: { scope: 'read', role: 'viewer' },
    params,
    answers: { 200: { description: 'The intervention', schema: wholeIntervention } },
    handle: async ({ tenant, params, caller }, { database }) => ({
      status: 200,
      body: wholeFor(
        caller,
        await database.withTenant(tenant, (tx) => readWholeIntervention(tx, asIntervention(params.id))),
      ),
    }),
  }),
  route({
    method: 'post',
    path: '/v1/interventions',
    summary: 'Asks for an action for a customer',
    description:
      'Each thing once: the same Idempotency-Key with the same body gives the same answer for at least 7 days and plans nothing again; with another body it is refused (422). While the first request is still being answered, a second one gets a 409 that says it may be repeated. Consent, suppression and pauses are asked when the action is about to be carried out; waiting times between contacts and quiet hours are not.',
    tag: 'Interventions',
    access: { scope: 'write', role: 'operator' },
    headers: z.object({
      'idempotency-key': z
        .string('is missing: name this request, for example with a UUID, so that it is carried out once')
        .regex(/^[\x21-\x7e]{1,200}$/, 'takes 1 to 200 visible ASCII characters')
        .meta({ description: 'A name of your own for this request, such as a UUID' }),
    }),
    body: shape.body({
      customer: shape.customerId,
      action: shape.actionGiven,
      dueAt: shape.moment.optional().meta({ description: 'Default: now' }),
      expiresAt: shape.moment
        .optional()
        .meta({ description: 'It is not carried out after this. Default: 14 days after it is due' }),
    }),
    answers: { 201: { description: 'It is planned, or waits for approval', schema: planned } },
    handle: async ({ tenant, headers, body, caller, requestId }, { database, queue, clock, connectors }) =>
      database.withTenant(tenant, async (tx) => {
        const key = headers['idempotency-key']
        const answer = await answerOnce(tx, { route: 'POST /v1/interventions', key, body }, async () => {
          const done = await planByHand(tx, {
            customer: asCustomer(body.customer),
            action: body.action,
            dueAt: body.dueAt === undefined ? undefined : new Date(body.dueAt),
            expiresAt: body.expiresAt === undefined ? undefined : new Date(body.expiresAt),
            key,
            actor: caller.actor,
            now: clock(),
            connectors,
          })
          await recordAudit(tx, {
            actor: caller.actor,
            action: 'intervention.create',
            object: done.id,
            detail: { customer: body.customer, action: body.action },
            requestId,
          })
          return { status: 201, body: done }
        })
        if (queue !== null) tx.afterCommit(() => queue.wake())
        return answer
      }),
  }),
  answering('approve', 'Lets it go out', saying, (tx, id, actor, body) =>
    approve(tx, id, withNote(actor, body.note)),
  ),
  answering('reject', 'Not right: it is never carried out', saying, (tx, id, actor, body) =>
    reject(tx, id, withNote(actor, body.note)),
  ),
  answering('cancel', 'Stops it, as long as it has not begun to go out', saying, (tx, id, actor, body) =>
    cancel(tx, id, withNote(actor, body.note)),
  ),
  answering('snooze', 'Puts it off', shape.body({ until: shape.moment, note }), (tx, id, actor, body) =>
    snooze(tx, id, { ...withNote(actor, body.note), until: new Date(body.until) }),
  ),
]
