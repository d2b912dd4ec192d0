/** Decisions: what the policy chose, when, and with which probability. */
import { z } from 'zod'
import { asConnection, asCustomer, asDecision } from '../../contracts/ids.ts'
import { traceOf } from '../../loop/decision-trace.ts'
import { keptBackWords } from '../../loop/kept-back-words.ts'
import { actionNames } from '../../settings/planning.ts'
import {
  DECISION_STAGES,
  listDecisions,
  readDecision,
  type DecisionLine,
} from '../../store/reads/decisions.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import { LARGEST_PAGE } from '../../store/reads/paging.ts'
import { route } from '../route.ts'
import { csvFile, everyPage } from './csv-file.ts'
import { tracedFor, valuedFor } from './customer-shown.ts'
import { lineFor } from './shown.ts'
import * as shape from './shapes.ts'

export const decisionLine = z.object({
  id: shape.decisionId,
  customer: shape.customerId,
  customerName: z.string().nullable(),
  customerObject: shape.customerObject,
  person: shape.mayBePerson,
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
  stage: z.enum(DECISION_STAGES).meta({
    description:
      'How far it got. compared: its group is left alone. unvalued: nobody can say what an action is worth. not_worth: none promises more than it costs. held_back: something would be worth it, and none of that was possible. passed_over: something worth it was possible, and the budget does more elsewhere, or chance has it. chosen: an action was chosen',
  }),
  leadAction: shape.actionKey.meta({
    description:
      'The one that was chosen; where none was, the one that would have been worth most; no_action where none would',
  }),
  heldReason: z
    .string()
    .nullable()
    .meta({ description: 'Of held_back: why the lead action was not possible', example: 'no_consent' }),
})

const decisionTold = decisionLine.extend({
  heldWords: z.string().nullable().meta({ description: '`heldReason` as a clause' }),
})
export type DecisionLineAnswer = z.infer<typeof decisionTold>

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

const wholeDecision = decisionTrace.extend({ steps: decisionSteps })
export type WholeDecisionAnswer = z.infer<typeof wholeDecision>

const CSV: Readonly<Record<string, (line: DecisionLine) => unknown>> = {
  decision: ({ id }) => id,
  decidedAt: ({ decidedAt }) => decidedAt,
  period: ({ period }) => period,
  customer: ({ customer }) => customer,
  customerName: ({ customerName }) => customerName,
  group: ({ group }) => group,
  level: ({ level }) => level,
  probability: ({ probability }) => probability,
  stage: ({ stage }) => stage,
  action: ({ actionKey }) => actionKey,
  leadAction: ({ leadAction }) => leadAction,
  heldBecause: ({ heldReason }) => heldReason && keptBackWords(heldReason),
  expectedValueMinor: ({ expectedValueMinor }) => expectedValueMinor,
  plannedCostMinor: ({ plannedCostMinor }) => plannedCostMinor,
  currency: ({ currency }) => currency,
}

const told = (line: DecisionLine) => ({
  ...line,
  heldWords: line.heldReason && keptBackWords(line.heldReason),
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
      stage: shape.several(z.enum(DECISION_STAGES), 'How far it got').optional(),
      lead: shape.several(shape.word(60), 'Key of the lead action').optional(),
      reason: shape.word(60).optional().meta({ description: 'Why the lead action was not possible' }),
      group: shape.group.optional(),
      responsible: shape.responsible.optional(),
      from: shape.since.optional(),
      to: shape.since.optional().meta({ description: 'Not included' }),
      format: shape.fileFormat,
    }),
    answers: { 200: { description: 'A page of decisions', schema: shape.pageOf(decisionTold) } },
    handle: async ({ tenant, query: { format, ...query }, caller }, { database }) => {
      const connection = query.connection === undefined ? undefined : asConnection(query.connection)
      const customer = query.customer === undefined ? undefined : asCustomer(query.customer)
      const read = async (page: { limit?: number; cursor?: string | null }) => {
        const found = await database.withTenant(tenant, (tx) =>
          listDecisions(tx, { ...query, connection, customer, ...page }),
        )
        return { ...found, items: found.items.map((line) => valuedFor(caller, lineFor(caller, line))) }
      }
      if (format === 'csv')
        return csvFile(
          'decisions.csv',
          CSV,
          everyPage((cursor) => read({ limit: LARGEST_PAGE, cursor })),
        )
      const page = await read({})
      return { status: 200, body: { ...page, items: page.items.map(told) } }
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
      200: { description: 'The decision', schema: wholeDecision },
    },
    handle: async ({ tenant, params, caller }, { database }) => {
      return database.withTenant(tenant, async (tx) => {
        const decision = tracedFor(caller, lineFor(caller, await readDecision(tx, asDecision(params.id))))
        const { settings } = await currentSettings(tx)
        return { status: 200, body: { ...decision, steps: traceOf(decision, actionNames(settings)) } }
      })
    },
  }),
] as const
