/** What trying a customer out is asked, and what it answers. */
import { z } from 'zod'
import * as shape from './shapes.ts'

/** Changes of one try. */
const MOST_CHANGES = 100
const VALUE = 'takes a number, a text of at most 1,000 characters, true, false, or null for unknown'

const value = z
  .union(
    [z.number().min(-1e15, VALUE).max(1e15, VALUE), z.string().max(1000, VALUE), z.boolean(), z.null()],
    VALUE,
  )
  .meta({ description: 'A number, a choice by its name, yes or no; null is unknown' })

const feature = z.object({
  name: z.string().meta({ example: 'tenureMonths' }),
  title: z.string().meta({ example: 'Months as a customer' }),
  kind: z.enum(['number', 'choice', 'yes_no']),
  unit: z
    .enum(['months', 'days', 'money', 'share', 'count', 'minutes', 'score', 'date'])
    .nullable()
    .meta({ description: 'money: major units of `currency`, a month. share: 0.1 is 10 %' }),
  value: value.meta({ description: "The customer's own; null: missing" }),
  text: z.string().meta({ description: 'The same as people say it', example: '14 months' }),
  missing: z.string().nullable().meta({ description: 'Why there is none; null: there is one' }),
  range: z
    .object({ min: z.number(), max: z.number(), step: z.number() })
    .nullable()
    .meta({ description: 'What the model has seen of a number; null: nobody knows, or it is none' }),
  choices: z.array(z.string()).nullable(),
  usual: value.meta({
    description: 'The middle number, or the most frequent choice, of the customers it was made with',
  }),
  moves: z.boolean().meta({ description: 'Whether any value of it can move the score' }),
  weight: z.number().min(0).max(1).meta({ description: 'Share of what moves scores in this model' }),
})

const risk = z.object({
  probability: shape.probability,
  level: shape.level,
})

const standing = {
  kind: z.enum(['snapshot', 'horizon']),
  horizonDays: z.int().nullable(),
  asOf: shape.date.meta({ description: 'The day that the customer is described as of' }),
  model: z.object({
    name: z.string(),
    hash: shape.hash,
    starter: z.boolean().meta({ description: 'It was not trained on your customers' }),
  }),
  /** As it is in force. */
  stored: risk.nullable().meta({ description: 'The score in force; null: none yet' }),
  now: risk.meta({ description: 'The same customer scored now, without any change' }),
  differs: z
    .string()
    .nullable()
    .meta({ description: 'Why `now` is another than `stored`; null: it is the same' }),
}

export const tryAnswer = z.object({
  ...standing,
  currency: shape.currency.meta({ description: 'Of features that are money' }),
  features: z.array(feature).meta({ description: 'What moves scores most first' }),
})
export type TryAnswer = z.infer<typeof tryAnswer>

export const tryBody = shape.body({
  changes: z
    .record(z.string().max(200), value, 'takes an object of values by the names of features')
    .refine((changes) => Object.keys(changes).length <= MOST_CHANGES, `takes at most ${MOST_CHANGES} changes`)
    .meta({ example: { contract: 'Two year', supportTickets: 0 } }),
})

export const triedAnswer = z.object({
  ...standing,
  tried: risk.meta({ description: 'With all of the changes' }),
  sentence: z.string().meta({ example: 'With contract: Two year, the risk would be 9 %, instead of 41 %.' }),
  reasons: z.array(shape.reason).meta({ description: 'Of the tried score, strongest first' }),
  dataConfidence: z.number().min(0).max(1),
  changes: z.array(
    z.object({
      name: z.string(),
      title: z.string(),
      from: value,
      to: value,
      text: z.string().meta({ description: 'What it is changed to, as people say it' }),
      alone: shape.probability.meta({ description: 'With this change alone' }),
      unseen: z
        .string()
        .nullable()
        .meta({ description: 'Where the value lies outside of what the model has seen; null: within' }),
    }),
  ),
  suggestion: z
    .object({
      hidden: z
        .boolean()
        .meta({ description: 'The customer belongs to a group that is left as it is: nothing is suggested' }),
      action: z.object({ key: shape.actionKey, name: z.string() }).nullable(),
      sentence: z.string().meta({ description: 'What would be best for this customer alone, and why' }),
      aside: z.string().meta({ description: 'What is asked only when a decision is made' }),
      currency: shape.currency,
      actions: z.array(
        z.object({
          key: shape.actionKey,
          name: z.string(),
          expectedValueMinor: shape.minor('Net expected gain over doing nothing'),
          costMinor: shape.minor('Planned cost'),
          possible: z.boolean(),
          why: z.string().nullable().meta({ description: 'Why it is not possible' }),
        }),
      ),
    })
    .meta({ description: 'What the policy would choose; nothing is planned' }),
})
export type TriedAnswer = z.infer<typeof triedAnswer>
