import { describe, expect, it } from 'vitest'
import { referenceActions } from '../../../actions/catalogue.ts'
import { price, type Pricing } from '../../../models/policy/reprice.ts'

const values = {
  rows: 2,
  actions: 6,
  value: Float32Array.of(10, 10.5, 10, 11, 12, 9, 3, 3, 4, 4, 4, 4),
  benefit: null,
}
const trained: Pricing = { margin: 0.6, costs: referenceActions.map((action) => action.cost) }
const recurring = Float64Array.of(50, NaN)

describe('values under other costs', () => {
  it('are money over doing nothing, with the costs that they were trained with', () => {
    const { gain, cost } = price(values, recurring, 2, trained, trained)
    const first = gain.slice(0, 6).map((x) => Math.round(x))
    expect(first).toEqual(Float64Array.of(0, 2500, 0, 5000, 10_000, -5000))
    expect(cost.slice(0, 6)).toEqual(Float64Array.from([0, 600, 1200, 6000, 12_000, 21_000]))
  })

  it('fall by exactly what acting now costs more', () => {
    const costs = trained.costs.map((cost, a) => ({
      ...cost,
      durationMonths: 24,
      fixedMinor: a === 0 ? 0 : 30,
    }))
    const before = price(values, recurring, 2, trained, trained)
    const after = price(values, recurring, 2, trained, { ...trained, costs })
    for (let a = 1; a < 6; a++) {
      const dearer = after.cost[a] - before.cost[a]
      expect(dearer).toBeGreaterThan(0)
      expect(after.gain[a]).toBeCloseTo(before.gain[a] - dearer, 6)
    }
  })

  it('scale what is kept, not what is paid, with the margin', () => {
    const after = price(values, recurring, 2, trained, { ...trained, margin: 0.3 })
    expect(after.gain[3]).toBeCloseTo((5000 + 6000) / 2 - 6000, 6)
  })

  it('are unknown where the recurring amount is', () => {
    const { gain } = price(values, recurring, 2, trained, trained)
    expect(gain.slice(6)).toEqual(Float64Array.from([0, NaN, NaN, NaN, NaN, NaN]))
  })
})
