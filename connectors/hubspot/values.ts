/**
 * Values of properties: HubSpot sends every one as a text, and says by the property's type what it is.
 *
 * @see https://developers.hubspot.com/docs/api-reference/latest/crm/properties/guide "property type and fieldType values"
 */
import type { PropertyValue } from '../connector.ts'

/** How a property's text is read; types that are not listed here are texts. */
export type ValueType = 'number' | 'bool' | 'date' | 'datetime' | 'enumeration' | 'string'

/**
 * Numbers as numbers, dates as 'YYYY-MM-DD', times as ISO 8601 in UTC, options by their internal value. A text that
 * is not what its type promises stays as it is, so that nothing is lost and the reader sees it.
 *
 * @param text null or '' where the record has no value
 * @example
 * readValue('date', '-86400000') // '1969-12-31'
 */
export function readValue(type: ValueType, text: string | null | undefined): PropertyValue {
  if (text === null || text === undefined || text === '') return null
  if (type === 'number') return readNumber(text)
  if (type === 'bool') return text === 'true' ? true : text === 'false' ? false : text
  if (type === 'date') return isoTime(text)?.slice(0, 10) ?? text
  if (type === 'datetime') return isoTime(text) ?? text
  return text
}

/** @example valueType('phone_number') // 'string' */
export function valueType(type: string): ValueType {
  return Object.hasOwn(TYPES, type) ? TYPES[type] : 'string'
}

const TYPES: Readonly<Record<string, ValueType>> = {
  number: 'number',
  bool: 'bool',
  boolean: 'bool',
  date: 'date',
  datetime: 'datetime',
  enumeration: 'enumeration',
}

function readNumber(text: string): number | string {
  const value = Number(text)
  return text.trim() !== '' && Number.isFinite(value) ? value : text
}

/**
 * Either milliseconds since 1970, negative before it, as older integrations and webhooks have it, or ISO 8601 with or
 * without a time.
 *
 * @returns null for anything else, and for years that four digits do not hold
 */
export function isoTime(text: string): string | null {
  const trimmed = text.trim()
  const at = MILLISECONDS.test(trimmed) ? Number(trimmed) : ISO.test(trimmed) ? parseIso(trimmed) : NaN
  if (Number.isNaN(at) || at < FIRST || at > LAST) return null
  return new Date(at).toISOString()
}

const MILLISECONDS = /^-?\d{1,15}$/
const ISO = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/
const FIRST = Date.parse('0001-01-01T00:00:00Z')
const LAST = Date.parse('9999-12-31T23:59:59.999Z')

/** HubSpot's times are UTC, also those that do not say so. A day that the month does not have is none. */
function parseIso(text: string): number {
  const zoned = text.length === 10 || /(?:Z|[+-]\d{2}:?\d{2})$/.test(text) ? text : `${text}Z`
  const at = Date.parse(zoned.replace(' ', 'T'))
  const day = Number(text.slice(8, 10))
  const there = new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)) - 1, day))
  return there.getUTCDate() === day ? at : NaN
}
