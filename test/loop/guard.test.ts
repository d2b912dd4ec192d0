import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { guard, type GuardFact, type GuardRequest } from '../../src/loop/guard.ts'
import { fallbackFor } from '../../src/loop/guard-language.ts'
import { parseServiceSettings } from '../../src/settings/service.ts'
import { actionsOf } from '../../src/settings/planning.ts'
import { clockOf } from '../support/wall-clock.ts'

const NOTHING: GuardFact = { company: true, contacts: [], holds: [], context: {}, asOf: null }
const VIENNA = { zone: 'Europe/Vienna', country: 'AT', phoneCountry: null, language: 'de' }
const MAIL = { key: 'email', discount: 0 }
const TEXT = { key: 'sms', discount: 0 }
const TEN = { key: 'discount_10', discount: 0.1 }
/** Wednesday, ten in the morning in Vienna. */
const NOW = new Date('2026-01-14T09:00:00Z')

const request = (
  differs: Partial<Omit<GuardRequest, 'settings'>> & { settings?: object } = {},
): GuardRequest => ({
  action: MAIL,
  channel: 'email',
  recipient: VIENNA,
  now: NOW,
  expiresAt: new Date(NOW.getTime() + 30 * 86_400_000),
  delivery: 'live',
  ...differs,
  settings: parseServiceSettings(differs.settings ?? {}),
})
const sentAt = (...times: string[]): GuardFact['contacts'] =>
  times.map((at) => ({ at: new Date(at), actionKey: 'email', delivery: 'live' }))
const about = (differs: Partial<GuardFact>): GuardFact => ({ ...NOTHING, ...differs })
const codeOf = (fact: GuardFact, asked: GuardRequest) => guard(fact, asked)?.code ?? null
const untilOf = (fact: GuardFact, asked: GuardRequest) => guard(fact, asked)?.until?.toISOString()

