/** Solves a policy in a thread of its own, which ends at once when it is told to. */
import { Worker } from 'node:worker_threads'
import type { SolveRequest, SolvedPolicy } from './solve-job.ts'

/** Room for tables of the largest catalogue: a few hundred megabytes. */
const LIMITS = { maxOldGenerationSizeMb: 2048 }

/**
 * @param signal ends the thread in the middle of whatever it computes
 * @throws the signal's reason when aborted; Error when the thread dies
 * @example
 * const { contents, problems } = await solveInThread(request, AbortSignal.timeout(600_000))
 */
export async function solveInThread(request: SolveRequest, signal: AbortSignal): Promise<SolvedPolicy> {
  signal.throwIfAborted()
  const script = import.meta.url.endsWith('.ts') ? './solve-worker.ts' : './solve-worker.js'
  const worker = new Worker(new URL(script, import.meta.url), {
    workerData: request,
    // Not this process's: `node --eval` has some that no file can be run with.
    execArgv: [],
    resourceLimits: LIMITS,
  })
  try {
    return await new Promise<SolvedPolicy>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
      worker.once('exit', (code) => reject(new Error(`The thread that solves ended with code ${code}.`)))
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
    })
  } finally {
    await worker.terminate()
  }
}
