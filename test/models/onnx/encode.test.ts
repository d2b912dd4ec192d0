import { InferenceSession, Tensor } from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import type { Calibrator, ChurnModel } from '../../../models/churn/model.ts'
import { margins } from '../../../models/churn/trees.ts'
import { encodeChurnModel, encodeNetwork } from '../../../models/onnx/encode.ts'
import type { NetworkLayer } from '../../../models/onnx/encode.ts'
import { random } from '../../../models/random.ts'
import { randomDesign, randomEnsemble, randomIsotonic, randomLogistic } from './random-models.ts'

const ROWS = 20_000
const COLUMNS = 20
const identity: Calibrator = { kind: 'identity' }

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

/** The calibrator of model.ts, written out for the test. */
function calibrated(calibrator: Calibrator, margin: number): number {
  if (calibrator.kind === 'identity') return sigmoid(margin)
  if (calibrator.kind === 'platt') return sigmoid(calibrator.slope * margin + calibrator.offset)
  const { margin: knots, probability } = calibrator
  const above = knots.findIndex((knot) => margin < knot)
  if (above === 0) return probability[0]
  if (above === -1) return probability[knots.length - 1]
  const share = (margin - knots[above - 1]) / (knots[above] - knots[above - 1])
  return probability[above - 1] + share * (probability[above] - probability[above - 1])
}

async function run(bytes: Uint8Array, input: string, data: Float32Array, columns: number) {
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1 })
  const result = await session.run({ [input]: new Tensor('float32', data, [data.length / columns, columns]) })
  await session.release()
  return (name: string): Float32Array => result[name].data as Float32Array
}

/** Greatest difference of margin from our own, and of probability from the calibrated margin that ONNX has. */
async function differences(model: ChurnModel, expected: Float64Array, design: Float32Array, columns: number) {
  const output = await run(encodeChurnModel(model, columns), 'design', design, columns)
  const margin = output('margin')
  const probability = output('probability')
  let ofMargin = 0
  let ofProbability = 0
  for (let row = 0; row < expected.length; row++) {
    ofMargin = Math.max(ofMargin, Math.abs(margin[row] - expected[row]))
    const own = calibrated(model.calibrator, margin[row])
    ofProbability = Math.max(ofProbability, Math.abs(probability[row] - own))
  }
  return { ofMargin, ofProbability }
}

async function treeDifferences(
  seed: number,
  size: { trees: number; leaves: number; columns: number; leafSize?: number },
  calibrator: Calibrator = identity,
  rows = ROWS,
) {
  const trees = randomEnsemble(seed, size)
  const model: ChurnModel = { kind: 'trees', trees, calibrator }
  const design = randomDesign(seed + 1, model, size.columns, rows)
  return differences(model, margins(trees, design, rows), design, size.columns)
}

const twoTrees = (seed: number, leaves: number) =>
  randomEnsemble(seed, { trees: 2, leaves, columns: 4 }).trees

describe('trees in ONNX', () => {
  it.each([1, 2, 3])(
    'give our own margin within 1e-5 on 20,000 rows, missing and threshold-equal (seed %i)',
    async (seed) => {
      const found = await treeDifferences(seed, { trees: 200, leaves: 8, columns: COLUMNS })
      expect(found.ofMargin).toBeLessThan(1.5e-6)
      expect(found.ofProbability).toBeLessThan(1e-7)
    },
  )

  it('stay within 1e-5 with 600 trees of large leaves, though the runtime adds up in float32', async () => {
    const found = await treeDifferences(
      4,
      { trees: 600, leaves: 31, columns: COLUMNS, leafSize: 0.1 },
      identity,
      5000,
    )
    expect(found.ofMargin).toBeLessThan(4e-6)
  })

  it.each([
    ['no tree at all', { trees: 0, leaves: 1, columns: 3 }],
    ['trees of a single leaf', { trees: 5, leaves: 1, columns: 3 }],
    ['one deep tree', { trees: 1, leaves: 400, columns: 2, leafSize: 1 }],
    ['a single column', { trees: 60, leaves: 6, columns: 1 }],
  ])('hold with %s', async (_, size) => {
    const found = await treeDifferences(5, size, identity, 2000)
    expect(found.ofMargin).toBeLessThan(1e-6)
  })

  it('hold when trees of a single leaf stand between others', async () => {
    const trees = {
      baseMargin: -1,
      columns: 4,
      trees: [...twoTrees(1, 1), ...twoTrees(2, 5), ...twoTrees(3, 1), ...twoTrees(4, 3)],
    }
    const model: ChurnModel = { kind: 'trees', trees, calibrator: identity }
    const design = randomDesign(9, model, 4, 2000)
    const found = await differences(model, margins(trees, design, 2000), design, 4)
    expect(found.ofMargin).toBeLessThan(1e-6)
  })

  it('refuse a design matrix of another width', () => {
    const trees = randomEnsemble(1, { trees: 1, leaves: 2, columns: 4 })
    expect(() => encodeChurnModel({ kind: 'trees', trees, calibrator: identity }, 5)).toThrow(RangeError)
  })
})

