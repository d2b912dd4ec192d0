import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asCustomer, asIntervention, type ConnectionId, type TenantId } from '../../../src/contracts/ids.ts'
import type { Database, Transaction } from '../../../src/store/database.ts'
import { moveIntervention } from '../../../src/store/intervention-moves.ts'
import { watchConnections } from '../../../src/store/reads/connections.ts'
import { readCustomer } from '../../../src/store/reads/customer.ts'
import { listCustomers, type CustomerPage } from '../../../src/store/reads/customers.ts'
import { customerFilter } from '../../../src/contracts/customer-filter.ts'
import { resolveFilter } from '../../../src/store/reads/customer-filter.ts'
import { listDecisions } from '../../../src/store/reads/decisions.ts'
import {
  countInterventions,
  listInterventions,
  readWholeIntervention,
} from '../../../src/store/reads/interventions.ts'
import type { Page } from '../../../src/store/reads/paging.ts'
import { listRuns } from '../../../src/store/reads/runs.ts'
import { scoresInForce } from '../../../src/store/reads/scores.ts'
import { createTotals, readTotals } from '../../../src/store/reads/totals.ts'
import { endRun, startRun } from '../../../src/store/runs.ts'
import { refreshStatistics } from '../../../src/store/statistics.ts'
import { requestStep } from '../../../src/store/steps.ts'
import { fillBook } from '../../support/book.ts'
import { addConnection, addTenant, databaseKind, openTestDatabase } from '../../support/database.ts'
import { addIntervention } from '../../support/ledger.ts'

let database: Database
let tenant: TenantId
let other: TenantId
let connection: ConnectionId
let first: number
let last: number

beforeAll(async () => {
  database = await openTestDatabase()
  tenant = await addTenant(database)
  other = await addTenant(database, 'Another company')
  connection = await addConnection(database, tenant)
  ;({ first, last } = await fillBook(database, tenant, connection, { count: 300, decided: 0.5 }))
  await fillBook(database, other, await addConnection(database, other), { count: 5, decided: 1 })
})
afterAll(() => database.close())

const read = <T>(work: (tx: Transaction) => Promise<T>, as = tenant) => database.withTenant(as, work)

/** A page of customers; filters as a query has them. */
async function customers(
  tx: Transaction,
  { sort = 'value', limit, cursor, ...query }: Partial<CustomerPage> & Readonly<Record<string, unknown>>,
) {
  const terms = { now: new Date(), addressKey: null, people: true }
  const wanted = await resolveFilter(tx, customerFilter.parse(query), terms)
  return listCustomers(tx, wanted, { sort, limit, cursor })
}

/** Every page from the first to the last. */
async function everything<T>(page: (cursor: string | null) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = []
  for (let cursor: string | null = null, n = 0; n < 100; n++) {
    const { items: some, next } = await page(cursor)
    items.push(...some)
    if (next === null) return items
    cursor = next
  }
  throw new Error('The pages do not end.')
}

