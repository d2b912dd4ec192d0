/**
 * The settings of a plan, as one schema: what is read from a file is checked by it, and documentation and forms
 * derive from it. Every field is enforced by code; what nothing enforces is not offered.
 *
 * A limit of null is no limit, and a limit of 0 is off: a budget of 0 spends nothing, a capacity of 0 carries
 * nothing out, 0 contacts a period contact nobody.
 */
import { z } from 'zod'
import { referenceActions, shippedActions } from '../../actions/catalogue.ts'
import { DEFAULT_BENEFIT_GATE } from '../../models/policy/gate.ts'
import { isCurrency } from '../contracts/money.ts'
import { eligibility } from './eligibility.ts'
import { field } from './field.ts'

const share = z.number().min(0).max(1)
const limit = z.number().int().min(0).nullable()
const currency = z.string().refine(isCurrency, { error: 'is not a currency of ISO 4217' })

const money = z
  .strictObject({
    file: field(currency.default('USD'), 'Currency of the amounts in the customer file', 'an ISO 4217 code'),
    reporting: field(
      currency.nullable().default(null),
      'Currency of budget, costs and the plan; null is that of the file',
      'an ISO 4217 code or null',
    ),
    rate: field(
      z.number().positive().nullable().default(null),
      'Units of the reporting currency for one of the file; needed when the two differ',
      'a number above 0, or null',
    ),
  })
  .refine((c) => c.reporting === null || c.reporting === c.file || c.rate !== null, {
    path: ['rate'],
    error: 'is needed, since the reporting currency is not that of the file',
  })

const levelCapacity = field(
  z
    .strictObject({
      customers: z.number().int().min(0).exactOptional(),
      share: share.exactOptional(),
    })
    .exactOptional(),
  'At most so many customers, or this share of them, are HIGH',
  '{"customers": 200} or {"share": 0.05}',
)
const levels = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('multiple'),
      high: z.number().min(1).exactOptional(),
      medium: z.number().min(1).exactOptional(),
      capacity: levelCapacity,
    }),
    z.strictObject({
      kind: z.literal('fixed'),
      high: share,
      medium: share.positive(),
      capacity: levelCapacity,
    }),
    z.strictObject({ kind: z.literal('reference'), capacity: levelCapacity }),
  ])
  .refine((l) => l.kind === 'reference' || (l.high ?? 2) >= (l.medium ?? 1), {
    path: ['high'],
    error: 'must not be below medium',
  })

const override = z.strictObject({
  enabled: field(z.boolean().exactOptional(), 'Whether the action is offered at all', 'true or false'),
  fixedCost: field(
    z.number().min(0).exactOptional(),
    'Paid once for each, in the reporting currency',
    'a number, 0 or more',
  ),
  share: field(
    share.exactOptional(),
    'Cost as a share of the monthly recurring amount, for each month that it lasts',
    'a number from 0 to 1',
  ),
  durationMonths: field(
    z.number().int().min(1).max(60).exactOptional(),
    'Months that the share is charged for',
    'a whole number from 1 to 60',
  ),
  capacity: field(
    limit.exactOptional(),
    'How many the team carries out in a period; null is no limit, 0 is off',
    'a whole number, 0 or more, or null',
  ),
  leadMonths: field(
    z.number().min(0).max(60).exactOptional(),
    'Months before a notice date from which it may be done',
    'a number from 0 to 60',
  ),
  eligibility: field(
    eligibility.exactOptional(),
    'Whom it is for: everything that is stated has to hold, and what is unknown of a customer does not',
    '{"levels": ["HIGH"], "where": {"tenureMonths": {"atLeast": 6}}}',
  ),
})
const keys = shippedActions.slice(1).map((action) => action.key)
const catalogue = z.strictObject(Object.fromEntries(keys.map((key) => [key, override.exactOptional()])))

// What a file's plan may try; actions of one's own say for themselves whether they are explored.
const explorable = referenceActions.filter((action) => action.explorable)
const isDiscount = (key: string): boolean => explorable.some((a) => a.key === key && a.discount > 0)
const exploration = z
  .strictObject({
    share: field(
      z
        .number()
        .refine((s) => s === 0 || (s >= 0.1 && s <= 0.2), { error: 'must be 0 or from 0.1 to 0.2' })
        .default(0.15),
      'Probability that a choice is left to the draw, so that the next policy can learn',
      '0 (off), or a number from 0.1 to 0.2',
    ),
    floor: field(
      z.number().min(0.01).max(0.2).default(0.05),
      'Least probability of an action that is explored at all',
      'a number from 0.01 to 0.2, not above share',
    ),
    actions: field(
      z
        .array(z.enum(explorable.map((action) => action.key)))
        .refine((list) => list.filter(isDiscount).length <= 1, { error: 'may hold one discount at most' })
        .default(['no_action', 'email', 'sms', 'discount_10']),
      'Which actions may be explored, at most one of them a discount',
      `a list out of ${explorable.map((action) => action.key).join(', ')}`,
    ),
    salt: field(
      z.string().max(200).default(''),
      'Keyed into every draw; another salt draws anew, a private one cannot be foreseen',
      'text of at most 200 characters',
    ),
  })
  .refine((e) => e.share === 0 || e.floor <= e.share, { path: ['floor'], error: 'must not be above share' })

