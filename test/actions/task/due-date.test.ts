import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dueDate, USUAL_HOURS, type WorkingHours } from '../../../actions/task/due-date.ts'

const END = new Date('2026-12-31T23:00:00Z')
const at = (text: string): Date => new Date(text)
const hours = (differs: Partial<WorkingHours>): WorkingHours => ({ ...USUAL_HOURS, ...differs })

describe('the date on which a task is due', () => {
  it('is noon of a working day, where the person is', () => {
    const friday = at('2026-11-20T09:00Z')
    expect(dueDate(friday, 2, END)).toEqual(at('2026-11-24T12:00Z'))
    expect(dueDate(friday, 2, END, hours({ zone: 'America/New_York' }))).toEqual(at('2026-11-24T17:00Z'))
    expect(dueDate(friday, 2, END, hours({ zone: 'Asia/Kathmandu' }))).toEqual(at('2026-11-24T06:15Z'))
    // There it is Saturday already.
    const late = at('2026-11-20T20:00Z')
    expect(dueDate(late, 1, END, hours({ zone: 'Pacific/Auckland' }))).toEqual(at('2026-11-22T23:00Z'))
  })

  it('keeps to the days and hours in which people work', () => {
    const sunday = at('2026-11-22T09:00Z')
    const gulf = hours({ zone: 'Asia/Riyadh', days: [7, 1, 2, 3, 4] })
    expect(dueDate(sunday, 4, END, gulf)).toEqual(at('2026-11-26T09:00Z'))
    expect(dueDate(sunday, 1, END, hours({ from: 14, until: 22 }))).toEqual(at('2026-11-23T18:00Z'))
    expect(dueDate(at('2026-12-23T09:00Z'), 2, END, hours({ holidays: ['2026-12-25'] }))).toEqual(
      at('2026-12-28T12:00Z'),
    )
  })

  it('has the hour of the day on both sides of a clock change', () => {
    const vienna = hours({ zone: 'Europe/Vienna' })
    expect(dueDate(at('2026-10-23T09:00Z'), 1, END, vienna)).toEqual(at('2026-10-26T11:00Z'))
    expect(dueDate(at('2026-10-22T09:00Z'), 1, END, vienna)).toEqual(at('2026-10-23T10:00Z'))
  })

  it('is before its time is over, in working hours as long as there are any', () => {
    const monday = at('2026-11-23T08:00Z')
    expect(dueDate(monday, 3, at('2026-11-24T10:00Z'))).toEqual(at('2026-11-24T09:59:59.999Z'))
    expect(dueDate(monday, 3, at('2026-11-24T08:00Z'))).toEqual(at('2026-11-23T12:00Z'))
    expect(dueDate(at('2026-11-27T18:00Z'), 2, at('2026-11-28T12:00Z'))).toEqual(
      at('2026-11-28T11:59:59.999Z'),
    )
  })

  it('is in working hours and in the future, wherever somebody works', () => {
    const zone = fc.constantFrom('UTC', 'Europe/Vienna', 'Asia/Kolkata', 'America/St_Johns', 'Pacific/Apia')
    const from = fc.date({ min: at('2026-01-01'), max: at('2027-12-31'), noInvalidDate: true })
    fc.assert(
      fc.property(zone, from, fc.integer({ min: 1, max: 5 }), (name, start, days) => {
        const due = dueDate(start, days, new Date(start.getTime() + 60 * 86_400_000), hours({ zone: name }))
        const local = new Intl.DateTimeFormat('en-GB', {
          timeZone: name,
          weekday: 'short',
          hour: '2-digit',
          minute: '2-digit',
          hourCycle: 'h23',
        }).format(due)
        expect(local).toMatch(/^(Mon|Tue|Wed|Thu|Fri),? 12:00$/)
        expect(due.getTime()).toBeGreaterThan(start.getTime())
      }),
    )
  })
})
