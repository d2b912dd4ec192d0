import { describe, expect, it } from 'vitest'
import { featureText, sliderSpan } from '../../src/admin/words/feature-values.ts'
import { plainFormats } from '../../src/admin/words/formats.ts'
import { sumText } from '../../src/admin/words/sums.ts'

const words = plainFormats({ now: new Date('2026-11-22T12:00:00Z'), zone: 'UTC' })
const sum = (amounts: Readonly<Record<string, number>>, minor: number, complete = true) => ({
  byCurrency: Object.entries(amounts).map(([currency, minor]) => ({ currency, minor })),
  reporting: { currency: 'EUR', minor, complete },
})

describe('sums of money in words', () => {
  it('are exact in one currency, and "about" where rates were needed', () => {
    expect(sumText(sum({ EUR: 5913396 }, 5913396), words)).toBe('€59,134')
    expect(sumText(sum({ EUR: 100_00, USD: 50_00 }, 146_00), words)).toBe('about €146')
    expect(sumText(sum({}, 0), words)).toBe('€0')
  })

  it('name each currency where a rate is missing, and say that there are more', () => {
    expect(sumText(sum({ EUR: 100_00, XAF: 5000 }, 100_00, false), words)).toBe('€100 and FCFA\u00a05,000')
    const many = { EUR: 1e4, USD: 1e4, GBP: 1e4, CHF: 1e4, SEK: 1e4 }
    expect(sumText(sum(many, 1e4, false), words)).toBe('€100, $100, £100 and amounts in 2 more currencies')
  })

  it('are rough from a million on, where their size is all that is asked', () => {
    expect(words.roughly(557658408, 'EUR')).toBe('€5.6\u00a0M')
    expect(words.roughly(-2_400_000_00, 'EUR')).toBe('−€2.4\u00a0M')
    expect(words.roughly(99_999_900, 'EUR')).toBe('€999,999')
    expect(words.roughly(1e6, 'JPY')).toBe('¥1\u00a0M')
  })
})

describe('values of features while they are moved', () => {
  const text = (
    unit: 'months' | 'share' | 'money' | 'count' | null,
    value: number | string | boolean | null,
  ) => featureText({ unit }, value, { currency: 'EUR', words })

  it('are said with their unit', () => {
    expect(text('months', 24.47689)).toBe('24.5 months')
    expect(text('months', 1)).toBe('1 month')
    expect(text('share', -0.42)).toBe('−42\u00a0%')
    expect(text('money', 2975.61)).toBe('2,976 EUR')
    expect(text('count', 0)).toBe('0')
    expect(text(null, '(other)')).toBe('Something rarer')
    expect(text(null, true)).toBe('Yes')
    expect(text('months', null)).toBe('not known')
  })

  it('have room on the slider wherever the own value lies', () => {
    expect(sliderSpan({ min: 6, max: 392, step: 2 }, 2975)).toEqual({ min: 6, max: 2975, step: 2 })
    expect(sliderSpan({ min: 6, max: 392, step: 2 }, null)).toEqual({ min: 6, max: 392, step: 2 })
  })
})
