/** Customers with their scores: the list that tells whom to care for first, and one customer whole. */
import { z } from 'zod'
import { asConnection, asCustomer } from '../../contracts/ids.ts'
import { readCustomer } from '../../store/reads/customer.ts'
import { listCustomers } from '../../store/reads/customers.ts'
import { route } from '../route.ts'
import { decisionLine, decisionTrace } from './decisions.ts'
import { interventionEvent, interventionLine } from './interventions.ts'
import * as shape from './shapes.ts'

const status = z.enum(['active', 'left', 'deleted']).meta({
  description: 'active: in the population. left: outside it now. deleted: gone from the CRM',
})

const identity = {
  id: shape.customerId,
  connection: shape.connectionId,
  object: z.string().meta({ description: 'As the CRM names it', example: 'rows' }),
  externalId: z.string().meta({ description: "The record's id in the CRM", example: '7590-VHVEG' }),
  name: z.string().nullable(),
  status,
  group: shape.group,
}

const scoreLine = {
  probability: shape.probability,
  level: shape.level,
  levelSince: shape.time,
  reasons: z.array(shape.reason),
  valueAtRiskMinor: shape.minor('Probability x 12 months of the recurring amount'),
  monthlyMinor: shape.minor('Recurring amount a month'),
  currency: shape.currency.nullable(),
  scoredAt: shape.time,
}

const customerLine = z.object({
  ...identity,
  responsible: z.string().nullable(),
  ...scoreLine,
  decision: z
    .object({
      id: shape.decisionId,
      period: z.string().meta({ example: '2026-11' }),
      actionKey: shape.actionKey,
      expectedValueMinor: shape.minor('Net expected gain over doing nothing'),
      currency: shape.currency,
      decidedAt: shape.time,
    })
    .nullable()
    .meta({ description: 'The newest one' }),
  intervention: z
    .object({
      id: shape.interventionId,
      actionKey: shape.actionKey,
      state: z.string(),
      updatedAt: shape.time,
    })
    .nullable()
    .meta({ description: 'The newest one' }),
})

const consent = z
  .enum(['granted', 'refused', 'suppressed'])
  .nullable()
  .meta({ description: 'null: nobody ever asked' })

const wholeCustomer = z.object({
  ...identity,
  connectionName: z.string(),
  statusSince: shape.time,
  responsible: z
    .object({ id: z.string(), name: z.string().nullable(), email: z.string().nullable() })
    .nullable(),
  syncedAt: shape.time,
  score: z
    .object({
      ...scoreLine,
      kind: z.enum(['snapshot', 'horizon']),
      horizonDays: z.int().nullable(),
      monthlyHazard: z.number(),
      dataConfidence: z.number(),
      asOf: shape.date,
      modelHash: shape.hash,
    })
    .nullable()
    .meta({ description: 'null: not scored yet' }),
  history: z
    .array(
      z.object({
        scoredAt: shape.time,
        probability: shape.probability,
        level: shape.level,
        modelHash: shape.hash,
      }),
    )
    .meta({ description: 'How risk moved, oldest first: the newest 200' }),
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
    .array(
      z.object({
        name: z.string().nullable(),
        role: z.string().nullable(),
        language: z.string().nullable(),
        zone: z.string().nullable(),
        country: z.string().nullable(),
        hasEmail: z.boolean(),
        hasPhone: z.boolean(),
        consent: z.object({ email: consent, sms: consent, call: consent }),
      }),
    )
    .meta({ description: 'The people who may be written to, best first; their addresses are not told' }),
  decision: decisionTrace.nullable().meta({ description: 'The newest one, with its whole trace' }),
  decisions: z.array(decisionLine).meta({ description: 'Newest first: the newest 20' }),
  interventions: z
    .array(interventionLine.extend({ events: z.array(interventionEvent) }))
    .meta({ description: 'Newest first: the newest 20, each with its events' }),
})

export const customerRoutes = [
  route({
    method: 'get',
    path: '/v1/customers',
    summary: 'Scored customers, those with the most to lose first',
    tag: 'Customers',
    access: { scope: 'read', role: 'viewer' },
    query: z.strictObject({
      ...shape.pageQuery,
      sort: z.enum(['value', 'probability']).default('value').meta({
        description: 'By value at risk (unknown value last), or by probability; highest first',
      }),
      level: shape.level.optional(),
      status: status.default('active'),
      connection: shape.connectionId.optional(),
      externalId: shape.word(500).optional().meta({ description: "The record's id in the CRM" }),
    }),
    answers: { 200: { description: 'A page of customers', schema: shape.pageOf(customerLine) } },
    handle: async ({ tenant, query }, { database }) => {
      const connection = query.connection === undefined ? undefined : asConnection(query.connection)
      return {
        status: 200,
        body: await database.withTenant(tenant, (tx) => listCustomers(tx, { ...query, connection })),
      }
    },
  }),
  route({
    method: 'get',
    path: '/v1/customers/{id}',
    summary: 'One customer whole',
    description:
      'Score and how it moved, agreements, recipients with their consent, the newest decision with its trace, and what was done.',
    tag: 'Customers',
    access: { scope: 'read', role: 'viewer' },
    params: z.strictObject({ id: shape.customerInText }),
    answers: { 200: { description: 'The customer', schema: wholeCustomer } },
    handle: async ({ tenant, params }, { database }) => ({
      status: 200,
      body: await database.withTenant(tenant, (tx) => readCustomer(tx, asCustomer(params.id))),
    }),
  }),
] as const
