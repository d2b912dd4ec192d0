import { describe, expect, it } from 'vitest'
import { referenceActions } from '../../../actions/catalogue.ts'
import { expectedMonths } from '../../../models/policy/costs.ts'
import { normalCdf, probabilityOfBenefit } from '../../../models/policy/gate.ts'
import { price } from '../../../models/policy/reprice.ts'
import { defaultAssumptions, withCosts } from '../../../models/policy/simulator/assumptions.ts'
import { buildWorld } from '../../../models/policy/simulator/world.ts'
import type { World } from '../../../models/policy/simulator/world.ts'
import { actionValues, solve } from '../../../models/policy/solver.ts'
import { STATE_SIZE, unknownState, writeState } from '../../../models/policy/state.ts'
import { costsOf, priorsOf } from '../../../models/policy/train.ts'

const { gamma, margin } = defaultAssumptions.economics
const trained = costsOf(defaultAssumptions)
const priors = priorsOf(defaultAssumptions)

describe('months in force', () => {
  it('weight a year of cost by survival', () => {
    expect(expectedMonths(1, 0.2, 0.99)).toBeCloseTo(1, 12)
    expect(expectedMonths(12, 0, 1)).toBeCloseTo(12, 9)
    expect(expectedMonths(12, 0.2, 0.99)).toBeLessThan(4)
  })
})

describe('values repriced without training again', () => {
  it('come within a quarter of the change of what dynamic programming finds at the new costs', () => {
    const base = solved(defaultAssumptions)
    const { customers, book } = base.world.chain
    // Month-to-month: there the score is the hazard of the month, as repricing takes it.
    const ids = customers.flatMap((customer, c) => (customer.contract === 'month_to_month' ? [c] : []))
    const values = Float32Array.from(
      ids.flatMap((c) => {
        const q = base.q.subarray(c * base.width, c * base.width + 6)
        return [...q].map((value) => value - q[0])
      }),
    )
    const hazard = Float64Array.from(ids, (c) => base.world.meanHazard[c])
    const recurring = new Float64Array(ids.length).fill(100)
    const off: Record<string, number> = {}
    for (const [name, wanted] of [
      ['twice the price', trained.map((cost) => ({ ...cost, share: 2 * cost.share }))],
      ['three months', trained.map((cost) => ({ ...cost, durationMonths: 3 }))],
    ] as const) {
      const again = solved(withCosts(defaultAssumptions, wanted, 100), base.values)
      const { gain } = price(
        { rows: ids.length, actions: 6, value: values },
        { hazard, recurring },
        2,
        { actions: referenceActions.map(({ key }) => key), margin, gamma, priors: null, costs: trained },
        { margin, actions: referenceActions.map((action, a) => ({ ...action, cost: wanted[a] })) },
      )
      let left = 0
      let change = 0
      ids.forEach((c, row) => {
        const q = again.q.subarray(c * again.width, c * again.width + 6)
        for (let a = 1; a < 6; a++) {
          left += book[c] * Math.abs(gain[row * 6 + a] / 10_000 - (q[a] - q[0]))
          change += book[c] * Math.abs(values[row * 6 + a] - (q[a] - q[0]))
        }
      })
      off[name] = left / change
    }
    expect(off['twice the price']).toBeLessThan(0.25)
    expect(off['three months']).toBeLessThan(0.25)
  })
})

describe('the benefit gate', () => {
  it('is the chance that the effect drawn from its prior pays', () => {
    const values = Float32Array.of(0, 0.05, 0, 0.2, 0, 0)
    const states = new Float32Array(STATE_SIZE)
    writeState(states, 0, { ...unknownState, monthlyHazard: 0.1 })
    const sure = probabilityOfBenefit(values, states, [1], trained, priors, { gamma })
    for (const a of [1, 3]) {
      const cost = trained[a].share * expectedMonths(12, 0.1, gamma)
      const stake = (values[a] + cost) / priors[a].mean
      const breakEven = cost / stake
      expect(sure[a]).toBeCloseTo(normalCdf((priors[a].mean - breakEven) / priors[a].sd), 4)
    }
    expect(sure[0]).toBe(1)
    expect(sure[2]).toBe(0)
  })

  it('knows the normal distribution', () => {
    expect(normalCdf(0)).toBeCloseTo(0.5, 7)
    expect(normalCdf(1.959964)).toBeCloseTo(0.975, 6)
    expect(normalCdf(-1)).toBeCloseTo(0.158655, 6)
  })
})

function solved(
  assumptions: typeof defaultAssumptions,
  first?: Float64Array,
): { world: World; q: Float64Array; values: Float64Array; width: number } {
  const world = buildWorld(assumptions)
  const { after, values } = solve(world, 1e-2, first)
  return { world, values, q: actionValues(world, after), width: world.history.decisions * world.actions }
}
