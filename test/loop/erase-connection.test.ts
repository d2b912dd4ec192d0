import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ConnectionId } from '../../src/contracts/ids.ts'
import { eraseConnection, startErasing } from '../../src/loop/erase-connection.ts'
import { openLog } from '../../src/log.ts'
import { hashAddress } from '../../src/security/address-hash.ts'
import {
  forgetByIds,
  forgetTexts,
  nextLeavers,
  TEXT_PLACES,
} from '../../src/store/connection-erasure-words.ts'
import {
  askErasure,
  endErasures,
  eraseBatch,
  erasureOf,
  finishErasure,
} from '../../src/store/connection-erasures.ts'
import { setConnectionStatus } from '../../src/store/connections.ts'
import type { Database, Transaction } from '../../src/store/database.ts'
import { OTHER_PLACES, PERSONAL_PLACES } from '../../src/store/people/places.ts'
import { addConnection, databaseKind, openTestDatabase } from '../support/database.ts'
import { ADDRESS_KEY } from '../support/keys.ts'
import { addHeldPerson, type HeldPerson } from '../support/person.ts'

let database: Database
let person: HeldPerson
let other: ConnectionId
const signal = new AbortController().signal
const log = openLog({ level: 'silent' })

beforeAll(async () => {
  database = await openTestDatabase()
})
beforeEach(async () => {
  person = await addHeldPerson(database)
  other = await addConnection(database, person.tenant, { kind: 'salesforce', name: 'The org' })
  await addRest()
})
afterAll(() => database.close())

const here = <T>(work: (tx: Transaction) => Promise<T>): Promise<T> =>
  database.withTenant(person.tenant, work)
const sql = (text: string, values: readonly unknown[] = []) => here((tx) => tx.query(text, values))

/** What is kept by connection and not by person; and a customer of another connection, with Bo for a contact as well. */
async function addRest(): Promise<void> {
  const { tenant, connection } = person
  await database.asSystem('a test', async (tx) => {
    const put = (text: string, ...values: unknown[]) => tx.query(text, [tenant, ...values])
    await put(
      `insert into connection_checks (tenant_id, connection_id, checked_by, checks) values ($1, $2, 'user:kim', '[]')`,
      connection,
    )
    await put(
      `insert into models (tenant_id, hash, kind, connection_id, name, version, location, status, card)
       values ($1, 'm', 'churn', $2, 'm', '1', 'shipped:subscription', 'champion', '{}')`,
      connection,
    )
    const erasure = randomUUID()
    await put(
      `insert into erasures (tenant_id, id, actor, source, counts, markers) values ($1, $2, 'user:kim', 'admin', '{}', 1)`,
      erasure,
    )
    await put(
      `insert into erasure_clearings (tenant_id, erasure_id, connection_id, external_id) values ($1, $2, $3, '7')`,
      erasure,
      connection,
    )
    await put(
      `insert into erased_records (tenant_id, connection_id, object, id_hash) values ($1, $2, 'contacts', '\\x01')`,
      connection,
    )
    await put(
      `insert into workflow_calls (tenant_id, connection_id, callback, action, object, external_id, asked_by, expires_at)
       values ($1, $2, 'c', 'score', 'companies', 'acme', 'a workflow', now()) on conflict do nothing`,
      connection,
    )
    await put(
      `update connections set population = '{"kind": "everyone"}', profile = '{}', notes = '[{"message": "Ann"}]', cursor = '{}',
         thresholds = '{}' where tenant_id = $1 and id = $2`,
      connection,
    )
    const [{ id }] = await put(
      `insert into customers (tenant_id, connection_id, object, external_id, name, properties, properties_hash, group_key,
         group_name) values ($1, $2, 'Account', '001', 'Beside Ltd', '{"plan": "Team"}', 'x', 'g', 'policy') returning id`,
      other,
    )
    await put(
      `insert into recipients (tenant_id, customer_id, external_id, name, email, email_hash)
       values ($1, $2, '003', 'Bo', 'bo@example.com', $3)`,
      id,
      hashAddress(ADDRESS_KEY, 'email', 'bo@example.com'),
    )
    await put(
      `insert into told (tenant_id, kind, level, subject, body, dedup_key, via, target, customer_id)
       values ($1, 'customer.answered', 'info', 'Somebody answered', 'Bo of Beside Ltd answered.', 'k2', 'email', 'ops@acme.example', $2)`,
      id,
    )
  })
}

