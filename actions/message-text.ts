/** What messages to people are made of, whatever the channel: names made safe, languages, dates. */
import { HoldfastError } from '../src/contracts/errors.ts'
import { dateFormat } from './formats.ts'

/**
 * A language and those that it may be taken for (RFC 4647 section 3.4): `de-CH-1996`, `de-CH`, `de`, in lower case.
 */
export function languageRanges(language: string | null): string[] {
  const subtags = language?.trim().toLowerCase().replaceAll('_', '-').split('-') ?? []
  return subtags
    .map((_, dropped) => subtags.slice(0, subtags.length - dropped).join('-'))
    .filter((tag) => tag !== '')
}

/** As errors name a language. */
export function nameOfLanguage(language: string | null): string {
  return language === null || language === '' ? 'an unknown language' : `"${oneLine(language, 20)}"`
}

/** Dates as the recipient's region writes them, where the language is hers. */
export function localeOf(written: string, own: string | null): string {
  const [region] = languageRanges(own)
  const fits = region !== undefined && region.startsWith(`${written.toLowerCase()}-`)
  return [...(fits ? [region] : []), written].find(isLocale) ?? 'en'
}

function isLocale(tag: string): boolean {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(tag).length > 0
  } catch {
    return false
  }
}

/** A calendar date such as 2026-12-31, written out, with no break in it. */
export function dateIn(locale: string, date: string): string {
  const at = new Date(`${date.slice(0, 10)}T12:00:00Z`)
  if (Number.isNaN(at.getTime())) {
    throw new HoldfastError('internal', `"${date}" is no calendar date such as 2026-12-31.`)
  }
  const text = dateFormat(locale, { dateStyle: 'long', timeZone: 'UTC' }).format(at)
  return text.replaceAll(' ', '\u00a0')
}

/** A name that holds a link is no name: whoever typed it wants it in our e-mails. */
export function greetable(name: string | null): string | null {
  return name !== null && /:\/\/|www\./i.test(name) ? null : oneLine(name, 120)
}

/** One line without control characters or marks that turn the writing direction; null when nothing is left. */
export function oneLine(text: string | null, longest: number): string | null {
  const line = lines(text ?? '', Infinity)
    .replace(/\s+/gu, ' ')
    .trim()
  if (line === '') return null
  const characters = [...line]
  return characters.length <= longest
    ? line
    : `${characters
        .slice(0, longest - 1)
        .join('')
        .trimEnd()}…`
}

/** Text without control characters or marks that turn the writing direction. */
export function lines(text: string, longest: number): string {
  const clean = text
    .toWellFormed()
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(/[^\P{Cc}\n\t]|[\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/gu, '')
  return clean.length <= longest ? clean : [...clean].slice(0, longest).join('')
}
