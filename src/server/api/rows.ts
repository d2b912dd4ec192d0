/** Where the rows behind a count stand: a list of the API with the query that shows just them. */
import { z } from 'zod'

export const ROW_LISTS = ['customers', 'interventions', 'decisions', 'holds'] as const

export const rowsOf = z
  .object({
    list: z.enum(ROW_LISTS).meta({ description: 'GET /v1/…' }),
    query: z.record(z.string(), z.string()).meta({ description: 'Its query', example: { level: 'HIGH' } }),
  })
  .meta({ description: 'The list that shows the rows behind the count' })
export type RowsOf = z.infer<typeof rowsOf>

/** How many, and where they stand. */
export const counted = z.object({ count: z.int(), rows: rowsOf })
export type Counted = z.infer<typeof counted>

/**
 * @example
 * rows('customers', { level: 'HIGH' })
 */
export const rows = (list: RowsOf['list'], query: Readonly<Record<string, string>> = {}): RowsOf => ({
  list,
  query,
})
