/**
 * What a policy that sees only the served state earns in the simulator, exactly: its actions are averaged
 * over what may be seen in each full state, and that mixture is evaluated by dynamic programming. Nothing is
 * rolled out, so the only chance left is in the drawn observations, the same for every policy compared.
 */
import { random } from '../random.ts'
import { BOOKS, observer } from './simulator/observe.ts'
import type { Book, Missing } from './simulator/observe.ts'
import type { World } from './simulator/world.ts'
import { evaluatePolicy, meanOverBook } from './solver.ts'
import type { PolicyTable, Solution } from './solver.ts'
import { STATE_SIZE } from './state.ts'

/**
 * A policy over served states (rows x STATE_SIZE): for each row the action, given the action in force, which
 * masks itself and every weaker one.
 */
export type StatePolicy = (states: Float32Array, rows: number) => (row: number, inForce: number) => number

export interface ObservedEvaluation {
  /** Gain over never acting, mean over the book, in months of the recurring amount. */
  readonly gain: number
  /** Share of customers for each action in the first month. */
  readonly shares: readonly number[]
}

/** Observations of every full state: the same for all policies that are compared. */
export interface Gallery {
  /** What is seen of customer x history: states that look alike share a class. */
  readonly classOf: Int32Array
  /** First row of each class, and the total at the end. */
  readonly start: Int32Array
  readonly first: Float32Array
  readonly later: Float32Array
}

/**
 * Draws what may be seen. Histories that differ only in what is never seen (habit, action in force) share
 * their draws; customers who were left alone, by far the most, get sixteen times as many.
 *
 * @param draws observations of each class
 */
export function drawGallery(
  world: World,
  book: Book,
  draws: number,
  seed: number,
  months: 'all' | 'later' = 'all',
): Gallery {
  const { chain, history } = world
  const { decisions } = history
  const seen = new Map<string, number>()
  const example: number[] = []
  const seenAs = new Int32Array(decisions)
  for (let h = 0; h < decisions; h++) {
    const { interventions, months: since, fatigue } = history.histories[h]
    const key = `${interventions} ${since} ${fatigue}`
    if (!seen.has(key)) {
      seen.set(key, example.length)
      example.push(h)
    }
    seenAs[h] = seen.get(key) as number
  }
  const customers = chain.customers.length
  const classOf = new Int32Array(customers * decisions)
  const start = new Int32Array(customers * example.length + 1)
  for (let c = 0; c < customers; c++) {
    for (let h = 0; h < decisions; h++) classOf[c * decisions + h] = c * example.length + seenAs[h]
    example.forEach((h, i) => {
      const { months: since, fatigue, interventions } = history.histories[h]
      const rested = since === 3 && fatigue === 0
      const count = draws * (!rested ? 1 : interventions === 0 ? 16 : 4)
      start[c * example.length + i + 1] = start[c * example.length + i] + count
    })
  }
  const drawn = (lacks: Missing): Float32Array => {
    const chance = random(seed)
    const observe = observer(world)
    const out = new Float32Array(start[start.length - 1] * STATE_SIZE)
    for (let k = 0; k + 1 < start.length; k++) {
      const c = Math.floor(k / example.length)
      const h = example[k % example.length]
      for (let row = start[k]; row < start[k + 1]; row++) observe(out, row, c, h, lacks, chance)
    }
    return out
  }
  const { first, later } = BOOKS[book]
  const laterSeen = drawn(later)
  const firstSeen = first === later || months === 'later' ? laterSeen : drawn(first)
  return { classOf, start, first: firstSeen, later: laterSeen }
}

/** The mixture of actions that a policy takes in each full state. */
export function tableOf(
  world: World,
  gallery: Gallery,
  states: Float32Array,
  policy: StatePolicy,
): PolicyTable {
  const { actions } = world
  const { start, classOf } = gallery
  const classes = start.length - 1
  const choose = policy(states, start[classes])
  // Discounts in force mask everything, so only what is weaker than the first of them needs asking.
  const discount = world.assumptions.actions.findIndex((action) => action.discount)
  const asked = discount === -1 ? actions : discount
  const mixed = new Float32Array(classes * asked * actions)
  for (let k = 0; k < classes; k++) {
    const share = 1 / (start[k + 1] - start[k])
    for (let row = start[k]; row < start[k + 1]; row++) {
      for (let inForce = 0; inForce < asked; inForce++) {
        mixed[(k * asked + inForce) * actions + choose(row, inForce)] += share
      }
    }
  }
  const table = new Float32Array(classOf.length * actions)
  const { decisions, histories } = world.history
  for (let s = 0; s < classOf.length; s++) {
    const { inForce } = histories[s % decisions]
    if (inForce >= asked) {
      table[s * actions] = 1
      continue
    }
    const from = (classOf[s] * asked + inForce) * actions
    for (let a = 0; a < actions; a++) table[s * actions + a] = mixed[from + a]
  }
  return table
}

/** The policy of values: the open action of highest value. */
export function greedyOn(
  values: (states: Float32Array, rows: number) => Float32Array,
  actions: number,
): StatePolicy {
  return (states, rows) => {
    const value = values(states, rows)
    return (row, inForce) => {
      let best = row * actions
      for (let at = row * actions + inForce + 1; at < (row + 1) * actions; at++)
        if (value[at] > value[best]) best = at
      return best - row * actions
    }
  }
}

/**
 * @param neverActing value of never acting in the same world
 * @example
 * evaluateObserved(world, never(world), drawGallery(world, 'complete', 24, 1), policy).gain
 */
export function evaluateObserved(
  world: World,
  neverActing: Solution,
  gallery: Gallery,
  policy: StatePolicy,
): ObservedEvaluation {
  const later = tableOf(world, gallery, gallery.later, policy)
  const first = gallery.first === gallery.later ? later : tableOf(world, gallery, gallery.first, policy)
  const { after } = evaluatePolicy(world, later, 1e-4, neverActing.values)
  const { history, chain, actions, fixed } = world
  const { decisions, jump, histories } = history
  const values = new Float64Array(chain.customers.length * decisions)
  const shares = new Float64Array(actions)
  for (let c = 0; c < chain.customers.length; c++) {
    for (let h = 0; h < decisions; h++) {
      const at = c * decisions + h
      const waiting = after[c * histories.length + h]
      const customer = chain.book[c] * history.book[h]
      values[at] = waiting
      shares[0] += customer
      for (let a = 1; a < actions; a++) {
        const p = first[at * actions + a]
        const acted = jump[a * decisions + h]
        if (acted === h) continue
        values[at] += p * (after[c * histories.length + acted] - fixed[a] - waiting)
        shares[a] += customer * p
        shares[0] -= customer * p
      }
    }
  }
  return { gain: meanOverBook(world, values) - meanOverBook(world, neverActing.values), shares: [...shares] }
}
