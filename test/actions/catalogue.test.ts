import { describe, expect, it } from 'vitest'
import { referenceActions } from '../../actions/catalogue.ts'
import { plannedCost } from '../../src/contracts/actions.ts'

describe('the reference catalogue', () => {
  it('keeps the six ids, keys, names and costs that plans and value columns rely on', () => {
    expect(referenceActions.map((a) => [a.id, a.key, a.name, a.cost.share])).toEqual([
      [0, 'no_action', 'No Action', 0],
      [1, 'email', 'Send Email', 0.01],
      [2, 'sms', 'Send SMS', 0.02],
      [3, 'discount_10', 'Offer 10% Discount', 0.1],
      [4, 'discount_20', 'Offer 20% Discount', 0.2],
      [5, 'call_discount_30', 'Personal Call + 30% Discount', 0.35],
    ])
  })

  it('charges an offer for the whole year that it lasts', () => {
    expect(referenceActions.map((a) => Math.round(100 * plannedCost(a.cost, 50)) / 100)).toEqual([
      0, 6, 12, 60, 120, 210,
    ])
  })

  it('counts the fixed part in the minor unit of the currency', () => {
    const cost = { fixedMinor: 250, share: 0, durationMonths: 12 }
    expect([plannedCost(cost, 9), plannedCost(cost, 9, 0), plannedCost(cost, 9, 3)]).toEqual([2.5, 250, 0.25])
  })

  it('limits what takes a person and never explores it', () => {
    const people = referenceActions.filter((a) => a.channel === 'task')
    expect(people.map((a) => [a.key, a.capacity, a.explorable])).toEqual([['call_discount_30', 100, false]])
  })
})
