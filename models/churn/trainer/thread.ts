/**
 * What one training thread does: its share of the rows or of the columns in each step of a round. Shares are
 * disjoint and sums are whole numbers, so the trees do not depend on how many threads there are.
 */
import type { Kernels } from './kernels.ts'
import { HISTOGRAM_BYTES, instantiateKernels, tileSizes } from './kernels.ts'
import type { Layout } from './layout.ts'
import { COMMAND_NUMBERS, NODE_NUMBERS, RESULT_NUMBERS } from './layout.ts'
import type { Split, SplitRules } from './split.ts'
import { noSplit, searchColumn, weightOf, worthOf } from './split.ts'

/** All that a thread has to know; plain data, so that it can be posted. */
export interface Job {
  readonly layout: Layout
  readonly rules: SplitRules
  /** Share of the rows that grow a tree, as a whole number out of 2^32. */
  readonly sampleBelow: number
  /** By binned column. */
  readonly missingBin: Int32Array
  readonly splits: Int32Array
  readonly monotone: Int8Array
  readonly constrained: boolean
}

export const operation = { stop: 0, gradients: 1, build: 2, find: 3, apply: 4 } as const

/** Positions in the command; a leaf's block is {@link LEAF_NUMBERS} long. */
export const command = {
  operation: 0,
  participants: 1,
  sampleSeed: 2,
  ditherSeed: 3,
  start: 4,
  count: 5,
  column: 6,
  bin: 7,
  also: 8,
  /** Which side of a partition to build: 0 none, 1 left, 2 right. */
  side: 9,
  sampledColumns: 10,
  builtSlot: 11,
  /** Slot of the parent, which becomes that of the other child; -1 for the root. */
  parentSlot: 12,
  leaves: 13,
  /** Whether any row stays out of the tree. */
  outsiders: 14,
  built: 16,
  other: 24,
} as const
/** Within a leaf's block: whether it may split, sums and bounds. */
export const leaf = { open: 0, gradient: 1, hessian: 2, lower: 3, upper: 4 } as const

/** Positions in a thread's results. */
export const result = { count: 0, gradient: 1, hessian: 2, built: 8, other: 16 } as const
/** Within a split's block. */
export const found = { gain: 0, column: 1, index: 2, missingLeft: 3, gradient: 4, hessian: 5 } as const

/** Rows whose bins stay in the second-level cache while every tile of columns passes over them. */
const BLOCK_ROWS = 1024

export interface Thread {
  /** Does this thread's share of what the command in memory asks for. */
  run(): void
}

