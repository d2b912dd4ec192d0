/** Decisions: what the policy chose, when, and with which probability. */
import { z } from 'zod'
import { asConnection, asCustomer, asDecision } from '../../contracts/ids.ts'
import { traceOf } from '../../loop/decision-trace.ts'
import { actionNames } from '../../settings/planning.ts'
import { listDecisions, readDecision } from '../../store/reads/decisions.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import { route } from '../route.ts'
import * as shape from './shapes.ts'

export const decisionLine = z.object({
  id: shape.decisionId,
  customer: shape.customerId,
  customerName: z.string().nullable(),
  connection: shape.connectionId,
  period: z.string().meta({ example: '2026-11' }),
  cause: z.string().meta({ description: '`period`, or what opened another decision early' }),
  decidedAt: shape.time,
  group: z.string(),
  probability: shape.probability,
  level: shape.level,
  actionKey: shape.actionKey,
  propensity: shape.probability.meta({
    description: 'Probability with which the action was chosen',
    example: 0.9,
  }),
  expectedValueMinor: shape.minor('Net expected gain of the action over doing nothing'),
  plannedCostMinor: z.int().meta({ description: 'In minor units of the currency', example: 720 }),
  currency: shape.currency,
})

export const decisionTrace = decisionLine.extend({
  actions: z.array(
    z.object({
      key: shape.actionKey,
      masked: z.string().meta({ description: '`open`, or why the action was not possible' }),
      expectedValueMinor: shape.minor('Net expected gain over doing nothing'),
      costMinor: shape.minor('Planned cost'),
      benefit: z
        .number()
        .nullable()
        .meta({ description: 'Probability that it does more good than harm; null: the policy does not say' }),
      effectMean: z.number().nullable().meta({
        description:
          'Believed relative reduction of the monthly risk (of losses by failed payments where the action is against those); null: the policy did not know the action yet',
      }),
      effectSd: z.number().nullable(),
      probability: z.number().meta({ description: 'Probability of being drawn' }),
    }),
  ),
  draw: z.number().meta({ description: 'Uniform in [0, 1); reproducible from `drawIdentity`' }),
  drawIdentity: z.string(),
  budgetPrice: z.number().meta({ description: 'Price on the budget when this was allocated' }),
  dataAsOf: shape.date,
  monthlyHazard: z.number(),
  monthlyMinor: shape.minor('Recurring amount a month'),
  modelHash: shape.hash,
  featureSetHash: shape.hash,
  policyHash: shape.hash,
  settingsVersion: z.int(),
})

const DECISION = 'takes the number of a decision as GET /v1/decisions lists it'
const decisionInText = z.coerce
  .number(DECISION)
  .pipe(z.int(DECISION).positive(DECISION).meta({ description: 'Of GET /v1/decisions', example: 9001 }))

/** candidates -> eligible -> suppressed -> policy -> chosen. */
const decisionSteps = z.object({
  candidates: z.array(shape.actionKey).meta({ description: 'The whole catalogue of then' }),
  eligible: z.array(shape.actionKey).meta({ description: 'What no rule spoke against' }),
  suppressed: z
    .array(z.object({ key: shape.actionKey, reason: z.string(), sentence: z.string() }))
    .meta({ description: 'What was not possible, and why' }),
  policy: z
    .array(
      z.object({
        key: shape.actionKey,
        expectedValueMinor: shape.minor('Net expected gain over doing nothing'),
        costMinor: shape.minor('Planned cost'),
        benefit: z.number().nullable(),
        probability: z.number().meta({ description: 'Probability of being drawn' }),
      }),
    )
    .meta({ description: 'What was weighed, doing nothing included' }),
  chosen: z.object({ key: shape.actionKey, probability: shape.probability }),
  sentence: z.string().meta({ description: 'All of it in one sentence' }),
})

export const decisionRoutes = [
  route({
    method: 'get',
    path: '/v1/decisions',
    summary: 'Decisions, newest first',
    tag: 'Decisions',
    access: { scope: 'read', role: 'viewer' },
    query: z.strictObject({
      ...shape.pageQuery,
      period: shape.word(20).optional().meta({ example: '2026-11' }),
      connection: shape.connectionId.optional(),
      customer: shape.customerInText.optional(),
      action: shape.actionGiven.optional(),
    }),
    answers: { 200: { description: 'A page of decisions', schema: shape.pageOf(decisionLine) } },
    handle: async ({ tenant, query }, { database }) => {
      const connection = query.connection === undefined ? undefined : asConnection(query.connection)
      const customer = query.customer === undefined ? undefined : asCustomer(query.customer)
      return {
        status: 200,
        body: await database.withTenant(tenant, (tx) =>
          listDecisions(tx, { ...query, connection, customer }),
        ),
      }
    },
  }),
  route({
    method: 'get',
    path: '/v1/decisions/{id}',
    summary: 'One decision with all that led to it',
    description:
      'Everything that was logged, and `steps`: which actions there were, which were possible, why not the others, how the policy weighed them, and what was chosen with which probability.',
    tag: 'Decisions',
    access: { scope: 'read', role: 'viewer' },
    params: z.strictObject({ id: decisionInText }),
    answers: {
      200: { description: 'The decision', schema: decisionTrace.extend({ steps: decisionSteps }) },
    },
    handle: async ({ tenant, params }, { database }) => {
      return database.withTenant(tenant, async (tx) => {
        const decision = await readDecision(tx, asDecision(params.id))
        const { settings } = await currentSettings(tx)
        return { status: 200, body: { ...decision, steps: traceOf(decision, actionNames(settings)) } }
      })
    },
  }),
] as const
