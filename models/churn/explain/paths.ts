import type { Tree } from '../trees.ts'
import type { Binning } from './bins.ts'

/** What a leaf asks of one column, all conditions of its path on that column merged. */
export interface Step {
  /** Position of the column in {@link Binning.columns}. */
  readonly place: number
  /** Share of the training rows that met these conditions where they were asked: z in {@link leafShapley}. */
  readonly share: number
  /** Met by the bins from `low` to `high`, both included. */
  readonly low: number
  readonly high: number
  /** Whether a missing value meets them. */
  readonly missing: boolean
}

export interface Leaf {
  readonly value: number
  /** One a distinct column, in the order the path first asks about them. */
  readonly steps: readonly Step[]
}

/** A tree as its leaves, nested as the tree is, so that neighbours can share a table. */
export interface Branch {
  /** The tree's leaves, left to right; this branch's are those from `first` to before `end`. */
  readonly leaves: readonly Leaf[]
  readonly first: number
  readonly end: number
  /** Two, or none for a single leaf. */
  readonly parts: readonly Branch[]
}

/**
 * @example
 * branchOf(tree, binning).leaves.length // leaves of the tree, left to right
 */
export function branchOf(tree: Tree, binning: Binning): Branch {
  const leaves: Leaf[] = []
  const build = (node: number, steps: readonly Step[]): Branch => {
    const first = leaves.length
    const column = tree.column[node]
    if (column < 0) {
      leaves.push({ value: tree.value[node], steps })
      return { leaves, first, end: first + 1, parts: [] }
    }
    const place = binning.position.get(column) ?? -1
    const thresholds = binning.thresholds[place]
    const cut = indexOfThreshold(thresholds, tree.threshold[node])
    const left = tree.left[node]
    const right = tree.right[node]
    const share = leftShare(tree.cover[left], tree.cover[right])
    const missing = tree.missingLeft[node] === 1
    const below = { place, share, low: 0, high: cut, missing }
    const above = { place, share: 1 - share, low: cut + 1, high: thresholds.length, missing: !missing }
    const parts = [build(left, narrowed(steps, below)), build(right, narrowed(steps, above))]
    return { leaves, first, end: leaves.length, parts }
  }
  return build(0, [])
}

/** What the tree answers on average over the rows it was trained on: cover-weighted mean of its leaves. */
export function expectedValue(branch: Branch): number {
  let sum = 0
  for (const { value, steps } of branch.leaves) {
    let part = value
    for (const step of steps) part *= step.share
    sum += part
  }
  return sum
}

/** A node that no training row reached has no shares of its own: half and half. */
function leftShare(left: number, right: number): number {
  return left + right > 0 ? left / (left + right) : 0.5
}

function narrowed(steps: readonly Step[], next: Step): Step[] {
  const merged = steps.slice()
  for (let i = 0; i < merged.length; i++) {
    const step = merged[i]
    if (step.place !== next.place) continue
    merged[i] = {
      place: step.place,
      share: step.share * next.share,
      low: Math.max(step.low, next.low),
      high: Math.min(step.high, next.high),
      missing: step.missing && next.missing,
    }
    return merged
  }
  merged.push(next)
  return merged
}

function indexOfThreshold(sorted: Float32Array, threshold: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle] < threshold) low = middle + 1
    else high = middle
  }
  return low
}
