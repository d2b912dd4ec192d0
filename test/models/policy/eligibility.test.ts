import { describe, expect, it } from 'vitest'
import { ineligible } from '../../../models/policy/eligibility.ts'
import type { Eligibility, EligibilityFacts } from '../../../src/contracts/eligibility.ts'
import { stillEligible } from '../../../src/loop/still-eligible.ts'
import { eligibility } from '../../../src/settings/eligibility.ts'
import { parseServiceSettings } from '../../../src/settings/service.ts'

const known: Readonly<Record<string, number>> = { tenureMonths: 3, discountInForce: Math.fround(0.1) }
const facts: EligibilityFacts = {
  level: 'HIGH',
  object: 'companies',
  country: 'AT',
  number: (name) => known[name] ?? NaN,
}

describe('eligibility', () => {
  it.each<[string, Eligibility | undefined, string | null]>([
    ['no condition', undefined, null],
    ['conditions that all hold', { levels: ['HIGH'], objects: ['companies'], countries: ['AT'] }, null],
    ['another level', { levels: ['LOW'] }, 'is for customers at the level LOW, not HIGH'],
    ['a list without entries', { countries: [] }, 'is for nobody, not AT'],
    [
      'too short a tenure',
      { where: { tenureMonths: { atLeast: 6 } } },
      'is for customers with at least 6 months as a customer; this one has 3',
    ],
    [
      'what is not known',
      { where: { engagement: { atMost: 50 } } },
      'is for customers with at most 50 points of engagement; of this one it is not known',
    ],
    ['a limit that was a float32 on its way', { where: { discountInForce: { atMost: 0.1 } } }, null],
  ])('says why for %s', (_, rule, why) => {
    expect(ineligible(rule, facts)).toBe(why)
  })

  it('is refused in the settings where it means nothing or names what nobody knows', () => {
    for (const wrong of [
      { where: { tenureMonths: {} } },
      { where: { tenureMonths: { atLeast: 6, atMost: 3 } } },
      { where: { shoeSize: { atLeast: 40 } } },
      { countries: ['Austria'] },
      { levels: ['high'] },
      { level: ['HIGH'] },
    ])
      expect(eligibility.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false)
    expect(
      eligibility.safeParse({ levels: ['HIGH'], where: { monthlyAmount: { atLeast: 20 } } }).success,
    ).toBe(true)
  })

  it('is asked again before sending, in the reporting currency, and an objection stops what a score led to', () => {
    const settings = parseServiceSettings({ currency: { file: 'EUR', reporting: 'USD', rate: 1.1 } })
    const fact = {
      object: 'companies',
      level: 'HIGH',
      context: { tenureMonths: 12 },
      monthlyMinor: 10_000,
      currency: 'EUR',
      objects: false,
    } as const
    const action = { key: 'email', eligibility: { where: { monthlyAmount: { atLeast: 105 } } } }
    const asked = { action, country: null, settings, byPolicy: true }
    expect(stillEligible(fact, asked)).toBeNull()
    expect(stillEligible({ ...fact, monthlyMinor: 9000 }, asked)).toEqual({
      to: 'suppressed',
      code: 'not_eligible',
      reason:
        'Not sent: by the settings "Send Email" is for customers with at least 105 paid a month; this one has 99.',
    })
    expect(stillEligible({ ...fact, objects: true }, asked)?.code).toBe('profiling_objection')
    expect(stillEligible({ ...fact, objects: true }, { ...asked, byPolicy: false })).toBeNull()
    expect(stillEligible(undefined, asked)?.code).toBe('not_eligible')
  })
})
