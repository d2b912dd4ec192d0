import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { foldBins, type RiskBin } from '../../src/admin/words/risk-bins.ts'

const sizes = fc.array(fc.tuple(fc.nat(50), fc.nat(50), fc.nat(500)), { minLength: 1, maxLength: 100 })
const binsOf = (counts: readonly (readonly [number, number, number])[]): readonly RiskBin[] =>
  counts.map(([high, medium, low], at) => ({ from: at / 100, to: (at + 1) / 100, high, medium, low }))
const total = (bins: readonly RiskBin[]): number =>
  bins.reduce((sum, { high, medium, low }) => sum + high + medium + low, 0)

describe('bins of a risk histogram', () => {
  it('lose nobody, and span the same', () => {
    fc.assert(
      fc.property(sizes, (counts) => {
        const bins = binsOf(counts)
        const { shown, open } = foldBins(bins)
        expect(total(shown)).toBe(total(bins))
        expect(shown[0].from).toBe(0)
        expect(shown.at(-1)!.to).toBe(bins.at(-1)!.to)
        expect(open).toBe(shown.length < bins.length)
      }),
    )
  })

  it('draw the few far out as one bar', () => {
    const counts = Array.from({ length: 60 }, (_, at): [number, number, number] => [
      at > 40 ? 1 : 0,
      0,
      at < 15 ? 200 : 0,
    ])
    const { shown, open } = foldBins(binsOf(counts))
    expect(open).toBe(true)
    expect(shown.length).toBe(16)
    expect(shown.at(-1)).toMatchObject({ from: 0.15, high: 19 })
  })
})
