import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CLOSING_MS, isAlways, nextOpening, startOfDay, type Opening } from '../../src/loop/quiet-hours.ts'
import { DAY_MS, isPlace, localTime, placeOf, weekendOf, zonesOfCountry } from '../../src/loop/zones.ts'
import { guardSettings, type Hours } from '../../src/settings/guard.ts'
import { clockOf } from '../support/wall-clock.ts'

const HOURS: Hours = { from: '08:00', to: '21:00', days: 'every' }
const opening = (hours: Partial<Hours> = {}, rest: Partial<Opening> = {}): Opening => ({
  hours: { ...HOURS, ...hours },
  holidays: {},
  company: true,
  ...rest,
})
const inZone = (zone: string, country: string | null = null) => placeOf({ zone, country, phoneCountry: null })
const open = (zone: string, from: string, differs: Opening = opening(), country: string | null = null) =>
  nextOpening(differs, inZone(zone, country), {
    from: new Date(from),
    before: new Date(Date.parse(from) + 90 * DAY_MS),
  })?.toISOString()

describe('the hours in which somebody may be contacted', () => {
  it('are open from eight to two minutes before nine in the evening, where the person is', () => {
    expect(open('Europe/Vienna', '2026-01-15T06:59:59.999Z')).toBe('2026-01-15T07:00:00.000Z')
    expect(open('Europe/Vienna', '2026-01-15T07:00:00.000Z')).toBe('2026-01-15T07:00:00.000Z')
    expect(open('Europe/Vienna', '2026-01-15T19:57:59.999Z')).toBe('2026-01-15T19:57:59.999Z')
    expect(open('Europe/Vienna', '2026-01-15T19:58:00.000Z')).toBe('2026-01-16T07:00:00.000Z')
  })

  it('begin an hour earlier in UTC on the morning after the clocks went forward, and later when they went back', () => {
    expect(open('America/New_York', '2026-03-08T03:00:00Z')).toBe('2026-03-08T12:00:00.000Z')
    expect(open('America/New_York', '2026-11-01T03:00:00Z')).toBe('2026-11-01T13:00:00.000Z')
  })

  it('begin at three where the clocks jump over the hour at which they would have', () => {
    const early = opening({ from: '02:30', to: '23:00' })
    expect(open('Europe/Vienna', '2026-03-28T23:00:00Z', early)).toBe('2026-03-29T01:00:00.000Z')
  })

  it('are over where the clocks jump past their end, and come back with the hour that there is twice', () => {
    const early = opening({ from: '01:00', to: '02:30' })
    expect(open('Europe/Vienna', '2026-03-29T00:59:30Z', early)).toBe('2026-03-29T23:00:00.000Z')
    expect(open('Europe/Vienna', '2026-10-25T00:45:00Z', early)).toBe('2026-10-25T01:00:00.000Z')
  })

  it('know zones at half and quarter hours', () => {
    expect(open('Asia/Kathmandu', '2026-05-01T00:00:00Z')).toBe('2026-05-01T02:15:00.000Z')
    expect(open('Asia/Kolkata', '2026-05-01T00:00:00Z')).toBe('2026-05-01T02:30:00.000Z')
    // Half an hour is what its clocks change by.
    expect(open('Australia/Lord_Howe', '2026-04-03T20:00:00Z')).toBe('2026-04-03T21:00:00.000Z')
    expect(open('Australia/Lord_Howe', '2026-04-04T20:00:00Z')).toBe('2026-04-04T21:30:00.000Z')
  })

  it('know of a day that never was', () => {
    // Samoa went from Thursday the 29th to Saturday the 31st of December 2011.
    expect(open('Pacific/Apia', '2011-12-30T09:00:00Z')).toBe('2011-12-30T18:00:00.000Z')
    const business = opening({ days: 'business' })
    expect(open('Pacific/Apia', '2011-12-30T09:00:00Z', business)).toBe('2012-01-01T18:00:00.000Z')
    expect(startOfDay('Pacific/Apia', Date.UTC(2011, 11, 30) / DAY_MS)).toBe(Date.UTC(2011, 11, 30, 10))
  })

  it('are on business days where the customer is a company, by the weekend of its country', () => {
    const companies = opening({ days: 'companies' })
    const friday = '2026-01-16T20:30:00Z'
    expect(open('Europe/Vienna', friday, companies)).toBe('2026-01-19T07:00:00.000Z')
    expect(open('Europe/Vienna', friday, { ...companies, company: false })).toBe('2026-01-17T07:00:00.000Z')
    expect(open('Asia/Riyadh', '2026-01-15T20:00:00Z', companies, 'SA')).toBe('2026-01-18T05:00:00.000Z')
  })

  it('leave holidays out, those of everybody and those of a country, those of one year and those of each', () => {
    const holidays = { all: ['12-25'], AT: ['2026-12-28'] }
    const business = opening({ days: 'business' }, { holidays })
    const evening = '2026-12-24T21:00:00Z'
    expect(open('Europe/Vienna', evening, business, 'AT')).toBe('2026-12-29T07:00:00.000Z')
    expect(open('Europe/Berlin', evening, business, 'DE')).toBe('2026-12-28T07:00:00.000Z')
    const leap = opening({ days: 'business' }, { holidays: { all: ['02-29'] } })
    expect(open('Europe/Vienna', '2028-02-28T21:00:00Z', leap)).toBe('2028-03-01T07:00:00.000Z')
  })

  it('are those that all plausible zones allow', () => {
    const place = placeOf({ zone: null, country: 'US', phoneCountry: null })
    const at = nextOpening(opening(), place, {
      from: new Date('2026-01-15T00:00:00Z'),
      before: new Date('2026-02-15T00:00:00Z'),
    })
    // Eight in the morning on Hawaii and Adak is one in the afternoon in New York.
    expect(at?.toISOString()).toBe('2026-01-15T00:00:00.000Z')
    const later = nextOpening(opening(), place, {
      from: new Date('2026-01-15T02:00:00Z'),
      before: new Date('2026-02-15T00:00:00Z'),
    })
    expect(later?.toISOString()).toBe('2026-01-15T18:00:00.000Z')
  })

  it('are never where two halves of the world have to agree, or nothing is known', () => {
    const span = { from: new Date('2026-01-15T00:00:00Z'), before: new Date('2027-01-15T00:00:00Z') }
    const across = placeOf({ zone: null, country: 'IN', phoneCountry: 'US' })
    expect(nextOpening(opening(), across, span)).toBeNull()
    const unknown = placeOf({ zone: 'Etc/UTC', country: null, phoneCountry: null })
    expect(nextOpening(opening(), unknown, span)).toBeNull()
    const always = opening({ from: '00:00', to: '24:00' })
    expect(isAlways(always)).toBe(true)
    expect(nextOpening(always, unknown, span)).toEqual(span.from)
  })

  it('end for good at the time before which they have to open', () => {
    const from = new Date('2026-01-15T22:00:00Z')
    const until = (before: string) =>
      nextOpening(opening(), inZone('Europe/Vienna'), { from, before: new Date(before) })
    expect(until('2026-01-16T07:00:00Z')).toBeNull()
    expect(until('2026-01-16T07:00:00.001Z')).toEqual(new Date('2026-01-16T07:00:00Z'))
  })

  it('are found as the first that the clock on the wall shows, in any zone at any time', () => {
    const zones = Intl.supportedValuesOf('timeZone').filter(isPlace)
    const minuteOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: Date.UTC(2000, 0, 1) / 60_000, max: Date.UTC(2040, 0, 1) / 60_000 }),
        fc.integer({ min: 0, max: 80 }),
        fc.integer({ min: 1, max: 16 }),
        (zone, minutes, first, length) => {
          const time = (quarters: number) =>
            `${String(Math.floor(quarters / 4)).padStart(2, '0')}:${String((quarters % 4) * 15).padStart(2, '0')}`
          const hours: Hours = { from: time(first), to: time(Math.min(96, first + length)), days: 'every' }
          const from = new Date(minutes * 60_000)
          const found = nextOpening(opening(hours), inZone(zone), {
            from,
            before: new Date(from.getTime() + 3 * DAY_MS),
          })
          const isOpen = (at: number): boolean => {
            const { minute } = clockOf(zone, at)
            return minute >= minuteOf(hours.from) && minute < minuteOf(hours.to)
          }
          if (found === null) return false
          if (!isOpen(found.getTime()) || !isOpen(found.getTime() + CLOSING_MS)) return false
          // Nothing before it was open, looked at every quarter of an hour.
          for (let at = from.getTime(); at < found.getTime(); at += 900_000)
            if (isOpen(at) && isOpen(at + CLOSING_MS)) return false
          return true
        },
      ),
      { numRuns: 150 },
    )
  })
})

