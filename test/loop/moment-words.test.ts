import { describe, expect, it } from 'vitest'
import { momentWords, placeWords } from '../../src/loop/moment-words.ts'
import { placeOf } from '../../src/loop/zones.ts'

const now = new Date('2026-11-20T12:00:00Z')
const at = (iso: string, ...zones: string[]) =>
  momentWords(new Date(iso), { place: { zones, countries: [] }, now })
const inCountries = (country: string | null, phoneCountry: string | null = null) =>
  placeOf({ zone: null, country, phoneCountry })

describe('an instant as the person has it', () => {
  it('names the day, the time on their clock, the city and the zone', () => {
    expect(at('2026-11-23T07:00:00Z', 'Europe/Berlin')).toBe(
      'Monday, 23 November, 08:00 in Berlin (Europe/Berlin)',
    )
    expect(at('2026-11-23T11:30:00Z', 'America/Argentina/Buenos_Aires')).toBe(
      'Monday, 23 November, 08:30 in Buenos Aires (America/Argentina/Buenos_Aires)',
    )
    expect(at('2026-11-23T02:30:00Z', 'Asia/Kolkata')).toContain('08:00 in Kolkata')
  })

  it('is another day there where it is, and says the year where it is another one', () => {
    expect(at('2026-11-22T18:00:00Z', 'Pacific/Kiritimati')).toContain('Monday, 23 November, 08:00')
    expect(at('2026-12-31T23:00:00Z', 'Europe/Berlin')).toContain('Friday, 1 January 2027, 00:00')
  })

  it('of a country with one time is told for the country', () => {
    const place = inCountries('DE')
    expect(place.zones.length).toBeGreaterThan(1)
    expect(momentWords(new Date('2026-11-23T07:00:00Z'), { place, now })).toBe(
      'Monday, 23 November, 08:00 in Germany',
    )
  })

  it('is told from the first clock to the last where it may be any of several', () => {
    expect(momentWords(new Date('2026-11-23T18:00:00Z'), { place: inCountries('PT'), now })).toBe(
      'Monday, 23 November, 17:00 in Azores (Atlantic/Azores) to 18:00 in Lisbon (Europe/Lisbon)',
    )
    expect(momentWords(new Date('2026-11-24T02:00:00Z'), { place: inCountries('IN', 'JP'), now })).toBe(
      'Tuesday, 24 November, 07:30 in Kolkata (Asia/Kolkata) to 11:00 in Tokyo (Asia/Tokyo)',
    )
    expect(momentWords(new Date('2026-11-23T20:00:00Z'), { place: inCountries('IN', 'US'), now })).toMatch(
      /^Monday, 23 November, \d\d:00 in .+ to Tuesday, 24 November, 01:30 in Kolkata \(Asia\/Kolkata\)$/,
    )
  })

  it('is told in UTC where nothing is known of the place', () => {
    expect(at('2026-11-23T07:00:00Z')).toBe('Monday, 23 November, 07:00 UTC')
  })
})

describe('a place in words', () => {
  it('is a city, a country with one time, or all the zones that it may be', () => {
    expect(placeWords({ zones: ['Europe/Berlin'], countries: ['DE'] })).toBe('Berlin (Europe/Berlin)')
    expect(placeWords(inCountries('IN', 'JP'))).toBe('all 2 time zones of India and Japan')
  })
})
