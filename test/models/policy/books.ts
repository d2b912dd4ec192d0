import * as fc from 'fast-check'
import { drawCustomers } from '../../../models/policy/draw.ts'
import type { Book, Exploration } from '../../../models/policy/policy.ts'
import { random } from '../../../models/random.ts'

/** Shares of the reference catalogue. */
export const shares = [0, 0.01, 0.02, 0.1, 0.2, 0.35]

/** Explores as the default settings do; `share` 0 turns it off. */
export function exploring(share: number, actions = shares.length): Exploration {
  return {
    share,
    floor: 0.05,
    explorable: Uint8Array.from({ length: actions }, (_, a) => (a < 4 ? 1 : 0)),
    certain: Uint8Array.from({ length: actions }, (_, a) => (a === 5 ? 1 : 0)),
    discount: Uint8Array.from({ length: actions }, (_, a) => (a > 2 ? 1 : 0)),
  }
}

/** Random customers; `steps` > 0 makes gains and costs coarse, so that many customers are alike. */
export function randomBook(rows: number, seed: number, steps = 0, actions = shares.length): Book {
  const chance = random(seed)
  const gain = new Float64Array(rows * actions)
  const cost = new Float64Array(rows * actions)
  const open = new Uint8Array(rows * actions)
  for (let row = 0; row < rows; row++) {
    const recurring = steps > 0 ? 5000 : 2000 + 10_000 * chance.next()
    for (let a = 1; a < actions; a++) {
      const at = row * actions + a
      const luck = steps > 0 ? Math.floor(chance.next() * steps) / steps : chance.next()
      cost[at] = Math.round(recurring * shares[a] * 12)
      gain[at] = cost[at] * (luck * 4 - 1)
      open[at] = chance.next() < 0.85 ? 1 : 0
    }
  }
  const ids = Array.from({ length: rows }, (_, row) => `C-${row}`)
  const draws = drawCustomers({ tenant: 't', period: '2026-11', policyVersion: `${seed}`, salt: '' }, ids)
  return { rows, actions, gain, cost, open, ...draws }
}

/** The same customers in another order of the file: new row i is old row order[i]. */
export function reorder(book: Book, order: readonly number[]): Book {
  const { actions } = book
  const wide = <T extends Float64Array | Uint8Array>(from: T, to: T): T => {
    order.forEach((old, row) => {
      for (let a = 0; a < actions; a++) to[row * actions + a] = from[old * actions + a]
    })
    return to
  }
  return {
    rows: order.length,
    actions,
    gain: wide(book.gain, new Float64Array(order.length * actions)),
    cost: wide(book.cost, new Float64Array(order.length * actions)),
    open: wide(book.open, new Uint8Array(order.length * actions)),
    tie: Float64Array.from(order, (old) => book.tie[old]),
    uniform: Float64Array.from(order, (old) => book.uniform[old]),
  }
}

export function shuffled(rows: number, seed: number): number[] {
  const chance = random(seed)
  const order = Array.from({ length: rows }, (_, row) => row)
  for (let i = rows - 1; i > 0; i--) {
    const j = chance.integer(i + 1)
    const swap = order[i]
    order[i] = order[j]
    order[j] = swap
  }
  return order
}

export function spendOf(book: Book, action: Uint8Array): number {
  return action.reduce((sum, a, row) => sum + book.cost[row * book.actions + a], 0)
}

export function counts(action: Uint8Array, actions = shares.length): number[] {
  const count = Array.from({ length: actions }, () => 0)
  for (const a of action) count[a]++
  return count
}

const places = fc.option(fc.integer({ min: 0, max: 40 }), { freq: 2 })

/** Books of up to 120 customers, alike or not, with budgets and capacities of every kind. */
export const anyCase = fc.record({
  rows: fc.integer({ min: 1, max: 120 }),
  seed: fc.integer({ min: 1, max: 1e6 }),
  steps: fc.constantFrom(0, 1, 3, 6),
  // Alike customers cost multiples of 600: a budget one cent short of that must not be overdrawn.
  budget: fc.option(
    fc.oneof(
      fc.integer({ min: 0, max: 2_000_000 }),
      fc.integer({ min: 1, max: 300 }).map((n) => n * 600 - 1),
    ),
    { freq: 3 },
  ),
  capacity: fc.tuple(fc.constant(null), places, places, places, places, places),
  share: fc.constantFrom(0, 0.1, 0.15, 0.2),
})
