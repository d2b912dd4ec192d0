/** A score as the API tells it. */
import { reasonSentences } from '../../../models/policy/masks.ts'
import { minorDigits } from '../../contracts/money.ts'
import type { Suggestion } from '../../loop/suggest.ts'
import type { Score } from './score-shapes.ts'

/** What is known of a customer before its suggestion is added. */
export type Scored = Pick<
  Score,
  | 'id'
  | 'probability'
  | 'kind'
  | 'horizonDays'
  | 'level'
  | 'reasons'
  | 'dataConfidence'
  | 'model'
  | 'scoredAt'
>

/**
 * @param currency of the suggestion's amounts
 * @example
 * scoreAnswer(scored, suggest([input], now)[0], 'EUR').expectedValueMinor // 512
 */
export function answerOf(scored: Scored, suggestion: Suggestion, currency: string): Score {
  const units = 10 ** minorDigits(currency)
  const minor = (amount: number | null): number | null =>
    amount === null ? null : Math.round(amount * units)
  return {
    ...scored,
    probability: rounded(scored.probability, 1e6),
    dataConfidence: rounded(scored.dataConfidence, 1e4),
    action: suggestion.action,
    expectedValueMinor: minor(suggestion.expectedValue),
    currency,
    actions: suggestion.actions.map(({ key, name, expectedValue, cost, masked }) => ({
      key,
      name,
      expectedValueMinor: minor(expectedValue),
      costMinor: minor(cost),
      possible: masked === 'open',
      why: reasonSentences[masked],
    })),
  }
}

/** The models compute with 7 digits: what is beyond them is noise. */
function rounded(value: number, parts: number): number {
  return Math.round(value * parts) / parts
}

/** As {@link Suggestion}, for a customer of a group that is left as it is. */
export function leftAlone({ actions }: Suggestion): Suggestion {
  const [nothing] = actions
  return {
    action: { key: nothing.key, name: nothing.name },
    expectedValue: nothing.expectedValue,
    actions: actions.map((action, a) => (a === 0 ? action : { ...action, masked: 'group' })),
  }
}
