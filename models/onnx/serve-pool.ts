/**
 * One or two threads that share batches. Several batches are on their way at once, so that no thread waits for
 * the one that reads; a thread that dies takes its batches with it and is replaced, once, until the new one
 * has answered.
 */
import { getCompileCacheDir } from 'node:module'
import { dirname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { BatchRequest, LoadRequest, WorkerAnswer, WorkerRequest } from './serve-protocol.ts'

export interface PoolOptions {
  /** Threads, 1 or 2 being enough: each computes on one core. Default 1. */
  readonly workers?: number
  /** Threads within one run of a model; default 1: batches share the cores better than the parts of one. */
  readonly threads?: number
  /** Another worker module, for tests. */
  readonly script?: URL
}

export type Load = Omit<LoadRequest, 'type' | 'id' | 'model' | 'threads'>
export type Batch = Omit<BatchRequest, 'type' | 'id'>

export interface Pool {
  readonly workers: number
  /**
   * Gives a model to all threads.
   *
   * @returns the number that batches name it by
   * @throws HoldfastError model_corrupt when the runtime does not take it
   */
  load(model: Load): Promise<number>
  /** Makes ready what reasons need, which takes longer than loading. */
  prepare(model: number): Promise<void>
  unload(model: number): Promise<void>
  /**
   * Resolves when the outputs are filled.
   *
   * @throws HoldfastError model_inference for this batch alone
   */
  run(batch: Batch): Promise<void>
  /** Ends the threads: batches that a thread has are finished, those that wait fail. */
  close(): Promise<void>
}

interface Job {
  readonly request: WorkerRequest
  resolve(): void
  reject(error: HoldfastError): void
}

interface Seat {
  worker: Worker
  /** Sent and not yet answered. */
  readonly sent: Map<number, Job>
  /** Whether this worker has answered a batch: a replacement that dies before is not replaced again. */
  answered: boolean
  dead: boolean
}

/** Batches that a thread has before it: one to compute, one to go on with. */
const DEPTH = 2

/**
 * Starts the threads at once; they load the runtime while the caller reads files. A pool that nobody waits for
 * keeps no process alive.
 *
 * @example
 * const pool = startPool({ workers: 2 })
 */
export function startPool(options: PoolOptions = {}): Pool {
  const script = options.script ?? workerScript
  const threads = options.threads ?? 1
  const loaded = new Map<number, LoadRequest>()
  const waiting: Job[] = []
  let ids = 0
  let closed: Promise<void> | null = null

  const seats = Array.from({ length: Math.max(1, options.workers ?? 1) }, () => {
    const seat: Seat = { worker: startWorker(script), sent: new Map(), answered: true, dead: false }
    attend(seat)
    return seat
  })

  function attend(seat: Seat): void {
    const { worker } = seat
    let reason = 'it ended'
    worker.unref()
    worker.on('message', (answer: WorkerAnswer) => {
      const job = seat.sent.get(answer.id)
      seat.sent.delete(answer.id)
      if (seat.sent.size === 0) worker.unref()
      if (job?.request.type === 'batch') seat.answered = true
      if (answer.type === 'done') job?.resolve()
      else if (answer.runtime) job?.reject(withoutRuntime(answer.message))
      else if (job?.request.type === 'load') job.reject(unloadable(answer.message))
      else job?.reject(failed(answer.message))
      dispatch()
    })
    worker.on('error', (error: Error) => {
      reason = error.message
    })
    worker.on('exit', () => {
      const lost = [...seat.sent.values()]
      seat.sent.clear()
      seat.dead = closed !== null || !seat.answered
      if (!seat.dead) replace(seat)
      for (const job of lost) job.reject(failed(`the scoring thread stopped (${reason})`, true))
      if (seats.every((one) => one.dead)) fail(waiting.splice(0), reason)
      dispatch()
    })
  }

  function replace(seat: Seat): void {
    seat.worker = startWorker(script)
    seat.answered = false
    attend(seat)
    for (const request of loaded.values()) {
      send(seat, { request: { ...request, id: ++ids }, resolve: nothing, reject: nothing })
    }
  }

  function send(seat: Seat, job: Job): void {
    if (seat.sent.size === 0) seat.worker.ref()
    seat.sent.set(job.request.id, job)
    seat.worker.postMessage(job.request)
  }

  function dispatch(): void {
    while (waiting.length > 0) {
      let seat: Seat | null = null
      for (const one of seats) {
        if (!one.dead && one.sent.size < DEPTH && (seat === null || one.sent.size < seat.sent.size))
          seat = one
      }
      const job = seat === null ? undefined : waiting.shift()
      if (seat === null || job === undefined) return
      send(seat, job)
    }
  }

  function toAll(make: (id: number) => WorkerRequest): Promise<unknown> {
    const alive = seats.filter((seat) => !seat.dead)
    if (alive.length === 0) return Promise.reject(failed('the scoring threads have stopped'))
    return Promise.all(
      alive.map(
        (seat) =>
          new Promise<void>((resolve, reject) => send(seat, { request: make(++ids), resolve, reject })),
      ),
    )
  }

  return {
    workers: seats.length,
    load: async (model) => {
      const number = ++ids
      const request: LoadRequest = { ...model, type: 'load', id: 0, model: number, threads }
      loaded.set(number, request)
      try {
        await toAll((id) => ({ ...request, id }))
      } catch (error) {
        loaded.delete(number)
        throw error
      }
      return number
    },
    prepare: async (model) => {
      await toAll((id) => ({ type: 'prepare', id, model }))
    },
    unload: async (model) => {
      loaded.delete(model)
      await toAll((id) => ({ type: 'unload', id, model }))
    },
    run: (batch) =>
      new Promise<void>((resolve, reject) => {
        if (closed !== null || seats.every((seat) => seat.dead)) {
          reject(failed('the scoring threads have stopped'))
          return
        }
        waiting.push({ request: { ...batch, type: 'batch', id: ++ids }, resolve, reject })
        dispatch()
      }),
    close: () => {
      closed ??= (async () => {
        fail(waiting.splice(0), 'it was closed')
        await Promise.all(seats.filter((seat) => !seat.dead).map((seat) => end(seat, ++ids)))
      })()
      return closed
    },
  }
}

/**
 * A thread does not inherit the compile cache that the launcher has turned on; with it, it starts in half the
 * time. Messages wait for the script to listen.
 */
function startWorker(script: URL): Worker {
  const cache = getCompileCacheDir()
  if (cache === undefined) return new Worker(script)
  // Node keeps a folder for each of its versions within the one that it is given.
  const workerData = { cache: dirname(cache), script: script.href }
  return new Worker(cachedStart, { eval: true, workerData })
}

const cachedStart = `
const { workerData } = require('node:worker_threads')
require('node:module').enableCompileCache(workerData.cache)
import(workerData.script)`

/** A worker that computes finishes its batch first; one that hangs is ended. */
async function end(seat: Seat, id: number): Promise<void> {
  const { worker } = seat
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  worker.ref()
  worker.postMessage({ type: 'close', id } satisfies WorkerRequest)
  const hung = setTimeout(() => void worker.terminate(), CLOSE_MS)
  await ended
  clearTimeout(hung)
}

const CLOSE_MS = 5000

/** TypeScript in a checkout, JavaScript in the package. */
const workerScript = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)

function fail(jobs: readonly Job[], reason: string): void {
  for (const job of jobs) job.reject(failed(`the scoring thread stopped (${reason})`, true))
}

function failed(reason: string, retryable = false): HoldfastError {
  return new HoldfastError(
    'model_inference',
    `These customers could not be scored: ${reason}. ${retryable ? 'Try again.' : 'Check the model with "holdfast evaluate", or train it again.'}`,
    { retryable },
  )
}

function unloadable(reason: string): HoldfastError {
  return new HoldfastError(
    'model_corrupt',
    `The model could not be loaded: ${reason}. Put a whole copy of its folder back, or train it again.`,
  )
}

function withoutRuntime(reason: string): HoldfastError {
  return new HoldfastError(
    'internal',
    `The ONNX runtime does not start on this machine: ${reason}. Install Holdfast again; it needs Linux, macOS or ` +
      'Windows on x64 or arm64.',
  )
}

function nothing(): void {}
