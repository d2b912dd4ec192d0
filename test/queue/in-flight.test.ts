import { describe, expect, it } from 'vitest'
import { asTenant } from '../../src/contracts/ids.ts'
import { loadOf, watchSends } from '../../src/queue/in-flight.ts'
import { DEFAULT_LIMITS } from '../../src/queue/limits.ts'

const ONE = asTenant('00000000-0000-4000-8000-000000000001')
const OTHER = asTenant('00000000-0000-4000-8000-000000000002')

/** Whose sends leave at a pace, looked at every tenth of a second. */
function watching() {
  let time = 10_000
  const sending = watchSends(DEFAULT_LIMITS, () => time)
  return {
    sending,
    pass(seconds: number, perSecond: number, tenants = [ONE]): number {
      for (let tenth = 0; tenth < seconds * 10; tenth++) {
        time += 100
        for (const tenant of tenants) sending.seen(tenant)
        sending.placed(perSecond / 10)
      }
      return sending.inFlight()
    },
  }
}

describe('sends of a tenant in flight', () => {
  it('are few for who has just come, and more once it has been alone for a while', () => {
    const { pass } = watching()
    expect(pass(1, 80)).toBe(48)
    expect(pass(3, 80)).toBe(144)
  })

  it('are as many as leave in a moment, where they leave fast, and never more than the most', () => {
    const { pass } = watching()
    expect(pass(2, 600)).toBe(300)
    expect(pass(4, 5000)).toBe(512)
    // A server that hangs: what is in flight does not grow by what had left before.
    expect(pass(4, 0)).toBe(144)
  })

  it('are two at a time as soon as somebody else has something to do', () => {
    const { pass } = watching()
    expect(pass(5, 1000)).toBe(500)
    expect(pass(0.1, 5000, [ONE, OTHER])).toBe(2)
    expect(pass(0.9, 5000)).toBe(2)
    // What left while somebody else was about says nothing of how fast one leaves that is alone.
    expect(pass(0.2, 80)).toBe(48)
  })

  it('go into the queue by the fifth of them, so that some are taken while others wait for an answer', () => {
    expect([2, 48, 240, 512].map(loadOf)).toEqual([48, 48, 48, 102])
  })
})
