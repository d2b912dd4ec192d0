import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { HoldfastError } from '../../../src/contracts/errors.ts'
import { readBundle, readChurnBundle, readPolicyBundle, writeBundle } from '../../../models/onnx/bundle.ts'
import { previousOf } from '../../../models/onnx/bundle-folder.ts'
import { sha256 } from '../../../models/onnx/bundle-format.ts'
import { canonicalJson, shortestFloat } from '../../../models/canonical-json.ts'
import { encodeChurnModel } from '../../../models/onnx/encode.ts'
import { encodeModel } from '../../../models/onnx/graph.ts'
import { churnContents, contentsOf, numberFeatures, policyContents, populationOf } from './bundles.ts'
import { temporaryFolder } from './folders.ts'
import { changeManifest, forge } from './forge.ts'
import { randomEnsemble, randomIsotonic, randomLogistic } from './random-models.ts'

let root = ''
let folders = 0
beforeAll(async () => {
  root = await temporaryFolder()
})
const folder = (): string => join(root, `bundle-${folders++}`)

async function failure(dir: string): Promise<HoldfastError> {
  return readBundle(dir).then(
    () => expect.unreachable('the bundle was read'),
    (error: HoldfastError) => error,
  )
}

describe('canonical JSON', () => {
  it('reads back as the same value, whatever the order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value)
        expect(JSON.parse(text)).toEqual(value)
        expect(canonicalJson(JSON.parse(text))).toBe(text)
      }),
    )
    expect(canonicalJson({ b: -0, a: { d: 1, c: [] } })).toBe('{"a":{"c":[],"d":1},"b":-0}')
  })

  it('refuses what JSON would silently change', () => {
    for (const value of [NaN, Infinity, [undefined], new Float32Array(1), new Date(0)]) {
      expect(() => canonicalJson(value)).toThrow(TypeError)
    }
  })

  it('writes a float32 in few digits that give the same bits', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Object.is(Math.fround(shortestFloat(value)), value)).toBe(true)
      }),
      { numRuns: 2000 },
    )
    expect(shortestFloat(Math.fround(0.1))).toBe(0.1)
  })
})

describe('a bundle', () => {
  it.each([
    ['trees', contentsOf({ ...churnContents(1).model, calibrator: randomIsotonic(1, 20) }, 5)],
    [
      'no trees',
      contentsOf(
        {
          kind: 'trees',
          trees: randomEnsemble(1, { trees: 0, leaves: 1, columns: 2 }),
          calibrator: { kind: 'identity' },
        },
        2,
      ),
    ],
    [
      'a logistic model with open bounds',
      contentsOf(
        {
          kind: 'logistic',
          logistic: {
            ...randomLogistic(2, 3),
            min: Float64Array.of(-Infinity, 0, -1),
            max: Float64Array.of(1, 2, Infinity),
          },
          calibrator: { kind: 'identity' },
        },
        3,
      ),
    ],
  ])('comes back as it was written, to the last bit: %s', async (_, contents) => {
    const dir = folder()
    const { hash } = await writeBundle(dir, contents)
    const bundle = await readChurnBundle(dir)
    expect(bundle).toMatchObject(contents)
    expect(bundle.hash).toBe(hash)
    expect(Buffer.compare(bundle.onnx, encodeChurnModel(bundle.model, bundle.width))).toBe(0)
  })

  it('of a policy comes back too, and can be written again from what was read', async () => {
    const [first, second] = [folder(), folder()]
    const { hash } = await writeBundle(first, policyContents(1))
    const bundle = await readPolicyBundle(first)
    expect(bundle.actions).toEqual(['no_action', 'email', 'call'])
    expect(bundle.assumptions).toEqual({ version: 3, effects: { email: 0.1 } })
    expect(await writeBundle(second, bundle)).toEqual({ hash })
    await expect(readChurnBundle(first)).rejects.toMatchObject({ code: 'model_corrupt' })
  })

  it('is the same byte for byte when written again, and another when anything differs', async () => {
    const [first, second] = [folder(), folder()]
    const { hash } = await writeBundle(first, churnContents(1))
    expect(await writeBundle(second, churnContents(1))).toEqual({ hash })
    for (const name of await readdir(first)) {
      expect(Buffer.compare(await readFile(join(first, name)), await readFile(join(second, name)))).toBe(0)
    }
    const other = await writeBundle(second, { ...churnContents(1), cardText: '# Other\n' })
    expect(other.hash).not.toBe(hash)
  })

  it('replaces the one before and keeps files that others put beside it', async () => {
    const dir = folder()
    await writeBundle(dir, churnContents(1))
    await writeFile(join(dir, 'mapping.json'), '{}')
    const { hash } = await writeBundle(dir, churnContents(2))
    expect((await readBundle(dir)).hash).toBe(hash)
    expect(await readFile(join(dir, 'mapping.json'), 'utf8')).toBe('{}')
    expect((await readdir(root)).filter((name) => name.startsWith('.'))).toEqual([])
  })

  it('never replaces a folder that holds something else', async () => {
    const dir = folder()
    await mkdir(dir)
    await writeFile(join(dir, 'customers.csv'), 'id\n1\n')
    await expect(writeBundle(dir, churnContents(1))).rejects.toMatchObject({ code: 'output_denied' })
    expect(await readdir(dir)).toEqual(['customers.csv'])
  })

  it('is not written when it could not be read back', async () => {
    const dir = folder()
    const contents = churnContents(1)
    await expect(writeBundle(dir, { ...contents, card: { auc: NaN } })).rejects.toThrow(TypeError)
    const population = { ...contents.population, features: [] }
    await expect(writeBundle(dir, { ...contents, population })).rejects.toThrow(RangeError)
    await expect(readBundle(dir)).rejects.toMatchObject({ code: 'model_missing' })
  })
})

