/** What the policy would choose for a customer that is tried out: as POST /v1/score, with the words of a decision. */
import { reasonSentences } from '../../../models/policy/masks.ts'
import { minorDigits } from '../../contracts/money.ts'
import type { ScoredRecord } from '../../loop/engine.ts'
import type { Suggestion } from '../../loop/suggest.ts'
import type { ScoredRecordRow } from '../../store/reads/scored-record.ts'
import { whySentences } from '../words/decision-words.ts'
import { formatsFor } from '../words/formats.ts'
import { leftAlone } from './score-answer.ts'
import type { ScoringBasis } from './score-basis.ts'
import type { TriedAnswer } from './try-shapes.ts'

export interface TriedCustomer {
  readonly basis: ScoringBasis
  readonly record: Pick<ScoredRecordRow, 'group' | 'score'>
  /** Names of actions. */
  readonly action: (key: string) => string
  readonly now: Date
}

/**
 * @param changed names of the features that were changed
 * @example
 * triedSuggestion(place, after, ['contract']).sentence
 */
export function triedSuggestion(
  { basis, record, now, action }: TriedCustomer,
  scored: ScoredRecord,
  changed: readonly string[],
): TriedAnswer['suggestion'] {
  const [suggested] = basis.suggest(
    [
      {
        values: scored.values,
        monthlyHazard: scored.monthlyHazard,
        context: scored.context,
        recurring: changed.includes('recurringAmount')
          ? scored.context.monthlyCharge
          : paid(basis, record.score, scored.context.monthlyCharge),
      },
    ],
    now,
  )
  const hidden = record.group !== 'policy'
  const suggestion: Suggestion = hidden ? leftAlone(suggested) : suggested
  const units = 10 ** minorDigits(basis.reporting)
  const minor = (amount: number | null): number | null =>
    amount === null ? null : Math.round(amount * units)
  const weighed = suggestion.actions.map((one) => ({
    key: one.key,
    masked: one.masked,
    expectedValueMinor: minor(one.expectedValue),
    costMinor: minor(one.cost),
    benefit: null,
    effectMean: null,
    effectSd: null,
    probability: 0,
  }))
  const words = whySentences(
    {
      actionKey: suggestion.action.key,
      actions: weighed,
      budgetPrice: 0,
      currency: basis.reporting,
      group: record.group,
    },
    formatsFor({ now, zone: 'UTC', action }),
  )
  return {
    hidden,
    action: hidden ? null : suggestion.action,
    sentence: words.join(' '),
    aside: 'Budget, places, consent on record and earlier messages are looked at when a decision is made.',
    currency: basis.reporting,
    actions: hidden
      ? []
      : suggestion.actions.map(({ key, name, masked }, at) => ({
          key,
          name,
          expectedValueMinor: weighed[at].expectedValueMinor,
          costMinor: weighed[at].costMinor,
          possible: masked === 'open',
          why: masked === 'open' ? null : reasonSentences[masked],
        })),
  }
}

/** Major units of the records' currency, a month; NaN unknown. By agreements, as the score in force has it. */
function paid({ currency }: ScoringBasis, score: ScoredRecordRow['score'], stated: number): number {
  if (score === null || score.monthlyMinor === null) return stated
  return score.currency === currency ? score.monthlyMinor / 10 ** minorDigits(currency) : NaN
}
