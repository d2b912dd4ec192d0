import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asCustomer, asIntervention, type ConnectionId, type TenantId } from '../../src/contracts/ids.ts'
import { decideBook } from '../../src/loop/decide-book.ts'
import { observe } from '../../src/loop/observe.ts'
import type { LoopServices } from '../../src/loop/services.ts'
import type { Database } from '../../src/store/database.ts'
import { noteIntervention } from '../../src/store/intervention-moves.ts'
import { appendOutcomes, type Outcome } from '../../src/store/outcomes.ts'
import { databaseKind, openTestDatabase } from '../support/database.ts'
import { addIntervention } from '../support/ledger.ts'
import { addBook, addScored, loopServices, stepContext } from './decidable.ts'

const DECIDED = new Date('2026-01-10T08:00:00Z')
const DAY = 86_400_000
/** So many days after the decision. */
const day = (days: number): Date => new Date(DECIDED.getTime() + days * DAY)

let database: Database
let services: LoopServices
let now = DECIDED
beforeAll(async () => {
  database = await openTestDatabase()
  services = loopServices(database, () => now)
})
afterAll(async () => {
  await services.engines.close()
  await database.close()
})

interface Place {
  readonly tenant: TenantId
  readonly connection: ConnectionId
}

interface OutcomeRow {
  readonly external_id: string
  readonly days: number
  readonly churned: boolean | null
  readonly censored: boolean
  readonly cause: string
  readonly left_at: Date | null
  readonly renewed: boolean | null
  readonly monthly_minor: number | null
  readonly revenue_minor: number | null
  readonly intervention_state: string | null
  readonly delivery: string | null
  readonly sent_at: Date | null
  readonly opted_out_at: Date | null
  readonly cost_minor: number | null
  readonly reward_minor: number | null
  readonly observed_at: Date
}

const run = <Row extends object>({ tenant }: Place, text: string, values: readonly unknown[] = []) =>
  database.withTenant(tenant, (tx) => tx.query<Row>(text, values))

/** Customers from 1 on, decided on, as they were on that day. */
async function decided({
  count = 20,
  settings = {},
  population = { kind: 'everyone' } as object,
  /** From this customer on nothing is done for anybody, which is decided sooner. */
  heldOutFrom = Infinity,
} = {}): Promise<Place> {
  const book = await addBook(database, { settings })
  now = DECIDED
  await database.withTenant(book.tenant, (tx) =>
    tx.query('update connections set population = $2 where tenant_id = $1', [
      book.tenant,
      JSON.stringify(population),
    ]),
  )
  await addScored(database, book, 1, count)
  await run(
    book,
    `update customers set status_since = $1,
       group_name = case when external_id::float8 >= $2 then 'holdout' else group_name end`,
    [day(-5), heldOutFrom],
  )
  await decideBook(services, stepContext(book.tenant, book.connection))
  return book
}

/** A whole sync that began then. */
const read = (book: Place, at: Date) =>
  run(
    book,
    `insert into runs (tenant_id, id, connection_id, step, cause, status, started_at, finished_at)
     values ($1, gen_random_uuid(), $2, 'sync', 'test', 'done', $3, $3)`,
    [book.tenant, book.connection, at],
  )

/** As a sync leaves it that finds the record changed. */
async function leaves(book: Place, id: number, at: Date, source = at): Promise<void> {
  await run(
    book,
    `with turned as (
       update customers set status = 'left', status_since = $3 where external_id = $2 returning id)
     insert into property_changes (tenant_id, customer_id, valid_at, recorded_at, changes)
     select $1, id, $4, $3, '{"type": "Former"}' from turned`,
    [book.tenant, String(id), at, source],
  )
}

/** Without a change of the record. */
const turns = (book: Place, id: number, status: string, at: Date) =>
  run(book, 'update customers set status = $1, status_since = $2 where external_id = $3', [
    status,
    at,
    String(id),
  ])

/** What a customer paid a month when it was decided on. */
async function paidBy(book: Place, id: number): Promise<number> {
  const [{ paid }] = await run<{ paid: number }>(
    book,
    `select d.monthly_minor as paid from decisions d join customers c on c.id = d.customer_id where c.external_id = $1`,
    [String(id)],
  )
  return paid
}

async function observed(book: Place, at: Date): Promise<{ counts: object; rows: readonly OutcomeRow[] }> {
  now = at
  const counts = await observe(services, stepContext(book.tenant, book.connection))
  const rows = await run<OutcomeRow>(
    book,
    `select c.external_id, o.* from outcomes o join customers c on c.id = o.customer_id
     order by o.days, c.external_id::integer`,
  )
  return { counts, rows }
}

