/**
 * What one training thread does: its share of the rows or of the columns in each step of a round. Shares are
 * disjoint and sums are whole numbers, so the trees do not depend on how many threads there are.
 */
import { command, leaf, operation, result, writeSplit } from './command.ts'
import type { Job } from './job.ts'
import { HISTOGRAM_BYTES } from './kernel-histograms.ts'
import type { Kernels } from './kernels.ts'
import { instantiateKernels } from './kernels.ts'
import { COMMAND_NUMBERS, RESULT_NUMBERS } from './layout.ts'
import { NODE, NODE_BYTES } from './node.ts'
import { noSplit, searchColumn, weightOf, worthOf } from './split.ts'

/** Rows whose bins stay in the second-level cache between a touch and the passes over them. */
const BLOCK_ROWS = 1024

export interface Thread {
  readonly kernels: Kernels
  /** Does this thread's share of what the command in memory asks for. */
  run(): void
}

export function trainingThread(memory: WebAssembly.Memory, job: Job, index: number): Thread {
  const { layout } = job
  const { buffer } = memory
  const kernels = instantiateKernels(memory, {
    stride: layout.stride,
    sampledColumns: layout.sampledColumns,
    designStride: job.width * 4,
    sampleBelow: job.sampleBelow,
    gradientScale: 1 / job.rules.gradientUnit,
    hessianScale: 1 / job.rules.hessianUnit,
    addresses: layout,
  })
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

  /** Gradients of the rows that the next tree grows on; lists them in `left` and the others in `right`. */
  function gradients(): void {
    const from = shareOf(layout.rows, index)
    const to = shareOf(layout.rows, index + 1)
    const sums = layout.results + (index * RESULT_NUMBERS + result.sums) * 8
    results[result.count] =
      from < to
        ? kernels.gradients(
            from,
            to,
            layout.left + from * 4,
            layout.right + from * 4,
            sums,
            ask[command.sampleSeed],
            ask[command.ditherSeed],
          )
        : 0
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
      const bins = layout.columnBins + ask[command.column] * layout.rows
      const lefts =
        from < to ? kernels.partition(first, end, bins, ask[command.bin], ask[command.also], left, right) : 0
      results[result.count] = lefts
      first = side === 1 ? left : right
      end = first + (side === 1 ? lefts : to - from - lefts) * 4
    }
    if (side === 0) return
    const columns = ask[command.sampledColumns]
    for (let k = 0; k < columns; k++) binsOf[k] = layout.bins + words[layout.sampled / 4 + k]
    // Rows that follow one another closely the processor fetches by itself.
    const scattered = ask[command.count] < layout.rows / 2
    for (let block = first; block < end; block += BLOCK_ROWS * 4) {
      const blockEnd = Math.min(end, block + BLOCK_ROWS * 4)
      if (scattered) kernels.touch(block, blockEnd, layout.bins)
      kernels.accumulate(block, blockEnd, scratch, binsOf)
    }
  }
  const binsOf: number[] = []

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
    const from = shareOf(ask[command.count], index)
    const to = shareOf(ask[command.count], index + 1)
    for (let i = 0; i < ask[command.leaves]; i++) {
      const segment = layout.segments / 4 + 3 * i
      const first = Math.max(from, words[segment + 1])
      const end = Math.min(to, words[segment + 2])
      const value = layout.nodes + NODE_BYTES * words[segment] + NODE.value
      if (first < end) kernels.shift(layout.order + first * 4, layout.order + end * 4, value)
    }
    // Rows that did not grow the tree find their leaf by their bins.
    const outsiders = layout.order + ask[command.count] * 4
    const first = outsiders + shareOf(ask[command.outsiders], index) * 4
    const end = outsiders + shareOf(ask[command.outsiders], index + 1) * 4
    if (first >= end) return
    if (ask[command.leaves] > 1) kernels.route(first, end, layout.nodes)
    else kernels.shift(first, end, layout.nodes + NODE.value)
  }

  return {
    kernels,
    run: () => {
      const what = ask[command.operation]
      if (what === operation.gradients) gradients()
      else if (what === operation.build) build()
      else if (what === operation.find) find()
      else if (what === operation.apply) apply()
    },
  }
}
