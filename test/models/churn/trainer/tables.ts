/** Tables for the trainer's tests, and a slow second opinion on what a tree says of a row. */
import type { TrainingData, TrainOptions } from '../../../../models/churn/trainer/train.ts'
import { defaultTrainOptions } from '../../../../models/churn/trainer/train.ts'
import type { Tree } from '../../../../models/churn/trees.ts'
import { random } from '../../../../models/random.ts'

/** Every row and column in every tree, and no limit but the leaves. */
export const plainOptions: TrainOptions = {
  ...defaultTrainOptions,
  rounds: 20,
  learningRate: 0.3,
  subsample: 1,
  columnSample: 1,
  minChildWeight: 0,
}

/** Labels follow the first two columns (a missing value counts as 1 and as -1). */
export function makeTable(
  rows: number,
  width: number,
  seed: number,
  value: (column: number, draw: number) => number = (_, draw) => draw,
): TrainingData {
  const { normal, next } = random(seed)
  const design = Float32Array.from({ length: rows * width }, (_, i) => value(i % width, normal()))
  const labels = new Uint8Array(rows)
  for (let row = 0; row < rows; row++) {
    const x = design[row * width]
    const y = width > 1 ? design[row * width + 1] : 0
    const margin = Math.max(-9, Math.min(9, (Number.isNaN(x) ? 1 : x) - (Number.isNaN(y) ? -1 : y)))
    labels[row] = next() < 1 / (1 + Math.exp(-margin)) ? 1 : 0
  }
  labels[0] = 0
  labels[1] = 1
  return { design, rows, width, labels }
}

export function leafOf(tree: Tree, design: Float32Array, width: number, row: number): number {
  let node = 0
  while (tree.column[node] >= 0) {
    const x = design[row * width + tree.column[node]]
    const goesLeft = Number.isNaN(x) ? tree.missingLeft[node] === 1 : x < tree.threshold[node]
    node = goesLeft ? tree.left[node] : tree.right[node]
  }
  return node
}

export const leavesOf = (tree: Tree): number[] =>
  [...tree.column.keys()].filter((node) => tree.column[node] < 0)
