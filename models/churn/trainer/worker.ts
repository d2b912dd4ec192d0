/** A training thread: does the steps of one training (pool.ts), or trains whole folds (folds.ts). */
import { parentPort, workerData } from 'node:worker_threads'
import { HoldfastError } from '../../../src/contracts/errors.ts'
import type { FoldMessage, FoldTask } from './folds.ts'
import { trainNextFolds } from './folds.ts'
import type { StepTask } from './pool.ts'
import { serveSteps } from './pool.ts'

const task = workerData as StepTask | FoldTask
// Bound once: a linter takes any other call of postMessage for a window's.
const tell = parentPort?.postMessage.bind(parentPort) as (message: FoldMessage | 'ready') => void
if (task.kind === 'steps') serveSteps(task, () => tell('ready'))
else await trainFoldsOf(task)

async function trainFoldsOf(folds: FoldTask): Promise<void> {
  try {
    await trainNextFolds(folds, tell)
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error
    tell({ kind: 'error', code: error.code, message: error.message })
  }
}