describe('the guard before sending', () => {
  it('lets a message go to somebody of whom nothing speaks against it', () => {
    expect(guard(NOTHING, request())).toBeNull()
  })

  describe('hours', () => {
    const night = new Date('2026-01-14T22:00:00Z')

    it('puts off what comes at night until the morning, and says until when', () => {
      const verdict = guard(NOTHING, request({ now: night }))
      expect(verdict).toMatchObject({
        to: 'deferred',
        code: 'quiet_hours',
        until: new Date('2026-01-15T07:00:00Z'),
      })
      expect(verdict?.reason).toBe(
        'It waits until Thursday, 15 January, 08:00 in Vienna (Europe/Vienna): messages go out from 08:00 to 21:00 (companies: on business days) there.',
      )
    })

    it('drops it where the settings say so, and where it would have expired by the morning', () => {
      const drop = { guard: { outside: 'drop' } }
      expect(guard(NOTHING, request({ now: night, settings: drop }))).toMatchObject({
        to: 'suppressed',
        code: 'quiet_hours',
      })
      const late = guard(NOTHING, request({ now: night, expiresAt: new Date('2026-01-15T07:00:00Z') }))
      expect(late).toMatchObject({ to: 'suppressed', code: 'quiet_hours' })
      expect(late?.reason).toContain('by then it will have expired')
      expect(late).not.toHaveProperty('until')
    })

    it('asks all zones of a country, and sends nothing by itself where nothing is known', () => {
      const brazil = { ...VIENNA, zone: null, country: 'BR', language: 'en' }
      // Ten in the evening on Fernando de Noronha, seven in Acre.
      expect(codeOf(NOTHING, request({ recipient: brazil, now: new Date('2026-01-15T00:00:00Z') }))).toBe(
        'quiet_hours',
      )
      expect(
        codeOf(NOTHING, request({ recipient: brazil, now: new Date('2026-01-15T15:00:00Z') })),
      ).toBeNull()
      const nowhere = { ...VIENNA, zone: null, country: null }
      const verdict = guard(NOTHING, request({ recipient: nowhere }))
      expect(verdict).toMatchObject({ to: 'deferred', code: 'zone_unknown' })
      expect(verdict).not.toHaveProperty('until')
      expect(verdict?.reason).toContain('in the CRM')
      expect(
        guard(NOTHING, request({ recipient: nowhere, settings: { guard: { outside: 'drop' } } }))?.to,
      ).toBe('suppressed')
    })

    it('takes the zone of the phone number where there is no other', () => {
      const called = { ...VIENNA, zone: null, country: null, phoneCountry: 'NZ' }
      expect(codeOf(NOTHING, request({ action: TEXT, channel: 'sms', recipient: called }))).toBe(
        'quiet_hours',
      )
    })

    it('has hours for each channel, and those of calls for a task where the zone is known', () => {
      const settings = {
        guard: { sms: { from: '12:00', to: '13:00' }, call: { from: '09:00', to: '10:00' } },
      }
      expect(untilOf(NOTHING, request({ action: TEXT, channel: 'sms', settings }))).toBe(
        '2026-01-14T11:00:00.000Z',
      )
      expect(codeOf(NOTHING, request({ settings }))).toBeNull()
      expect(untilOf(NOTHING, request({ channel: 'task', settings }))).toBe('2026-01-15T08:00:00.000Z')
      const nowhere = { ...VIENNA, zone: null, country: null }
      expect(codeOf(NOTHING, request({ channel: 'task', settings, recipient: nowhere }))).toBeNull()
    })

    it('need no zone where every hour of every day is open', () => {
      const settings = { guard: { email: { from: '00:00', to: '24:00', days: 'every' } } }
      const nowhere = { ...VIENNA, zone: null, country: null }
      expect(codeOf(NOTHING, request({ settings, recipient: nowhere, now: night }))).toBeNull()
    })

    it('says that no hour fits where a country and a phone are on two sides of the earth', () => {
      const recipient = { ...VIENNA, zone: null, country: 'IN', phoneCountry: 'US', language: 'en' }
      expect(guard(NOTHING, request({ recipient }))).toMatchObject({ to: 'suppressed', code: 'quiet_hours' })
    })

    it('keeps the sandbox and dry runs to them, and says what they are', () => {
      const reason = (delivery: GuardRequest['delivery']) =>
        guard(NOTHING, request({ now: night, delivery }))?.reason
      expect(reason('sandbox')).toContain('The sandbox keeps to this')
      expect(reason('dry_run')).toMatch(/^Live it would wait until Thursday, 15 January, 08:00 in Vienna /)
    })
  })

  it('speaks of one day as of one', () => {
    const settings = { contact: { cooldownDays: 1 } }
    const contacts = [{ at: new Date('2026-01-14T09:00:00Z'), actionKey: 'email', delivery: 'live' as const }]
    const now = new Date('2026-01-14T12:00:00Z')
    expect(guard(about({ contacts }), request({ now, settings }))?.reason).toContain(
      ': the last contact was less than a day ago.',
    )
  })

  describe('caps', () => {
    const free = { contact: { cooldownDays: 0, perPeriod: null }, guard: { perDay: null, perWeek: null } }
    const only = (contact: object, guarded: object = {}) => ({
      contact: { ...free.contact, ...contact },
      guard: { ...free.guard, ...guarded },
    })

    it('wait out days of the calendar of the person, not hours', () => {
      const settings = only({ cooldownDays: 3 })
      // Half past eleven in the evening of the 11th in Vienna, which is the 11th in UTC too; the 14th is allowed.
      expect(codeOf(about({ contacts: sentAt('2026-01-11T22:30:00Z') }), request({ settings }))).toBeNull()
      // Half an hour past midnight of the 12th in Vienna.
      const later = about({ contacts: sentAt('2026-01-11T23:30:00Z') })
      expect(guard(later, request({ settings }))).toMatchObject({ to: 'deferred', code: 'cooldown' })
      expect(untilOf(later, request({ settings }))).toBe('2026-01-15T07:00:00.000Z')
    })

    it('are for a day, for seven days in a row and for a period', () => {
      const today = about({ contacts: sentAt('2026-01-14T08:00:00Z') })
      expect(untilOf(today, request({ settings: only({}, { perDay: 1 }) }))).toBe('2026-01-15T07:00:00.000Z')
      expect(codeOf(today, request({ settings: only({}, { perDay: 2 }) }))).toBeNull()
      const week = about({ contacts: sentAt('2026-01-08T10:00:00Z', '2026-01-12T10:00:00Z') })
      expect(untilOf(week, request({ settings: only({}, { perWeek: 2 }) }))).toBe('2026-01-15T07:00:00.000Z')
      expect(
        codeOf(
          about({ contacts: sentAt('2026-01-07T10:00:00Z', '2026-01-12T10:00:00Z') }),
          request({ settings: only({}, { perWeek: 2 }) }),
        ),
      ).toBeNull()
      // January is over on a Sunday evening in Vienna, and business hours begin on Monday.
      expect(untilOf(week, request({ settings: only({ perPeriod: 2 }) }))).toBe('2026-02-02T07:00:00.000Z')
      expect(codeOf(week, request({ settings: only({ perPeriod: 3 }) }))).toBeNull()
    })

    it('count the period by the calendar of the person', () => {
      const settings = only({ perPeriod: 1 })
      const kiritimati = { ...VIENNA, zone: 'Pacific/Kiritimati', language: 'en' }
      // The first of February there, January in UTC.
      const now = new Date('2026-01-31T19:00:00Z')
      const contacts = sentAt('2026-01-30T19:00:00Z')
      const person = about({ contacts, company: false })
      expect(codeOf(person, request({ settings, recipient: kiritimati, now }))).toBeNull()
      expect(codeOf(person, request({ settings, now: new Date('2026-01-31T09:00:00Z') }))).toBe('contact_cap')
    })

    it('of 0 allow nothing, and of null everything', () => {
      for (const settings of [only({ perPeriod: 0 }), only({}, { perDay: 0 }), only({}, { perWeek: 0 })])
        expect(guard(NOTHING, request({ settings }))).toMatchObject({ to: 'suppressed', code: 'contact_cap' })
      const many = about({ contacts: sentAt(...Array.from({ length: 20 }, () => '2026-01-14T08:00:00Z')) })
      expect(codeOf(many, request({ settings: only({}) }))).toBeNull()
    })

    it('count what the CRM knows of, and ours in it only once', () => {
      const settings = only({ cooldownDays: 5 })
      const called = about({ context: { daysSinceContact: 3 }, asOf: '2026-01-14' })
      expect(untilOf(called, request({ settings }))).toBe('2026-01-16T07:00:00.000Z')
      // The same days ago, as of a day that has passed.
      expect(codeOf({ ...called, asOf: '2026-01-12' }, request({ settings }))).toBeNull()
      const ours = { ...called, contacts: sentAt('2026-01-11T09:00:00Z') }
      expect(codeOf(ours, request({ settings: only({ perPeriod: 2 }) }))).toBeNull()
      const another = { ...called, contacts: sentAt('2026-01-05T09:00:00Z') }
      expect(codeOf(another, request({ settings: only({ perPeriod: 2 }) }))).toBe('contact_cap')
    })

    it('hold in every zone that is plausible, and everywhere on earth where none is known', () => {
      const settings = { ...only({}, { perDay: 1, email: { from: '00:00', to: '24:00', days: 'every' } }) }
      const nowhere = { ...VIENNA, zone: null, country: null }
      // Yesterday in UTC, and still today somewhere.
      const contacts = sentAt('2026-01-13T13:00:00Z')
      expect(codeOf(about({ contacts }), request({ settings }))).toBeNull()
      expect(codeOf(about({ contacts }), request({ settings, recipient: nowhere }))).toBe('contact_cap')
    })

    it('do not count what went into the sandbox against what goes to a person', () => {
      const contacts = sentAt('2026-01-14T08:00:00Z').map((one) => ({ ...one, delivery: 'sandbox' as const }))
      expect(codeOf(about({ contacts }), request())).toBeNull()
      expect(codeOf(about({ contacts }), request({ delivery: 'sandbox' }))).toBe('cooldown')
    })

    it('drop what they would hold back until after it expires', () => {
      const contacts = sentAt('2026-01-13T10:00:00Z')
      const expiresAt = new Date('2026-01-20T00:00:00Z')
      expect(guard(about({ contacts }), request({ expiresAt }))).toMatchObject({
        to: 'suppressed',
        code: 'cooldown',
      })
    })

    it('hold for a task as well', () => {
      const contacts = sentAt('2026-01-13T10:00:00Z')
      const nowhere = { ...VIENNA, zone: null, country: null }
      for (const recipient of [VIENNA, nowhere])
        expect(codeOf(about({ contacts }), request({ channel: 'task', recipient }))).toBe('cooldown')
    })
  })

  describe('the case', () => {
    it('ends with a dispute, a negotiation or an objection, and waits for a ticket or a sequence to pass', () => {
      const said = (context: Record<string, number>) =>
        guard(about({ context, asOf: '2026-01-10' }), request())
      expect(said({ openDispute: 1 })).toMatchObject({ to: 'suppressed', code: 'dispute' })
      expect(said({ openNegotiation: 1 })).toMatchObject({ to: 'suppressed', code: 'negotiation' })
      expect(said({ profilingConsent: 0 })).toMatchObject({ to: 'suppressed', code: 'profiling_objection' })
      expect(said({ vulnerable: 1 })).toMatchObject({ to: 'suppressed', code: 'vulnerable' })
      expect(said({ urgentTicket: 2 })).toMatchObject({ to: 'deferred', code: 'urgent_ticket' })
      expect(said({ runningSequence: 1 })).toMatchObject({ to: 'deferred', code: 'sequence' })
      expect(said({ runningSequence: 1 })?.reason).toBe(
        'It waits: the customer is in a running sequence of messages (as the CRM said on 2026-01-10).',
      )
      expect(said({ openDispute: 0, openNegotiation: 0, urgentTicket: 0, profilingConsent: 1 })).toBeNull()
    })

    it('waits while a person has to look, until the last hold ends', () => {
      const hold = (until: string | null) => ({
        kind: 'replied' as const,
        reason: 'Ann Lee answered on 12 Jan.',
        until: until === null ? null : new Date(until),
      })
      const holds = [hold('2026-01-16T00:00:00Z'), hold('2026-01-15T00:00:00Z')]
      expect(guard(about({ holds }), request())).toMatchObject({
        to: 'deferred',
        code: 'held',
        until: new Date('2026-01-16T00:00:00Z'),
      })
      const open = guard(about({ holds: [...holds, hold(null)] }), request({ channel: 'task' }))
      expect(open).toEqual({
        to: 'deferred',
        code: 'held',
        reason: 'It waits: the customer is on hold (Ann Lee answered on 12 Jan).',
      })
      const expiresAt = new Date('2026-01-15T12:00:00Z')
      expect(guard(about({ holds }), request({ expiresAt }))?.to).toBe('suppressed')
    })

    it('of a failed payment is for an update of the payment, not for a discount', () => {
      const failed = about({ context: { paymentFailures: 1 } })
      const remedy = { key: 'email', discount: 0, remedy: 'payment' as const }
      expect(codeOf(failed, request({ action: TEN }))).toBe('payment_failed')
      expect(codeOf(failed, request({ action: remedy }))).toBeNull()
      expect(codeOf(about({ context: { paymentFailures: 0 } }), request({ action: remedy }))).toBe(
        'payment_in_order',
      )
    })
  })

  describe('discounts', () => {
    const gave = (at: string, actionKey = 'discount_20') => [
      { at: new Date(at), actionKey, delivery: 'live' as const },
    ]

    it('are as many as the settings allow in twelve months, whichever they were', () => {
      const contacts = gave('2025-01-15T00:00:00Z')
      expect(codeOf(about({ contacts }), request({ action: TEN }))).toBe('discounts_used')
      expect(codeOf(about({ contacts }), request())).toBeNull()
      expect(codeOf(about({ contacts: gave('2025-01-14T08:00:00Z') }), request({ action: TEN }))).toBeNull()
      const two = { discounts: { perYear: 2 } }
      expect(codeOf(about({ contacts }), request({ action: TEN, settings: two }))).toBeNull()
      expect(codeOf(NOTHING, request({ action: TEN, settings: { discounts: { perYear: 0 } } }))).toBe(
        'discounts_used',
      )
      const none = { discounts: { perYear: null } }
      expect(codeOf(about({ contacts }), request({ action: TEN, settings: none }))).toBeNull()
    })

    it('count one that is in the catalogue no more', () => {
      const contacts = gave('2025-06-15T00:00:00Z', 'winter_special')
      expect(codeOf(about({ contacts }), request({ action: TEN }))).toBe('discounts_used')
    })

    it('are not laid on one another, and none is deeper than allowed', () => {
      expect(codeOf(about({ context: { discountInForce: 0.05 } }), request({ action: TEN }))).toBe(
        'discount_running',
      )
      const settings = { discounts: { deepest: 0.05 } }
      expect(codeOf(NOTHING, request({ action: TEN, settings }))).toBe('discount_too_deep')
    })
  })

  describe('languages', () => {
    const french = { ...VIENNA, language: 'fr' }

    it('are the recipient’s own, or one that the settings name', () => {
      expect(guard(NOTHING, request({ recipient: french }))).toMatchObject({
        to: 'suppressed',
        code: 'language',
      })
      const settings = { guard: { languageFallback: 'en' } }
      expect(codeOf(NOTHING, request({ recipient: french, settings }))).toBeNull()
      expect(codeOf(NOTHING, request({ recipient: french, channel: 'task' }))).toBeNull()
    })

    it('are the company’s only for those whose own is unknown', () => {
      const settings = parseServiceSettings({ sender: { language: 'de' }, guard: { languageFallback: 'en' } })
      expect(fallbackFor(settings, null)).toBe('de')
      expect(fallbackFor(settings, 'fr')).toBe('en')
      expect(codeOf(NOTHING, request({ recipient: { ...VIENNA, language: null } }))).toBeNull()
    })

    it('hold for texts as for e-mails', () => {
      expect(codeOf(NOTHING, request({ action: TEXT, channel: 'sms', recipient: french }))).toBe('language')
    })
  })

  it('never names an instant at which it would say something else, whatever reached a person before', () => {
    const settings = parseServiceSettings({})
    const zones = [
      'Europe/Vienna',
      'America/Sao_Paulo',
      'Australia/Lord_Howe',
      'Pacific/Apia',
      'Asia/Kathmandu',
    ]
    const start = Date.UTC(2026, 0, 1)
    const time = fc.integer({ min: 0, max: 400 * 24 * 60 }).map((minute) => new Date(start + minute * 60_000))
    const limit = fc.option(fc.integer({ min: 1, max: 4 }), { nil: null })
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        time,
        fc.array(time, { maxLength: 8 }),
        fc.record({ cooldownDays: fc.integer({ min: 0, max: 20 }), perPeriod: limit }),
        fc.record({ perDay: limit, perWeek: limit }),
        fc.boolean(),
        (zone, now, times, contact, limits, company) => {
          const contacts = times
            .filter((at) => at <= now)
            .map((at) => ({ at, actionKey: 'email', delivery: 'live' as const }))
          const fact = about({ contacts, company })
          const asked: GuardRequest = {
            ...request(),
            recipient: { ...VIENNA, zone },
            settings: {
              ...settings,
              contact: { ...settings.contact, ...contact },
              guard: { ...settings.guard, ...limits },
            },
            now,
            expiresAt: new Date(8e15),
          }
          const verdict = guard(fact, asked)
          const at = verdict === null ? now : verdict.until!
          if (at < now || guard(fact, { ...asked, now: at }) !== null) return false
          const { minute, date } = clockOf(zone, at.getTime())
          if (minute < 480 || minute >= 1260) return false
          // Counted once more, from the dates on the wall.
          const dates = contacts.map((one) => clockOf(zone, one.at.getTime()).date)
          const ago = (one: string): number => (Date.parse(date) - Date.parse(one)) / 86_400_000
          const within = (days: number): number => dates.filter((one) => ago(one) < days).length
          const month = dates.filter((one) => one.slice(0, 7) === date.slice(0, 7)).length
          return (
            within(contact.cooldownDays) === 0 &&
            within(1) < (limits.perDay ?? Infinity) &&
            within(7) < (limits.perWeek ?? Infinity) &&
            month < (contact.perPeriod ?? Infinity)
          )
        },
      ),
      { numRuns: 300 },
    )
  })

  it('knows every action of the catalogue that gives something off', () => {
    const settings = parseServiceSettings({})
    for (const { key, discount } of actionsOf(settings)) {
      const contacts = [{ at: new Date('2025-12-01T00:00:00Z'), actionKey: key, delivery: 'live' as const }]
      const expected = discount > 0 ? 'discounts_used' : null
      expect(codeOf(about({ contacts }), request({ action: TEN })), key).toBe(expected)
    }
  })
})
