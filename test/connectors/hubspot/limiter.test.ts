import { describe, expect, it } from 'vitest'
import { LIMITS, openPacers } from '../../../connectors/hubspot/limiter.ts'
import { mostInAnyWindow, pacingSuite, SMALL } from './pacing.ts'
import { virtualTime } from './virtual-time.ts'

pacingSuite('the pacer in memory', {
  open: () => {
    const time = virtualTime()
    return { time, processes: [openPacers({ limits: { oauth: SMALL }, now: time.now, sleep: time.sleep })] }
  },
  processes: 1,
  runs: 60,
})

describe('the limits', () => {
  it('are below what HubSpot allows, by a margin', () => {
    expect(LIMITS.oauth.call).toEqual({ calls: 100, windowMs: 10_000 })
    expect(LIMITS.free.call.calls).toBeLessThan(100)
    expect(LIMITS.pro.call.calls).toBeLessThan(190)
    for (const { search } of Object.values(LIMITS)) expect(search).toEqual({ calls: 4, windowMs: 1000 })
  })

  it('give the same portal the same pacer', () => {
    const pacers = openPacers()
    expect(pacers.of('1', 'oauth')).toBe(pacers.of('1', 'oauth'))
    expect(pacers.of('1', 'oauth')).not.toBe(pacers.of('2', 'oauth'))
  })

  it('let 1,000 calls through in 90 seconds and never more than 100 in any 10', async () => {
    const time = virtualTime()
    const pacer = openPacers({ now: time.now, sleep: time.sleep }).of('1', 'oauth')
    const times: number[] = []
    const all = Array.from({ length: 1000 }, async () => {
      const done = await pacer.take('call')
      times.push(time.now())
      done()
    })
    await time.run(Promise.all(all))
    expect(mostInAnyWindow(times, 10_000)).toBe(100)
    expect(Math.max(...times)).toBe(90_000)
  })
})
