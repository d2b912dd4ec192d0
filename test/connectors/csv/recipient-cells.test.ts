import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countryOf, languageOf, zoneOf } from '../../../connectors/csv/recipient-cells.ts'

describe('cells about a person', () => {
  it.each([
    ['UK', 'GB'],
    ['gb', 'GB'],
    ['United Kingdom', 'GB'],
    ['Österreich', 'AT'],
    ['Allemagne', 'DE'],
    ['U.S.A.', 'US'],
    [' usa ', 'US'],
    ['Czech Republic', 'CZ'],
    ['Georgia', 'GE'],
    ['EU', null],
    ['ZZ', null],
    ['Narnia', null],
    ['', null],
  ])('name the country %j as %j', (cell, code) => {
    expect(countryOf(cell)).toBe(code)
  })

  it.each([
    ['DE_at', 'de-AT'],
    ['en-gb', 'en-GB'],
    [' fr ', 'fr'],
    ['German', null],
    ['e', null],
    ['en--US', null],
  ])('name the language %j as %j', (cell, tag) => {
    expect(languageOf(cell)).toBe(tag)
  })

  it.each([
    ['europe/vienna', 'Europe/Vienna'],
    ['UTC', 'UTC'],
    ['Europe/Atlantis', null],
    ['+02:00', null],
  ])('name the time zone %j as %j', (cell, zone) => {
    expect(zoneOf(cell)).toBe(zone)
  })

  it('are in the codes that everybody else reads, or nothing, whatever stands in them', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'grapheme', maxLength: 8 })), (cell) => {
        const [country, language, zone] = [countryOf(cell), languageOf(cell), zoneOf(cell)]
        if (country !== null) expect(country).toMatch(/^[A-Z]{2}$/)
        if (language !== null) expect(Intl.getCanonicalLocales(language)).toEqual([language])
        if (zone !== null)
          expect(new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone).toBe(zone)
        // What is known is known the second time too, and reads as itself.
        expect(countryOf(country)).toBe(country)
        expect(languageOf(language)).toBe(language)
        expect(zoneOf(zone)).toBe(zone)
      }),
    )
  })
})
