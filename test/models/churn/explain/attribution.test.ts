import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { calibratedScale, explainer } from '../../../../models/churn/explain/attribution.ts'
import type { ChurnModel, LogisticModel } from '../../../../models/churn/model.ts'
import { type Tree, margins } from '../../../../models/churn/trees.ts'
import {
  chainTree,
  ensembleOf,
  randomRows,
  randomTree,
  shapleyByDefinition,
} from '../../../support/shapley.ts'

const identity = { kind: 'identity' } as const
const treesModel = (trees: readonly Tree[], columns: number): ChurnModel => ({
  kind: 'trees',
  trees: ensembleOf(trees, columns),
  calibrator: identity,
})
const each = (columns: number): Uint16Array => Uint16Array.from({ length: columns }, (_, i) => i)
const largestGap = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length)
  let gap = 0
  for (let i = 0; i < a.length; i++) gap = Math.max(gap, Math.abs(a[i] - b[i]))
  return gap
}

describe('reasons of boosted trees', () => {
  it('are the Shapley values by definition, whether from one table, several, or none', () => {
    const cases = fc.record({
      seed: fc.integer(),
      columns: fc.integer({ min: 1, max: 6 }),
      leaves: fc.integer({ min: 1, max: 14 }),
      tableLimit: fc.constantFrom(0, 2, 8, 40, 1024, 65536),
    })
    fc.assert(
      fc.property(cases, ({ seed, columns, leaves, tableLimit }) => {
        const trees = [randomTree(seed, columns, leaves), randomTree(seed + 1, columns, leaves)]
        const design = randomRows(seed + 2, 12, columns)
        const found = explainer(treesModel(trees, columns), each(columns), columns, {
          tableLimit,
        }).contributions(design, 12)
        const wanted = Float64Array.from({ length: 12 }, (_, r) => r).reduce<number[]>((all, r) => {
          const row = design.subarray(r * columns, (r + 1) * columns)
          const [a, b] = trees.map((tree) => shapleyByDefinition(tree, row))
          return [...all, ...a.map((value, j) => value + b[j])]
        }, [])
        expect(largestGap(found, wanted)).toBeLessThan(1e-9)
      }),
      { numRuns: 150, seed: 42 },
    )
  })

  it('are exact on a path of 14 columns, too long for a table', () => {
    const tree = chainTree(14)
    const design = randomRows(7, 3, 14)
    const explain = explainer(treesModel([tree], 14), each(14), 14)
    const found = explain.contributions(design, 3)
    for (let r = 0; r < 3; r++) {
      const wanted = shapleyByDefinition(tree, design.subarray(r * 14, r * 14 + 14))
      expect(largestGap(found.subarray(r * 14, r * 14 + 14), wanted)).toBeLessThan(1e-9)
    }
  })

  it('add up to the margin for every row, missing values and values on a threshold included', () => {
    const columns = 12
    const trees = Array.from({ length: 60 }, (_, i) => randomTree(i, columns, 2 + (i % 40)))
    const model = treesModel(trees, columns)
    const rows = 1500
    const design = randomRows(5, rows, columns)
    const explain = explainer(model, each(columns), columns)
    const found = explain.contributions(design, rows)
    const sums = Float64Array.from({ length: rows }, (_, r) =>
      found.subarray(r * columns, (r + 1) * columns).reduce((sum, x) => sum + x, explain.expected),
    )
    expect(largestGap(sums, margins(ensembleOf(trees, columns), design, rows))).toBeLessThan(1e-10)
  })

  it('are added up to the customer’s own features', () => {
    const columns = 6
    const source = Uint16Array.of(2, 0, 0, 1, 2, 2)
    const trees = [randomTree(1, columns, 8), randomTree(2, columns, 12)]
    const design = randomRows(3, 50, columns)
    const single = explainer(treesModel(trees, columns), each(columns), columns).contributions(design, 50)
    const grouped = explainer(treesModel(trees, columns), source, 4).contributions(design, 50)
    const wanted = new Float64Array(50 * 4)
    for (let r = 0; r < 50; r++) {
      for (let j = 0; j < columns; j++) wanted[r * 4 + source[j]] += single[r * columns + j]
    }
    expect(largestGap(grouped, wanted)).toBeLessThan(1e-12)
  })

  it('write into the array they are given, also in single precision', () => {
    const trees = [randomTree(4, 3, 6)]
    const explain = explainer(treesModel(trees, 3), each(3), 3)
    const design = randomRows(4, 20, 3)
    const out = new Float32Array(60)
    expect(explain.contributions(design, 20, out)).toBe(out)
    expect(largestGap(out, explain.contributions(design, 20))).toBeLessThan(1e-6)
  })

  it('keep their tables within the memory they are given, and the numbers stay', () => {
    const trees = Array.from({ length: 10 }, (_, i) => randomTree(i, 20, 60))
    const design = randomRows(9, 30, 20)
    const full = explainer(treesModel(trees, 20), each(20), 20)
    const tight = explainer(treesModel(trees, 20), each(20), 20, { tableBytes: full.bytes / 10 })
    const none = explainer(treesModel(trees, 20), each(20), 20, { tableBytes: 0 })
    expect(tight.bytes).toBeLessThanOrEqual(full.bytes / 10)
    expect(tight.bytes).toBeGreaterThan(0)
    expect(none.bytes).toBe(0)
    const wanted = full.contributions(design, 30)
    expect(largestGap(tight.contributions(design, 30), wanted)).toBeLessThan(1e-12)
    expect(largestGap(none.contributions(design, 30), wanted)).toBeLessThan(1e-12)
  })

  it('expect the base margin when there is no tree, and give no feature any part', () => {
    const explain = explainer(treesModel([], 2), each(2), 2)
    expect(explain.expected).toBe(0.25)
    expect([...explain.contributions(Float32Array.of(1, NaN), 1)]).toEqual([0, 0])
  })

  it('speak of the calibrated log-odds when multiplied with Platt’s slope', () => {
    const calibrator = { kind: 'platt', slope: 0.8, offset: 0.1 } as const
    expect(calibratedScale({ kind: 'trees', trees: ensembleOf([], 1), calibrator })).toBe(0.8)
    expect(calibratedScale(treesModel([], 1))).toBe(1)
  })
})

