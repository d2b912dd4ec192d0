/** Random churn models and rows for the tests, from a seed. */
import type { Calibrator, ChurnModel, LogisticModel } from '../../../models/churn/model.ts'
import type { Tree, TreeEnsemble } from '../../../models/churn/trees.ts'
import { random } from '../../../models/random.ts'
import type { Random } from '../../../models/random.ts'

/** A tree of `leaves` leaves, grown at random leaves (so some branches are deep). */
export function randomTree(chance: Random, leaves: number, columns: number, leafSize: number): Tree {
  const column = [-1]
  const threshold = [0]
  const left = [0]
  const right = [0]
  const missingLeft = [0]
  const value = [chance.normal() * leafSize]
  const open = [0]
  while (open.length < leaves) {
    const at = open.splice(chance.integer(open.length), 1)[0]
    column[at] = chance.integer(columns)
    threshold[at] = chance.normal()
    missingLeft[at] = chance.integer(2)
    value[at] = 0
    for (const side of [left, right]) {
      side[at] = column.length
      open.push(column.length)
      column.push(-1)
      threshold.push(0)
      left.push(0)
      right.push(0)
      missingLeft.push(0)
      value.push(chance.normal() * leafSize)
    }
  }
  return {
    column: Int32Array.from(column),
    threshold: Float32Array.from(threshold),
    left: Int32Array.from(left),
    right: Int32Array.from(right),
    missingLeft: Uint8Array.from(missingLeft),
    value: Float32Array.from(value),
    cover: coverOf(column, left, right),
  }
}

/** Each leaf weighs 1, each node its leaves. */
function coverOf(column: readonly number[], left: readonly number[], right: readonly number[]): Float64Array {
  const cover = new Float64Array(column.length).fill(1)
  for (let at = column.length - 1; at >= 0; at--) {
    if (column[at] >= 0) cover[at] = cover[left[at]] + cover[right[at]]
  }
  return cover
}

export function randomEnsemble(
  seed: number,
  size: { trees: number; leaves: number; columns: number; leafSize?: number },
): TreeEnsemble {
  const chance = random(seed)
  const trees = Array.from({ length: size.trees }, () =>
    randomTree(chance, size.leaves, size.columns, size.leafSize ?? 0.05),
  )
  return { baseMargin: chance.normal(), columns: size.columns, trees }
}

export function randomLogistic(seed: number, columns: number): LogisticModel {
  const chance = random(seed)
  const draw = (of: () => number): Float64Array => Float64Array.from({ length: columns }, of)
  return {
    intercept: chance.normal(),
    weight: draw(() => chance.normal()),
    center: draw(() => chance.normal()),
    scale: draw(() => 0.1 + chance.next()),
    min: draw(() => -1 - chance.next()),
    max: draw(() => 1 + chance.next()),
  }
}

/** Steep steps (knots 1e-6 apart) between gentle slopes, as isotonic regression leaves them. */
export function randomIsotonic(seed: number, knots: number): Calibrator {
  const chance = random(seed)
  const margin: number[] = []
  const probability: number[] = []
  let at = -3
  for (let i = 0; i < knots; i++) {
    margin.push(at)
    probability.push(i / knots)
    at += i % 3 === 0 ? 1e-6 : (chance.next() * 12) / knots
  }
  return { kind: 'isotonic', margin, probability }
}

/**
 * Rows with a tenth missing, and a fifth of the values exactly at a threshold of the model, at its neighbours,
 * or at an infinity.
 */
export function randomDesign(seed: number, model: ChurnModel, columns: number, rows: number): Float32Array {
  const chance = random(seed)
  const thresholds =
    model.kind === 'trees'
      ? model.trees.trees.flatMap((tree) => [...tree.threshold])
      : [0, ...model.logistic.max]
  const at = (): number => (thresholds.length === 0 ? 0 : thresholds[chance.integer(thresholds.length)])
  return Float32Array.from({ length: columns * rows }, () => {
    const kind = chance.next()
    if (kind < 0.1) return Number.NaN
    if (kind < 0.2) return at()
    if (kind < 0.25) return at() * (1 - 2 ** -24)
    if (kind < 0.3) return at() * (1 + 2 ** -23)
    if (kind < 0.305) return kind < 0.3025 ? Infinity : -Infinity
    return chance.normal()
  })
}
