/**
 * Deep Q-learning of the retention policy, on what the product serves (the observation), never on the
 * simulator's hidden state.
 *
 * A plain double DQN ends below never acting here: nearly all of the return is revenue that no action
 * changes, and churn is rare. Three changes carry it, and none of them moves the best policy:
 * - shaping with the value of never acting as potential (Ng, Harada & Russell, ICML 1999): the network learns
 *   only what acting adds to it, with the expectation over next states taken exactly from the simulator;
 * - a survival-weighted backup gamma (1 - hazard) max Q in place of sampled churn;
 * - a small scale: gains in months of the customer's own amount, errors relative to their size.
 *
 * It is off-policy Q-learning with replay, a target network that stands still for a round and double Q (van
 * Hasselt et al. 2016); every replayed month updates all actions, because the simulator knows what each would
 * have done.
 */
import { random } from '../random.ts'
import type { Random } from '../random.ts'
import { adam, backward, createNetwork, createWorkspace, fitFirstLayer, forward, predict } from './network.ts'
import type { Network } from './network.ts'
import { BOOKS, missing, observer } from './simulator/observe.ts'
import type { Missing } from './simulator/observe.ts'
import type { World } from './simulator/world.ts'
import type { Solution } from './solver.ts'
import { INPUT, STATE_SIZE } from './state.ts'

export interface LearnerOptions {
  readonly seed: number
  /** Rounds of gathering experience, each followed by `steps` steps against a target that stands still. */
  readonly rounds: number
  readonly steps: number
  readonly batch: number
  readonly hidden: readonly number[]
  /** Rate of Adam at the start; it falls to a hundredth of it along a cosine. */
  readonly rate: number
  /** Chance of a random action in the simulated rollouts. */
  readonly explore: number
}

export const defaultLearner: LearnerOptions = {
  seed: 1,
  rounds: 10,
  steps: 1_000,
  batch: 128,
  hidden: [64, 64],
  rate: 3e-3,
  explore: 0.15,
}

export interface Learned {
  readonly network: Network
  /** Mean weighted squared error of each round. */
  readonly losses: readonly number[]
}

/** Months of experience that a round learns from. */
const EXPERIENCE = 40_000
/**
 * Errors are judged relative to the size of the difference itself, and absolutely below this: what matters
 * is on which side of 0 a close choice lies, not the exact loss of a discount that nobody would give. The
 * size is the network's own estimate, so it depends on what is seen alone and biases no mean.
 */
const CLOSE = 0.05
/** The same for the value of waiting: no choice turns on it. */
const WAITING = 0.3
/** How much more often than they occur shocks and months before a notice are replayed, each. */
const RARE = 3
const MAX_BOOST = RARE * RARE

/**
 * @param neverActing the exact value of never acting in the same world
 * @returns a network whose output a, less output 0, is the gain of acting now in months of the recurring amount
 * @example
 * const world = buildWorld(defaultAssumptions)
 * const { network } = learn(world, never(world), { ...defaultLearner, seed: 7 })
 */
