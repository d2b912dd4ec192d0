/**
 * What the thread that reads and writes says to the threads that compute. Rows and results lie in shared memory,
 * so a message is a few words however many rows it is about; several batches may be on their way at once, and
 * an answer names its batch.
 */
import type { ReasonLimits } from '../churn/explain/reasons.ts'
import type { ChurnModel } from '../churn/model.ts'

/** A model for the worker to hold under a number. */
export interface LoadRequest {
  readonly type: 'load'
  readonly id: number
  readonly model: number
  readonly onnx: Uint8Array
  readonly input: string
  readonly width: number
  /** Output names with their columns; null has the dimension of the rows only. */
  readonly outputs: Readonly<Record<string, number | null>>
  /** What reasons are computed from; null for a policy. */
  readonly explain: ExplainSource | null
  /** Threads within one run of the model. */
  readonly threads: number
}

export interface ExplainSource {
  readonly model: ChurnModel
  readonly source: Uint16Array
  readonly features: number
}

/** Rows for a model. All arrays are views of shared memory and are the worker's until it answers. */
export interface BatchRequest {
  readonly type: 'batch'
  readonly id: number
  readonly model: number
  readonly rows: number
  /** rows x width */
  readonly input: Float32Array
  /** Where each output goes, rows x its columns. */
  readonly outputs: Readonly<Record<string, Float32Array>>
  readonly reasons: ReasonsRequest | null
}

export interface ReasonsRequest {
  readonly limits: ReasonLimits
  /** Where they go: rows x slots. */
  readonly feature: Int16Array
  readonly contribution: Float32Array
}

/** `prepare`: make the tables that reasons need before the first rows come. */
export interface ModelRequest {
  readonly type: 'prepare' | 'unload'
  readonly id: number
  readonly model: number
}

export type WorkerRequest =
  | LoadRequest
  | BatchRequest
  | ModelRequest
  | { readonly type: 'close'; readonly id: number }

export type WorkerAnswer =
  | { readonly type: 'done'; readonly id: number }
  /** `runtime` is false when it is the request that failed, true when nothing can be run here at all. */
  | { readonly type: 'failed'; readonly id: number; readonly message: string; readonly runtime: boolean }
