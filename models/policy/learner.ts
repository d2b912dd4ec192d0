/**
 * Deep Q-learning of the retention policy, on what the product serves (the observation), never on the
 * simulator's hidden state.
 *
 * A plain double DQN ends below never acting here: nearly all of the return is revenue that no action
 * changes, churn is rare, and the next month's chance is larger than any gain. What carries it, and moves no
 * best policy:
 * - shaping with the value of never acting as potential (Ng, Harada & Russell, ICML 1999): the network learns
 *   only what acting adds to it;
 * - a survival-weighted backup gamma (1 - hazard) in place of sampled churn;
 * - a small scale: gains in months of the customer's own amount, errors relative to their size;
 * - the simulator is a model, so nothing that it knows is sampled: the target network's greedy policy (its
 *   argmax on drawn observations) is backed up by expectation over all next states, to its fixed point, and
 *   every replayed month updates all actions.
 *
 * With a target to the fixed point this is approximate policy iteration (Bertsekas & Tsitsiklis 1996) whose critic is a
 * deep Q network on observations; the choice of the action by one network and its value by the exact backup
 * leaves no room for the maximisation bias that double Q is for.
 */
import { random } from '../random.ts'
import type { Random } from '../random.ts'
import { adam, backward, createNetwork, createWorkspace, fitFirstLayer, forward, predict } from './network.ts'
import type { Network } from './network.ts'
import { drawGallery, greedyOn, tableOf } from './evaluate.ts'
import { BOOKS, observer } from './simulator/observe.ts'
import type { Book, Missing } from './simulator/observe.ts'
import type { World } from './simulator/world.ts'
import { evaluatePolicy } from './solver.ts'
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
  rounds: 8,
  steps: 3_600,
  batch: 128,
  hidden: [64, 32],
  rate: 0.02,
  explore: 0.15,
}

export interface Learned {
  readonly network: Network
  /** Mean weighted squared error of each round. */
  readonly losses: readonly number[]
}

/** Months of experience that a round learns from. */
const EXPERIENCE = 60_000
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
    gather(memory, round === 0 ? null : target)
    if (round === 0) {
      fitFirstLayer(network, memory.seen, chance.fork('kinks'))
      target.parameters.set(network.parameters)
    }
    const average = target.parameters.slice()
    let loss = 0
    for (let t = 0; t < steps; t++) {
      const from = draw.integer(EXPERIENCE - batch)
      work.activations[0].set(memory.seen.subarray(from * STATE_SIZE, (from + batch) * STATE_SIZE))
      const out = forward(network, work, batch)
      for (let i = 0; i < batch; i++) {
        const m = from + i
        for (let a = 0; a < actions; a++) {
          if (a > 0 && a <= memory.inForce[m]) {
            delta[i * actions + a] = 0
            continue
          }
          const error = out[i * actions + a] - memory.aim[m * actions + a]
          const w = memory.care[m] / (a === 0 ? WAITING ** 2 : CLOSE ** 2 + out[i * actions + a] ** 2)
          loss += (w * error * error) / batch
          delta[i * actions + a] = (2 * w * error) / batch
        }
      }
      backward(network, work, batch, gradient)
      const progress = (round * steps + t) / (rounds * steps)
      step(network.parameters, gradient, options.rate * (0.01 + 0.495 * (1 + Math.cos(Math.PI * progress))))
      const keep = Math.min(0.998, (round * steps + t) / (round * steps + t + 10))
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
  /** rows x actions: gain of waiting over never acting; what each action adds to waiting. */
  readonly aim: Float32Array
  /** rows: the action in force, which masks itself and all weaker ones. */
  readonly inForce: Uint8Array
  /** rows: how much an error counts. */
  readonly care: Float32Array
}

function emptyMemory(rows: number, actions: number): Memory {
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
function experience(
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

/** What the book of a replayed month lacks: nothing, what a bare file lacks, or something of its own. */
function patternOf(kind: number, draw: Random): Missing {
  if (kind < 0.7) return BOOKS.complete.first
  if (kind < 0.8) return BOOKS.bare.later
  if (kind < 0.9) return BOOKS.bare.first
  let bits = 0
  for (let input = 1; input <= 9; input++) if (draw.next() < 0.35) bits |= 1 << input
  return bits
}

/** Customers who live on under the network's own greedy actions with exploration; their months are kept. */
function rollouts(
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
