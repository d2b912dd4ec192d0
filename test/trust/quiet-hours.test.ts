/**
 * Quiet hours in every time zone and every country, around both changes of the clocks. What the guard lets go is held
 * against two clocks on the wall that it does not use: ICU's own words, and the database's time zones.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { random } from '../../models/random.ts'
import { guard, type GuardFact, type GuardRequest } from '../../src/loop/guard.ts'
import { DAY_MS, isPlace, offsetAt, weekendOf, zonesOfCountry } from '../../src/loop/zones.ts'
import { parseServiceSettings } from '../../src/settings/service.ts'
import type { Database } from '../../src/store/database.ts'
import { databaseKind, openTestDatabase } from '../support/database.ts'
import { clockOf } from '../support/wall-clock.ts'
import { FULL } from './size.ts'

/** Longest that a conversation with a provider may take. */
const ARRIVES_MS = 100_000
/** The year in which zones skipped a day, this one, and, where the whole is asked for, a leap year. */
const YEARS = FULL ? [2011, 2026, 2028] : [2011, 2026]
/** Around each change, every hour of so many before and after it, and so many instants at random. */
const [HOURS, RANDOM] = FULL ? [30, 20] : [10, 8]
const ZONES = Intl.supportedValuesOf('timeZone').filter(isPlace)
const NOTHING: GuardFact = { company: false, contacts: [], holds: [], context: {}, asOf: null }
const settings = parseServiceSettings({})
const action = { key: 'email', discount: 0 }

const request = (recipient: Partial<GuardRequest['recipient']>, now: Date): GuardRequest => ({
  action,
  channel: 'email',
  recipient: { zone: null, country: null, phoneCountry: null, language: 'en', ...recipient },
  settings,
  now,
  expiresAt: new Date(now.getTime() + 14 * DAY_MS),
  delivery: 'live',
})

/** Instants at which the clocks of a zone change in a year: the first millisecond of the other offset. */
function changesOf(zone: string, year: number): number[] {
  const changes: number[] = []
  for (let day = Date.UTC(year, 0, 1); day < Date.UTC(year + 1, 0, 1); day += DAY_MS) {
    if (offsetAt(zone, day) === offsetAt(zone, day + DAY_MS)) continue
    let [before, after] = [day, day + DAY_MS]
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2)
      if (offsetAt(zone, middle) === offsetAt(zone, day)) before = middle
      else after = middle
    }
    changes.push(after)
  }
  return changes
}

/** Around each change, at its very edges, and at random; a year without any has its solstices. */
function instantsOf(zone: string, draw: () => number): number[] {
  return YEARS.flatMap((year) => {
    const changes = changesOf(zone, year)
    const around = changes.length === 0 ? [Date.UTC(year, 5, 21), Date.UTC(year, 11, 21)] : changes
    return around.flatMap((change) => [
      ...Array.from({ length: 2 * HOURS }, (_, at) => change + (at - HOURS) * 3_600_000),
      ...[-1, 0, 1].map((ms) => change + ms),
      ...Array.from({ length: RANDOM }, () => change + Math.floor((draw() - 0.5) * 3 * DAY_MS)),
    ])
  })
}

const isDecent = (minute: number): boolean => minute >= 8 * 60 && minute < 21 * 60
const wasDecent = (zone: string, at: number): boolean =>
  isDecent(clockOf(zone, at).minute) && isDecent(clockOf(zone, at + ARRIVES_MS).minute)

/** What is sent at once, or as soon as the guard says; null where it never is. */
function sentAt(recipient: Partial<GuardRequest['recipient']>, at: number, fact = NOTHING): number | null {
  const asked = request(recipient, new Date(at))
  const verdict = guard(fact, asked)
  if (verdict === null) return at
  if (verdict.until === undefined) return null
  // Whoever comes back at that time is let go, and not put off once more.
  expect(guard(fact, { ...asked, now: verdict.until })).toBeNull()
  return verdict.until.getTime()
}

let database: Database
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())

