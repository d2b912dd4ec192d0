/** A try-out in words: values with their unit, and what became of the risk. */
import { days, minutes, money, months, percent, plainNumber } from '../../../models/churn/explain/numbers.ts'
import type { TriedChange, TriedFeature, TriedValue } from '../../loop/try-out.ts'
import type { Formats } from '../words/formats.ts'

/**
 * @param currency of amounts
 * @example
 * valueText(tenure, 14, 'EUR') // '14 months'
 */
export function valueText(
  { kind, unit }: Pick<TriedFeature, 'kind' | 'unit'>,
  value: TriedValue,
  currency: string,
): string {
  if (value === null) return 'unknown'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'string') return kind === 'choice' && value === RARE ? 'something rarer' : value
  const sign = value < 0 ? '-' : ''
  const size = Math.abs(value)
  if (unit === 'months') return sign + months(size)
  if (unit === 'days') return sign + days(size)
  if (unit === 'minutes') return sign + minutes(size)
  if (unit === 'share') return sign + percent(size)
  if (unit === 'money') return `${sign}${money(size)} ${currency}`
  return plainNumber(value)
}

/** As `OTHER` of models/features/categories.ts. */
const RARE = '(other)'

/** "With contract: Two year, the risk would be 9 %, instead of 41 %." */
export function triedSentence(
  changes: readonly TriedChange[],
  risk: { readonly before: number; readonly after: number },
  { percent: share, many, currency }: Pick<Formats, 'percent' | 'many'> & { readonly currency: string },
): string {
  const [before, after] = [share(risk.before), share(risk.after)]
  if (changes.length === 0) return `As it is, the risk is ${after}.`
  const [first] = changes
  const what =
    changes.length === 1
      ? `${lower(first.feature.title)}: ${valueText(first.feature, first.to, currency)}`
      : many(changes.length, 'change')
  return before === after
    ? `With ${what}, the risk would stay at ${after}.`
    : `With ${what}, the risk would be ${after}, instead of ${before}.`
}

/** Null where the model has seen such values. */
export function unseenSentence({ feature, to, seen }: TriedChange, currency: string): string | null {
  if (seen || feature.range === null) return null
  const { min, max } = feature.range
  return `The model has seen ${lower(feature.title)} from ${valueText(feature, min, currency)} to ${valueText(feature, max, currency)}: of ${valueText(feature, to, currency)} it knows nothing, and answers as at the nearest end.`
}

/** Abbreviations stay: "VIP since". */
const lower = (title: string): string =>
  /^.[A-Z]/.test(title) ? title : title.charAt(0).toLowerCase() + title.slice(1)
