import { describe, expect, it } from 'vitest'
import { trainFolds } from '../../../../models/churn/trainer/folds.ts'
import type { TrainingData, TrainOptions } from '../../../../models/churn/trainer/train.ts'
import { defaultTrainOptions, trainTrees } from '../../../../models/churn/trainer/train.ts'
import { margins } from '../../../../models/churn/trees.ts'
import { random } from '../../../../models/random.ts'

const plain: TrainOptions = {
  ...defaultTrainOptions,
  rounds: 20,
  learningRate: 0.3,
  subsample: 1,
  columnSample: 1,
  minChildWeight: 0,
}

function made(
  rows: number,
  width: number,
  seed: number,
  value: (column: number, draw: number) => number,
): TrainingData {
  const { normal, next } = random(seed)
  const design = Float32Array.from({ length: rows * width }, (_, i) => value(i % width, normal()))
  const labels = Uint8Array.from({ length: rows }, (_, row) => {
    const x = design[row * width]
    const y = design[row * width + 1]
    const margin = (x === x ? x : 1) - (y === y ? y : -1)
    return next() < 1 / (1 + Math.exp(-margin)) ? 1 : 0
  })
  return { design, rows, width, labels }
}

describe('training', () => {
  it('separates what one column separates', async () => {
    const design = Float32Array.from({ length: 100 }, (_, i) => i)
    const labels = Uint8Array.from({ length: 100 }, (_, i) => (i >= 37 ? 1 : 0))
    const trees = await trainTrees({ design, rows: 100, width: 1, labels }, { ...plain, leaves: 2 })
    expect(trees.trees[0].threshold[0]).toBe(36.5)
    expect([...margins(trees, design, 100)].every((margin, i) => margin > 0 === i >= 37)).toBe(true)
  })

  it('gives held-out losses that the held-out margins explain', async () => {
    const data = made(600, 4, 1, (_, draw) => draw)
    const foldOf = Uint8Array.from({ length: 600 }, (_, i) => i % 3)
    const folds = await trainFolds(data, foldOf, 3, { ...plain, subsample: 0.8, columnSample: 0.5 })
    for (const round of [1, 20]) {
      const margin = folds.heldOutMargins(round)
      for (let fold = 0; fold < 3; fold++) {
        let sum = 0
        let n = 0
        for (let row = fold; row < 600; row += 3) {
          sum += Math.log1p(Math.exp(data.labels[row] === 1 ? -margin[row] : margin[row]))
          n++
        }
        expect(folds.heldOutLogLoss[fold][round - 1]).toBeCloseTo(sum / n, 12)
      }
    }
  })
})
