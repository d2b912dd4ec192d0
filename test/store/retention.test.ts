import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { pino } from 'pino'
import { retain } from '../../src/loop/retain.ts'
import { foldChanges, propertyChanges } from '../../src/store/property-changes.ts'
import { retentionRuns, tenantsToAge } from '../../src/store/retention.ts'
import { currentSettings, saveSettings } from '../../src/store/settings-versions.ts'
import type { Database, Transaction } from '../../src/store/database.ts'
import { databaseKind, openTestDatabase } from '../support/database.ts'
import { addHeldPerson, type HeldPerson } from '../support/person.ts'

const DAY = 86_400_000
/** Everything of the person is of this day. */
const THEN = new Date('2026-11-20T08:00:00Z')
const daysLater = (days: number): Date => new Date(THEN.getTime() + days * DAY)

let database: Database
let person: HeldPerson

beforeAll(async () => {
  database = await openTestDatabase()
})
beforeEach(async () => {
  person = await addHeldPerson(database, { at: THEN })
  // What the database dated itself is of that day, too.
  await database.asSystem('a test', async (tx) => {
    for (const [table, columns] of DATED)
      await tx.query(
        `update ${table} set ${columns.map((column) => `${column} = $2`).join(', ')} where tenant_id = $1`,
        [person.tenant, THEN],
      )
  })
})
afterAll(() => database.close())

const DATED: readonly (readonly [string, readonly string[]])[] = [
  ['audit_log', ['at']],
  ['interventions', ['created_at', 'updated_at']],
  ['idempotent_requests', ['created_at']],
  ['delivery_events', ['recorded_at']],
  ['webhook_receipts', ['received_at', 'processed_at']],
  ['customers', ['status_since']],
  ['property_changes', ['recorded_at']],
]

const here = <T>(work: (tx: Transaction) => Promise<T>): Promise<T> =>
  database.withTenant(person.tenant, work)
const sql = (text: string, values: readonly unknown[] = []) => here((tx) => tx.query(text, values))
const many = async (table: string, where = 'true'): Promise<number> =>
  ((await sql(`select count(*)::integer as many from ${table} where ${where}`))[0] as { many: number }).many

/** Ages as of so many days later; the database's own time is not looked at. */
const age = (days: number, { batch = 1000, signal = new AbortController().signal } = {}) =>
  retain({ database, clock: () => daysLater(days), log: pino({ level: 'silent' }) }, person.tenant, {
    signal,
    batch,
  })

const settings = (retention: object) =>
  here(async (tx) => {
    const { version } = await currentSettings(tx)
    await saveSettings(tx, { retention }, { expected: version, author: 'test' })
  })

