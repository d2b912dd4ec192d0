/** How the policy stands: what is in charge, what it believes, and what it does not know yet. */
import { z } from 'zod'
import { policyPage, valueCurves } from '../../loop/policy-page.ts'
import { policyStanding } from '../../loop/policy-standing.ts'
import { reportingCurrency } from '../../settings/planning.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import { route } from '../route.ts'
import * as shape from './shapes.ts'

const rule = z.object({ setting: z.string(), sentence: z.string() })

export const policyAnswer = z.object({
  serving: z.object({
    origin: z.enum(['shipped', 'own']),
    name: z.string(),
    version: z.string(),
    hash: shape.hash,
    since: shape.time.nullable().meta({ description: 'null: since the beginning' }),
  }),
  challengers: z
    .array(
      z.object({
        hash: shape.hash,
        solvedAt: shape.time,
        settingsVersion: z.int(),
        state: z.enum(['refused', 'replaced']),
        problems: z.array(z.string()),
      }),
    )
    .meta({ description: 'Policies that were solved for your settings and do not serve' }),
  gate: z.object({ threshold: z.number(), sentence: z.string() }),
  exploration: z.object({ share: z.number(), actions: z.array(shape.actionKey), sentence: z.string() }),
  rules: z.array(rule).meta({ description: 'What comes before every value, by the setting that sets it' }),
  explanation: z.string(),
  limits: z.array(z.string()).meta({ description: 'What it was trained on, and what it cannot know' }),
  state: z.enum(['in_order', 'solving', 'refused']).meta({
    description:
      '`solving`: the settings believe something that the policy in charge does not know yet, and it is worked out in the background; `refused`: what came of it does not reach its bars, and the policy before stays in charge',
  }),
  problems: z.array(z.string()).meta({ description: 'Why it was refused' }),
  own: z
    .object({
      hash: z.string().meta({ description: 'As decisions name it' }),
      version: z.string(),
      solvedAt: shape.time,
      settingsVersion: z.int(),
      figures: z.unknown().meta({
        description: 'What it reaches in the simulator, gains in months of the recurring amount',
        type: 'object',
      }),
    })
    .nullable()
    .meta({ description: 'A policy solved for actions and beliefs of your own; null: the one that ships' }),
  unsolved: z
    .array(z.string())
    .meta({ description: 'Keys of actions that have no value yet, and so are not chosen' }),
  beliefs: z
    .array(
      z.object({
        key: z.string(),
        mean: z.number().meta({
          description:
            'Relative reduction of the monthly risk; of losses by failed payments where the action is against those',
        }),
        sd: z.number(),
        source: z.string().meta({ description: 'Where it comes from; most are assumptions, and say so' }),
      }),
    )
    .meta({ description: 'What the settings believe of each action, as priors' }),
})

export type PolicyAnswer = z.infer<typeof policyAnswer>

export const policyValuesAnswer = z.object({
  currency: shape.currency,
  monthlyMinor: z.int(),
  note: z.string(),
  actions: z.array(
    z.object({
      key: shape.actionKey,
      name: z.string(),
      points: z.array(
        z.object({
          monthlyRisk: shape.probability,
          netMinor: shape.minor('Net expected gain over doing nothing'),
          sure: z.number().nullable().meta({ description: 'Chance that it does more good than harm' }),
        }),
      ),
    }),
  ),
})
export type PolicyValuesAnswer = z.infer<typeof policyValuesAnswer>

export const policyRoutes = [
  route({
    method: 'get',
    path: '/v1/policy',
    summary: 'The policy in charge, and what it believes',
    tag: 'Settings',
    access: { scope: 'admin', role: 'viewer' },
    answers: { 200: { description: 'How it stands', schema: policyAnswer } },
    handle: async ({ tenant }, { database }) => {
      const body = await database.withTenant(tenant, async (tx) => ({
        ...(await policyPage(tx)),
        ...(await policyStanding(tx)),
      }))
      return { status: 200, body }
    },
  }),
  route({
    method: 'get',
    path: '/v1/policy/values',
    summary: 'What each action is worth as the risk rises',
    description: 'For one kind of customer, before masks, gate and budget.',
    tag: 'Policy',
    access: { scope: 'read', role: 'viewer' },
    query: z.strictObject({
      monthlyMinor: z.coerce.number().int().min(1).max(1e12).default(10_000),
      contractMonths: z.coerce.number().min(1).max(120).optional(),
      tenureMonths: z.coerce.number().min(0).max(1200).optional(),
    }),
    answers: { 200: { description: 'A curve an action', schema: policyValuesAnswer } },
    handle: async ({ tenant, query }, services) => {
      const { monthlyMinor, contractMonths = NaN, tenureMonths = NaN } = query
      const actions = await valueCurves(services, { tenant, monthlyMinor, contractMonths, tenureMonths })
      const { settings } = await services.database.withTenant(tenant, currentSettings)
      return {
        status: 200,
        body: {
          currency: reportingCurrency(settings),
          monthlyMinor,
          note: 'Expected, from the policy and what is believed of each action; before rules, gate and budget, for a customer of whom nothing else is known and who was never contacted.',
          actions,
        },
      }
    },
  }),
]
