/**
 * A thread that runs models. onnxruntime's run() blocks the thread that it is called on for as long as it
 * computes, so no other thread of Holdfast ever calls it.
 */
import { parentPort } from 'node:worker_threads'
import type { InferenceSession, Tensor } from 'onnxruntime-node'
import type { Explainer } from '../churn/explain/attribution.ts'
import type {
  BatchRequest,
  ExplainSource,
  LoadRequest,
  WorkerAnswer,
  WorkerRequest,
} from './serve-protocol.ts'

interface Held {
  readonly request: LoadRequest
  readonly session: InferenceSession
  readonly explain: () => Promise<Explainer>
}

if (parentPort === null) throw new Error('This module runs in a worker thread: see serve-pool.ts.')
const port = parentPort

// Loading the native library takes longer than anything else here: begin before the first message.
const runtime = import('onnxruntime-node')
const models = new Map<number, Held>()

let runtimeFailed = false
let last: Promise<void> = runtime.then(
  () => undefined,
  () => {
    runtimeFailed = true
  },
)
port.on('message', (request: WorkerRequest) => {
  last = last.then(() => answer(request))
})

async function answer(request: WorkerRequest): Promise<void> {
  let reply: WorkerAnswer = { type: 'done', id: request.id }
  try {
    await obey(request)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    reply = { type: 'failed', id: request.id, message, runtime: runtimeFailed }
  }
  port.postMessage(reply)
  if (request.type === 'close') port.close()
}

async function obey(request: WorkerRequest): Promise<void> {
  switch (request.type) {
    case 'load':
      return load(request)
    case 'batch':
      return run(request)
    case 'prepare':
      await models.get(request.model)?.explain()
      return
    case 'unload':
      await models.get(request.model)?.session.release()
      models.delete(request.model)
      return
    case 'close':
      for (const { session } of models.values()) await session.release()
      models.clear()
  }
}

async function load(request: LoadRequest): Promise<void> {
  const { InferenceSession } = await runtime
  const session = await InferenceSession.create(request.onnx, {
    intraOpNumThreads: request.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 4,
  })
  models.set(request.model, { request, session, explain: explainerOf(request.explain) })
}

async function run(batch: BatchRequest): Promise<void> {
  const held = models.get(batch.model)
  if (held === undefined) throw new Error(`model ${batch.model} is not loaded`)
  const { Tensor } = await runtime
  const { input, width, outputs } = held.request
  const { rows } = batch
  const fetches: Record<string, Tensor> = {}
  for (const [name, data] of Object.entries(batch.outputs)) {
    const columns = outputs[name]
    fetches[name] = new Tensor('float32', data, columns === null ? [rows] : [rows, columns])
  }
  const feeds = { [input]: new Tensor('float32', batch.input, [rows, width]) }
  const results = await held.session.run(feeds, fetches)
  for (const [name, data] of Object.entries(batch.outputs)) keep(results[name].data, data)
  if (batch.reasons !== null) await fillReasons(held, batch)
}

/** The runtime writes into the memory that it is given; should a version of it not, the result is copied. */
function keep(result: Tensor.DataType, out: Float32Array): void {
  if (!(result instanceof Float32Array)) throw new Error('the model gave no numbers')
  if (result.buffer !== out.buffer) out.set(result)
}

async function fillReasons(held: Held, { input, rows, reasons }: BatchRequest): Promise<void> {
  if (reasons === null) return
  const [{ topReasons }, explain] = await Promise.all([import('../churn/explain/reasons.ts'), held.explain()])
  const found = topReasons(explain.contributions(input, rows), rows, explain.features, reasons.limits)
  reasons.feature.set(found.feature)
  reasons.contribution.set(found.contribution)
}

/** Made when first asked for: what only scores never pays for it. */
function explainerOf(from: ExplainSource | null): () => Promise<Explainer> {
  let made: Promise<Explainer> | null = null
  return () => {
    made ??= (async () => {
      if (from === null) throw new Error('this model gives no reasons')
      const { explainer } = await import('../churn/explain/attribution.ts')
      return explainer(from.model, from.source, from.features)
    })()
    return made
  }
}