describe(`outcomes (${databaseKind})`, () => {
  it('ends what waited for a person until its time had passed', async () => {
    const place = await decided({ count: 1 })
    const [{ id }] = await run<{ id: number }>(place, 'select id from customers where tenant_id = $1', [
      place.tenant,
    ])
    const scene = { ...place, customer: asCustomer(id) }
    const waiting = await addIntervention(database, scene, {
      state: 'awaiting_approval',
      expiresAt: new Date(Date.now() - 1000),
    })
    await observe(services, stepContext(place.tenant, place.connection))
    const [{ state }] = await run<{ state: string }>(
      place,
      'select state from interventions where tenant_id = $1 and id = $2',
      [place.tenant, waiting],
    )
    expect(state).toBe('expired')
  })

  it('are measured once for each window that closed and whose source was read since', async () => {
    const book = await decided()
    await read(book, day(29))
    expect((await observed(book, day(40))).rows).toEqual([])
    await read(book, day(31))
    const first = await observed(book, day(31))
    expect(first.counts).toEqual({ observed: 20, left: 0, renewed: 0, optedOut: 0, unknown: 0 })
    expect(first.rows.every((row) => row.days === 30 && row.cause === 'stayed' && !row.censored)).toBe(true)
    expect((await observed(book, day(31))).counts).toMatchObject({ observed: 0 })

    await read(book, day(200))
    const all = await observed(book, day(200))
    expect(all.counts).toMatchObject({ observed: 60 })
    expect(all.rows.slice(0, 20)).toEqual(first.rows)
    expect([...new Set(all.rows.map((row) => row.days))]).toEqual([30, 60, 90, 180])
  })

  it('tell who left, when, and what was paid until then', async () => {
    const book = await decided()
    await leaves(book, 3, day(12), day(10))
    await read(book, day(60))
    const { counts, rows } = await observed(book, day(60))
    expect(counts).toMatchObject({ observed: 40, left: 2, unknown: 0 })
    const paid = await paidBy(book, 3)
    for (const row of [rows[2], rows[22]]) {
      expect(row).toMatchObject({ churned: true, cause: 'left', left_at: day(10), monthly_minor: 0 })
      expect(row.revenue_minor).toBe(Math.round((paid * 10) / 30.436875))
      expect(row.reward_minor).toBe(Math.round(0.6 * ((paid * 10) / 30.436875)))
    }
    expect(rows[3].revenue_minor).toBe(Math.round(((await paidBy(book, 4)) * 30) / 30.436875))
  })

  it('say why they are not known instead of guessing', async () => {
    const book = await decided()
    await leaves(book, 1, day(31))
    await leaves(book, 2, day(36))
    await leaves(book, 3, day(35), day(29))
    await leaves(book, 4, day(18))
    await turns(book, 4, 'left', day(20))
    await turns(book, 5, 'deleted', day(20))
    await turns(book, 6, 'active', day(20))
    await turns(book, 7, 'active', day(33))
    for (const at of [20, 34, 40]) await read(book, day(at))
    const { rows } = await observed(book, day(40))
    expect(rows.slice(0, 8).map(({ cause, churned, censored }) => ({ cause, churned, censored }))).toEqual([
      // No sync between the end of the window and the one that found it gone.
      { cause: 'unseen', churned: null, censored: true },
      { cause: 'stayed', churned: false, censored: false },
      { cause: 'left', churned: true, censored: false },
      { cause: 'population', churned: null, censored: true },
      { cause: 'gone', churned: true, censored: false },
      { cause: 'returned', churned: false, censored: false },
      { cause: 'away', churned: null, censored: true },
      { cause: 'stayed', churned: false, censored: false },
    ])
    expect(rows.filter((row) => row.censored).every((row) => row.reward_minor === null)).toBe(true)
  })

  it('do not take a record that was tidied up for a customer who left, but one who had left already', async () => {
    const book = await decided({ population: { kind: 'property', property: 'type', values: ['Customer'] } })
    await leaves(book, 1, day(10))
    await read(book, day(30))
    await observed(book, day(30))
    await turns(book, 1, 'deleted', day(40))
    await turns(book, 2, 'deleted', day(40))
    await read(book, day(60))
    const { rows } = await observed(book, day(60))
    expect(rows.filter((row) => row.days === 60).slice(0, 2)).toMatchObject([
      { churned: true, cause: 'left', left_at: day(10) },
      { churned: null, cause: 'deleted', left_at: null },
    ])
  })

  it('tell who renewed when a renewal was due', async () => {
    const book = await addBook(database)
    now = DECIDED
    await addScored(database, book, 1, 4)
    await run(book, 'update customers set status_since = $1', [day(-5)])
    await run(
      book,
      `insert into agreements (tenant_id, customer_id, external_id, renewal_date, auto_renewal)
       select tenant_id, id, 'a', case when external_id = '4' then date '2026-12-01' else date '2026-01-30' end,
         external_id = '2' from customers where tenant_id = $1`,
      [book.tenant],
    )
    await decideBook(services, stepContext(book.tenant, book.connection))
    await run(
      book,
      `update agreements set renewal_date = '2027-01-30' where customer_id in (select id from customers where external_id = '1')`,
    )
    await read(book, day(30))
    const { counts, rows } = await observed(book, day(30))
    // The third one's date passed and nobody said what became of it; the fourth's is to come.
    expect(rows.map((row) => row.renewed)).toEqual([true, true, null, null])
    expect(counts).toMatchObject({ renewed: 2 })
  })

  it('hold what became of the action, and what it cost within the window', async () => {
    const book = await decided({ count: 400, settings: { delivery: { approval: { discounts: false } } } })
    const plans = await run<{ id: string; action_key: string; external_id: string; share: number }>(
      book,
      `select i.id, i.action_key, c.external_id from interventions i join customers c on c.id = i.customer_id
       where i.channel = 'email' order by i.action_key desc, c.external_id::integer`,
    )
    const [live, dry, sandbox] = plans
    const carry = (id: string, state: string, delivery: string) =>
      run(
        book,
        `update interventions set state = $2, message = $3, sent_at = case when $2 <> 'dry_run' then $4::timestamptz end where id = $1`,
        [id, state, JSON.stringify({ delivery }), day(2)],
      )
    await carry(live.id, 'confirmed', 'live')
    await carry(dry.id, 'dry_run', 'dry_run')
    await carry(sandbox.id, 'sent', 'sandbox')
    await database.withTenant(book.tenant, (tx) =>
      noteIntervention(tx, {
        id: asIntervention(live.id),
        actor: 'recipient',
        reasonCode: 'unsubscribed',
        reason: 'The recipient unsubscribed.',
      }),
    )
    await database.asSystem('a test', (tx) =>
      tx.query(`update intervention_events set at = $1 where reason_code = 'unsubscribed'`, [day(3)]),
    )
    await read(book, day(30))
    const { counts, rows } = await observed(book, day(30))
    expect(counts).toMatchObject({ optedOut: 1 })
    const of = ({ external_id }: { external_id: string }) =>
      rows.find((row) => row.external_id === external_id)!
    const paid = await paidBy(book, Number(live.external_id))
    const share = { email: 0.01, discount_10: 0.1, discount_20: 0.2 }[live.action_key] ?? NaN
    expect(of(live)).toMatchObject({
      intervention_state: 'confirmed',
      delivery: 'live',
      sent_at: day(2),
      opted_out_at: day(3),
      cost_minor: Math.round((share * paid * 28) / 30.436875),
    })
    expect(of(live).reward_minor).toBe(
      Math.round((0.6 * paid * 30) / 30.436875 - (share * paid * 28) / 30.436875),
    )
    expect(of(dry)).toMatchObject({ delivery: 'dry_run', intervention_state: 'dry_run', cost_minor: 0 })
    expect(of(sandbox)).toMatchObject({ delivery: 'sandbox', cost_minor: 0, opted_out_at: null })
    const untouched = rows.find((row) => row.intervention_state === null)!
    expect(untouched).toMatchObject({ delivery: null, cost_minor: 0 })
    expect(untouched.reward_minor).toBeGreaterThan(0)
  })

  it('come out the same when a pass is broken off and two go on at once', async () => {
    const book = await decided({ count: 2040, heldOutFrom: 100 })
    await read(book, day(30))
    now = day(30)
    const stopping = new AbortController()
    const first = await observe(services, {
      ...stepContext(book.tenant, book.connection, stopping.signal),
      progress: () => stopping.abort(),
    })
    expect(first).toMatchObject({ observed: 2000 })
    const context = stepContext(book.tenant, book.connection)
    const both = await Promise.all([observe(services, context), observe(services, context)])
    expect(both[0]['observed'] + both[1]['observed']).toBe(40)
    expect((await observed(book, day(30))).rows).toHaveLength(2040)
    const again = await database.withTenant(book.tenant, async (tx) =>
      appendOutcomes(tx, book.connection, await tx.query<Outcome>('select * from outcomes limit 2')),
    )
    expect(again).toBe(0)
  })

  it('can be neither changed nor removed by a tenant', async () => {
    const book = await decided()
    await read(book, day(30))
    await observed(book, day(30))
    for (const table of ['outcomes', 'decisions']) {
      await expect(run(book, `update ${table} set decided_at = now()`)).rejects.toThrow(/permission denied/)
      await expect(run(book, `delete from ${table}`)).rejects.toThrow(/permission denied/)
    }
  })
})