export function trainingThread(memory: WebAssembly.Memory, job: Job, index: number): Thread {
  const { layout } = job
  const { buffer } = memory
  const kernels = instantiateKernels(memory, { stride: layout.stride, gradients: layout.gradients })
  const words = new Int32Array(buffer)
  const numbers = new Float64Array(buffer, 0, layout.bins / 8)
  const ask = numbers.subarray(layout.command / 8, layout.command / 8 + COMMAND_NUMBERS)
  const resultsOf = (thread: number): Float64Array => {
    const at = layout.results / 8 + thread * RESULT_NUMBERS
    return numbers.subarray(at, at + RESULT_NUMBERS)
  }
  const results = resultsOf(index)
  const scratch = layout.scratch + index * layout.scratchBytes
  const shareOf = (count: number, thread: number): number =>
    Math.floor((count * thread) / ask[command.participants])

  const rowsOf = viewRows(buffer, layout)
  const inTree = treeMembership(rowsOf.weights, job.sampleBelow)

  /** Gradients of the rows that the next tree grows on, and the list of them (in `left`, to be moved). */
  function gradients(): void {
    const from = shareOf(layout.rows, index)
    const to = shareOf(layout.rows, index + 1)
    const sampleSeed = ask[command.sampleSeed]
    const ditherSeed = ask[command.ditherSeed]
    const { margins, weights, labels } = rowsOf
    const gradientScale = 1 / job.rules.gradientUnit
    const hessianScale = 1 / job.rules.hessianUnit
    const packed = layout.gradients / 4
    const list = layout.left / 4 + from
    let count = 0
    let gradientSum = 0
    let hessianSum = 0
    for (let row = from; row < to; row++) {
      if (!inTree(row, sampleSeed)) continue
      const weight = weights[row]
      const p = 1 / (1 + Math.exp(-margins[row]))
      // Rounded up or down by chance in proportion, so that small gradients do not vanish from large sums.
      const dither = mix(row, ditherSeed)
      const gradient = Math.floor((p - labels[row]) * weight * gradientScale + (dither & 0xffff) / 65536)
      const hessian = Math.floor(p * (1 - p) * weight * hessianScale + (dither >>> 16) / 65536) || 1
      words[packed + 2 * row] = hessian
      words[packed + 2 * row + 1] = gradient
      words[list + count++] = row
      gradientSum += gradient
      hessianSum += hessian
    }
    results[result.count] = count
    results[result.gradient] = gradientSum
    results[result.hessian] = hessianSum
  }

  /** Partitions this thread's part of a leaf, and builds the histograms of one side of it (or of all). */
  function build(): void {
    const start = ask[command.start]
    const from = start + shareOf(ask[command.count], index)
    const to = start + shareOf(ask[command.count], index + 1)
    const side = ask[command.side]
    let first = layout.order + from * 4
    let end = layout.order + to * 4
    if (ask[command.column] >= 0) {
      const left = layout.left + from * 4
      const right = layout.right + from * 4
      const bins = layout.bins + ask[command.column]
      const lefts =
        from < to ? kernels.partition(first, end, bins, ask[command.bin], ask[command.also], left, right) : 0
      results[result.count] = lefts
      first = side === 1 ? left : right
      end = first + (side === 1 ? lefts : to - from - lefts) * 4
    }
    if (side === 0) return
    for (let block = first; block < end; block += BLOCK_ROWS * 4) {
      accumulateBlock(kernels, block, Math.min(end, block + BLOCK_ROWS * 4))
    }
  }

  const tile: number[] = []
  function accumulateBlock(kernels: Kernels, first: number, end: number): void {
    const columns = ask[command.sampledColumns]
    const sampled = layout.sampled / 4
    let k = 0
    for (const size of tileSizes) {
      for (; columns - k >= size; k += size) {
        for (let i = 0; i < size; i++) tile[i] = layout.bins + words[sampled + k + i]
        kernels.accumulate(size, first, end, scratch + k * HISTOGRAM_BYTES, tile)
      }
    }
  }

  /** Puts partitioned rows in their place, gathers histograms, and looks for both children's best splits. */
  function find(): void {
    if (ask[command.column] >= 0) placeRows()
    if (ask[command.side] === 0) return
    const columns = ask[command.sampledColumns]
    const from = shareOf(columns, index)
    const to = shareOf(columns, index + 1)
    const participants = ask[command.participants]
    const built = layout.slots + ask[command.builtSlot] * layout.slotBytes
    const hasParent = ask[command.parentSlot] >= 0
    const other = layout.slots + ask[command.parentSlot] * layout.slotBytes
    for (let k = from; k < to; k++) {
      const entry = words[layout.entries / 4 + k]
      const size = 8 * (job.missingBin[words[layout.sampled / 4 + k]] + 1)
      const source = layout.scratch + k * HISTOGRAM_BYTES
      kernels.move(source, built + entry, built + entry + size)
      for (let thread = 1; thread < participants; thread++) {
        kernels.add(source + thread * layout.scratchBytes, built + entry, built + entry + size)
      }
      if (hasParent) kernels.subtract(built + entry, other + entry, other + entry + size)
    }
    search(built, from, to, command.built, result.built)
    if (hasParent) search(other, from, to, command.other, result.other)
  }

  function placeRows(): void {
    const start = ask[command.start]
    const from = start + shareOf(ask[command.count], index)
    const to = start + shareOf(ask[command.count], index + 1)
    let leftsBefore = 0
    let lefts = 0
    for (let thread = 0; thread < ask[command.participants]; thread++) {
      const count = resultsOf(thread)[result.count]
      lefts += count
      if (thread < index) leftsBefore += count
    }
    const own = results[result.count]
    const order = layout.order / 4
    const rightsBefore = from - start - leftsBefore
    const left = layout.left / 4 + from
    const right = layout.right / 4 + from
    words.copyWithin(order + start + leftsBefore, left, left + own)
    words.copyWithin(order + start + lefts + rightsBefore, right, right + to - from - own)
  }

  function search(slot: number, from: number, to: number, block: number, into: number): void {
    const best = noSplit()
    if (ask[block + leaf.open] === 1) {
      const node = {
        gradient: ask[block + leaf.gradient],
        hessian: ask[block + leaf.hessian],
        lower: ask[block + leaf.lower],
        upper: ask[block + leaf.upper],
      }
      const weight = weightOf(job.rules, node.gradient, node.hessian, node.lower, node.upper)
      const worth = worthOf(job.rules, node.gradient, node.hessian, weight)
      for (let k = from; k < to; k++) {
        const column = words[layout.sampled / 4 + k]
        const entries = {
          column,
          at: (slot + words[layout.entries / 4 + k]) / 4,
          splits: job.splits[column],
          missingBin: job.missingBin[column],
          monotone: job.monotone[column],
        }
        searchColumn(words, entries, node, job.rules, worth, job.constrained, best)
      }
    }
    writeSplit(results, into, best)
  }

  /** Adds the finished tree's leaf values to the margins of all rows. */
  function apply(): void {
    const { margins } = rowsOf
    const from = shareOf(ask[command.count], index)
    const to = shareOf(ask[command.count], index + 1)
    const order = layout.order / 4
    for (let i = 0; i < ask[command.leaves]; i++) {
      const segment = layout.segments / 4 + 3 * i
      const value = numbers[layout.values / 8 + words[segment]]
      const end = Math.min(to, words[segment + 2])
      for (let at = Math.max(from, words[segment + 1]); at < end; at++) margins[words[order + at]] += value
    }
    if (ask[command.outsiders] === 1) applyToOutsiders()
  }

  /** Rows that did not grow the tree find their leaf by their bins. */
  function applyToOutsiders(): void {
    const { margins, bins } = rowsOf
    const to = shareOf(layout.rows, index + 1)
    const sampleSeed = ask[command.sampleSeed]
    const nodes = layout.nodes / 4
    for (let row = shareOf(layout.rows, index); row < to; row++) {
      if (inTree(row, sampleSeed)) continue
      let node = 0
      for (;;) {
        const at = nodes + node * NODE_NUMBERS
        const column = words[at + treeNode.column]
        if (column < 0) break
        const bin = bins[row * layout.stride + column]
        const goesLeft = bin < words[at + treeNode.bin] || bin === words[at + treeNode.also]
        node = words[at + (goesLeft ? treeNode.left : treeNode.right)]
      }
      margins[row] += numbers[layout.values / 8 + node]
    }
  }

  return {
    run: () => {
      const what = ask[command.operation]
      if (what === operation.gradients) gradients()
      else if (what === operation.build) build()
      else if (what === operation.find) find()
      else if (what === operation.apply) apply()
    },
  }
}

