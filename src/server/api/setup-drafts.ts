/** The fourth and fifth step of set-up: levels and actions, with what they would come to before they are saved. */
import { z } from 'zod'
import { LEVELS } from '../../contracts/customer-terms.ts'
import { HoldfastError } from '../../contracts/errors.ts'
import { draftLevels } from '../../loop/level-draft.ts'
import { draftPlan } from '../../loop/plan-draft.ts'
import { settingsSchema } from '../../settings/schema.ts'
import { parseServiceSettings } from '../../settings/service.ts'
import { route } from '../route.ts'
import { SETTINGS_LIMIT, settingsBody } from './settings-shapes.ts'
import * as shape from './shapes.ts'

const many = z.int()
const tag = 'Set-up'
const access = { scope: 'read', role: 'operator' } as const
const amount = z.int().meta({ description: 'In minor units of the currency' })

const levelsAnswer = z.object({
  connections: z
    .array(
      z.object({
        connection: shape.connectionId,
        name: z.string(),
        customers: many,
        baseRate: z.number().meta({ description: 'Share that leaves, where its model learnt' }),
        thresholds: z.object({
          high: z.number(),
          medium: z.number(),
          strict: z.boolean().meta({ description: 'A probability has to be above them, not at them' }),
          highBy: z.enum(['multiple', 'fixed', 'capacity']),
        }),
        horizonDays: many.nullable().meta({
          description: 'Within how many days its scores mean; null: a snapshot, which has no horizon',
        }),
        levels: z.array(
          z.object({
            level: shape.level,
            customers: many,
            money: z.array(
              z.object({
                currency: shape.currency.nullable().meta({ description: 'null: whose value is unknown' }),
                customers: many,
                valueAtRiskMinor: amount,
              }),
            ),
            before: many.meta({ description: 'As it is now' }),
            came: many.meta({ description: 'Who would come from another level' }),
            went: many.meta({ description: 'Who would go to another level' }),
          }),
        ),
      }),
    )
    .meta({ description: 'Those that are scored; empty: none is' }),
})
export type LevelDraftAnswer = z.infer<typeof levelsAnswer>

const planAnswer = z.object({
  currency: shape.currency,
  customers: many.meta({ description: 'Decided on, as if nobody had been in this period' }),
  nothing: many.meta({ description: 'Of them, for whom nothing is worth doing or allowed' }),
  actions: z.array(
    z.object({
      key: shape.actionKey,
      name: z.string(),
      customers: many,
      spendMinor: amount,
      expectedMinor: amount.meta({ description: 'Expected margin over doing nothing' }),
    }),
  ),
  spendMinor: amount,
  expectedMinor: amount,
  budgetMinor: amount.nullable().meta({ description: 'null: no limit' }),
  power: z.object({
    treated: many.meta({ description: 'Customers of the policy' }),
    compared: many.meta({ description: 'The holdout' }),
    monthlyHazard: z.number().nullable(),
    smallest: z.array(
      z.object({
        weeks: many,
        effect: z.number().nullable().meta({
          description: 'Share of departures that has to be prevented to show; null: nothing shows',
        }),
      }),
    ),
    weeksToExample: z.number().nullable(),
    sentence: z.string(),
  }),
  notes: z.array(z.string()).meta({ description: 'What is assumed, and what is not in the figures' }),
})
export type PlanDraftAnswer = z.infer<typeof planAnswer>

/** Longer means that something hangs. */
const LONGEST_MS = 5 * 60_000

export const setUpDraftRoutes = [
  route({
    method: 'post',
    path: '/v1/setup/levels',
    summary: 'Customers and money by level, as they would be',
    tag,
    access,
    body: shape.body({
      levels: settingsSchema.shape.levels.meta({
        description: 'As the settings have it',
        type: 'object',
        example: { kind: 'multiple', high: 2, medium: 1 },
      }),
    }),
    answers: { 200: { description: 'Nothing is saved', schema: levelsAnswer } },
    handle: async ({ tenant, body }, services) => {
      const drafted = await draftLevels(services, tenant, body.levels)
      return {
        status: 200,
        body: {
          connections: drafted.map(({ levels, ...connection }) => ({
            ...connection,
            levels: LEVELS.map((level) => {
              const count = (rows: typeof levels): number =>
                rows.reduce((sum, { customers }) => sum + customers, 0)
              const now = levels.filter((one) => one.level === level)
              const money = Map.groupBy(now, ({ currency }) => currency)
              return {
                level,
                customers: count(now),
                money: [...money].map(([currency, rows]) => ({
                  currency,
                  customers: count(rows),
                  valueAtRiskMinor: rows.reduce((sum, one) => sum + one.valueAtRiskMinor, 0),
                })),
                before: count(levels.filter((one) => one.was === level)),
                came: count(now.filter((one) => one.was !== level)),
                went: count(levels.filter((one) => one.was === level && one.level !== level)),
              }
            }),
          })),
        },
      }
    },
  }),
  route({
    method: 'post',
    path: '/v1/setup/actions',
    summary: 'What actions would come to, with settings that are not saved',
    description:
      'Decides on everybody as the real thing does, for a whole period, and writes nothing. Some seconds for 10,000 customers.',
    tag,
    access,
    rate: 'costly',
    body: shape.body({
      settings: settingsBody.meta({ description: 'The draft, whole, as PUT /v1/settings takes it' }),
    }),
    bodyLimit: SETTINGS_LIMIT,
    answers: { 200: { description: 'Nothing is saved', schema: planAnswer } },
    handle: async ({ tenant, body, signal }, services) => {
      const settings = parseServiceSettings(body.settings)
      const made = await draftPlan(services, {
        tenant,
        settings,
        signal: AbortSignal.any([signal, AbortSignal.timeout(LONGEST_MS)]),
      })
      if (made !== null) return { status: 200, body: made }
      throw new HoldfastError('conflict', 'This took longer than five minutes and was broken off. Ask again.')
    },
  }),
] as const