describe(`lists of the store (${databaseKind})`, () => {
  it.each(['value', 'probability'] as const)(
    'pages by %s through every customer once, in order',
    async (sort) => {
      const found = await everything((cursor) => read((tx) => customers(tx, { sort, cursor, limit: 17 })))
      expect(new Set(found.map(({ id }) => id)).size).toBe(270)
      expect(found).toHaveLength(270)
      const by = found.map((line) => (sort === 'value' ? line.valueAtRiskMinor : line.probability) ?? -1)
      expect(by).toEqual(by.toSorted((a, b) => b - a))
    },
  )

  it('puts customers of unknown value last, and pages through them', async () => {
    await read((tx) =>
      tx.query(
        `update scores set value_at_risk_minor = null, monthly_minor = null, currency = null
         where tenant_id = $1 and customer_id % 7 = 1`,
        [tenant],
      ),
    )
    const found = await everything((cursor) => read((tx) => customers(tx, { cursor, limit: 10 })))
    const unknown = found.findIndex((line) => line.valueAtRiskMinor === null)
    expect(found).toHaveLength(270)
    expect(unknown).toBeGreaterThan(200)
    expect(found.slice(unknown).every((line) => line.valueAtRiskMinor === null)).toBe(true)
    expect(new Set(found.map(({ id }) => id)).size).toBe(270)
  })

  it('lists those of a level, of a status, of a connection, and the one of an id in the CRM', async () => {
    const high = await read((tx) => customers(tx, { level: 'HIGH', limit: 200 }))
    expect(high.items.length).toBeGreaterThan(5)
    expect(high.items.every((line) => line.level === 'HIGH')).toBe(true)
    const left = await read((tx) => customers(tx, { status: 'left' }))
    expect(left.items).toHaveLength(30)
    const nowhere = await read((tx) => customers(tx, { connection: randomUUID() as ConnectionId }))
    expect(nowhere.items).toEqual([])
    const one = await read((tx) => customers(tx, { connection, externalId: 'C-77' }))
    expect(one.items.map(({ externalId }) => externalId)).toEqual(['C-77'])
  })

  it('shows the newest decision and intervention of a customer in its line', async () => {
    const id = asIntervention(randomUUID())
    const place = { tenant, connection, customer: asCustomer(first) }
    await addIntervention(database, place, { state: 'awaiting_approval', actionKey: 'email', id })
    const line = (await read((tx) => customers(tx, { externalId: 'C-1', connection }))).items[0]
    expect(line.decision).toMatchObject({ period: '2026-11', currency: 'EUR' })
    expect(line.intervention).toMatchObject({ id, state: 'awaiting_approval' })
    const undecided = (await read((tx) => customers(tx, { externalId: 'C-299', connection }))).items[0]
    expect(undecided.decision).toBeNull()
    expect(undecided.intervention).toBeNull()
  })

  it('refuses a cursor of another list, and one that was made up', async () => {
    const { next } = await read((tx) => customers(tx, { limit: 1 }))
    const wrong = [next, 'e30', 'not a cursor', Buffer.from('["decisions",["x"]]').toString('base64url')]
    for (const cursor of wrong)
      await expect(read((tx) => listDecisions(tx, { cursor }))).rejects.toMatchObject({
        code: 'request_invalid',
      })
    await expect(read((tx) => customers(tx, { sort: 'probability', cursor: next }))).rejects.toMatchObject({
      code: 'request_invalid',
    })
  })

  it('bounds the size of a page', async () => {
    expect((await read((tx) => customers(tx, { limit: 10_000 }))).items).toHaveLength(200)
    expect((await read((tx) => customers(tx, { limit: -3 }))).items).toHaveLength(1)
  })

  it('pages through decisions newest first, by period, action and customer', async () => {
    const all = await everything((cursor) => read((tx) => listDecisions(tx, { cursor, limit: 20 })))
    expect(all).toHaveLength(150)
    expect(all.map(({ id }) => id)).toEqual(all.map(({ id }) => id).toSorted((a, b) => b - a))
    expect((await read((tx) => listDecisions(tx, { period: '2026-10' }))).items).toEqual([])
    const email = await read((tx) => listDecisions(tx, { action: 'email', limit: 200 }))
    expect(email.items).toHaveLength(all.filter(({ actionKey }) => actionKey === 'email').length)
    const of = await read((tx) => listDecisions(tx, { customer: asCustomer(first) }))
    expect(of.items.map(({ customer }) => customer)).toEqual([first])
  })

  it('pages through interventions that moved in the same microsecond', async () => {
    const customer = asCustomer(first + 5)
    await Promise.all(
      Array.from({ length: 23 }, () => addIntervention(database, { tenant, connection, customer })),
    )
    await read((tx) =>
      tx.query(
        `update interventions set updated_at = '2026-11-20T10:00:00.123456Z' where tenant_id = $1 and customer_id = $2`,
        [tenant, customer],
      ),
    )
    const found = await everything((cursor) =>
      read((tx) => listInterventions(tx, { customer, cursor, limit: 5 })),
    )
    expect(new Set(found.map(({ id }) => id)).size).toBe(23)
    expect(found).toHaveLength(23)
    const counts = await read(countInterventions)
    expect(counts.planned).toBe(23)
    expect(
      (await read((tx) => listInterventions(tx, { state: ['planned'], limit: 200 }))).items,
    ).toHaveLength(23)
  })

  it('reads an intervention with its events in order', async () => {
    const id = await addIntervention(database, { tenant, connection, customer: asCustomer(first + 6) })
    await read((tx) =>
      moveIntervention(tx, { id, from: ['planned'], to: 'cancelled', actor: 'user:ada', reason: 'Not now.' }),
    )
    const whole = await read((tx) => readWholeIntervention(tx, id))
    expect(whole.events.map(({ fromState, toState }) => [fromState, toState])).toEqual([
      [null, 'planned'],
      ['planned', 'cancelled'],
    ])
    expect(whole).toMatchObject({ state: 'cancelled', reason: 'Not now.' })
    await expect(read((tx) => readWholeIntervention(tx, id), other)).rejects.toMatchObject({
      code: 'not_found',
    })
  })

  it('reads a customer whole, without the addresses of its people', async () => {
    const id = asCustomer(first + 2)
    await read((tx) =>
      tx.query(
        `insert into recipients (tenant_id, customer_id, external_id, name, email, email_hash, phone, phone_hash)
         values ($1, $2, 'p1', 'Grace', 'grace@example.com', '\\x01', '+4312345', '\\x02')`,
        [tenant, id],
      ),
    )
    await read((tx) =>
      tx.query(
        `insert into consents (tenant_id, address_hash, channel, status, source, changed_at) values
           ($1, '\\x01', 'email', 'refused', 'test', '2026-01-01'), ($1, '\\x01', 'email', 'granted', 'test', '2026-02-01'),
           ($1, '\\x02', 'sms', 'granted', 'test', '2026-02-01')`,
        [tenant],
      ),
    )
    await read((tx) =>
      tx.query(
        `insert into suppressions (tenant_id, address_hash, channel, reason, source) values ($1, '\\x02', 'sms', 'by_hand', 'test')`,
        [tenant],
      ),
    )
    await addIntervention(database, { tenant, connection, customer: id })
    const whole = await read((tx) => readCustomer(tx, id, new Date()))
    expect(whole.recipients).toEqual([
      {
        name: 'Grace',
        role: null,
        language: null,
        zone: null,
        country: null,
        hasEmail: true,
        hasPhone: true,
        consent: { email: 'granted', sms: 'suppressed', call: null },
        consentSource: {
          email: { source: 'test', at: new Date('2026-02-01T00:00:00Z') },
          sms: { source: 'test', at: expect.any(Date) },
          call: null,
        },
      },
    ])
    expect(JSON.stringify(whole)).not.toContain('grace@')
    expect(whole.score?.reasons[0].sentence).toContain('month to month')
    expect(whole.history).toHaveLength(1)
    expect(whole.decision?.actions).toHaveLength(6)
    expect(whole.decision?.actions[1]).toMatchObject({
      key: 'email',
      masked: 'open',
      expectedValueMinor: 512,
    })
    expect(whole.interventions[0].events).toHaveLength(1)
    await expect(read((tx) => readCustomer(tx, id, new Date()), other)).rejects.toMatchObject({
      code: 'not_found',
    })
  })

  it('sums value at risk by level and currency, over the population alone', async () => {
    const totals = await read((tx) => readTotals(tx))
    const all = await everything((cursor) => read((tx) => customers(tx, { cursor, limit: 200 })))
    const high = all.filter((line) => line.level === 'HIGH' && line.currency === 'EUR')
    expect(totals.customers).toBe(270)
    expect(totals.distribution.reduce((sum, n) => sum + n, 0)).toBe(270)
    expect(totals.byLevel.find((sum) => sum.level === 'HIGH' && sum.currency === 'EUR')).toEqual({
      level: 'HIGH',
      currency: 'EUR',
      customers: high.length,
      valueAtRiskMinor: high.reduce((sum, line) => sum + (line.valueAtRiskMinor ?? 0), 0),
      yearlyMinor: high.reduce((sum, line) => sum + 12 * (line.monthlyMinor ?? 0), 0),
    })
    expect(totals.byLevel.some((sum) => sum.currency === null && sum.valueAtRiskMinor === 0)).toBe(true)
  })

  it('goes over the book once for all who ask at a time, tenant by tenant', async () => {
    let opened = 0
    const counting: Database = {
      ...database,
      withTenant: (of, work) => {
        opened++
        return database.withTenant(of, work)
      },
    }
    let now = 0
    const totals = createTotals(counting, { maxAgeMs: 1000, now: () => now })
    const [a, b, theirs] = await Promise.all([totals(tenant), totals(tenant), totals(other)])
    expect(b).toBe(a)
    expect(theirs.customers).toBe(5)
    expect(opened).toBe(2)
    now = 1000
    await totals(tenant)
    expect(opened).toBe(3)
  })

  it('shows connections with each step, its error and its last run', async () => {
    await read(async (tx) => {
      for (const step of ['score', 'sync']) await requestStep(tx, { connection, step, cause: 'api' })
      await endRun(tx, await startRun(tx, { connection, step: 'sync', cause: 'first' }), {
        status: 'failed',
        error: { code: 'input_missing', message: 'There is no file customers.csv.' },
      })
      await tx.query(
        `update steps set error_code = 'input_missing', error_message = 'There is no file customers.csv.'
         where tenant_id = $1 and step = 'sync'`,
        [tenant],
      )
    })
    const [view] = await read(watchConnections)
    // The third: a move of the ledger above asked for it.
    expect(view.steps.map(({ step }) => step)).toEqual(['sync', 'score', 'write_back'])
    expect(view.steps[0]).toMatchObject({ running: false, error: { code: 'input_missing' } })
    expect(view.steps[0].lastRun).toMatchObject({ status: 'failed', cause: 'first' })
    expect(view.steps[0].lastRun?.startedAt).toBeInstanceOf(Date)
    expect(view.steps[1].lastRun).toBeNull()
    const runs = await read((tx) => listRuns(tx, { status: 'failed' }))
    expect(runs.items[0].error?.message).toContain('customers.csv')
  })

  it('reads scores in force by id, and nothing of another tenant or of who left', async () => {
    const asked = [first, first + 1, last].map(asCustomer)
    const found = await read((tx) => scoresInForce(tx, asked))
    // The last of 300 left the population.
    expect(found.map(({ customer }) => customer).toSorted((a, b) => a - b)).toEqual([first, first + 1])
    expect(found[0].state).toHaveLength(10)
    expect(await read((tx) => scoresInForce(tx, asked), other)).toHaveLength(
      (await read((tx) => customers(tx, {}), other)).items.filter(({ id }) => asked.includes(id)).length,
    )
  })

  it('tells the planner about the tables, which the embedded database does not do by itself', async () => {
    await database.asSystem('a test', refreshStatistics)
    const rows = await database.asSystem('a test', (tx) =>
      tx.query("select from pg_stats where tablename = 'scores' and attname = 'level'"),
    )
    expect(rows.length).toBe(1)
  })
})
