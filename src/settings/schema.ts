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
import { field, hinted } from './field.ts'

const share = z.number().min(0).max(1)
const limit = z.number().int().min(0).nullable()
const currency = hinted(z.string().refine(isCurrency, { error: 'is not a currency of ISO 4217' }), {
  format: 'currency',
})

const money = z
  .strictObject({
    file: field(
      currency.default('USD'),
      'Currency of the amounts in the customer file',
      'an ISO 4217 code',
      'Currency of your customers’ amounts',
    ),
    reporting: field(
      currency.nullable().default(null),
      'Currency of budget, costs and the plan',
      'an ISO 4217 code or null',
      { title: 'Currency of budget and costs', none: 'The same' },
    ),
    rate: field(
      z.number().positive().nullable().default(null),
      'Units of the reporting currency for one of the file; needed when the two differ',
      'a number above 0, or null',
      { title: 'Rate between the two', none: 'None is needed' },
    ),
  })
  .refine((c) => c.reporting === null || c.reporting === c.file || c.rate !== null, {
    path: ['rate'],
    error: 'is needed, since the reporting currency is not that of the file',
  })

const capital = (word: string): string => word[0].toUpperCase() + word.slice(1)

const levelCapacity = field(
  z
    .strictObject({
      customers: field(
        z.number().int().min(0).exactOptional(),
        'At most so many customers are HIGH',
        'a whole number, 0 or more',
        { title: 'Customers', unit: 'customers', unset: 'No limit' },
      ),
      share: field(
        share.exactOptional(),
        'At most this share of the customers is HIGH',
        'a number from 0 to 1',
        { title: 'Share of the customers', as: 'percent', unset: 'No limit' },
      ),
    })
    .exactOptional(),
  'At most so many customers, or this share of them, are HIGH',
  '{"customers": 200} or {"share": 0.05}',
  { title: 'At most so many are high', unset: 'No limit' },
)
const multiple = (level: 'high' | 'medium') =>
  field(
    z.number().min(1).exactOptional(),
    `Times the usual risk from which it is ${level}`,
    'a number, 1 or more',
    { title: `${capital(level)} from, times the usual risk`, unset: level === 'high' ? '2' : '1', step: 0.1 },
  )
const fixed = <T extends z.ZodType>(schema: T, level: 'high' | 'medium') =>
  field(schema, `Risk from which it is ${level}`, 'a number from 0 to 1', {
    title: `${capital(level)} from a risk of`,
    as: 'percent',
  })
const levels = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('multiple'),
      high: multiple('high'),
      medium: multiple('medium'),
      capacity: levelCapacity,
    }),
    z.strictObject({
      kind: z.literal('fixed'),
      high: fixed(share, 'high'),
      medium: fixed(share.positive(), 'medium'),
      capacity: levelCapacity,
    }),
    z.strictObject({ kind: z.literal('reference'), capacity: levelCapacity }),
  ])
  .refine((l) => l.kind === 'reference' || (l.high ?? 2) >= (l.medium ?? 1), {
    path: ['high'],
    error: 'must not be below medium',
  })

const actionLabels = Object.fromEntries(shippedActions.map(({ key, name }) => [key, name]))

const override = z.strictObject({
  enabled: field(z.boolean().exactOptional(), 'Whether the action is offered at all', 'true or false', {
    title: 'In use',
    unset: 'As it ships',
  }),
  fixedCost: field(
    z.number().min(0).exactOptional(),
    'Paid once for each, in the reporting currency',
    'a number, 0 or more',
    { title: 'Cost, once', as: 'money', unset: 'As it ships' },
  ),
  share: field(
    share.exactOptional(),
    'Cost as a share of the monthly recurring amount, for each month that it lasts',
    'a number from 0 to 1',
    { title: 'Cost, of what is paid a month', as: 'percent', unset: 'As it ships' },
  ),
  durationMonths: field(
    z.number().int().min(1).max(60).exactOptional(),
    'Months that the share is charged for',
    'a whole number from 1 to 60',
    { title: 'For how long', unit: 'months', unset: 'As it ships' },
  ),
  capacity: field(
    limit.exactOptional(),
    'How many the team carries out in a period; 0 is off',
    'a whole number, 0 or more, or null',
    { title: 'At most in a period', none: 'No limit', zero: 'Off', unset: 'As it ships' },
  ),
  leadMonths: field(
    z.number().min(0).max(60).exactOptional(),
    'Months before a notice date from which it may be done',
    'a number from 0 to 60',
    { title: 'From how long before a notice date', unit: 'months', unset: 'As it ships' },
  ),
  eligibility: field(
    eligibility.exactOptional(),
    'Whom it is for: everything that is stated has to hold, and what is unknown of a customer does not',
    '{"levels": ["HIGH"], "where": {"tenureMonths": {"atLeast": 6}}}',
    'Whom it is for',
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
      {
        title: 'Choices left to chance',
        as: 'percent',
        bounds: { min: 0.1, max: 0.2 },
        orZero: true,
        zero: 'Off',
        advanced: true,
      },
    ),
    floor: field(
      z.number().min(0.01).max(0.2).default(0.05),
      'Least probability of an action that is explored at all',
      'a number from 0.01 to 0.2, not above share',
      { title: 'Least chance of an action that is tried', as: 'percent', advanced: true },
    ),
    actions: field(
      z
        .array(z.enum(explorable.map((action) => action.key)))
        .refine((list) => list.filter(isDiscount).length <= 1, { error: 'may hold one discount at most' })
        .default(['no_action', 'email', 'sms', 'discount_10']),
      'Which actions may be explored, at most one of them a discount',
      `a list out of ${explorable.map((action) => action.key).join(', ')}`,
      { title: 'Actions that are tried', labels: actionLabels, advanced: true },
    ),
    salt: field(
      z.string().max(200).default(''),
      'Keyed into every draw; another salt draws anew, a private one cannot be foreseen',
      'text of at most 200 characters',
      { title: 'Salt of every draw', secret: true, advanced: true },
    ),
  })
  .refine((e) => e.share === 0 || e.floor <= e.share, { path: ['floor'], error: 'must not be above share' })

