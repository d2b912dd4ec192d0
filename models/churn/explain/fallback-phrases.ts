import type { Feature } from '../../../src/contracts/features.ts'
import { date, days, minutes, months, percent, plainNumber } from './numbers.ts'
import type { Amount, CategoryPhrase, NumberPhrase, Phrase } from './phrases.ts'

/**
 * How a column of the customer's own is said, which nobody wrote a phrase for: "Number of complaints 4",
 * "Plan type is Basic".
 *
 * @example
 * fallbackPhrase({ name: 'plan_type', label: 'plan type', kind: 'category', categories: ['Basic'] })
 */
export function fallbackPhrase(feature: Feature): Phrase {
  const label = titleOf(feature)
  return feature.kind === 'category' ? categoryPhrase(label, feature) : numberPhrase(label, feature)
}

/**
 * A feature's label as the start of a sentence, also where it is a raw header: "plan_type" and "planType"
 * both read "Plan type".
 */
export function titleOf(feature: Feature): string {
  const label = feature.label.trim() || feature.name
  const words = label.replaceAll(/[_\s]+/g, ' ').trim()
  const title = words.includes(' ')
    ? words
    : words.replaceAll(/(?<=[a-z])[A-Z](?=[a-z])/g, (x) => ` ${x.toLowerCase()}`)
  return title.charAt(0).toUpperCase() + title.slice(1)
}

function categoryPhrase(label: string, feature: Feature): CategoryPhrase {
  const flags = yesNo(feature.categories ?? [])
  return { kind: 'category', fact: (value) => `${label} is ${flags.get(value) ?? tidy(value)}` }
}

/** 0 and 1, or true and false, as No and Yes; only where the column has no other values. */
function yesNo(categories: readonly string[]): ReadonlyMap<string, string> {
  const words = new Map([
    ['0', 'No'],
    ['1', 'Yes'],
    ['false', 'No'],
    ['true', 'Yes'],
  ])
  const flags = categories.map((value): [string, string] => [value, words.get(value.toLowerCase()) ?? ''])
  return new Map(flags.every(([, word]) => word !== '') ? flags : [])
}

/** A value of a file in a sentence: on one line, and not endless. */
function tidy(value: string): string {
  const line = value.replaceAll(/\s+/g, ' ').trim()
  return line.length > 60 ? `${line.slice(0, 59).trimEnd()}…` : line
}

function numberPhrase(label: string, feature: Feature): NumberPhrase {
  const write = writerOf(label, feature)
  return {
    kind: 'number',
    fact: (value, amount) => `${label} ${write(value, amount)}`,
    typical: write,
  }
}

/** The unit is left out where the label says it: "Days since the last visit 12". */
function writerOf(label: string, feature: Feature): (value: number, amount: Amount) => string {
  const unit = feature.unit
  const said = unit !== undefined && new RegExp(`\\b${unit.replace(/s$/, '')}`, 'i').test(label)
  if (unit === 'money') return (value, amount) => amount(value)
  if (unit === 'share') return percent
  if (unit === 'date') return date
  if (unit === 'months' && !said) return signed(months)
  if (unit === 'days' && !said) return signed(days)
  if (unit === 'minutes' && !said) return signed(minutes)
  return plainNumber
}

const signed = (write: (value: number) => string): ((value: number) => string) => {
  return (value) => {
    const size = write(Math.abs(value))
    return value < 0 && /^[1-9]/.test(size) ? `-${size}` : size
  }
}
