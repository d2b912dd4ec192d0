import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeModel, OnnxFormatError } from '../../../models/onnx/decode.ts'
import { encodeChurnModel } from '../../../models/onnx/encode.ts'
import { encodeModel } from '../../../models/onnx/graph.ts'
import type { OnnxModel } from '../../../models/onnx/graph.ts'
import { messageWriter } from '../../../models/onnx/protobuf.ts'
import { randomEnsemble } from './random-models.ts'

const float = fc.float({ noNaN: true })
const attribute = fc.oneof(
  fc.record({ name: fc.string(), kind: fc.constant('float' as const), value: float }),
  fc.record({ name: fc.string(), kind: fc.constant('int' as const), value: fc.maxSafeInteger() }),
  fc.record({ name: fc.string(), kind: fc.constant('string' as const), value: fc.string() }),
  fc.record({
    name: fc.string(),
    kind: fc.constant('floats' as const),
    value: fc.array(float).map((values) => Float32Array.from(values)),
  }),
  fc.record({ name: fc.string(), kind: fc.constant('ints' as const), value: fc.array(fc.maxSafeInteger()) }),
  fc.record({ name: fc.string(), kind: fc.constant('strings' as const), value: fc.array(fc.string()) }),
)
const data = fc.oneof(
  fc.array(float).map((values) => Float32Array.from(values)),
  fc.array(fc.double()).map((values) => Float64Array.from(values)),
  fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })).map((values) => BigInt64Array.from(values)),
)
const value = fc.record({
  name: fc.string(),
  dims: fc.array(fc.oneof(fc.nat(), fc.string({ minLength: 1 })), { maxLength: 3 }),
})
const anyModel: fc.Arbitrary<OnnxModel> = fc.record({
  irVersion: fc.nat(),
  producer: fc.string(),
  opsets: fc.array(fc.record({ domain: fc.string(), version: fc.nat() })),
  name: fc.string(),
  nodes: fc.array(
    fc.record({
      op: fc.string(),
      domain: fc.string(),
      inputs: fc.array(fc.string()),
      outputs: fc.array(fc.string()),
      attributes: fc.array(attribute, { maxLength: 4 }),
    }),
    { maxLength: 4 },
  ),
  initializers: fc.array(
    fc.record({ name: fc.string(), data }).map((one) => ({ ...one, dims: [one.data.length] })),
    { maxLength: 4 },
  ),
  inputs: fc.array(value, { maxLength: 3 }),
  outputs: fc.array(value, { maxLength: 3 }),
})

const trees = () =>
  encodeChurnModel(
    {
      kind: 'trees',
      trees: randomEnsemble(1, { trees: 3, leaves: 4, columns: 5 }),
      calibrator: { kind: 'identity' },
    },
    5,
  )

/** A model whose one tensor is what the test makes of it. */
function withTensor(fill: (tensor: ReturnType<typeof messageWriter>) => void): Uint8Array {
  const tensor = messageWriter()
  fill(tensor)
  const graph = messageWriter()
  graph.message(5, tensor)
  const model = messageWriter()
  model.message(7, graph)
  return model.finish()
}

describe('reading ONNX', () => {
  it('gives back every model that was written', () => {
    fc.assert(
      fc.property(anyModel, (model) => {
        expect(decodeModel(encodeModel(model))).toEqual(model)
      }),
    )
  })

  it('refuses a file that is cut short, wherever', () => {
    const bytes = trees()
    for (let length = 0; length < bytes.length; length += 7) {
      // A cut between two fields of the model leaves a whole message without its operator sets.
      const cut = bytes.subarray(0, length)
      let opsets = 0
      try {
        opsets = decodeModel(cut).opsets.length
      } catch (error) {
        expect(error).toBeInstanceOf(OnnxFormatError)
      }
      expect(opsets).toBeLessThan(2)
    }
  })

  it('refuses weights kept in another file', () => {
    const located = withTensor((tensor) => {
      tensor.integer(2, 1)
      tensor.integer(14, 1)
    })
    const entries = withTensor((tensor) => {
      tensor.integer(2, 1)
      tensor.bytes(13, Uint8Array.of(10, 1, 97))
    })
    expect(() => decodeModel(located)).toThrow('external data')
    expect(() => decodeModel(entries)).toThrow('external data')
  })

  it('refuses functions and sub-graphs', () => {
    const functions = messageWriter()
    functions.bytes(25, new Uint8Array(0))
    expect(() => decodeModel(functions.finish())).toThrow('functions')

    const subgraph = messageWriter()
    subgraph.text(1, 'then_branch')
    subgraph.integer(20, 5)
    const node = messageWriter()
    node.text(4, 'If')
    node.message(5, subgraph)
    const graph = messageWriter()
    graph.message(1, node)
    const model = messageWriter()
    model.message(7, graph)
    expect(() => decodeModel(model.finish())).toThrow('then_branch')
  })

  it('answers any damage of a real model with a model or an OnnxFormatError', () => {
    const bytes = trees()
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = Uint8Array.from(bytes)
        damaged[at] ^= flip
        try {
          decodeModel(damaged)
        } catch (error) {
          expect(error).toBeInstanceOf(OnnxFormatError)
        }
      }),
      { numRuns: 1000 },
    )
  })
})