/** Every field with its default: `settingsSchema.parse({})` is a complete set. */
export const settingsSchema = z.strictObject({
  tenant: field(
    z.string().min(1).max(100).default('default'),
    'Name of the company; part of every draw',
    'text of 1 to 100 characters',
    'Company in a plan on the command line',
  ),
  currency: field(money.prefault({}), 'Currencies', 'an object', 'Currencies'),
  period: field(
    z.enum(['month', 'week', 'quarter']).default('month'),
    'Length of a decision period: one decision a customer and period; budget and capacities are for one',
    'month, week or quarter',
    {
      title: 'Decisions are taken every',
      labels: { month: 'Month', week: 'Week', quarter: 'Quarter' },
    },
  ),
  levels: field(
    levels.default({ kind: 'multiple', high: 2, medium: 1 }),
    'From which risk a customer is HIGH or MEDIUM: multiples of the base rate, fixed probabilities, or the reference .7 and .4',
    '{"kind": "multiple", "high": 2, "medium": 1}, {"kind": "fixed", "high": 0.7, "medium": 0.4} or {"kind": "reference"}, each with "capacity" if wished',
    {
      title: 'Levels of risk',
      labels: {
        multiple: 'Multiples of the usual risk',
        fixed: 'Fixed risks',
        reference: 'High from 70 %, medium from 40 %',
      },
    },
  ),
  budget: field(
    z.number().min(0).max(1e12).nullable().default(null),
    'Planned spend in a period at most, in the reporting currency; 0 is off',
    'a number, 0 or more, or null',
    { title: 'Budget of a period', as: 'money', none: 'No limit', zero: 'Nothing is spent' },
  ),
  margin: field(
    z
      .strictObject({
        gross: field(
          share.positive().default(0.6),
          'Gross margin: share of the recurring amount that is earned on it',
          'a number above 0 to 1',
          { title: 'Gross margin', as: 'percent' },
        ),
        floor: field(
          share.default(0),
          'Share of the recurring amount that must be left of the margin while an action lasts',
          'a number from 0 to 1',
          { title: 'Margin that has to be left', as: 'percent' },
        ),
      })
      .prefault({}),
    'What a customer earns',
    'an object',
    'Margin',
  ),
  catalogue: field(
    catalogue.default({}),
    'What differs from the catalogue that ships, by action',
    `an object with keys out of ${keys.join(', ')}`,
    { title: 'Actions that ship', labels: actionLabels, alike: true },
  ),
  discounts: field(
    z
      .strictObject({
        deepest: field(share.default(0.3), 'Deepest discount that may be offered', 'a number from 0 to 1', {
          title: 'Deepest discount',
          as: 'percent',
          zero: 'No discounts',
        }),
        perYear: field(
          limit.default(1),
          'Discounts that a customer may be given in 12 months; 0 is none',
          'a whole number, 0 or more, or null',
          { title: 'Discounts in 12 months', none: 'No limit', zero: 'None' },
        ),
      })
      .prefault({}),
    'Caps on discounts',
    'an object',
    'Discounts',
  ),
  contact: field(
    z
      .strictObject({
        cooldownDays: field(
          z.number().min(0).max(365).default(14),
          'Days after a contact before the next; 0 is no waiting',
          'a number from 0 to 365',
          { title: 'Between two contacts', unit: 'days', zero: 'No waiting' },
        ),
        perPeriod: field(
          limit.default(2),
          'Contacts that a customer may get in a period; 0 is none',
          'a whole number, 0 or more, or null',
          { title: 'Contacts in a period', none: 'No limit', zero: 'None' },
        ),
        requireConsent: field(
          z.boolean().default(false),
          'Whether unknown consent rules an action out of the plan already; before sending it always does',
          'true or false',
          'Plan only with known consent',
        ),
      })
      .prefault({}),
    'How often customers may be contacted',
    'an object',
    'Contacts',
  ),
  gate: field(
    z
      .strictObject({
        threshold: field(
          share.default(DEFAULT_BENEFIT_GATE),
          'An action is only considered when it does more good than harm with at least this probability',
          'a number from 0 to 1',
          { title: 'How sure an effect has to be', as: 'percent', advanced: true },
        ),
      })
      .prefault({}),
    'When an effect is sure enough',
    'an object',
    'Effects',
  ),
  exploration: field(exploration.prefault({}), 'What is left to chance', 'an object', 'Chance'),
  alarms: field(
    z
      .strictObject({
        actionShare: field(
          share.default(0.6),
          'Share of customers above which one action for so many is reported as implausible',
          'a number from 0 to 1',
          { title: 'One action for more than', as: 'percent' },
        ),
        callShare: field(
          share.default(0.1),
          'Share of customers above which calls are reported as implausible',
          'a number from 0 to 1',
          { title: 'Calls for more than', as: 'percent' },
        ),
      })
      .prefault({}),
    'When a plan is reported as implausible',
    'an object',
    'Alarms',
  ),
})

export type Settings = z.infer<typeof settingsSchema>
export type SettingsInput = z.input<typeof settingsSchema>
export type CatalogueOverride = z.infer<typeof override>
