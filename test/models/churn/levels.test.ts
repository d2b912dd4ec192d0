import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defaultLevels, levelOf, levelThresholds, referenceLevels } from '../../../models/churn/levels.ts'

describe('levels', () => {
  it('are twice and once the base rate by default', () => {
    expect(levelThresholds(defaultLevels, 0.1)).toEqual({
      high: 0.2,
      medium: 0.1,
      strict: false,
      highBy: 'multiple',
    })
  })

  it('leave room for HIGH when half of all customers churn, and when nearly all do', () => {
    expect(levelThresholds(defaultLevels, 0.5).high).toBe(0.75)
    expect(levelThresholds(defaultLevels, 0.9).high).toBeCloseTo(0.95, 12)
  })

  it('keep 0 < medium <= high < 1 for every base rate and multiple', () => {
    const rate = fc.double({ min: 0.0001, max: 0.9999, noNaN: true })
    const multiple = fc.double({ min: 1, max: 20, noNaN: true })
    fc.assert(
      fc.property(rate, multiple, multiple, (baseRate, a, b) => {
        const setting = { kind: 'multiple', high: Math.max(a, b), medium: Math.min(a, b) } as const
        const { high, medium } = levelThresholds(setting, baseRate)
        expect(medium).toBeGreaterThan(0)
        expect(high).toBeGreaterThanOrEqual(medium)
        expect(high).toBeLessThan(1)
      }),
    )
  })

  it('are above .7 and above .4 in the reference preset, not at them', () => {
    const thresholds = levelThresholds(referenceLevels, 0.265)
    expect([0.71, 0.7, 0.41, 0.4].map((p) => levelOf(p, thresholds))).toEqual([
      'HIGH',
      'MEDIUM',
      'MEDIUM',
      'LOW',
    ])
  })

  it('never make more customers HIGH than the team can work on, nor split equals', () => {
    const probability = fc.integer({ min: 1, max: 20 }).map((n) => n / 20)
    fc.assert(
      fc.property(
        fc.array(probability, { minLength: 1, maxLength: 60 }),
        fc.nat(20),
        (probabilities, customers) => {
          const thresholds = levelThresholds(
            { ...defaultLevels, capacity: { customers } },
            0.1,
            probabilities,
          )
          const high = probabilities.filter((p) => levelOf(p, thresholds) === 'HIGH')
          const wished = probabilities.filter((p) => p >= 0.2)
          expect(high.length).toBeLessThanOrEqual(customers)
          if (wished.length <= customers) expect(high).toHaveLength(wished.length)
          // Nobody who is left out could be let in together with their equals.
          const next = Math.max(...wished.filter((p) => levelOf(p, thresholds) !== 'HIGH'))
          const equals = wished.filter((p) => p === next).length
          if (equals > 0) expect(high.length + equals).toBeGreaterThan(customers)
        },
      ),
    )
  })

  it('take the smaller of a number and a share, and of none only nobody', () => {
    const probabilities = Array.from({ length: 100 }, (_, i) => (i + 1) / 101)
    const highs = (capacity: { customers?: number; share?: number }) => {
      const thresholds = levelThresholds({ ...defaultLevels, capacity }, 0.3, probabilities)
      return probabilities.filter((p) => levelOf(p, thresholds) === 'HIGH').length
    }
    expect(highs({ customers: 10, share: 0.05 })).toBe(5)
    expect(highs({ customers: 10, share: 0.5 })).toBe(10)
    expect(highs({ share: 0 })).toBe(0)
    expect(highs({})).toBe(40)
  })

  it('refuse settings that make no sense', () => {
    expect(() => levelThresholds({ kind: 'fixed', high: 0.3, medium: 0.4 }, 0.1)).toThrow(/medium <= high/)
    expect(() => levelThresholds({ kind: 'multiple', high: 2 }, 0)).toThrow(/base rate/)
    expect(() => levelThresholds({ kind: 'multiple', capacity: { customers: 5 } }, 0.1)).toThrow(/capacity/)
  })
})
