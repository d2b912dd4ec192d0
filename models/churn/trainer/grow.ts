/**
 * Grows one tree, the leaf of the greatest gain first (XGBoost's `grow_policy=lossguide`). The thread that
 * calls directs the others through the command in shared memory, one step at a time.
 */
import type { Tree } from '../trees.ts'
import type { BinnedColumn } from './bins.ts'
import { thresholdOf } from './bins.ts'
import { command, leaf, operation, readSplit, result } from './command.ts'
import type { Layout } from './layout.ts'
import type { Nodes } from './nodes.ts'
import { newNodes } from './nodes.ts'
import type { NodeSums, Split, SplitRules } from './split.ts'
import { noSplit, weightOf } from './split.ts'

/** The threads as the one that leads them sees them. */
export interface Crew {
  readonly threads: number
  readonly ask: Float64Array
  results(thread: number): Float64Array
  /** Has the first `participants` threads, this one among them, do what `ask` says; returns when all have. */
  run(participants: number): void
}

export interface GrowContext {
  readonly crew: Crew
  readonly words: Int32Array
  readonly numbers: Float64Array
  readonly layout: Layout
  readonly columns: readonly BinnedColumn[]
  readonly rules: SplitRules
  readonly learningRate: number
  readonly gamma: number
  /** 0 is no limit. */
  readonly maxDepth: number
  readonly constrained: boolean
  readonly monotone: Int8Array
}

/** The tree's rows stand in `order` from 0 to `count`. */
export interface Root {
  readonly count: number
  readonly gradient: number
  readonly hessian: number
}

interface Leaf extends NodeSums {
  readonly node: number
  readonly start: number
  readonly count: number
  readonly depth: number
  /** Its histograms' slot; -1 when it has none because it cannot split. */
  slot: number
  split: Split
}

/** Below this much work (rows x columns) waking the other threads costs more than they save. */
const SHARED_WORK = 60_000
/** XGBoost's kRtEps: gains not above it are rounding. */
const LEAST_GAIN = 1e-6

/**
 * @param sampled the tree's columns as ascending indices of `context.columns`
 * @returns the tree; its leaves' rows and values are left in shared memory for {@link operation.apply}
 */
export function growTree(context: GrowContext, root: Root, sampled: Int32Array): Tree {
  const { crew, layout, rules } = context
  const { ask } = crew
  const free = Array.from({ length: layout.leaves }, (_, i) => layout.leaves - 1 - i)
  const nodes = newNodes(context.words, context.numbers, layout)
  layOutEntries(context, sampled)
  ask[command.sampledColumns] = sampled.length

  const canSplit = (hessian: number, depth: number, leavesThen: number): boolean =>
    leavesThen < layout.leaves &&
    hessian >= 2 * rules.minHessian &&
    (context.maxDepth === 0 || depth < context.maxDepth)
  const participants = (count: number): number => (count * sampled.length < SHARED_WORK ? 1 : crew.threads)
  const bestFound = (at: number, sharing: number): Split => {
    let best = noSplit()
    for (let thread = 0; thread < sharing; thread++) {
      const split = readSplit(crew.results(thread), at)
      if (split.gain > best.gain) best = split
    }
    return best.gain > LEAST_GAIN && best.gain >= context.gamma ? best : noSplit()
  }
  const describe = (block: number, sums: NodeSums, open: boolean): void => {
    ask[block + leaf.open] = open ? 1 : 0
    ask[block + leaf.gradient] = sums.gradient
    ask[block + leaf.hessian] = sums.hessian
    ask[block + leaf.lower] = sums.lower
    ask[block + leaf.upper] = sums.upper
  }

  const first: Leaf = {
    node: 0,
    start: 0,
    count: root.count,
    depth: 0,
    slot: -1,
    split: noSplit(),
    gradient: root.gradient,
    hessian: root.hessian,
    lower: -Infinity,
    upper: Infinity,
  }
  nodes.add(root.hessian * rules.hessianUnit)
  if (canSplit(first.hessian, 0, 1)) {
    const sharing = participants(first.count)
    first.slot = free.pop() as number
    ask[command.start] = 0
    ask[command.count] = first.count
    ask[command.column] = -1
    ask[command.side] = 1
    ask[command.builtSlot] = first.slot
    ask[command.parentSlot] = -1
    describe(command.built, first, true)
    runBoth(crew, sharing)
    first.split = bestFound(result.built, sharing)
  }

  const leaves: Leaf[] = [first]
  while (leaves.length < layout.leaves) {
    const at = indexOfBest(leaves)
    if (at < 0) break
    const parent = leaves[at]
    const { split } = parent
    const [left, right] = childSums(context, parent)
    const leavesThen = leaves.length + 1
    const leftOpen = canSplit(left.hessian, parent.depth + 1, leavesThen)
    const rightOpen = canSplit(right.hessian, parent.depth + 1, leavesThen)
    // The lighter side is built, the other is what remains of the parent.
    const builtLeft = left.hessian <= right.hessian
    const build = leftOpen || rightOpen
    const column = context.columns[split.column]
    const slot = build ? (free.pop() as number) : -1
    const sharing = participants(parent.count)
    ask[command.start] = parent.start
    ask[command.count] = parent.count
    ask[command.column] = split.column
    ask[command.bin] = split.index + 1
    ask[command.also] = split.missingLeft ? column.missingBin : 256
    ask[command.side] = build ? (builtLeft ? 1 : 2) : 0
    ask[command.builtSlot] = slot
    ask[command.parentSlot] = parent.slot
    describe(command.built, builtLeft ? left : right, builtLeft ? leftOpen : rightOpen)
    describe(command.other, builtLeft ? right : left, builtLeft ? rightOpen : leftOpen)
    runBoth(crew, sharing)

    let lefts = 0
    for (let thread = 0; thread < sharing; thread++) lefts += crew.results(thread)[result.count]
    const depth = parent.depth + 1
    const node = nodes.split(parent.node, split.column, column.column, thresholdOf(column, split.index), {
      bin: split.index + 1,
      also: ask[command.also],
      missingLeft: split.missingLeft,
      left: left.hessian * rules.hessianUnit,
      right: right.hessian * rules.hessianUnit,
    })
    const [builtBest, otherBest] = build
      ? [bestFound(result.built, sharing), bestFound(result.other, sharing)]
      : [noSplit(), noSplit()]
    const [leftSlot, rightSlot] = builtLeft ? [slot, parent.slot] : [parent.slot, slot]
    const [leftBest, rightBest] = builtLeft ? [builtBest, otherBest] : [otherBest, builtBest]
    leaves[at] = { ...left, node, start: parent.start, count: lefts, depth, slot: leftSlot, split: leftBest }
    leaves.push({
      ...right,
      node: node + 1,
      start: parent.start + lefts,
      count: parent.count - lefts,
      depth,
      slot: rightSlot,
      split: rightBest,
    })
    for (const child of [leaves[at], leaves[leaves.length - 1]]) {
      if (child.split.column >= 0 || child.slot < 0) continue
      free.push(child.slot)
      child.slot = -1
    }
  }
  return finish(context, nodes, leaves)
}

