import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { allocate } from '../../../models/policy/allocate.ts'
import type { Book } from '../../../models/policy/policy.ts'
import { anyCase, counts, exploring, randomBook, reorder, shuffled, spendOf } from './books.ts'

const unlimited = [null, null, null, null, null, null]

/** The best gain within budget and capacities, by trying everything. */
function bestOfAll(book: Book, budget: number | null, capacity: readonly (number | null)[]): number {
  const left = capacity.map((c) => c ?? Infinity)
  const visit = (row: number, money: number): number => {
    if (row === book.rows) return 0
    let best = -Infinity
    for (let a = 0; a < book.actions; a++) {
      const at = row * book.actions + a
      if (a > 0 && book.open[at] === 0) continue
      if (left[a] < 1 || book.cost[at] > money) continue
      left[a]--
      best = Math.max(best, book.gain[at] + visit(row + 1, money - book.cost[at]))
      left[a]++
    }
    return best
  }
  return visit(0, budget ?? Infinity)
}

/** The best gain within a budget when all costs are multiples of `step`: multiple-choice knapsack. */
function knapsack(book: Book, budget: number, step: number): number {
  let best = new Float64Array(budget / step + 1)
  for (let row = 0; row < book.rows; row++) {
    const next = best.slice()
    for (let a = 1; a < book.actions; a++) {
      const at = row * book.actions + a
      if (book.open[at] === 0) continue
      const units = book.cost[at] / step
      for (let money = units; money < best.length; money++) {
        next[money] = Math.max(next[money], best[money - units] + book.gain[at])
      }
    }
    best = next
  }
  return best[best.length - 1]
}

