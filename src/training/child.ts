/** The process that trains: one job in, one answer out, and it ends. It never outlives the one that started it. */
import { setPriority } from 'node:os'
import { Worker } from 'node:worker_threads'
import { HoldfastError } from '../contracts/errors.ts'
import { declineTelemetry } from '../config.ts'
import type { ChildAnswer } from './child-protocol.ts'
import { doJob, type TrainingJob } from './job.ts'

declineTelemetry()
try {
  // Before any thread is started, which inherit it: whoever waits for a page goes first.
  setPriority(10)
} catch {
  // Not allowed in some containers: it then competes like any other process.
}

/**
 * Ends the process once its parent is gone. A thread of its own, since the main one computes for minutes without looking up;
 * ending itself would leave the others running, so it ends the process as a whole.
 */
const watch = `
const { ppid } = process
setInterval(() => { if (process.ppid !== ppid) process.kill(process.pid, 'SIGKILL') }, 500)`
new Worker(watch, { eval: true, execArgv: [] }).unref()

const TELL_EVERY_MS = 200
let told = -Infinity

function answer(message: ChildAnswer, then: () => void = () => undefined): void {
  process.send?.(message, undefined, undefined, then)
}

// Where the parent's number stays after its end (Windows), this tells, at least between two steps.
process.once('disconnect', () => process.exit(1))
process.once('message', (job: TrainingJob) => {
  const tell = (share: number, phase: string): void => {
    const now = performance.now()
    if (now - told < TELL_EVERY_MS) return
    told = now
    answer({ kind: 'progress', share, phase })
  }
  doJob(job, tell).then(
    (value) => answer({ kind: 'done', value }, () => process.exit(0)),
    (cause: unknown) => {
      const failure =
        cause instanceof HoldfastError
          ? { code: cause.code, message: cause.message }
          : {
              code: 'internal' as const,
              message: cause instanceof Error ? (cause.stack ?? '') : String(cause),
            }
      answer({ kind: 'failed', ...failure }, () => process.exit(0))
    },
  )
})
