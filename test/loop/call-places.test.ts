import { describe, expect, it } from 'vitest'
import { callPlaces, workingHoursOf, type CallPerson } from '../../src/loop/call-places.ts'
import { parseServiceSettings } from '../../src/settings/service.ts'

const NOW = new Date('2026-11-20T10:00:00Z')
const person = (id: string): CallPerson => ({ id, name: `User ${id}` })
const places = (calls: object, taken: Record<string, number> = {}) =>
  callPlaces(parseServiceSettings({ calls }), new Map(Object.entries(taken)), NOW)

describe('places for calls', () => {
  it('go to whoever is responsible, without a limit unless one is set', () => {
    const { give } = places({}, { a: 10_000 })
    expect(give(person('a'))).toEqual({ to: 'person', responsible: person('a'), insteadOf: null })
    expect(give(null)).toEqual({ to: 'person', responsible: null, insteadOf: null })
  })

  it('are counted within a batch, and who is full makes the rest wait', () => {
    const { give } = places({ perPerson: 3 }, { a: 1 })
    expect([give(person('a')), give(person('a')), give(person('b'))].map(({ to }) => to)).toEqual([
      'person',
      'person',
      'person',
    ])
    expect(give(person('a'))).toEqual({
      to: 'deferred',
      code: 'no_call_place',
      reason: expect.stringContaining('User a has 3 calls in this month'),
      until: new Date('2026-11-21T10:00:00Z'),
    })
  })

  it('go to the colleague who steps in and has done least, within her own limit', () => {
    const people = {
      b: { stepsIn: true, name: 'Bo' },
      c: { stepsIn: true, perPeriod: 1 },
      d: { perPeriod: 9 },
    }
    const { give } = places({ perPerson: 2, people }, { a: 2, b: 1 })
    const given = [give(person('a')), give(person('a')), give(person('a'))]
    expect(given.map((one) => (one.to === 'person' ? one.responsible?.id : one.code))).toEqual([
      'c',
      'b',
      'no_call_place',
    ])
    expect(given[1]).toMatchObject({ responsible: { name: 'Bo' }, insteadOf: { id: 'a' } })
  })

  it('are none where the limit is 0', () => {
    expect(places({ perPerson: 0 }).give(person('a')).to).toBe('deferred')
    expect(places({ perPerson: 5, people: { a: { perPeriod: 0 } } }).give(person('a')).to).toBe('deferred')
  })
})

describe('working hours', () => {
  it('are the company’s, but for what is known of the person', () => {
    const { calls } = parseServiceSettings({
      calls: { zone: 'Europe/Vienna', people: { a: { zone: 'Asia/Tokyo', from: 18 }, b: { until: 13 } } },
    })
    expect(workingHoursOf(calls, null)).toMatchObject({ zone: 'Europe/Vienna', from: 9, until: 17 })
    expect(workingHoursOf(calls, 'a')).toMatchObject({ zone: 'Asia/Tokyo', from: 18, until: 24 })
    expect(workingHoursOf(calls, 'b')).toMatchObject({ zone: 'Europe/Vienna', from: 9, until: 13 })
  })

  it('are refused where they make no sense', () => {
    for (const calls of [
      { zone: 'Europe/Vena' },
      { from: 17, until: 9 },
      { people: { a: { from: 9, until: 9 } } },
    ])
      expect(() => parseServiceSettings({ calls })).toThrow(/calls\./)
  })
})
