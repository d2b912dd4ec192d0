/** The inbox of approvals: what waits for a person's yes, and answers to many at once. */
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import { asConnection, asCustomer, asIntervention } from '../../contracts/ids.ts'
import { describeApprovals, type DescribedApproval } from '../../loop/describe-approvals.ts'
import type { Caller } from '../../security/access.ts'
import { maskEmail, maskName, maskPhone, seesPeople } from '../../security/masking.ts'
import { answerApprovals, type ApprovalVerb } from '../../store/answer-approvals.ts'
import { recordAudit } from '../../store/audit.ts'
import { INTERVENTION_STATES } from '../../store/intervention-states.ts'
import { countApprovals, listApprovals, type OpenApproval } from '../../store/reads/approvals.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import { route, type Route } from '../route.ts'
import { csvFile, everyPage } from './csv-file.ts'
import { LARGEST_PAGE } from '../../store/reads/paging.ts'
import * as shape from './shapes.ts'
import { customerNameFor, responsibleShown } from './shown.ts'

/** Each is judged and its message written: a page of more would make people wait. */
const MOST = 50

const message = z.object({
  kind: z.enum(['email', 'sms', 'task']),
  subject: z.string().nullable(),
  text: z.string(),
  language: z.string(),
})

const approval = z.object({
  id: shape.interventionId,
  asked: z.string().meta({
    description: 'Send it with the answer: what was asked about anew since then is not answered by mistake',
    example: '2026-11-20T06:00:00.000000Z',
  }),
  customer: z.object({
    id: shape.customerId,
    name: z.string().nullable(),
    object: shape.customerObject,
    connection: shape.connectionId,
    probability: shape.probability.nullable(),
    level: shape.level.nullable(),
    valueAtRiskMinor: shape.minor('Probability x 12 months of the recurring amount'),
    monthlyMinor: shape.minor('Recurring amount a month'),
    currency: shape.currency.nullable(),
    reasons: z.array(z.string()).meta({ description: 'What raises the risk most, as sentences' }),
  }),
  action: z.object({
    key: shape.actionKey,
    name: z.string(),
    channel: z.enum(['email', 'sms', 'task']),
  }),
  decision: shape.decisionId.nullable().meta({ description: 'null: a person or the API asked for it' }),
  why: z.string().meta({ description: 'Why this action, as a sentence' }),
  because: z.string().nullable().meta({ description: 'Why somebody is asked' }),
  worth: z.object({
    expectedMinor: shape.minor('Net expected gain over doing nothing'),
    currency: shape.currency.nullable(),
  }),
  cost: z.object({ minor: z.int().meta({ description: 'In minor units' }), currency: shape.currency }),
  reaches: z
    .object({ name: z.string().nullable(), address: z.string().nullable() })
    .nullable()
    .meta({ description: 'Whom the message goes to, or who is given the task; null: nobody is known' }),
  message: message.nullable().meta({
    description:
      'As it would be sent, its links leading nowhere; null: there is none, as `held` says, and to viewers',
  }),
  held: z.string().nullable().meta({
    description: 'What keeps it from going out even after a yes, as a sentence; null: nothing',
  }),
  instead: z.enum(['later', 'waits', 'suppressed', 'not_possible', 'ends']).nullable().meta({
    description:
      'What becomes of it after a yes where `held` speaks against it: it goes later by itself, it waits for somebody, it is held back for good, nothing carries it out, or it ends; null: it goes out',
  }),
  askedOf: z.object({
    responsible: z
      .object({ id: z.string(), name: z.string().nullable(), email: z.string().nullable() })
      .nullable(),
    task: z.boolean().meta({ description: 'Whether a task in the CRM asks for it' }),
    problem: z.string().nullable().meta({ description: 'Why none does; null: one does, or none is wanted' }),
  }),
  createdBy: z.string(),
  createdAt: shape.time,
  answerBy: shape.time.meta({ description: 'After this nobody can answer any more' }),
})

export const approvalsAnswer = shape.pageOf(approval).extend({
  counts: z.object({
    open: z.int().meta({ description: 'All that wait, whatever the filters' }),
    mine: z.int().nullable().meta({ description: 'Of them yours; null: nobody knows your e-mail address' }),
    actions: z.array(z.object({ actionKey: shape.actionKey, open: z.int() })),
  }),
  you: z.string().nullable().meta({
    description: 'The e-mail address by which yours are told; null: it is not known, and `mine` finds none',
  }),
})
export type ApprovalsAnswer = z.infer<typeof approvalsAnswer>

