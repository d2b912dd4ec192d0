import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readPeriod } from '../../../connectors/agreement-values.ts'
import { isoTime, readValue } from '../../../connectors/hubspot/values.ts'

describe('values of properties', () => {
  it.each([
    ['number', '49.90', 49.9],
    ['number', '-3e2', -300],
    ['number', 'twelve', 'twelve'],
    ['bool', 'true', true],
    ['bool', 'false', false],
    ['date', '2027-01-31', '2027-01-31'],
    ['date', '1969-12-31', '1969-12-31'],
    ['date', '-86400000', '1969-12-31'],
    ['date', '-2208988800000', '1900-01-01'],
    ['date', '1798675200000', '2026-12-31'],
    ['date', '2027-01-31T00:00:00Z', '2027-01-31'],
    ['date', '2027-02-30', '2027-02-30'],
    ['date', 'soon', 'soon'],
    ['datetime', '1969-07-20T20:17:40.000Z', '1969-07-20T20:17:40.000Z'],
    ['datetime', '-14182940000', '1969-07-20T20:17:40.000Z'],
    ['datetime', '2026-11-21T08:00:00Z', '2026-11-21T08:00:00.000Z'],
    ['datetime', '2026-11-21T08:00:00', '2026-11-21T08:00:00.000Z'],
    ['datetime', '2026-11-21T08:00:00+0200', '2026-11-21T06:00:00.000Z'],
    ['datetime', '2026-11-21', '2026-11-21T00:00:00.000Z'],
    ['enumeration', '183429', '183429'],
    ['string', '007', '007'],
    ['string', 'Zoë\u0000\u001b[1m 👩‍🚀\r\n', 'Zoë\u0000\u001b[1m 👩‍🚀\r\n'],
  ] as const)('reads a %s "%s"', (type, text, value) => {
    expect(readValue(type, text)).toBe(value)
  })

  it('reads nothing as nothing, whatever the type', () => {
    for (const type of ['number', 'bool', 'date', 'datetime', 'enumeration', 'string'] as const) {
      expect(readValue(type, '')).toBeNull()
      expect(readValue(type, null)).toBeNull()
      expect(readValue(type, undefined)).toBeNull()
    }
  })

  it('reads a time alike, written as milliseconds and as ISO 8601', () => {
    const times = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
    fc.assert(
      fc.property(times, (time) => {
        expect(isoTime(time.toISOString())).toBe(time.toISOString())
        expect(isoTime(String(time.getTime()))).toBe(time.toISOString())
        expect(readValue('date', String(time.getTime()))).toBe(time.toISOString().slice(0, 10))
      }),
    )
  })

  it('loses no text: what is not of its type stays as it is', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'binary' }), (text) => {
        expect(readValue('string', text)).toBe(text)
        for (const type of ['number', 'bool', 'date', 'datetime'] as const)
          expect(readValue(type, text)).not.toBeNull()
      }),
    )
  })
})

it.each([
  ['12', 12],
  ['1.0', 1],
  ['P12M', 12],
  ['P1Y', 12],
  ['p2y6m', 30],
  ['Quarterly', 3],
  ['per_six_months', 6],
  ['0', null],
  ['', null],
  ['P30D', null],
  ['now and then', null],
])('reads a period "%s"', (text, months) => expect(readPeriod(text)).toBe(months))
