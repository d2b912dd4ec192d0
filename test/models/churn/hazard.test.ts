import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  DAYS_PER_MONTH,
  hazardToProbability,
  horizonToMonthlyHazard,
  monthlyRateFromExposure,
  snapshotToMonthlyHazard,
} from '../../../models/churn/hazard.ts'

const telco = { baseRate: 0.2654, monthlyRate: 0.0082 }

const odds = (p: number): number => p / (1 - p)

describe('snapshotToMonthlyHazard', () => {
  it('gives a customer of average risk the average monthly rate', () => {
    expect(snapshotToMonthlyHazard(telco.baseRate, telco)).toBeCloseTo(telco.monthlyRate, 12)
  })

  it('keeps odds ratios and the ends', () => {
    const ratio = odds(snapshotToMonthlyHazard(0.6, telco)) / odds(snapshotToMonthlyHazard(0.2, telco))
    expect(ratio).toBeCloseTo(odds(0.6) / odds(0.2), 9)
    expect(snapshotToMonthlyHazard(0, telco)).toBe(0)
    expect(snapshotToMonthlyHazard(1, telco)).toBe(1)
    expect(snapshotToMonthlyHazard(NaN, telco)).toBeNaN()
  })

  it('refuses a rate that is none', () => {
    expect(() => snapshotToMonthlyHazard(0.5, { baseRate: 0.2, monthlyRate: 0 })).toThrow(
      /monthly churn rate/,
    )
  })
})

describe('horizons', () => {
  it('come back: a horizon of h months gives the hazard that reaches it in h months', () => {
    const p = fc.double({ min: 0, max: 0.999, noNaN: true })
    fc.assert(
      fc.property(p, fc.integer({ min: 1, max: 24 }), (risk, months) => {
        const hazard = horizonToMonthlyHazard(risk, months * DAYS_PER_MONTH)
        expect(hazardToProbability(hazard, months)).toBeCloseTo(risk, 9)
      }),
    )
  })

  it('keep tiny risks apart instead of rounding them away', () => {
    expect(horizonToMonthlyHazard(1e-15, 90)).toBeCloseTo((1e-15 * DAYS_PER_MONTH) / 90, 20)
    expect(horizonToMonthlyHazard(1e-15, 90)).toBeGreaterThan(0)
  })
})

describe('monthlyRateFromExposure', () => {
  it('is churn events over months spent here, unknown tenures left out', () => {
    const rate = monthlyRateFromExposure(new Uint8Array([1, 0, 1]), new Float32Array([10, 40, NaN]))
    expect(rate).toBeCloseTo(0.02, 12)
  })

  it('is unknown rather than made up when nobody churned or no tenure is known', () => {
    expect(monthlyRateFromExposure(new Uint8Array([0, 0]), [3, 4])).toBeNull()
    expect(monthlyRateFromExposure(new Uint8Array([1, 0]), [NaN, NaN])).toBeNull()
  })
})
