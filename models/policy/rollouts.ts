/** Simulated customers whose months become the learner's experience. */
import type { Random } from '../random.ts'
import { predict } from './network.ts'
import type { Network } from './network.ts'
import { BOOKS, observer } from './simulator/observe.ts'
import type { World } from './simulator/world.ts'
import { STATE_SIZE } from './state.ts'

/** Customers who live on under the network's own greedy actions with exploration; their months are kept. */
export function rollouts(
  world: World,
  explore: number,
  chance: Random,
): {
  advance(network: Network | null): void
  lived(draw: Random): [customer: number, history: number]
  fresh(draw: Random): [customer: number, history: number]
} {
  const { chain, history, actions } = world
  const observe = observer(world)
  const anyCustomer = cumulative(chain.book)
  const anyHistory = cumulative(history.book)
  const freeHistory = cumulative(history.book.map((share, h) => share * history.free[h]))
  const kept = new Int32Array(2 * REPLAY)
  const customer = new Int32Array(ACTORS)
  const past = new Int32Array(ACTORS)
  const states = new Float32Array(ACTORS * STATE_SIZE)
  const idle = new Float32Array(ACTORS * actions)
  let filled = 0
  let at = 0
  const renew = (i: number): void => {
    customer[i] = draw(anyCustomer, chance.next())
    past[i] = draw(anyHistory, chance.next())
  }
  for (let i = 0; i < ACTORS; i++) renew(i)

  const month = (network: Network | null): void => {
    for (let i = 0; i < ACTORS; i++) observe(states, i, customer[i], past[i], BOOKS.complete.later, chance)
    const values = network === null ? idle : predict(network, states, ACTORS)
    for (let i = 0; i < ACTORS; i++) {
      const free = history.free[past[i]] === 1
      if (free) {
        kept[2 * at] = customer[i]
        kept[2 * at + 1] = past[i]
        at = (at + 1) % REPLAY
        filled = Math.min(REPLAY, filled + 1)
      }
      if (chance.next() < RENEW) {
        renew(i)
        continue
      }
      const explores = chance.next() < explore
      const action = !free
        ? 0
        : explores
          ? chance.integer(actions)
          : bestAction(values, i * actions, actions, history.histories[past[i]].inForce)
      const acted = history.jump[action * history.decisions + past[i]]
      past[i] = pick(history.start, history.next, history.probability, acted, chance)
      customer[i] = pick(chain.start, chain.next, chain.probability, customer[i], chance)
    }
  }
  return {
    advance: (network) => {
      for (let i = 0; i < MONTHS; i++) month(network)
    },
    lived: (from) => {
      const k = from.integer(filled)
      return [kept[2 * k], kept[2 * k + 1]]
    },
    fresh: (from) => [draw(anyCustomer, from.next()), draw(freeHistory, from.next())],
  }
}

const REPLAY = 20_000
const ACTORS = 512
/** Months that the customers of the rollouts live on in a round. */
const MONTHS = 12
/** Chance a month that a simulated customer is replaced by a new one of the book. */
const RENEW = 1 / 36

/** The action stronger than `inForce` that adds most to waiting, 0 when none adds anything. */
function bestAction(differences: Float32Array, from: number, count: number, inForce: number): number {
  let top = 0
  let most = 0
  for (let a = inForce + 1; a < count; a++) {
    if (differences[from + a] > most) {
      most = differences[from + a]
      top = a
    }
  }
  return top
}

/** Draws an entry of a sparse row by its probability. */
function pick(
  start: Int32Array,
  next: Int32Array,
  probability: Float64Array,
  row: number,
  chance: Random,
): number {
  let u = chance.next()
  const last = start[row + 1] - 1
  for (let e = start[row]; e < last; e++) {
    u -= probability[e]
    if (u < 0) return next[e]
  }
  return next[last]
}

function cumulative(shares: Float64Array): Float64Array {
  const out = new Float64Array(shares.length)
  let sum = 0
  for (let i = 0; i < shares.length; i++) out[i] = sum += shares[i]
  return out
}

function draw(sums: Float64Array, u: number): number {
  let low = 0
  let high = sums.length - 1
  const wanted = u * sums[high]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sums[middle] > wanted) high = middle
    else low = middle + 1
  }
  return low
}
