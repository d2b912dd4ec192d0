/** Values of features as people say them while they are being moved: the same words as the API's, at once. */
import type { TryAnswer } from '../../server/api/try-shapes.ts'
import type { PlainFormats } from './formats.ts'

export type TriedFeature = TryAnswer['features'][number]
export type TriedValue = TriedFeature['value']

/**
 * @param currency of amounts, which are a month's
 * @example
 * featureText(tenure, 14, { currency: 'EUR', words }) // '14 months'
 */
export function featureText(
  { unit }: Pick<TriedFeature, 'unit'>,
  value: TriedValue,
  { currency, words }: { readonly currency: string; readonly words: Pick<PlainFormats, 'percent' | 'many'> },
): string {
  if (value === null) return 'not known'
  if (typeof value === 'boolean') return value ? 'Yes' : 'No'
  if (typeof value === 'string') return value === RARE ? 'Something rarer' : value
  const sign = value < 0 ? '−' : ''
  const size = Math.abs(value)
  switch (unit) {
    case 'share':
      return sign + words.percent(size)
    case 'months':
      return `${sign}${plain(size)} ${size === 1 ? 'month' : 'months'}`
    case 'days':
      return `${sign}${plain(size)} ${size === 1 ? 'day' : 'days'}`
    case 'minutes':
      return `${sign}${plain(size)} ${size === 1 ? 'minute' : 'minutes'}`
    case 'money':
      return `${sign}${plain(size)} ${currency}`
    default:
      return sign + plain(size)
  }
}

/** As `OTHER` of models/features/categories.ts. */
const RARE = '(other)'

/** Three digits tell apart what a slider can be moved to. */
function plain(size: number): string {
  const digits = Number.isInteger(size) || size >= 100 ? 0 : size >= 10 ? 1 : 2
  return format(digits).format(size)
}

const formats = new Map<number, Intl.NumberFormat>()
function format(digits: number): Intl.NumberFormat {
  const known = formats.get(digits)
  if (known !== undefined) return known
  const made = new Intl.NumberFormat('en', { maximumFractionDigits: digits })
  formats.set(digits, made)
  return made
}

/**
 * What a slider spans: what the model has seen, and the customer's own value, wherever that lies.
 *
 * @example
 * sliderSpan({ min: 6, max: 392, step: 2 }, 2975) // { min: 6, max: 2975, step: 2 }
 */
export function sliderSpan(
  range: NonNullable<TriedFeature['range']>,
  own: number | null,
): NonNullable<TriedFeature['range']> {
  if (own === null) return range
  return { ...range, min: Math.min(range.min, own), max: Math.max(range.max, own) }
}