const TABLES = [...new Set([...PERSONAL_PLACES, ...OTHER_PLACES].map(({ table }) => table))]

/** Every row of every table, as text. */
async function everything(of: (row: Readonly<Record<string, unknown>>) => boolean) {
  const read: [string, readonly string[]][] = []
  for (const table of TABLES) {
    const rows = await database.asSystem('a test', (tx) =>
      tx.query<{ row: Readonly<Record<string, unknown>> }>(`select to_jsonb(t) as row from ${table} t`),
    )
    const found = rows.filter(({ row }) => of(row)).map(({ row }) => JSON.stringify(row))
    if (found.length > 0) read.push([table, found.toSorted()])
  }
  return Object.fromEntries(read)
}
const ofTenant = (row: Readonly<Record<string, unknown>>) => row['tenant_id'] === person.tenant
const ofConnection = (row: Readonly<Record<string, unknown>>) =>
  row['connection_id'] === person.connection || row['id'] === person.connection

const leave = () =>
  here(async (tx) => {
    await setConnectionStatus(tx, person.connection, 'disconnected', 'Disconnected in Holdfast.')
    await askErasure(tx, { connection: person.connection, actor: 'user:kim' })
  })
const erase = (more: object = {}) =>
  eraseConnection(
    { database, log },
    { tenant: person.tenant, connection: person.connection, signal, ...more },
  )
const asked = () => here((tx) => erasureOf(tx, person.connection))

