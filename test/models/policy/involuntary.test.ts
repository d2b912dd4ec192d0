import { describe, expect, it } from 'vitest'
import { referenceActions, shippedActions } from '../../../actions/catalogue.ts'
import { defaultInvoluntary, paymentGain, worthOfStaying } from '../../../models/policy/involuntary.ts'
import { beliefsOf, price, solvedBy, type Training } from '../../../models/policy/reprice.ts'
import type { Action } from '../../../src/contracts/actions.ts'

const economics = { margin: 0.6, gamma: 0.99 }

describe('what a customer who is kept is worth', () => {
  it('is what the months that follow add up to, each discounted and only if the customer is still there', () => {
    let sum = 0
    for (let month = 1; month < 5000; month++) sum += 0.6 * (0.99 * (1 - 0.02)) ** month
    expect(worthOfStaying(0.02, economics)).toBeCloseTo(sum, 9)
  })

  it('is less for who leaves sooner of their own accord', () => {
    expect(worthOfStaying(0.1, economics)).toBeLessThan(worthOfStaying(0.01, economics))
    expect(worthOfStaying(1, economics)).toBe(0)
  })
})

describe('asking to update a payment', () => {
  it('brings something only where a payment failed', () => {
    const gains = [NaN, 0, 1, 3].map((failed) => paymentGain(failed, 0.02, defaultInvoluntary, economics))
    expect(gains.slice(0, 2)).toEqual([0, 0])
    expect(gains[2]).toBeCloseTo(0.2 * 0.25 * worthOfStaying(0.02, economics), 12)
    expect(gains[3]).toBe(gains[2])
  })

  const own: Action = { ...referenceActions[1], id: 7, key: 'gift' }
  const actions = [...shippedActions, own]
  const trained: Training = {
    actions: referenceActions.map(({ key }) => key),
    margin: 0.6,
    gamma: 0.99,
    costs: referenceActions.map(({ cost }) => cost),
    priors: referenceActions.map(() => ({ mean: 0.05, sd: 0.05 })),
  }
  const values = { rows: 3, actions: 6, value: new Float32Array(18).fill(7) }
  const customers = {
    hazard: Float64Array.of(0.02, 0.02, 0.02),
    recurring: Float64Array.of(50, 50, NaN),
    failedPayments: Float64Array.of(1, 0, 1),
  }
  const priced = price(values, customers, 2, trained, { margin: 0.6, actions })
  const of = (list: ArrayLike<number>, row: number, a: number): number => list[row * actions.length + a]

  it('is priced beside a policy that knows nothing of it, at its own cost and with its own certainty', () => {
    const worth = 0.2 * 0.25 * worthOfStaying(0.02, economics) * 5000
    expect(of(priced.gain, 0, 6)).toBeCloseTo(worth - 50, 6)
    expect(of(priced.cost, 0, 6)).toBe(50)
    expect(of(priced.benefit!, 0, 6)).toBeGreaterThan(0.95)
  })

  it('costs and brings nothing where payments are in order, so that no gate lets it pass', () => {
    expect(of(priced.gain, 1, 6)).toBeCloseTo(-50, 6)
    expect(of(priced.benefit!, 1, 6)).toBe(0)
    expect(of(priced.gain, 2, 6)).toBeNaN()
  })

  it('is known without being solved; an action that the policy does not know has no value', () => {
    expect(solvedBy(trained, actions)).toEqual([true, true, true, true, true, true, true, false])
    for (let row = 0; row < 3; row++) {
      expect(of(priced.gain, row, 7)).toBeNaN()
      expect(of(priced.benefit!, row, 7)).toBe(0)
    }
    expect(beliefsOf(trained, { margin: 0.6, actions }).slice(5)).toEqual([
      { mean: 0.05, sd: 0.05 },
      defaultInvoluntary.effect,
      null,
    ])
  })

  it('is worth what the settings believe of failed payments', () => {
    const never = price(values, customers, 2, trained, {
      margin: 0.6,
      actions,
      involuntary: { ...defaultInvoluntary, leaves: 0 },
    })
    expect(of(never.gain, 0, 6)).toBeCloseTo(-50, 6)
  })

  it('puts values by key, whatever the order and number of columns of the policy', () => {
    const shuffled: Training = {
      ...trained,
      actions: ['no_action', 'gift'],
      costs: trained.costs.slice(0, 2),
    }
    const two = { rows: 1, actions: 2, value: Float32Array.of(1, 3) }
    const one = { hazard: [0.02], recurring: Float64Array.of(50) }
    const { gain } = price(two, one, 2, shuffled, { margin: 0.6, actions: [referenceActions[0], own] })
    expect(gain[1]).toBeCloseTo(10_000, 6)
  })
})
