/** What "what if" is asked and answers. */
import { z } from 'zod'
import * as shape from './shapes.ts'

const key = shape.actionGiven
const months = z.int().min(1).max(60)
const places = z.int().min(0).max(1_000_000_000)

/** What is changed against the settings in force; what is absent stays. */
export const changeFields = {
  costTimes: z
    .record(key, z.number().min(0).max(1000))
    .default({})
    .meta({
      description: 'Factor on the whole cost of an action, by its key',
      example: { discount_20: 1.5 },
    }),
  durationMonths: z
    .record(key, months)
    .default({})
    .meta({ description: 'Months that an action is charged for, by its key' }),
  capacity: z
    .record(key, places.nullable())
    .default({})
    .meta({ description: 'Places in a period, by key; null: no limit, 0: off' }),
  budgetMinor: z
    .int()
    .min(0)
    .max(1e14)
    .nullable()
    .optional()
    .meta({ description: 'Of a period, in the reporting currency; null: no limit, 0: off' }),
  cooldownDays: z
    .number()
    .min(0)
    .max(365)
    .optional()
    .meta({ description: 'Days after a contact before the next' }),
  contactsPerPeriod: z.int().min(0).max(1000).nullable().optional(),
  gateThreshold: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .meta({ description: 'How sure an action has to do more good than harm' }),
}

export const change = z
  .strictObject(changeFields)
  .default({ costTimes: {}, durationMonths: {}, capacity: {} })
export type Change = z.infer<typeof change>

/** What a sweep varies, from one value to the next. */
export const sweep = z.discriminatedUnion('of', [
  z.strictObject({
    of: z.literal('cost'),
    action: key.optional().meta({ description: 'Absent: all' }),
    values: z.array(z.number().min(0).max(1000)).min(2).max(21),
  }),
  z.strictObject({
    of: z.literal('duration'),
    action: key.optional().meta({ description: 'Absent: all' }),
    values: z.array(months).min(2).max(21),
  }),
  z.strictObject({ of: z.literal('budget'), values: z.array(z.int().min(0).max(1e14)).min(2).max(21) }),
  z.strictObject({ of: z.literal('capacity'), action: key, values: z.array(places).min(2).max(21) }),
  z.strictObject({ of: z.literal('gate'), values: z.array(z.number().min(0).max(1)).min(2).max(21) }),
])
export type Sweep = z.infer<typeof sweep>

const amount = z.int().meta({ description: 'In minor units of the currency' })

const side = z.object({
  customers: z.int(),
  spendMinor: amount,
  expectedMinor: amount.meta({ description: 'Expected margin over doing nothing' }),
})

export const totals = z.object({
  acted: z.int().meta({ description: 'Customers who get an action' }),
  spendMinor: amount,
  expectedMinor: amount,
  budgetMinor: amount.nullable(),
  funnel: z.object({
    candidates: z.int(),
    eligible: z.int(),
    gated: z.int(),
    allocated: z.int(),
    chosen: z.int(),
  }),
})

const about = {
  asOf: shape.time.meta({ description: 'When the book was read; it is kept for ten minutes' }),
  customers: z.int(),
  currency: shape.currency,
  settingsVersion: z.int().meta({ description: 'That the change is laid over' }),
  assumptions: z.array(z.string()).meta({ description: 'What has to hold for the figures to hold' }),
  ms: z.number().meta({ description: 'That deciding took' }),
}

const terms = z.object({
  period: z.string().meta({ description: 'That budget, places and contacts are of', example: 'month' }),
  budgetMinor: amount.nullable().meta({ description: 'null: no limit' }),
  cooldownDays: z.number(),
  contactsPerPeriod: z.int().nullable().meta({ description: 'null: no limit' }),
  gateThreshold: z.number(),
  actions: z.array(
    z.object({
      key: shape.actionKey,
      name: z.string(),
      fixedMinor: amount.meta({ description: 'Fixed part of the cost' }),
      share: z.number().meta({ description: 'Part of the cost: share of the recurring amount, a month' }),
      durationMonths: z.number().meta({ description: 'That the share is charged for' }),
      capacity: z.int().nullable().meta({ description: 'Places in a period; null: no limit, 0: off' }),
    }),
  ),
})

export const whatIfAnswer = z.object({
  ...about,
  base: terms.meta({ description: 'What the settings say now of all that can be changed here' }),
  now: totals,
  changed: totals,
  moved: z.int().meta({ description: 'Customers whose action is another' }),
  actions: z.array(
    z.object({
      key: shape.actionKey,
      name: z.string(),
      now: side,
      changed: side,
    }),
  ),
  flow: z
    .array(z.object({ from: shape.actionKey, to: shape.actionKey, customers: z.int() }))
    .meta({ description: 'Who moves where; POST /v1/what-if/customers lists them' }),
  warnings: z.array(z.string()),
})
export type WhatIfAnswer = z.infer<typeof whatIfAnswer>

export const sweepAnswer = z.object({
  ...about,
  points: z.array(
    z.object({
      value: z.number(),
      acted: z.int(),
      moved: z.int(),
      spendMinor: amount,
      expectedMinor: amount,
      actions: z.array(z.object({ key: shape.actionKey, customers: z.int() })),
    }),
  ),
})
export type SweepAnswer = z.infer<typeof sweepAnswer>

export const whatIfRow = z.object({
  customer: shape.customerId,
  connection: shape.connectionId,
  externalId: z.string(),
  name: z.string().nullable().meta({ description: 'Viewers see its first letters' }),
  from: shape.actionKey,
  to: shape.actionKey,
  costNowMinor: amount,
  costThenMinor: amount,
  expectedNowMinor: amount.nullable(),
  expectedThenMinor: amount.nullable(),
})
export type WhatIfRowAnswer = z.infer<typeof whatIfRow>
