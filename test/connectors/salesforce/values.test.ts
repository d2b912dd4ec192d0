import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openLately, versionOf } from '../../../connectors/salesforce/cursor.ts'
import { readTime, readValue } from '../../../connectors/salesforce/values.ts'

describe('values of fields', () => {
  it.each([
    ['double', 12.5, 12.5],
    ['currency', '12.50', 12.5],
    ['int', '', null],
    ['percent', 0, 0],
    ['double', 'n/a', 'n/a'],
    ['boolean', 'false', false],
    ['boolean', true, true],
    ['date', '2026-11-21', '2026-11-21'],
    ['datetime', '2026-11-21T14:55:00.000+0000', '2026-11-21T14:55:00.000Z'],
    ['datetime', '2026-11-21T16:55:00.000+0200', '2026-11-21T14:55:00.000Z'],
    ['datetime', '2026-11-21T14:55:00.000Z', '2026-11-21T14:55:00.000Z'],
    ['datetime', 'soon', 'soon'],
    ['multipicklist', 'a;b', 'a;b'],
    ['textarea', 'one\r\ntwo', 'one\ntwo'],
    ['string', null, null],
    ['string', undefined, null],
    ['string', 7, '7'],
    ['address', { city: 'Ulm' }, '{"city":"Ulm"}'],
    ['anyType', 5, 5],
  ])('of %s: %j is %j', (type, raw, value) => {
    expect(readValue(type, raw)).toEqual(value)
  })

  it('are the same whether they come as JSON or as a text of a bulk result', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), (number, flag) => {
        expect(readValue('double', String(number))).toBe(readValue('double', Number(String(number))))
        expect(readValue('boolean', String(flag))).toBe(readValue('boolean', flag))
      }),
    )
  })

  it('have times that are none as nothing', () => {
    for (const raw of ['', 'x', 5, null, '2026-13-40T00:00:00Z', '2026-11-21'])
      expect(readTime(raw)).toBeNull()
  })
})

describe('versions that were handed over', () => {
  const at = (i: number): number => Date.parse('2026-11-21T08:00:00Z') + i * 1000
  const version = (i: number): string => versionOf('Account', `id ${i}`, new Date(at(i)), ['x', null])

  it('are known again after they were stored, as far back as they are kept', () => {
    const lately = openLately()
    for (let i = 0; i < 5000; i++) lately.add(version(i), at(i))
    const stored = JSON.parse(JSON.stringify(lately.kept(at(4000)))) as Record<string, string>
    const again = openLately(stored)
    for (let i = 4000; i < 5000; i++) expect(again.has(version(i))).toBe(true)
    expect(again.has(version(0))).toBe(false)
    expect(again.has(version(5000))).toBe(false)
  })

  it('take little room in a cursor, however many they are', () => {
    const lately = openLately()
    for (let i = 0; i < 60_000; i++) lately.add(version(i), at(0))
    expect(JSON.stringify(lately.kept(at(0))).length).toBeLessThan(250_000)
    expect(openLately(lately.kept(at(0))).has(version(59_999))).toBe(true)
  })

  it('differ by what a record says within the same second, and by nothing else', () => {
    const stamp = new Date(at(0))
    const one = versionOf('Account', 'id', stamp, ['a'])
    expect(versionOf('Account', 'id', stamp, ['a'])).toBe(one)
    for (const other of [
      versionOf('Account', 'id', stamp, ['b']),
      versionOf('Account', 'id', stamp, [null]),
      versionOf('Contact', 'id', stamp, ['a']),
      versionOf('Account', 'other', stamp, ['a']),
      versionOf('Account', 'id', new Date(at(1)), ['a']),
    ])
      expect(other).not.toBe(one)
  })
})
