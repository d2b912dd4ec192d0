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
import { emptyMemory, experience } from './experience.ts'
import { adam, backward, createNetwork, createWorkspace, fitFirstLayer, forward } from './network.ts'
import type { Network } from './network.ts'
import type { World } from './simulator/world.ts'
import type { Solution } from './solver.ts'
import { STATE_SIZE } from './state.ts'

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
  rounds: 7,
  steps: 3_600,
  batch: 256,
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
const CLOSE = 0.08
/** The same for the value of waiting: no choice turns on it. */
const WAITING = 0.3

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
