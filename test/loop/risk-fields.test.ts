import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { levelOf, type LevelThresholds } from '../../models/churn/levels.ts'
import {
  changedEnough,
  clearedFields,
  leftFields,
  riskFields,
  type RiskInput,
} from '../../src/loop/risk-fields.ts'

const thresholds: LevelThresholds = { high: 0.4, medium: 0.2, strict: false, highBy: 'multiple' }
const at = new Date('2026-11-01T00:00:00Z')
const later = (hours: number): Date => new Date(at.getTime() + hours * 3_600_000)

function input(probability: number, more: Partial<RiskInput> = {}): RiskInput {
  return {
    probability,
    level: levelOf(probability, thresholds),
    levelSince: at,
    scoredAt: at,
    reasons: ['a', 'b'],
    valueAtRiskMinor: 12_345,
    currency: 'EUR',
    minorUnits: 100,
    dataConfidence: 0.834,
    group: 'policy',
    renewalDate: null,
    ...more,
  }
}

describe('the fields of a record', () => {
  it('leave out what is unknown and clear a suggestion that no longer stands', () => {
    const fields = riskFields(input(0.4123, { currency: null, suggestedAction: null }))
    expect(fields).toMatchObject({ riskPercent: 41.2, dataConfidence: 83, suggestedAction: null })
    for (const name of ['valueAtRisk', 'currency', 'actionStatus', 'renewalDate'])
      expect(fields).not.toHaveProperty(name)
    expect(riskFields(input(0.4)).valueAtRisk).toBe(123.45)
  })

  it('are never written twice for the same input', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.option(fc.string(), { nil: undefined }),
        (probability, suggestedAction) => {
          const fields = riskFields(
            input(probability, suggestedAction === undefined ? {} : { suggestedAction }),
          )
          expect(changedEnough(null, fields, thresholds, at)).toBe(true)
          expect(changedEnough({ fields, writtenAt: at }, fields, thresholds, later(24))).toBe(false)
        },
      ),
    )
  })

  it('are written at most once while the risk swings about a threshold', () => {
    const swing = fc.double({ min: 0.386, max: 0.414, noNaN: true })
    fc.assert(
      fc.property(fc.array(swing, { minLength: 2, maxLength: 40 }), (risks) => {
        let before: Parameters<typeof changedEnough>[0] = null
        let writes = 0
        risks.forEach((risk, hour) => {
          const fields = riskFields(input(risk))
          if (!changedEnough(before, fields, thresholds, later(hour))) return
          before = { fields, writtenAt: later(hour) }
          writes++
        })
        expect(writes).toBe(1)
      }),
    )
  })

  it('are written for three points, a level, reasons, a suggestion, leaving, or after a week', () => {
    const before = { fields: riskFields(input(0.19)), writtenAt: at }
    const writes = (probability: number, more?: Partial<RiskInput>, hours = 1): boolean =>
      changedEnough(before, riskFields(input(probability, more)), thresholds, later(hours))
    expect(writes(0.219)).toBe(false)
    expect(writes(0.22)).toBe(true)
    expect(writes(0.161)).toBe(false)
    expect(writes(0.16)).toBe(true)
    expect(writes(0.19, { reasons: ['b', 'a'] })).toBe(false)
    expect(writes(0.19, { reasons: ['a', 'c'] })).toBe(true)
    expect(writes(0.19, { suggestedAction: 'Call' })).toBe(true)
    expect(writes(0.2, {}, 167)).toBe(false)
    expect(writes(0.2, {}, 168)).toBe(true)
    expect(changedEnough(before, leftFields, thresholds, later(1))).toBe(true)
    expect(changedEnough({ fields: leftFields, writtenAt: at }, leftFields, thresholds, later(1000))).toBe(
      false,
    )
  })

  it('are not written again after a week in which nothing changed', () => {
    const fields = riskFields(input(0.3, { change30Days: 0 }))
    const again = riskFields(input(0.3, { scoredAt: later(2000) }))
    expect(changedEnough({ fields, writtenAt: at }, again, thresholds, later(2000))).toBe(false)
  })

  it('are not written for a number within a reason, but for another fact or direction', () => {
    const reasons = (...of: string[]) => ({ fields: riskFields(input(0.3, { reasons: of })), writtenAt: at })
    const before = reasons(
      'Customer for 1 month: twice the usual risk',
      'Plan Basic: close to the usual risk',
    )
    const writes = (...of: string[]): boolean =>
      changedEnough(before, reasons(...of).fields, thresholds, later(1))
    const plan = 'Plan Basic: close to the usual risk'
    expect(writes('Customer for 2 months: 1.8 times the usual risk', plan)).toBe(false)
    expect(writes('Customer for 2 months: half the usual risk', plan)).toBe(true)
    expect(writes('Customer for 2 months: a fifth less risk than usual', plan)).toBe(true)
    expect(writes('No payments failed: twice the usual risk', plan)).toBe(true)
  })

  it('are written when the customer pays another amount, not when the value follows the risk', () => {
    const before = { fields: riskFields(input(0.05)), writtenAt: at }
    const writes = (probability: number, valueAtRiskMinor: number, currency = 'EUR'): boolean =>
      changedEnough(
        before,
        riskFields(input(probability, { valueAtRiskMinor, currency })),
        thresholds,
        later(1),
      )
    expect(writes(0.07, Math.round((12_345 * 7) / 5))).toBe(false)
    expect(writes(0.05, 12_345 * 2)).toBe(true)
    expect(writes(0.05, 12_346, 'USD')).toBe(true)
  })

  it('are cleared whole once, and come back when the customer is scored again', () => {
    const shown = { fields: riskFields(input(0.3)), writtenAt: at }
    expect(changedEnough(shown, clearedFields, thresholds, at)).toBe(true)
    const cleared = { fields: { ...shown.fields, ...clearedFields }, writtenAt: at }
    expect(changedEnough(cleared, clearedFields, thresholds, later(2000))).toBe(false)
    expect(changedEnough(cleared, riskFields(input(0.01)), thresholds, later(1))).toBe(true)
  })

  it('are written when a level is past its threshold by the margin', () => {
    const before = { fields: riskFields(input(0.195)), writtenAt: at }
    expect(changedEnough(before, riskFields(input(0.215)), thresholds, later(1))).toBe(false)
    expect(changedEnough(before, riskFields(input(0.221)), thresholds, later(1))).toBe(true)
  })
})
