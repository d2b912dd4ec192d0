import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RiskFields } from '../../connectors/connector.ts'
import { levelOf, type LevelThresholds } from '../../models/churn/levels.ts'
import {
  changeOf,
  clearedFields,
  leftFields,
  riskFields,
  type RiskInput,
} from '../../src/loop/risk-fields.ts'

const thresholds: LevelThresholds = { high: 0.4, medium: 0.2, strict: false, highBy: 'multiple' }
const at = new Date('2026-11-01T00:00:00Z')

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
          expect(changeOf(null, fields, thresholds)).toBe('enough')
          expect(changeOf(fields, fields, thresholds)).toBe('none')
        },
      ),
    )
  })

  it('are written at most once while the risk swings about a threshold', () => {
    const swing = fc.double({ min: 0.386, max: 0.414, noNaN: true })
    fc.assert(
      fc.property(fc.array(swing, { minLength: 2, maxLength: 40 }), (risks) => {
        let before: RiskFields | null = null
        let writes = 0
        for (const risk of risks) {
          const fields = riskFields(input(risk))
          if (changeOf(before, fields, thresholds) !== 'enough') continue
          before = fields
          writes++
        }
        expect(writes).toBe(1)
      }),
    )
  })

  it('are worth writing for three points, a level, a suggestion, a group or leaving, and soon for other reasons', () => {
    const before = riskFields(input(0.19))
    const change = (probability: number, more?: Partial<RiskInput>) =>
      changeOf(before, riskFields(input(probability, more)), thresholds)
    expect(change(0.219)).toBe('small')
    expect(change(0.22)).toBe('enough')
    expect(change(0.161)).toBe('small')
    expect(change(0.16)).toBe('enough')
    expect(change(0.19, { reasons: ['b', 'a'] })).toBe('small')
    expect(change(0.19, { reasons: ['a', 'c'] })).toBe('soon')
    expect(change(0.19, { suggestedAction: 'Call' })).toBe('enough')
    expect(change(0.19, { actionStatus: 'sent' })).toBe('enough')
    expect(change(0.19, { group: 'holdout' })).toBe('enough')
    expect(changeOf(before, leftFields, thresholds)).toBe('enough')
    expect(changeOf(leftFields, leftFields, thresholds)).toBe('none')
  })

  it('can wait for anything else: amounts, dates, how sure it is', () => {
    const before = riskFields(input(0.19))
    for (const more of [{ valueAtRiskMinor: 99_999 }, { renewalDate: '2027-01-31' }, { dataConfidence: 0.5 }])
      expect(changeOf(before, riskFields(input(0.19, more)), thresholds)).toBe('small')
  })

  it('are the same when only the time of the score is another', () => {
    const fields = riskFields(input(0.3, { change30Days: 0 }))
    const again = riskFields(input(0.3, { scoredAt: new Date('2027-01-01T00:00:00Z') }))
    expect(changeOf(fields, again, thresholds)).toBe('none')
  })

  it('can wait for a number within a reason, but not for another fact or direction', () => {
    const told = (...of: string[]) => riskFields(input(0.3, { reasons: of }))
    const plan = 'Plan Basic: close to the usual risk'
    const before = told('Customer for 1 month: twice the usual risk', plan)
    const change = (reason: string) => changeOf(before, told(reason, plan), thresholds)
    expect(change('Customer for 2 months: 1.8 times the usual risk')).toBe('small')
    expect(change('Customer for 2 months: half the usual risk')).toBe('soon')
    expect(change('Customer for 2 months: a fifth less risk than usual')).toBe('soon')
    expect(change('No payments failed: twice the usual risk')).toBe('soon')
  })

  it('are cleared whole once, and come back when the customer is scored again', () => {
    const shown = riskFields(input(0.3))
    expect(changeOf(shown, clearedFields, thresholds)).toBe('enough')
    const cleared = { ...shown, ...clearedFields }
    expect(changeOf(cleared, clearedFields, thresholds)).toBe('none')
    expect(changeOf(cleared, riskFields(input(0.01)), thresholds)).toBe('enough')
  })

  it('are worth writing when a level is past its threshold by the margin', () => {
    const before = riskFields(input(0.195))
    expect(changeOf(before, riskFields(input(0.215)), thresholds)).toBe('small')
    expect(changeOf(before, riskFields(input(0.221)), thresholds)).toBe('enough')
  })
})
