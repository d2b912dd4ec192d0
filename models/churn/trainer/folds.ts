/**
 * Cross-validation of the trainer: an ensemble for each fold that never saw the fold's rows, nor took its
 * cuts from them, and the held-out loss after each tree, from which the number of trees is chosen. Folds are
 * whole pieces of work, so threads train a fold each and need not wait for one another.
 */
import type { Worker } from 'node:worker_threads'
import { HoldfastError } from '../../../src/contracts/errors.ts'
import type { TreeEnsemble } from '../trees.ts'
import { margins } from '../trees.ts'
import type { Boosted } from './boost.ts'
import { boost } from './boost.ts'
import { checkTraining } from './check.ts'
import { newWorker, threadFailed } from './pool.ts'
import type { TrainingData, TrainOptions } from './train.ts'

export interface FoldEnsembles {
  /** By fold: trained on the rows of the other folds. */
  readonly ensembles: TreeEnsemble[]
  /** By fold, after each round: weighted mean log-loss over the fold's own rows; NaN when it has none. */
  readonly heldOutLogLoss: Float64Array[]
  /** Margin of every row by the first `round` trees of the ensemble that did not see it. */
  heldOutMargins(round: number): Float64Array
}

/** What a thread that trains folds is started with; it takes the next fold until none is left. */
export interface FoldTask {
  readonly kind: 'folds'
  readonly data: TrainingData
  readonly foldOf: Uint8Array
  readonly foldCount: number
  readonly options: TrainOptions
  /** One shared Int32: the next fold. */
  readonly next: Int32Array
}

export type FoldMessage =
  | { readonly kind: 'round' }
  | { readonly kind: 'fold'; readonly fold: number; readonly boosted: Boosted }
  | { readonly kind: 'error'; readonly code: HoldfastError['code']; readonly message: string }

/** Below this (rows x folds x rounds) starting threads takes longer than they save. */
const SHARED_WORK = 3_000_000

/**
 * @param foldOf by row, below `foldCount`
 * @param onRound called with the number of trees grown so far in all folds, of foldCount x options.rounds
 * @throws HoldfastError as {@link trainTrees} does
 * @example
 * const { heldOutLogLoss } = await trainFolds(data, stratifiedFolds(labels, 5, 42), 5, defaultTrainOptions)
 */
export async function trainFolds(
  data: TrainingData,
  foldOf: Uint8Array,
  foldCount: number,
  options: TrainOptions,
  onRound?: (trees: number) => void,
): Promise<FoldEnsembles> {
  checkTraining(data, options)
  if (foldOf.length !== data.rows || foldOf.some((fold) => fold >= foldCount)) {
    throw new HoldfastError('usage', `Each of the ${data.rows} rows needs a fold below ${foldCount}.`)
  }
  const boosted: Boosted[] = []
  let trees = 0
  const take = (message: FoldMessage): void => {
    if (message.kind === 'round') onRound?.(++trees)
    else if (message.kind === 'fold') boosted[message.fold] = message.boosted
  }
  const threads = Math.min(options.threads, foldCount)
  const next = new Int32Array(new SharedArrayBuffer(4))
  const task: FoldTask = { kind: 'folds', data, foldOf, foldCount, options: { ...options, threads: 1 }, next }
  if (threads === 1 || data.rows * foldCount * options.rounds < SHARED_WORK) {
    await trainNextFolds(task, take)
  } else {
    const sharedTask = { ...task, data: shareData(data) }
    await trainInWorkers(threads, sharedTask, take)
  }
  const ensembles = boosted.map(({ ensemble }) => ensemble)
  return {
    ensembles,
    heldOutLogLoss: boosted.map(({ heldOutLogLoss }) => heldOutLogLoss),
    heldOutMargins: (round) => heldOutMargins(data, foldOf, ensembles, round),
  }
}

/** Trains folds for as long as any is left; runs here or in worker.ts. */
export async function trainNextFolds(task: FoldTask, tell: (message: FoldMessage) => void): Promise<void> {
  for (;;) {
    const fold = Atomics.add(task.next, 0, 1)
    if (fold >= task.foldCount) return
    const heldOut = task.foldOf.map((ofRow) => (ofRow === fold ? 1 : 0))
    const boosted = await boost(task.data, heldOut, task.options, () => tell({ kind: 'round' }))
    tell({ kind: 'fold', fold, boosted })
  }
}

async function trainInWorkers(
  threads: number,
  task: FoldTask,
  take: (message: FoldMessage) => void,
): Promise<void> {
  const workers = Array.from({ length: threads }, () => newWorker(task))
  try {
    await Promise.all(workers.map((worker) => finished(worker, take)))
  } finally {
    // After a failure the other threads need not go on.
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}

/** Errors travel as their code and message; a cloned error would have neither class nor code. */
function finished(worker: Worker, take: (message: FoldMessage) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.on('message', (message: FoldMessage) => {
      if (message.kind === 'error') reject(new HoldfastError(message.code, message.message))
      else take(message)
    })
    worker.once('error', (error) => reject(threadFailed(error)))
    worker.once('exit', (code) => (code === 0 ? resolve() : reject(threadFailed())))
  })
}

/** Copies what is not yet in shared memory there, once for all threads. */
function shareData(data: TrainingData): TrainingData {
  const { design, labels, weights, monotone } = data
  return {
    ...data,
    design: shared(design, Float32Array),
    labels: shared(labels, Uint8Array),
    ...(weights && { weights: shared(weights, Float32Array) }),
    ...(monotone && { monotone: shared(monotone, Int8Array) }),
  }
}

function shared<T extends Float32Array | Uint8Array | Int8Array>(
  from: T,
  array: { new (buffer: SharedArrayBuffer): T },
): T {
  if (from.buffer instanceof SharedArrayBuffer) return from
  const copy = new array(new SharedArrayBuffer(from.byteLength))
  copy.set(from)
  return copy
}

function heldOutMargins(
  { design, rows, width }: TrainingData,
  foldOf: Uint8Array,
  ensembles: readonly TreeEnsemble[],
  round: number,
): Float64Array {
  const out = new Float64Array(rows)
  for (const [fold, ensemble] of ensembles.entries()) {
    const own = Int32Array.from(foldOf.keys()).filter((row) => foldOf[row] === fold)
    const part = new Float32Array(own.length * width)
    for (const [i, row] of own.entries()) part.set(design.subarray(row * width, (row + 1) * width), i * width)
    const first = { ...ensemble, trees: ensemble.trees.slice(0, round) }
    const margin = margins(first, part, own.length)
    for (const [i, row] of own.entries()) out[row] = margin[i]
  }
  return out
}
