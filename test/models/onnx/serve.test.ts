import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { calibrate } from '../../../models/churn/calibration.ts'
import { explainer } from '../../../models/churn/explain/attribution.ts'
import { topReasons } from '../../../models/churn/explain/reasons.ts'
import { margins } from '../../../models/churn/trees.ts'
import { writeBundle } from '../../../models/onnx/bundle.ts'
import type { ChurnContents } from '../../../models/onnx/bundle-contents.ts'
import { encodeChurnModel } from '../../../models/onnx/encode.ts'
import { serveChurn, servePolicy } from '../../../models/onnx/serve.ts'
import type { ServedChurn } from '../../../models/onnx/serve.ts'
import { startPool } from '../../../models/onnx/serve-pool.ts'
import { random } from '../../../models/random.ts'
import { churnContents, contentsOf, policyContents } from './bundles.ts'
import { temporaryFolder } from './folders.ts'
import { changeManifest, forge } from './forge.ts'
import { randomDesign, randomLogistic } from './random-models.ts'

let root = ''
let folders = 0
const open: { close(): Promise<void> }[] = []
beforeAll(async () => {
  root = await temporaryFolder()
})
afterAll(async () => {
  for (const served of open) await served.close()
})

async function bundleOf(contents: Parameters<typeof writeBundle>[1]): Promise<string> {
  const dir = join(root, `bundle-${folders++}`)
  await writeBundle(dir, contents)
  return dir
}

async function serve(dir: string, options: Parameters<typeof serveChurn>[1] = {}): Promise<ServedChurn> {
  const served = await serveChurn(dir, options)
  open.push(served)
  return served
}

function own({ model }: ChurnContents, design: Float32Array, rows: number): Float64Array {
  if (model.kind !== 'trees') throw new Error('trees only')
  return calibrate(model.calibrator, margins(model.trees, design, rows))
}

function expectClose(found: Float32Array, expected: Float64Array): void {
  expect(found.length).toBe(expected.length)
  let worst = 0
  expected.forEach((value, i) => {
    const distance = Math.abs(found[i] - value)
    // A NaN must fail too.
    if (!(distance <= worst)) worst = distance
  })
  expect(worst).toBeLessThan(1e-6)
}

describe('a served churn model', () => {
  const contents = churnContents(1, { trees: 40, leaves: 8, columns: 6 })
  const design = randomDesign(2, contents.model, 6, 20_000)
  let dir = ''
  let served: ServedChurn
  beforeAll(async () => {
    dir = await bundleOf(contents)
    served = await serve(dir, { workers: 2 })
  })

  it.each([0, 1, 63, 130, 9000, 20_000])('scores %i rows as our own predictor does', async (rows) => {
    const expected = own(contents, design.subarray(0, rows * 6), rows)
    const leased = served.lease(rows)
    leased.set(design.subarray(0, rows * 6))
    for (const input of [design, leased]) {
      const scores = await served.score(input, rows)
      expectClose(scores.probability, expected)
      expect(scores.hash).toBe(served.hash)
      scores.release()
    }
    served.release(leased)
  })

  it('answers each of many calls under way with its own rows', async () => {
    const chance = random(5)
    await Promise.all(
      Array.from({ length: 60 }, async () => {
        const first = chance.integer(10_000)
        const rows = 1 + chance.integer(3000)
        const part = design.subarray(first * 6, (first + rows) * 6)
        const scores = await served.score(part, rows)
        expectClose(scores.probability, own(contents, part, rows))
        scores.release()
      }),
    )
  })

  it('gives the reasons that the explainer gives', async () => {
    const limits = { raising: 2, lowering: 1, least: 0.01 }
    const { reasons } = await served.score(design, 5000, { reasons: limits })
    const explain = explainer(contents.model, served.bundle.source, 6)
    const expected = topReasons(explain.contributions(design, 5000), 5000, 6, limits)
    expect(reasons?.feature).toEqual(expected.feature)
    expect(reasons?.contribution).toEqual(expected.contribution)
    expect(reasons).toMatchObject({ rows: 5000, slots: 3, raising: 2, lowering: 1 })
    expect((await served.score(design, 10)).reasons).toBeNull()
  })

  it('refuses a design matrix that is too short, and goes on', async () => {
    await expect(served.score(new Float32Array(11), 2)).rejects.toThrow(RangeError)
    expect((await served.score(design, 2)).rows).toBe(2)
  })

  it('lets timers tick while 300,000 rows are scored', async () => {
    const rows = 300_000
    const leased = served.lease(rows)
    for (let i = 0; i < 15; i++) leased.set(design, i * design.length)
    let ticks = 0
    let longest = 0
    let before = performance.now()
    const timer = setInterval(() => {
      const now = performance.now()
      longest = Math.max(longest, now - before)
      before = now
      ticks++
    }, 2)
    const start = performance.now()
    await served.score(leased, rows)
    clearInterval(timer)
    expect(ticks).toBeGreaterThan(10)
    expect(longest).toBeLessThan((performance.now() - start) / 2)
    served.release(leased)
  })

  it('works with a logistic model', async () => {
    const model = {
      kind: 'logistic',
      logistic: randomLogistic(3, 4),
      calibrator: { kind: 'identity' },
    } as const
    const logistic = await serve(await bundleOf(contentsOf(model, 4)))
    const { probability, margin } = await logistic.score(Float32Array.of(NaN, NaN, NaN, NaN), 1)
    expect(margin[0]).toBeCloseTo(model.logistic.intercept, 6)
    expect(probability[0]).toBeCloseTo(1 / (1 + Math.exp(-model.logistic.intercept)), 6)
  })

  it.each([
    ['closed', ['close']],
    ['never closed', ['leave']],
    ['closed, with the compile cache on', ['close', 'cache']],
  ])('lets the process end by itself: %s', async (_, [ending, ...cache]) => {
    const script = join(import.meta.dirname, 'serve-once.ts')
    const child = spawn(process.execPath, [script, dir, ending, ...cache.map((name) => join(root, name))], {
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 30_000,
    })
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    expect(Number(line.toString())).toBeGreaterThan(0)
    const [code] = (await once(child, 'exit')) as [number]
    expect(code).toBe(0)
  })
})

