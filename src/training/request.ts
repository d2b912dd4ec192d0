/** What a training is asked for: parsed from the API, kept in its row, handed to the process that trains. */
import { z } from 'zod'

const column = z.string().min(1).max(300)

/** Windows after a decision whose outcome Holdfast measures itself: WINDOWS of observe.ts. */
const WINDOW_DAYS = [30, 60, 90, 180] as const

/** Who left: a column that says so, or what Holdfast saw happen after its decisions. */
export const targetRequest = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('column'),
    column: column.meta({ description: 'The column (or CRM property) that says who left' }),
    positive: z
      .array(z.string().max(300))
      .min(1)
      .max(50)
      .optional()
      .meta({ description: 'Values that mean "left"; absent: read from the column, where it is plain' }),
    horizonDays: z.int().min(1).max(3650).optional().meta({
      description: 'It says who left within so many days; absent: who had left when the data was taken',
    }),
  }),
  z.strictObject({
    kind: z.literal('outcome'),
    days: z.literal(WINDOW_DAYS).meta({
      description: 'Of a connection: who left within so many days of a decision, as Holdfast saw it',
    }),
  }),
])

/** How the data is read: of a look and of a training alike, so that the one tells what the other does. */
export const readingFields = {
  target: targetRequest.optional(),
  id: column.optional().meta({ description: 'The column that identifies a customer' }),
  keep: z
    .array(column)
    .max(100)
    .default([])
    .meta({ description: 'Columns that are used although they would be left out' }),
  asOf: z.iso.date().optional().meta({ description: 'The day that the data describes' }),
  seed: z.int().min(0).max(4294967295).default(42),
}

export const readingRequest = z.strictObject(readingFields)
export type ReadingRequest = z.infer<typeof readingRequest>

/** In the row of a training. */
export const trainingRequest = z.strictObject({
  ...readingFields,
  target: targetRequest,
  folds: z.int().min(2).max(20).default(5),
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,47}$/, 'takes letters, digits, dots and dashes, at most 48')
    .default('own')
    .meta({ description: 'Name of the model' }),
})
export type TrainingRequest = z.infer<typeof trainingRequest>
