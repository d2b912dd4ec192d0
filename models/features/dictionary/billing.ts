/** In which currency and how often the customer is billed. */
import { moneyPerMonthFrom } from '../units.ts'
import type { CanonicalFeature } from './entry.ts'

export const billing: readonly CanonicalFeature[] = [
  {
    name: 'currency',
    label: 'currency',
    about: 'ISO code of the currency that amounts are in.',
    role: 'context',
    kind: 'category',
    open: true,
    aliases: [
      'currency code',
      'currency iso code',
      'deal currency code',
      'plan currency',
      'billing currency',
      'invoice currency',
      'wahrung',
    ],
  },
  {
    name: 'billingInterval',
    label: 'billing interval',
    about: 'What period one payment covers; amounts per interval are brought to a month with it.',
    role: 'feature',
    kind: 'category',
    aliases: [
      'plan interval',
      'billing period',
      'billing cycle',
      'billing frequency',
      'billing period unit',
      'payment frequency',
      'payment interval',
      'interval',
      'interval unit',
      'plan interval unit',
      'recurring interval',
      'recurring billing frequency',
      'hs recurring billing period',
      'price recurring interval',
    ],
    weak: ['interval'],
    categories: [
      { value: 'Day', aliases: ['daily', 'days', 'p1d'] },
      { value: 'Week', aliases: ['weekly', 'weeks', 'p1w', 'p7d'] },
      { value: 'Month', aliases: ['monthly', 'months', 'p1m', '1 month', 'm', 'monatlich', 'mensuel'] },
      { value: 'Quarter', aliases: ['quarterly', 'p3m', '3 months', 'quarters', 'q'] },
      {
        value: 'Half year',
        aliases: [
          'semi annual',

          'per six months',
          'half yearly',
          'p6m',
          '6 months',
          'biannual',
          'biannually',
        ],
      },
      {
        value: 'Year',
        aliases: [
          'yearly',
          'annual',
          'annually',
          'years',
          'p1y',
          'p12m',
          '1 year',
          '12 months',
          'y',
          'jahrlich',
          'annuel',
        ],
      },
      { value: 'Two years', aliases: ['per two years', 'p2y', 'p24m', '24 months', '2 years'] },
    ],
  },
]

/** Months that one billing interval lasts, in the order of `billingInterval`'s categories. */
export const intervalMonths: readonly number[] = [
  1 / moneyPerMonthFrom['money per day'].factor,
  1 / moneyPerMonthFrom['money per week'].factor,
  1,
  3,
  6,
  12,
  24,
]
