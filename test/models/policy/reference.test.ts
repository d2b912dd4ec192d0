import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  drawReferenceContext,
  referenceRewards,
  referenceTable,
  type ReferenceCustomers,
} from '../../../models/policy/reference.ts'
import { random } from '../../../models/random.ts'
import { alarmCodes } from './plan-alarms.ts'

/** Customers whom the context leaves alone: neither fresher nor more tired than usual. */
function plain(churn: readonly number[], charge = 100): ReferenceCustomers {
  return {
    churn,
    charge: churn.map(() => charge),
    interventions: churn.map(() => 0),
    responseRate: churn.map(() => 0.3),
    engagement: churn.map(() => 50),
  }
}

function bestActions(customers: ReferenceCustomers, months: number): number[] {
  const rewards = [...referenceRewards(customers, months)]
  return Array.from({ length: rewards.length / 6 }, (_, row) => {
    const own = rewards.slice(row * 6, row * 6 + 6)
    return own.indexOf(Math.max(...own))
  })
}

describe("the reference's rewards", () => {
  it('are 36 months of the charge for who stays, less the cost, by hand', () => {
    const half = [...referenceRewards(plain([0.5]), 12)]
    // 100 x (36 x (1 - .5 x (1 - success)) - 12 x share)
    const byHand = [1800, 1968, 2046, 2220, 2460, 2640]
    half.forEach((reward, action) => expect(reward).toBeCloseTo(byHand[action], 9))
  })

  it.each([
    ['a fourth contact works less and annoys', { interventions: [3] }, 0.7 - 0.15, 0.1],
    ['a customer who never answers is annoyed', { responseRate: [0.1] }, 0.7, 0.05],
    ['one who answers is easier to keep', { responseRate: [0.6] }, 0.8, 0],
    ['one who is engaged is easier to keep', { engagement: [80] }, 0.8, 0],
    ['all at once', { interventions: [5], responseRate: [0.6], engagement: [80] }, 0.75, 0.1],
  ])('follow the context: %s, once whatever the months', (_, context, success, annoyance) => {
    const customers = { ...plain([1], 50), ...context }
    for (const months of [1, 36]) {
      const rewards = referenceRewards(customers, months)
      expect(rewards[5]).toBeCloseTo(50 * (36 * success - 0.35 * months - annoyance), 9)
      expect(rewards[0]).toBe(0)
    }
  })

  it('change at the thresholds as published: from 3, above .5, above 70, below .2', () => {
    const at = { interventions: [2], responseRate: [0.5], engagement: [70] }
    const low = { ...at, responseRate: [0.2] }
    for (const context of [at, low])
      expect(referenceRewards({ ...plain([1], 1), ...context }, 1)[4]).toBeCloseTo(36 * 0.5 - 0.2, 9)
  })

  it('let no action work less than not at all', () => {
    const tired = { ...plain([1], 1), interventions: [3] }
    expect(referenceRewards(tired, 1)[1]).toBeCloseTo(-0.01 - 0.1, 9)
  })
})

describe('the months that a cost is charged for', () => {
  it('make the call best for everybody above 2.6 % risk when there is only one, whatever the context', () => {
    // The closest case: tired and silent, .55 x 36 p > .35 + .15.
    fc.assert(
      fc.property(fc.integer(), fc.double({ min: 0.026, max: 1, noNaN: true }), (seed, churn) => {
        const customers = { churn: [churn], charge: [70], ...drawReferenceContext(1, random(seed)) }
        expect(bestActions(customers, 1)).toEqual([5])
      }),
      { numRuns: 2000 },
    )
    expect(bestActions(plain([0.005, 0.013, 0.021]), 1)).toEqual([1, 2, 5])
  })

  it('put the call at 25 % risk for twelve months and at 75 % for 36, whatever the context', () => {
    // Against 20 % off: .2 x 36 p > .15 x months.
    fc.assert(
      fc.property(
        fc.integer(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.constantFrom(12, 36),
        (seed, churn, months) => {
          fc.pre(Math.abs(churn - months / 48) > 1e-9)
          const customers = { churn: [churn], charge: [70], ...drawReferenceContext(1, random(seed)) }
          expect(bestActions(customers, months)[0] === 5).toBe(churn > months / 48)
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('give each risk its own action when there are 36', () => {
    expect(bestActions(plain([0.05, 0.15, 0.3, 0.6, 0.9]), 36)).toEqual([0, 1, 2, 4, 5])
  })

  it('decide whether the plan raises an alarm', () => {
    const churn = Array.from({ length: 100 }, (_, row) => (row + 3) / 103)
    const one = referenceTable(plain(churn), 1)
    expect(one.counts).toEqual([0, 0, 0, 0, 0, 100])
    expect(alarmCodes(one.counts)).toEqual(['one_action_for_all', 'too_many_calls'])
    expect(alarmCodes(referenceTable(plain(churn), 12).counts)).toEqual([
      'one_action_for_most',
      'too_many_calls',
    ])
    const low = churn.map((risk) => risk * 0.8)
    expect(alarmCodes(referenceTable(plain(low), 36).counts)).toEqual([])
  })
})

describe('the table', () => {
  it('counts every customer once, and no constant policy beats the best one', () => {
    const context = drawReferenceContext(500, random(7))
    const chance = random(8)
    const churn = Float64Array.from({ length: 500 }, () => chance.next())
    const customers = { churn, charge: churn.map((risk) => 20 + 90 * risk), ...context }
    const { counts, optimal, always } = referenceTable(customers, 12)
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(500)
    expect(optimal).toBeGreaterThan(Math.max(...always))
    const rewards = referenceRewards(customers, 12)
    const mean = rewards.filter((_, at) => at % 6 === 4).reduce((sum, reward) => sum + reward, 0) / 500
    expect(always[4]).toBeCloseTo(mean, 9)
  })

  it('leaves a customer without risk alone', () => {
    expect(referenceTable(plain([0, 0, 0]), 1).counts).toEqual([3, 0, 0, 0, 0, 0])
  })
})

describe('the drawn context', () => {
  it('has the published distributions, and is the same for a seed', () => {
    const rows = 20_000
    const context = drawReferenceContext(rows, random(1))
    const share = (values: ArrayLike<number>, test: (value: number) => boolean): number =>
      Array.from(values).filter(test).length / rows
    const exact = [
      [share(context.interventions, (n) => n === 0), 0.2231],
      [share(context.interventions, (n) => n >= 3), 0.1912],
      [share(context.responseRate, (rate) => rate < 0.2), 0.3446],
      [share(context.responseRate, (rate) => rate > 0.5), 0.1094],
      [share(context.engagement, (score) => score > 70), 0.1587],
    ]
    // One in a hundred is three standard errors of the widest.
    for (const [drawn, expected] of exact) expect(Math.abs(drawn - expected)).toBeLessThan(0.01)
    expect(Math.max(...Array.from(context.interventions))).toBe(5)
    expect(share(context.engagement, (score) => score < 0 || score > 100)).toBe(0)
    expect(drawReferenceContext(rows, random(1))).toEqual(context)
  })
})
