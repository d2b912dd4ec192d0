import { execFileSync } from 'node:child_process'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { auc } from '../../../../models/churn/metrics.ts'
import { SHARED_VALUES } from '../../../../models/churn/trainer/job.ts'
import type { TrainingData } from '../../../../models/churn/trainer/train.ts'
import { defaultTrainOptions, trainTrees } from '../../../../models/churn/trainer/train.ts'
import { margins } from '../../../../models/churn/trees.ts'
import { random } from '../../../../models/random.ts'
import { leafOf, leavesOf, makeTable, plainOptions } from './tables.ts'

/** Values on which partition by bins and prediction by threshold could part: ties, signs of zero, ends. */
const awkward = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(NaN, -0, Infinity, -Infinity, 1e-45, -1e-45, 3.4028234663852886e38),
  fc.float({ noNaN: true }),
)

describe('what a tree learns', () => {
  it('separates what one column separates, midway between the values', async () => {
    const design = Float32Array.from({ length: 100 }, (_, i) => i)
    const labels = Uint8Array.from({ length: 100 }, (_, i) => (i >= 37 ? 1 : 0))
    const trees = await trainTrees({ design, rows: 100, width: 1, labels }, { ...plainOptions, leaves: 2 })
    expect(trees.trees).toHaveLength(20)
    expect(trees.trees[0].threshold[0]).toBe(36.5)
    expect([...margins(trees, design, 100)].map((margin) => margin > 0)).toEqual(
      [...labels].map((label) => label === 1),
    )
  })

  it('starts from the log-odds of the weighted base rate', async () => {
    const data = { ...makeTable(50, 2, 3), weights: Float32Array.from({ length: 50 }, (_, i) => 1 + (i % 3)) }
    let churned = 0
    let total = 0
    for (let i = 0; i < 50; i++) {
      churned += data.labels[i] * data.weights[i]
      total += data.weights[i]
    }
    const { baseMargin } = await trainTrees(data, { ...plainOptions, rounds: 1 })
    expect(baseMargin).toBeCloseTo(Math.log(churned / (total - churned)), 12)
  })

  it('puts a row of training in the leaf where prediction puts it, and gives that leaf its Newton step', async () => {
    const tables = fc.record({
      rows: fc.array(fc.tuple(awkward, awkward, awkward, fc.integer({ min: 0, max: 1 })), {
        minLength: 6,
        maxLength: 60,
      }),
      leaves: fc.integer({ min: 2, max: 12 }),
      lambda: fc.constantFrom(0.5, 1, 3),
      weighted: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(tables, async ({ rows, leaves, lambda, weighted }) => {
        const labels = Uint8Array.from(rows, (row) => row[3])
        labels[0] = 0
        labels[1] = 1
        const design = Float32Array.from(rows.flatMap(([a, b, c]) => [a, b, c]))
        const weights = Float32Array.from(rows, (_, i) => (weighted ? 0.5 + (i % 4) : 1))
        const data: TrainingData = { design, rows: rows.length, width: 3, labels, weights }
        const ensemble = await trainTrees(data, { ...plainOptions, rounds: 3, leaves, lambda })
        const margin = new Float64Array(rows.length).fill(ensemble.baseMargin)
        for (const tree of ensemble.trees) {
          const gradient = new Float64Array(tree.column.length)
          const hessian = new Float64Array(tree.column.length)
          for (let row = 0; row < rows.length; row++) {
            const p = 1 / (1 + Math.exp(-margin[row]))
            const leaf = leafOf(tree, design, 3, row)
            gradient[leaf] += (p - labels[row]) * weights[row]
            hessian[leaf] += p * (1 - p) * weights[row]
          }
          for (const leaf of leavesOf(tree)) {
            expect(tree.cover[leaf]).toBeCloseTo(hessian[leaf], 5)
            expect(tree.value[leaf]).toBeCloseTo((-gradient[leaf] / (hessian[leaf] + lambda)) * 0.3, 5)
          }
          for (let row = 0; row < rows.length; row++) margin[row] += tree.value[leafOf(tree, design, 3, row)]
        }
      }),
      { numRuns: 60, seed: 1 },
    )
  })

  it('learns where missing values belong, on either side', async () => {
    for (const missingChurns of [0, 1]) {
      const design = Float32Array.from({ length: 300 }, (_, i) => (i % 3 === 0 ? NaN : i % 3))
      // 1 and missing alike, or 2 and missing alike.
      const labels = Uint8Array.from({ length: 300 }, (_, i) =>
        i % 3 === 0 || i % 3 === 1 + missingChurns ? 1 : 0,
      )
      const { trees } = await trainTrees(
        { design, rows: 300, width: 1, labels },
        { ...plainOptions, leaves: 2 },
      )
      expect(trees[0].threshold[0]).toBe(1.5)
      expect(trees[0].missingLeft[0]).toBe(1 - missingChurns)
    }
  })

  it('can ask whether a value is there at all', async () => {
    const design = Float32Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? NaN : 7))
    const labels = Uint8Array.from({ length: 200 }, (_, i) => (i % 2 === 0 || i === 1 ? 1 : 0))
    const trees = await trainTrees({ design, rows: 200, width: 1, labels }, { ...plainOptions, rounds: 1 })
    const [missing, seven, larger] = margins(trees, Float32Array.of(NaN, 7, 1e30), 3)
    expect(missing).toBeGreaterThan(seven)
    expect(larger).toBe(seven)
    expect(Number.isFinite(trees.trees[0].threshold[0])).toBe(true)
  })

  it('sends missing values right where training had none, as XGBoost does', async () => {
    const { trees } = await trainTrees(makeTable(200, 3, 5), plainOptions)
    expect(trees.every((tree) => tree.missingLeft.every((left) => left === 0))).toBe(true)
  })

  it('keeps the margin monotone where it must be, whatever the data', async () => {
    const cases = fc.record({
      seed: fc.integer({ min: 0, max: 1e6 }),
      missing: fc.constantFrom(0, 0.2),
      leaves: fc.integer({ min: 2, max: 16 }),
      directions: fc.tuple(fc.constantFrom(-1, 1), fc.constantFrom(-1, 0, 1)),
    })
    await fc.assert(
      fc.asyncProperty(cases, async ({ seed, missing, leaves, directions }) => {
        const chance = random(seed)
        const table = makeTable(150, 3, seed, (_, draw) =>
          chance.next() < missing ? NaN : Math.round(draw * 4) / 4,
        )
        const data = { ...table, monotone: Int8Array.of(directions[0], directions[1], 0) }
        const trees = await trainTrees(data, { ...plainOptions, rounds: 8, leaves, subsample: 0.8 })
        for (let row = 0; row < 20; row++) {
          for (const column of [0, 1]) {
            const steps = 41
            const design = new Float32Array(steps * 3)
            for (let i = 0; i < steps; i++) {
              design.set(data.design.subarray(row * 3, row * 3 + 3), i * 3)
              design[i * 3 + column] = (i - 20) / 8
            }
            const margin = margins(trees, design, steps)
            for (let i = 1; i < steps; i++) {
              const rise = (margin[i] - margin[i - 1]) * data.monotone[column]
              expect(rise).toBeGreaterThanOrEqual(-1e-12)
            }
          }
        }
      }),
      { numRuns: 40, seed: 2 },
    )
  })

  it('gives a row of weight three the say of three rows, and a row of weight nought none', async () => {
    const data = makeTable(240, 3, 11)
    const weights = Float32Array.from({ length: 240 }, (_, i) => i % 4)
    const copies = [...weights].flatMap((weight, row) => Array.from({ length: weight }, () => row))
    const design = Float32Array.from(copies.flatMap((row) => [...data.design.subarray(row * 3, row * 3 + 3)]))
    const repeated = {
      design,
      rows: copies.length,
      width: 3,
      labels: Uint8Array.from(copies, (row) => data.labels[row]),
    }
    const weighted = await trainTrees({ ...data, weights }, plainOptions)
    const duplicated = await trainTrees(repeated, plainOptions)
    const [a, b] = [weighted, duplicated].map((trees) => margins(trees, data.design, 240))
    for (let row = 0; row < 240; row++) expect(a[row]).toBeCloseTo(b[row], 3)
    expect([...weighted.trees[0].threshold]).toEqual([...duplicated.trees[0].threshold])
  })
})

