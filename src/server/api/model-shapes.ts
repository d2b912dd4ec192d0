/** What is told of models: versions, figures, curves, gates. */
import { z } from 'zod'
import * as shape from './shapes.ts'

export const hash = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'takes the hash of a model as GET /v1/models lists it')
  .meta(shape.hash.meta()!)

const estimate = z.object({ value: z.number(), low: z.number(), high: z.number() })
const count = z.int().nullable()

const place = z.object({
  connection: shape.connectionId,
  connectionName: z.string(),
  since: shape.time,
  by: z.string().nullable().meta({ description: 'null: Holdfast chose it' }),
  until: shape.time.nullable().meta({ description: 'null: it is in charge' }),
})

export const modelLine = {
  hash,
  name: z.string(),
  version: z.string(),
  origin: z.enum(['shipped', 'trained', 'uploaded']),
  starter: z.boolean().meta({ description: "It is not of this company's own data" }),
  label: z.string().nullable().meta({ description: 'What a starter is: "ranking from assumptions"' }),
  meaning: z.string().meta({ description: 'What a score of it means' }),
  trainedOn: z.string().meta({ description: 'In a sentence: on whom it was trained' }),
  createdAt: shape.time.nullable().meta({ description: 'null: it came with Holdfast' }),
  createdBy: z.string().nullable(),
  training: z.uuid().nullable().meta({ description: 'Of GET /v1/training' }),
  bytes: count,
  auc: estimate.nullable().meta({ description: 'null: none was measured' }),
  customers: count.meta({ description: 'That it was measured on' }),
  serves: z.array(place).meta({ description: 'Connections that it is in charge of' }),
  served: z.array(place).meta({ description: 'Connections that it was in charge of' }),
}

export const modelListAnswer = z.object({
  items: z.array(z.object(modelLine)).meta({ description: 'Those in charge first, then the newest' }),
})
export type ModelListAnswer = z.infer<typeof modelListAnswer>

const gate = z.object({
  connection: shape.connectionId,
  connectionName: z.string(),
  champion: z.object({ hash, name: z.string(), version: z.string() }).nullable(),
  inCharge: z.boolean(),
  passes: z.boolean(),
  checks: z.array(
    z.object({
      name: z.enum(['good_enough', 'not_worse', 'fed']),
      passed: z.boolean(),
      sentence: z.string(),
    }),
  ),
})

const importance = z.array(
  z.object({
    feature: z.string(),
    label: z.string(),
    value: z.number().meta({ description: 'Mean change of the log-odds' }),
    low: z.number().nullable(),
    high: z.number().nullable(),
  }),
)

export const modelAnswer = z.object({
  ...modelLine,
  logLoss: estimate.nullable(),
  calibrationError: estimate.nullable(),
  churned: count,
  source: z.string().nullable(),
  dataOrigin: z.string().nullable(),
  summary: z.string().nullable(),
  intendedUse: z.string().nullable(),
  limits: z.array(z.string()),
  kind: z.enum(['trees', 'logistic']).nullable(),
  trees: count,
  why: z.string().nullable(),
  belowFloor: z.string().nullable(),
  importance,
  gates: z.array(gate).meta({ description: 'Whether it may be put in charge, by connection, and why not' }),
})
export type ModelAnswer = z.infer<typeof modelAnswer>

const curve = z.array(z.object({ threshold: z.number(), x: z.number(), y: z.number() }))

export const evaluationAnswer = z.object({
  hash,
  name: z.string(),
  version: z.string(),
  measured: z.boolean().meta({
    description: 'false: there are no curves, and `note` says why; figures of the card may be there',
  }),
  note: z.string().meta({ description: 'What the figures come from' }),
  ownData: z.boolean().meta({ description: "Whether they were measured on this company's customers" }),
  figures: z.object({
    auc: estimate.nullable(),
    logLoss: estimate.nullable(),
    calibrationError: estimate.nullable(),
    customers: count,
    churned: count,
  }),
  importance,
  evaluation: z
    .object({
      rows: z.int(),
      churned: z.int(),
      baseRate: estimate,
      metrics: z.object({
        auc: estimate,
        averagePrecision: z.number(),
        kolmogorovSmirnov: z.number(),
        logLoss: estimate,
        logLossSkill: estimate,
        brier: estimate,
        accuracy: estimate,
        accuracyOfGuessing: z.number(),
        calibrationError: estimate,
      }),
      calibration: z.object({
        bins: z.array(
          z.object({
            count: z.int(),
            from: z.number(),
            to: z.number(),
            predicted: z.number(),
            observed: estimate,
          }),
        ),
        noise: z.number(),
        hosmerLemeshow: z.object({
          statistic: z.number().nullable(),
          degrees: z.number(),
          pValue: z.number().nullable(),
        }),
      }),
      roc: curve.meta({ description: 'x: kept customers flagged, y: churned customers found' }),
      precisionRecall: curve.meta({ description: 'x: recall, y: precision' }),
      thresholds: z.array(
        z.object({
          name: z.string(),
          threshold: z.number(),
          truePositives: z.int(),
          falsePositives: z.int(),
          falseNegatives: z.int(),
          trueNegatives: z.int(),
          flagged: z.number(),
          accuracy: estimate,
          precision: estimate.nullable(),
          recall: estimate,
          specificity: estimate,
        }),
      ),
      deciles: z.array(
        z.object({
          decile: z.int(),
          customers: z.int(),
          churned: z.number(),
          rate: z.number(),
          lift: z.number(),
          cumulativeGain: z.number(),
          cumulativeLift: z.number(),
        }),
      ),
      distribution: z.array(z.object({ from: z.number(), to: z.number(), churned: z.int(), kept: z.int() })),
    })
    .nullable(),
})
export type EvaluationAnswer = z.infer<typeof evaluationAnswer>

export const comparisonAnswer = z.object({
  first: z.object(modelLine),
  second: z.object(modelLine),
  sameCustomers: z
    .boolean()
    .meta({ description: 'false: each was measured on its own, and `sentence` says so' }),
  difference: z
    .object({ value: z.number(), low: z.number(), high: z.number(), pWorse: z.number() })
    .nullable()
    .meta({ description: 'AUC of the first less AUC of the second' }),
  customers: count,
  sentence: z.string(),
})
export type ComparisonAnswer = z.infer<typeof comparisonAnswer>

export const promotedAnswer = z.object({
  connections: z.array(z.object({ id: shape.connectionId, name: z.string() })),
})
export type PromotedAnswer = z.infer<typeof promotedAnswer>