describe('where somebody is', () => {
  it('is told by their own zone, or by all zones of their country and that of their phone', () => {
    const vienna = { zone: 'Europe/Vienna', country: 'US', phoneCountry: 'NZ' }
    expect(placeOf(vienna)).toEqual({ zones: ['Europe/Vienna'], countries: ['US'] })
    expect(placeOf({ ...vienna, zone: null, country: 'AT' }).zones).toEqual(
      expect.arrayContaining(['Europe/Vienna', 'Pacific/Auckland', 'Pacific/Chatham']),
    )
    expect(zonesOfCountry('PT')).toEqual(['Atlantic/Azores', 'Atlantic/Madeira', 'Europe/Lisbon'])
  })

  it('is not told by UTC, by an offset, or by what is no country', () => {
    for (const zone of ['UTC', 'Etc/UTC', 'GMT', 'Etc/GMT+5', '+05:30', 'Mars/Olympus'])
      expect(isPlace(zone), zone).toBe(false)
    for (const country of ['ZZ', 'EU', 'x', 'Austria', '', '001']) expect(zonesOfCountry(country)).toEqual([])
    expect(weekendOf('nowhere')).toEqual([6, 7])
  })

  it('has a calendar day of its own', () => {
    const at = Date.UTC(2028, 1, 29, 11)
    expect(new Date(localTime('Pacific/Kiritimati', at).day * DAY_MS).toISOString().slice(0, 10)).toBe(
      '2028-03-01',
    )
    expect(new Date(localTime('Pacific/Niue', at).day * DAY_MS).toISOString().slice(0, 10)).toBe('2028-02-29')
  })
})

describe('the settings of hours', () => {
  const refused = (given: object): string | undefined =>
    guardSettings
      .safeParse(given)
      .error?.issues.map(({ path }) => path.join('.'))
      .join()

  it('refuse hours that are none, days that are none, and countries that are none', () => {
    expect(refused({ email: { from: '21:00', to: '08:00' } })).toBe('email.to')
    expect(refused({ sms: { from: '08:00', to: '08:10' } })).toBe('sms.to')
    expect(refused({ call: { from: '8:00' } })).toBe('call.from')
    expect(refused({ email: { to: '24:30' } })).toBe('email.to')
    expect(refused({ holidays: { AT: ['02-30'] } })).toBe('holidays.AT.0')
    expect(refused({ holidays: { AT: ['2027-02-29'] } })).toBe('holidays.AT.0')
    expect(refused({ holidays: { Austria: ['12-25'] } })).toBe('holidays.Austria')
    expect(refused({ perDay: -1 })).toBe('perDay')
    expect(refused({ holidays: { all: ['02-29', '2028-02-29'] }, email: { to: '24:00' } })).toBeUndefined()
  })
})
