import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asConnection } from '../../src/contracts/ids.ts'
import { interventionIdOf } from '../../src/loop/intervention-id.ts'

const HERE = asConnection('6f1c5d1e-0000-4000-8000-000000000001')

describe('the id of an intervention', () => {
  it('is a UUIDv8 that stays the same for ever', () => {
    expect(interventionIdOf(HERE, 'companies/42', 'discount_10', '2026-11', 'period')).toBe(
      '8f0a340b-3866-8b34-b1da-2ce842f85373',
    )
  })

  it('is another one for anything else, wherever its parts are split', () => {
    const part = fc.string({ maxLength: 6 })
    const parts = fc.tuple(part, part, part, part)
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        const [a, b] = [interventionIdOf(HERE, ...one), interventionIdOf(HERE, ...other)]
        expect(a === b).toBe(JSON.stringify(one) === JSON.stringify(other))
        expect(a).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      }),
    )
  })
})
