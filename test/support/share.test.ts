import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readShare, shareOf } from './share.ts'

describe('the shares of a long suite', () => {
  it('are all of it together, each thing once, when there is enough for each', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 60 }), (of, more) => {
        const all = Array.from({ length: of + more }, (_, at) => at)
        const shares = Array.from({ length: of }, (_, own) => shareOf(all, own, of))
        expect(shares.flat().sort((a, b) => a - b)).toEqual(all)
        expect(shares.filter((share) => share.length === 0)).toEqual([])
      }),
    )
  })

  it('are never empty', () => expect(shareOf([7], 3, 4)).toEqual([7]))

  it('have what every second one has and what the others have', () => {
    const all = Array.from({ length: 20 }, (_, at) => at)
    for (const own of [0, 1, 2, 3])
      expect(new Set(shareOf(all, own, 4).map((one) => one % 2)).size, `${own}/4`).toBe(2)
  })

  it('are refused when they are none', () => {
    expect(readShare('3/4')).toEqual([3, 4])
    for (const text of ['', '4/4', '1', '1/0', 'a/4', '-1/4']) expect(() => readShare(text)).toThrow(/0\/4/)
  })
})