describe('columns and limits', () => {
  it('leaves a constant and an all-missing column alone', async () => {
    const data = makeTable(300, 4, 7, (column, draw) => (column === 2 ? 5 : column === 3 ? NaN : draw))
    const { trees, columns } = await trainTrees(data, { ...plainOptions, columnSample: 0.5 })
    const used = new Set(trees.flatMap((tree) => [...tree.column]))
    expect(columns).toBe(4)
    expect([...used].sort()).toEqual([-1, 0, 1])
  })

  it('falls back to the base rate when no column tells rows apart', async () => {
    const data = makeTable(40, 2, 7, () => 1)
    const trees = await trainTrees(data, plainOptions)
    expect(margins(trees, data.design, 40)[0]).toBe(trees.baseMargin)
  })

  it('can give every row a leaf of its own, and no more', async () => {
    const design = Float32Array.of(1, 2, 3, 4)
    const data = { design, rows: 4, width: 1, labels: Uint8Array.of(0, 1, 0, 1) }
    const { trees } = await trainTrees(data, { ...plainOptions, rounds: 2, leaves: 9, lambda: 0 })
    expect(leavesOf(trees[0])).toHaveLength(4)
    for (const leaf of leavesOf(trees[0])) expect(trees[0].cover[leaf]).toBe(0.25)
  })

  it('keeps every leaf at or above the least child weight, exactly at it included', async () => {
    const design = Float32Array.from({ length: 8 }, (_, i) => i)
    const data = { design, rows: 8, width: 1, labels: Uint8Array.of(0, 0, 1, 1, 0, 0, 1, 1) }
    const { trees } = await trainTrees(data, { ...plainOptions, rounds: 1, leaves: 8, minChildWeight: 0.5 })
    expect(leavesOf(trees[0]).map((leaf) => trees[0].cover[leaf])).toEqual([0.5, 0.5, 0.5, 0.5])
  })

  it('respects leaves, depth and least gain', async () => {
    const data = makeTable(2000, 4, 9)
    const { trees: eight } = await trainTrees(data, { ...plainOptions, leaves: 8 })
    expect(eight.every((tree) => leavesOf(tree).length === 8)).toBe(true)
    const { trees: shallow } = await trainTrees(data, { ...plainOptions, leaves: 64, maxDepth: 2 })
    expect(shallow.every((tree) => leavesOf(tree).length <= 4)).toBe(true)
    const { trees: costly } = await trainTrees(data, { ...plainOptions, gamma: 1e6 })
    expect(costly.every((tree) => tree.column.length === 1)).toBe(true)
  })

  it('puts 10,000 distinct values in at most 255 bins and still ranks well', async () => {
    const data = makeTable(10_000, 2, 13)
    const trees = await trainTrees(data, { ...plainOptions, rounds: 60, leaves: 16 })
    const thresholds = [0, 1].map(
      (column) =>
        new Set(
          trees.trees.flatMap((tree) =>
            [...tree.threshold].filter((_, node) => tree.column[node] === column),
          ),
        ),
    )
    for (const used of thresholds) expect(used.size).toBeLessThanOrEqual(254)
    const truth = Float64Array.from(
      { length: 10_000 },
      (_, row) => data.design[2 * row] - data.design[2 * row + 1],
    )
    expect(auc(data.labels, margins(trees, data.design, 10_000))).toBeGreaterThan(
      auc(data.labels, truth) - 0.005,
    )
  })
})