/** Positions within a node of the tree by bins: left where the bin is below `bin` or equals `also`. */
export const treeNode = { column: 0, bin: 1, also: 2, left: 3, right: 4 } as const

export interface RowViews {
  readonly bins: Uint8Array
  readonly margins: Float64Array
  readonly weights: Float32Array
  readonly labels: Uint8Array
  readonly order: Int32Array
  readonly left: Int32Array
}

export function viewRows(buffer: ArrayBufferLike, layout: Layout): RowViews {
  const { rows, stride } = layout
  return {
    bins: new Uint8Array(buffer, layout.bins, rows * stride),
    margins: new Float64Array(buffer, layout.margins, rows),
    weights: new Float32Array(buffer, layout.weights, rows),
    labels: new Uint8Array(buffer, layout.labels, rows),
    order: new Int32Array(buffer, layout.order, rows),
    left: new Int32Array(buffer, layout.left, rows),
  }
}

/** Whether a row grows the tree whose seed is given. */
function treeMembership(weights: Float32Array, below: number): (row: number, seed: number) => boolean {
  if (below >= 2 ** 32) return (row) => weights[row] > 0
  return (row, seed) => weights[row] > 0 && mix(row, seed) < below
}

export function readSplit(results: Float64Array, at: number): Split {
  return {
    gain: results[at + found.gain],
    column: results[at + found.column],
    index: results[at + found.index],
    missingLeft: results[at + found.missingLeft] === 1,
    gradient: results[at + found.gradient],
    hessian: results[at + found.hessian],
  }
}

function writeSplit(results: Float64Array, at: number, split: Split): void {
  results[at + found.gain] = split.gain
  results[at + found.column] = split.column
  results[at + found.index] = split.index
  results[at + found.missingLeft] = split.missingLeft ? 1 : 0
  results[at + found.gradient] = split.gradient
  results[at + found.hessian] = split.hessian
}

/** A row's chance in a round, 32 bits: MurmurHash3's finaliser (Appleby) over row and seed. */
function mix(row: number, seed: number): number {
  let h = row ^ seed
  h ^= h >>> 16
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  h ^= h >>> 16
  return h >>> 0
}