describe(`retention (${databaseKind})`, () => {
  it('deletes nothing of what is young, and says so', async () => {
    const before = await many('audit_log')
    expect(await age(2)).toEqual({})
    expect(await many('audit_log')).toBe(before)
    expect(await here((tx) => retentionRuns(tx, 5))).toMatchObject([{ counts: {}, finishedAt: daysLater(2) }])
  })

  it('deletes what is older than its days, each kind by its own setting', async () => {
    await settings({ webhookReceipts: 3, keptAnswers: 10, sessions: 20, notices: 30, auditLog: 90 })
    await sql(`update told set state = 'sent', ended_at = $1`, [THEN])
    expect(await age(4)).toEqual({ webhookReceipts: 1 })
    expect(await age(11)).toEqual({ keptAnswers: 1 })
    expect(await age(21)).toEqual({ sessions: 2 })
    expect(await age(31)).toEqual({ notices: 1 })
    const audited = await many('audit_log')
    expect(await age(89)).toEqual({})
    // Reading it again, since running and being audited are of now.
    expect(await age(91)).toEqual({ auditLog: audited })
  })

  it('keeps for good what the settings say so of', async () => {
    await settings(
      Object.fromEntries(
        [
          'scoreHistory',
          'propertyChanges',
          'customersLeft',
          'messages',
          'auditLog',
          'sessions',
          'webhookReceipts',
        ]
          .concat('keptAnswers', 'notices', 'exports')
          .map((name) => [name, null]),
      ),
    )
    await sql(`update customers set status = 'left', status_since = $1`, [THEN])
    expect(await age(20_000)).toEqual({})
  })

  it('takes texts and addresses out of messages that ended, and leaves the ledger and the budget as they were', async () => {
    const ledger = () =>
      sql(
        `select id, state, action_key, planned_cost_minor, reserved_minor, committed_minor, sent_at, address_hash
         from interventions order by id`,
      )
    const budget = () => sql('select * from budget_entries order by id')
    const before = { ledger: await ledger(), budget: await budget() }
    expect(await age(366)).toMatchObject({ messages: 1 })
    expect(await sql('select message from interventions where message is not null order by state')).toEqual([
      // It has not gone out: it is what would.
      { message: expect.objectContaining({ subject: expect.stringContaining('Dear') as string }) as object },
      { message: { delivery: 'live', recipientId: person.contact } },
    ])
    expect(await sql('select detail from delivery_events')).toEqual([{ detail: null }])
    expect({ ledger: await ledger(), budget: await budget() }).toEqual(before)
    expect(await age(367)).toEqual({})
  })

  it('lets a message be until it is on the timeline', async () => {
    await sql(
      `insert into activities (tenant_id, intervention_id, connection_id)
       select tenant_id, id, connection_id from interventions where state = 'sent'`,
    )
    await age(366)
    expect(await many('interventions', `message ->> 'text' is not null and state = 'sent'`)).toBe(1)
    await sql(`update activities set state = 'logged'`)
    await age(367)
    expect(await many('interventions', `message ->> 'text' is not null and state = 'sent'`)).toBe(0)
  })

  it('draws old changes together so that folding them still gives the properties of now', async () => {
    const change = (days: number, changes: object) =>
      sql(
        'insert into property_changes (tenant_id, customer_id, valid_at, recorded_at, changes) values ($1, $2, $3, $3, $4)',
        [person.tenant, person.self, daysLater(days), JSON.stringify(changes)],
      )
    await change(10, { plan: 'Team', seats: 3 })
    await change(20, { seats: 4, note: 'x' })
    await change(30, { note: null })
    await change(1200, { seats: 5 })
    const folded = () => here(async (tx) => foldChanges(await propertyChanges(tx, person.self)))
    const before = await folded()
    expect(await age(1250)).toMatchObject({ propertyChanges: 3 })
    expect(await folded()).toEqual(before)
    const rows = await here((tx) => propertyChanges(tx, person.self))
    expect(rows.map(({ changes }) => changes)).toEqual([
      { email: 'ann.ohara@example.com', plan: 'Team', seats: 4 },
      { seats: 5 },
    ])
    // As it was known at the time that is kept.
    expect(rows[0].validAt).toEqual(daysLater(30))
    expect(await age(1251)).not.toHaveProperty('propertyChanges')
  })

  it('keeps the newest of the old scores of each customer, by which a change is still told', async () => {
    for (const days of [10, 20, 30, 1200])
      await sql(
        `insert into score_history (tenant_id, customer_id, scored_at, probability, level, model_hash)
         values ($1, $2, $3, $4, 'LOW', 'm')`,
        [person.tenant, person.self, daysLater(days), days / 10_000],
      )
    expect(await age(1250)).toMatchObject({ scoreHistory: 3 })
    expect(await sql('select scored_at from score_history order by scored_at')).toEqual([
      { scored_at: daysLater(30) },
      { scored_at: daysLater(1200) },
    ])
  })

  describe('of customers who left', () => {
    const leave = () =>
      sql(`update customers set status = 'left', status_since = $2 where id = $1`, [person.self, THEN])
    const isThere = () => many('customers', `id = ${person.self}`)
    const ended = () => sql(`update interventions set state = 'cancelled', reason_code = 'test'`)

    it('deletes them whole, with what they were decided and sent', async () => {
      await leave()
      await ended()
      await sql(`update offers set ended_at = $1`, [THEN])
      const entries = await many('budget_entries')
      expect(await age(1094)).not.toHaveProperty('customersLeft')
      await sql(`update interventions set updated_at = $1`, [THEN])
      expect(await age(1096)).toMatchObject({ customersLeft: 1 })
      expect(await isThere()).toBe(0)
      for (const table of ['decisions', 'outcomes', 'scores', 'offers'])
        expect(await many(table, table === 'offers' ? 'true' : `customer_id = ${person.self}`), table).toBe(0)
      expect(await many('budget_entries')).toBeGreaterThanOrEqual(entries)
    })

    const KEEPS: Readonly<Record<string, () => Promise<unknown>>> = {
      'something of theirs is on its way': () =>
        sql(`update interventions set state = 'awaiting_approval' where customer_id = $1`, [person.self]),
      'something was done for them since': () =>
        sql(`update interventions set created_at = $1`, [daysLater(30)]),
      'a decision on them has still to be measured': () =>
        database.asSystem('a test', (tx) =>
          tx.query(`update decisions set decided_at = $2 where tenant_id = $1`, [
            person.tenant,
            daysLater(30),
          ]),
        ),
      'an offer that they took still costs something': () =>
        sql(`update offers set ended_at = null, status = 'redeemed', months = 60`),
      'what an offer took to make is not booked': () => sql(`update offers set making_minor = 5`),
      'somebody else took them over': () =>
        sql('update customers set merged_into = $1 where id = $2', [person.company, person.self]),
      'they are customers': () => sql(`update customers set status = 'active'`),
    }
    it.each(Object.keys(KEEPS))('keeps them while %s', async (why) => {
      await leave()
      await ended()
      await sql(`update offers set ended_at = $1`, [THEN])
      await KEEPS[why]()
      expect(await age(1100)).not.toHaveProperty('customersLeft')
      expect(await isThere()).toBe(1)
    })
  })

  it('works in small batches, goes on where it was broken off, and counts what it did all in all', async () => {
    await settings({ auditLog: 90 })
    await here((tx) =>
      tx.query(
        `insert into audit_log (tenant_id, at, actor, action) select $1, $2, 'test', 'n' || n from generate_series(1, 50) n`,
        [person.tenant, THEN],
      ),
    )
    const all = await many('audit_log', `at < '${daysLater(1).toISOString()}'`)
    const stop = new AbortController()
    let transactions = 0
    const breaking: Pick<Database, 'withTenant' | 'asSystem'> = {
      ...database,
      withTenant: (tenant, work, options) => {
        if (++transactions === 12) stop.abort()
        return database.withTenant(tenant, work, options)
      },
    }
    const services = { clock: () => daysLater(200), log: pino({ level: 'silent' }) }
    const broken = await retain({ ...services, database: { ...database, ...breaking } }, person.tenant, {
      signal: stop.signal,
      batch: 5,
    })
    expect(broken).toBeNull()
    const left = await many('audit_log', `at < '${daysLater(1).toISOString()}'`)
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThan(all)
    expect(await age(200, { batch: 5 })).toMatchObject({ auditLog: all })
    expect(await here((tx) => retentionRuns(tx, 5))).toHaveLength(1)
  })

  it('gives each company its turn once a day, to one process', async () => {
    const turns = () =>
      database.asSystem('a test', (tx) => tenantsToAge(tx, { seconds: 86_400, limit: 1000 }))
    const first = await Promise.all([turns(), turns(), turns()])
    expect(first.flat().filter((tenant) => tenant === person.tenant)).toHaveLength(1)
    expect(await turns()).not.toContain(person.tenant)
  })
})
