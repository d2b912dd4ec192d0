import type { Feature } from '../../../src/contracts/features.ts'
import { date, days, minutes, months, percent, plainNumber } from './numbers.ts'
import type { Amount, CategoryPhrase, NumberPhrase, Phrase } from './phrases.ts'
import { answersOf, flagFact, speaker } from './spoken-values.ts'

/**
 * How a column of the customer's own is said, which nobody wrote a phrase for: "Number of complaints 4",
 * "Plan type is Basic", "No voice mail plan".
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
  const answers = answersOf(feature)
  const say = speaker(feature.categories ?? [])
  return {
    kind: 'category',
    fact: (value) => {
      const answer = answers?.get(value)
      if (answer !== undefined) return flagFact(label, answer)
      if (value === '(other)') return `${label} is one of the rarer`
      return /^none$/i.test(value) ? flagFact(label, false) : `${label} is ${say(value)}`
    },
  }
}

function numberPhrase(label: string, feature: Feature): NumberPhrase {
  const write = writerOf(label, feature)
  return {
    kind: 'number',
    // "Claims last 3 years 1" would be two numbers in a row.
    fact: (value, amount) => `${label}${/\d/.test(label) ? ' is' : ''} ${write(value, amount)}`,
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
