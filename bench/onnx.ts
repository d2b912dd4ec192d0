/**
 * Serving speed: `node bench/onnx.ts`. Rows a second through the worker threads beside our own predictor on one
 * thread, the latency of one row, and what starting costs. Best of several runs, and rows per second of processor
 * time, for a machine is never idle.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { margins } from '../models/churn/trees.ts'
import { writeBundle } from '../models/onnx/bundle.ts'
import { serveChurn } from '../models/onnx/serve.ts'
import { churnContents } from '../test/models/onnx/bundles.ts'
import { randomDesign } from '../test/models/onnx/random-models.ts'

const COLUMNS = 45
const ROWS = 100_000
const REPEATS = 7

interface Cost {
  /** Least wall time of a run, and least processor time of all threads, in ms. */
  readonly wall: number
  readonly processor: number
}

async function best(repeats: number, work: () => unknown): Promise<Cost> {
  let wall = Infinity
  let processor = Infinity
  for (let i = 0; i < repeats; i++) {
    const start = performance.now()
    const before = process.cpuUsage()
    await work()
    wall = Math.min(wall, performance.now() - start)
    const { user, system } = process.cpuUsage(before)
    processor = Math.min(processor, (user + system) / 1000)
  }
  return { wall, processor }
}

const speed = (rows: number, { wall, processor }: Cost): string =>
  `${Math.round(rows / wall)}k rows/s (${Math.round(rows / processor)}k per cpu-second)`

const root = await mkdtemp(join(tmpdir(), 'holdfast-bench-'))
for (const trees of [200, 400]) {
  const contents = churnContents(1, { trees, leaves: 8, columns: COLUMNS })
  const { model } = contents
  if (model.kind !== 'trees') break
  const dir = join(root, String(trees))
  await writeBundle(dir, contents)
  const design = randomDesign(2, model, COLUMNS, ROWS)
  const own = await best(3, () => margins(model.trees, design, ROWS))
  console.log(
    `${trees} trees x 8 leaves, ${COLUMNS} columns; our own margins on one thread: ${speed(ROWS, own)}`,
  )
  for (const workers of [1, 2]) {
    let start = performance.now()
    const served = await serveChurn(dir, { workers })
    const starting = performance.now() - start
    const leased = served.lease(ROWS)
    leased.set(design)
    const scoring = await best(REPEATS, async () => (await served.score(leased, ROWS)).release())
    const few = 20_000
    const explaining = await best(REPEATS, async () =>
      (await served.score(leased, few, { reasons: {} })).release(),
    )
    const latencies: number[] = []
    for (let i = 0; i < 2000; i++) {
      start = performance.now()
      const scores = await served.score(leased, 1)
      latencies.push((performance.now() - start) * 1000)
      scores.release()
    }
    latencies.sort((a, b) => a - b)
    const swapping = await best(3, () => served.swap(dir))
    await served.close()
    console.log(
      `  ${workers} worker${workers > 1 ? 's' : ''}: ${speed(ROWS, scoring)}, ${(own.processor / scoring.processor).toFixed(2)}x our own, ` +
        `with reasons ${speed(few, explaining)}, one row ${latencies[1000].toFixed(0)} us p50 ` +
        `${latencies[1980].toFixed(0)} us p99, start ${starting.toFixed(0)} ms, swap ${swapping.wall.toFixed(0)} ms`,
    )
  }
}
await rm(root, { recursive: true, force: true })