describe('a served policy', () => {
  it('gives the values of its network, in threads that it shares with a churn model', async () => {
    const pool = startPool({ workers: 2 })
    open.push(pool)
    const contents = policyContents(1)
    const policy = await servePolicy(await bundleOf(contents), { pool })
    const churn = await serveChurn(await bundleOf(churnContents(1)), { pool })
    const states = Float32Array.from({ length: 4 * 1000 }, (_, i) => Math.sin(i))
    const [values] = await Promise.all([policy.values(states, 1000), churn.score(new Float32Array(5), 1)])
    expect(values.length).toBe(3000)
    const again = await policy.values(states.subarray(4 * 500), 500)
    expect(again).toEqual(values.slice(1500))
    await policy.close()
    expect((await churn.score(new Float32Array(5), 1)).rows).toBe(1)
  })

  it('refuses a network whose values are no numbers', async () => {
    const contents = policyContents(1)
    const onnx = Buffer.from(contents.onnx)
    const one = Buffer.from(Float32Array.of(Infinity).buffer)
    // The last initializer is the last layer's bias: its three floats end just before the graph's inputs.
    const at = onnx.lastIndexOf(Buffer.from('bias_1'))
    one.copy(onnx, at + 'bias_1'.length + 2)
    const dir = await bundleOf({ ...contents, onnx })
    await expect(servePolicy(dir)).rejects.toMatchObject({ code: 'model_corrupt' })
  })
})

describe('a thread that fails', () => {
  const contents = churnContents(3)
  const script = new URL('./crashing-worker.ts', import.meta.url)
  const rows = (count: number) => new Float32Array(count * 5)

  it('fails the batch that it could not compute, and computes the next', async () => {
    const pool = startPool()
    open.push(pool)
    const batch = { model: 99, rows: 1, input: rows(1), outputs: {}, reasons: null }
    await expect(pool.run(batch)).rejects.toMatchObject({ code: 'model_inference' })
    const served = await serveChurn(await bundleOf(contents), { pool })
    expect((await served.score(rows(3), 3)).rows).toBe(3)
  })

  it('says of a model that the runtime does not take that it is damaged', async () => {
    const pool = startPool()
    open.push(pool)
    const model = { onnx: new Uint8Array(9), input: 'design', width: 1, outputs: {}, explain: null }
    await expect(pool.load(model)).rejects.toMatchObject({ code: 'model_corrupt' })
  })

  it('says that the runtime is missing where it is, and blames no model', async () => {
    const source = `
      import { parentPort as port } from 'node:worker_threads'
      port.on('message', ({ id, type }) => {
        if (type === 'close') port.close()
        else port.postMessage({ type: 'failed', id, message: 'gone', runtime: true })
      })`
    const serving = serveChurn(await bundleOf(contents), {
      script: new URL(`data:text/javascript,${encodeURIComponent(source)}`),
    })
    await expect(serving).rejects.toMatchObject({ code: 'internal' })
  })

  it('is replaced when it dies: only what it had is lost', async () => {
    const served = await serve(await bundleOf(contents), { script })
    const before = await served.score(rows(2), 2)
    for (let crash = 0; crash < 2; crash++) {
      const lost = served.score(rows(13), 13)
      await expect(lost).rejects.toMatchObject({ code: 'model_inference', retryable: true })
      expect((await served.score(rows(2), 2)).probability).toEqual(before.probability)
    }
  })

  it('is not replaced for ever: the one that dies without an answer was the last', async () => {
    const served = await serve(await bundleOf(contents), { script })
    for (let crash = 0; crash < 2; crash++) {
      await expect(served.score(rows(13), 13)).rejects.toMatchObject({ code: 'model_inference' })
    }
    await expect(served.score(rows(2), 2)).rejects.toThrow('stopped')
  })
})

