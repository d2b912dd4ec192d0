import type { Branch, Leaf, Step } from './paths.ts'
import { leafShapley } from './shapley.ts'

/**
 * Some leaves of a tree with all that they can say, worked out beforehand. What the leaves add to a row
 * depends only on which of their conditions it meets; each column allows few combinations ("digits"), and a
 * row's place in the table is the sum over the columns of digit x stride. This is the idea of FastTreeSHAP v2
 * (Yang 2021, arXiv:2109.09847), which keeps a table a leaf; here neighbouring leaves share one, and a small
 * tree is a single look-up.
 */
export interface Tile {
  /** The columns that matter, as positions in the binning. */
  readonly places: readonly number[]
  /** For each of `places`: bin -> digit x stride. */
  readonly codes: readonly Uint16Array[]
  /** The customer's features that the tile adds to, ascending. */
  readonly features: readonly number[]
  /** Configurations; `table[k x size + configuration]` is what feature `features[k]` receives. */
  readonly size: number
  readonly table: Float64Array
}

/** How a tree's leaves are to be kept, before any table is filled. */
export interface Cover {
  readonly tiles: readonly TilePlan[]
  /** Leaves whose tables would be too large (a long path over many columns): worked out for each row. */
  readonly leaves: readonly Leaf[]
}

export interface TilePlan {
  readonly leaves: readonly Leaf[]
  readonly axes: readonly Axis[]
  readonly size: number
}

/** One column of a tile: which digit each bin has, and an example bin of each digit. */
export interface Axis {
  readonly place: number
  readonly digitOf: Uint16Array
  readonly example: readonly number[]
}

/**
 * Covers a tree with as few tiles as fit: whole if its table has at most `limit` configurations, else branch
 * by branch.
 *
 * @param bins bins of each place, the missing one included (Binning.counts)
 * @param limit configurations a tile, at most 65,536
 */
export function coverOf(branch: Branch, bins: Int32Array, limit: number): Cover {
  const tiles: TilePlan[] = []
  const leaves: Leaf[] = []
  const visit = (part: Branch): void => {
    const own = part.leaves.slice(part.first, part.end)
    const axes = axesOf(own, bins, limit)
    if (axes !== null) tiles.push({ leaves: own, axes, size: sizeOf(axes) })
    else if (part.parts.length === 0) leaves.push(own[0])
    else for (const half of part.parts) visit(half)
  }
  // A tree that is one leaf says the same of everybody.
  if (branch.parts.length > 0) visit(branch)
  return { tiles, leaves }
}

/** Bytes that the tiles of a cover will take, codes and tables: an upper bound. */
export function bytesOf(cover: Cover): number {
  let bytes = 0
  for (const { axes, size } of cover.tiles) {
    bytes += 8 * size * axes.length
    for (const axis of axes) bytes += 2 * axis.digitOf.length
  }
  return bytes
}

/** The columns of a set of leaves with their digits, or null when their product exceeds the limit. */
function axesOf(leaves: readonly Leaf[], bins: Int32Array, limit: number): Axis[] | null {
  const stepsAt = new Map<number, Step[]>()
  for (const leaf of leaves) {
    for (const step of leaf.steps) {
      const steps = stepsAt.get(step.place)
      if (steps === undefined) stepsAt.set(step.place, [step])
      else steps.push(step)
    }
  }
  if (2 ** stepsAt.size > limit) return null
  const axes = Array.from(stepsAt, ([place, steps]) => axisOf(place, steps, bins[place]))
  return sizeOf(axes) <= limit ? axes : null
}

function sizeOf(axes: readonly Axis[]): number {
  return axes.reduce((size, axis) => size * axis.example.length, 1)
}

