import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aucDifference, normalBelow } from '../../../models/churn/compare.ts'
import { auc, aucEstimate } from '../../../models/churn/metrics.ts'
import { random } from '../../../models/random.ts'

const score = fc.integer({ min: 0, max: 12 }).map((n) => n / 12)
const customers = fc
  .array(fc.tuple(fc.constantFrom(0, 1), score, score), { minLength: 8, maxLength: 60 })
  .filter((rows) => rows.filter(([label]) => label === 1).length >= 2)
  .filter((rows) => rows.filter(([label]) => label === 0).length >= 2)
  .map((rows) => ({
    labels: Uint8Array.from(rows, ([label]) => label),
    first: Float64Array.from(rows, ([, one]) => one),
    second: Float64Array.from(rows, ([, , other]) => other),
  }))

/** DeLong's variance as the paper has it, pair by pair. */
function byDefinition(labels: Uint8Array, first: Float64Array, second: Float64Array): number {
  const rows = [...labels.keys()]
  const [left, stayed] = [1, 0].map((label) => rows.filter((row) => labels[row] === label))
  const psi = (scores: Float64Array, i: number, j: number): number =>
    scores[i] > scores[j] ? 1 : scores[i] === scores[j] ? 0.5 : 0
  const gap = (i: number, j: number): number => psi(first, i, j) - psi(second, i, j)
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = (values: number[]): number =>
    values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / (values.length - 1)
  const ofLeft = left.map((i) => mean(stayed.map((j) => gap(i, j))))
  const ofStayed = stayed.map((j) => mean(left.map((i) => gap(i, j))))
  return variance(ofLeft) / left.length + variance(ofStayed) / stayed.length
}

describe('two models on the same customers', () => {
  it('differ by their areas, with the interval of DeLong, DeLong & Clarke-Pearson', () => {
    fc.assert(
      fc.property(customers, ({ labels, first, second }) => {
        const found = aucDifference(labels, first, second)
        expect(found.value).toBeCloseTo(auc(labels, first) - auc(labels, second), 12)
        const error = (found.high - found.low) / 2 / 1.959963984540054
        expect(error ** 2).toBeCloseTo(byDefinition(labels, first, second), 12)
      }),
    )
  })

  it('are not worse than one another when they are the same', () => {
    fc.assert(
      fc.property(customers, ({ labels, first }) => {
        expect(aucDifference(labels, first, first)).toMatchObject({ value: 0, low: 0, high: 0, pWorse: 0.5 })
      }),
    )
  })

  it('are told apart by fewer customers than two intervals would need', () => {
    const chance = random(3)
    const labels = Uint8Array.from({ length: 3000 }, () => (chance.next() < 0.3 ? 1 : 0))
    const good = Float64Array.from(labels, (label) => label + 1.3 * chance.normal())
    const worse = good.map((value) => value + 0.8 * chance.normal())
    const { low, pWorse } = aucDifference(labels, worse, good)
    expect(pWorse).toBeLessThan(0.001)
    expect(low).toBeLessThan(0)
    expect(aucEstimate(labels, worse).high).toBeGreaterThan(aucEstimate(labels, good).low)
  })

  it('knows the normal distribution to seven digits', () => {
    for (const [z, p] of [
      [0, 0.5],
      [1.959963984540054, 0.975],
      [-1.6448536269514722, 0.05],
      [3, 0.9986501019683699],
    ])
      expect(normalBelow(z)).toBeCloseTo(p, 6)
  })
})
