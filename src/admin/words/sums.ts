/** Sums of money in several currencies, as one says them. */
import type { MoneySum } from '../../server/api/money-sums.ts'
import type { PlainFormats } from './formats.ts'

/** More currencies than that are no sentence any more. */
const MOST = 3

/**
 * In the currency of reports where there is a rate for each ("about" where some were changed at it), else one by one:
 * nothing is left out without a word.
 *
 * @param how `money` to the unit, or `roughly`
 * @example
 * sumText(book.yearly, words, 'roughly') // '€5.6 M'
 */
export function sumText(
  { byCurrency, reporting }: MoneySum,
  words: Pick<PlainFormats, 'money' | 'roughly'>,
  how: 'money' | 'roughly' = 'money',
): string {
  if (reporting.complete) {
    const changed = byCurrency.some(({ currency }) => currency !== reporting.currency)
    return `${changed ? 'about ' : ''}${words[how](reporting.minor, reporting.currency)}`
  }
  const told = byCurrency.slice(0, MOST).map(({ currency, minor }) => words[how](minor, currency))
  const more = byCurrency.length - told.length
  if (more > 0) told.push(`amounts in ${more} more ${more === 1 ? 'currency' : 'currencies'}`)
  return told.length < 2 ? told.join('') : `${told.slice(0, -1).join(', ')} and ${told.at(-1)}`
}
