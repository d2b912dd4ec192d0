import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  messageWriter,
  ProtobufError,
  readMessage,
  readPackedFloats,
  readPackedIntegers,
} from '../../../models/onnx/protobuf.ts'

describe('the protobuf subset', () => {
  it('writes the bytes of the specification', () => {
    // https://protobuf.dev/programming-guides/encoding/: 150 in field 1; "testing" in field 2; packed 3, 270, 86942.
    const message = messageWriter()
    message.integer(1, 150)
    message.text(2, 'testing')
    message.integers(6, [3, 270, 86942])
    message.integer(1, -2)
    message.float(1, 1)
    const hex = Buffer.from(message.finish()).toString('hex')
    expect(hex).toBe('089601120774657374696e673206038e029ea70508feffffffffffffffff010d0000803f')
  })

  it('reads back every integer that a number can hold', () => {
    fc.assert(
      fc.property(fc.array(fc.maxSafeInteger()), fc.integer({ min: 1, max: 500 }), (values, field) => {
        const message = messageWriter()
        for (const value of values) message.integer(field, value)
        message.integers(field, values)
        const fields = readMessage(message.finish())
        const packed = fields.pop()
        expect(fields).toEqual(values.map((integer) => ({ field, kind: 'integer', integer })))
        expect(packed?.kind === 'bytes' && readPackedIntegers(packed.bytes)).toEqual(values)
      }),
    )
  })

  it('reads back floats, text and messages within messages', () => {
    fc.assert(
      fc.property(fc.array(fc.float()), fc.string({ unit: 'grapheme' }), (floats, text) => {
        const inner = messageWriter()
        inner.floats(3, floats)
        inner.text(4, text)
        const outer = messageWriter()
        outer.message(9, inner)
        const [found] = readMessage(outer.finish())
        const [first, second] = found.kind === 'bytes' ? readMessage(found.bytes) : []
        expect(first.kind === 'bytes' && readPackedFloats(first.bytes)).toEqual(Float32Array.from(floats))
        expect(second.kind === 'bytes' && new TextDecoder().decode(second.bytes)).toBe(text)
      }),
    )
  })

  it('refuses a message that is cut short anywhere within a field', () => {
    const message = messageWriter()
    message.text(2, 'a customer who left')
    const bytes = message.finish()
    for (let length = 1; length < bytes.length; length++) {
      expect(() => readMessage(bytes.subarray(0, length))).toThrow(ProtobufError)
    }
  })

  it('answers any bytes with fields or a ProtobufError, nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          readMessage(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(ProtobufError)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('refuses integers that a number cannot hold', () => {
    expect(() => readMessage(Uint8Array.from([8, ...Array<number>(9).fill(255), 0]))).toThrow('too large')
    expect(() => messageWriter().integer(1, 2 ** 53)).toThrow(RangeError)
  })
})