/** Every field with its default: `settingsSchema.parse({})` is a complete set. */
export const settingsSchema = z.strictObject({
  tenant: field(
    z.string().min(1).max(100).default('default'),
    'Name of the company; part of every draw',
    'text of 1 to 100 characters',
  ),
  currency: field(money.prefault({}), 'Currencies', 'an object'),
  period: field(
    z.enum(['month', 'week', 'quarter']).default('month'),
    'Length of a decision period: one decision a customer and period; budget and capacities are for one',
    'month, week or quarter',
  ),
  levels: field(
    levels.default({ kind: 'multiple', high: 2, medium: 1 }),
    'From which risk a customer is HIGH or MEDIUM: multiples of the base rate, fixed probabilities, or the reference .7 and .4',
    '{"kind": "multiple", "high": 2, "medium": 1}, {"kind": "fixed", "high": 0.7, "medium": 0.4} or {"kind": "reference"}, each with "capacity" if wished',
  ),
  budget: field(
    z.number().min(0).max(1e12).nullable().default(null),
    'Planned spend in a period at most, in the reporting currency; null is no limit, 0 is off',
    'a number, 0 or more, or null',
  ),
  margin: field(
    z
      .strictObject({
        gross: field(
          share.positive().default(0.6),
          'Gross margin: share of the recurring amount that is earned on it',
          'a number above 0 to 1',
        ),
        floor: field(
          share.default(0),
          'Share of the recurring amount that must be left of the margin while an action lasts',
          'a number from 0 to 1',
        ),
      })
      .prefault({}),
    'What a customer earns',
    'an object',
  ),
  catalogue: field(
    catalogue.default({}),
    'What differs from the catalogue that ships, by action',
    `an object with keys out of ${keys.join(', ')}`,
  ),
  discounts: field(
    z
      .strictObject({
        deepest: field(share.default(0.3), 'Deepest discount that may be offered', 'a number from 0 to 1'),
        perYear: field(
          limit.default(1),
          'Discounts that a customer may be given in 12 months; null is no limit, 0 is none',
          'a whole number, 0 or more, or null',
        ),
      })
      .prefault({}),
    'Caps on discounts',
    'an object',
  ),
  contact: field(
    z
      .strictObject({
        cooldownDays: field(
          z.number().min(0).max(365).default(14),
          'Days after a contact before the next; 0 is no waiting',
          'a number from 0 to 365',
        ),
        perPeriod: field(
          limit.default(2),
          'Contacts that a customer may get in a period; null is no limit, 0 is none',
          'a whole number, 0 or more, or null',
        ),
        requireConsent: field(
          z.boolean().default(false),
          'Whether unknown consent rules an action out of the plan already; before sending it always does',
          'true or false',
        ),
      })
      .prefault({}),
    'How often customers may be contacted',
    'an object',
  ),
  gate: field(
    z
      .strictObject({
        threshold: field(
          share.default(DEFAULT_BENEFIT_GATE),
          'An action is only considered when it does more good than harm with at least this probability',
          'a number from 0 to 1',
        ),
      })
      .prefault({}),
    'When an effect is sure enough',
    'an object',
  ),
  exploration: field(exploration.prefault({}), 'What is left to chance', 'an object'),
  alarms: field(
    z
      .strictObject({
        actionShare: field(
          share.default(0.6),
          'Share of customers above which one action for so many is reported as implausible',
          'a number from 0 to 1',
        ),
        callShare: field(
          share.default(0.1),
          'Share of customers above which calls are reported as implausible',
          'a number from 0 to 1',
        ),
      })
      .prefault({}),
    'When a plan is reported as implausible',
    'an object',
  ),
})

export type Settings = z.infer<typeof settingsSchema>
export type SettingsInput = z.input<typeof settingsSchema>
export type CatalogueOverride = z.infer<typeof override>
