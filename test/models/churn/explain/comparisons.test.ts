import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { comparisonOf, riskRatio } from '../../../../models/churn/explain/comparisons.ts'

/** What the words claim, read as a person would: from and to. Written apart from the product's table. */
const near = (ratio: number, by = 0.08): [number, number] => [ratio * (1 - by), ratio * (1 + by)]
const claims: Readonly<Record<string, [number, number]>> = {
  'less than a tenth of the usual risk': [0, 0.1],
  'less than a fifth of the usual risk': [0, 0.2],
  'a fifth of the usual risk': near(1 / 5, 0.11),
  'a quarter of the usual risk': near(1 / 4, 0.17),
  'a third of the usual risk': near(1 / 3, 0.15),
  'less than half the usual risk': [0, 0.5],
  'half the usual risk': near(1 / 2, 0.1),
  // A percentage in tens claims its rounding.
  '40 % less risk than usual': [0.55, 0.65],
  'a third less risk than usual': near(2 / 3),
  'a quarter less risk than usual': near(3 / 4),
  'a fifth less risk than usual': near(4 / 5),
  'a little less risk than usual': [0.8, 0.97],
  'close to the usual risk': [0.95, 1.05],
  'a little more risk than usual': [1.03, 1.2],
  'a fifth more risk than usual': near(1.2),
  'a quarter more risk than usual': near(1.25),
  'a third more risk than usual': near(4 / 3),
  'one and a half times the usual risk': near(1.5),
  'twice the usual risk': near(2),
  'three times the usual risk': near(3),
  'four times the usual risk': near(4),
  'more than four times the usual risk': [4, Infinity],
  'five times the usual risk': near(5),
  'more than five times the usual risk': [5, Infinity],
  'more than ten times the usual risk': [10, Infinity],
}

function claimOf(words: string): [number, number] {
  const tenths = /^(\d\.\d) times the usual risk$/.exec(words)
  if (tenths !== null) return [Number(tenths[1]) - 0.0501, Number(tenths[1]) + 0.0501]
  return claims[words] ?? [NaN, NaN]
}

describe('the comparison with the usual risk', () => {
  it('is true in its words for every ratio', () => {
    const wrong: string[] = []
    for (let ratio = 0.0005; ratio < 15; ratio += 0.0005) {
      const words = comparisonOf(ratio)
      const [from, to] = claimOf(words)
      if (!(ratio >= from && ratio <= to)) wrong.push(`${ratio}: ${words}`)
    }
    expect(wrong).toEqual([])
    expect(comparisonOf(0)).toBe('less than a tenth of the usual risk')
    expect(comparisonOf(1e9)).toBe('more than ten times the usual risk')
  })

  it('says the examples as people do', () => {
    expect(comparisonOf(0.5)).toBe('half the usual risk')
    expect(comparisonOf(0.66)).toBe('a third less risk than usual')
    expect(comparisonOf(1)).toBe('close to the usual risk')
    expect(comparisonOf(1.6)).toBe('1.6 times the usual risk')
    expect(comparisonOf(2.02)).toBe('twice the usual risk')
  })
})

describe('the ratio of a contribution', () => {
  it('is the risk with it over the usual risk, and never makes a risk above 1', () => {
    const contribution = fc.double({ min: -800, max: 800, noNaN: true })
    const baseRate = fc.double({ min: 0.001, max: 0.999, noNaN: true })
    fc.assert(
      fc.property(contribution, baseRate, (c, base) => {
        const risk = 1 / (1 + Math.exp(-(Math.log(base / (1 - base)) + c)))
        expect(riskRatio(c, base) * base).toBeCloseTo(risk, 10)
        expect(riskRatio(c, base) * base).toBeLessThanOrEqual(1 + 1e-12)
      }),
      { seed: 42 },
    )
  })
})
