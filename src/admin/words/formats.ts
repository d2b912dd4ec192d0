/** Numbers, money and times as people write them: no false precision, always with their unit. */
import { minorDigits } from '../../contracts/money.ts'

const NARROW = '\u00a0'
const LANGUAGE = 'en'
/** "21 Nov", not "Nov 21". */
const DAY_LANGUAGE = 'en-GB'

/** The first letter of a sentence. */
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

export interface PlainFormats {
  /** 41230 minor units of EUR as "€412", 512 as "€5.12": cents only where they matter. */
  money(minor: number, currency: string): string
  /** An estimate, with its sign: "+€412", "+€70", "−€3.20". */
  gain(minor: number, currency: string): string
  /** What needs no more than its size: 557658408 minor units of EUR as "€5.6 M"; below a million as `money`. */
  roughly(minor: number, currency: string): string
  /** .412 as "41 %", .034 as "3.4 %". */
  percent(share: number): string
  /** 7043 as "7,043". */
  count(value: number): string
  /** "12 customers", "1 customer". */
  many(value: number, one: string, others?: string): string
  /** A calendar date, 'YYYY-MM-DD' or the day of an instant: "12 Jan", with the year where it is another one. */
  day(date: Date | string): string
  /** "21 Nov 2026, 07:59 UTC". */
  exact(date: Date): string
  /** "2 min ago", "in 3 h", or the day. */
  ago(date: Date): string
  /** "0.8 s", "3 min 20 s". */
  duration(milliseconds: number): string
}

/**
 * @param about.zone IANA; instants are shown in it
 * @example
 * plainFormats({ now: clock(), zone: 'UTC' }).money(512, 'EUR') // '€5.12'
 */
export function plainFormats({ now, zone }: { now: Date; zone: string }): PlainFormats {
  const { dayOf, yearOf, exactOf } = zoned(zone)
  const day = (date: Date | string): string => {
    if (typeof date !== 'string') return near(date, now) ? dayOf.format(date) : yearOf.format(date)
    // A calendar date is no instant: it is the same day everywhere.
    const at = new Date(`${date}T00:00:00Z`)
    return near(at, now) ? calendarDay.format(at) : calendarYear.format(at)
  }
  return {
    money: (minor, currency) => signed(minor, currency, '', 100),
    gain: (minor, currency) => signed(minor, currency, '+', 10),
    roughly: (minor, currency) => roughly(minor, currency) ?? signed(minor, currency, '', 100),
    percent: (share) => {
      const value = share * 100
      const digits = value > 0 && value < 9.95 ? 1 : 0
      return `${value.toFixed(digits)}${NARROW}%`
    },
    count: (value) => grouped.format(value),
    many: (value, one, others = `${one}s`) => `${grouped.format(value)} ${value === 1 ? one : others}`,
    day,
    exact: (date) => exactOf.format(date),
    ago: (date) => relative(date, now) ?? day(date),
    duration,
  }
}

function money(minor: number, currency: string, wholeFrom: number): string {
  const { digits, whole, cents } = currencyOf(currency)
  const major = Math.abs(minor) / 10 ** digits
  return (major >= wholeFrom || Number.isInteger(major) ? whole : cents).format(major)
}

function signed(minor: number, currency: string, plus: string, wholeFrom: number): string {
  const text = money(minor, currency, wholeFrom)
  return minor < 0 && /[1-9]/.test(text) ? `−${text}` : minor > 0 ? `${plus}${text}` : text
}

/** Null: it is less than a million. */
function roughly(minor: number, currency: string): string | null {
  const { digits, rough } = currencyOf(currency)
  const major = minor / 10 ** digits
  if (Math.abs(major) < 1e6) return null
  return rough
    .format(major)
    .replace(/(?<=\d)(?=[A-Z])/, NARROW)
    .replace('-', '−')
}

interface Zoned {
  readonly dayOf: Intl.DateTimeFormat
  readonly yearOf: Intl.DateTimeFormat
  readonly exactOf: Intl.DateTimeFormat
}

/** Making a format takes longer than using it a thousand times. */
const byZone = new Map<string, Zoned>()

function zoned(timeZone: string): Zoned {
  const known = byZone.get(timeZone)
  if (known !== undefined) return known
  const day = { timeZone, day: 'numeric', month: 'short' } as const
  const made = {
    dayOf: new Intl.DateTimeFormat(DAY_LANGUAGE, day),
    yearOf: new Intl.DateTimeFormat(DAY_LANGUAGE, { ...day, year: 'numeric' }),
    exactOf: new Intl.DateTimeFormat(DAY_LANGUAGE, {
      ...day,
      year: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      timeZoneName: 'short',
    }),
  }
  byZone.set(timeZone, made)
  return made
}

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Within ten months the year goes without saying. */
function near(date: Date, now: Date): boolean {
  return Math.abs(date.getTime() - now.getTime()) < 300 * DAY
}

function relative(date: Date, now: Date): string | null {
  const ms = now.getTime() - date.getTime()
  const distance = Math.abs(ms)
  if (distance < 45 * SECOND) return ms >= 0 ? 'just now' : 'in a moment'
  if (distance >= DAY) return null
  const span =
    distance < HOUR
      ? `${Math.max(1, Math.round(distance / MINUTE))}${NARROW}min`
      : `${Math.round(distance / HOUR)}${NARROW}h`
  return ms >= 0 ? `${span} ago` : `in ${span}`
}

function duration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / SECOND
  if (seconds < 9.95) return `${seconds.toFixed(1)}${NARROW}s`
  const whole = Math.round(seconds)
  if (whole < 120) return `${whole}${NARROW}s`
  const minutes = Math.floor(whole / 60)
  return minutes < 120
    ? `${minutes}${NARROW}min ${whole % 60}${NARROW}s`
    : `${Math.floor(minutes / 60)}${NARROW}h ${minutes % 60}${NARROW}min`
}

const grouped = new Intl.NumberFormat(LANGUAGE, { maximumFractionDigits: 0 })
const calendarDay = new Intl.DateTimeFormat(DAY_LANGUAGE, { timeZone: 'UTC', day: 'numeric', month: 'short' })
const calendarYear = new Intl.DateTimeFormat(DAY_LANGUAGE, {
  timeZone: 'UTC',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
})

interface CurrencyFormats {
  readonly digits: number
  readonly whole: Intl.NumberFormat
  readonly cents: Intl.NumberFormat
  readonly rough: Intl.NumberFormat
}

/** There are some 300 currencies at most. */
const byCurrency = new Map<string, CurrencyFormats>()

function currencyOf(currency: string): CurrencyFormats {
  const known = byCurrency.get(currency)
  if (known !== undefined) return known
  const digits = minorDigits(currency)
  const format = (fraction: number) =>
    new Intl.NumberFormat(LANGUAGE, {
      style: 'currency',
      currency,
      minimumFractionDigits: fraction,
      maximumFractionDigits: fraction,
    })
  const rough = new Intl.NumberFormat(LANGUAGE, {
    style: 'currency',
    currency,
    notation: 'compact',
    maximumFractionDigits: 1,
  })
  const made = { digits, whole: format(0), cents: format(digits), rough }
  byCurrency.set(currency, made)
  return made
}
