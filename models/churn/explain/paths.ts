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
export type Branch = { readonly leaves: readonly Leaf[]; readonly parts: readonly Branch[] }

/**
 * @example
 * branchOf(tree, binning).leaves.length // leaves of the tree, left to right
 */
export function branchOf(tree: Tree, binning: Binning): Branch {
  const build = (node: number, steps: readonly Step[]): Branch => {
    const column = tree.column[node]
    if (column < 0) return { leaves: [{ value: tree.value[node], steps }], parts: [] }
    const place = binning.position.get(column) ?? -1
    const cut = indexOfThreshold(binning.thresholds[place], tree.threshold[node])
    const left = tree.left[node]
    const right = tree.right[node]
    const share = leftShare(tree.cover[left], tree.cover[right])
    const missingLeft = tree.missingLeft[node] === 1
    const parts = [
      build(left, narrowed(steps, { place, share, low: 0, high: cut, missing: missingLeft })),
      build(
        right,
        narrowed(steps, {
          place,
          share: 1 - share,
          low: cut + 1,
          high: binning.thresholds[place].length,
          missing: !missingLeft,
        }),
      ),
    ]
    return { leaves: parts.flatMap((part) => part.leaves), parts }
  }
  return build(0, [])
}

/** What the tree answers on average over the rows it was trained on: cover-weighted mean of its leaves. */
export function expectedValue(branch: Branch): number {
  let sum = 0
  for (const { value, steps } of branch.leaves) {
    sum += steps.reduce((product, step) => product * step.share, value)
  }
  return sum
}

/** A node that no training row reached has no shares of its own: half and half. */
function leftShare(left: number, right: number): number {
  return left + right > 0 ? left / (left + right) : 0.5
}

function narrowed(steps: readonly Step[], next: Step): Step[] {
  const at = steps.findIndex((step) => step.place === next.place)
  if (at < 0) return [...steps, next]
  const step = steps[at]
  return steps.with(at, {
    place: step.place,
    share: step.share * next.share,
    low: Math.max(step.low, next.low),
    high: Math.min(step.high, next.high),
    missing: step.missing && next.missing,
  })
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
