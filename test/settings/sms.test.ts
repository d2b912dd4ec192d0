import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkTemplates, parseServiceSettings } from '../../src/settings/service.ts'
import { smsCost } from '../../src/settings/sms-cost.ts'

const of = (sms: object) => parseServiceSettings({ sms }).sms

describe('what a text costs', () => {
  it.each([
    [1, 'DE', 'EUR', 8],
    [2, 'DE', 'EUR', 15],
    [3, 'US', 'USD', 3],
    [2, 'AT', 'EUR', 10],
    [2, null, 'EUR', 10],
    [2, 'DE', 'JPY', 1],
    [0, 'DE', 'EUR', 0],
  ])('is %i parts to %s in %s, rounded up to the minor unit', (segments, country, currency, minor) => {
    const prices = of({ pricePerSegment: 0.05, pricesByCountry: { DE: 0.075, US: 0.0083 } })
    expect(smsCost(segments, country, prices, currency)).toBe(minor)
  })

  it('is not known without a price', () => {
    expect(smsCost(2, 'DE', of({}), 'EUR')).toBeNull()
    expect(smsCost(2, 'constructor', of({}), 'EUR')).toBeNull()
    expect(smsCost(2, 'DE', of({ pricesByCountry: { DE: 0 } }), 'EUR')).toBe(0)
  })

  it('never is less than the parts cost, and never a minor unit more', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 20 }),
        fc.integer({ min: 0, max: 1_000_000 }),
        (segments, tenThousandths) => {
          const exact = (segments * tenThousandths) / 100
          const cost = smsCost(segments, null, of({ pricePerSegment: tenThousandths / 10_000 }), 'EUR')!
          expect(cost).toBe(Math.ceil(exact))
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('settings of texts', () => {
  it.each([
    [{ accountSid: 'AC1' }, /sms.accountSid: .*32 hexadecimal digits/],
    [{ messagingServiceSid: 'SK1' }, /sms.messagingServiceSid/],
    [{ number: 'Acme' }, /sms.number: It has to be a number/],
    [{ pricesByCountry: { Germany: 1 } }, /sms.pricesByCountry.Germany/],
    [{ templates: { en: { sms: '' } } }, /sms.templates.en.sms/],
  ])('say what is wrong with %j', (sms, words) => {
    expect(() => of(sms)).toThrow(words)
  })

  it('refuse a text that cannot be rendered', () => {
    const check = (text: string) => () =>
      checkTemplates(parseServiceSettings({ sms: { templates: { en: { sms: text } } } }))
    expect(check('Hello {{ recipient.name }}')).not.toThrow()
    expect(check('Hello {{ risk }}')).toThrow(/"sms" in "en".*line 1: it names "risk"/)
    expect(check('{{ offer.percent }} off')).toThrow(/makes none/)
  })
})
