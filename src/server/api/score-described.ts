/** Scores of customers that are described in the request: nothing of them is stored. */
import { levelOf } from '../../../models/churn/levels.ts'
import { HoldfastError } from '../../contracts/errors.ts'
import { minorDigits } from '../../contracts/money.ts'
import type { ScoredRecord } from '../../loop/engine.ts'
import { answerOf } from './score-answer.ts'
import type { ScoringBasis } from './score-basis.ts'
import type { Score } from './score-shapes.ts'

export interface Described {
  readonly features: Readonly<Record<string, number | string | boolean | null>>
  readonly recurring?: { readonly amountMinor: number; readonly currency: string } | undefined
}

const DAY = 86_400_000

/**
 * Of each, its score or why it has none: a wrong one does not spoil the others.
 *
 * @example
 * await scoreDescribed(basis, [{ features: { tenureMonths: 3 } }], new Date())
 */
export async function scoreDescribed(
  basis: ScoringBasis,
  customers: readonly Described[],
  now: Date,
): Promise<readonly (Score | HoldfastError)[]> {
  const today = Math.floor(now.getTime() / DAY)
  const score = async ({ features, recurring }: Described): Promise<Score | HoldfastError> => {
    try {
      const amount = monthlyAmount(basis, recurring)
      const [record] = await basis.engine.scoreFeatures({ features: [features], today })
      return told(basis, record, amount ?? record.context.monthlyCharge, now)
    } catch (error) {
      if (error instanceof HoldfastError) return withoutPlace(error)
      throw error
    }
  }
  // Calls of one turn are answered by one run of the model.
  return Promise.all(customers.map(score))
}

function told(basis: ScoringBasis, record: ScoredRecord, recurring: number, now: Date): Score {
  const { engine, thresholds, suggest, reporting } = basis
  const { meaning, hash } = engine.churn
  const { probability, dataConfidence, monthlyHazard, context, values } = record
  const [suggestion] = suggest([{ values, monthlyHazard, context, recurring }], now)
  return answerOf(
    {
      id: null,
      probability,
      kind: meaning.kind,
      horizonDays: meaning.kind === 'horizon' ? meaning.days : null,
      level: levelOf(probability, thresholds),
      reasons: record.reasons.map(({ feature, sentence, raises }) => ({ feature, sentence, raises })),
      dataConfidence,
      model: hash,
      scoredAt: now.toISOString(),
    },
    suggestion,
    reporting,
  )
}

/**
 * Major units of the records' currency, a month; undefined where the request does not say.
 *
 * @throws HoldfastError `request_invalid` for a currency that the settings have no rate of
 */
function monthlyAmount(basis: ScoringBasis, recurring: Described['recurring']): number | undefined {
  if (recurring === undefined) return undefined
  const { amountMinor, currency } = recurring
  const amount = amountMinor / 10 ** minorDigits(currency)
  if (currency === basis.currency) return amount
  if (currency === basis.reporting && basis.rate > 0) return amount / basis.rate
  const known = [...new Set([basis.currency, ...(basis.rate > 0 ? [basis.reporting] : [])])]
  throw new HoldfastError(
    'request_invalid',
    `recurring.currency: amounts are in ${known.join(' or ')} here, and there is no rate for ${currency}. Convert the amount, or leave recurring out.`,
  )
}

/** The engine counts customers from 1, and each is a call of its own here. */
function withoutPlace(error: HoldfastError): HoldfastError {
  const { code, message, retryable, cause } = error
  const first = message.replace(/^Customer 1: /, '')
  return first === message
    ? error
    : new HoldfastError(code, first.charAt(0).toUpperCase() + first.slice(1), { retryable, cause })
}
