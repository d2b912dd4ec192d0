import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sharedBuffers } from '../../../models/onnx/serve-buffers.ts'

describe('shared buffers', () => {
  it('are exactly as long as asked for and never in two hands at once', () => {
    const step = fc.record({ length: fc.nat({ max: 5000 }), giveBack: fc.nat() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const buffers = sharedBuffers()
        const held: Float32Array<SharedArrayBuffer>[] = []
        for (const { length, giveBack } of steps) {
          if (giveBack % 3 === 0 && held.length > 0)
            buffers.release(held.splice(giveBack % held.length, 1)[0])
          const view = buffers.floats(length)
          expect(view.length).toBe(length)
          expect(held.some((one) => one.buffer === view.buffer)).toBe(false)
          held.push(view)
        }
      }),
    )
  })

  it('are used again by batches of nearly one size', () => {
    const buffers = sharedBuffers()
    const first = buffers.floats(1000 * 45)
    buffers.release(first)
    expect(buffers.floats(990 * 45).buffer).toBe(first.buffer)
    expect(buffers.floats(990 * 45).buffer).not.toBe(first.buffer)
  })

  it('take no memory of others', () => {
    const buffers = sharedBuffers()
    buffers.release(new Float32Array(64))
    expect(buffers.floats(64).buffer).toBeInstanceOf(SharedArrayBuffer)
  })
})
