import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatsFor } from '../../../src/server/words/formats.ts'
import { markupText } from '../../../src/server/html.ts'
import { whenMarkup } from '../../../src/server/pages/when.ts'

const now = new Date('2026-11-21T08:00:00Z')
const formats = formatsFor({ now, zone: 'UTC' })
const ago = (milliseconds: number): Date => new Date(now.getTime() - milliseconds)
const MINUTE = 60_000
const said = (date: Date): string => markupText(whenMarkup(date, formats)).replace(/<[^>]+>/g, '')

describe('money', () => {
  it('has cents only where they matter, in the decimals of its currency', () => {
    expect(formats.money(41_230_000, 'EUR')).toBe('€412,300')
    expect(formats.money(512, 'EUR')).toBe('€5.12')
    expect(formats.money(600, 'EUR')).toBe('€6')
    expect(formats.money(10_050, 'EUR')).toBe('€101')
    expect(formats.money(412, 'JPY')).toBe('¥412')
    expect(formats.money(1250, 'KWD')).toContain('1.250')
  })

  it('has a sign where it is a gain, and none where it is nothing', () => {
    expect(formats.gain(512, 'EUR')).toBe('+€5.12')
    expect(formats.gain(-320, 'EUR')).toBe('−€3.20')
    expect(formats.gain(6996, 'EUR')).toBe('+€70')
    expect(formats.gain(0, 'EUR')).toBe('€0')
    expect(formats.money(-320, 'EUR')).toBe('−€3.20')
  })

  it('never says more digits than it knows, and never NaN', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e13, max: 1e13 }), (minor) => {
        expect(formats.money(minor, 'EUR')).toMatch(/^−?€[\d,]+(\.\d\d)?$/)
      }),
    )
  })
})

describe('shares', () => {
  it('have a decimal below ten percent only', () => {
    const percent = (share: number): string => formats.percent(share).replace('\u00a0', ' ')
    expect(percent(0.412)).toBe('41 %')
    expect(percent(0.034)).toBe('3.4 %')
    expect(percent(0.0996)).toBe('10 %')
    expect(percent(0)).toBe('0 %')
    expect(percent(1)).toBe('100 %')
  })
})

describe('times', () => {
  it('are told as people tell them, exact on hover', () => {
    expect(said(ago(10_000))).toBe('just now')
    expect(said(ago(2 * MINUTE)).replace('\u00a0', ' ')).toBe('2 min ago')
    expect(said(ago(3 * 60 * MINUTE)).replace('\u00a0', ' ')).toBe('3 h ago')
    expect(said(ago(-5 * MINUTE)).replace('\u00a0', ' ')).toBe('in 5 min')
    expect(said(new Date('2026-11-12T08:00:00Z'))).toBe('12 Nov')
    expect(said(new Date('2025-01-12T08:00:00Z'))).toBe('12 Jan 2025')
    expect(markupText(whenMarkup(ago(10_000), formats))).toContain('title="21 Nov 2026, 07:59 UTC"')
  })

  it('are of the zone, but calendar dates are the same day everywhere', () => {
    const tokyo = formatsFor({ now, zone: 'Asia/Tokyo' })
    expect(tokyo.day(new Date('2026-11-20T20:00:00Z'))).toBe('21 Nov')
    expect(tokyo.day('2026-11-20')).toBe('20 Nov')
    expect(formatsFor({ now, zone: 'America/New_York' }).day('2026-11-20')).toBe('20 Nov')
  })

  it('last as long as a person would say', () => {
    const plain = (ms: number): string => formats.duration(ms).replaceAll('\u00a0', ' ')
    expect(plain(840)).toBe('0.8 s')
    expect(plain(12_000)).toBe('12 s')
    expect(plain(200_000)).toBe('3 min 20 s')
    expect(plain(3 * 3_600_000)).toBe('3 h 0 min')
  })
})

describe('counts', () => {
  it('know one from many', () => {
    expect(formats.many(1, 'customer')).toBe('1 customer')
    expect(formats.many(7043, 'customer')).toBe('7,043 customers')
    expect(formats.many(1, 'action waits', 'actions wait')).toBe('1 action waits')
  })
})
