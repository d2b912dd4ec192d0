/**
 * Shapes that several answers share. Amounts are whole minor units (cents) of the currency beside them, under names
 * that end in `Minor`; null is unknown, never 0. Times are ISO 8601 in UTC; dates are YYYY-MM-DD.
 */
import { z } from 'zod'
import { referenceActions } from '../../../actions/catalogue.ts'
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

export const time = z.iso.datetime().meta({ example: '2026-11-20T06:00:00.000Z' })
export const date = z.iso.date().meta({ example: '2026-11-20' })
export const probability = z.number().min(0).max(1).meta({ example: 0.412 })
export const hash = z.string().meta({ description: 'SHA-256, hexadecimal' })

export const customerId = z.int().positive().meta({
  description:
    'Our own number of the customer. GET /v1/customers?connection=…&externalId=… finds it by the id in the CRM.',
  example: 501,
})
export const connectionId = z.uuid().meta({ description: 'Of GET /v1/connections' })
export const interventionId = z.uuid()
export const decisionId = z.int().positive()

export const level = z.enum(['HIGH', 'MEDIUM', 'LOW'])
export const group = z.enum(['holdout', 'usual', 'policy', 'exempt']).meta({
  description: 'Only customers of the group `policy` are acted on by the policy',
})
export const actionKey = z.string().meta({
  description: `Key in the catalogue: ${referenceActions.map(({ key }) => key).join(', ')}`,
  example: 'email',
})

export const reason = z.object({
  feature: z.string().meta({ example: 'contract' }),
  label: z.string().meta({ example: 'contract' }),
  sentence: z.string().meta({ example: 'Pays month to month, and can leave at any time.' }),
  contribution: z.number().meta({ description: 'Log-odds' }),
  raises: z.boolean().meta({ description: 'Whether it raises the risk' }),
})

export const problem = z.object({ code: z.string(), message: z.string() })

/** The query of a list: page and filters. */
export const pageQuery = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(LARGEST_PAGE)
    .default(DEFAULT_PAGE)
    .meta({ description: 'Items a page' }),
  cursor: z.string().max(500).optional().meta({
    description: '`next` of the page before; it holds for the same list in the same order',
  }),
}

/** A page of a list. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({
    items: z.array(item),
    next: z.string().nullable().meta({ description: 'Cursor of the next page; null: this is the last' }),
  })
