/**
 * Time as people have it where they are. Offsets come from the time zone database inside Node (ICU), so that every
 * clock change that it knows counts; which zones a country has comes from there as well.
 */

export const DAY_MS = 86_400_000

/** A day of the calendar, counted from 1970-01-01, and what has passed of it on the clock on the wall. */
export interface LocalTime {
  readonly day: number
  /** 0 to 86,399,999. */
  readonly ms: number
}

/**
 * @param at milliseconds since 1970-01-01 UTC
 * @throws RangeError for a zone that Node does not know: see {@link isPlace}
 * @example
 * localTime('Asia/Kolkata', 0) // { day: 0, ms: 19_800_000 }
 */
export function localTime(zone: string, at: number): LocalTime {
  const local = at + offsetAt(zone, at)
  const day = Math.floor(local / DAY_MS)
  return { day, ms: local - day * DAY_MS }
}

/**
 * By how much the clocks of a zone are ahead of UTC at an instant, in milliseconds.
 *
 * @example
 * offsetAt('Australia/Lord_Howe', Date.UTC(2026, 0, 1)) // 39_600_000
 */
export function offsetAt(zone: string, at: number): number {
  let format = formats.get(zone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
    formats.set(zone, format)
  }
  // "1/1/2026, GMT+05:30"; "GMT" alone is none, and seconds stand only in old times.
  const [, sign, hours, minutes, seconds = '0'] = OFFSET.exec(format.format(at)) ?? []
  if (sign === undefined) return 0
  const size = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000
  return sign === '+' ? size : -size
}

const OFFSET = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/
/** A formatter takes some 250 microseconds to make, and there are no more of them than zones. */
const formats = new Map<string, Intl.DateTimeFormat>()

/**
 * Whether a zone tells where somebody is. UTC and fixed offsets are what software writes that does not know, and say
 * nothing of clock changes.
 *
 * @example
 * isPlace('Europe/Vienna') // true
 * isPlace('Etc/UTC') // false
 */
export function isPlace(zone: string): boolean {
  if (/^(Etc\/|UTC|GMT|UCT|Zulu|Universal|Greenwich|Factory|[+-])/i.test(zone)) return false
  try {
    offsetAt(zone, 0)
    return true
  } catch {
    return false
  }
}

/**
 * All zones of a country, none for what is no country.
 *
 * @param country ISO 3166-1 alpha-2
 * @example
 * zonesOfCountry('AT') // ['Europe/Vienna']
 */
export function zonesOfCountry(country: string): readonly string[] {
  let zones = zonesBy.get(country)
  if (zones === undefined) {
    zones = /^[A-Z]{2}$/.test(country) ? (localeOf(country).getTimeZones?.() ?? []) : []
    if (zonesBy.size < 1000) zonesBy.set(country, zones)
  }
  return zones
}

const zonesBy = new Map<string, readonly string[]>()

/**
 * Days of the week on which a country does not work, 1 for Monday to 7 for Sunday.
 *
 * @example
 * weekendOf('AT') // [6, 7]
 * weekendOf('SA') // [5, 6]
 */
export function weekendOf(country: string): readonly number[] {
  let weekend = weekends.get(country)
  if (weekend === undefined) {
    weekend = /^[A-Z]{2}$/.test(country) ? (localeOf(country).getWeekInfo?.().weekend ?? USUAL) : USUAL
    if (weekends.size < 1000) weekends.set(country, weekend)
  }
  return weekend
}

const USUAL: readonly number[] = [6, 7]
const weekends = new Map<string, readonly number[]>()

/** Of ECMA-402's Intl Locale Info, which TypeScript's library does not describe yet. */
interface LocaleInfo {
  getTimeZones?(): string[] | undefined
  getWeekInfo?(): { readonly weekend: readonly number[] }
}

const localeOf = (country: string): LocaleInfo => new Intl.Locale(`und-${country}`) as LocaleInfo

/** What is known of where a person is. */
export interface Whereabouts {
  /** IANA; null unknown. */
  readonly zone: string | null
  /** ISO 3166-1 alpha-2; null unknown. */
  readonly country: string | null
  /** Of the phone number, the same. */
  readonly phoneCountry: string | null
}

/** All that a person's own time may be, and the calendars that may count for them. */
export interface Place {
  /** Empty: nothing is known. */
  readonly zones: readonly string[]
  readonly countries: readonly string[]
}

/**
 * The person's own zone; where it is unknown, every zone of the country and of the phone number's country. The zone
 * of the account says nothing of a person and is no evidence.
 *
 * @example
 * placeOf({ zone: null, country: 'PT', phoneCountry: null }).zones
 * // ['Atlantic/Azores', 'Atlantic/Madeira', 'Europe/Lisbon']
 */
export function placeOf({ zone, country, phoneCountry }: Whereabouts): Place {
  const countries = [...new Set([country, phoneCountry])].filter((one) => one !== null)
  if (zone !== null && isPlace(zone))
    return { zones: [zone], countries: country === null ? countries : [country] }
  return { zones: [...new Set(countries.flatMap(zonesOfCountry))], countries }
}