describe('swapping', () => {
  const contents = churnContents(1)
  const design = randomDesign(3, contents.model, 5, 50)
  let served: ServedChurn
  let next = ''
  beforeAll(async () => {
    served = await serve(await bundleOf(contents))
    next = await bundleOf(churnContents(2))
  })
  const damaged = async (damage: (dir: string) => Promise<void>): Promise<string> => {
    const dir = join(root, `bundle-${folders++}`)
    await cp(next, dir, { recursive: true })
    await damage(dir)
    return dir
  }
  const othersOnnx = encodeChurnModel(churnContents(9).model, 5)

  it.each<[string, (dir: string) => Promise<void>, string]>([
    ['a file with one other byte', (dir) => writeFile(join(dir, 'card.md'), '# Tesd\n'), 'model_corrupt'],
    ['a half-written folder', (dir) => rm(join(dir, 'population.json')), 'model_corrupt'],
    ['a folder that is not there', (dir) => rm(dir, { recursive: true }), 'model_missing'],
    ['a truncated model.onnx', (dir) => truncate(join(dir, 'model.onnx'), 900), 'model_corrupt'],
    [
      'a truncated model.onnx whose checksum was made to fit',
      (dir) => forge(dir, 'model.onnx', othersOnnx.subarray(0, 900)),
      'model_corrupt',
    ],
    [
      'a wrong hash',
      (dir) => writeFile(join(dir, 'bundle.json'), JSON.stringify({ format: 1, hash: 'f'.repeat(64) })),
      'model_corrupt',
    ],
    [
      'a wrong width',
      (dir) => changeManifest(dir, (manifest) => Object.assign(manifest, { width: 6 })),
      'model_corrupt',
    ],
    ['the ONNX file of another model', (dir) => forge(dir, 'model.onnx', othersOnnx), 'model_corrupt'],
  ])('never puts %s in charge', async (_, damage, code) => {
    await expect(served.swap(await damaged(damage))).rejects.toMatchObject({ code })
    const scores = await served.score(design, 50)
    expectClose(scores.probability, own(contents, design, 50))
  })

  it('never puts a model of other features in charge', async () => {
    const other = await bundleOf(churnContents(2, { trees: 3, leaves: 4, columns: 6 }))
    await expect(served.swap(other)).rejects.toMatchObject({ code: 'model_version' })
    expect(served.bundle.width).toBe(5)
  })

  it('never serves a model whose scores are not those of its trees from the start', async () => {
    const dir = await damaged((copy) => forge(copy, 'model.onnx', othersOnnx))
    await expect(serveChurn(dir)).rejects.toThrow('are not one model')
  })

  it('answers with the old one until the new one has proved itself, then with the new one', async () => {
    const old = served.hash
    const swapped = served.swap(next)
    const during = await served.score(design, 50)
    const { hash } = await swapped
    expect(during.hash).toBe(old)
    expectClose(during.probability, own(contents, design, 50))
    const after = await served.score(design, 50)
    expect(after.hash).toBe(hash)
    expect(served.hash).toBe(hash)
    expectClose(after.probability, own(churnContents(2), design, 50))
  })

  it('loses no call of many that are under way while models change over and over', async () => {
    const dirs = [await bundleOf(contents), next]
    const state = { swapping: true }
    const expected = new Map([
      [(await served.swap(dirs[0])).hash, own(contents, design, 50)],
      [(await served.swap(dirs[1])).hash, own(churnContents(2), design, 50)],
    ])
    const asking = Array.from({ length: 4 }, async () => {
      while (state.swapping) {
        const scores = await served.score(design, 50)
        expectClose(scores.probability, expected.get(scores.hash) ?? new Float64Array(0))
        scores.release()
      }
    })
    for (let i = 0; i < 6; i++) await served.swap(dirs[i % 2])
    state.swapping = false
    await Promise.all(asking)
  })
})
