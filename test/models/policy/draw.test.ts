import { createHmac } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DrawIdentity, drawCustomers, drawer, emptyDraws } from '../../../models/policy/draw.ts'

const identity: DrawIdentity = { tenant: 'default', period: '2026-11', policyVersion: 'a1', salt: 's' }
const customers = Array.from({ length: 20_000 }, (_, i) => `C-${i}`)

/** The same, written out with Node's own HMAC. */
function expected(id: DrawIdentity, customer: string): [number, number] {
  const key = createHmac('sha256', id.salt)
    .update(JSON.stringify([id.tenant, id.period, id.policyVersion]))
    .digest()
  const hash = createHmac('sha256', key).update(customer).digest()
  const unit = (at: number) => Number(hash.readBigUInt64BE(at) >> 11n) / 2 ** 53
  return [unit(0), unit(8)]
}

describe('the draw of a customer and period', () => {
  it("is Node's HMAC-SHA256 for any id, key and length", () => {
    const text = fc.string({ unit: 'binary', maxLength: 150 })
    fc.assert(
      fc.property(text, text, text, text, (salt, tenant, period, customer) => {
        const id = { salt, tenant, period, policyVersion: 'x' }
        const draws = drawCustomers(id, [customer])
        expect([draws.uniform[0], draws.tie[0]]).toEqual(expected(id, customer))
      }),
      { numRuns: 300 },
    )
  })

  it('is the same in any order, in batches, and whoever else is in the file', () => {
    const whole = drawCustomers(identity, customers)
    const backwards = drawCustomers(identity, customers.toReversed())
    expect(backwards.uniform.toReversed()).toEqual(whole.uniform)
    const batched = emptyDraws(customers.length)
    const draw = drawer(identity)
    for (let at = 0; at < customers.length; at += 777) draw(customers.slice(at, at + 777), batched, at)
    expect(batched).toEqual(whole)
    expect(drawCustomers(identity, ['C-500']).tie[0]).toBe(whole.tie[500])
  })

  it('is uniform, and the two numbers of a customer are independent', () => {
    const { uniform, tie } = drawCustomers(identity, customers)
    const cells = new Float64Array(100)
    for (let i = 0; i < uniform.length; i++)
      cells[10 * Math.floor(uniform[i] * 10) + Math.floor(tie[i] * 10)]++
    const each = customers.length / 100
    const chiSquare = cells.reduce((sum, n) => sum + (n - each) ** 2 / each, 0)
    expect(chiSquare).toBeLessThan(148.2) // 99 degrees of freedom, p = .001
  })

  it.each(['tenant', 'period', 'policyVersion', 'salt'] as const)('changes with the %s', (part) => {
    const one = drawCustomers(identity, customers).uniform
    const other = drawCustomers({ ...identity, [part]: 'other' }, customers).uniform
    expect(one.filter((u, i) => u === other[i]).length).toBe(0)
  })
})
