/**
 * The rounds of boosting: bin the columns once, then gradients, a tree, and its leaves added to the margins.
 */
import { setImmediate } from 'node:timers/promises'
import { HoldfastError } from '../../../src/contracts/errors.ts'
import type { Random } from '../../random.ts'
import { random } from '../../random.ts'
import type { Tree, TreeEnsemble } from '../trees.ts'
import type { BinnedColumn } from './bins.ts'
import { binColumns, fillBins } from './bins.ts'
import type { Crew, GrowContext, Root } from './grow.ts'
import { growTree } from './grow.ts'
import type { LayoutSize } from './layout.ts'
import { layOut } from './layout.ts'
import type { Pool } from './pool.ts'
import { startPool } from './pool.ts'
import type { Job, RowViews } from './thread.ts'
import { command, operation, result, viewRows } from './thread.ts'
import type { TrainingData, TrainOptions } from './train.ts'

export interface Boosted {
  readonly ensemble: TreeEnsemble
  /** Weighted mean log-loss over the rows held out, after each round; empty when none were. */
  readonly heldOutLogLoss: Float64Array
}

/** Fewer values than this are trained faster by one thread than by several. */
const SHARED_VALUES = 400_000

/**
 * @param heldOut 1 for rows that must not be trained on; their loss is measured after each round
 */
export async function boost(
  data: TrainingData,
  heldOut: Uint8Array | null,
  options: TrainOptions,
  onRound?: (round: number) => void,
): Promise<Boosted> {
  checkTraining(data, options)
  const rows = trainedRows(data, heldOut)
  const total = totals(data, rows)
  const source = {
    design: data.design,
    width: data.width,
    rows,
    ...(data.weights && { weights: data.weights }),
  }
  const columns = binColumns(source, options.maxBins, options.seed)
  const baseMargin = Math.log(total.positive / (total.weight - total.positive))
  const trees: Tree[] = []
  const ensemble = { baseMargin, columns: data.width, trees }
  if (columns.length === 0) {
    // Nothing tells one row from another: the base rate is all there is to say, in every round.
    const loss = heldOut ? logLoss(data, heldOut, new Float64Array(data.rows).fill(baseMargin)) : 0
    return { ensemble, heldOutLogLoss: new Float64Array(heldOut ? options.rounds : 0).fill(loss) }
  }

  const pool = startPool(jobFor(data, columns, options, rows.length, total.weight))
  try {
    const { layout, buffer } = pool
    const views = viewRows(buffer, layout)
    fillBins(columns, data.design, data.width, layout, pool.kernels, buffer)
    views.labels.set(data.labels)
    views.margins.fill(baseMargin)
    for (const row of rows) views.weights[row] = data.weights ? data.weights[row] : 1
    await pool.ready()
    const context = growContext(pool, columns, options)
    const chance = roundChances(options.seed)
    const losses = heldOut ? new Float64Array(options.rounds) : new Float64Array(0)
    for (let round = 0; round < options.rounds; round++) {
      const { sampleSeed, ditherSeed, sampled } = chance(columns.length, sampledCount(columns, options))
      const root = gradients(pool, views, sampleSeed, ditherSeed)
      trees.push(growTree(context, root, sampled))
      pool.ask[command.outsiders] = data.rows - root.count
      runAll(pool, operation.apply, root.count)
      if (heldOut) losses[round] = logLoss(data, heldOut, views.margins)
      onRound?.(round + 1)
      await setImmediate()
    }
    return { ensemble, heldOutLogLoss: losses }
  } finally {
    await pool.end()
  }
}

/** @throws HoldfastError `usage` naming the option that is out of range, or the array of the wrong length */
export function checkTraining(data: TrainingData, options: TrainOptions): void {
  const { design, rows, width, labels, weights, monotone } = data
  const lengths = { design: rows * width, labels: rows, weights: rows, monotone: width }
  for (const [name, array] of Object.entries({ design, labels, weights, monotone })) {
    const length = lengths[name as keyof typeof lengths]
    if (array === undefined || array.length === length) continue
    throw new HoldfastError(
      'usage',
      `The training data's ${name} has ${array.length} numbers; ${rows} rows of ${width} columns need ${length}.`,
    )
  }

  const wrong = (name: keyof TrainOptions, must: string): HoldfastError =>
    new HoldfastError('usage', `The training option ${name} is ${options[name]}; it must be ${must}.`)
  const whole = (name: 'rounds' | 'leaves' | 'threads' | 'maxBins', least: number): void => {
    if (!Number.isInteger(options[name]) || options[name] < least) {
      throw wrong(name, `a whole number of at least ${least}`)
    }
  }
  whole('rounds', 0)
  whole('leaves', 1)
  whole('threads', 1)
  whole('maxBins', 2)
  for (const name of ['subsample', 'columnSample'] as const) {
    if (!(options[name] > 0 && options[name] <= 1)) throw wrong(name, 'above 0 and at most 1')
  }
  for (const name of ['learningRate', 'minChildWeight', 'lambda', 'gamma', 'maxDepth'] as const) {
    if (!((options[name] ?? 0) >= 0)) throw wrong(name, 'at least 0')
  }
}

