/** Ids as an org gives them out: three characters for the object, nine that are the org's, six that count. */
import { id18, isId } from '../ids.ts'

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** @param pod two characters that are this org's */
export function idOf(prefix: string, pod: string, number: number): string {
  let rest = number
  let digits = ''
  for (let at = 0; at < 6; at++) {
    digits = DIGITS[rest % 62] + digits
    rest = Math.floor(rest / 62)
  }
  return id18(`${prefix}${pod}0000${digits}`)
}

/** The number that an id counts; ids of other orgs give any. */
export function numberOf(id: string): number {
  let number = 0
  for (const digit of id.slice(9, 15)) number = number * 62 + DIGITS.indexOf(digit)
  return number
}

/** The org's two characters, out of its id. */
export function podOf(org: string): string {
  let hash = 7
  for (const character of org) hash = (hash * 31 + character.charCodeAt(0)) % (62 * 62)
  return DIGITS[Math.floor(hash / 62)] + DIGITS[hash % 62]
}

/** An id as 18 characters; null: no id. The last three are worked out again: the first 15 say it all. */
export const readId = (given: string): string | null => (isId(given) ? id18(given.slice(0, 15)) : null)
