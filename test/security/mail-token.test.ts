import { randomBytes, randomUUID } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asIntervention, asTenant } from '../../src/contracts/ids.ts'
import { isSealed, mailToken, readMailToken } from '../../src/security/mail-token.ts'

const key = randomBytes(32)
const [tenant, other] = [randomUUID(), randomUUID()].map(asTenant)
const intervention = asIntervention(randomUUID())
const local = mailToken(key, 'bounce', { tenant, intervention })

describe('an address that names a message', () => {
  it('fits a local part, outlives a server that changes its case, and says what it is of', () => {
    for (const purpose of ['bounce', 'reply', 'stop'] as const) {
      const one = mailToken(key, purpose, { tenant, intervention })
      expect(one.length).toBeLessThanOrEqual(64)
      const claim = readMailToken(one.toUpperCase())!
      expect(claim).toMatchObject({ purpose, intervention })
      expect(claim.tenants.first <= tenant && tenant <= claim.tenants.last).toBe(true)
      expect(isSealed(key, tenant, claim)).toBe(true)
    }
  })

  it('is of one tenant, one message, one purpose and one key', () => {
    const claim = readMailToken(local)!
    expect(isSealed(key, other, claim)).toBe(false)
    expect(isSealed(randomBytes(32), tenant, claim)).toBe(false)
    expect(isSealed(key, tenant, readMailToken(local.replace('bounce', 'reply'))!)).toBe(false)
    const next = mailToken(key, 'bounce', { tenant, intervention: asIntervention(randomUUID()) })
    expect(isSealed(key, tenant, { ...readMailToken(next)!, seal: claim.seal })).toBe(false)
  })

  it('is not read from anything else, and every changed letter is noticed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => readMailToken(text) === null),
    )
    fc.assert(
      fc.property(
        fc.integer({ min: 7, max: local.length - 1 }),
        fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz234567'),
        (at, letter) => {
          fc.pre(local[at] !== letter)
          const claim = readMailToken(local.slice(0, at) + letter + local.slice(at + 1))
          const belongs = claim !== null && claim.tenants.first <= tenant && tenant <= claim.tenants.last
          return !belongs || !isSealed(key, tenant, claim)
        },
      ),
    )
  })
})