describe('reasons of the linear model', () => {
  const logistic: LogisticModel = {
    intercept: -1.5,
    weight: Float64Array.of(0.5, -2, 0.25, 0.1),
    center: Float64Array.of(10, 0.5, 0.2, 3),
    scale: Float64Array.of(4, 0.5, 0.4, 1),
    min: Float64Array.of(0, 0, 0, 0),
    max: Float64Array.of(20, 1, 1, 6),
  }
  const model: ChurnModel = { kind: 'logistic', logistic, calibrator: identity }
  const source = Uint16Array.of(0, 1, 1, 2)

  it('are weight x distance from the mean, clamped, grouped by feature; a missing value adds nothing', () => {
    const found = explainer(model, source, 3).contributions(Float32Array.of(100, 1, 0, NaN), 1)
    expect(largestGap(found, [0.5 * 2.5, -2 * 1 + 0.25 * -0.5, 0])).toBeLessThan(1e-12)
  })

  it('add up to the margin, also around means that are not zero', () => {
    const means = Float64Array.of(0.3, -0.1, 0.2, 0)
    const design = Float32Array.of(3, 0, 1, 2, NaN, 1, 0, 9, -5, NaN, NaN, NaN)
    const explain = explainer(model, source, 3, { means })
    const found = explain.contributions(design, 3)
    expect(explain.expected).toBeCloseTo(-1.5 + 0.15 + 0.2 + 0.05, 12)
    for (let r = 0; r < 3; r++) {
      let margin = logistic.intercept
      for (let j = 0; j < 4; j++) {
        const x = design[r * 4 + j]
        if (Number.isNaN(x)) continue
        const clamped = Math.min(Math.max(x, logistic.min[j]), logistic.max[j])
        margin += (logistic.weight[j] * (clamped - logistic.center[j])) / logistic.scale[j]
      }
      const sum = explain.expected + found[r * 3] + found[r * 3 + 1] + found[r * 3 + 2]
      expect(Math.abs(sum - margin)).toBeLessThan(1e-12)
    }
  })
})
