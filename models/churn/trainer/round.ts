/** The steps of a round that are not the growing of its tree. */
import type { Random } from '../../random.ts'
import { random } from '../../random.ts'
import { command, operation, result } from './command.ts'
import type { Crew, Root } from './grow.ts'
import type { RowViews } from './layout.ts'

/** What a round leaves to chance. */
export interface RoundChance {
  /** Decides which rows the tree grows on, and how their gradients are rounded. */
  readonly sampleSeed: number
  readonly ditherSeed: number
  /** The tree's columns, ascending. */
  readonly columns: Int32Array
}

/** Gives each round's chances in turn; drawn by one thread, they are the same for any number of threads. */
export function roundChances(seed: number, columns: number, count: number): () => RoundChance {
  const rowChance = random(seed).fork('rows')
  const columnChance = random(seed).fork('columns')
  return () => ({
    sampleSeed: rowChance.integer(2 ** 32),
    ditherSeed: rowChance.integer(2 ** 32),
    columns: drawColumns(columnChance, columns, count),
  })
}

/** `count` of `columns` without repeats, ascending (the first steps of a Fisher-Yates shuffle). */
function drawColumns(chance: Random, columns: number, count: number): Int32Array {
  const all = Int32Array.from({ length: columns }, (_, i) => i)
  if (count === columns) return all
  for (let i = 0; i < count; i++) {
    const j = i + chance.integer(columns - i)
    const swap = all[i]
    all[i] = all[j]
    all[j] = swap
  }
  return all.subarray(0, count).sort()
}

/** Has all threads do one step on `count` of something. */
export function runAll(crew: Crew, what: number, count: number): void {
  crew.ask[command.operation] = what
  crew.ask[command.participants] = crew.threads
  crew.ask[command.count] = count
  crew.run(crew.threads)
}

/** Gradients, and the rows in `order`: first the tree's, then the others. */
export function computeGradients(crew: Crew, rows: RowViews, chance: RoundChance): Root {
  const { order, left, right } = rows
  crew.ask[command.sampleSeed] = chance.sampleSeed
  crew.ask[command.ditherSeed] = chance.ditherSeed
  runAll(crew, operation.gradients, 0)
  let count = 0
  let gradient = 0
  let hessian = 0
  const from = (thread: number): number => Math.floor((order.length * thread) / crew.threads)
  for (let thread = 0; thread < crew.threads; thread++) {
    const results = crew.results(thread)
    order.set(left.subarray(from(thread), from(thread) + results[result.count]), count)
    count += results[result.count]
    const [low, high] = new Int32Array(results.buffer, results.byteOffset + result.sums * 8, 2)
    gradient += high
    hessian += low >>> 0
  }
  let others = count
  for (let thread = 0; thread < crew.threads; thread++) {
    const outside = from(thread + 1) - from(thread) - crew.results(thread)[result.count]
    order.set(right.subarray(from(thread), from(thread) + outside), others)
    others += outside
  }
  return { count, gradient, hessian }
}