export function learn(world: World, neverActing: Solution, options: LearnerOptions): Learned {
  const { actions } = world
  const { batch, rounds, steps } = options
  const chance = random(options.seed)
  const sizes = [STATE_SIZE, ...options.hidden, actions]
  const network = createNetwork(sizes, chance.fork('initial weights'))
  const gather = experience(world, neverActing, options.explore, chance.fork('experience'))
  const memory = emptyMemory(EXPERIENCE, actions)
  // The target is the Polyak average of the weights, and so is the result: it smooths the noise of batches.
  let target: Network = { sizes, parameters: network.parameters.slice() }
  const gradient = new Float64Array(network.parameters.length)
  const step = adam(network.parameters.length)
  const work = createWorkspace(sizes, batch)
  const delta = work.deltas[sizes.length - 1]
  const draw = chance.fork('batches')
  const losses: number[] = []

  for (let round = 0; round < rounds; round++) {
    gather(memory, network)
    if (round === 0) {
      fitFirstLayer(network, memory.seen, chance.fork('kinks'))
      target.parameters.set(network.parameters)
    }
    const future = futures(memory, network, target)
    const average = network.parameters.slice()
    let loss = 0
    for (let t = 0; t < steps; t++) {
      const from = draw.integer(EXPERIENCE - batch)
      work.activations[0].set(memory.seen.subarray(from * STATE_SIZE, (from + batch) * STATE_SIZE))
      const out = forward(network, work, batch)
      for (let i = 0; i < batch; i++) {
        const m = from + i
        const waiting = memory.gain[m * actions] + memory.survival[m * actions] * future[2 * m]
        for (let a = 0; a < actions; a++) {
          const k = m * actions + a
          const aim = a === 0 ? waiting : memory.gain[k] + memory.survival[k] * future[2 * m + 1] - waiting
          const error = out[i * actions + a] - aim
          const w = memory.care[m] / (a === 0 ? WAITING ** 2 : CLOSE ** 2 + out[i * actions + a] ** 2)
          loss += (w * error * error) / batch
          delta[i * actions + a] = (2 * w * error) / batch
        }
      }
      backward(network, work, batch, gradient)
      const progress = (round * steps + t) / (rounds * steps)
      step(network.parameters, gradient, options.rate * (0.01 + 0.495 * (1 + Math.cos(Math.PI * progress))))
      const keep = Math.min(0.99, t / (t + 10))
      for (let i = 0; i < average.length; i++) {
        average[i] = keep * average[i] + (1 - keep) * network.parameters[i]
      }
    }
    target = { sizes, parameters: average }
    losses.push(loss / steps)
  }
  return { network: toValues(target), losses }
}

/** Months lived through in the simulator, one a row. */
interface Memory {
  readonly rows: number
  /** rows x STATE_SIZE: what was seen. */
  readonly seen: Float32Array
  /** 2 rows x STATE_SIZE: what is seen a month later after waiting, and after a contact. */
  readonly next: Float32Array
  /** rows x actions: exact gain of the action over never acting, if nothing is ever done after it. */
  readonly gain: Float32Array
  /** rows x actions: gamma (1 - hazard) before a month in which the policy may act again, else 0. */
  readonly survival: Float32Array
  /** rows: how much an error counts. */
  readonly care: Float32Array
}

function emptyMemory(rows: number, actions: number): Memory {
  return {
    rows,
    seen: new Float32Array(rows * STATE_SIZE),
    next: new Float32Array(2 * rows * STATE_SIZE),
    gain: new Float32Array(rows * actions),
    survival: new Float32Array(rows * actions),
    care: new Float32Array(rows),
  }
}

/** Fills a memory with months of customers under the network's policy, and with new customers of the book. */
function experience(
  world: World,
  neverActing: Solution,
  explore: number,
  chance: Random,
): (memory: Memory, network: Network) => void {
  const { actions, chain, history, hazard, fixed, assumptions } = world
  const { decisions, jump, histories } = history
  const { gamma } = assumptions.economics
  const width = histories.length
  const observe = observer(world)
  const boost = boosts(world)
  const book = rollouts(world, explore, chance.fork('rollouts'))
  const draw = chance.fork('rows')
  const luck = repeatable(chance.fork('observations'))
  const bound = Uint8Array.from(histories, ({ inForce }) => (assumptions.actions[inForce].discount ? 1 : 0))
  return (memory, network) => {
    book.advance(network)
    for (let m = 0; m < memory.rows; m++) {
      const kind = draw.next()
      let c: number
      let h: number
      do {
        ;[c, h] = kind < 0.8 ? book.lived(draw) : book.fresh(draw)
      } while (draw.next() * MAX_BOOST > boost[c])
      const [now, later] = patternOf(kind, draw)
      observe(memory.seen, m, c, h, now, luck)
      memory.care[m] = attention(memory.seen, m) / boost[c]
      // The customer's own next month does not depend on the action, and every contact leaves the same trace
      // in what can be seen: two observations serve all actions, drawn with the same luck.
      const c2 = pick(chain.start, chain.next, chain.probability, c, draw)
      luck.mark()
      const quiet = pick(history.start, history.next, history.probability, jump[h], draw)
      observe(memory.next, 2 * m, c2, quiet, later, luck)
      luck.replay()
      const contacted = pick(history.start, history.next, history.probability, jump[decisions + h], draw)
      observe(memory.next, 2 * m + 1, c2, contacted, later, luck)
      const before = neverActing.values[c * decisions + h]
      for (let a = 0; a < actions; a++) {
        const acted = jump[a * decisions + h]
        memory.gain[m * actions + a] = neverActing.after[c * width + acted] - fixed[a] - before
        // While a discount is in force nothing can be gained; what comes after it is left out, it is small.
        memory.survival[m * actions + a] = bound[acted] === 1 ? 0 : gamma * (1 - hazard[c * width + acted])
      }
    }
  }
}

