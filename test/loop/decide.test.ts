import { describe, expect, it } from 'vitest'
import { referenceActions, shippedActions } from '../../actions/catalogue.ts'
import { allocate } from '../../models/policy/allocate.ts'
import type { Policy } from '../../models/policy/policy.ts'
import { price } from '../../models/policy/reprice.ts'
import { MASK_REASONS } from '../../models/policy/masks.ts'
import { plannedCost } from '../../src/contracts/actions.ts'
import { decide } from '../../src/loop/decide.ts'
import { actionsOf } from '../../src/settings/planning.ts'
import { parseSettings } from '../../src/settings/settings.ts'
import { scoredBook } from './scored.ts'

const settings = parseSettings({})
const scored = scoredBook(4000)

describe('a plan', () => {
  it('is not one action for all, keeps the call capacity, and fills it', () => {
    const { summary } = decide(scored, settings)
    expect(summary.actions.reduce((sum, action) => sum + action.count, 0)).toBe(4000)
    expect(summary.actions.filter((action) => action.count > 100).length).toBeGreaterThan(2)
    expect(summary.actions[5].count).toBe(100)
    expect(summary.actions[5].capacityPrice).toBeGreaterThan(0)
    expect(summary.expectedValue).toBeGreaterThan(0)
    expect(summary.expectedValue).toBeLessThanOrEqual(summary.bound)
  })

  it('adds up: rows to actions to totals, in the funnel never more than the step before', () => {
    const plan = decide(scored, parseSettings({ budget: 20_000 }))
    const { summary } = plan
    const spend = plan.plannedCost.reduce((sum, cost) => sum + Math.round(100 * cost), 0) / 100
    expect(summary.plannedSpend).toBe(spend)
    expect(summary.plannedSpend).toBeLessThanOrEqual(20_000)
    expect(summary.actions.reduce((sum, a) => sum + a.plannedSpend, 0)).toBeCloseTo(spend, 6)
    expect(summary.actions.reduce((sum, a) => sum + a.expectedValue, 0)).toBeCloseTo(summary.expectedValue, 4)
    const { candidates, eligible, gated, allocated } = summary.funnel
    expect([candidates >= eligible, eligible >= gated, gated >= allocated]).toEqual([true, true, true])
    expect(summary.budgetPrice).toBeGreaterThan(0)
  })

  it('plans the cost that the contract states, to the cent', () => {
    const changed = parseSettings({ catalogue: { email: { fixedCost: 0.37 } } })
    const plan = decide(scored, changed)
    const actions = actionsOf(changed)
    for (let row = 0; row < plan.rows; row++) {
      const exact = plannedCost(actions[plan.action[row]].cost, scored.recurring[row])
      expect(Math.abs(plan.plannedCost[row] - exact)).toBeLessThanOrEqual(0.005 + 1e-9)
    }
  })

  it('takes no action where the recurring amount is unknown, and leaves the expected value blank', () => {
    const some = scoredBook(500, 2, 0.2)
    const plan = decide(some, settings)
    let unknown = 0
    for (let row = 0; row < 500; row++) {
      const blank = Number.isNaN(some.recurring[row])
      expect(Number.isNaN(plan.expectedValue[row])).toBe(blank)
      if (!blank) continue
      unknown++
      expect([plan.action[row], plan.propensity[row], plan.plannedCost[row]]).toEqual([0, 1, 0])
    }
    expect(unknown).toBeGreaterThan(50)
    expect(plan.summary.unknownAmount).toBe(unknown)
    expect(plan.summary.actions[1].masked.recurring_unknown).toBe(unknown)
    expect(Number.isFinite(plan.summary.expectedValue)).toBe(true)
  })

  it('gives nobody what is masked or not sure enough', () => {
    const rows = scored.values.rows
    const suppressed = Float64Array.from({ length: rows }, (_, row) => (row % 5 === 0 ? 1 : 0))
    const email = Float64Array.from({ length: rows }, (_, row) => (row % 3 === 0 ? 0 : NaN))
    const plan = decide({ ...scored, context: { suppressed, consent: { email } } }, settings)
    const { values, hazard, recurring, trained } = scored
    const wanted = { margin: settings.margin.gross, actions: referenceActions }
    const priced = price(values, { hazard, recurring }, 2, trained, wanted)
    for (let row = 0; row < rows; row++) {
      const a = plan.action[row]
      expect(MASK_REASONS[plan.reasons[row * shippedActions.length + a]]).toBe('open')
      if (suppressed[row] === 1) expect(a).toBe(0)
      if (email[row] === 0) expect([1, 3, 4]).not.toContain(a)
      if (a > 0) expect(priced.benefit![row * 6 + a]).toBeGreaterThanOrEqual(settings.gate.threshold)
    }
    expect(plan.summary.actions[4].masked.unproven).toBeGreaterThan(0)
  })

  it('plans in the reporting currency', () => {
    const base = decide(scored, settings)
    const twice = decide(scored, parseSettings({ currency: { reporting: 'EUR', rate: 2 } }))
    expect(twice.summary.currency).toBe('EUR')
    expect(twice.summary.plannedSpend / base.summary.plannedSpend).toBeCloseTo(2, 3)
  })

  it('says so when calls get out of hand', () => {
    const free = parseSettings({ catalogue: { call_discount_30: { capacity: null } } })
    const { summary } = decide(scored, free)
    expect(summary.actions[5].count).toBeGreaterThan(400)
    expect(summary.alarms.map((alarm) => alarm.code)).toContain('too_many_calls')
  })

  it('lets another policy choose on the same book, within the same masks', () => {
    const choose: Policy['choose'] = (book, limits) => {
      const gain = book.gain.map((value, at) => (at % book.actions === 2 ? 1e6 : Math.min(0, value)))
      return allocate({ ...book, gain }, { ...limits, exploration: { ...limits.exploration, share: 0 } })
    }
    const { summary } = decide(scored, settings, { choose })
    expect(summary.actions[2].count).toBe(4000 - (summary.actions[2].masked.unproven ?? 0))
    expect(summary.alarms[0].code).toMatch(/^one_action_for_/)
  })

  it('keeps to what earlier decisions of the period left over, and says what they used up', () => {
    const limited = parseSettings({ budget: 20_000 })
    const some = decide(scored, limited, {
      left: { budget: 300_000, capacity: [null, null, null, null, null, 7, null] },
    })
    expect(some.summary.plannedSpend).toBeGreaterThan(2500)
    expect(some.summary.plannedSpend).toBeLessThanOrEqual(3000)
    expect(some.summary.actions[5].count).toBeLessThanOrEqual(7)
    const none = decide(scored, limited, {
      left: { budget: 0, capacity: [null, null, null, null, null, 0, null] },
    })
    expect(none.summary.plannedSpend).toBe(0)
    expect(none.summary.actions[1].masked).toEqual({ budget_used: 4000 })
    expect(none.summary.actions[5].masked).toEqual({ capacity_used: 4000 })
  })

  it('answers a failed payment with a new payment method, never with a discount, and nobody else with it', () => {
    const failed = Float64Array.from({ length: scored.values.rows }, (_, row) => [1, 0, NaN][row % 3])
    // As the shipped policy sees nearly everybody: no action against voluntary churn is worth its cost.
    const values = { ...scored.values, value: new Float32Array(scored.values.value.length).fill(7) }
    const plan = decide({ ...scored, values, context: { paymentFailed: failed } }, settings)
    const width = shippedActions.length
    for (let row = 0; row < plan.rows; row++) {
      const reason = (a: number) => MASK_REASONS[plan.reasons[row * width + a]]
      if (failed[row] !== 1) {
        expect(reason(6)).toBe('payment_in_order')
        expect(plan.action[row]).toBe(0)
        continue
      }
      expect([reason(3), reason(4), reason(5)]).toEqual([
        'payment_failed',
        'payment_failed',
        'payment_failed',
      ])
      expect(shippedActions[plan.action[row]].key).toBe('update_payment')
      expect(plan.expectedValue[row]).toBeGreaterThan(0)
    }
  })

  it('survives an empty book', () => {
    const { summary } = decide(scoredBook(0), settings)
    expect([summary.plannedSpend, summary.funnel.candidates, summary.alarms]).toEqual([0, 0, []])
  })
})
