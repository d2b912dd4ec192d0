/**
 * Keeps the newest of the jobs that ended, for the queue board. Workers keep all: where each of them trims the same
 * rows as it ends a job, PostgreSQL finds them in each other's way (deadlocks), and the job seems to run until its lock
 * has run out. So the dispatcher trims, alone.
 */
import type { Queue } from 'bullmq'
import { KEPT } from './limits.ts'

export interface EndedJobs {
  /** Jobs went into a queue, and so as many will end. */
  added(queue: Queue, count: number): Promise<void>
}

/** Jobs between two looks. */
const EVERY = 100

/**
 * @example
 * const ended = trimEnded()
 * await ended.added(queue, 20)
 */
export function trimEnded(): EndedJobs {
  const since = new Map<string, number>()
  return {
    added: async (queue, count) => {
      // A new process does not know what the one before left.
      const added = (since.get(queue.name) ?? EVERY) + count
      since.set(queue.name, added < EVERY ? added : 0)
      if (added < EVERY) return
      for (const state of ['completed', 'failed'] as const) {
        const over = (await queue.getJobCountByTypes(state)) - KEPT[state]
        if (over > 0) await queue.clean(0, over, state)
      }
    },
  }
}
