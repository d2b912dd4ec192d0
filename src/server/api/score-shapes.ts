/** What POST /v1/score is asked and what it answers. */
import { z } from 'zod'
import * as shape from './shapes.ts'

/** Customers a request. */
export const MOST_CUSTOMERS = 1000
/** A thousand customers of a hundred features each. */
export const SCORE_BODY_LIMIT = 4 * 1024 * 1024

/** Beyond it no feature makes sense, and the models' single precision would take it for unknown. */
const LARGEST = 1e15
const VALUE = `takes a number from -1e15 to 1e15, a text of at most 1,000 characters, true, false, or null for unknown`

const features = z
  .record(
    z.string(),
    z.union(
      [
        z.number().min(-LARGEST, VALUE).max(LARGEST, VALUE),
        z.string().max(1000, VALUE),
        z.boolean(),
        z.null(),
      ],
      VALUE,
    ),
    'takes an object of values by the names of features',
  )
  .meta({
    description:
      "By the canonical names of the model's features; null or absent is unknown. Amounts among them are major units, as people write them.",
    example: { tenureMonths: 3, contract: 'Month-to-month', recurringAmount: 89.4 },
  })

const AMOUNT = 'takes a whole number of minor units, such as 8940 for 89.40'
const recurring = shape
  .body({
    amountMinor: z
      .int(AMOUNT)
      .min(0, AMOUNT)
      .max(1e15, AMOUNT)
      .meta({ description: 'A month, in minor units', example: 8940 }),
    currency: shape.currency,
  })
  .meta({
    description:
      'What the customer pays; left out, the feature recurringAmount is taken for it, and where that is missing too neither cost nor worth can be said',
  })

/** A customer by our number, or described. */
const customerFields = { id: shape.customerId, features, recurring }

/** One of many; checked by itself, so that a wrong one does not spoil the others. */
export const scoreCustomer = z.union([
  z.strictObject({ id: customerFields.id }),
  z.strictObject({ features, recurring: recurring.optional() }),
])
export type ScoreCustomer = z.infer<typeof described>

/** As {@link scoreCustomer}, with messages that name the wrong field instead of a choice that was not met. */
export const described = shape
  .body({
    id: customerFields.id.optional(),
    features: features.optional(),
    recurring: recurring.optional(),
  })
  .superRefine(oneOf)

const connection = shape.connectionId.optional().meta({
  description:
    'Whose model and level thresholds score described customers. Default: the oldest connection that was scored',
})

export const scoreBody = shape
  .body({
    id: customerFields.id.optional(),
    features: features.optional(),
    recurring: recurring.optional(),
    customers: z
      .array(z.unknown(), 'takes a list of customers')
      .min(1, 'takes at least one customer')
      .max(MOST_CUSTOMERS, `takes at most ${MOST_CUSTOMERS} customers: send the rest in further requests`)
      .optional()
      .meta({ description: 'Many at once; each like the fields above: {"id": 501} or {"features": {…}}' }),
    connection,
  })
  .superRefine((body, context) => {
    if (body.customers === undefined) oneOf(body, context)
    else if (body.id !== undefined || body.features !== undefined || body.recurring !== undefined)
      context.addIssue({
        code: 'custom',
        message: 'takes either customers, or one customer by id or features beside connection',
      })
  })
  .meta({
    description:
      'One customer by `id` or `features`, or many as `customers`. One that cannot be scored is a problem answer; among many it is an error in its place.',
    example: {
      features: { tenureMonths: 3, contract: 'Month-to-month' },
      recurring: { amountMinor: 8940, currency: 'USD' },
    },
  })

function oneOf(
  customer: { readonly id?: unknown; readonly features?: unknown; readonly recurring?: unknown },
  context: z.RefinementCtx,
): void {
  const { id, features, recurring } = customer
  if ((id === undefined) === (features === undefined))
    context.addIssue({ code: 'custom', message: 'takes an id or features: exactly one of them' })
  else if (id !== undefined && recurring !== undefined)
    context.addIssue({
      code: 'custom',
      message: 'takes recurring only with features: that of a stored customer is known',
      path: ['recurring'],
    })
}

export const score = z.object({
  id: shape.customerId.nullable().meta({ description: 'null: the customer was described' }),
  probability: shape.probability,
  kind: z
    .enum(['snapshot', 'horizon'])
    .meta({ description: 'horizon: within `horizonDays`. snapshot: no horizon can be stated' }),
  horizonDays: z.int().nullable(),
  level: shape.level,
  reasons: z.array(
    z.object({
      feature: z.string(),
      sentence: z.string(),
      raises: z.boolean().meta({ description: 'Whether it raises the risk' }),
    }),
  ),
  action: z
    .object({ key: shape.actionKey, name: z.string().meta({ example: 'Send Email' }) })
    .meta({ description: 'What would be best for this customer alone, budget and draw aside' }),
  expectedValueMinor: shape.minor('Net expected gain of the action over doing nothing'),
  currency: shape.currency.meta({ description: 'Of every amount in this answer' }),
  actions: z.array(
    z.object({
      key: shape.actionKey,
      name: z.string(),
      expectedValueMinor: shape.minor('Net expected gain over doing nothing'),
      costMinor: shape.minor('Planned cost'),
      possible: z.boolean(),
      why: z.string().meta({ description: 'Why it is not possible; `possible` where it is' }),
    }),
  ),
  dataConfidence: z
    .number()
    .min(0)
    .max(1)
    .meta({ description: 'Share of what matters to the model that is known' }),
  model: shape.hash,
  scoredAt: shape.time,
})
export type Score = z.infer<typeof score>

export const scoreProblem = z.object({
  id: shape.customerId.nullable(),
  error: z.object({ code: z.string(), status: z.int(), message: z.string() }),
})
export type ScoreProblem = z.infer<typeof scoreProblem>

export const scoreAnswer = z.union([
  score,
  z.object({
    results: z
      .array(z.union([score, scoreProblem]))
      .meta({ description: 'In the order of `customers`; what could not be scored has an `error`' }),
  }),
])