/** Two bins share a digit when they meet the same steps. */
function axisOf(place: number, steps: readonly Step[], bins: number): Axis {
  const missing = bins - 1
  const starts = [0]
  for (const { low, high } of steps) {
    if (low > 0 && !starts.includes(low)) starts.push(low)
    if (high + 1 < missing && !starts.includes(high + 1)) starts.push(high + 1)
  }
  const segments = starts.sort((a, b) => a - b)
  segments.push(missing)
  const digits = segments.map(() => 0)
  let radix = 1
  for (const step of steps) {
    // Split every digit by whether the step is met, and number anew in the order of the segments.
    const renumbered: number[] = Array.from({ length: 2 * radix })
    radix = 0
    for (let i = 0; i < segments.length; i++) {
      const split = 2 * digits[i] + met(step, segments[i], missing)
      digits[i] = renumbered[split] ??= radix++
    }
  }
  const digitOf = new Uint16Array(bins)
  const example: number[] = []
  for (let i = 0; i < segments.length; i++) {
    const end = i + 1 < segments.length ? segments[i + 1] : bins
    digitOf.fill(digits[i], segments[i], end)
    example[digits[i]] = segments[i]
  }
  return { place, digitOf, example }
}

/** 1 when a bin meets the conditions of a step. */
export function met(step: Step, bin: number, missing: number): 0 | 1 {
  if (bin === missing) return step.missing ? 1 : 0
  return bin >= step.low && bin <= step.high ? 1 : 0
}

/**
 * Fills a tile's table.
 *
 * @param featureAt customer's feature of each place of the binning
 */
export function tileOf({ leaves, axes, size }: TilePlan, featureAt: Int32Array): Tile {
  let stride = 1
  const strides = axes.map((axis) => {
    stride *= axis.example.length
    return stride / axis.example.length
  })
  const places = axes.map((axis) => axis.place)
  const features = [...new Set(places.map((place) => featureAt[place]))].sort((a, b) => a - b)
  const rowOf = new Map(features.map((feature, k) => [feature, k * size]))
  const table = new Float64Array(features.length * size)
  for (const leaf of leaves) {
    const rows = leaf.steps.map((step) => rowOf.get(featureAt[step.place]) ?? 0)
    addLeaf(leaf, axes, size, rows, table)
  }
  return {
    places,
    codes: axes.map((axis, i) => axis.digitOf.map((digit) => digit * strides[i])),
    features,
    size,
    table,
  }
}

/** Adds one leaf's contributions to every configuration of the table. */
function addLeaf(
  leaf: Leaf,
  axes: readonly Axis[],
  size: number,
  rows: readonly number[],
  table: Float64Array,
): void {
  const m = leaf.steps.length
  const patterns = patternTable(leaf)
  const masks = new Uint16Array(size)
  let stride = 1
  for (const axis of axes) {
    const radix = axis.example.length
    const j = leaf.steps.findIndex((step) => step.place === axis.place)
    if (j >= 0) {
      const step = leaf.steps[j]
      const missing = axis.digitOf.length - 1
      for (let digit = 0; digit < radix; digit++) {
        if (met(step, axis.example[digit], missing) === 0) continue
        // All configurations with this digit: runs of `stride`, each `stride x radix` apart.
        for (let run = digit * stride; run < size; run += stride * radix) {
          for (let at = run; at < run + stride; at++) masks[at] |= 1 << j
        }
      }
    }
    stride *= radix
  }
  for (let j = 0; j < m; j++) {
    const row = rows[j]
    for (let at = 0; at < size; at++) table[row + at] += patterns[masks[at] * m + j]
  }
}

/** Contributions of a leaf's columns for each pattern of met steps: 2^m x m. */
function patternTable(leaf: Leaf): Float64Array {
  const m = leaf.steps.length
  const share = Float64Array.from(leaf.steps, (step) => step.share)
  const known = new Uint8Array(m)
  const out = new Float64Array(m)
  const table = new Float64Array(m * 2 ** m)
  for (let pattern = 0; pattern < 2 ** m; pattern++) {
    for (let j = 0; j < m; j++) known[j] = (pattern >>> j) & 1
    leafShapley(share, known, leaf.value, out)
    table.set(out, pattern * m)
  }
  return table
}
