/**
 * Shapes that several answers share. Amounts are whole minor units (cents) of the currency beside them, under names
 * that end in `Minor`; null is unknown, never 0. Times are ISO 8601 in UTC; dates are YYYY-MM-DD.
 */
import { z } from 'zod'
import { shippedActions } from '../../../actions/catalogue.ts'
import { LEVELS } from '../../contracts/customer-terms.ts'
import { isCurrency } from '../../contracts/money.ts'
import { DEFAULT_PAGE, LARGEST_PAGE } from '../../store/reads/paging.ts'

export const minor = (about: string) =>
  z
    .int()
    .nullable()
    .meta({ description: `${about}, in minor units of the currency; null is unknown`, example: 41230 })

export const currency = z
  .string()
  .length(3)
  .refine((code) => isCurrency(code), 'is no ISO 4217 currency code, such as EUR')
  .meta({ description: 'ISO 4217', example: 'EUR' })

/**
 * A JSON object as a body, with nothing in it but these fields.
 *
 * @example
 * shape.body({ reason: shape.text(300) })
 */
export const body = <Fields extends z.ZodRawShape>(fields: Fields) =>
  z.strictObject(fields, {
    error: ({ code, input }) =>
      code === 'unrecognized_keys'
        ? undefined
        : input === undefined
          ? 'is missing: send a JSON object'
          : 'has to be a JSON object',
  })

/** As it is given: an id or a name. The database holds every character but NUL. */
export const word = (most: number) => {
  const takes = `takes a text of 1 to ${most} characters`
  return z
    .string(takes)
    .min(1, takes)
    .max(most, takes)
    .refine((given) => !given.includes('\0'), 'takes no NUL characters')
}

/** What a person writes, without the blanks around it. */
export const text = (most: number) =>
  z.string(`takes a text of 1 to ${most} characters`).trim().pipe(word(most))

/** A moment that a request names. */
export const moment = z.iso.datetime({
  offset: true,
  error: 'takes a time with its zone, such as 2026-11-20T06:00:00Z',
})

export const time = z.iso.datetime().meta({ example: '2026-11-20T06:00:00.000Z' })
export const date = z.iso.date().meta({ example: '2026-11-20' })
export const probability = z.number().min(0).max(1).meta({ example: 0.412 })
export const hash = z.string().meta({ description: 'SHA-256, hexadecimal' })

const CUSTOMER = 'takes our own number of a customer, a whole number such as 501'
export const customerId = z.int(CUSTOMER).positive(CUSTOMER).meta({
  description:
    'Our own number of the customer. GET /v1/customers?connection=…&externalId=… finds it by the id in the CRM.',
  example: 501,
})
/** As a path or a query has it. */
export const customerInText = z.coerce.number(CUSTOMER).pipe(customerId)
export const connectionId = z
  .uuid('takes the id of a connection as GET /v1/connections lists it')
  .meta({ description: 'Of GET /v1/connections' })
export const runId = z.uuid('takes the id of a run as GET /v1/runs lists it')
export const interventionId = z.uuid('takes the id of an intervention as GET /v1/interventions lists it')
export const decisionId = z.int().positive()

export const level = z.enum(LEVELS)
export const group = z.enum(['holdout', 'usual', 'policy', 'exempt']).meta({
  description: 'Only customers of the group `policy` are acted on by the policy',
})
export const actionKey = z.string().meta({
  description: `Key in the catalogue: ${shippedActions.map(({ key }) => key).join(', ')}`,
  example: 'email',
})

/** As MAY_BE_PERSON of src/store/reads/persons.ts. */
export const mayBePerson = z
  .boolean()
  .meta({ description: 'Whether the name may be that of a person; viewers then see it masked' })
export const customerObject = z
  .string()
  .meta({ description: 'What the customer is in the CRM', example: 'companies' })

/** As a request names it. */
export const actionGiven = word(60).meta(actionKey.meta()!)

export const reason = z.object({
  feature: z.string().meta({ example: 'contract' }),
  label: z.string().meta({ example: 'contract' }),
  sentence: z.string().meta({ example: 'Pays month to month, and can leave at any time.' }),
  contribution: z.number().meta({ description: 'Log-odds' }),
  raises: z.boolean().meta({ description: 'Whether it raises the risk' }),
})

export const problem = z.object({ code: z.string(), message: z.string() })

const LIMIT = `takes a whole number from 1 to ${LARGEST_PAGE}`

/**
 * Several of something in a query, with commas between them.
 *
 * @example
 * shape.several(z.enum(['sent', 'confirmed'])) // state=sent,confirmed
 */
export const several = <T extends z.ZodType<unknown, string>>(item: T, about: string) =>
  z
    .string()
    .max(1000)
    .transform((text) => text.split(','))
    .pipe(z.array(item).min(1).max(50))
    .meta({ description: `${about}; several with commas between them` })

const MOMENT = 'takes a date such as 2026-11-20, or a time with its zone such as 2026-11-20T06:00:00Z'

/** A date means its midnight in UTC. */
export const since = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], MOMENT)
  .transform((text) => new Date(text))
  .refine((at) => at.getUTCFullYear() >= 1970 && at.getUTCFullYear() < 10_000, MOMENT)

export const yesOrNo = z.enum(['true', 'false']).transform((text) => text === 'true')

/** As `format=csv` of a list has it: all of its rows, not only a page. */
export const fileFormat = z.enum(['json', 'csv']).default('json').meta({
  description: 'csv: all rows of the list as a file for spreadsheets, whatever the page',
})

/** Whoever is responsible. */
export const responsible = word(200).meta({
  description: 'Of whoever is responsible: the id in the CRM, or the e-mail address',
})

/** The query of a list: page and filters. */
export const pageQuery = {
  limit: z.coerce
    .number(LIMIT)
    .int(LIMIT)
    .min(1, LIMIT)
    .max(LARGEST_PAGE, LIMIT)
    .default(DEFAULT_PAGE)
    .meta({ description: 'Items a page' }),
  cursor: z.string().max(2000).optional().meta({
    description: '`next` of the page before; it holds for the same list in the same order',
  }),
}

/** A page of a list. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({
    items: z.array(item),
    next: z.string().nullable().meta({ description: 'Cursor of the next page; null: this is the last' }),
  })