describe('calibration in ONNX', () => {
  it.each([
    ['Platt', { kind: 'platt', slope: 0.9, offset: -0.2 }],
    ['isotonic', randomIsotonic(3, 60)],
    ['isotonic of one knot', { kind: 'isotonic', margin: [0.1], probability: [0.3] }],
  ] as [string, Calibrator][])('%s agrees within 1e-7 on the same margin', async (_, calibrator) => {
    const found = await treeDifferences(
      6,
      { trees: 100, leaves: 8, columns: COLUMNS, leafSize: 0.2 },
      calibrator,
    )
    expect(found.ofProbability).toBeLessThan(1e-7)
  })

  it('isotonic is exact at its knots and flat outside', async () => {
    // One column, no weight but 1: the margin is the value itself.
    const knots = [-2, -1.5, 0.25, 1]
    const probability = [0.01, 0.3, 0.3, 0.875]
    const one = Float64Array.of(1)
    const model: ChurnModel = {
      kind: 'logistic',
      logistic: {
        intercept: 0,
        weight: one,
        center: Float64Array.of(0),
        scale: one,
        min: Float64Array.of(-Infinity),
        max: Float64Array.of(Infinity),
      },
      calibrator: { kind: 'isotonic', margin: knots, probability },
    }
    const output = await run(encodeChurnModel(model, 1), 'design', Float32Array.of(-99, ...knots, 99), 1)
    expect([...output('probability')]).toEqual([0.01, ...probability, 0.875].map(Math.fround))
  })

  it('refuses knots that do not ascend', () => {
    const calibrator: Calibrator = { kind: 'isotonic', margin: [0, 0], probability: [0.1, 0.2] }
    const trees = randomEnsemble(1, { trees: 1, leaves: 2, columns: 4 })
    expect(() => encodeChurnModel({ kind: 'trees', trees, calibrator }, 4)).toThrow('ascend')
  })
})

describe('logistic regression in ONNX', () => {
  it('clamps, scales and lets a missing value add nothing, to the last bit of float32', async () => {
    const logistic = randomLogistic(7, COLUMNS)
    const model: ChurnModel = {
      kind: 'logistic',
      logistic,
      calibrator: { kind: 'platt', slope: 1.1, offset: 0.1 },
    }
    const design = randomDesign(8, model, COLUMNS, ROWS)
    const expected = new Float64Array(ROWS).map((_, row) => {
      let sum = logistic.intercept
      for (let column = 0; column < COLUMNS; column++) {
        const x = design[row * COLUMNS + column]
        if (Number.isNaN(x)) continue
        const clamped = Math.min(Math.max(x, logistic.min[column]), logistic.max[column])
        sum += (logistic.weight[column] * (clamped - logistic.center[column])) / logistic.scale[column]
      }
      return sum
    })
    const found = await differences(model, expected, design, COLUMNS)
    expect(found.ofMargin).toBeLessThan(5e-6) // half a unit in the last place at margins up to 64
    expect(found.ofProbability).toBeLessThan(1e-7)
  })
})

const forward = (layers: readonly NetworkLayer[], state: ArrayLike<number>): number[] =>
  layers.reduce(
    (values: number[], { weights, bias, activation }) =>
      Array.from(bias, (b, out) => {
        const sum = values.reduce((total, x, i) => total + x * weights[out * values.length + i], b)
        return activation === 'relu' ? Math.max(0, sum) : sum
      }),
    Array.from(state),
  )

describe('a network in ONNX', () => {
  const chance = random(11)
  const layer = (outputs: number, inputs: number, activation: NetworkLayer['activation']): NetworkLayer => ({
    weights: Float32Array.from({ length: outputs * inputs }, () => chance.normal() / Math.sqrt(inputs)),
    bias: Float32Array.from({ length: outputs }, () => chance.normal()),
    activation,
  })
  it.each([
    ['three layers', [layer(64, 12, 'relu'), layer(64, 64, 'relu'), layer(6, 64, 'identity')]],
    ['one layer', [layer(6, 12, 'identity')]],
    ['a last layer with relu', [layer(8, 12, 'relu'), layer(3, 8, 'relu')]],
  ])('gives the values of the network: %s', async (_, layers) => {
    const states = Float32Array.from({ length: 500 * 12 }, () => chance.normal())
    const values = (await run(encodeNetwork(layers), 'state', states, 12))('values')
    const actions = layers[layers.length - 1].bias.length
    for (let row = 0; row < 500; row++) {
      forward(layers, states.subarray(row * 12, row * 12 + 12)).forEach((value, action) => {
        expect(Math.abs(values[row * actions + action] - value)).toBeLessThan(1e-5)
      })
    }
  })

  it('refuses layers that do not fit', () => {
    expect(() => encodeNetwork([layer(4, 3, 'relu'), layer(2, 5, 'identity')])).toThrow('Layer 1')
    expect(() => encodeNetwork([])).toThrow('at least one layer')
  })
})

describe('the bytes', () => {
  it('are the same for the same model', () => {
    const [first, second] = [1, 1].map((seed) => {
      const trees = randomEnsemble(seed, { trees: 9, leaves: 8, columns: 5 })
      return encodeChurnModel({ kind: 'trees', trees, calibrator: randomIsotonic(2, 9) }, 5)
    })
    expect(Buffer.compare(first, second)).toBe(0)
  })
})
