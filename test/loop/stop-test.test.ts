import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { random } from '../../models/random.ts'
import { binomialTail, stopsOf } from '../../src/loop/stop-test.ts'
import { automationSettings } from '../../src/settings/automation.ts'
import type { SentCounts } from '../../src/store/stop-counts.ts'

const { stop } = automationSettings.parse({})
const none = { optOuts: 0, complaints: 0, bounces: 0 }
const sent = (
  actionKey: string,
  exposed: number,
  recent: Partial<SentCounts['recent']>,
  rest: Partial<SentCounts> = {},
): SentCounts => ({
  channel: actionKey === 'sms' ? 'sms' : 'email',
  actionKey,
  exposed,
  before: 0,
  recent: { ...none, ...recent },
  usual: none,
  ...rest,
})
const stopped = (counts: readonly SentCounts[], paused: readonly string[] = []) =>
  stopsOf(counts, stop, new Set(paused)).map(({ scope, name, jump }) => `${scope} ${name} ${jump.what}`)

describe('the probability that it is chance', () => {
  it('is that of scipy.stats.binom.sf', () => {
    const cases: readonly (readonly [number, number, number, number])[] = [
      [3, 10, 0.1, 0.0701908264],
      [9, 120, 0.02, 0.0007294536049957373],
      [4, 140, 0.001, 1.3752080367394212e-5],
      [60, 100_000, 0.0004, 0.0018757625175073928],
      [1200, 100_000, 0.01, 3.812533101214468e-10],
      [1, 5, 0.2, 0.67232],
      [30, 60, 0.5, 0.5512890865042847],
    ]
    for (const [k, n, p, expected] of cases)
      expect(Math.abs(binomialTail(k, n, p) / expected - 1)).toBeLessThan(1e-9)
  })

  it('falls with every further answer, and stays a probability', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3000 }),
        fc.double({ min: 1e-6, max: 0.99, noNaN: true }),
        fc.integer({ min: 0, max: 3000 }),
        (n, p, k) => {
          const [here, further] = [binomialTail(k, n, p), binomialTail(k + 1, n, p)]
          return here >= 0 && here <= 1 && further <= here + 1e-12
        },
      ),
    )
  })
})

describe('what stops by itself', () => {
  it('is an action whose messages people complain of', () => {
    expect(stopped([sent('email', 1000, { complaints: 9 })])).toEqual(['action email complaints'])
    expect(stopped([sent('email', 1000, { bounces: 60 })])).toEqual(['action email bounces'])
    expect(stopped([sent('sms', 500, { optOuts: 30 })])).toEqual(['action sms optOuts'])
  })

  it('is nothing while it is what chance brings, or are too few to say', () => {
    expect(stopped([sent('email', 1000, { bounces: 24, optOuts: 13, complaints: 2 })])).toEqual([])
    // All of them, but only three.
    expect(stopped([sent('email', 3, { complaints: 3 })])).toEqual([])
    expect(stopped([sent('email', 4, { complaints: 4 })])).toEqual(['action email complaints'])
  })

  it('is the one action that stands out, not its whole channel', () => {
    const well = sent('email', 5000, { bounces: 80 })
    expect(stopped([well, sent('update_payment', 300, { bounces: 60 })])).toEqual([
      'action update_payment bounces',
    ])
  })

  it('is the channel where no action stands out by itself and all together do', () => {
    const a = sent('email', 100, { complaints: 3 })
    const b = sent('update_payment', 100, { complaints: 3 })
    expect(stopped([a])).toEqual([])
    expect(stopped([a, b])).toEqual(['channel email complaints'])
  })

  it('is not what is paused already', () => {
    const bad = sent('email', 1000, { complaints: 9 })
    expect(stopped([bad], ['action email'])).toEqual([])
    expect(stopped([bad], ['channel email'])).toEqual(['action email complaints'])
  })

  it('goes by what is usual for the company, but never by more than twice what the settings call usual', () => {
    const calm = { before: 10_000, usual: { ...none, bounces: 20 } }
    const rough = { before: 10_000, usual: { ...none, bounces: 900 } }
    expect(stopped([sent('email', 1000, { bounces: 24 })])).toEqual([])
    expect(stopped([sent('email', 1000, { bounces: 24 }, calm)])).toEqual(['action email bounces'])
    expect(stopped([sent('email', 1000, { bounces: 90 }, rough)])).toEqual(['action email bounces'])
    expect(stopped([sent('email', 1000, { bounces: 50 }, rough)])).toEqual([])
  })

  it('is hardly ever a calm week: at most one in a thousand looks', () => {
    const { next: chance } = random(7)
    let stops = 0
    for (let look = 0; look < 3000; look++) {
      const messages = 200 + Math.floor(chance() * 800)
      const drawn = (share: number) => {
        let found = 0
        for (let i = 0; i < messages; i++) if (chance() < share) found++
        return found
      }
      const recent = {
        optOuts: drawn(stop.optOuts),
        complaints: drawn(stop.complaints),
        bounces: drawn(stop.bounces),
      }
      stops += stopsOf([sent('email', messages, recent)], stop, new Set()).length
    }
    expect(stops).toBeLessThanOrEqual(3)
  })
})
