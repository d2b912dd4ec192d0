import { describe, expect, it } from 'vitest'
import { trainFolds } from '../../../../models/churn/trainer/folds.ts'
import { trainTrees } from '../../../../models/churn/trainer/train.ts'
import { margins } from '../../../../models/churn/trees.ts'
import { makeTable, plainOptions } from './tables.ts'

const options = { ...plainOptions, subsample: 0.8, columnSample: 0.5 }

describe('training in folds', () => {
  const data = makeTable(600, 4, 1, (column, draw) => (column === 1 && draw > 1 ? NaN : draw))
  const foldOf = Uint8Array.from({ length: 600 }, (_, i) => i % 3)

  it('gives held-out losses that the held-out margins explain', async () => {
    const folds = await trainFolds(data, foldOf, 3, options)
    for (const round of [1, 20]) {
      const margin = folds.heldOutMargins(round)
      for (let fold = 0; fold < 3; fold++) {
        let sum = 0
        for (let row = fold; row < 600; row += 3) {
          sum += Math.log1p(Math.exp(data.labels[row] === 1 ? -margin[row] : margin[row]))
        }
        expect(folds.heldOutLogLoss[fold][round - 1]).toBeCloseTo(sum / 200, 12)
      }
    }
  })

  it('never looks at the rows of a fold to train its ensemble', async () => {
    const folds = await trainFolds(data, foldOf, 3, options)
    const design = data.design.slice()
    const labels = data.labels.slice()
    for (let row = 0; row < 600; row += 3) {
      design.fill(1e6 + row, row * 4, row * 4 + 4)
      labels[row] = 1 - labels[row]
    }
    const spoiled = await trainFolds({ ...data, design, labels }, foldOf, 3, options)
    expect(spoiled.ensembles[0]).toEqual(folds.ensembles[0])
    expect(spoiled.ensembles[1]).not.toEqual(folds.ensembles[1])
  })

  it('gives up a fold once its held-out loss has clearly risen, and keeps the curve up to there', async () => {
    const noise = { ...data, labels: data.labels.map((_, row) => ((row * 7919) % 10 < 3 ? 1 : 0)) }
    const eager = { ...options, rounds: 200, leaves: 16, learningRate: 0.3 }
    const whole = await trainFolds(noise, foldOf, 3, eager)
    const stopped = await trainFolds(noise, foldOf, 3, { ...eager, patience: 10 })
    for (let fold = 0; fold < 3; fold++) {
      const trees = stopped.ensembles[fold].trees.length
      const curve = [...stopped.heldOutLogLoss[fold]]
      expect(trees).toBeLessThan(200)
      expect(curve.slice(0, trees)).toEqual(Array.from(whole.heldOutLogLoss[fold].subarray(0, trees)))
      expect(curve.slice(trees)).toEqual(Array(200 - trees).fill(curve[trees - 1]))
      expect(Math.min(...curve)).toBe(Math.min(...whole.heldOutLogLoss[fold]))
    }
  })

  it('holds out what training with weight nought leaves out', async () => {
    const { ensembles } = await trainFolds(data, foldOf, 3, options)
    const weights = Float32Array.from(foldOf, (fold) => (fold === 2 ? 0 : 1))
    const without = await trainTrees({ ...data, weights }, options)
    expect(margins(without, data.design, 600)).toEqual(margins(ensembles[2], data.design, 600))
  })

  it('trains the same ensembles on threads, and counts every tree', async () => {
    const large = makeTable(40_000, 6, 2)
    const fold = Uint8Array.from({ length: 40_000 }, (_, i) => i % 4)
    const counts: number[] = []
    const one = await trainFolds(large, fold, 4, { ...options, threads: 1 })
    const two = await trainFolds(large, fold, 4, { ...options, threads: 2 }, (trees) => counts.push(trees))
    expect(two.ensembles).toEqual(one.ensembles)
    expect(two.heldOutLogLoss).toEqual(one.heldOutLogLoss)
    expect(counts).toEqual(Array.from({ length: 80 }, (_, i) => i + 1))
  })

  it('passes on from a thread why a fold cannot be trained', async () => {
    const large = makeTable(40_000, 2, 3)
    const fold = large.labels.map((label) => (label === 1 ? 0 : 1))
    await expect(trainFolds(large, fold, 2, { ...options, rounds: 60, threads: 2 })).rejects.toMatchObject({
      code: 'target_one_class',
    })
  })
})
