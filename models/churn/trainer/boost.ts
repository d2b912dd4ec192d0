/**
 * The rounds of boosting: bin the columns once, then gradients, a tree, and its leaves added to the margins.
 */
import { setImmediate } from 'node:timers/promises'
import { HoldfastError } from '../../../src/contracts/errors.ts'
import type { Tree, TreeEnsemble } from '../trees.ts'
import type { BinnedColumn } from './bins.ts'
import { binColumns, fillBins } from './bins.ts'
import { checkTraining } from './check.ts'
import { command, operation } from './command.ts'
import type { GrowContext } from './grow.ts'
import { growTree } from './grow.ts'
import { jobFor } from './job.ts'
import { viewRows } from './layout.ts'
import type { Pool } from './pool.ts'
import { startPool } from './pool.ts'
import { computeGradients, roundChances, runAll } from './round.ts'
import type { TrainingData, TrainOptions } from './train.ts'

export interface Boosted {
  readonly ensemble: TreeEnsemble
  /**
   * Weighted mean log-loss over the rows held out, after each round; empty when none were. After the round in
   * which patience ran out no tree is added, and the loss stays what it was.
   */
  readonly heldOutLogLoss: Float64Array
}

/** By less than this a held-out loss is flat, and a flat one may fall again. */
const CLEARLY_WORSE = 1.003

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
    const chanceOfRound = roundChances(options.seed, columns.length, layout.sampledColumns)
    const losses = heldOut ? new Float64Array(options.rounds) : new Float64Array(0)
    let best = 0
    for (let round = 0; round < options.rounds; round++) {
      const chance = chanceOfRound()
      const root = computeGradients(pool, views, chance)
      trees.push(growTree(context, root, chance.columns))
      pool.ask[command.outsiders] = data.rows - root.count
      runAll(pool, operation.apply, root.count)
      onRound?.(round + 1)
      if (heldOut) {
        losses[round] = logLoss(data, heldOut, views.margins)
        if (losses[round] < losses[best]) best = round
        const waited = round - best >= (options.patience ?? Infinity)
        if (waited && losses[round] > losses[best] * CLEARLY_WORSE) {
          losses.fill(losses[round], round)
          break
        }
      }
      await setImmediate()
    }
    return { ensemble, heldOutLogLoss: losses }
  } finally {
    await pool.end()
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

/** Weighted mean over the rows held out. */
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
