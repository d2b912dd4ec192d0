/**
 * Units that files are written in, and how they become the unit of the dictionary. A conversion is linear:
 * canonical value = value x factor + offset. Dates become a distance from the as-of date instead.
 */
import type { Unit } from '../../src/contracts/features.ts'

/** Days in an average month of the Gregorian calendar: 365.2425 / 12. */
export const DAYS_PER_MONTH = 30.436875

export interface Conversion {
  readonly factor: number
  readonly offset: number
}

/** Source unit by name, as it stands in a mapping file. */
export type Conversions = Readonly<Record<string, Conversion>>

const by = (factor: number, offset = 0): Conversion => ({ factor, offset })

const monthsFrom: Conversions = {
  months: by(1),
  years: by(12),
  quarters: by(3),
  weeks: by(7 / DAYS_PER_MONTH),
  days: by(1 / DAYS_PER_MONTH),
}

const daysFrom: Conversions = {
  days: by(1),
  weeks: by(7),
  months: by(DAYS_PER_MONTH),
  years: by(365.2425),
  hours: by(1 / 24),
  minutes: by(1 / 1440),
  seconds: by(1 / 86400),
}

const minutesFrom: Conversions = { minutes: by(1), hours: by(60), seconds: by(1 / 60) }

const shareFrom: Conversions = { share: by(1), percent: by(0.01) }

const moneyFrom: Conversions = { money: by(1), cents: by(0.01) }

/** Canonical unit of an amount: money a month. */
export const moneyPerMonthFrom: Conversions = {
  'money per month': by(1),
  'money per year': by(1 / 12),
  'money per quarter': by(1 / 3),
  'money per week': by(DAYS_PER_MONTH / 7),
  'money per day': by(DAYS_PER_MONTH),
  'cents per month': by(0.01),
  'cents per year': by(0.01 / 12),
}

/** Amounts for one billing interval, which another column of the same file names for each row. */
export const perInterval: Conversions = {
  'money per interval': by(1),
  'cents per interval': by(0.01),
}

/** Canonical unit of usage: minutes a day. */
export const minutesPerDayFrom: Conversions = {
  'minutes per day': by(1),
  'hours per day': by(60),
  'seconds per day': by(1 / 60),
  'minutes per week': by(1 / 7),
  'hours per week': by(60 / 7),
  'minutes per month': by(1 / DAYS_PER_MONTH),
  'hours per month': by(60 / DAYS_PER_MONTH),
  'seconds per month': by(1 / 60 / DAYS_PER_MONTH),
}

/** Canonical unit of engagement: 0 to 100. */
export const hundredFrom: Conversions = { 'out of 100': by(1), 'out of 10': by(10), share: by(100) }

/** Canonical unit of sentiment: -1 (bad) to 1 (good). */
export const sentimentFrom: Conversions = {
  '-1 to 1': by(1),
  '0 to 1': by(2, -1),
  '1 to 5': by(0.5, -1.5),
  '0 to 10': by(0.2, -1),
  '0 to 100': by(0.02, -1),
  '-100 to 100': by(0.01),
}

const unitConversions: Readonly<Record<Unit, Conversions>> = {
  months: monthsFrom,
  days: daysFrom,
  minutes: minutesFrom,
  share: shareFrom,
  money: moneyFrom,
  count: { count: by(1) },
  score: { score: by(1) },
  date: {},
}

/** What a value of `unit` may be written in; the first is the unit itself. */
export function conversionsTo(unit: Unit | undefined): Conversions {
  return unit === undefined ? {} : unitConversions[unit]
}

/** How a point in time is written: value x factor + offset is days since 1970-01-01 UTC. */
export const dateUnits: Conversions = {
  date: by(1),
  'unix seconds': by(1 / 86400),
  'unix milliseconds': by(1 / 86400000),
  /** Excel's serial days; 25,569 is 1970-01-01. */
  'excel days': by(1, -25569),
}

/** Which kind of number a date was written as, from its range; null when it is none of them. */
export function guessDateUnit(min: number, max: number): string | null {
  if (min >= 1e11 && max <= 5e12) return 'unix milliseconds'
  if (min >= 1e8 && max <= 5e9) return 'unix seconds'
  if (min >= 20000 && max <= 80000) return 'excel days'
  return null
}

/** Words within a header that name its unit: `tenure_months`, `Usage (hours)`. */
export const unitWords: Readonly<Record<string, string>> = {
  month: 'months',
  months: 'months',
  mths: 'months',
  monate: 'months',
  mois: 'months',
  meses: 'months',
  year: 'years',
  years: 'years',
  yrs: 'years',
  jahre: 'years',
  quarters: 'quarters',
  week: 'weeks',
  weeks: 'weeks',
  day: 'days',
  days: 'days',
  tage: 'days',
  hour: 'hours',
  hours: 'hours',
  hrs: 'hours',
  minutes: 'minutes',
  mins: 'minutes',
  min: 'minutes',
  seconds: 'seconds',
  secs: 'seconds',
  sec: 'seconds',
  pct: 'percent',
  percent: 'percent',
  percentage: 'percent',
  cents: 'cents',
}
