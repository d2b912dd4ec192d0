import * as fc from 'fast-check'
import { getCountries, getExampleNumber } from 'libphonenumber-js/max'
import examples from 'libphonenumber-js/mobile/examples'
import { describe, expect, it } from 'vitest'
import { parsePhone, phoneIdentity } from '../../../actions/sms/phone.ts'
import { hashAddress } from '../../../src/security/address-hash.ts'

const problem = (raw: string, country: string | null): string => {
  const parsed = parsePhone(raw, country)
  return 'problem' in parsed ? parsed.problem : `none: ${parsed.e164}`
}

describe('reading a telephone number', () => {
  it.each([
    ['0171 1234567', 'DE', '+491711234567', 'DE'],
    ['+49 (0)171 123-4567', 'FR', '+491711234567', 'DE'],
    ['0049 171 1234567', null, '+491711234567', 'DE'],
    ['(415) 555-2671', 'us', '+14155552671', 'US'],
    ['07400 123456', 'GB', '+447400123456', 'GB'],
    ['\u202a+44 7400 123456\u202c', null, '+447400123456', 'GB'],
    ['＋４４ ７４００ １２３４５６', null, '+447400123456', 'GB'],
  ])('takes %s of somebody in %s for %s', (raw, country, e164, of) => {
    expect(parsePhone(raw, country)).toEqual({ e164, country: of })
  })

  it.each([
    ['0171 1234567', null, /no country code, and the country of the contact is not known/],
    ['0171 1234567', 'Germany', /"GERMANY" is no country that is known/],
    ['030 1234567', 'DE', /is a landline/],
    ['+1 800 555 0199', null, /toll-free/],
    ['0900 5 123456', 'DE', /premium/],
    ['+44 7400 123456 ext. 12', null, /extension/],
    ['0171 1234567 / 0172 1234567', 'DE', /too long|two in one field/],
    ['call 0171 1234567', 'DE', /no telephone number/],
    ['+999 123456', null, /country code of the number does not exist/],
    ['+49', null, /too short|no telephone number/],
    ['', 'DE', /There is no number/],
    [' \u200b ', 'DE', /There is no number/],
    ['1'.repeat(1000), 'DE', /too long/],
    ['+1 555 555 5555', null, /No such number exists/],
  ])('says what is wrong with "%s" (%s)', (raw, country, words) => {
    expect(problem(raw, country)).toMatch(words)
  })

  it("never reads a number without its country as one of the account's or any other country", () => {
    expect(parsePhone('0664 1234567', 'AT')).toEqual({ e164: '+436641234567', country: 'AT' })
    expect(parsePhone('0664 1234567', null)).toHaveProperty('problem')
  })

  it('knows a mobile number of each country, as people there write it and as E.164, for the same', () => {
    for (const country of getCountries()) {
      const example = getExampleNumber(country, examples)!
      const e164 = { e164: example.number }
      // The country may be another one that shares the code and the numbers, such as +358.
      expect(parsePhone(example.number, null)).toMatchObject(e164)
      expect(parsePhone(example.formatNational(), country)).toMatchObject(e164)
      expect(phoneIdentity(example.formatInternational(), null)).toBe(example.number)
    }
  })

  it('either reads E.164 out of anything, which it then reads the same, or says a sentence', () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789+-() ./x'), maxLength: 30 })
    const country = fc.option(fc.constantFrom(...getCountries(), 'XX', ''))
    fc.assert(
      fc.property(fc.oneof(digits, fc.string({ unit: 'binary' })), country, (raw, home) => {
        const parsed = parsePhone(raw, home)
        if ('problem' in parsed) expect(parsed.problem).toMatch(/^[A-Z].*\.$/s)
        else {
          expect(parsed.e164).toMatch(/^\+[1-9]\d{6,14}$/)
          expect(parsePhone(parsed.e164, null)).toEqual(parsed)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('gives each form of a number the hash of its E.164, so that a STOP from it finds them all', () => {
    const key = Buffer.alloc(32, 7)
    const hash = (raw: string, country: string | null) =>
      hashAddress(key, 'phone', phoneIdentity(raw, country)!)
    const stop = hashAddress(key, 'phone', '+491711234567')
    for (const raw of ['0171/1234567', '+49 171 1234567', '0049-171-1234567'])
      expect(hash(raw, 'DE')).toEqual(stop)
    expect(phoneIdentity('030 1234567', 'DE')).toBe('+49301234567')
  })
})
