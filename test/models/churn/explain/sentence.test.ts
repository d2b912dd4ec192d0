import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Feature, Population } from '../../../../src/contracts/features.ts'
import { topReasons } from '../../../../models/churn/explain/reasons.ts'
import {
  NOTHING_STANDS_OUT,
  reasonSentence,
  reasonWriter,
} from '../../../../models/churn/explain/sentence.ts'
import { dictionary } from '../../../../models/features/dictionary.ts'

const quantiles = (median: number): number[] => Array.from({ length: 21 }, (_, i) => (median * i) / 10)
const known = (name: string): Feature => {
  const entry = dictionary.find((d) => d.name === name)
  if (entry === undefined || entry.kind === 'any') throw new Error(`no feature ${name}`)
  return {
    name,
    label: entry.label,
    kind: entry.kind,
    ...(entry.unit === undefined ? {} : { unit: entry.unit }),
    ...(entry.kind === 'category' ? { categories: (entry.categories ?? []).map((c) => c.value) } : {}),
  }
}
/** The sentence at a base rate of 10 %, where log-odds of .81 are twice the usual risk. */
const say = (feature: Feature, value: number, median = 1, contribution = Math.log(2.25)): string =>
  reasonSentence(feature, value, contribution, { missing: 0, quantiles: quantiles(median) }, 0.1)
const fact = (feature: Feature, value: number, median = 1): string =>
  say(feature, value, median).replace(': twice the usual risk', '')

