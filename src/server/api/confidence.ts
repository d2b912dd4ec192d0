/** How far a score is to be trusted: the prediction by how its model was measured, the data by what is known. */
import { z } from 'zod'
import { titleOf } from '../../../models/churn/explain/fallback-phrases.ts'
import type { ChurnBundle } from '../../../models/onnx/bundle-contents.ts'
import type { RecordInput } from '../../loop/engine-reader.ts'
import { LOW_DATA } from '../../contracts/customer-terms.ts'
import type { Formats } from '../words/formats.ts'
import * as shape from './shapes.ts'

const estimate = z.object({ value: z.number(), low: z.number(), high: z.number() })

export const predictionConfidence = z.object({
  kind: z.enum(['assumed', 'elsewhere', 'own']).meta({
    description:
      'assumed: the model ranks by assumptions, and nothing was measured. elsewhere: measured on customers of another company. own: measured on your customers',
  }),
  sentence: z.string(),
  auc: estimate.nullable().meta({
    description: 'How often somebody who left was put above somebody who stayed, with its 95 % interval',
  }),
  calibrationError: z
    .number()
    .nullable()
    .meta({ description: 'How far percentages were off on average, 0 to 1' }),
  customers: z.int().nullable().meta({ description: 'On so many that it had not seen' }),
})
export type PredictionConfidence = z.infer<typeof predictionConfidence>

export const dataConfidence = z.object({
  share: z.number().min(0).max(1).meta({ description: 'Share of what matters to the model that is known' }),
  known: z
    .int()
    .nullable()
    .meta({ description: 'Features that are known; null: the model cannot be opened' }),
  features: z.int().nullable().meta({ description: 'Features that the model looks at' }),
  missing: z
    .array(z.string())
    .meta({ description: 'What is missing, most important first', example: ['Renewal date'] }),
  low: z.boolean().meta({ description: 'Too little to go on: take the score as a hint' }),
  readAt: shape.time.meta({ description: 'When the record was last read' }),
  sentence: z.string(),
})
export type DataConfidence = z.infer<typeof dataConfidence>

const measured = z.object({
  data: z.object({ customers: z.int() }),
  outOfFold: z.object({ auc: estimate, calibrationError: estimate }),
})

/**
 * @param starter the model was not trained on the company's own customers
 * @example
 * predictionOf(bundle, { starter: true, formats }).kind // 'assumed'
 */
export function predictionOf(
  { card }: Pick<ChurnBundle, 'card'>,
  { starter, formats }: { readonly starter: boolean; readonly formats: Pick<Formats, 'count'> },
): PredictionConfidence {
  const parsed = measured.safeParse(card)
  if (!parsed.success)
    return {
      kind: 'assumed',
      sentence:
        'From assumptions, not from your history: it ranks customers, and nobody has measured how well. Take the order rather than the percentage.',
      auc: null,
      calibrationError: null,
      customers: null,
    }
  const { auc, calibrationError } = parsed.data.outOfFold
  const { customers } = parsed.data.data
  const times = (share: number): string => formats.count(Math.round(share * 100))
  const whose = starter ? 'customers of another company' : 'customers of yours'
  return {
    kind: starter ? 'elsewhere' : 'own',
    sentence: `On ${formats.count(customers)} ${whose} that it had not seen, the model put one who left above one who stayed ${times(auc.value)} times in 100 (${times(auc.low)} to ${times(auc.high)}), and its percentages were off by ${(calibrationError.value * 100).toFixed(1)} points on average.`,
    auc,
    calibrationError: calibrationError.value,
    customers,
  }
}

/**
 * @param about.input as the reader read the customer; null: it could not be read
 * @example
 * dataOf({ share: 0.4, readAt, bundle, input }, formats).sentence // '4 of 12 features are known: …'
 */
export function dataOf(
  {
    share,
    readAt,
    features,
    input,
  }: {
    readonly share: number
    readonly readAt: Date
    /** Of the model, with what each matters. */
    readonly features: readonly { readonly name: string; readonly label: string; readonly weight: number }[]
    readonly input: RecordInput | null
  },
  formats: Pick<Formats, 'percent' | 'day'>,
): DataConfidence {
  const low = share < LOW_DATA
  const missing =
    input === null
      ? []
      : features
          .filter((_, at) => Number.isNaN(input.values[at]))
          .toSorted((a, b) => b.weight - a.weight)
          .map(({ name, label }) => titleOf({ name, label, kind: 'number' }))
  const known = input === null ? null : features.length - missing.length
  const counted =
    known === null
      ? `${formats.percent(share)} of what matters to the model is known`
      : `${known} of ${features.length} features are known, ${formats.percent(share)} of what matters to the model`
  return {
    share: Math.round(share * 1e4) / 1e4,
    known,
    features: known === null ? null : features.length,
    missing,
    low,
    readAt: readAt.toISOString(),
    sentence: low
      ? `Too little to go on: ${counted}.`
      : `${counted.charAt(0).toUpperCase()}${counted.slice(1)}.`,
  }
}