describe('a bundle that is not whole', () => {
  let whole = ''
  beforeAll(async () => {
    whole = folder()
    await writeBundle(whole, churnContents(1))
  })
  const copy = async (): Promise<string> => {
    const dir = folder()
    await cp(whole, dir, { recursive: true })
    return dir
  }

  it('is missing where there is none, and says what to do', async () => {
    const error = await failure(join(root, 'nowhere'))
    expect(error.code).toBe('model_missing')
    expect(error.message).toContain('holdfast train')
  })

  it.each([
    'bundle.json',
    'model.onnx',
    'model.json',
    'features.json',
    'population.json',
    'card.json',
    'card.md',
  ])('is refused when one byte of %s differs, when it is cut short, and when it is gone', async (name) => {
    const dir = await copy()
    const path = join(dir, name)
    const bytes = await readFile(path)
    const damages = [
      async () => {
        const other = Buffer.from(bytes)
        other[other.length >> 1] ^= 1
        await writeFile(path, other)
      },
      () => truncate(path, bytes.length - 2),
      () => rm(path),
    ]
    for (const damage of damages) {
      await writeFile(path, bytes)
      await damage()
      const error = await failure(dir)
      expect(['model_corrupt', 'model_missing']).toContain(error.code)
      expect(error.message).toContain(name)
    }
  })

  it('is refused when it is of a format to come', async () => {
    const dir = await copy()
    await changeManifest(dir, (manifest) => Object.assign(manifest, { format: 2 }))
    const error = await failure(dir)
    expect(error.code).toBe('model_version')
    expect(error.message).toContain('Update Holdfast')
  })

  it('is refused when its parts do not fit one another, though every checksum is right', async () => {
    const cases: [string, Uint8Array | string, string][] = [
      [
        'model.onnx',
        encodeChurnModel(churnContents(1, { trees: 1, leaves: 2, columns: 6 }).model, 6),
        '[rows, 6]',
      ],
      [
        'model.onnx',
        encodeModel({ ...foreign, nodes: [{ ...foreign.nodes[0], op: 'Loop' }] }),
        'operator Loop',
      ],
      ['model.onnx', policyContents(1).onnx, '"state"'],
      ['model.json', canonicalJson({ kind: 'trees' }), 'model.json'],
      ['model.json', treesJson({ left: [0, 0, 0] }), 'no tree'],
      ['model.json', treesJson({ left: [7, 0, 0] }), 'no tree'],
      ['model.json', treesJson({ column: [5, -1, -1] }), 'column 5'],
      ['model.json', treesJson({ threshold: [1e39, 0, 0] }), 'float32'],
      ['model.json', treesJson({ cover: [1] }), 'one length'],
      ['features.json', '{"version":1,"hash":"x","features":[]}', 'features.json'],
      ['features.json', canonicalJson({ ...numberFeatures(5), hash: numberFeatures(4).hash }), 'feature set'],
      ['population.json', '{"rows":1,"baseRate":0.1,"monthlyRate":null,"features":[]}', 'population.json'],
      ['card.json', '{"half":', 'not whole JSON'],
    ]
    for (const [name, bytes, says] of cases) {
      const dir = await copy()
      await forge(dir, name, Buffer.from(bytes))
      const error = await failure(dir)
      expect(error.code).toBe('model_corrupt')
      expect(error.message).toContain(says)
    }
  })

  it('is refused when its features make another width than the model takes', async () => {
    const features = numberFeatures(6)
    const write = writeBundle(folder(), { ...churnContents(1), features, population: populationOf(features) })
    await expect(write).rejects.toMatchObject({ cause: { message: expect.stringContaining('6 columns') } })
  })

  it('is refused when the meaning of its features has changed since', async () => {
    const dir = await copy()
    const features = { version: 0, features: numberFeatures(5).features }
    await forge(
      dir,
      'features.json',
      Buffer.from(canonicalJson({ ...features, hash: sha256(canonicalJson(features)) })),
    )
    expect((await failure(dir)).code).toBe('model_version')
  })

  it('is refused when it is larger than anything that Holdfast writes', async () => {
    const dir = await copy()
    await truncate(join(dir, 'card.md'), 5 * 2 ** 20)
    expect((await failure(dir)).message).toContain('card.md')
  })
})

