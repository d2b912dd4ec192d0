import { describe, expect, it } from 'vitest'
import { normalQuantile, ratioChance, smallestEffect, weeksToSee } from '../../../models/policy/power.ts'
import { random } from '../../../models/random.ts'

describe('what the groups can show', () => {
  it('needs the 5,966 customers an arm that the textbook formula gives for 17.2 % against 15.3 %', () => {
    // One month, so that the chance of a month is the share that leaves.
    const weeks = 365.25 / 12 / 7
    const effect = 1 - 0.153 / 0.172
    const seen = (many: number): boolean =>
      (smallestEffect({ treated: many, compared: many, monthlyHazard: 0.172 }, weeks) ?? 1) <= effect + 1e-9
    expect(seen(5980)).toBe(true)
    expect(seen(5900)).toBe(false)
  })

  it('is less with fewer customers and more with time, and nothing without anybody to compare', () => {
    const input = { treated: 8000, compared: 1000, monthlyHazard: 0.02 }
    const effects = [13, 26, 52].map((weeks) => smallestEffect(input, weeks)!)
    expect(effects).toEqual(effects.toSorted((a, b) => b - a))
    expect(smallestEffect({ ...input, compared: 100 }, 26)!).toBeGreaterThan(effects[1])
    expect(smallestEffect({ ...input, compared: 0 }, 26)).toBeNull()
    expect(smallestEffect({ treated: 8, compared: 1, monthlyHazard: 0.02 }, 13)).toBeNull()
    expect(smallestEffect({ ...input, monthlyHazard: 0 }, 26)).toBeNull()
  })

  it('takes as many weeks as it takes until the smallest effect is as small', () => {
    const input = { treated: 8000, compared: 1000, monthlyHazard: 0.02 }
    const weeks = weeksToSee(input, 0.15)!
    expect(smallestEffect(input, weeks)!).toBeLessThanOrEqual(0.15)
    expect(smallestEffect(input, weeks - 1)!).toBeGreaterThan(0.15)
    expect(weeksToSee({ ...input, treated: 80, compared: 10 }, 0.01)).toBeNull()
  })

  it('finds an effect of that size in about four of five worlds', () => {
    const [treated, compared, monthlyHazard, weeks] = [4000, 1000, 0.03, 26]
    const effect = smallestEffect({ treated, compared, monthlyHazard }, weeks)!
    const months = (weeks * 7) / (365.25 / 12)
    const draw = random(7)
    const left = (many: number, hazard: number): number => {
      const chance = 1 - (1 - hazard) ** months
      let count = 0
      for (let at = 0; at < many; at++) if (draw.next() < chance) count++
      return count
    }
    let found = 0
    for (let world = 0; world < 200; world++) {
      const [a, b] = [left(treated, monthlyHazard * (1 - effect)), left(compared, monthlyHazard)]
      const pooled = (a + b) / (treated + compared)
      const z = (b / compared - a / treated) / Math.sqrt(pooled * (1 - pooled) * (1 / treated + 1 / compared))
      if (z > 1.96) found++
    }
    expect(found / 200).toBeGreaterThan(0.7)
    expect(found / 200).toBeLessThan(0.9)
  })
})

describe('groups that should be so large', () => {
  it('are judged by chi-squared, as tables have it', () => {
    expect(normalQuantile(0.975)).toBeCloseTo(1.959964, 4)
    expect(ratioChance([100, 100, 800], [100, 100, 800])).toBe(1)
    // 13.816 at two degrees of freedom is .001; 3.841 at one is .05.
    const far = Math.sqrt(13.816 / 2 / (1 / 1000))
    expect(ratioChance([1000 + far, 1000 - far, 8000], [1000, 1000, 8000])).toBeCloseTo(0.001, 4)
    const near = Math.sqrt(3.841 / (2 / 1000))
    expect(ratioChance([1000 + near, 1000 - near], [1000, 1000])).toBeCloseTo(0.05, 4)
    // 7.815 at three is .05, by an approximation.
    const three = Math.sqrt(7.815 / (2 / 1000))
    expect(ratioChance([1000 + three, 1000 - three, 9, 9], [1000, 1000, 9, 9])).toBeCloseTo(0.05, 2)
  })

  it('are wrong where there should be nobody, and right where there is nothing to compare', () => {
    expect(ratioChance([1, 0, 99], [0, 0, 100])).toBe(0)
    expect(ratioChance([0, 0, 99], [0, 0, 99])).toBe(1)
  })
})
