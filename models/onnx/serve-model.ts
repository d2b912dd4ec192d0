/** One bundle in the worker threads: large calls are cut into batches that the threads share. */
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { ReasonLimits, Reasons } from '../churn/explain/reasons.ts'
import type { ChurnBundle, PolicyBundle } from './bundle-contents.ts'
import { churnShape, policyShape } from './inspect.ts'
import type { OnnxShape } from './inspect.ts'
import type { SharedBuffers } from './serve-buffers.ts'
import type { Pool } from './serve-pool.ts'
import type { ExplainSource, ReasonsRequest } from './serve-protocol.ts'

export interface LoadedModel {
  /** Columns of the input. */
  readonly width: number
  /**
   * Fills the outputs for `rows` rows of `input`, which is shared memory or is copied there.
   *
   * @throws HoldfastError model_inference; RangeError when `input` is too short
   */
  run(input: Float32Array, rows: number, limits?: ReasonLimits): Promise<Outputs>
  /** Lets the threads make ready what reasons need, for a model that gives any. */
  prepare(): void
  /** Waits for the calls under way, then forgets the model. */
  unload(): Promise<void>
}

export interface Outputs {
  readonly values: Readonly<Record<string, Float32Array<SharedArrayBuffer>>>
  readonly reasons: Reasons | null
}

/** Rows of a batch: enough to forget the cost of a message, few enough that threads end at about one time. */
const BATCH_ROWS = 8192
/** Reasons take longer than the score itself. */
const BATCH_ROWS_WITH_REASONS = 2048

export function loadChurn(pool: Pool, buffers: SharedBuffers, bundle: ChurnBundle): Promise<LoadedModel> {
  const { model, source, features } = bundle
  const explain = { model, source, features: features.features.length }
  return loadModel(pool, buffers, bundle.onnx, churnShape(bundle.width), explain)
}

export function loadPolicy(pool: Pool, buffers: SharedBuffers, bundle: PolicyBundle): Promise<LoadedModel> {
  const shape = policyShape(bundle.stateSize, bundle.actions.length)
  return loadModel(pool, buffers, bundle.onnx, shape, null)
}

async function loadModel(
  pool: Pool,
  buffers: SharedBuffers,
  onnx: Uint8Array,
  shape: OnnxShape,
  explain: ExplainSource | null,
): Promise<LoadedModel> {
  const { input: inputName, width, outputs } = shape
  const names = Object.entries(outputs).map(([name, columns]) => ({ name, columns: columns ?? 1 }))
  const model = await pool.load({ onnx, input: inputName, width, outputs, explain })
  const underWay = new Set<Promise<unknown>>()

  const runAll = async (input: Float32Array, rows: number, limits?: ReasonLimits): Promise<Outputs> => {
    if (!(rows >= 0) || input.length < rows * width) {
      throw new RangeError(`${input.length} numbers are not ${rows} rows of ${width}.`)
    }
    const shared = isShared(input) ? input : copyOf(buffers, input.subarray(0, rows * width))
    const values = Object.fromEntries(
      names.map(({ name, columns }) => [name, buffers.floats(rows * columns)]),
    )
    const reasons = limits === undefined ? null : emptyReasons(buffers, rows, limits)
    const batchRows = rowsOfABatch(rows, pool.workers, reasons !== null)
    const batches: Promise<void>[] = []
    for (let first = 0; first < rows; first += batchRows) {
      const end = Math.min(rows, first + batchRows)
      batches.push(
        pool.run({
          model,
          rows: end - first,
          input: shared.subarray(first * width, end * width),
          outputs: Object.fromEntries(
            names.map(({ name, columns }) => [name, values[name].subarray(first * columns, end * columns)]),
          ),
          reasons: reasons === null ? null : partOf(reasons, first, end, limits ?? {}),
        }),
      )
    }
    const settled = await Promise.allSettled(batches)
    if (shared !== input) buffers.release(shared)
    for (const batch of settled) {
      if (batch.status === 'rejected') throw asHoldfastError(batch.reason)
    }
    return { values, reasons }
  }

  return {
    width,
    run: (input, rows, limits) => {
      const call = runAll(input, rows, limits)
      underWay.add(call)
      const forget = (): boolean => underWay.delete(call)
      call.then(forget, forget)
      return call
    },
    prepare: () => {
      // Whatever goes wrong here goes wrong again, and is reported, with the first rows.
      if (explain !== null) pool.prepare(model).catch(() => undefined)
    },
    unload: async () => {
      await Promise.allSettled(underWay)
      await pool.unload(model)
    },
  }
}

/** Equal batches, a whole number of them for each thread, none above the limit. */
function rowsOfABatch(rows: number, workers: number, reasons: boolean): number {
  const most = reasons ? BATCH_ROWS_WITH_REASONS : BATCH_ROWS
  const rounds = Math.ceil(rows / (workers * most))
  return Math.max(1, Math.ceil(rows / (workers * rounds)), Math.min(rows, FEWEST_ROWS))
}

/** Below so many rows a second thread is not worth its message. */
const FEWEST_ROWS = 64

function emptyReasons(buffers: SharedBuffers, rows: number, limits: ReasonLimits): Reasons {
  // The defaults are those of topReasons.
  const { raising = 3, lowering = 2 } = limits
  const slots = raising + lowering
  const feature = buffers.shorts(rows * slots)
  const contribution = buffers.floats(rows * slots)
  return { rows, slots, raising, lowering, feature, contribution }
}

function partOf(reasons: Reasons, first: number, end: number, limits: ReasonLimits): ReasonsRequest {
  const { slots, feature, contribution } = reasons
  return {
    limits,
    feature: feature.subarray(first * slots, end * slots),
    contribution: contribution.subarray(first * slots, end * slots),
  }
}

function copyOf(buffers: SharedBuffers, input: Float32Array): Float32Array<SharedArrayBuffer> {
  const copy = buffers.floats(input.length)
  copy.set(input)
  return copy
}

function isShared(view: Float32Array): view is Float32Array<SharedArrayBuffer> {
  return view.buffer instanceof SharedArrayBuffer
}

function asHoldfastError(error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error
  return new HoldfastError('model_inference', 'These customers could not be scored. Try again.', {
    cause: error,
  })
}
