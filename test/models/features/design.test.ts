import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { designOf, fillDesign } from '../../../models/features/design.ts'
import type { Feature, Frame } from '../../../src/contracts/features.ts'

const number: Feature = { name: 'tenure', label: 'tenure', kind: 'number' }
const category = (size: number): Feature => ({
  name: `c${size}`,
  label: 'c',
  kind: 'category',
  categories: Array.from({ length: size }, (_, i) => `v${i}`),
})

/** Features with a frame for them: codes are in range, anything may be missing. */
const framed = fc
  .tuple(
    fc.array(fc.constantFrom(number, category(2), category(3), category(5)), { minLength: 1, maxLength: 6 }),
    fc.integer({ min: 0, max: 600 }),
  )
  .chain(([features, rows]) =>
    fc
      .tuple(
        ...features.map(({ kind, categories }) =>
          fc.array(
            kind === 'number'
              ? fc.float()
              : fc.oneof(fc.integer({ min: 0, max: (categories?.length ?? 1) - 1 }), fc.constant(NaN)),
            { minLength: rows, maxLength: rows },
          ),
        ),
      )
      .map((columns): { features: Feature[]; frame: Frame } => ({
        features,
        frame: { rows, columns: columns.map((column) => Float32Array.from(column)) },
      })),
  )

describe('the design matrix', () => {
  it('has a column a number, one for two categories, one each for more', () => {
    const { width, source, names } = designOf([number, category(2), category(3)])
    expect(width).toBe(5)
    expect([...source]).toEqual([0, 1, 2, 2, 2])
    expect(names).toEqual(['tenure', 'c2 = v1', 'c3 = v0', 'c3 = v1', 'c3 = v2'])
  })

  it('holds exactly the values of the frame, missing in all columns of a feature', () => {
    fc.assert(
      fc.property(framed, ({ features, frame }) => {
        const { width, source } = designOf(features)
        const matrix = fillDesign(features, frame)
        expect(matrix).toHaveLength(frame.rows * width)
        for (let row = 0; row < frame.rows; row++) {
          const first = new Map<number, number>()
          for (let c = 0; c < width; c++) {
            const f = source[c]
            if (!first.has(f)) first.set(f, c)
            const value = frame.columns[f][row]
            const wide = (features[f].categories?.length ?? 0) > 2
            const expected = !wide || Number.isNaN(value) ? value : Number(value === c - first.get(f)!)
            if (!Object.is(matrix[row * width + c], expected)) {
              expect({ row, c, value: matrix[row * width + c] }).toEqual({ row, c, value: expected })
            }
          }
        }
      }),
      { numRuns: 60 },
    )
  })

  it('is written into the array given, and the array can be longer', () => {
    const out = new Float32Array(10).fill(9)
    const filled = fillDesign([category(3)], { rows: 2, columns: [Float32Array.of(2, NaN)] }, out)
    expect([...filled]).toEqual([0, 0, 1, NaN, NaN, NaN])
    expect([...out.subarray(6)]).toEqual([9, 9, 9, 9])
    expect(filled.buffer).toBe(out.buffer)
  })
})
