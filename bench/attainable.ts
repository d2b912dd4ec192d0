/**
 * How much of the full-state gain the served state allows at all: the best policy that knows everything a
 * complete (or bare) book shows, its score only in bins. Found by aggregation to a fixed point: mean Q of all
 * full states that look alike, weighted by how often the policy itself visits them. A lower bound of what the
 * best policy on observations earns, since bins lose a little and the fixed point may be local.
 */
import type { Customer } from '../models/policy/simulator/customer.ts'
import type { History } from '../models/policy/simulator/history.ts'
import { normalCdf } from '../models/policy/gate.ts'
import type { Book } from '../models/policy/simulator/observe.ts'
import type { World } from '../models/policy/simulator/world.ts'
import { actionValues, evaluatePolicy, meanOverBook } from '../models/policy/solver.ts'
import type { Solution } from '../models/policy/solver.ts'

const LOWEST = -14
const HIGHEST = 5

export function attainableGain(world: World, neverActing: Solution, best: Solution, book: Book): number {
  const { chain, history, actions, assumptions, meanHazard } = world
  const { decisions, histories } = history
  const { shockSeen, scoreNoise } = assumptions.observation
  const width = scoreNoise / 2
  const bins = Math.ceil((HIGHEST - LOWEST) / width)
  const score = chain.customers.map((customer, c) => {
    const shares = new Float64Array(bins)
    const logits = [meanHazard[c], meanHazard[customer.shock ? c - 1 : c]].map((p) => Math.log(p / (1 - p)))
    for (let b = 0; b < bins; b++) {
      const low = LOWEST + b * width
      logits.forEach((mean, i) => {
        const within = normalCdf((low + width - mean) / scoreNoise) - normalCdf((low - mean) / scoreNoise)
        shares[b] += (i === 0 ? shockSeen : 1 - shockSeen) * within
      })
    }
    return shares
  })
  const groups = new Map<string, number>()
  const groupOf = new Int32Array(chain.customers.length * decisions)
  for (let s = 0; s < groupOf.length; s++) {
    const key = look(chain.customers[Math.floor(s / decisions)], histories[s % decisions], book)
    if (!groups.has(key)) groups.set(key, groups.size)
    groupOf[s] = groups.get(key) as number
  }
  const started = Float64Array.from(
    groupOf,
    (_, s) => chain.book[Math.floor(s / decisions)] * history.book[s % decisions],
  )
  let visits: Float64Array = started
  let after = best.after
  let gain = -Infinity
  for (let round = 0; round < 3; round++) {
    const q = actionValues(world, after)
    const sums = new Float64Array(groups.size * bins * actions)
    for (let s = 0; s < groupOf.length; s++) {
      const seen = score[Math.floor(s / decisions)]
      for (let b = 0; b < bins; b++) {
        const weight = (visits[s] + 1e-13) * seen[b]
        if (weight < 1e-17) continue
        const at = (groupOf[s] * bins + b) * actions
        for (let a = 1; a < actions; a++) sums[at + a] += weight * (q[s * actions + a] - q[s * actions])
      }
    }
    const table = new Float32Array(groupOf.length * actions)
    for (let s = 0; s < groupOf.length; s++) {
      const seen = score[Math.floor(s / decisions)]
      for (let b = 0; b < bins; b++) {
        if (seen[b] < 1e-9) continue
        const at = (groupOf[s] * bins + b) * actions
        let top = 0
        for (let a = 1; a < actions; a++) if (sums[at + a] > sums[at + top]) top = a
        table[s * actions + top] += seen[b]
      }
    }
    const value = evaluatePolicy(world, table, 1e-4, neverActing.values)
    gain = Math.max(gain, meanOverBook(world, value.values) - meanOverBook(world, neverActing.values))
    after = value.after
    visits = visitsOf(world, table, started)
  }
  return gain
}

/** What a book shows of a full state, the score apart. The action in force is known: it masks. */
function look(customer: Customer, past: History, book: Book): string {
  const known = [customer.contract, customer.tenure, past.interventions, past.months, past.inForce]
  return (book === 'complete' ? [...known, customer.monthsToNotice, customer.engagement] : known).join(' ')
}

/** Discounted visits of each full state under a policy, over six years. */
function visitsOf(world: World, table: Float32Array, started: Float64Array): Float64Array {
  const { chain, history, actions, hazard, assumptions } = world
  const { decisions, jump, start, next, probability } = history
  const width = history.histories.length
  const total = started.slice()
  let now: Float64Array = started
  for (let month = 0; month < 72; month++) {
    const faded = new Float64Array(now.length)
    for (let s = 0; s < now.length; s++) {
      if (now[s] < 1e-13) continue
      const h = s % decisions
      const c = (s - h) / decisions
      for (let a = 0; a < actions; a++) {
        const p = table[s * actions + a]
        if (p === 0) continue
        const acted = jump[a * decisions + h]
        const stays = now[s] * p * assumptions.economics.gamma * (1 - hazard[c * width + acted])
        for (let e = start[acted]; e < start[acted + 1]; e++)
          faded[c * decisions + next[e]] += stays * probability[e]
      }
    }
    const later = new Float64Array(now.length)
    for (let c = 0; c < chain.customers.length; c++) {
      for (let e = chain.start[c]; e < chain.start[c + 1]; e++) {
        const to = chain.next[e] * decisions
        for (let h = 0; h < decisions; h++) later[to + h] += chain.probability[e] * faded[c * decisions + h]
      }
    }
    now = later
    for (let s = 0; s < now.length; s++) total[s] += now[s]
  }
  return total
}
