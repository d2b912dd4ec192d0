/**
 * Models that answer. They run in worker threads, never on the thread that asks: a score of 300,000 rows does
 * not delay a timer. A served model can be swapped for a newer one while it is in use; one that is damaged or
 * does not score as it should never takes over.
 */
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { ReasonLimits, Reasons } from '../churn/explain/reasons.ts'
import { readChurnBundle, readPolicyBundle } from './bundle.ts'
import type { ChurnBundle, PolicyBundle } from './bundle-contents.ts'
import { sharedBuffers } from './serve-buffers.ts'
import { startGenerations } from './serve-generations.ts'
import type { Kind } from './serve-generations.ts'
import { loadChurn, loadPolicy } from './serve-model.ts'
import type { Pool, PoolOptions } from './serve-pool.ts'
import { smokeChurn, smokePolicy } from './serve-smoke.ts'

export interface ServeOptions extends PoolOptions {
  /** Threads that were started before, to be shared by several models and closed by whoever started them. */
  readonly pool?: Pool
}

interface Served<Bundle> {
  /** The bundle in charge. */
  readonly bundle: Bundle
  /** Its hash. */
  readonly hash: string
  /**
   * Puts another bundle in charge once it is read, loaded by new threads and has scored as it should. Calls
   * under way are answered by the old one. Whatever is wrong with the new one leaves the old one in charge.
   *
   * @throws HoldfastError model_missing | model_corrupt | model_version | model_inference
   */
  swap(dir: string): Promise<{ readonly hash: string }>
  /** Ends the threads (unless the pool was given) when the calls under way are answered. */
  close(): Promise<void>
}

export interface ServedChurn extends Served<ChurnBundle> {
  /** Shared memory for a design matrix of so many rows, full of what its last user left; see `release`. */
  lease(rows: number): Float32Array<SharedArrayBuffer>
  /** Gives a leased design matrix back once its score is there. */
  release(design: Float32Array<SharedArrayBuffer>): void
  /**
   * Scores rows, and with `reasons` says why. Several calls may be on their way at once; they are answered in
   * the order in which they are computed.
   *
   * @param design row-major, rows x bundle.width, NaN is missing; leased memory is read in place and must not
   *   change until the answer, other memory is copied
   * @throws HoldfastError model_inference for this call alone; RangeError when `design` is too short
   */
  score(design: Float32Array, rows: number, options?: ScoreOptions): Promise<ChurnScores>
}

export interface ScoreOptions {
  /** Given: up to so many reasons a row. Absent: none, more than twice as fast. */
  readonly reasons?: ReasonLimits
}

export interface ChurnScores {
  readonly rows: number
  /** Of the bundle that gave the scores. */
  readonly hash: string
  readonly probability: Float32Array
  /** Log-odds before calibration. */
  readonly margin: Float32Array
  readonly reasons: Reasons | null
  /** Gives the arrays back to be used again; whoever keeps them does not call it. */
  release(): void
}

export interface ServedPolicy extends Served<PolicyBundle> {
  /**
   * The value of each action in each state.
   *
   * @param states row-major, rows x bundle.stateSize
   * @returns row-major, rows x bundle.actions.length
   * @throws as {@link ServedChurn.score}
   */
  values(states: Float32Array, rows: number): Promise<Float32Array>
}

/**
 * Serves a churn model from its bundle. Threads start before the bundle is read.
 *
 * @throws HoldfastError model_missing | model_corrupt | model_version
 * @example
 * const served = await serveChurn('models/artefacts/telco', { workers: 2 })
 * const { probability, reasons } = await served.score(design, rows, { reasons: {} })
 * await served.close()
 */
export async function serveChurn(dir: string, options: ServeOptions = {}): Promise<ServedChurn> {
  const buffers = sharedBuffers()
  const kind: Kind<ChurnBundle> = {
    read: readChurnBundle,
    expectReplaceable: sameFeatures,
    load: (pool, bundle) => loadChurn(pool, buffers, bundle),
    smoke: smokeChurn,
  }
  const generations = await startGenerations(dir, kind, options, options.pool)
  return {
    get bundle() {
      return generations.current().bundle
    },
    get hash() {
      return generations.current().bundle.hash
    },
    lease: (rows) => buffers.floats(rows * generations.current().bundle.width),
    release: (design) => buffers.release(design),
    score: async (design, rows, { reasons: limits } = {}) => {
      const { bundle, loaded } = generations.current()
      const { values, reasons } = await loaded.run(design, rows, limits)
      const { probability, margin } = values
      const release = (): void => {
        for (const view of [probability, margin, reasons?.feature, reasons?.contribution]) {
          if (view !== undefined) buffers.release(view)
        }
      }
      return { rows, hash: bundle.hash, probability, margin, reasons, release }
    },
    swap: async (from) => ({ hash: (await generations.swap(from)).hash }),
    close: generations.close,
  }
}

/**
 * Serves a policy from its bundle.
 *
 * @throws HoldfastError model_missing | model_corrupt | model_version
 * @example
 * const pool = startPool({ workers: 2 })
 * const policy = await servePolicy('models/artefacts/policy', { pool })
 * const values = await policy.values(states, rows)
 */
export async function servePolicy(dir: string, options: ServeOptions = {}): Promise<ServedPolicy> {
  const buffers = sharedBuffers()
  const kind: Kind<PolicyBundle> = {
    read: readPolicyBundle,
    expectReplaceable: sameActions,
    load: (pool, bundle) => loadPolicy(pool, buffers, bundle),
    smoke: smokePolicy,
  }
  const generations = await startGenerations(dir, kind, options, options.pool)
  return {
    get bundle() {
      return generations.current().bundle
    },
    get hash() {
      return generations.current().bundle.hash
    },
    values: async (states, rows) => (await generations.current().loaded.run(states, rows)).values.values,
    swap: async (from) => ({ hash: (await generations.swap(from)).hash }),
    close: generations.close,
  }
}

/** Callers have made their design matrices for the features of the old one. */
function sameFeatures(old: ChurnBundle, next: ChurnBundle): void {
  if (old.features.hash === next.features.hash) return
  throw new HoldfastError(
    'model_version',
    `The model in ${next.dir} takes other features than the one in charge, which stays. Restart Holdfast to change over.`,
  )
}

function sameActions(old: PolicyBundle, next: PolicyBundle): void {
  if (old.stateSize === next.stateSize && old.actions.join() === next.actions.join()) return
  throw new HoldfastError(
    'model_version',
    `The policy in ${next.dir} is for other states or actions than the one in charge, which stays. Restart Holdfast to change over.`,
  )
}
