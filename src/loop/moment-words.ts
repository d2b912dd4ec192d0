/** An instant as the person has it whom it is about: by the clock on the wall where they are, as far as that is known. */
import { offsetAt, type Place } from './zones.ts'

/**
 * @param about.now for the year, which is said where it is another one
 * @example
 * momentWords(until, { place: placeOf(recipient), now }) // 'Monday, 23 November, 08:00 in Berlin (Europe/Berlin)'
 */
export function momentWords(at: Date, { place, now }: { readonly place: Place; readonly now: Date }): string {
  const { zones, countries } = place
  if (zones.length === 0) return `${dayAndTime('UTC', at, now).join(', ')} UTC`
  const [first, last] = ends(zones, at)
  const [day, time] = dayAndTime(first, at, now)
  if (offsetAt(first, at.getTime()) === offsetAt(last, at.getTime())) {
    const where = zones.length > 1 && countries.length === 1 ? countryName(countries[0]) : zoneWords(first)
    return `${day}, ${time} in ${where}`
  }
  const [lastDay, lastTime] = dayAndTime(last, at, now)
  const then = lastDay === day ? lastTime : `${lastDay}, ${lastTime}`
  return `${day}, ${time} in ${zoneWords(first)} to ${then} in ${zoneWords(last)}`
}

/**
 * Where hours are looked at; of a place of which anything is known.
 *
 * @example
 * placeWords(placeOf({ zone: null, country: 'PT', phoneCountry: null })) // 'all 3 time zones of Portugal'
 */
export function placeWords({ zones, countries }: Place): string {
  if (zones.length === 1) return zoneWords(zones[0])
  return `all ${zones.length} time zones of ${countries.map(countryName).join(' and ')}`
}

/** Those whose clocks are farthest behind and ahead at an instant. */
function ends(zones: readonly string[], at: Date): readonly [string, string] {
  const sorted = zones
    .map((zone) => ({ zone, offset: offsetAt(zone, at.getTime()) }))
    .sort((a, b) => a.offset - b.offset)
  return [sorted[0].zone, sorted[sorted.length - 1].zone]
}

function zoneWords(zone: string): string {
  const known = RENAMED[zone] ?? zone
  return `${known.slice(known.lastIndexOf('/') + 1).replaceAll('_', ' ')} (${known})`
}

/** ICU keeps names that the time zone database has given up (its file `backward`). */
const RENAMED: Readonly<Record<string, string>> = {
  'Asia/Calcutta': 'Asia/Kolkata',
  'Asia/Katmandu': 'Asia/Kathmandu',
  'Asia/Rangoon': 'Asia/Yangon',
  'Asia/Saigon': 'Asia/Ho_Chi_Minh',
  'Atlantic/Faeroe': 'Atlantic/Faroe',
  'Europe/Kiev': 'Europe/Kyiv',
}

const regions = new Intl.DisplayNames('en', { type: 'region' })
const countryName = (code: string): string => regions.of(code) ?? code

function dayAndTime(zone: string, at: Date, now: Date): readonly [string, string] {
  const part = partsIn(zone, at)
  const year = part('year') === partsIn(zone, now)('year') ? '' : ` ${part('year')}`
  return [`${part('weekday')}, ${part('day')} ${part('month')}${year}`, `${part('hour')}:${part('minute')}`]
}

function partsIn(zone: string, at: Date): (type: Intl.DateTimeFormatPartTypes) => string {
  let format = formats.get(zone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      weekday: 'long',
      day: 'numeric',
      month: 'long',
      year: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
    formats.set(zone, format)
  }
  const parts = format.formatToParts(at)
  return (type) => parts.find((one) => one.type === type)?.value ?? ''
}

/** There are no more of them than zones, and one is dear to make. */
const formats = new Map<string, Intl.DateTimeFormat>()