describe('a reason', () => {
  it('is the fact, then the comparison', () => {
    expect(say(known('contract'), 0)).toBe('Month-to-month contract: twice the usual risk')
    expect(say(known('tenureMonths'), 2, 30, 0.54)).toBe('Customer for 2 months: 1.6 times the usual risk')
    expect(say(known('tenureMonths'), 60, 30, -0.75)).toBe('Customer for 5 years: half the usual risk')
    expect(say(known('techSupport'), 0, 1, 0.33)).toBe('No tech support: a third more risk than usual')
    expect(say(known('recurringAmount'), 105.5, 70.35)).toBe(
      'Pays 105.50 a month (typical: 70.35): twice the usual risk',
    )
    expect(say(known('paymentMethod'), NaN)).toBe('Payment method unknown: twice the usual risk')
  })

  it('states values as people do', () => {
    expect(fact(known('usageTrend'), -0.62)).toBe('Use fell 62 %')
    expect(fact(known('usageTrend'), 0.071)).toBe('Use rose 7.1 %')
    expect(fact(known('usageTrend'), -1)).toBe('Use fell to nothing')
    expect(fact(known('daysSinceLastActivity'), 45, 5)).toBe('Last active 45 days ago (typical: 5 days)')
    expect(fact(known('monthsToRenewal'), 53 / 30.4375)).toBe('Renewal in 53 days')
    expect(fact(known('monthsToRenewal'), -1)).toBe('Renewal was 30 days ago')
    expect(fact(known('supportTickets'), 1, 1)).toBe('1 support ticket')
    expect(fact(known('supportTickets'), 4, 1)).toBe('4 support tickets (typical: 1)')
    expect(fact(known('paymentFailures'), 0)).toBe('No failed payment lately')
    expect(fact(known('sentiment'), -0.9)).toBe('Last contact was very negative')
    expect(fact(known('tenureMonths'), 31)).toBe('Customer for 2.5 years')
    expect(fact(known('usagePerDay'), 35.3, 140)).toBe(
      'Uses the product 35 minutes a day (typical: 2.5 hours)',
    )
    expect(fact(known('recurringAmount'), 1234567.89, 1500.4)).toBe('Pays 1,234,568 a month (typical: 1,500)')
    expect(fact(known('recurringAmountChange'), 0.125)).toBe('Pays 13 % more than before')
    expect(fact(known('onlineSecurity'), 2)).toBe('No internet service')
  })

  it('names the currency where it is known', () => {
    const population = { missing: 0, quantiles: quantiles(70) }
    const pays = (currency: string): string =>
      reasonSentence(known('recurringAmount'), 105.5, 0, population, 0.1, { currency })
    expect(pays('€')).toBe('Pays €105.50 a month (typical: €70): close to the usual risk')
    expect(pays('EUR')).toBe('Pays EUR 105.50 a month (typical: EUR 70): close to the usual risk')
  })

  it('speaks of a column that nobody wrote a phrase for', () => {
    const own: Feature = {
      name: 'plan_type',
      label: 'plan_type',
      kind: 'category',
      categories: ['Basic', 'Pro'],
    }
    expect(fact(own, 0)).toBe('Plan type is Basic')
    expect(fact(own, NaN)).toBe('Plan type unknown')
    expect(fact(own, -1)).toBe('Plan type unknown')
    const complaints: Feature = { name: 'NumberOfComplaints', label: 'NumberOfComplaints', kind: 'number' }
    expect(fact(complaints, 4, 1)).toBe('Number of complaints 4 (typical: 1)')
    const flag: Feature = { name: 'has_app', label: 'app in use', kind: 'category', categories: ['0', '1'] }
    expect(fact(flag, 1)).toBe('Has app in use')
    expect(fact(flag, 0)).toBe('No app in use')
    const money: Feature = { name: 'spend', label: 'spend', kind: 'number', unit: 'money' }
    expect(fact(money, 1234.5, 99.9)).toBe('Spend 1,235 (typical: 99.90)')
    const start: Feature = { name: 'start', label: 'start of the plan', kind: 'number', unit: 'date' }
    expect(fact(start, 20000, 20000)).toBe('Start of the plan 4 Oct 2024')
    const visit: Feature = { name: 'v', label: 'days since the last visit', kind: 'number', unit: 'days' }
    expect(fact(visit, 12, 12)).toBe('Days since the last visit 12')
  })

  it.each([
    ['international plan', 'Has international plan', 'No international plan'],
    ['has credit card', 'Has credit card', 'No credit card'],
    ['is active', 'Is active', 'Not active'],
    ['handset refurbished', 'Handset refurbished', 'Not handset refurbished'],
    ['truck owner', 'Truck owner', 'Not truck owner'],
    ['card expiring', 'Card expiring', 'No card expiring'],
    ['owns computer', 'Owns computer', 'Owns computer is No'],
    ['SLA', 'Has SLA', 'No SLA'],
  ])('says Yes and No to "%s" as a fact', (label, yes, no) => {
    const flag: Feature = { name: label, label, kind: 'category', categories: ['No', 'Yes'] }
    expect([fact(flag, 1), fact(flag, 0)]).toEqual([yes, no])
  })

  it('says values as people do, not as systems write them', () => {
    const say = (name: string, values: string[], code = 0): string =>
      fact({ name, label: name, kind: 'category', categories: values }, code)
    expect(say('industry', ['COMPUTER_SOFTWARE', 'RETAIL'], 1)).toBe('Industry is Retail')
    expect(say('industry', ['COMPUTER_SOFTWARE', 'RETAIL'])).toBe('Industry is Computer software')
    expect(say('contract', ['1', '6', '12'])).toBe('Month-to-month contract')
    expect(say('contract', ['1', '6', '12'], 1)).toBe('6-month contract')
    expect(say('contract', ['1', '6', '12'], 2)).toBe('One-year contract')
    expect(say('productTier', ['Cable', 'DSL', 'Fiber Optic'], 2)).toBe('Fiber-optic internet')
    expect(say('paymentMethod', ['Debit Card', 'UPI'])).toBe('Pays by debit card')
    expect(say('paymentMethod', ['Debit Card', 'UPI'], 1)).toBe('Pays by UPI')
    expect(say('education level', ['Graduate', 'Unknown'], 1)).toBe('Education level unknown')
    expect(say('offer', ['None', 'Offer A', 'Offer B'])).toBe('No offer')
    expect(say('state', ['KS', 'OH', '(other)'], 2)).toBe('State is one of the rarer')
    const claims: Feature = { name: 'c', label: 'claims last 3 years', kind: 'number' }
    expect(fact(claims, 1, 0)).toBe('Claims last 3 years is 1 (typical: 0)')
  })

  it('never shows a raw name, a code or a number that is none, whatever the value', () => {
    const features = dictionary.flatMap((entry) => (entry.kind === 'any' ? [] : [known(entry.name)]))
    const value = fc.oneof(
      fc.double({ min: -1e7, max: 1e7, noNaN: true }),
      fc.integer({ min: -3, max: 300 }),
      fc.double({ min: -2, max: 2, noNaN: true }),
      fc.constant(NaN),
    )
    fc.assert(
      fc.property(
        fc.constantFrom(...features),
        value,
        value,
        fc.double({ min: -5, max: 5, noNaN: true }),
        (feature, v, median, c) => {
          const text = say(feature, v, Number.isNaN(median) ? 0 : median, c)
          expect(text).not.toMatch(/_|NaN|undefined|Infinity|-0(?![.\d])|  |\de[+-]?\d/)
          expect(text).not.toMatch(/[a-z][A-Z]/)
          expect(text).toMatch(/^[A-Z0-9-].*: [a-z0-9].*risk/)
        },
      ),
      { numRuns: 4000, seed: 42 },
    )
  })

  it('follows the calibrated risk when given the calibrator’s scale', () => {
    const features = [known('contract')]
    const population: Population = { rows: 1, baseRate: 0.1, monthlyRate: null, features: [{ missing: 0 }] }
    const raw = reasonWriter(features, population).sentence(0, 0, 1.62)
    const calibrated = reasonWriter(features, population, { scale: 0.5 }).sentence(0, 0, 1.62)
    expect(raw).toBe('Month-to-month contract: 3.6 times the usual risk')
    expect(calibrated).toBe('Month-to-month contract: twice the usual risk')
  })
})

