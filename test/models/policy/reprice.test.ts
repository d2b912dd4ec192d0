import { describe, expect, it } from 'vitest'
import { referenceActions } from '../../../actions/catalogue.ts'
import type { ActionCost } from '../../../src/contracts/actions.ts'
import { expectedMonths } from '../../../models/policy/costs.ts'
import { price, type Pricing, type Training } from '../../../models/policy/reprice.ts'

const values = {
  rows: 2,
  actions: 6,
  value: Float32Array.of(10, 10.5, 10, 11, 12, 9, 3, 3, 4, 4, 4, 4),
}
const trained: Training = {
  actions: referenceActions.map(({ key }) => key),
  margin: 0.6,
  gamma: 0.99,
  costs: referenceActions.map((action) => action.cost),
  priors: referenceActions.map(() => ({ mean: 0.05, sd: 0.05 })),
}
const recurring = Float64Array.of(50, NaN)
const hazard = Float64Array.of(0.02, 0.02)

const shipped: Pricing = { margin: 0.6, actions: referenceActions }
const at = (wanted: Pricing) => price(values, { hazard, recurring }, 2, trained, wanted)
const costing = (differs: (cost: ActionCost) => Partial<ActionCost>): Pricing => ({
  ...shipped,
  actions: referenceActions.map((action) => ({
    ...action,
    cost: { ...action.cost, ...differs(action.cost) },
  })),
})
const lasting = (durationMonths: number): Pricing => costing(() => ({ durationMonths }))

describe('months in force', () => {
  it('are what a simulation of chance ends and departures adds up to', () => {
    let sum = 0
    let alive = 1
    for (let month = 0; month < 5000; month++) {
      sum += alive
      alive *= 0.99 * (1 - 0.03) * (1 - 1 / 12)
    }
    expect(expectedMonths(12, 0.03, 0.99)).toBeCloseTo(sum, 9)
    expect(expectedMonths(1, 0.03, 0.99)).toBe(1)
  })
})

describe('values under other costs', () => {
  it('are money over doing nothing, with the costs that they were trained with', () => {
    const { gain, cost } = at(shipped)
    expect(gain.slice(0, 6).map(Math.round)).toEqual(Float64Array.of(0, 2500, 0, 5000, 10_000, -5000))
    expect(cost.slice(0, 6)).toEqual(Float64Array.from([0, 600, 1200, 6000, 12_000, 21_000]))
  })

  it('fall by exactly what a dearer action is expected to cost while the customer stays', () => {
    const before = at(shipped)
    const after = at(costing(({ share }) => ({ share: share * 2, fixedMinor: 30 })))
    for (let a = 1; a < 6; a++) {
      const dearer = 30 + trained.costs[a].share * expectedMonths(12, 0.02, 0.99) * 5000
      expect(after.gain[a]).toBeCloseTo(before.gain[a] - dearer, 6)
    }
  })

  it('keep less where an offer lasts less long: a month of a discount is not worth a year of one', () => {
    const before = at(shipped)
    const after = at(lasting(1))
    for (let a = 1; a < 6; a++) {
      // Cost and effect shrink alike, so nothing that loses at its length wins by being cut short.
      expect(after.gain[a]).toBeCloseTo(before.gain[a] / expectedMonths(12, 0.02, 0.99), 6)
      expect(after.cost[a]).toBeLessThan(before.cost[a])
    }
  })

  it('scale what is kept, not what is paid, with the margin', () => {
    const paid = 0.1 * expectedMonths(12, 0.02, 0.99) * 5000
    expect(at({ ...shipped, margin: 0.3 }).gain[3]).toBeCloseTo((5000 + paid) / 2 - paid, 6)
  })

  it('are less sure of more good than harm the more of what they bring is spent on them', () => {
    const before = at(shipped).benefit!
    const after = at(costing(({ share }) => ({ share: share * 1.5 }))).benefit!
    for (const a of [1, 3, 4]) {
      expect(before[a]).toBeGreaterThan(0.5)
      expect(before[a]).toBeLessThan(0.842)
      expect(after[a]).toBeLessThan(before[a])
    }
    expect([before[2], before[5]]).toEqual([0, 0])
  })

  it('are unknown where the recurring amount is', () => {
    expect(at(shipped).gain.slice(6)).toEqual(Float64Array.from([0, NaN, NaN, NaN, NaN, NaN]))
  })
})
