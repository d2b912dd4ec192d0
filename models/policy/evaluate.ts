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

/** Chooses one action a row; `states` is rows x STATE_SIZE. */
export type StatePolicy = (states: Float32Array, rows: number) => Uint8Array

export interface ObservedEvaluation {
  /** Gain over never acting, mean over the book, in months of the recurring amount. */
  readonly gain: number
  /** Share of customers for each action in the first month. */
  readonly shares: readonly number[]
}

/** Observations of every full state: the same for all policies that are compared. */
export interface Gallery {
  readonly draws: number
  readonly classOf: Int32Array
  readonly classes: number
  readonly first: Float32Array
  readonly later: Float32Array
}

/**
 * Draws what may be seen. Histories that differ only in what is never seen (habit, action in force) share
 * their draws.
 *
 * @param draws observations a class; 24 leave about 1 % noise in a gain
 */
export function drawGallery(world: World, book: Book, draws: number, seed: number): Gallery {
  const { chain, history } = world
  const { decisions } = history
  const seen = new Map<string, number>()
  const example: number[] = []
  const seenAs = new Int32Array(decisions)
  for (let h = 0; h < decisions; h++) {
    const { interventions, months, fatigue } = history.histories[h]
    const key = `${interventions} ${months} ${fatigue}`
    if (!seen.has(key)) {
      seen.set(key, example.length)
      example.push(h)
    }
    seenAs[h] = seen.get(key) as number
  }
  const customers = chain.customers.length
  const classes = customers * example.length
  const classOf = new Int32Array(customers * decisions)
  for (let c = 0; c < customers; c++) {
    for (let h = 0; h < decisions; h++) classOf[c * decisions + h] = c * example.length + seenAs[h]
  }
  const drawn = (lacks: Missing): Float32Array => {
    const chance = random(seed)
    const observe = observer(world)
    const out = new Float32Array(classes * draws * STATE_SIZE)
    let row = 0
    for (let c = 0; c < customers; c++) {
      for (const h of example) for (let k = 0; k < draws; k++) observe(out, row++, c, h, lacks, chance)
    }
    return out
  }
  const { first, later } = BOOKS[book]
  const firstSeen = drawn(first)
  return { draws, classOf, classes, first: firstSeen, later: first === later ? firstSeen : drawn(later) }
}

/** The mixture of actions that a policy takes in each full state. */
export function tableOf(
  world: World,
  gallery: Gallery,
  states: Float32Array,
  policy: StatePolicy,
): PolicyTable {
  const { actions } = world
  const { draws, classes, classOf } = gallery
  const chosen = policy(states, classes * draws)
  const mixed = new Float32Array(classes * actions)
  for (let row = 0; row < chosen.length; row++)
    mixed[Math.floor(row / draws) * actions + chosen[row]] += 1 / draws
  const table = new Float32Array(classOf.length * actions)
  for (let s = 0; s < classOf.length; s++) {
    const from = classOf[s] * actions
    for (let a = 0; a < actions; a++) table[s * actions + a] = mixed[from + a]
  }
  return table
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
  const { decisions, free, jump, histories } = history
  const values = new Float64Array(chain.customers.length * decisions)
  const shares = new Float64Array(actions)
  for (let c = 0; c < chain.customers.length; c++) {
    for (let h = 0; h < decisions; h++) {
      const at = c * decisions + h
      for (let a = 0; a < actions; a++) {
        const p = free[h] === 1 ? first[at * actions + a] : a === 0 ? 1 : 0
        values[at] += p * (after[c * histories.length + jump[a * decisions + h]] - fixed[a])
        shares[a] += chain.book[c] * history.book[h] * p
      }
    }
  }
  return { gain: meanOverBook(world, values) - meanOverBook(world, neverActing.values), shares: [...shares] }
}