describe('a crash while a bundle is replaced', () => {
  it('between the two renames leaves the old one to be read, and the next write puts things right', async () => {
    const dir = folder()
    const { hash } = await writeBundle(dir, churnContents(1))
    await rename(dir, previousOf(dir))
    expect((await readBundle(dir)).hash).toBe(hash)
    const after = await writeBundle(dir, churnContents(2))
    expect((await readBundle(dir)).hash).toBe(after.hash)
    expect((await readdir(root)).filter((name) => name.startsWith('.'))).toEqual([])
  })

  it('at any moment leaves one whole bundle (killed six times)', async () => {
    const dir = folder()
    const { hash } = await writeBundle(dir, churnContents(1))
    const { hash: other } = await writeBundle(folder(), churnContents(2))
    const writer = join(import.meta.dirname, 'bundle-writer.ts')
    for (let attempt = 0; attempt < 6; attempt++) {
      const child = spawn(process.execPath, [writer, dir], { stdio: ['ignore', 'pipe', 'inherit'] })
      await once(child.stdout, 'data')
      await new Promise((done) => setTimeout(done, attempt * 7))
      child.kill('SIGKILL')
      await once(child, 'exit')
      expect([hash, other]).toContain((await readBundle(dir)).hash)
    }
  })

  it('is never seen half by someone who reads at the same time', async () => {
    const dir = folder()
    const hashes = [(await writeBundle(dir, churnContents(1))).hash]
    hashes.push((await writeBundle(dir, churnContents(2))).hash)
    const state = { writing: true }
    const reads = (async () => {
      let count = 0
      for (; state.writing; count++) expect(hashes).toContain((await readBundle(dir)).hash)
      return count
    })()
    for (let i = 0; i < 30; i++) await writeBundle(dir, churnContents(1 + (i % 2)))
    state.writing = false
    expect(await reads).toBeGreaterThan(5)
  })
})

/** A model with the right inputs and outputs that is none of ours. */
const foreign = {
  irVersion: 8,
  producer: 'elsewhere',
  opsets: [{ domain: '', version: 17 }],
  name: 'foreign',
  nodes: [{ op: 'Sigmoid', domain: '', inputs: ['design'], outputs: ['probability'], attributes: [] }],
  initializers: [],
  inputs: [{ name: 'design', dims: ['rows', 5] }],
  outputs: [
    { name: 'margin', dims: ['rows', 1] },
    { name: 'probability', dims: ['rows'] },
  ],
}

/** model.json of one stump over five columns, with something wrong. */
function treesJson(wrong: Record<string, number[]>): string {
  const stump = {
    column: [0, -1, -1],
    threshold: [0.5, 0, 0],
    left: [1, 0, 0],
    right: [2, 0, 0],
    missingLeft: [0, 0, 0],
    value: [0, 1, -1],
    cover: [2, 1, 1],
  }
  const trees = [{ ...stump, ...wrong }]
  return canonicalJson({ kind: 'trees', baseMargin: 0, columns: 5, trees, calibrator: { kind: 'identity' } })
}
