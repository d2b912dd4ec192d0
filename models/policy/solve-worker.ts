/** The thread that solves: one request in, one answer out. Whoever wants it to stop ends the thread. */
import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { solvePolicy, type SolveRequest, type SolvedPolicy } from './solve-job.ts'

// Bound once: a linter takes any other call of postMessage for a window's.
const tell = parentPort?.postMessage.bind(parentPort) as (answer: SolvedPolicy) => void
// On Linux a priority is a thread's own, so that scoring and sending go first; elsewhere it would be the process's.
if (process.platform === 'linux') {
  try {
    setPriority(10)
  } catch {
    // Not allowed in some containers: it then competes like any other thread.
  }
}
tell(solvePolicy(workerData as SolveRequest))
