import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { topReasons } from '../../../../models/churn/explain/reasons.ts'

describe('the strongest reasons', () => {
  it('are those that sorting would find, raising before lowering, ties to the earlier feature', () => {
    const contribution = fc.oneof(
      fc.constantFrom(0, 0.5, -0.5, 0.04),
      fc.float({ min: -2, max: 2, noNaN: true }),
    )
    const rowsOf = fc.array(fc.array(contribution, { minLength: 6, maxLength: 6 }), {
      minLength: 1,
      maxLength: 5,
    })
    fc.assert(
      fc.property(rowsOf, (table) => {
        const found = topReasons(Float64Array.from(table.flat()), table.length, 6)
        table.forEach((row, r) => {
          const ranked = row
            .map((c, feature) => ({ feature, c: Math.fround(c) }))
            .sort((a, b) => Math.abs(b.c) - Math.abs(a.c) || a.feature - b.feature)
          const pad = (list: number[], to: number): number[] => [...list, -1, -1, -1].slice(0, to)
          const up = ranked.filter(({ feature }) => row[feature] >= 0.05).map(({ feature }) => feature)
          const down = ranked.filter(({ feature }) => row[feature] <= -0.05).map(({ feature }) => feature)
          expect([...found.feature.subarray(r * 5, r * 5 + 5)]).toEqual([...pad(up, 3), ...pad(down, 2)])
        })
        found.feature.forEach((feature, slot) => {
          const c = feature < 0 ? 0 : table[Math.floor(slot / 5)][feature]
          expect(found.contribution[slot]).toBe(Math.fround(c))
        })
      }),
      { numRuns: 300, seed: 42 },
    )
  })

  it('are as many as asked for', () => {
    const found = topReasons(Float32Array.of(0.1, 0.3, -0.2), 1, 3, { raising: 1, lowering: 1, least: 0.25 })
    expect([...found.feature]).toEqual([1, -1])
    expect(found.slots).toBe(2)
  })
})
