/**
 * The learner's memory: months that customers live through in the simulator, as they are observed, with the
 * exact values of each action now under the policy learned so far.
 */
import type { Random } from '../random.ts'
import { drawGallery, greedyOn, tableOf } from './evaluate.ts'
import { predict } from './network.ts'
import type { Network } from './network.ts'
import { rollouts } from './rollouts.ts'
import { BOOKS, observer } from './simulator/observe.ts'
import type { Book, Missing } from './simulator/observe.ts'
import type { World } from './simulator/world.ts'
import { evaluatePolicy } from './solver.ts'
import type { Solution } from './solver.ts'
import { INPUT, STATE_SIZE } from './state.ts'

/** How much more often than they occur shocks and months before a notice are replayed, each. */
const RARE = 3
const MAX_BOOST = RARE * RARE

/** Months lived through in the simulator, one a row. */
export interface Memory {
  readonly rows: number
  /** rows x STATE_SIZE: what was seen. */
  readonly seen: Float32Array
  /** rows x actions: gain of waiting over never acting; what each action adds to waiting. */
  readonly aim: Float32Array
  /** rows: the action in force, which masks itself and all weaker ones. */
  readonly inForce: Uint8Array
  /** rows: how much an error counts. */
  readonly care: Float32Array
}

export function emptyMemory(rows: number, actions: number): Memory {
  return {
    rows,
    seen: new Float32Array(rows * STATE_SIZE),
    aim: new Float32Array(rows * actions),
    inForce: new Uint8Array(rows),
    care: new Float32Array(rows),
  }
}

/**
 * Fills a memory with months of customers under the network's policy, and with new customers of the book;
 * null is the policy that never acts.
 */
export function experience(
  world: World,
  neverActing: Solution,
  explore: number,
  chance: Random,
): (memory: Memory, target: Network | null) => void {
  const { actions, history, fixed } = world
  const { decisions, jump, histories } = history
  const width = histories.length
  const observe = observer(world)
  const boost = boosts(world)
  const book = rollouts(world, explore, chance.fork('rollouts'))
  const draw = chance.fork('rows')
  const luck = chance.fork('observations')
  let complete = neverActing
  let bare = neverActing
  return (memory, target) => {
    book.advance(target)
    if (target !== null) {
      const policy = greedyOn((states, rows) => differencesOf(target, states, rows), actions)
      const evaluate = (name: Book, from: Solution): Solution => {
        const gallery = drawGallery(world, name, DRAWS, luck.integer(2 ** 31), 'later')
        const table = tableOf(world, gallery, gallery.later, policy)
        return evaluatePolicy(world, table, TARGET_TOLERANCE, from.values)
      }
      complete = evaluate('complete', complete)
      bare = evaluate('bare', bare)
    }
    for (let m = 0; m < memory.rows; m++) {
      const kind = draw.next()
      let c: number
      let h: number
      do {
        ;[c, h] = kind < 0.8 ? book.lived(draw) : book.fresh(draw)
      } while (draw.next() * MAX_BOOST > boost[c])
      const lacks = patternOf(kind, draw)
      observe(memory.seen, m, c, h, lacks, luck)
      memory.care[m] = attention(memory.seen, m) / boost[c]
      memory.inForce[m] = histories[h].inForce
      const { after } = lacks === BOOKS.complete.first ? complete : bare
      const waiting = after[c * width + h]
      memory.aim[m * actions] = waiting - neverActing.values[c * decisions + h]
      for (let a = 1; a < actions; a++) {
        memory.aim[m * actions + a] = after[c * width + jump[a * decisions + h]] - fixed[a] - waiting
      }
    }
  }
}

/** Observations of each full state that the target network's policy is averaged over. */
const DRAWS = 3
/** Bound on the error of a target's values, in months; the errors themselves are far smaller. */
const TARGET_TOLERANCE = 3e-3

/** The network's outputs as values, the base no longer apart. */
function differencesOf(network: Network, states: Float32Array, rows: number): Float32Array {
  const out = predict(network, states, rows)
  const actions = network.sizes[network.sizes.length - 1]
  for (let at = 0; at < out.length; at += actions) out[at] = 0
  return out
}

/**
 * Shocks and the months before a notice are rare, and most of the gain lies there: such customers are drawn
 * more often. An error is then weighted by `attention` to what was seen over this boost (importance sampling
 * as in prioritised replay, Schaul et al. 2016): what is hidden keeps its true frequency among customers who look alike,
 * and only what can be seen is given more weight than its share.
 */
function boosts(world: World): Float64Array {
  return Float64Array.from(
    world.chain.customers,
    ({ shock, contract, monthsToNotice }) =>
      (shock ? RARE : 1) * (contract !== 'month_to_month' && monthsToNotice < 2 ? RARE : 1),
  )
}

/** How much an error counts by what is seen alone: known to be near a notice, a score high for the contract. */
function attention(states: Float32Array, row: number): number {
  const at = row * STATE_SIZE
  const term = states[at + INPUT.contract] > 0.1
  const near = term && states[at + INPUT.notice] > 0.4 ? RARE : 1
  // On the scale of the state: half of the shocked customers score above, few others do.
  const usual = states[at + INPUT.contract] > 0.6 ? 0.25 : term ? 0.37 : 0.57
  const high = 1 / (1 + Math.exp((usual - states[at]) / 0.03))
  return near * (1 + (RARE - 1) * high)
}

/** What the book of a replayed month lacks: nothing, what a bare file lacks, or something of its own. */
function patternOf(kind: number, draw: Random): Missing {
  if (kind < 0.7) return BOOKS.complete.first
  if (kind < 0.8) return BOOKS.bare.later
  if (kind < 0.9) return BOOKS.bare.first
  let bits = 0
  for (let input = 1; input <= 9; input++) if (draw.next() < 0.35) bits |= 1 << input
  return bits
}
