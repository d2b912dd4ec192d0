/**
 * Values of fields: JSON has them with their kinds, results of the Bulk API have every one as a text. What kind it is
 * says the field's type.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/field_types.htm
 */
import type { PropertyValue } from '../connector.ts'

const NUMBERS: ReadonlySet<string> = new Set(['int', 'long', 'double', 'currency', 'percent'])

/**
 * Numbers as numbers, dates as 'YYYY-MM-DD', times as ISO 8601 in UTC, picklists by their API value, several options as
 * 'a;b'. What is not what its type promises stays a text, so that nothing is lost and the reader sees it.
 *
 * @param type as `describe` has it
 * @example
 * readValue('datetime', '2026-11-21T14:55:00.000+0000') // '2026-11-21T14:55:00.000Z'
 */
export function readValue(type: string, raw: unknown): PropertyValue {
  if (raw === null || raw === undefined || raw === '') return null
  if (NUMBERS.has(type)) return readNumber(raw)
  if (type === 'boolean')
    return raw === true || raw === 'true' ? true : raw === false || raw === 'false' ? false : textOf(raw)
  if (type === 'date') return /^\d{4}-\d\d-\d\d/.exec(textOf(raw))?.[0] ?? textOf(raw)
  if (type === 'datetime') return readTime(raw)?.toISOString() ?? textOf(raw)
  // Of any kind: in the rows of a field's history.
  if (type === 'anyType' && (typeof raw === 'number' || typeof raw === 'boolean')) return raw
  return textOf(raw)
}

/**
 * An instant: Salesforce writes the zone as "+0000", which is not ISO 8601, and as "Z" in bulk results.
 *
 * @returns null for anything else
 */
export function readTime(raw: unknown): Date | null {
  if (typeof raw !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(raw)) return null
  const at = Date.parse(raw.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'))
  return Number.isNaN(at) ? null : new Date(at)
}

function readNumber(raw: unknown): number | string {
  const value = typeof raw === 'number' ? raw : Number(textOf(raw).trim() || NaN)
  return Number.isFinite(value) ? value : textOf(raw)
}

/**
 * Parts of compound values are read by themselves; where one comes whole, it is told as JSON. Lines end alike, whether
 * they came as JSON or in a bulk result.
 */
const textOf = (raw: unknown): string =>
  typeof raw === 'object' ? JSON.stringify(raw) : String(raw).replaceAll('\r\n', '\n')
