import { describe, expect, it } from 'vitest'
import { allocate } from '../../../models/policy/allocate.ts'
import { always, evaluateWishes, never, oneStep, riskThreshold } from '../../../models/policy/baselines.ts'
import { counts, exploring, randomBook, reorder, shuffled, spendOf } from './books.ts'

const book = randomBook(1000, 3)
const free = { budget: null, capacity: [null, null, null, null, null, null] }
const limits = { budget: 2_000_000, capacity: [null, null, null, null, null, 40] }

describe('baselines', () => {
  it('never acts, or always does the same where it is open', () => {
    expect(evaluateWishes(book, free, never(book))).toMatchObject({ gain: 0, spend: 0 })
    const calls = always(book, 5)
    for (let row = 0; row < book.rows; row++) expect(calls[row]).toBe(book.open[row * 6 + 5] === 1 ? 5 : 0)
  })

  it('acts on risk by the highest threshold reached', () => {
    const three = randomBook(4, 1)
    three.open.fill(1)
    const rules = [
      { from: 0.4, action: 3 },
      { from: 0.7, action: 5 },
    ]
    expect([...riskThreshold(three, [0.1, 0.4, 0.69, 0.7], rules)]).toEqual([0, 3, 3, 5])
    three.open[3 * 6 + 5] = 0
    expect(riskThreshold(three, [0, 0, 0, 0.9], rules)[3]).toBe(0)
  })

  it('looks one step ahead and acts only where churn avoided now is worth more than the cost', () => {
    const one = randomBook(2, 1)
    one.open.fill(1)
    for (const row of [0, 1]) [0, 100, 200, 1000, 2000, 3500].forEach((c, a) => (one.cost[row * 6 + a] = c))
    const effect = [0, 0.03, 0.04, 0.2, 0.25, 0.3]
    expect([...oneStep(one, [0.5, 0.01], effect, [20_000, 20_000])]).toEqual([3, 0])
  })

  it('keeps the limits, whoever stands first in the file', () => {
    const order = shuffled(1000, 8)
    const one = evaluateWishes(book, limits, always(book, 5))
    expect(one.spend).toBe(spendOf(book, one.action))
    expect(one.spend).toBeLessThanOrEqual(2_000_000)
    expect(counts(one.action)[5]).toBe(40)
    const moved = reorder(book, order)
    expect([...evaluateWishes(moved, limits, always(moved, 5)).action]).toEqual(
      order.map((row) => one.action[row]),
    )
  })

  it('loses to the allocation on its own values', () => {
    const plan = allocate(book, { ...limits, exploration: exploring(0) })
    for (const action of [1, 2, 3, 4, 5])
      expect(evaluateWishes(book, limits, always(book, action)).gain).toBeLessThan(plan.gain)
  })
})
