/** From the counts of a column to its kind and to the one way in which it is read. */
import type { ColumnKind } from '../../src/contracts/table.ts'
import type { ColumnCounts, Readings } from './column-counter.ts'
import { NUMBER_FORMATS, type NumberFormat } from './numbers.ts'

/** What columns of one file tell about each other: a file is written by one program in one place. */
export interface FileHabits {
  readonly decimal: '.' | ','
  readonly dayFirst: boolean
}

/** How one column is read. */
export interface ColumnFormat {
  readonly kind: ColumnKind
  readonly number: NumberFormat
  /** SQL's own cast reads every readable cell and no other. */
  readonly numberBySql: boolean
  readonly date: string | null
  readonly dateBySql: boolean
  /** No cell has blanks around its value or says that it is missing: SQL may compare cells as they are. */
  readonly tidy: boolean
  /** Most numbers carry a percent sign. */
  readonly percent: boolean
  readonly range: Readings | null
  /** Cells of a number or date column that are neither missing nor readable. */
  readonly unreadable: number
}

/** A column is numbers, or dates, when so many of its filled cells can be read as such. */
const READABLE_SHARE = 0.9
/** More values than this, or fewer than two cells a value, and strings are text rather than categories. */
const MAX_CATEGORIES = 1000

/**
 * Which decimal sign and which order of day and month the file's unambiguous columns use. Without any, a
 * semicolon as delimiter tells of a program set to a decimal comma, and so of a country that writes the day
 * first; everywhere else decimals are points and 03/04/2026 is the 4th of March.
 */
export function fileHabits(columns: readonly ColumnCounts[], delimiter: string): FileHabits {
  let points = 0
  let dayFirst = 0
  for (const counts of columns) {
    const filled = counts.cells - counts.missing
    const { point, comma } = numberSides(counts)
    if (Math.max(point.readings.count, comma.readings.count) >= filled * READABLE_SHARE) {
      points += Math.sign(point.readings.count - comma.readings.count)
    }
    const { day, month } = dateSides(counts)
    const [d, m] = [day?.readings.count ?? 0, month?.readings.count ?? 0]
    if (Math.max(d, m) >= filled * READABLE_SHARE) dayFirst += Math.sign(d - m)
  }
  const european = delimiter === ';'
  return {
    decimal: points === 0 ? (european ? ',' : '.') : points > 0 ? '.' : ',',
    dayFirst: dayFirst === 0 ? european || points < 0 : dayFirst > 0,
  }
}

/** @param distinct exact or estimated number of distinct values */
export function columnFormat(counts: ColumnCounts, habits: FileHabits, distinct: number): ColumnFormat {
  const filled = counts.cells - counts.missing
  const number = chooseNumber(counts, habits)
  const date = chooseDate(counts, habits)
  const allCompact = date?.format === '%Y%m%d' && date.readings.count === filled
  const isDate = date !== null && date.readings.count >= filled * READABLE_SHARE
  // Codes such as 00501 are names made of digits: adding them up makes no sense.
  const codes = counts.leadingZeros > filled * 0.05
  const isNumber = number.readings.count >= filled * READABLE_SHARE && !codes
  let kind: ColumnKind = 'text'
  if (filled === 0) kind = 'empty'
  else if (isDate && (allCompact || !isNumber)) kind = 'date'
  else if (isNumber) kind = 'number'
  else if (distinct <= MAX_CATEGORIES && (distinct <= 10 || distinct * 2 <= filled)) kind = 'category'
  const range = kind === 'number' ? number.readings : kind === 'date' ? date!.readings : null
  return {
    kind,
    number: number.format,
    numberBySql: number.format === NUMBER_FORMATS[0] && counts.plain === filled,
    date: date?.format ?? null,
    dateBySql: date?.format === '%Y-%m-%d' && counts.iso === filled && date.readings.count === filled,
    tidy: counts.untidy === 0,
    percent: kind === 'number' && counts.percents >= filled * READABLE_SHARE,
    range,
    unreadable: range === null ? 0 : filled - range.count,
  }
}

interface NumberChoice {
  readonly format: NumberFormat
  readonly readings: Readings
}

/** The best format with a decimal point, and the best with a decimal comma. */
function numberSides(counts: ColumnCounts): { point: NumberChoice; comma: NumberChoice } {
  const best = (decimal: '.' | ','): NumberChoice =>
    NUMBER_FORMATS.map((format, i) => ({ format, readings: counts.numbers[i] }))
      .filter(({ format }) => format.decimal === decimal)
      .reduce((a, b) => (b.readings.count > a.readings.count ? b : a))
  return { point: best('.'), comma: best(',') }
}

function chooseNumber(counts: ColumnCounts, habits: FileHabits): NumberChoice {
  const { point, comma } = numberSides(counts)
  if (point.readings.count !== comma.readings.count) {
    return point.readings.count > comma.readings.count ? point : comma
  }
  if (point.readings.sum === comma.readings.sum && point.readings.max === comma.readings.max) return point
  return habits.decimal === '.' ? point : comma
}

interface DateChoice {
  readonly format: string
  readonly readings: Readings
}

function dateSides(counts: ColumnCounts): {
  day: DateChoice | null
  month: DateChoice | null
  other: DateChoice | null
} {
  const best = (starts: RegExp): DateChoice | null => {
    let choice: DateChoice | null = null
    for (const [format, readings] of counts.dates) {
      if (starts.test(format) && readings.count > (choice?.readings.count ?? 0)) choice = { format, readings }
    }
    return choice
  }
  return { day: best(/^%d.%m/), month: best(/^%m/), other: best(/^%[Yb]|^%d.%b/) }
}

function chooseDate(counts: ColumnCounts, habits: FileHabits): DateChoice | null {
  const { day, month, other } = dateSides(counts)
  let choice = day ?? month
  if (day !== null && month !== null) {
    // 03.04.2026 and 03-04-2026 are written where the day comes first; 03/04/2026 in both worlds.
    const dayFirst = habits.dayFirst || !day.format.includes('/')
    const tie = day.readings.count === month.readings.count
    choice = (tie ? dayFirst : day.readings.count > month.readings.count) ? day : month
  }
  return (other?.readings.count ?? 0) > (choice?.readings.count ?? 0) ? other : choice
}
