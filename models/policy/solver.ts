/**
 * Exact dynamic programming over the simulator's full state: the best policy there is, the value of never
 * acting, and the value of any given policy.
 *
 * The state before acting is customer x history. A backup goes
 * `values -> expectation over the customer's own chain -> expectation over fading memory -> month`, which
 * gives the value after acting; values before acting are the best (or the policy's mean) over the actions.
 */
import type { World } from './simulator/world.ts'

export interface Solution {
  /** Value before acting, `customers x decisions`, in monthly amounts. */
  readonly values: Float64Array
  /** Value after acting, `customers x histories`. */
  readonly after: Float64Array
  readonly sweeps: number
  /** Bound on the distance of `values` from the fixed point, from the last Bellman residual. */
  readonly errorBound: number
}

/**
 * A policy as probabilities `customers x decisions x actions`, in the simulator's full state. What a policy
 * does that only sees the served state is the mean over what it may see there.
 */
export type PolicyTable = Float32Array

/**
 * The best policy: value iteration.
 *
 * @param tolerance bound on the error of a value, in monthly amounts
 * @param first values to start from, such as those of never acting
 */
export function solve(world: World, tolerance = 1e-5, first?: Float64Array): Solution {
  const actions = Array.from({ length: world.actions }, (_, action) => action)
  return iterate(world, bestOf(world, actions), tolerance, first)
}

/** The value of never acting. */
export function never(world: World, tolerance = 1e-5): Solution {
  return iterate(world, bestOf(world, [0]), tolerance)
}

/** The value of following a policy for ever. */
export function evaluatePolicy(
  world: World,
  policy: PolicyTable,
  tolerance = 1e-5,
  first?: Float64Array,
): Solution {
  const { history, actions, fixed } = world
  const { decisions, jump, histories } = history
  const width = histories.length
  return iterate(
    world,
    (after, values, from, to) => {
      for (let c = from; c < to; c++) {
        for (let h = 0; h < decisions; h++) {
          const at = c * decisions + h
          // As differences from waiting: float32 probabilities sum to 1 only within 1e-6, and values are large.
          const waiting = after[c * width + h]
          let sum = waiting
          for (let a = 1; a < actions; a++) {
            const p = policy[at * actions + a]
            const acted = jump[a * decisions + h]
            if (p > 0 && acted !== h) sum += p * (after[c * width + acted] - fixed[a] - waiting)
          }
          values[at] = sum
        }
      }
    },
    tolerance,
    first,
  )
}

/** Q of every action, `customers x decisions x actions`, from values after acting; masked actions are worth as much as none. */
export function actionValues(world: World, after: Float64Array): Float64Array {
  const { history, actions, fixed, chain } = world
  const { decisions, jump, histories } = history
  const out = new Float64Array(chain.customers.length * decisions * actions)
  for (let c = 0; c < chain.customers.length; c++) {
    for (let h = 0; h < decisions; h++) {
      const at = (c * decisions + h) * actions
      for (let a = 0; a < actions; a++) {
        out[at + a] = after[c * histories.length + jump[a * decisions + h]] - fixed[a]
      }
    }
  }
  return out
}

/** The policy that takes the action of highest value; the first of equals, so doing nothing wins a tie. */
export function greedy(values: Float64Array, actions: number): PolicyTable {
  const table = new Float32Array(values.length)
  for (let at = 0; at < values.length; at += actions) {
    let best = 0
    for (let a = 1; a < actions; a++) if (values[at + a] > values[at + best] + 1e-9) best = a
    table[at + best] = 1
  }
  return table
}

/** Mean of a value over the book at its start: every customer share x every history share. */
export function meanOverBook(world: World, values: Float64Array): number {
  const { chain, history } = world
  let sum = 0
  for (let c = 0; c < chain.customers.length; c++) {
    for (let h = 0; h < history.decisions; h++) {
      sum += chain.book[c] * history.book[h] * values[c * history.decisions + h]
    }
  }
  return sum
}

/** One backup: `after` = month + discounted survival x expected `values` of the next month. */
export function backup(
  world: World,
  values: Float64Array,
  after: Float64Array,
  from = 0,
  to = world.chain.customers.length,
): void {
  const { chain, history, hazard, reward, assumptions } = world
  const { gamma } = assumptions.economics
  const { decisions, start, next, probability } = history
  const width = history.histories.length
  const expected = new Float64Array(decisions)
  for (let c = from; c < to; c++) {
    expected.fill(0)
    for (let e = chain.start[c]; e < chain.start[c + 1]; e++) {
      const p = chain.probability[e]
      const base = chain.next[e] * decisions
      for (let h = 0; h < decisions; h++) expected[h] += p * values[base + h]
    }
    for (let h = 0; h < width; h++) {
      let sum = 0
      for (let e = start[h]; e < start[h + 1]; e++) sum += probability[e] * expected[next[e]]
      after[c * width + h] = reward[h] + gamma * (1 - hazard[c * width + h]) * sum
    }
  }
}

type Choose = (after: Float64Array, values: Float64Array, from: number, to: number) => void

