/**
 * Calendar dates as they are written in files. A time or zone after the date is accepted and ignored: the
 * date as written counts, because renewals and starts are dates, never instants.
 */
import { trimBlanks } from './missing.ts'

export interface DateReading {
  /** strptime pattern of the date part, such as "%d.%m.%Y"; %b is an English month by name, short or long. */
  readonly format: string
  /** Days since 1970-01-01. */
  readonly days: number
}

const time =
  '(?:[T ,] ?\\d{1,2}:\\d{2}(?::\\d{2}(?:[.,]\\d{1,9})?)?(?: ?[ap]\\.?m\\.?)?(?: ?(?:Z|UTC|GMT|[+-]\\d{2}(?::?\\d{2})?))?)?$'
const yearFirst = new RegExp(`^(\\d{4})([-/.])(\\d{1,2})\\2(\\d{1,2})${time}`, 'i')
const yearLast = new RegExp(`^(\\d{1,2})([-/.])(\\d{1,2})\\2(\\d{4}|\\d{2})${time}`, 'i')
const dayMonthName = new RegExp(`^(\\d{1,2})([ -])([a-z]{3,9})\\.?\\2(\\d{4}|\\d{2})${time}`, 'i')
const monthNameDay = new RegExp(`^([a-z]{3,9})\\.? (\\d{1,2})(,?) (\\d{4})${time}`, 'i')
const compact = /^(\d{4})(\d{2})(\d{2})$/
const months = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september']
  .concat(['october', 'november', 'december'])
  .flatMap((name, i) => [[name, i + 1] as const, [name.slice(0, 3), i + 1] as const])
const monthNumber = new Map([...months, ['sept', 9] as const])

/** A date that SQL casts alike when cut to ten characters. */
export function isIsoDate(cell: string): boolean {
  return isoStart.test(cell)
}
const isoStart = new RegExp(`^\\d{4}-\\d{2}-\\d{2}${time}`, 'i')

/**
 * Every way to read a cell as a date: none, one, or two where day and month could be either.
 *
 * @example
 * dateReadings('2026-03-31T08:00:00Z') // [{ format: '%Y-%m-%d', days: 20543 }]
 * dateReadings('03/04/2026').map((r) => r.format) // ['%m/%d/%Y', '%d/%m/%Y']
 */
export function dateReadings(cell: string): DateReading[] {
  const text = trimBlanks(cell)
  if (text.length < 6 || text.length > 40) return []
  const out: DateReading[] = []
  const add = (format: string, year: string, month: number, day: number): void => {
    const days = daysOf(fullYear(year), month, day)
    if (days === days) out.push({ format, days })
  }
  let match = yearFirst.exec(text)
  if (match !== null) add(`%Y${match[2]}%m${match[2]}%d`, match[1], +match[3], +match[4])
  else if ((match = yearLast.exec(text)) !== null) {
    const [, first, sign, second, year] = match
    const y = year.length === 2 ? '%y' : '%Y'
    add(`%m${sign}%d${sign}${y}`, year, +first, +second)
    add(`%d${sign}%m${sign}${y}`, year, +second, +first)
  } else if ((match = compact.exec(text)) !== null) {
    if (match[1] >= '1950' && match[1] <= '2100') add('%Y%m%d', match[1], +match[2], +match[3])
  } else if ((match = dayMonthName.exec(text)) !== null) {
    const y = match[4].length === 2 ? '%y' : '%Y'
    add(`%d${match[2]}%b${match[2]}${y}`, match[4], monthNumber.get(match[3].toLowerCase()) ?? 0, +match[1])
  } else if ((match = monthNameDay.exec(text)) !== null) {
    add(`%b %d${match[3]} %Y`, match[4], monthNumber.get(match[1].toLowerCase()) ?? 0, +match[2])
  }
  return out
}

/**
 * A cell as days since 1970-01-01, NaN where it is no date in this format.
 *
 * @example
 * readDate('03/04/2026', '%d/%m/%Y') // 20546, the 3rd of April
 */
export function readDate(cell: string, format: string): number {
  return dateReadings(cell).find((reading) => reading.format === format)?.days ?? NaN
}

function fullYear(year: string): number {
  if (year.length === 4) return +year
  // As strptime does: 69-99 are of the last century.
  return +year + (+year >= 69 ? 1900 : 2000)
}

function daysOf(year: number, month: number, day: number): number {
  if (year < 1000 || month < 1 || month > 12 || day < 1 || day > 31) return NaN
  const instant = Date.UTC(year, month - 1, day)
  return new Date(instant).getUTCDate() === day ? instant / 86_400_000 : NaN
}
