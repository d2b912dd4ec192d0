import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  editDistance,
  isOneEditApart,
  key,
  nearestNames,
  plainWords,
  valueKey,
  words,
} from '../../../models/features/words.ts'

describe('words of a header', () => {
  it.each([
    ['MonthlyCharges', ['monthly', 'charges']],
    ['avg_daily_usage_min', ['avg', 'daily', 'usage', 'min']],
    ['Account.AnnualRevenue__c', ['account', 'annual', 'revenue']],
    ['SBQQ__RenewalDate__c', ['renewal', 'date']],
    ['Is_VIP__pc', ['is', 'vip']],
    ['a__b', ['a', 'b']],
    ['customerID', ['customer', 'id']],
    ['Kündigungsgrund', ['kundigungsgrund']],
    ['AgeHH1', ['age', 'hh', '1']],
    ['', []],
  ])('splits %s', (header, expected) => expect(words(header)).toEqual(expected))

  it('reads within a sentence, abbreviations kept', () => {
    expect(plainWords('NumOfProducts')).toBe('number of products')
    expect(plainWords('Total_Ct_Chng_Q4_Q1')).toBe('total count change Q4 Q1')
    expect(plainWords('Months_Inactive_12_mon')).toBe('months inactive 12 months')
    expect(plainWords("Int'l Plan")).toBe('international plan')
    expect(plainWords('logins_30d')).toBe('logins 30d')
    expect(plainWords('CLTV')).toBe('CLTV')
    expect(plainWords('€')).toBe('€')
  })
})

describe('keys', () => {
  it('forget case, accents and signs', () => expect(key('Month-to-month')).toBe(key('month TO mónth')))

  it('tell values apart that differ by sign or comparison', () => {
    expect(valueKey('-1')).not.toBe(valueKey('1'))
    expect(valueKey('<5')).not.toBe(valueKey('>5'))
    expect(valueKey('1.0')).toBe(valueKey('1'))
    expect(valueKey('A+')).not.toBe(valueKey('A'))
  })
})

describe('nearest names', () => {
  const headers = ['customerID', 'Partner', 'Contract', 'MonthlyCharges', 'Churn']

  it('finds what was meant', () => {
    expect(nearestNames('churned', headers)).toEqual(['Churn'])
    expect(nearestNames('Chrun', headers)).toEqual(['Churn'])
    expect(nearestNames('monthly charge', headers)).toEqual(['MonthlyCharges'])
  })

  it('finds nothing where nothing is near', () => expect(nearestNames('Attrition', headers)).toEqual([]))

  it('measures a distance that is symmetric and zero only for equals', () => {
    const text = fc.string({ maxLength: 12 })
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a))
        expect(editDistance(a, b) === 0).toBe(a === b)
        expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length))
      }),
    )
  })

  it('is told to be one without being counted', () => {
    // Two letters, so that pairs at a distance of 0, 1 and 2 are all frequent.
    const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 6 })
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(isOneEditApart(a, b)).toBe(editDistance(a, b) === 1)
      }),
      { numRuns: 3000 },
    )
  })
})