export const approvalResults = z.object({
  answered: z.int(),
  results: z.array(
    z.object({
      id: shape.interventionId,
      outcome: z.enum(['done', 'already', 'changed', 'refused', 'not_found', 'left']).meta({
        description:
          'already: somebody else answered, or it ended. changed: it is asked about anew since you looked. refused: this answer cannot be given to it. left: with allOrNone another of them could not be answered',
      }),
      state: z.enum(INTERVENTION_STATES).nullable(),
      by: z.string().nullable().meta({ description: 'Who moved it last' }),
      at: shape.time.nullable(),
      message: z.string().nullable(),
    }),
  ),
})
export type ApprovalResults = z.infer<typeof approvalResults>

const answers = shape
  .body({
    answer: z.enum(['approve', 'reject', 'snooze']),
    items: z
      .array(
        z.strictObject({
          id: shape.interventionId,
          asked: shape.word(40).optional().meta({ description: 'As GET /v1/approvals gave it' }),
        }),
      )
      .min(1, 'takes at least one')
      .max(200, 'takes 200 at most: send the rest in further requests')
      .refine((all) => new Set(all.map(({ id }) => id)).size === all.length, 'names one twice'),
    note: shape.text(500).optional().meta({ description: 'In your own words' }),
    until: shape.moment.optional().meta({ description: 'Of snooze' }),
    allOrNone: z.boolean().default(false).meta({ description: 'Where one cannot be answered, none is' }),
  })
  .refine(({ answer, until }) => (answer === 'snooze') === (until !== undefined), {
    error: 'belongs to snooze, which needs it',
    path: ['until'],
  })

export const approvalRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/v1/approvals',
    summary: 'What waits for a person’s yes',
    description:
      'With everything that is needed to answer: why, what it is worth and costs, whom it reaches and what it would say. `format=csv` has no messages.',
    tag: 'Approvals',
    access: { scope: 'read', role: 'viewer' },
    query: z.strictObject({
      cursor: shape.pageQuery.cursor,
      limit: z.coerce
        .number(`takes a whole number from 1 to ${MOST}`)
        .int()
        .min(1)
        .max(MOST)
        .default(20)
        .meta({ description: 'Items a page' }),
      sort: z.enum(['value', 'worth', 'expiry']).default('value').meta({
        description:
          'value: the most value at risk first. worth: what promises most first. expiry: what ends first',
      }),
      mine: shape.yesOrNo.optional().meta({ description: 'Of customers whom you are responsible for' }),
      action: shape.actionGiven.optional(),
      connection: shape.connectionId.optional(),
      customer: shape.customerInText.optional(),
      format: shape.fileFormat,
    }),
    answers: { 200: { description: 'A page of what waits', schema: approvalsAnswer } },
    handle: async ({ tenant, query, caller, origin }, services) => {
      const { database } = services
      const { format, mine, limit, cursor, sort, action } = query
      const email = emailOf(caller)
      const filter = {
        sort,
        action,
        // Of nobody there are none.
        email: mine === true ? (email ?? '') : undefined,
        connection: query.connection === undefined ? undefined : asConnection(query.connection),
        customer: query.customer === undefined ? undefined : asCustomer(query.customer),
      }
      if (format === 'csv')
        return csvFile(
          'approvals.csv',
          CSV,
          everyPage((cursor) =>
            database.withTenant(tenant, async (tx) => {
              const { waitDays } = (await currentSettings(tx)).settings.delivery.approval
              const found = await listApprovals(tx, { ...filter, limit: LARGEST_PAGE, cursor, waitDays })
              const items = found.items.map((one) => ({
                ...one,
                customerName: customerNameFor(caller, one),
                responsible: one.responsible && responsibleShown(caller, one.responsible),
              }))
              return { ...found, items }
            }),
          ),
        )
      return database.withTenant(tenant, async (tx) => {
        const { settings } = await currentSettings(tx)
        const { waitDays } = settings.delivery.approval
        const { items, next } = await listApprovals(tx, { ...filter, limit, cursor, waitDays })
        const described = await describeApprovals(
          tx,
          { ...services, localUrl: origin },
          { tenant, approvals: items, settings },
        )
        return {
          status: 200,
          body: {
            items: described.map((one) => shownTo(caller, one)),
            next,
            counts: await countApprovals(tx, { waitDays, email }),
            you: email,
          },
        }
      })
    },
  }),
  route({
    method: 'post',
    path: '/v1/approvals/answers',
    summary: 'Approves, rejects or snoozes several',
    description:
      'Each with its result: what somebody else answered meanwhile is told with who and when, and stays as it is. With `allOrNone` none is answered where one cannot be.',
    tag: 'Approvals',
    access: { scope: 'write', role: 'operator' },
    body: answers,
    answers: { 200: { description: 'What became of each, in their order', schema: approvalResults } },
    handle: async ({ tenant, body, caller, requestId }, { database, queue, clock }) => {
      const until = body.until === undefined ? undefined : new Date(body.until)
      if (until !== undefined && until <= clock())
        throw new HoldfastError('request_invalid', 'Snooze until a time that is still to come.')
      const { answer, note, allOrNone } = body
      const items = body.items.map(({ id, asked }) => ({ id: asIntervention(id), asked }))
      return database.withTenant(tenant, async (tx) => {
        const results = await answerApprovals(tx, {
          answer,
          items,
          actor: caller.actor,
          note,
          until,
          allOrNone,
        })
        const done = results.filter(({ outcome }) => outcome === 'done')
        for (const { id } of done)
          await recordAudit(tx, {
            actor: caller.actor,
            action: `intervention.${answer satisfies ApprovalVerb}`,
            object: id,
            requestId,
          })
        if (queue !== null && done.length > 0) tx.afterCommit(() => queue.wake(tenant))
        const at = clock()
        return {
          status: 200,
          body: {
            answered: done.length,
            results: results.map((one) => (one.outcome === 'done' ? { ...one, at } : one)),
          },
        }
      })
    },
  }),
]

