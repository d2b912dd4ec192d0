/**
 * The threads of one training: this one leads, the others wait in worker.ts for a step to do. A step is
 * announced by a count in shared memory and ends when each thread has reported back, so it costs microseconds
 * and no message.
 */
import { Worker } from 'node:worker_threads'
import { HoldfastError } from '../../../src/contracts/errors.ts'
import { command, operation } from './command.ts'
import type { Crew } from './grow.ts'
import type { Job } from './job.ts'
import type { Kernels } from './kernels.ts'
import type { Layout } from './layout.ts'
import { allocate, COMMAND_NUMBERS, RESULT_NUMBERS } from './layout.ts'
import { trainingThread } from './thread.ts'

export interface Pool extends Crew {
  readonly job: Job
  readonly layout: Layout
  readonly buffer: ArrayBufferLike
  /** This thread's. */
  readonly kernels: Kernels
  /** Resolves when all threads wait for a step; rejects when one could not start. */
  ready(): Promise<void>
  /** Resolves when the threads have gone; rejects with what made one of them fail. Never waits for a hung one. */
  end(): Promise<void>
}

/** What a thread of a pool is started with. */
export interface StepTask {
  readonly kind: 'steps'
  readonly memory: WebAssembly.Memory
  readonly job: Job
  readonly index: number
}

/** Positions in the control words: count of steps announced, threads still at work, whether one failed. */
const control = { step: 0, pending: 1, failed: 2 } as const
/** Looks at shared memory before sleeping: most steps follow one another within a few microseconds. */
const LOOKS = 4000
/** No step lasts so long; a thread that needs longer died without a word. */
const STEP_LIMIT_MS = 120_000

/** A thread that runs worker.ts: as TypeScript in a checkout, as JavaScript in the package. */
export const newWorker = (workerData: unknown): Worker =>
  new Worker(new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url), {
    workerData,
    // Not this process's: `node --eval` has some that no file can be run with.
    execArgv: [],
  })

export function startPool(job: Job): Pool {
  const { layout } = job
  const { threads } = layout
  const memory = allocate(layout)
  const { buffer } = memory
  const words = new Int32Array(buffer, layout.control, 3)
  const ask = new Float64Array(buffer, layout.command, COMMAND_NUMBERS)
  const results = Array.from(
    { length: threads },
    (_, thread) => new Float64Array(buffer, layout.results + thread * RESULT_NUMBERS * 8, RESULT_NUMBERS),
  )
  const others = Array.from({ length: threads - 1 }, (_, i) => {
    const task: StepTask = { kind: 'steps', memory, job, index: i + 1 }
    return startWorker(task)
  })
  const own = trainingThread(memory, job, 0)

  let broken = false
  const announce = (): void => {
    Atomics.store(words, control.pending, threads - 1)
    Atomics.add(words, control.step, 1)
    Atomics.notify(words, control.step)
  }
  return {
    job,
    layout,
    buffer,
    kernels: own.kernels,
    threads,
    ask,
    results: (thread) => results[thread],
    run: (participants) => {
      if (participants === 1) return own.run()
      announce()
      own.run()
      try {
        awaitOthers(words)
      } catch (error) {
        broken = true
        throw error
      }
    },
    ready: async () => {
      await Promise.all(others.map((other) => other.ready))
    },
    end: async () => {
      ask[command.operation] = operation.stop
      announce()
      if (broken) await Promise.all(others.map((other) => other.terminate()))
      await Promise.all(others.map((other) => other.done))
    },
  }
}

function awaitOthers(words: Int32Array<ArrayBufferLike>): void {
  for (let look = 0; look < LOOKS && Atomics.load(words, control.pending) > 0; look++);
  for (;;) {
    const pending = Atomics.load(words, control.pending)
    if (Atomics.load(words, control.failed) === 1) throw threadFailed()
    if (pending === 0) return
    if (Atomics.wait(words, control.pending, pending, STEP_LIMIT_MS) === 'timed-out') throw threadFailed()
  }
}

export const threadFailed = (cause?: unknown): HoldfastError =>
  new HoldfastError(
    'internal',
    'A training thread stopped before its work was done. Train again; if it happens again, train with one thread.',
    { cause, retryable: true },
  )

interface Started {
  /** Resolves at the first message. */
  readonly ready: Promise<void>
  /** Resolves at a clean exit, rejects with the thread's error. */
  readonly done: Promise<void>
  terminate(): Promise<number>
}

function startWorker(task: StepTask): Started {
  const worker = newWorker(task)
  const done = new Promise<void>((resolve, reject) => {
    worker.once('error', (error) => reject(threadFailed(error)))
    worker.once('exit', (code) => (code === 0 ? resolve() : reject(threadFailed())))
  })
  const ready = new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve())
    done.catch(reject)
  })
  // Whoever waits for the training sees the failure; until then it must not count as unhandled.
  done.catch(() => {})
  ready.catch(() => {})
  return { ready, done, terminate: () => worker.terminate() }
}

/** Does steps until the leader says stop; runs in worker.ts. */
export function serveSteps({ memory, job, index }: StepTask, started: () => void): void {
  const words = new Int32Array(memory.buffer, job.layout.control, 3)
  const ask = new Float64Array(memory.buffer, job.layout.command, COMMAND_NUMBERS)
  const thread = trainingThread(memory, job, index)
  started()
  for (let seen = 0; ; seen++) {
    for (let look = 0; look < LOOKS && Atomics.load(words, control.step) === seen; look++);
    Atomics.wait(words, control.step, seen)
    if (ask[command.operation] === operation.stop) return
    try {
      thread.run()
    } catch (error) {
      Atomics.store(words, control.failed, 1)
      throw error
    } finally {
      if (Atomics.sub(words, control.pending, 1) === 1) Atomics.notify(words, control.pending)
    }
  }
}