function bestOf(world: World, candidates: readonly number[]): Choose {
  const { history, fixed } = world
  const { decisions, jump } = history
  const width = history.histories.length
  return (after, values, from, to) => {
    for (let c = from; c < to; c++) {
      for (let h = 0; h < decisions; h++) {
        let best = -Infinity
        for (const a of candidates) {
          const value = after[c * width + jump[a * decisions + h]] - fixed[a]
          if (value > best) best = value
        }
        values[c * decisions + h] = best
      }
    }
  }
}

/** Steps that the acceleration looks back on. */
const MEMORY = 6

/**
 * Blocks of customers never mix, so each is iterated alone. Plain sweeps shrink the error by the slow factor
 * gamma x survival, so each step is combined with the last few to the one whose residual is least (Anderson
 * acceleration, type II: Walker & Ni, SIAM J. Numer. Anal. 2011). The end is judged by the Bellman residual of a plain
 * sweep alone, whatever led there.
 */
function iterate(world: World, choose: Choose, tolerance: number, first?: Float64Array): Solution {
  const { chain, history, assumptions } = world
  const { gamma, margin } = assumptions.economics
  const { decisions } = history
  const values = new Float64Array(chain.customers.length * decisions)
  const after = new Float64Array(chain.customers.length * history.histories.length)
  if (first === undefined) values.fill(margin / (1 - gamma * 0.98))
  else values.set(first)
  let sweeps = 0
  let errorBound = 0
  for (let block = 0; block + 1 < chain.blocks.length; block++) {
    const from = chain.blocks[block]
    const to = chain.blocks[block + 1]
    const part = values.subarray(from * decisions, to * decisions)
    const accelerate = anderson(part.length)
    const before = new Float64Array(part.length)
    for (let sweep = 1; ; sweep++) {
      before.set(part)
      backup(world, values, after, from, to)
      choose(after, values, from, to)
      let residual = 0
      for (let i = 0; i < before.length; i++) {
        residual = Math.max(residual, Math.abs(part[i] - before[i]))
      }
      sweeps++
      const bound = (gamma * residual) / (1 - gamma)
      if (bound <= tolerance || sweep === MAX_SWEEPS) {
        errorBound = Math.max(errorBound, bound)
        break
      }
      accelerate(before, part, residual)
    }
  }
  backup(world, values, after)
  return { values, after, sweeps, errorBound }
}

const MAX_SWEEPS = 3_000

/** Replaces `mapped` = T(`point`) by a better next point out of the last few; forgets when it made things worse. */
function anderson(size: number): (point: Float64Array, mapped: Float64Array, residual: number) => void {
  const points: Float64Array[] = []
  const images: Float64Array[] = []
  const pool: Float64Array[] = Array.from({ length: 2 * MEMORY }, () => new Float64Array(size))
  const gram = new Float64Array(MEMORY * MEMORY)
  let least = Infinity
  return (point, mapped, residual) => {
    if (residual > 2 * least) {
      pool.push(...points.splice(0), ...images.splice(0))
      least = Infinity
    }
    least = Math.min(least, residual)
    if (points.length === MEMORY) {
      pool.push(...points.splice(0, 1), ...images.splice(0, 1))
    }
    const kept = pool.pop() as Float64Array
    const image = pool.pop() as Float64Array
    // `kept` holds the residual T(x) - x, which the weights are chosen by.
    for (let i = 0; i < size; i++) kept[i] = mapped[i] - point[i]
    image.set(mapped)
    points.push(kept)
    images.push(image)
    const count = points.length
    if (count === 1) return
    for (let i = 0; i < count; i++) {
      for (let j = 0; j <= i; j++) {
        let dot = 0
        const [a, b] = [points[i], points[j]]
        for (let k = 0; k < size; k++) dot += a[k] * b[k]
        gram[i * MEMORY + j] = dot
        gram[j * MEMORY + i] = dot
      }
    }
    const weights = leastResidual(gram, count)
    if (weights === null) return
    mapped.fill(0)
    for (let i = 0; i < count; i++) {
      const w = weights[i]
      const from = images[i]
      for (let k = 0; k < size; k++) mapped[k] += w * from[k]
    }
  }
}

/** Weights that sum to 1 and minimise |sum w_i r_i|: (G + ridge) w = 1, normalised. */
function leastResidual(gram: Float64Array, count: number): Float64Array | null {
  const system = new Float64Array(count * (count + 1))
  let trace = 0
  for (let i = 0; i < count; i++) trace += gram[i * MEMORY + i]
  if (!(trace > 0)) return null
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) system[i * (count + 1) + j] = gram[i * MEMORY + j] / trace
    system[i * (count + 1) + i] += 1e-12
    system[i * (count + 1) + count] = 1
  }
  for (let i = 0; i < count; i++) {
    const pivot = system[i * (count + 1) + i]
    if (!(Math.abs(pivot) > 1e-300)) return null
    for (let row = 0; row < count; row++) {
      if (row === i) continue
      const factor = system[row * (count + 1) + i] / pivot
      for (let k = i; k <= count; k++) system[row * (count + 1) + k] -= factor * system[i * (count + 1) + k]
    }
  }
  const weights = new Float64Array(count)
  let total = 0
  for (let i = 0; i < count; i++) {
    weights[i] = system[i * (count + 1) + count] / system[i * (count + 1) + i]
    total += weights[i]
  }
  if (!Number.isFinite(total) || total === 0) return null
  for (let i = 0; i < count; i++) weights[i] /= total
  return weights
}
