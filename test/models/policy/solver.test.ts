import { describe, expect, it } from 'vitest'
import { defaultAssumptions, withEffects } from '../../../models/policy/simulator/assumptions.ts'
import { buildWorld } from '../../../models/policy/simulator/world.ts'
import {
  actionValues,
  backup,
  evaluatePolicy,
  greedy,
  meanOverBook,
  never,
  solve,
} from '../../../models/policy/solver.ts'
import { random } from '../../../models/random.ts'

const world = buildWorld(defaultAssumptions)
const neverActing = never(world, 1e-3)
const best = solve(world, 1e-3, neverActing.values)

describe('the simulator', () => {
  it('says of every group of assumptions where it comes from', () => {
    const { version, actions, ...groups } = defaultAssumptions
    expect(version).toMatch(/^\d{4}-\d{2}-\d+$/)
    for (const group of [...Object.values(groups), ...actions]) {
      expect(group.source).toMatch(/measured|assumption|definition|bands/)
    }
  })

  it('conserves probability in every step', () => {
    const { chain, history } = world
    for (let c = 0; c < chain.customers.length; c++) {
      expect(sum(chain.probability.subarray(chain.start[c], chain.start[c + 1]))).toBeCloseTo(1, 12)
    }
    for (let h = 0; h < history.histories.length; h++) {
      expect(sum(history.probability.subarray(history.start[h], history.start[h + 1]))).toBeCloseTo(1, 12)
    }
    expect(sum(chain.book)).toBeCloseTo(1, 12)
    expect(sum(history.book)).toBeCloseTo(1, 12)
    expect(world.hazard.every((h) => h > 0 && h < 1)).toBe(true)
  })

  it('keeps the measured mean hazards of month-to-month customers within a tenth', () => {
    const { chain, meanHazard } = world
    defaultAssumptions.hazard.monthToMonth.forEach((measured, band) => {
      let mass = 0
      let mean = 0
      chain.customers.forEach((customer, c) => {
        if (customer.contract !== 'month_to_month' || customer.tenure !== band) return
        mass += chain.book[c]
        mean += chain.book[c] * meanHazard[c]
      })
      expect(mean / mass / measured).toBeGreaterThan(0.9)
      expect(mean / mass / measured).toBeLessThan(1.1)
    })
  })

  it('puts nine tenths of the hazard of a term into the month of the notice', () => {
    const { chain, history, hazard } = world
    const width = history.histories.length
    const of = (monthsToNotice: number): number =>
      chain.customers.findIndex(
        (each) =>
          each.contract === 'year' &&
          each.monthsToNotice === monthsToNotice &&
          each.tenure === 2 &&
          each.engagement === 1 &&
          each.risk === 1 &&
          !each.shock,
      )
    const atNotice = -Math.log(1 - hazard[of(0) * width])
    const within = -Math.log(1 - hazard[of(2) * width])
    expect(atNotice / (atNotice + 12 * within)).toBeCloseTo(0.9, 1)
  })

  it('drives sleeping dogs away by contact, and nobody else while rested', () => {
    const { chain, history, hazard } = world
    const width = history.histories.length
    const email = history.jump[history.decisions]
    chain.customers.forEach((customer, c) => {
      const dog = customer.tenure === 2 && customer.engagement === 0 && !customer.shock
      const worse = hazard[c * width + email] > hazard[c * width]
      expect(worse).toBe(dog)
    })
  })
})

describe('dynamic programming', () => {
  it('agrees with plain value iteration', () => {
    const values = new Float64Array(neverActing.values.length)
    const after = new Float64Array(neverActing.after.length)
    // Short-lived customers only: the first block, month-to-month at low risk, forgets its start quickly.
    const to = world.chain.blocks[1]
    for (let sweep = 0; sweep < 700; sweep++) {
      backup(world, values, after, 0, to)
      for (let c = 0; c < to; c++) {
        for (let h = 0; h < world.history.decisions; h++) {
          values[c * world.history.decisions + h] = after[c * world.history.histories.length + h]
        }
      }
    }
    for (const at of [0, 5, 1_000]) expect(values[at]).toBeCloseTo(neverActing.values[at], 2)
  })

  it('finds a policy that gains, and that no other beats', () => {
    const q = actionValues(world, best.after)
    const gain = meanOverBook(world, best.values) - meanOverBook(world, neverActing.values)
    expect(gain).toBeGreaterThan(0.02)
    const again = evaluatePolicy(world, greedy(q, world.actions), 1e-3, best.values)
    expect(meanOverBook(world, again.values)).toBeCloseTo(meanOverBook(world, best.values), 3)
    for (let s = 0; s < best.values.length; s += 97) {
      expect(best.values[s]).toBeGreaterThan(neverActing.values[s] - 1e-3)
    }
  })

  it('agrees with customers who are played out one by one', () => {
    const { chain, history, hazard, reward, assumptions } = world
    const q = actionValues(world, best.after)
    const policy = greedy(q, world.actions)
    const chance = random(3)
    const c0 = chain.customers.findIndex((each) => each.contract === 'month_to_month' && each.risk === 2)
    const runs = 4_000
    let mean = 0
    let square = 0
    for (let run = 0; run < runs; run++) {
      let c = c0
      let h = 0
      let total = 0
      let discount = 1
      for (;;) {
        const at = (c * history.decisions + h) * world.actions
        const action = policy.subarray(at, at + world.actions).indexOf(1)
        const acted = history.jump[action * history.decisions + h]
        total += discount * reward[acted]
        if (chance.next() < hazard[c * history.histories.length + acted]) break
        discount *= assumptions.economics.gamma
        if (discount < 1e-4) break
        h = pick(history.start, history.next, history.probability, acted, chance.next())
        c = pick(chain.start, chain.next, chain.probability, c, chance.next())
      }
      mean += total / runs
      square += (total * total) / runs
    }
    const error = Math.sqrt((square - mean * mean) / runs)
    expect(Math.abs(mean - best.values[c0 * history.decisions])).toBeLessThan(4 * error)
  })

  it('never acts in a world where nothing works', () => {
    const idle = buildWorld(withEffects(defaultAssumptions, [0, 0, 0, 0, 0, 0]))
    const q = actionValues(idle, solve(idle, 1e-3, neverActing.values).after)
    const policy = greedy(q, idle.actions)
    const { decisions, free, histories } = idle.history
    let acting = 0
    for (let s = 0; s < policy.length / idle.actions; s++) {
      // Taking over from a dearer action in force can still pay; from nothing it cannot.
      if (free[s % decisions] === 0 || histories[s % decisions].inForce !== 0) continue
      if (policy[s * idle.actions] !== 1) acting++
    }
    expect(acting).toBe(0)
  })
})

function pick(start: Int32Array, next: Int32Array, p: Float64Array, row: number, u: number): number {
  let rest = u
  for (let e = start[row]; e < start[row + 1] - 1; e++) {
    rest -= p[e]
    if (rest < 0) return next[e]
  }
  return next[start[row + 1] - 1]
}

function sum(values: Float64Array): number {
  return values.reduce((a, b) => a + b, 0)
}
