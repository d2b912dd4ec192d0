/** What is kept of a score: the row of a customer. */
import type { Level } from '../contracts/customer-terms.ts'
import { levelOf, type LevelThresholds } from '../../models/churn/levels.ts'
import type { CustomerId } from '../contracts/ids.ts'
import { minorDigits } from '../contracts/money.ts'
import type { ScoreRow } from '../store/scores.ts'
import type { HashedRecord } from './engine-reader.ts'

export interface ScoreTerms {
  readonly thresholds: LevelThresholds
  /** Currency of amounts that the record itself states. */
  readonly currency: string
  readonly now: Date
}

/**
 * @param paid what the customer pays a month by agreements; null: as the record says
 * @param before the score in force; null: none yet
 * @example
 * scoreRow({ thresholds, currency: 'EUR', now }, customer, record, null, null).level // 'LOW'
 */
export function scoreRow(
  { thresholds, currency: stated, now }: ScoreTerms,
  customer: CustomerId,
  record: HashedRecord,
  paid: { readonly minor: number; readonly currency: string } | null,
  before: { readonly probability: number; readonly level: Level; readonly levelSince: Date } | null,
): ScoreRow {
  const { probability } = record
  const level = levelOf(probability, thresholds)
  const charge = record.context.monthlyCharge
  const monthly =
    paid?.minor ?? (Number.isFinite(charge) ? Math.round(charge * 10 ** minorDigits(stated)) : null)
  return {
    customer_id: customer,
    probability: shortest(probability),
    monthly_hazard: shortest(record.monthlyHazard),
    level,
    level_since: before?.level === level ? before.levelSince : now,
    reasons: record.reasons.map((reason) => ({
      ...reason,
      contribution: Math.round(reason.contribution * 1e4) / 1e4,
    })),
    data_confidence: shortest(record.dataConfidence),
    monthly_minor: monthly,
    currency: monthly === null ? null : (paid?.currency ?? stated),
    value_at_risk_minor: monthly === null ? null : Math.round(probability * 12 * monthly),
    input_hash: record.inputHash,
    state: `{${Array.from(record.state, shortest).join()}}`,
    context: knownOf(record.context),
    moved: before === null || before.probability !== probability || before.level !== level,
  }
}

/** What is unknown is absent. */
function knownOf(context: HashedRecord['context']): Record<string, number> {
  const known: Record<string, number> = {}
  for (const name in context) {
    const value = context[name as keyof typeof context]
    if (Number.isFinite(value)) known[name] = shortest(value)
  }
  return known
}

/** The shortest number that is the same float32: 0.3, not 0.30000001192092896. Half of what the database reads. */
function shortest(value: number): number {
  if (Number.isInteger(value)) return value
  for (const digits of [4, 7, 8]) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return short
  }
  return Number(value.toPrecision(9))
}
