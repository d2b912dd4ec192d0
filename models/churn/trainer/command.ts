/**
 * What the leading thread tells the others and what they answer, as positions in the Float64 command and
 * results of layout.ts.
 */
import type { Split } from './split.ts'

/** What to do: the steps of a round, in thread.ts. */
export const operation = { stop: 0, gradients: 1, build: 2, find: 3, apply: 4 } as const

/** Positions in the command; a leaf's block is eight long. */
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
  /** Rows that are not in the tree: their number. */
  outsiders: 14,
  built: 16,
  other: 24,
} as const
/** Within a leaf's block: whether it may split, sums and bounds. */
export const leaf = { open: 0, gradient: 1, hessian: 2, lower: 3, upper: 4 } as const

/** Positions in a thread's results. */
export const result = { count: 0, sums: 1, built: 8, other: 16 } as const
/** Within a split's block. */
export const found = { gain: 0, column: 1, index: 2, missingLeft: 3, gradient: 4, hessian: 5 } as const

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

export function writeSplit(results: Float64Array, at: number, split: Split): void {
  results[at + found.gain] = split.gain
  results[at + found.column] = split.column
  results[at + found.index] = split.index
  results[at + found.missingLeft] = split.missingLeft ? 1 : 0
  results[at + found.gradient] = split.gradient
  results[at + found.hessian] = split.hessian
}