/** By which a person is known in the CRM; of a program there is none. */
function emailOf(caller: Caller): string | null {
  return caller.kind === 'session' && caller.subject.includes('@') ? caller.subject : null
}

function shownTo(caller: Caller, one: DescribedApproval): z.input<typeof approval> {
  const people = seesPeople(caller)
  const { message: said, reaches } = one
  const masked = (address: string): string =>
    address.includes('@') ? maskEmail(address) : maskPhone(address)
  return {
    id: one.id,
    asked: one.asked,
    customer: {
      id: one.customer,
      name: customerNameFor(caller, one),
      object: one.customerObject,
      connection: one.connection,
      probability: one.probability,
      level: one.level,
      valueAtRiskMinor: one.valueAtRiskMinor,
      monthlyMinor: one.monthlyMinor,
      currency: one.currency,
      reasons: (one.reasons ?? [])
        .filter(({ raises }) => raises)
        .map(({ sentence }) => sentence)
        .slice(0, 3),
    },
    action: { key: one.actionKey, name: one.actionName, channel: one.channel },
    decision: one.decision,
    why: one.why,
    because: one.reason,
    worth: { expectedMinor: one.expectedValueMinor, currency: one.worthCurrency },
    cost: { minor: one.plannedCostMinor, currency: one.costCurrency },
    reaches:
      reaches === null || people
        ? reaches
        : {
            name: reaches.name && maskName(reaches.name),
            address: reaches.address && masked(reaches.address),
          },
    message:
      said === null || !people
        ? null
        : {
            kind: said.kind,
            subject: said.kind === 'sms' ? null : said.subject,
            text: said.text,
            language: said.language,
          },
    held: one.held,
    instead: one.instead,
    askedOf: {
      responsible: one.responsible && responsibleShown(caller, one.responsible),
      task: one.hasTask,
      problem: one.askProblem,
    },
    createdBy: one.createdBy,
    createdAt: one.createdAt.toISOString(),
    answerBy: one.answerBy.toISOString(),
  }
}

const CSV: Readonly<Record<string, (one: OpenApproval) => unknown>> = {
  intervention: ({ id }) => id,
  customer: ({ customer }) => customer,
  customerName: ({ customerName }) => customerName,
  level: ({ level }) => level,
  probability: ({ probability }) => probability,
  valueAtRiskMinor: ({ valueAtRiskMinor }) => valueAtRiskMinor,
  currency: ({ currency }) => currency,
  action: ({ actionKey }) => actionKey,
  channel: ({ channel }) => channel,
  expectedValueMinor: ({ expectedValueMinor }) => expectedValueMinor,
  plannedCostMinor: ({ plannedCostMinor }) => plannedCostMinor,
  costCurrency: ({ costCurrency }) => costCurrency,
  responsible: ({ responsible }) => responsible?.name ?? null,
  askedSince: ({ asked }) => asked,
  answerBy: ({ answerBy }) => answerBy,
}
