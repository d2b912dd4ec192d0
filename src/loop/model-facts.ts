/** What is known of a model by its card: how good it is, on whom that was measured, and what it was made of. */
import { z } from 'zod'
import type { ScoreMeaning } from '../../models/churn/model.ts'
import type { Estimate } from '../../models/churn/statistics.ts'

/** Plain JSON. */
export interface ModelFacts {
  /** Null: none was measured, as of a starter that rests on assumptions. */
  readonly auc: Estimate | null
  readonly logLoss: Estimate | null
  readonly calibrationError: Estimate | null
  /** Customers that it was trained on and measured by; null: none. */
  readonly customers: number | null
  readonly churned: number | null
  /** What the data was called. */
  readonly source: string | null
  /** Licence and origin, where the data has one. */
  readonly origin: string | null
  /** In one or two words, where it is a starter: "ranking from assumptions". */
  readonly label: string | null
  readonly summary: string | null
  readonly intendedUse: string | null
  readonly limits: readonly string[]
  readonly kind: 'trees' | 'logistic' | null
  readonly trees: number | null
  readonly why: string | null
  readonly belowFloor: string | null
  /** Most important first; without an interval where none was measured. */
  readonly importance: readonly ImportanceFact[]
}

export interface ImportanceFact {
  readonly feature: string
  readonly label: string
  readonly value: number
  readonly low: number | null
  readonly high: number | null
}

const estimate = z.object({ value: z.number(), low: z.number(), high: z.number() })
const text = z.string().nullable().catch(null)
const card = z.object({
  label: text,
  summary: text,
  intendedUse: text,
  limits: z.array(z.string()).catch([]),
  data: z
    .object({
      source: text,
      origin: text,
      customers: z.number().nullable().catch(null),
      churned: z.number().nullable().catch(null),
    })
    .nullable()
    .catch(null),
  model: z
    .object({
      kind: z.enum(['trees', 'logistic']).nullable().catch(null),
      trees: z.number().nullable().catch(null),
      why: text,
      belowFloor: z.object({ sentence: z.string() }).nullable().catch(null),
    })
    .nullable()
    .catch(null),
  outOfFold: z
    .object({
      auc: estimate.nullable().catch(null),
      logLoss: estimate.nullable().catch(null),
      calibrationError: estimate.nullable().catch(null),
    })
    .nullable()
    .catch(null),
  importance: z
    .array(
      z.object({
        feature: z.string(),
        label: z.string().optional(),
        value: z.number(),
        low: z.number().nullable().catch(null),
        high: z.number().nullable().catch(null),
      }),
    )
    .catch([]),
})

/**
 * What is not in the card is null, and never made up.
 *
 * @example
 * modelFacts(bundle.card).auc?.value // 0.849
 */
export function modelFacts(content: unknown): ModelFacts {
  const parsed = card.safeParse(content)
  const found = parsed.success ? parsed.data : card.parse({})
  return {
    auc: found.outOfFold?.auc ?? null,
    logLoss: found.outOfFold?.logLoss ?? null,
    calibrationError: found.outOfFold?.calibrationError ?? null,
    customers: found.data?.customers ?? null,
    churned: found.data?.churned ?? null,
    source: found.data?.source ?? null,
    origin: found.data?.origin ?? null,
    label: found.label,
    summary: found.summary,
    intendedUse: found.intendedUse,
    limits: found.limits,
    kind: found.model?.kind ?? null,
    trees: found.model?.trees ?? null,
    why: found.model?.why ?? null,
    belowFloor: found.model?.belowFloor?.sentence ?? null,
    importance: found.importance
      .map(({ label, ...one }) => ({ ...one, label: label ?? one.feature }))
      .toSorted((a, b) => b.value - a.value),
  }
}

/**
 * What a probability of it means, in words.
 *
 * @example
 * meaningWords({ kind: 'horizon', days: 90 }) // 'the risk of leaving within 90 days'
 */
export function meaningWords(meaning: ScoreMeaning): string {
  return meaning.kind === 'horizon'
    ? `the risk of leaving within ${meaning.days} days`
    : 'how much a customer resembles those who had left, without a horizon'
}