describe('sameness', () => {
  const big = makeTable(SHARED_VALUES / 20, 20, 17, (column, draw) =>
    column === 3 && draw > 1 ? NaN : column % 4 === 1 ? Math.round(draw) : draw,
  )
  const options = { ...defaultTrainOptions, rounds: 6, leaves: 24, learningRate: 0.2 }

  it('grows the same trees with one, two and three threads', async () => {
    const [one, two, three] = await Promise.all(
      [1, 2, 3].map((threads) => trainTrees(big, { ...options, threads })),
    )
    expect(two).toEqual(one)
    expect(three).toEqual(one)
  })

  it('grows the same trees again for the same seed, and others for another', async () => {
    const data = makeTable(500, 4, 19)
    const sampled = { ...plainOptions, subsample: 0.5, columnSample: 0.5 }
    const first = await trainTrees(data, sampled)
    expect(await trainTrees(data, sampled)).toEqual(first)
    expect(await trainTrees(data, { ...sampled, seed: 43 })).not.toEqual(first)
  })

  it('ends its threads, so that a process that trained ends by itself', () => {
    const module = new URL('../../../../models/churn/trainer/train.ts', import.meta.url).href
    const script = `
      const { trainTrees, defaultTrainOptions } = await import('${module}')
      const rows = ${SHARED_VALUES / 20}, width = 20
      const design = Float32Array.from({ length: rows * width }, (_, i) => Math.sin(i * i))
      const labels = Uint8Array.from({ length: rows }, (_, row) => (design[row * width] > 0.3 ? 1 : 0))
      const { trees } = await trainTrees({ design, rows, width, labels }, { ...defaultTrainOptions, rounds: 3, threads: 2 })
      process.stdout.write('grew ' + trees.length)`
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 30_000 })
    expect(out.toString()).toBe('grew 3')
  })
})

describe('what cannot be trained on', () => {
  const data = makeTable(20, 2, 23)

  it('says that a target with one class teaches nothing', async () => {
    const kept = { ...data, labels: new Uint8Array(20) }
    await expect(trainTrees(kept, plainOptions)).rejects.toMatchObject({ code: 'target_one_class' })
  })

  it.each([
    ['subsample', 0],
    ['columnSample', 1.5],
    ['leaves', 1.5],
    ['maxBins', 1],
    ['lambda', -1],
    ['learningRate', NaN],
  ])('names the option %s when it is %d', async (name, value) => {
    await expect(trainTrees(data, { ...plainOptions, [name]: value })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(name),
    })
  })

  it('names the array whose length is wrong', async () => {
    const short = { ...data, weights: new Float32Array(19) }
    await expect(trainTrees(short, plainOptions)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('weights has 19'),
    })
  })
})
