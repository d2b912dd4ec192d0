import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chooser } from '../../../models/policy/choose.ts'
import { replayChoice } from '../../../models/policy/replay.ts'

const exploration = {
  share: 0.15,
  floor: 0.05,
  explorable: Uint8Array.of(1, 1, 1, 1, 1, 0),
  certain: Uint8Array.of(0, 0, 0, 0, 0, 1),
  discount: Uint8Array.of(0, 0, 0, 1, 1, 1),
}
const free = [null, null, null, null, null, null]

describe('a replayed choice', () => {
  it('is the one that was made, whatever was open and wherever the draw fell', () => {
    fc.assert(
      fc.property(
        fc.record({
          gain: fc.array(fc.integer({ min: -50, max: 500 }), { minLength: 6, maxLength: 6 }),
          open: fc.array(fc.constantFrom(0, 1), { minLength: 5, maxLength: 5 }),
          allocated: fc.integer({ min: 0, max: 5 }),
          // Even draws, half of them where something is explored.
          draw: fc.oneof(
            fc.integer({ min: 0, max: 999_999 }).map((n) => (n + 0.5) / 1e6),
            fc.integer({ min: 0, max: 160_000 }).map((n) => (n + 0.5) / 1e6),
          ),
        }),
        ({ gain, open, allocated, draw }) => {
          const book = {
            rows: 1,
            actions: 6,
            gain: Float64Array.from(gain),
            cost: Float64Array.of(0, 10, 20, 100, 200, 350),
            open: Uint8Array.of(1, ...open),
            uniform: Float64Array.of(draw),
            tie: Float64Array.of(0),
          }
          const { pick, probabilities } = chooser(book, exploration, free)
          const logged = probabilities(0, allocated, 0.1, new Float64Array(6))
          expect(replayChoice([...logged], draw)).toBe(pick(0, allocated, 0.1))
        },
      ),
    )
  })
})