describe('the reasons of a row', () => {
  const features = [known('contract'), known('tenureMonths'), known('techSupport')]
  const population: Population = {
    rows: 10,
    baseRate: 0.1,
    monthlyRate: null,
    features: features.map(() => ({ missing: 0, quantiles: quantiles(30) })),
  }
  const frame = { rows: 1, columns: [Float32Array.of(0), Float32Array.of(2), Float32Array.of(1)] }
  const cell = (...contributions: number[]): string =>
    reasonWriter(features, population).cell(topReasons(Float64Array.from(contributions), 1, 3), 0, frame)

  it('tell what raises the risk, strongest first, then what lowers it', () => {
    expect(cell(0.5, 0.8, -0.4)).toBe(
      'Customer for 2 months: twice the usual risk; Month-to-month contract: one and a half times the usual risk. Lowers it: Has tech support: a third less risk than usual',
    )
  })

  it('tell what lowers it where nothing raises it', () => {
    expect(cell(0, 0.01, -0.4)).toBe('Lowers the risk: Has tech support: a third less risk than usual')
  })

  it('state a fact once that several features share, and compare what they add up to', () => {
    const services = ['techSupport', 'onlineSecurity', 'onlineBackup'].map(known)
    const none = { rows: 1, columns: services.map(() => Float32Array.of(2)) }
    const top = topReasons(Float64Array.of(-0.3, 0.02, -0.46), 1, 3)
    const spread = { ...population, features: services.map(() => ({ missing: 0 })) }
    expect(reasonWriter(services, spread).list(top, 0, none)).toEqual({
      raising: [],
      lowering: ['No internet service: half the usual risk'],
    })
    const mixed = [known('techSupport'), known('contract'), known('onlineBackup')]
    const values = { rows: 1, columns: [Float32Array.of(2), Float32Array.of(2), Float32Array.of(2)] }
    const both = topReasons(Float64Array.of(-0.3, -0.4, -0.3), 1, 3, { lowering: 3 })
    expect(reasonWriter(mixed, spread).list(both, 0, values).lowering).toEqual([
      'No internet service: 40 % less risk than usual',
      'Two-year contract: a third less risk than usual',
    ])
    const torn = topReasons(Float64Array.of(0.2, 0.1, -1.06), 1, 3)
    expect(reasonWriter(services, spread).cell(torn, 0, none)).toBe(
      'Lowers the risk: No internet service: half the usual risk',
    )
  })

  it('say so when nothing stands out', () => {
    expect(cell(0.01, 0, -0.01)).toBe(NOTHING_STANDS_OUT)
  })
})