function trainedRows({ rows, weights }: TrainingData, heldOut: Uint8Array | null): Int32Array {
  const trained = new Int32Array(rows)
  let count = 0
  for (let row = 0; row < rows; row++) {
    if (heldOut?.[row] !== 1 && (!weights || weights[row] > 0)) trained[count++] = row
  }
  return trained.subarray(0, count)
}

function totals({ labels, weights }: TrainingData, rows: Int32Array): { weight: number; positive: number } {
  let weight = 0
  let positive = 0
  for (const row of rows) {
    const w = weights ? weights[row] : 1
    weight += w
    if (labels[row] === 1) positive += w
  }
  if (positive > 0 && positive < weight) return { weight, positive }
  throw new HoldfastError(
    'target_one_class',
    `All ${rows.length} rows to train on have the same target value; a model needs customers who churned and ` +
      'customers who stayed.',
  )
}

function threadsFor({ rows, width }: TrainingData, { threads }: TrainOptions): number {
  return rows * width < SHARED_VALUES ? 1 : threads
}

const sampledCount = (columns: readonly BinnedColumn[], { columnSample }: TrainOptions): number =>
  Math.max(1, Math.floor(columns.length * columnSample))

function jobFor(
  data: TrainingData,
  columns: readonly BinnedColumn[],
  options: TrainOptions,
  trained: number,
  weight: number,
): Job {
  const sampledColumns = sampledCount(columns, options)
  const entries = columns.map(({ missingBin }) => missingBin + 1).sort((a, b) => b - a)
  const size: LayoutSize = {
    threads: threadsFor(data, options),
    rows: data.rows,
    stride: columns.length,
    width: data.width,
    leaves: options.leaves,
    sampledColumns,
    entries: entries.slice(0, sampledColumns).reduce((sum, n) => sum + n, 0),
  }
  // |g| <= w and h <= w / 4 bound both sums; a power of two keeps g = 1/2 and h = 1/4 exact. Each row's
  // rounding may add one more unit.
  const gradientUnit = unitFor(weight, 2 ** 31 - 1 - trained)
  const hessianUnit = unitFor(weight / 4, 2 ** 32 - 1 - 2 * trained)
  const monotone = Int8Array.from(columns, ({ column }) => data.monotone?.[column] ?? 0)
  return {
    layout: layOut(size),
    width: data.width,
    rules: {
      lambda: options.lambda,
      minHessian: Math.max(1, (options.minChildWeight / hessianUnit) * (1 - 1e-6)),
      gradientUnit,
      hessianUnit,
    },
    sampleBelow: Math.round(options.subsample * 2 ** 32),
    missingBin: Int32Array.from(columns, (column) => column.missingBin),
    splits: Int32Array.from(columns, (column) => column.splits),
    monotone,
    constrained: monotone.some((direction) => direction !== 0),
  }
}

/** The smallest power of two in which `sum` is at most `most` units. */
const unitFor = (sum: number, most: number): number => 2 ** Math.ceil(Math.log2(sum / most))

function growContext(pool: Pool, columns: readonly BinnedColumn[], options: TrainOptions): GrowContext {
  const { rules, constrained, monotone, layout } = pool.job
  return {
    crew: pool,
    layout,
    columns,
    rules,
    constrained,
    monotone,
    words: new Int32Array(pool.buffer),
    numbers: new Float64Array(pool.buffer, 0, layout.bins / 8),
    learningRate: options.learningRate,
    gamma: options.gamma ?? 0,
    maxDepth: options.maxDepth ?? 0,
  }
}

/** Each round's seeds and columns; drawing them here keeps them the same for any number of threads. */
function roundChances(
  seed: number,
): (columns: number, count: number) => { sampleSeed: number; ditherSeed: number; sampled: Int32Array } {
  const rowChance = random(seed).fork('rows')
  const columnChance = random(seed).fork('columns')
  return (columns, count) => ({
    sampleSeed: rowChance.integer(2 ** 32),
    ditherSeed: rowChance.integer(2 ** 32),
    sampled: drawColumns(columnChance, columns, count),
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

function runAll(crew: Crew, what: number, count: number): void {
  crew.ask[command.operation] = what
  crew.ask[command.participants] = crew.threads
  crew.ask[command.count] = count
  crew.run(crew.threads)
}

/** Gradients, and the rows in `order`: first the tree's, then the others. */
function gradients(
  crew: Crew,
  { order, left, right }: RowViews,
  sampleSeed: number,
  ditherSeed: number,
): Root {
  crew.ask[command.sampleSeed] = sampleSeed
  crew.ask[command.ditherSeed] = ditherSeed
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

function logLoss(
  { rows, labels, weights }: TrainingData,
  heldOut: Uint8Array,
  margins: Float64Array,
): number {
  let sum = 0
  let weight = 0
  for (let row = 0; row < rows; row++) {
    if (heldOut[row] !== 1) continue
    const w = weights ? weights[row] : 1
    // -log sigmoid(m) = log(1 + exp(-m)), without overflow.
    const towards = labels[row] === 1 ? margins[row] : -margins[row]
    sum += w * (Math.log1p(Math.exp(-Math.abs(towards))) + Math.max(0, -towards))
    weight += w
  }
  return sum / weight
}
