/**
 * Takes many people out of texts at once. A pattern of thousands of names takes seconds a text; here each name is looked up
 * by where it may begin, so that a text costs as much as it is long, however many names there are.
 */
import { SOMEBODY } from './words.ts'

/** A single letter is no name. */
const LEAST = 2
const WORD = /[\p{L}\p{N}]+/gu

/**
 * @param names what they are called by: names, addresses, numbers
 * @returns a function that takes them out of texts, and of the texts in JSON, as whole words and whatever their case
 * @example
 * withoutMany(['Ann Lee', 'ann@example.com'])('Ann Lee answered.') // 'Somebody answered.'
 */
export function withoutMany(names: Iterable<string>): <Value>(value: Value) => Value {
  /** Names by their first word, each with the number of words that the longest has. */
  const longest = new Map<string, number>()
  const known = new Set<string>()
  for (const name of names) {
    // As notices write names: no longer than a line.
    for (const written of new Set([name, name.replace(/\s+/g, ' ').slice(0, 120)])) {
      const words = [...written.matchAll(WORD)]
      if (words.length === 0) continue
      const plain = plainIn(written, words, 0, words.length - 1)
      if (plain.length < LEAST) continue
      known.add(plain)
      const first = words[0][0].toLowerCase()
      longest.set(first, Math.max(longest.get(first) ?? 0, words.length))
    }
  }

  function withoutIn(text: string): string {
    const words = [...text.matchAll(WORD)]
    let said = ''
    let from = 0
    for (let at = 0; at < words.length; at++) {
      const most = Math.min(longest.get(words[at][0].toLowerCase()) ?? 0, words.length - at)
      for (let many = most; many > 0; many--) {
        const last = at + many - 1
        if (!known.has(plainIn(text, words, at, last))) continue
        const begins = words[at].index
        // The plus of a telephone number belongs to it.
        said += text.slice(from, text[begins - 1] === '+' ? begins - 1 : begins) + SOMEBODY
        from = words[last].index + words[last][0].length
        at = last
        break
      }
    }
    return said + text.slice(from)
  }

  const without = (value: unknown): unknown => {
    if (typeof value === 'string') return withoutIn(value)
    if (Array.isArray(value)) return value.map(without)
    if (typeof value !== 'object' || value === null || value instanceof Date) return value
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, without(one)]))
  }
  return (value) => without(value) as typeof value
}

/** From one word to another, in lower case, with single blanks. */
function plainIn(text: string, words: readonly RegExpExecArray[], first: number, last: number): string {
  return text
    .slice(words[first].index, words[last].index + words[last][0].length)
    .replace(/\s+/g, ' ')
    .toLowerCase()
}
