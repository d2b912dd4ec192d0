/**
 * The threads of one training: this one leads, the others wait in worker.ts for a step to do. A step is
 * announced by a count in shared memory and ends when each thread has reported back, so a step costs
 * microseconds and no message.
 */
import type { Crew } from './grow.ts'
import { allocate } from './layout.ts'
import type { Layout } from './layout.ts'
import { COMMAND_NUMBERS, RESULT_NUMBERS } from './layout.ts'
import type { Job } from './thread.ts'
import { trainingThread } from './thread.ts'

export interface Pool extends Crew {
  readonly job: Job
  readonly layout: Layout
  readonly buffer: ArrayBufferLike
  end(): Promise<void>
}

export async function startPool(threads: number, jobFor: (threads: number) => Job): Promise<Pool> {
  const job = jobFor(threads)
  const { layout } = job
  const memory = allocate(layout)
  const { buffer } = memory
  const own = trainingThread(memory, job, 0)
  const numbers = new Float64Array(buffer, 0, layout.bins / 8)
  const ask = numbers.subarray(layout.command / 8, layout.command / 8 + COMMAND_NUMBERS)
  const results = Array.from({ length: threads }, (_, thread) => {
    const at = layout.results / 8 + thread * RESULT_NUMBERS
    return numbers.subarray(at, at + RESULT_NUMBERS)
  })
  return {
    job,
    layout,
    buffer,
    threads,
    ask,
    results: (thread) => results[thread],
    run: () => own.run(),
    end: async () => {},
  }
}
