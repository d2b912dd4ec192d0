import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextRun } from '../../src/store/schedule.ts'

const SCHEDULES = ['*/5 * * * *', '*/7 * * * *', '0 * * * *', '10 2 * * *', '0 9,17 * * 1-5', '0 3 1 * *']
const between = (schedule: string, from: Date): number => {
  const first = nextRun(schedule, from)!
  return nextRun(schedule, first)!.getTime() - first.getTime()
}

describe('when a schedule says next', () => {
  it('is the next full hour, in UTC, for nobody in particular', () => {
    const from = new Date('2026-11-21T10:15:00Z')
    expect(nextRun('0 * * * *', from)?.toISOString()).toBe('2026-11-21T11:00:00.000Z')
    expect(nextRun('0 0 30 2 *', from)).toBeNull()
    expect(nextRun('0 0 30 2 *', from, 'a connection')).toBeNull()
  })

  it('is later than asked for, within one turn of the schedule, and the same whoever asks when', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...SCHEDULES),
        fc.date({ min: new Date('2026-01-01'), max: new Date('2027-12-31'), noInvalidDate: true }),
        fc.uuid(),
        (schedule, from, spread) => {
          const next = nextRun(schedule, from, spread)!
          expect(next.getTime()).toBeGreaterThan(from.getTime())
          // Nothing is left out: the fire that it belongs to is the first one whose put-off time is to come.
          const exact = nextRun(schedule, from)!
          expect(next.getTime()).toBeLessThan(exact.getTime() + Math.min(3_600_000, between(schedule, exact)))
          expect(nextRun(schedule, new Date(next.getTime() - 1), spread)).toEqual(next)
        },
      ),
    )
  })

  it('keeps its time of day for a connection, night after night', () => {
    let at = new Date('2026-03-01T12:00:00Z')
    const times = new Set<number>()
    for (let night = 0; night < 20; night++) {
      at = nextRun('10 2 * * *', at, 'a connection')!
      times.add(at.getTime() % 86_400_000)
    }
    expect(times.size).toBe(1)
    const [time] = times
    expect(time / 60_000).toBeGreaterThanOrEqual(130)
    expect(time / 60_000).toBeLessThan(190)
  })

  it('spreads connections over the hour after it, and over five minutes where it comes every five', () => {
    const from = new Date('2026-11-21T10:01:00Z')
    const minutes = (schedule: string, exact: string) =>
      Array.from({ length: 200 }, (_, i) => nextRun(schedule, from, `connection ${i}`)!)
        .map((at) => (at.getTime() - Date.parse(exact)) / 60_000)
        .sort((a, b) => a - b)
    const nightly = minutes('10 2 * * *', '2026-11-22T02:10:00Z')
    expect(nightly[0]).toBeGreaterThanOrEqual(0)
    expect(nightly[0]).toBeLessThan(3)
    expect(nightly[100]).toBeGreaterThan(22)
    expect(nightly[100]).toBeLessThan(38)
    expect(nightly[199]).toBeGreaterThan(57)
    expect(nightly[199]).toBeLessThan(60)
    const often = minutes('*/5 * * * *', '2026-11-21T10:01:00Z')
    expect(often[0]).toBeGreaterThanOrEqual(0)
    expect(often[199]).toBeGreaterThan(4.7)
    expect(often[199]).toBeLessThan(5)
  })
})
