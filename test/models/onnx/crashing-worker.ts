/** The worker as it is, but that a batch of 13 rows ends it. */
import { parentPort } from 'node:worker_threads'
import type { WorkerRequest } from '../../../models/onnx/serve-protocol.ts'

await import('../../../models/onnx/worker.ts')
parentPort?.on('message', (request: WorkerRequest) => {
  if (request.type === 'batch' && request.rows === 13) process.exit(1)
})
