import { describe, expect, it } from 'vitest'
import { referenceActions } from '../../../actions/catalogue.ts'
import { planAlarms } from '../../../models/policy/alarm.ts'
import { MASK_REASONS, type MaskReason } from '../../../models/policy/masks.ts'

const thresholds = { actionShare: 0.6, callShare: 0.1 }

function alarms(
  chosen: readonly number[],
  eligible?: number,
  masked: Partial<Record<MaskReason, number>> = {},
) {
  const rows = chosen.reduce((sum, n) => sum + n, 0)
  const reasons = new Uint32Array(MASK_REASONS.length * 6)
  MASK_REASONS.forEach((reason, code) => reasons.fill(masked[reason] ?? 0, code * 6 + 1, code * 6 + 6))
  return planAlarms(
    { rows, actions: referenceActions, chosen, eligible: eligible ?? rows, reasons },
    thresholds,
  )
}
const codes = (...plan: Parameters<typeof alarms>) => alarms(...plan).map((alarm) => alarm.code)

describe('alarms', () => {
  it('are silent on a mixed plan', () => {
    expect(codes([3000, 800, 900, 500, 300, 100])).toEqual([])
  })

  it("catch the reference's plan: a call for all 7,043 customers", () => {
    const [all, calls] = alarms([0, 0, 0, 0, 0, 7043])
    expect([all.code, calls.code]).toEqual(['one_action_for_all', 'too_many_calls'])
    expect(all.sentence).toContain('Every one of the 7,043 customers gets "Personal Call + 30% Discount"')
    expect(calls.sentence).toContain('100.0 %')
  })

  it('catch one action for most, but not no action for most', () => {
    expect(codes([300, 0, 650, 50, 0, 0])).toEqual(['one_action_for_most'])
    expect(codes([950, 50, 0, 0, 0, 0])).toEqual([])
  })

  it('catch more calls than plausible', () => {
    expect(codes([500, 200, 100, 80, 0, 120])).toEqual(['too_many_calls'])
  })

  it('catch a book where nothing is allowed, and name the reason behind it', () => {
    const found = alarms([200, 0, 0, 0, 0, 0], 0, { recurring_unknown: 200 })
    expect(found.map((alarm) => alarm.code)).toEqual(['nothing_allowed', 'one_reason'])
    expect(found[1].sentence).toContain('what the customer pays is not known')
  })

  it('catch a plan that does nothing though something is possible', () => {
    expect(codes([200, 0, 0, 0, 0, 0])).toEqual(['nothing_chosen'])
  })

  it('do not call a handful of customers degenerate', () => {
    expect(codes([0, 0, 3, 0, 0, 0])).toEqual([])
  })
})
