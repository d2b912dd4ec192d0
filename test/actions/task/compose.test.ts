import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { composeTask, type TaskInput } from '../../../actions/task/compose.ts'
import { dueDate } from '../../../actions/task/due-date.ts'
import { plainText } from '../../../actions/task/plain-text.ts'

const input: TaskInput = {
  action: { key: 'discount_10', name: 'Offer 10% Discount' },
  call: false,
  offer: { percent: 10, months: 3 },
  cost: { minor: 37_550, currency: 'EUR' },
  customer: {
    name: 'Ada Ltd',
    pays: { minor: 125_000, currency: 'EUR' },
    renewalDate: '2026-12-31',
    risk: { probability: 0.62, level: 'HIGH' },
    reasons: ['Support tickets went up from 2 to 9.', 'Usage fell by a third.'],
  },
  person: {
    name: 'Ann Lee',
    role: 'CFO',
    phone: '+43 1 234567',
    email: 'ann@example.com',
    refusesEmail: false,
  },
  before: [{ at: new Date('2026-10-03T08:00:00Z'), channel: 'email', action: 'Send Email' }],
  language: 'en',
  now: new Date('2026-11-20T09:00:00Z'),
  end: new Date('2026-12-01T00:00:00Z'),
}
const lineOf = (body: string, start: string) => body.split('\n').find((line) => line.startsWith(start))

describe('the words of a task', () => {
  it('say first what to do and what it costs, then why, to whom, what was done before and how to put it', () => {
    const { subject, body } = composeTask(input)
    expect(subject).toBe('Offer Ada Ltd 10 % off for 3 months')
    expect(body.split('\n')[0]).toBe('Offer Ada Ltd 10 % off for 3 months. It costs about EUR 376 in all.')
    const parts = [
      'Risk of leaving: 62 % (high).',
      'Pays EUR 1,250 a month.',
      'Renewal on December 31, 2026.',
    ]
    for (const part of [
      ...parts,
      '- Support tickets went up from 2 to 9.',
      'Ann Lee (CFO), +43 1 234567, ann@example.com',
    ])
      expect(body).toContain(part)
    expect(lineOf(body, '- October 3, 2026')).toBe('- October 3, 2026: Send Email (e-mail)')
    expect(body).toContain('never read out the risk')
    expect(body).toContain('Due by November 25, 2026.')
  })

  it('name what an offer is recorded by and until when it stands, and what has to be said with it', () => {
    const made = { code: 'HF-7F3A0B1C2D', until: '2026-12-20' }
    const offer = {
      percent: 10,
      months: 3,
      made,
      saidWith: ['Not with other offers.', 'Chosen by a machine.'],
    }
    const { body } = composeTask({ ...input, offer })
    expect(body.split('\n')[1]).toBe(
      'It can be taken until December 20, 2026. Once it is, record it under HF-7F3A0B1C2D: what it costs is booked by that.',
    )
    expect(body).toContain('To be said or sent with the offer\nNot with other offers.\nChosen by a machine.')
    expect(composeTask({ ...input, offer, language: 'de' }).body).toContain('unter HF-7F3A0B1C2D erfassen')
    expect(composeTask(input).body).not.toContain('record it under')
  })

  it('are German for a German company, in the way of its country', () => {
    const { subject, body, language } = composeTask({ ...input, call: true, language: 'de-AT' })
    expect(language).toBe('de')
    expect(subject).toBe('Ada Ltd anrufen: 10 % Rabatt für 3 Monate anbieten')
    expect(body).toContain('Verlängerung am 31. Dezember 2026.')
    expect(composeTask({ ...input, language: 'fr' }).language).toBe('en')
    expect(composeTask({ ...input, language: 'no such tag' }).language).toBe('en')
  })

  it('make nothing up: what is not known is left out', () => {
    const { body } = composeTask({
      ...input,
      cost: null,
      customer: { name: null, pays: null, renewalDate: null, risk: null, reasons: [] },
      person: null,
      before: [],
    })
    expect(body).not.toMatch(/costs|Pays|Renewal|Risk of leaving|null|undefined|\{/)
    expect(body).toContain('No contact is on record')
    expect(body).toContain('Nothing in the last 12 months.')
  })

  it('do not give the address of somebody who refused e-mails', () => {
    const { body } = composeTask({ ...input, person: { ...input.person!, refusesEmail: true } })
    expect(body).toContain('Do not write an e-mail')
    expect(body).not.toContain('ann@example.com')
  })

  it('stay plain and short, whatever the CRM holds', () => {
    const text = fc.string({ unit: 'binary', maxLength: 600 })
    fc.assert(
      fc.property(text, text, text, (name, reason, phone) => {
        const { subject, body } = composeTask({
          ...input,
          customer: { ...input.customer, name, reasons: [reason, reason, reason, reason] },
          person: { ...input.person!, phone, name },
        })
        for (const one of [subject, body]) {
          expect(one.isWellFormed()).toBe(true)
          expect(one.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069\u2028\u2029]/u)
        }
        expect(subject).not.toContain('\n')
        expect([...new Intl.Segmenter().segment(subject)].length).toBeLessThanOrEqual(120)
        expect([...new Intl.Segmenter().segment(body)].length).toBeLessThanOrEqual(4000)
        // A record cannot add a line of its own, such as another offer.
        expect(body.split('\n').length).toBeLessThanOrEqual(26)
      }),
      { numRuns: 60 },
    )
  })

  it('cut between characters as people see them', () => {
    expect(plainText('👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧', 2)).toBe('👩‍👩‍👧…')
    expect(plainText('👩‍👩‍👧👩‍👩‍👧', 2)).toBe('👩‍👩‍👧👩‍👩‍👧')
  })
})

describe('the day on which a task is due', () => {
  it('counts days on which people work, and ends with the action', () => {
    const day = (from: string, days: number, end = '2027-01-01') =>
      dueDate(new Date(from), days, new Date(end)).toISOString().slice(0, 10)
    expect(day('2026-11-20T09:00:00Z', 1)).toBe('2026-11-23')
    expect(day('2026-11-20T09:00:00Z', 3)).toBe('2026-11-25')
    expect(day('2026-11-21T09:00:00Z', 1)).toBe('2026-11-23')
    expect(day('2026-11-27T09:00:00Z', 3, '2026-12-01')).toBe('2026-11-30')
    expect(day('2026-11-30T20:00:00Z', 3, '2026-12-01')).toBe('2026-11-30')
  })
})
