import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { allocate } from '../../../models/policy/allocate.ts'
import { chooser } from '../../../models/policy/choose.ts'
import type { Book } from '../../../models/policy/policy.ts'
import { anyCase, exploring, randomBook } from './books.ts'

const unlimited = [null, null, null, null, null, null]

/** One customer a row, everything open, with these gains. */
function bookOf(gains: readonly (readonly number[])[]): Book {
  const book = randomBook(gains.length, 1)
  gains.forEach((row, i) => row.forEach((value, a) => (book.gain[i * 6 + a] = value)))
  book.open.fill(1)
  return book
}

describe('stochastic choice', () => {
  it('keeps the promises of a propensity for every customer, setting and draw', () => {
    fc.assert(
      fc.property(anyCase, ({ rows, seed, steps, budget, capacity, share }) => {
        const book = randomBook(rows, seed, steps)
        const exploration = exploring(share)
        const plan = allocate(book, { budget, capacity, exploration })
        for (let row = 0; row < rows; row++) {
          const p = plan.probabilities(row)
          const allocated = plan.allocated[row]
          expect(p.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 12)
          expect(p[plan.action[row]]).toBe(plan.propensity[row])
          expect(p[allocated]).toBeGreaterThanOrEqual(1 - share - 1e-12)
          let discounts = 0
          for (let a = 0; a < 6; a++) {
            if (p[a] === 0) continue
            expect(p[a]).toBeGreaterThanOrEqual(0.05 - 1e-12)
            discounts += exploration.discount[a]
            if (a > 0) expect(book.open[row * 6 + a]).toBe(1)
            if (a === allocated) continue
            expect([capacity[a], capacity[allocated]]).toEqual([null, null])
            expect(book.gain[row * 6 + a]).toBeGreaterThanOrEqual(plan.lambda * book.cost[row * 6 + a])
          }
          expect(discounts).toBeLessThanOrEqual(1)
        }
      }),
      { numRuns: 250 },
    )
  })

  it('draws each action as often as it says', () => {
    const rows = 40_000
    const book = bookOf(Array.from({ length: rows }, () => [0, 500, 400, 300, -1, -1]))
    const plan = allocate(book, { budget: null, capacity: unlimited, exploration: exploring(0.2) })
    const drawn = new Float64Array(6)
    for (const a of plan.action) drawn[a] += 1 / rows
    const says = plan.probabilities(0)
    expect([...says]).toEqual([0.2 / 3, 0.8, 0.2 / 3, 0.2 / 3, 0, 0])
    says.forEach((p, a) =>
      expect(Math.abs(drawn[a] - p)).toBeLessThanOrEqual(4 * Math.sqrt((p * (1 - p)) / rows)),
    )
  })

  it('explores only as many actions as keep the floor, the best first', () => {
    const book = bookOf([[0, 500, 400, 300, -1, -1]])
    const choose = chooser(book, exploring(0.1), unlimited)
    expect([...choose.probabilities(0, 1, 0, new Float64Array(6))]).toEqual([0, 0.9, 0.05, 0.05, 0, 0])
  })

  it('leaves nothing to chance where a call or any action with places is allocated', () => {
    const book = bookOf([[0, 500, 400, 300, 200, 900]])
    const calls = chooser(book, exploring(0.2), unlimited)
    expect([...calls.probabilities(0, 5, 0, new Float64Array(6))]).toEqual([0, 0, 0, 0, 0, 1])
    const fewMails = chooser(book, exploring(0.2), [null, 9, null, null, null, null])
    expect([...fewMails.probabilities(0, 1, 0, new Float64Array(6))]).toEqual([0, 1, 0, 0, 0, 0])
    expect(fewMails.probabilities(0, 2, 0, new Float64Array(6))[1]).toBe(0)
  })

  it('explores no second discount beside an allocated one', () => {
    const book = bookOf([[0, 500, 400, 300, 900, -1]])
    const choose = chooser(book, exploring(0.15), unlimited)
    expect(choose.probabilities(0, 4, 0, new Float64Array(6))[3]).toBe(0)
  })

  it('explores nothing that is worse than doing nothing at the price of the budget', () => {
    const book = bookOf([[0, 5000, 10, -10, -10, -10]])
    const choose = chooser(book, exploring(0.2), unlimited)
    expect([...choose.probabilities(0, 1, 0, new Float64Array(6))]).toEqual([0.1, 0.8, 0.1, 0, 0, 0])
    expect([...choose.probabilities(0, 1, 1, new Float64Array(6))]).toEqual([0.2, 0.8, 0, 0, 0, 0])
  })
})