describe('allocation over a whole book', () => {
  it('never goes over the budget, a capacity, or what is open, also after the draws', () => {
    fc.assert(
      fc.property(anyCase, ({ rows, seed, steps, budget, capacity, share }) => {
        const book = randomBook(rows, seed, steps)
        const plan = allocate(book, { budget, capacity, exploration: exploring(share) })
        expect(plan.spend).toBe(spendOf(book, plan.action))
        if (budget !== null) expect(plan.spend).toBeLessThanOrEqual(budget)
        counts(plan.action).forEach((n, a) => expect(n).toBeLessThanOrEqual(capacity[a] ?? rows))
        counts(plan.allocated).forEach((n, a) => expect(n).toBeLessThanOrEqual(capacity[a] ?? rows))
        for (let row = 0; row < rows; row++) {
          for (const a of [plan.action[row], plan.allocated[row]])
            if (a !== 0) expect(book.open[row * book.actions + a]).toBe(1)
        }
        expect(plan.gain).toBeLessThanOrEqual(plan.bound * (1 + 1e-9) + 1e-6)
      }),
      { numRuns: 1000 },
    )
  })

  it('chooses the same for every customer in any order of the file', () => {
    fc.assert(
      fc.property(anyCase, ({ rows, seed, steps, budget, capacity, share }) => {
        const book = randomBook(rows, seed, steps)
        const order = shuffled(rows, seed + 1)
        const limits = { budget, capacity, exploration: exploring(share) }
        const one = allocate(book, limits)
        const other = allocate(reorder(book, order), limits)
        expect([...other.action]).toEqual(order.map((row) => one.action[row]))
        expect([...other.propensity]).toEqual(order.map((row) => one.propensity[row]))
        expect(other.lambda).toBe(one.lambda)
      }),
      { numRuns: 400 },
    )
  })

  it.each([1, 2, 3])('fills the places of a scarce action exactly, by highest net gain (seed %i)', (seed) => {
    const book = randomBook(3000, seed)
    const capacity = [null, null, null, null, null, 100]
    const plan = allocate(book, { budget: null, capacity, exploration: exploring(0.15) })
    expect(counts(plan.action)[5]).toBe(100)
    const advantage = Array.from({ length: book.rows }, (_, row) => {
      const of = (a: number) => (a === 0 ? 0 : book.open[row * 6 + a] ? book.gain[row * 6 + a] : -Infinity)
      return of(5) - Math.max(...[0, 1, 2, 3, 4].map(of))
    })
    const called = advantage.filter((_, row) => plan.action[row] === 5)
    const others = advantage.filter((_, row) => plan.action[row] !== 5)
    expect(Math.min(...called)).toBeGreaterThanOrEqual(Math.max(...others))
    expect(plan.capacityPrice[5]).toBe(Math.max(...others))
  })

  it('fills all places when everybody is alike, and picks by hash rather than by row', () => {
    const book = randomBook(500, 5, 1)
    book.gain.fill(0)
    book.open.fill(1)
    for (let row = 0; row < 500; row++) book.gain[row * 6 + 5] = 900
    const capacity = [null, null, null, null, null, 60]
    const plan = allocate(book, { budget: null, capacity, exploration: exploring(0) })
    const chosen = [...plan.action.keys()].filter((row) => plan.action[row] === 5)
    const byHash = [...book.tie.keys()].sort((x, y) => book.tie[x] - book.tie[y]).slice(0, 60)
    expect(chosen).toEqual(byHash.sort((x, y) => x - y))
  })

  it('leaves places empty rather than giving them to customers who do not gain', () => {
    const book = randomBook(200, 9)
    for (let row = 12; row < 200; row++) book.gain[row * 6 + 5] = -1
    const capacity = [null, null, null, null, null, 50]
    const plan = allocate(book, { budget: null, capacity, exploration: exploring(0) })
    expect(counts(plan.action)[5]).toBeLessThanOrEqual(12)
    expect(plan.capacityPrice[5]).toBe(0)
  })

  it('takes 0 for off, in budget and in capacity', () => {
    const book = randomBook(300, 4)
    const off = allocate(book, { budget: 0, capacity: unlimited, exploration: exploring(0.2) })
    expect(off.spend).toBe(0)
    expect(counts(off.action)[0]).toBe(300)
    const noMail = [null, 0, null, null, null, 0]
    const plan = allocate(book, { budget: null, capacity: noMail, exploration: exploring(0.2) })
    expect([counts(plan.action)[1], counts(plan.action)[5]]).toEqual([0, 0])
  })

  it('reaches the optimum with capacities alone, one or several', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e6 }),
        fc.constantFrom(0, 2, 5),
        fc.tuple(
          fc.constant(null),
          fc.constantFrom(null, 1),
          fc.constantFrom(null, 0, 2),
          fc.constantFrom(null, 1, 2),
          fc.constantFrom(null, 1),
          fc.constantFrom(1, 2),
        ),
        (seed, steps, capacity) => {
          const book = randomBook(6, seed, steps)
          const plan = allocate(book, { budget: null, capacity, exploration: exploring(0) })
          expect(plan.gain).toBeCloseTo(bestOfAll(book, null, capacity), 6)
        },
      ),
      { numRuns: 400 },
    )
  })

  it('bounds the optimum from above and comes near it even where a budget buys two or three actions', () => {
    let reached = 0
    let best = 0
    for (let seed = 1; seed <= 60; seed++) {
      const book = randomBook(7, seed)
      const capacity = [null, null, null, null, null, 1]
      const budget = 15_000 + 3_000 * (seed % 10)
      const plan = allocate(book, { budget, capacity, exploration: exploring(0) })
      const optimum = bestOfAll(book, budget, capacity)
      expect(plan.bound).toBeGreaterThanOrEqual(optimum - 1e-6)
      expect(plan.gain).toBeLessThanOrEqual(optimum + 1e-6)
      reached += plan.gain
      best += optimum
    }
    expect(reached / best).toBeGreaterThan(0.9)
  })

  it('reaches 98.5 % of the exact optimum under budgets that buy about ten actions', () => {
    let reached = 0
    let best = 0
    for (let seed = 1; seed <= 20; seed++) {
      const book = randomBook(80, seed)
      for (let at = 0; at < book.cost.length; at++) book.cost[at] = 600 * Math.round(book.cost[at] / 600)
      const budget = 600 * (150 + 20 * seed)
      const plan = allocate(book, { budget, capacity: unlimited, exploration: exploring(0) })
      const optimum = knapsack(book, budget, 600)
      expect(plan.gain / optimum).toBeGreaterThan(0.97)
      reached += plan.gain
      best += optimum
    }
    expect(reached / best).toBeGreaterThan(0.985)
  })

  it('loses less than a thousandth of the bound under a budget on a few thousand customers', () => {
    const book = randomBook(5000, 11)
    const capacity = [null, null, null, null, null, 50]
    const plan = allocate(book, { budget: 5_000_000, capacity, exploration: exploring(0) })
    expect(plan.lambda).toBeGreaterThan(0)
    expect(plan.spend).toBeGreaterThan(4_999_000)
    expect(1 - plan.gain / plan.bound).toBeLessThan(0.001)
  })

  it('gives a price of the budget that a bigger budget confirms', () => {
    const book = randomBook(5000, 12)
    const at = (budget: number) => allocate(book, { budget, capacity: unlimited, exploration: exploring(0) })
    const one = at(5_000_000)
    const more = at(5_050_000)
    expect((more.gain - one.gain) / 50_000 / one.lambda).toBeCloseTo(1, 1)
  })
})