describe(`erasing a connection that was left (${databaseKind})`, () => {
  it('knows of every table that has rows of a connection, so that a new one is thought about', async () => {
    const columns = await database.asSystem('a test', (tx) =>
      tx.query<{ table: string }>(
        `select table_name as table from information_schema.columns
         where table_schema = 'public' and column_name = 'connection_id' order by 1`,
      ),
    )
    await leave()
    const held = await everything(ofConnection)
    expect(columns.map(({ table }) => table).filter((table) => held[table] === undefined)).toEqual([])
  })

  it('leaves nothing of it in any table but an empty connection, hashes and what was spent', async () => {
    await leave()
    expect(await erase()).toBe(true)
    const left = await everything(ofConnection)
    expect(Object.keys(left).toSorted()).toEqual([
      'connection_erasures',
      'connections',
      'erased_records',
      'steps',
      'training_runs',
    ])
    expect(JSON.parse(left['connections'][0])).toMatchObject({
      status: 'disconnected',
      population: null,
      profile: null,
      mapping: null,
      cursor: null,
      thresholds: null,
      notes: [],
    })
    const all = await everything(ofTenant)
    const naming = (text: RegExp) =>
      Object.keys(all).filter((table) => all[table].some((row) => text.test(row)))
    // As staff, and in the company's own words.
    expect(naming(/ohara|O\\+"Hara|17012345678/i).toSorted()).toEqual([
      'customer_view_defaults',
      'customer_views',
      'people',
      'sessions',
      'settings_versions',
      'sign_in_links',
    ])
    expect(naming(/Acme Ltd|Led Ltd/)).toEqual([])
    for (const table of ['customers', 'recipients', 'book', 'customer_names'])
      expect(all[table]?.length, table).toBe(1)
    expect(await asked()).toMatchObject({ customers: 3, gone: 3, doneAt: expect.any(Date) })
  })

  it('keeps the no and what was spent, and gives back what was reserved', async () => {
    const before = await sql('select address_hash, channel, reason from suppressions')
    await leave()
    await erase()
    expect(await sql('select address_hash, channel, reason from suppressions')).toEqual(before)
    expect(await sql('select status from consents')).toHaveLength(1)
    expect(await sql('select 1 as one from erased_records')).toHaveLength(1)
    const entries = await sql('select kind, reserved_minor from budget_entries order by id')
    expect(entries.length).toBeGreaterThan(0)
    expect(entries.reduce((sum, row) => sum + Number(row['reserved_minor']), 0)).toBe(0)
  })

  it('touches no other connection, and no words on whoever is known there too', async () => {
    const beside = (row: Readonly<Record<string, unknown>>) =>
      row['connection_id'] === other || row['id'] === other
    // Counts are a ledger: what it comes to is compared.
    const counted = () =>
      sql('select sum(customers)::integer as many from book_counts where connection_id = $1', [other])
    const before = { ...(await everything(beside)), book_counts: await counted() }
    const notice = await sql(`select body from told where dedup_key = 'k2'`)
    await leave()
    await erase()
    expect({ ...(await everything(beside)), book_counts: await counted() }).toEqual(before)
    expect(await sql(`select body from told where dedup_key = 'k2'`)).toEqual(notice)
    expect(await sql('select name from recipients')).toEqual([{ name: 'Bo' }])
  })

  it('goes on where it was broken off, by whichever process comes next', async () => {
    await leave()
    const ending = new AbortController()
    // Ended as a process is: the batch in hand is the last.
    let went = 0
    const counting: Database = {
      ...database,
      withTenant: async (tenant, work) => {
        const done = await database.withTenant(tenant, work)
        went = Number((await sql('select gone from connection_erasures'))[0]['gone'])
        if (went === 1) ending.abort()
        return done
      },
    }
    const place = { tenant: person.tenant, connection: person.connection }
    expect(
      await eraseConnection({ database: counting, log }, { ...place, signal: ending.signal, batch: 1 }),
    ).toBe(false)
    expect(await asked()).toMatchObject({ customers: 3, gone: 1, doneAt: null })
    const next = startErasing({ database, log }, { everyMs: 5 })
    await expect.poll(asked, { timeout: 20_000 }).toMatchObject({ gone: 3, doneAt: expect.any(Date) })
    await next.close()
    // Once more changes nothing.
    expect(await erase()).toBe(false)
    expect(await sql(`select action from audit_log where action = 'connection.erased'`)).toHaveLength(1)
  })

  it('leaves a batch whole where the process dies in it', async () => {
    await leave()
    const before = await everything(ofTenant)
    await here(async (tx) => {
      const leavers = (await nextLeavers(tx, person.connection, 10))!
      await forgetByIds(tx, leavers)
      for (const place of TEXT_PLACES) await forgetTexts(tx, leavers, { place, after: null })
      await eraseBatch(tx, person.connection, { last: leavers.last, most: 1 })
      throw new Error('the process dies here')
    }).catch(() => undefined)
    expect(await everything(ofTenant)).toEqual(before)
  })

  it('is done once by two processes at once', async () => {
    await leave()
    await Promise.all([erase({ batch: 1 }), erase({ batch: 1 })])
    await erase()
    expect(await asked()).toMatchObject({ customers: 3, gone: 3, doneAt: expect.any(Date) })
    expect(await sql(`select action from audit_log where action = 'connection.erased'`)).toHaveLength(1)
  })

  it('waits for what still runs, and does nothing to a connection that nobody left', async () => {
    await leave()
    await sql(
      `update steps set lease_owner = 'w', lease_until = now() + interval '1 minute' where connection_id = $1`,
      [person.connection],
    )
    expect(await erase()).toBe(false)
    expect(await asked()).toMatchObject({ gone: 0 })
    await sql('update steps set lease_owner = null, lease_until = null')
    await here((tx) => setConnectionStatus(tx, person.connection, 'active', null))
    expect(await erase()).toBe(false)
    expect(await here((tx) => finishErasure(tx, person.connection))).toBe(false)
    expect(await asked()).toMatchObject({ gone: 0 })
  })

  it('is not connected again before it is done', async () => {
    await leave()
    await expect(here((tx) => endErasures(tx, person.connection))).rejects.toMatchObject({ code: 'conflict' })
    await erase()
    await here((tx) => endErasures(tx, person.connection))
    expect(await asked()).toBeNull()
  })
})