/**
 * What acting later adds, 2 rows: the target network's value of the action that the online network would
 * take (double Q); never below 0, which never acting would bring.
 */
function futures(memory: Memory, network: Network, target: Network): Float32Array {
  const count = 2 * memory.rows
  const online = predict(network, memory.next, count)
  const steady = predict(target, memory.next, count)
  const actions = network.sizes[network.sizes.length - 1]
  const out = new Float32Array(count)
  for (let row = 0; row < count; row++) {
    const from = row * actions
    const top = bestAction(online, from, actions)
    out[row] = Math.max(0, steady[from] + (top === 0 ? 0 : steady[from + top]))
  }
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

/**
 * Training is on differences: output 0 is the gain of waiting, output a what acting adds to it, so that the
 * chance of the next month, which both share, cancels (a dueling network whose base is "no action"; Wang et
 * al. 2016). What is served are values, so the base is added to the last layer's rows once.
 */
function toValues(network: Network): Network {
  const { sizes } = network
  const parameters = network.parameters.slice()
  const outputs = sizes[sizes.length - 1]
  const inputs = sizes[sizes.length - 2]
  const bias = parameters.length - outputs
  const at = bias - inputs * outputs
  for (let a = 1; a < outputs; a++) {
    for (let k = 0; k < inputs; k++) parameters[at + a * inputs + k] += parameters[at + k]
    parameters[bias + a] += parameters[bias]
  }
  return { sizes, parameters }
}

/** What a batch row's book lacks now and next month: complete, bare, or a pattern of its own. */
function patternOf(kind: number, draw: Random): readonly [Missing, Missing] {
  if (kind < 0.7) return [BOOKS.complete.first, BOOKS.complete.later]
  if (kind < 0.8) return [BOOKS.bare.later, BOOKS.bare.later]
  if (kind < 0.9) return [BOOKS.bare.first, BOOKS.bare.later]
  let bits = 0
  for (let input = 1; input <= 9; input++) if (draw.next() < 0.35) bits |= 1 << input
  return [bits, bits & ~missing('interventions', 'days')]
}

/** Customers who live on under the network's own greedy actions with exploration; their months are kept. */
function rollouts(
  world: World,
  explore: number,
  chance: Random,
): {
  advance(network: Network): void
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
  let filled = 0
  let at = 0
  const renew = (i: number): void => {
    customer[i] = draw(anyCustomer, chance.next())
    past[i] = draw(anyHistory, chance.next())
  }
  for (let i = 0; i < ACTORS; i++) renew(i)

  const month = (network: Network): void => {
    for (let i = 0; i < ACTORS; i++) observe(states, i, customer[i], past[i], BOOKS.complete.later, chance)
    const values = predict(network, states, ACTORS)
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
      const action = !free ? 0 : explores ? chance.integer(actions) : bestAction(values, i * actions, actions)
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
const MONTHS = 16
/** Chance a month that a simulated customer is replaced by a new one of the book. */
const RENEW = 1 / 36

/** The action that adds most to waiting, 0 when none adds anything. */
function bestAction(differences: Float32Array, from: number, count: number): number {
  let top = 0
  let most = 0
  for (let a = 1; a < count; a++) {
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

/** A generator that can repeat what it gave since a mark: two observations with the same luck. */
function repeatable(chance: Random): Random & { mark(): void; replay(): void } {
  let uniforms: number[] = []
  let normals: number[] = []
  let u = 0
  let n = 0
  const next = (): number => {
    if (u === uniforms.length) uniforms.push(chance.next())
    return uniforms[u++]
  }
  return {
    next,
    normal: () => {
      if (n === normals.length) normals.push(chance.normal())
      return normals[n++]
    },
    integer: (below) => Math.floor(next() * below),
    fork: (purpose) => chance.fork(purpose),
    mark: () => {
      uniforms = []
      normals = []
      u = n = 0
    },
    replay: () => {
      u = n = 0
    },
  }
}
