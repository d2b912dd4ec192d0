/**
 * Which customers of the book are meant, and in what order: the query of every list, count and file of customers, the
 * address of the page, and what a saved view keeps are one form, which these schemas read. Values are texts, as an address
 * has them; several of a kind are separated by commas (`joinValues`).
 *
 * @example
 * customerFilter.parse({ level: 'HIGH,MEDIUM', renewsWithin: '60' })
 * // { level: ['HIGH', 'MEDIUM'], renewsWithin: 60, status: ['active'] }
 */
import { z } from 'zod'
import {
  CUSTOMER_SORTS,
  GROUPS,
  LEVELS,
  LOW_DATA,
  NONE,
  OPEN_STATES,
  STATUSES,
  splitValues,
} from './customer-terms.ts'

const MOST_VALUES = 100

/** A parameter that an address repeats says the same as one with commas. */
const several = <T extends z.ZodType<unknown, string>>(one: T, about: string, example: string) =>
  z
    .union([z.string().max(5000), z.array(z.string().max(1000)).max(MOST_VALUES)], {
      error: 'takes values separated by commas',
    })
    .transform((given) => (typeof given === 'string' ? splitValues(given) : given.flatMap(splitValues)))
    .pipe(
      z.array(one).min(1, 'takes at least one value').max(MOST_VALUES, `takes at most ${MOST_VALUES} values`),
    )
    .meta({ type: 'string', description: `${about}; several are separated by commas`, example })

const id = (most: number) =>
  z
    .string()
    .min(1, `takes texts of 1 to ${most} characters`)
    .max(most, `takes texts of 1 to ${most} characters`)
    .refine((given) => !given.includes('\0'), 'takes no NUL characters')

const whole = (from: number, to: number, about: string, example: number) => {
  const takes = `takes a whole number from ${from} to ${to}`
  return z.coerce.number(takes).int(takes).min(from, takes).max(to, takes).meta({
    type: 'integer',
    description: about,
    example,
  })
}

const moment = (about: string, example: string) =>
  z
    .union([z.iso.datetime({ offset: true }), z.iso.date()], {
      error: 'takes a date such as 2026-11-16, or a time with its zone',
    })
    .transform((text) => new Date(text))
    .optional()
    .meta({ type: 'string', description: `${about} (a date: from 00:00 UTC)`, example })

const DAYS = 3650

/** By name, as a query has them; every one that is given has to hold. */
export const customerFilterFields = {
  q: z
    .string()
    .trim()
    .max(200, 'takes at most 200 characters')
    .refine((given) => !given.includes('\0'), 'takes no NUL characters')
    .optional()
    .meta({
      description:
        'Words that stand in the name, wherever, whatever their case and accents; or the id in the CRM; or, for those who see people, the e-mail address of one of its people',
      example: 'nord',
    }),
  level: several(z.enum([...LEVELS, NONE]), 'Level of risk; none: not scored', 'HIGH,MEDIUM').optional(),
  action: several(
    id(60),
    'What the newest decision chose; none: nothing was decided yet',
    'email,discount_10',
  ).optional(),
  group: several(z.enum(GROUPS), 'Comparison group', 'policy').optional(),
  responsible: several(
    id(300),
    'Who owns the relationship, by the id in the CRM; none: nobody',
    'u7',
  ).optional(),
  connection: several(z.uuid('takes ids of connections'), 'Connection', '0190…').optional(),
  status: several(
    z.enum(STATUSES),
    'active: in the population. left: outside it now. deleted: gone from the CRM. Default active',
    'active',
  ).default(['active']),
  renewsWithin: whole(0, DAYS, 'Days until the next renewal, at most', 60).optional(),
  changed: z.enum(['high', 'recovered', 'any']).optional().meta({
    description:
      'How the level changed last: high: it became HIGH. recovered: it was HIGH and is not any more. A first score is no change',
  }),
  changedSince: moment('The level changed then or later', '2026-11-16'),
  changedWithin: whole(1, DAYS, 'Days since the level changed, at most', 7).optional(),
  cameSince: moment('First seen then or later', '2026-11-16'),
  leftSince: moment('Left, or gone from the CRM, then or later; goes with `status`', '2026-11-16'),
  lowData: z
    .enum(['true', 'false'], 'takes true or false')
    .transform((text) => text === 'true')
    .optional()
    .meta({
      type: 'boolean',
      description: `Whether less than ${LOW_DATA * 100} % is known of what matters to the model`,
    }),
  intervention: several(
    z.enum([...OPEN_STATES, 'any']),
    'Has an intervention that is not over, in one of these states; any: in whichever',
    'awaiting_approval',
  ).optional(),
  minValue: whole(
    0,
    Number.MAX_SAFE_INTEGER,
    'Value at risk at least, minor units of its currency',
    100000,
  ).optional(),
  currency: z
    .string()
    .regex(/^([A-Z]{3}|none)$/, 'takes an ISO 4217 code such as EUR, or none')
    .optional()
    .meta({ description: 'Of the value at risk; none: the value is not known', example: 'EUR' }),
  externalId: id(500).optional().meta({ description: "The record's id in the CRM" }),
} as const

export const customerFilter = z.strictObject(customerFilterFields)

/** What is looked for, parsed. */
export type CustomerFilter = z.output<typeof customerFilter>

export const customerOrderFields = {
  sort: z.enum(CUSTOMER_SORTS).default('value').meta({
    description:
      'By value at risk (whom to call first), probability, next renewal, name, or when the level changed; what is not known comes last',
  }),
  order: z.enum(['asc', 'desc']).optional().meta({
    description:
      'Default: what matters most first (highest value and probability, nearest renewal, A to Z, newest change)',
  }),
} as const

/** A filter and an order, as a query has them. */
export const customerList = z.strictObject({ ...customerFilterFields, ...customerOrderFields })
export type CustomerList = z.output<typeof customerList>
