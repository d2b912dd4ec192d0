/** A category's value as people say it: enumerations in words, "Unknown" as no answer, Yes and No as facts. */
import type { Feature } from '../../../src/contracts/features.ts'

/**
 * Whether a value says that nobody knows. It stays a category of its own, as being unknown may tell something.
 *
 * @example
 * saysUnknown('Unknown') // true
 */
export function saysUnknown(value: string): boolean {
  return unknowns.has(value.trim().toLowerCase())
}

const unknowns = new Set([
  'unknown',
  'unspecified',
  'undefined',
  'not specified',
  'not available',
  'not provided',
  'not set',
  '(not set)',
  'missing',
  '-',
  '--',
  '–',
  '—',
  'unbekannt',
  'keine angabe',
  'k.a.',
  'inconnu',
  'desconocido',
])

/**
 * How the values of one column are said: on one line and not endless; `COMPUTER_SOFTWARE` as "Computer
 * software", and its neighbours in capitals alike.
 */
export function speaker(categories: readonly string[]): (value: string) => string {
  const enumerated = categories.some((value) => /^[A-Z\d]+(?:_[A-Z\d]+)+$/.test(value))
  return (value) => {
    const line = value.replaceAll(/\s+/g, ' ').trim()
    const text = enumerated && /^[A-Z\d_]{4,}$/.test(line) ? sentenceCase(line.replaceAll('_', ' ')) : line
    return text.length > 60 ? `${text.slice(0, 59).trimEnd()}…` : text
  }
}

function sentenceCase(text: string): string {
  return text.charAt(0) + text.slice(1).toLowerCase()
}

/** A value within a sentence: "Credit Card" as "credit card", while "UPI" and "PayPal" stay. */
export function within(value: string): string {
  return value.replaceAll(/\b[A-Z][a-z]+\b(?![A-Z])/g, (word) => word.toLowerCase())
}

/**
 * What Yes or No to a column of the customer's own says: "International plan" gives "Has international plan"
 * and "No international plan", "Owns computer" and "Handset refurbished" speak for themselves.
 *
 * @param title the column's label as the start of a sentence
 */
export function flagFact(title: string, yes: boolean): string {
  const all = title.split(' ')
  const first = all[0].toLowerCase()
  const last = all[all.length - 1].toLowerCase()
  const lower = /^\p{Lu}{2}/u.test(title) ? title : title.charAt(0).toLowerCase() + title.slice(1)
  if (first === 'has' || first === 'have') return yes ? title : `No ${all.slice(1).join(' ')}`
  if (first === 'is' || first === 'was') return yes ? title : `Not ${all.slice(1).join(' ')}`
  if (first === 'in' || first === 'on' || first === 'at') return yes ? title : `Not ${lower}`
  if (verbs.has(first)) return yes ? title : `${title} is No`
  if (persons.has(last) || /(?:..ed|able)$/.test(last)) return yes ? title : `Not ${lower}`
  if (/..ing$/.test(last)) return yes ? title : `No ${lower}`
  return yes ? `Has ${lower}` : `No ${lower}`
}

const persons = new Set(
  'owner user holder member subscriber buyer payer visitor active automatic recurring new'.split(' '),
)
const verbs = new Set(
  'owns buys responds uses made makes opt opted wants needs accepts received accepted used called did does can pays gets knows visits attended joined contacted requested'.split(
    ' ',
  ),
)

/** Yes or No by the value as it stands in the file; undefined where a feature is no such question. */
export function answersOf(feature: Feature): ReadonlyMap<string, boolean> | undefined {
  const categories = feature.categories ?? []
  const answers = categories.map((value) => answerWords.get(value.toLowerCase()))
  if (categories.length !== 2 || answers[0] === undefined || answers[0] === answers[1]) return undefined
  return answers[1] === undefined
    ? undefined
    : new Map(categories.map((value, i) => [value, answers[i] === true]))
}

const answerWords = new Map([
  ['0', false],
  ['no', false],
  ['false', false],
  ['n', false],
  ['nein', false],
  ['1', true],
  ['yes', true],
  ['true', true],
  ['y', true],
  ['ja', true],
])