function runBoth(crew: Crew, participants: number): void {
  crew.ask[command.participants] = participants
  crew.ask[command.operation] = operation.build
  crew.run(participants)
  crew.ask[command.operation] = operation.find
  crew.run(participants)
}

/** Of equal gains the older node first. */
function indexOfBest(leaves: readonly Leaf[]): number {
  let best = -1
  for (let i = 0; i < leaves.length; i++) {
    if (leaves[i].split.column < 0) continue
    const ahead = best < 0 ? 1 : leaves[i].split.gain - leaves[best].split.gain
    if (ahead > 0 || (ahead === 0 && leaves[i].node < leaves[best].node)) best = i
  }
  return best
}

/** Sums of both sides; a constrained split also keeps each side's weights on its side of their middle. */
function childSums({ rules, constrained, monotone }: GrowContext, parent: Leaf): [NodeSums, NodeSums] {
  const { split, lower, upper } = parent
  const left = { gradient: split.gradient, hessian: split.hessian, lower, upper }
  const right = {
    gradient: parent.gradient - split.gradient,
    hessian: parent.hessian - split.hessian,
    lower,
    upper,
  }
  const direction = constrained ? monotone[split.column] : 0
  if (direction !== 0) {
    const middle =
      (weightOf(rules, left.gradient, left.hessian, lower, upper) +
        weightOf(rules, right.gradient, right.hessian, lower, upper)) /
      2
    if (direction > 0) left.upper = right.lower = middle
    else left.lower = right.upper = middle
  }
  return [left, right]
}

/** Which columns the tree may use and where their entries lie in a leaf's slot. */
function layOutEntries({ words, layout, columns }: GrowContext, sampled: Int32Array): void {
  let at = 0
  for (let k = 0; k < sampled.length; k++) {
    words[layout.sampled / 4 + k] = sampled[k]
    words[layout.entries / 4 + k] = at
    at += 8 * (columns[sampled[k]].missingBin + 1)
  }
}

/** Gives the leaves their values, and shared memory what the threads need to apply the tree. */
function finish(context: GrowContext, nodes: Nodes, leaves: readonly Leaf[]): Tree {
  const { words, layout, rules } = context
  for (const [i, { node, start, count, gradient, hessian, lower, upper }] of leaves.entries()) {
    nodes.setValue(node, weightOf(rules, gradient, hessian, lower, upper) * context.learningRate)
    words.set([node, start, start + count], layout.segments / 4 + 3 * i)
  }
  context.crew.ask[command.leaves] = leaves.length
  return nodes.finished()
}
