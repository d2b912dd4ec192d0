/** Texts that name a person: how they are found, and how they read without the name. */
import type { Subject } from './subject.ts'

/** In the place of a name. */
export const SOMEBODY = 'Somebody'

/** A single letter is no name. */
const LEAST = 2

/** What a text may call the person by, longest first. */
export function wordsOf({
  names,
  emails,
  phones,
}: Pick<Subject, 'names' | 'emails' | 'phones'>): readonly string[] {
  // As notices write names: without line breaks, and no longer than a line.
  const written = names.flatMap((name) => [name, name.replace(/\s+/g, ' ').slice(0, 120).trim()])
  return [...new Set([...written, ...emails, ...phones])]
    .filter((word) => word.length >= LEAST)
    .toSorted((a, b) => b.length - a.length)
}

/**
 * For PostgreSQL, over texts in lower case: whole words, also as JSON writes them. Null where there is nothing to look
 * for: no text is like null.
 *
 * @example
 * namingPattern(subject) // '(?<![[:alnum:]])(?:ann lee|ann@example\.com)(?![[:alnum:]])'
 */
export function namingPattern(subject: Pick<Subject, 'names' | 'emails' | 'phones'>): string | null {
  const words = wordsOf(subject).flatMap((word) => {
    const plain = word.toLowerCase()
    return [...new Set([plain, JSON.stringify(plain).slice(1, -1)])]
  })
  if (words.length === 0) return null
  return `(?<![[:alnum:]])(?:${words.map(literal).join('|')})(?![[:alnum:]])`
}

/**
 * Takes the person out of texts, and of the texts in JSON.
 *
 * @example
 * withoutPerson(subject)('Ann Lee answered.') // 'Somebody answered.'
 */
export function withoutPerson(
  subject: Pick<Subject, 'names' | 'emails' | 'phones'>,
): <Value>(value: Value) => Value {
  const words = wordsOf(subject)
  if (words.length === 0) return (value) => value
  // A short name is part of many a word.
  const named = new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.map(literal).join('|')})(?![\\p{L}\\p{N}])`, 'giu')
  const without = (value: unknown): unknown => {
    if (typeof value === 'string') return value.replace(named, SOMEBODY)
    if (Array.isArray(value)) return value.map(without)
    if (typeof value !== 'object' || value === null || value instanceof Date) return value
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, without(one)]))
  }
  return (value) => without(value) as typeof value
}

const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