describe(`quiet hours (${databaseKind})`, () => {
  it('hold in every zone around every change of its clocks: 0 sent outside, by two clocks', async () => {
    const { next } = random(6)
    let asked = 0
    let changes = 0
    const outside: string[] = []
    const late: string[] = []
    const disagreeing = new Set<string>()
    for (const zone of ZONES) {
      changes += YEARS.reduce((sum, year) => sum + changesOf(zone, year).length, 0)
      const sends: number[] = []
      for (const at of instantsOf(zone, next)) {
        asked++
        const sent = sentAt({ zone }, at)
        if (sent === null || !wasDecent(zone, sent))
          outside.push(`${zone} ${new Date(sent ?? at).toISOString()}`)
        else sends.push(sent)
        // The first that is allowed, not just one that is: the whole span before it was outside.
        const until = sent ?? at
        for (let step = at; step < until; step += 1_800_000)
          if (wasDecent(zone, step) && wasDecent(zone, step + 20_000))
            late.push(`${zone} ${new Date(step).toISOString()}`)
      }
      const rows = await database
        .asSystem('a test', (tx) =>
          tx.query<{ at: string; minute: number }>(
            `select t::text as at, extract(hour from w)::integer * 60 + extract(minute from w)::integer as minute
           from unnest($2::float8[]) as s (t), lateral (select to_timestamp(t / 1000) at time zone $1 as w) as wall`,
            [zone, sends],
          ),
        )
        .catch(() => null)
      if (rows === null) disagreeing.add(`${zone} (unknown)`)
      else
        for (const [at, { minute }] of rows.entries())
          if (minute !== clockOf(zone, sends[at]).minute) disagreeing.add(zone)
          else if (!isDecent(minute)) outside.push(`${zone} ${new Date(sends[at]).toISOString()} (database)`)
    }
    process.stdout.write(
      `${ZONES.length} zones, ${changes} clock changes, ${asked} asked, ${outside.length} sent outside; ` +
        `the database has other rules for ${disagreeing.size}: ${[...disagreeing].join(', ')}\n`,
    )
    expect(ZONES.length).toBeGreaterThan(400)
    expect(changes).toBeGreaterThan(YEARS.length * 250)
    expect(outside).toEqual([])
    expect(late).toEqual([])
    // Rules that are decided on late reach one table before the other.
    expect(disagreeing.size).toBeLessThan(ZONES.length / 20)
  })

  it('hold in all zones of a country whose people are known to be there and nothing else: 0 sent outside', () => {
    const { next } = random(7)
    const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']
    const countries = letters
      .flatMap((a) => letters.map((b) => a + b))
      .filter((one) => zonesOfCountry(one).length > 0)
    let sends = 0
    const outside: string[] = []
    for (const country of countries) {
      const zones = zonesOfCountry(country)
      for (let n = 0; n < 40; n++) {
        const at = Date.UTC(2026, 0, 1) + Math.floor(next() * 365) * DAY_MS + Math.floor(next() * DAY_MS)
        const sent = sentAt({ country }, at)
        if (sent === null) continue
        sends++
        for (const zone of zones)
          if (!wasDecent(zone, sent)) outside.push(`${country} ${zone} ${new Date(sent).toISOString()}`)
      }
    }
    process.stdout.write(`${countries.length} countries, ${sends} sent, ${outside.length} outside\n`)
    expect(countries.length).toBeGreaterThan(230)
    expect(sends).toBeGreaterThan(9000)
    expect(outside).toEqual([])
  })

  it('and business days hold for companies in every zone: 0 sent at a weekend or on a holiday', () => {
    const { next } = random(8)
    const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
    const withHolidays = { ...settings, guard: { ...settings.guard, holidays: { all: ['02-29', '12-25'] } } }
    const company = { ...NOTHING, company: true }
    const outside: string[] = []
    for (const [at, zone] of ZONES.entries()) {
      const country = ['AT', 'SA', 'US', 'IL'][at % 4]
      for (let n = 0; n < 30; n++) {
        const start =
          n % 3 === 0 ? Date.UTC(2028, 1, 27) : n % 3 === 1 ? Date.UTC(2026, 11, 23) : Date.UTC(2026, 2, 1)
        const now = new Date(start + Math.floor(next() * 4 * DAY_MS))
        const verdict = guard(company, { ...request({ zone, country }, now), settings: withHolidays })
        const { date, weekday } = clockOf(zone, (verdict?.until ?? now).getTime())
        const off = weekendOf(country).includes(weekdays.indexOf(weekday) + 1)
        if (off || /-(02-29|12-25)$/.test(date)) outside.push(`${zone} ${country} ${date} ${weekday}`)
      }
    }
    expect(outside).toEqual([])
  })

  it('let nothing go to somebody of whom no zone is known, at any hour', () => {
    const { next } = random(9)
    const sent = Array.from(
      { length: 2000 },
      () => Date.UTC(2026, 0, 1) + Math.floor(next() * 365 * DAY_MS),
    ).filter(
      (at) =>
        sentAt({}, at) !== null ||
        sentAt({ zone: 'UTC' }, at) !== null ||
        sentAt({ zone: 'Etc/GMT+8', country: 'ZZ' }, at) !== null,
    )
    expect(sent).toEqual([])
  })
})
