import { referenceActions } from '../../../actions/catalogue.ts'
import { type AlarmCode, planAlarms } from '../../../models/policy/alarm.ts'
import { MASK_REASONS } from '../../../models/policy/masks.ts'

/** Alarms, at the default thresholds, of a plan with nothing masked: customers by action of the reference catalogue. */
export function alarmCodes(chosen: readonly number[]): readonly AlarmCode[] {
  const rows = chosen.reduce((sum, count) => sum + count, 0)
  const reasons = new Uint32Array(MASK_REASONS.length * chosen.length)
  const plan = { rows, actions: referenceActions, chosen, eligible: rows, reasons }
  return planAlarms(plan, { actionShare: 0.6, callShare: 0.1 }).map(({ code }) => code)
}
