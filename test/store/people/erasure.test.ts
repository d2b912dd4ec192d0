import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { TenantId } from '../../../src/contracts/ids.ts'
import { hashAddress } from '../../../src/security/address-hash.ts'
import type { Database, Transaction } from '../../../src/store/database.ts'
import { eraseRecord, eraseSubject } from '../../../src/store/erasure.ts'
import { listErasures, readmit } from '../../../src/store/erasures.ts'
import { countHeld, OURS, readHeld } from '../../../src/store/people/held.ts'
import { OTHER_PLACES, PERSONAL_PLACES } from '../../../src/store/people/places.ts'
import { findSubject, type Wanted } from '../../../src/store/people/subject.ts'
import { databaseKind, openTestDatabase } from '../../support/database.ts'
import { ADDRESS_KEY } from '../../support/keys.ts'
import { addHeldPerson, ANN, PLACE_NAMES, type HeldPerson } from '../../support/person.ts'

let database: Database
let person: HeldPerson

beforeAll(async () => {
  database = await openTestDatabase()
})
beforeEach(async () => {
  person = await addHeldPerson(database)
})
afterAll(() => database.close())

const here = <T>(work: (tx: Transaction) => Promise<T>): Promise<T> =>
  database.withTenant(person.tenant, work)
const sql = (text: string, values: readonly unknown[] = []) => here((tx) => tx.query(text, values))

const byEmail = (address: string): Wanted => ({
  by: 'email',
  address,
  hash: hashAddress(ADDRESS_KEY, 'email', address)!,
})
const ANN_BY_EMAIL = byEmail(ANN.email)

const erase = (wanted: Wanted) =>
  here(async (tx) =>
    eraseSubject(tx, await findSubject(tx, wanted, { lock: true }), {
      actor: 'user:kim',
      source: 'admin',
      reference: 'DSR-1',
      key: ADDRESS_KEY,
    }),
  )

/** Everything in all tables of a tenant, as text. */
async function everything(tenant: TenantId): Promise<Readonly<Record<string, string>>> {
  const tables = [
    ...new Set(PERSONAL_PLACES.map(({ table }) => table)),
    ...OTHER_PLACES.map(({ table }) => table),
  ]
  const read: [string, string][] = []
  for (const table of tables) {
    const rows = await database.asSystem('a test', (tx) =>
      tx.query<{ row: unknown }>(`select to_jsonb(t) as row from ${table} t`),
    )
    const own = rows.filter(({ row }) => (row as { tenant_id?: string }).tenant_id === tenant)
    read.push([table, JSON.stringify(own)])
  }
  return Object.fromEntries(read)
}

describe(`what is held of a person (${databaseKind})`, () => {
  it('has a place for every table, so that a new one is thought about', async () => {
    const rows = await database.asSystem('a test', (tx) =>
      tx.query<{ name: string }>(
        `select table_name as name from information_schema.tables
         where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`,
      ),
    )
    const placed = new Set([...PERSONAL_PLACES, ...OTHER_PLACES].map(({ table }) => table))
    expect(rows.map(({ name }) => name).filter((name) => !placed.has(name))).toEqual([])
    expect(placed.size).toBe(rows.length)
    const both = OTHER_PLACES.filter(({ table }) => PERSONAL_PLACES.some((place) => place.table === table))
    expect(both).toEqual([])
  })

  it('is given out with every column of its table, or it says why one is not', async () => {
    for (const { name, table, shown, withheld = {} } of PERSONAL_PLACES) {
      if (shown === null || typeof withheld === 'string') continue
      const columns = await database.asSystem('a test', (tx) =>
        tx.query<{ name: string }>(
          `select column_name as name from information_schema.columns
           where table_schema = 'public' and table_name = $1`,
          [table],
        ),
      )
      const given = new Set([...shown.matchAll(/\bt\.(\w+)/g)].map(([, column]) => column))
      const rest = columns.map((one) => one.name).filter((one) => !given.has(one) && !OURS.includes(one))
      expect(rest.toSorted(), name).toEqual(Object.keys(withheld).toSorted())
    }
  })

  it('is found in every place, from the address, and given out whole', async () => {
    const { counts, files } = await here(async (tx) => {
      const subject = await findSubject(tx, ANN_BY_EMAIL)
      return { counts: await countHeld(tx, subject), files: await readHeld(tx, subject) }
    })
    expect(Object.keys(counts).toSorted()).toEqual(PLACE_NAMES.toSorted())
    expect(files.map(({ place }) => place.name).toSorted()).toEqual(PLACE_NAMES.toSorted())
    for (const { place, rows } of files) expect(rows, place.name).toHaveLength(counts[place.name])
    const given = JSON.stringify(files.map(({ rows }) => rows))
    for (const word of ['Stay with us.', 'ANN10', 'riskPercent', 'will think', 'main_contact'])
      expect(given).toContain(word)
    expect(given).not.toContain('bo@example.com')
    expect(given).not.toContain('tenant_id')
  })

  it('is found by phone, by the record of the customer and of the contact, and by the customer', async () => {
    const { connection } = person
    const recordsBy = async (wanted: Wanted) =>
      (await here((tx) => findSubject(tx, wanted))).records.map(({ id, kind, object }) => [object, id, kind])
    const self = ['contacts', person.record, 'customer']
    const contact = ['contacts', person.contact, 'contact']
    const byPhone: Wanted = {
      by: 'phone',
      address: ANN.phone,
      hash: hashAddress(ADDRESS_KEY, 'phone', ANN.phone)!,
    }
    expect((await recordsBy(byPhone)).toSorted()).toEqual([self, contact].toSorted())
    expect(await recordsBy({ by: 'record', connection, id: person.record, object: null })).toEqual([self])
    expect(await recordsBy({ by: 'record', connection, id: person.contact, object: null })).toEqual([contact])
    expect(await recordsBy({ by: 'customer', customer: person.self })).toEqual([self])
    expect(await recordsBy(byEmail('nobody@example.com'))).toEqual([])
  })

  it('tells a company and a contact of the same id apart', async () => {
    await sql(`update recipients set external_id = 'acme' where external_id = $1`, [person.contact])
    const { connection } = person
    const found = async (object: string | null) =>
      (await here((tx) => findSubject(tx, { by: 'record', connection, id: 'acme', object }))).records.map(
        ({ kind, object: named }) => `${named} ${kind}`,
      )
    expect(await found('companies')).toEqual(['companies customer'])
    expect(await found('contacts')).toEqual(['contacts contact'])
    await here((tx) => eraseRecord(tx, { connection, object: 'contacts', id: 'acme', key: ADDRESS_KEY }))
    expect(await sql('select id from customers where id = $1', [person.company])).toHaveLength(1)
  })
})

describe(`forgetting a person (${databaseKind})`, () => {
  it('leaves nothing of them but what says why it stays, in any table', async () => {
    const before = await everything(person.tenant)
    await erase(ANN_BY_EMAIL)
    const left = await here(async (tx) => countHeld(tx, await findSubject(tx, ANN_BY_EMAIL)))
    const stay = PERSONAL_PLACES.filter(({ erased }) => typeof erased === 'object').map(({ name }) => name)
    expect(Object.keys(left).filter((name) => !stay.includes(name))).toEqual([])
    const after = await everything(person.tenant)
    const naming = (all: Readonly<Record<string, string>>) =>
      Object.keys(all).filter((table) => /ann\.ohara|O\\+"Hara|17012345678/i.test(all[table]))
    expect(naming(before).length).toBeGreaterThan(18)
    // As staff, and in the company's own words: each says so.
    expect(naming(after)).toEqual([
      'customers',
      'customer_views',
      'settings_versions',
      'people',
      'customer_view_defaults',
      'sessions',
      'sign_in_links',
    ])
    expect(after['customers'].match(/ohara/g)).toHaveLength(1)
  })

  it('keeps the no: addresses stay suppressed on every channel, and consents as they were', async () => {
    await erase(ANN_BY_EMAIL)
    const rows = await sql(`select channel, reason from suppressions order by channel`)
    expect(rows).toEqual([
      { channel: 'call', reason: 'erased' },
      { channel: 'email', reason: 'erased' },
      // The first reason stays.
      { channel: 'sms', reason: 'unsubscribed' },
    ])
    expect(await sql('select status from consents')).toEqual([{ status: 'granted' }])
  })

  it('cancels what is on its way before it goes, and gives its budget back', async () => {
    await erase(ANN_BY_EMAIL)
    expect(await sql('select id from interventions where customer_id = $1', [person.self])).toEqual([])
    const [held] = await sql(
      'select sum(reserved_minor)::integer as reserved from budget_entries where intervention_id = $1',
      [person.intervention],
    )
    expect(held['reserved'] ?? 0).toBe(0)
  })

  it('leaves what was done at the company, without her', async () => {
    await erase(ANN_BY_EMAIL)
    const ledger = await sql(
      `select state, message, recipient_id, address_hash, reason from interventions where customer_id = $1 order by state`,
      [person.company],
    )
    expect(ledger).toEqual([
      {
        state: 'sent',
        message: null,
        recipient_id: null,
        address_hash: null,
        reason: 'The person asked to be forgotten.',
      },
      {
        state: 'suppressed',
        message: null,
        recipient_id: null,
        address_hash: null,
        reason: 'Somebody said no.',
      },
    ])
    expect(await sql('select name, rank from recipients')).toEqual([{ name: 'Bo', rank: 0 }])
    expect(await sql('select properties from customers where id = $1', [person.company])).toEqual([
      { properties: { main_contact: 'Somebody', note: 'Ask Somebody first', plan: 'Team' } },
    ])
  })

  it('takes several names of one row out at once', async () => {
    await sql('update recipients set name = $2 where external_id = $1', [person.contact, 'Ann'])
    await sql(`update holds set reason = $1`, [
      `Ann, that is ${ANN.name} (${ANN.email}), answered; Joann did not.`,
    ])
    await erase(ANN_BY_EMAIL)
    expect(await sql('select reason from holds')).toEqual([
      { reason: 'Somebody, that is Somebody (Somebody), answered; Joann did not.' },
    ])
  })

  it('records that it was done, by whom and how much went, and not who it was', async () => {
    const { id, counts } = await erase(ANN_BY_EMAIL)
    expect(counts['recipients']).toBe(2)
    const { items } = await here((tx) => listErasures(tx, {}))
    expect(items).toHaveLength(1)
    expect(items[0]).toMatchObject({ id, actor: 'user:kim', source: 'admin', reference: 'DSR-1', counts })
    // Of the customer our fields were written: that record is still to be emptied.
    expect(items[0].doneAt).toBeNull()
    expect(items[0].waiting).toMatchObject([{ record: person.record, state: 'waiting', problem: null }])
    const { waiting: _waiting, ...kept } = items[0]
    expect(JSON.stringify(kept)).not.toMatch(/ohara|O"Hara|1701/i)
  })

  it('is done twice without harm, and finds nobody the second time', async () => {
    await erase(ANN_BY_EMAIL)
    const before = await sql('select address_hash, channel, reason from suppressions order by 1, 2')
    const again = await erase(ANN_BY_EMAIL)
    expect(again.counts).not.toHaveProperty('recipients')
    expect(await sql('select address_hash, channel, reason from suppressions order by 1, 2')).toEqual(before)
  })

  it('is all or nothing', async () => {
    const before = await everything(person.tenant)
    await here(async (tx) => {
      await eraseSubject(tx, await findSubject(tx, ANN_BY_EMAIL, { lock: true }), {
        actor: 'user:kim',
        source: 'admin',
        reference: null,
        key: ADDRESS_KEY,
      })
      throw new Error('the process dies here')
    }).catch(() => undefined)
    expect(await everything(person.tenant)).toEqual(before)
  })

  it('touches nobody of another company', async () => {
    const other = await addHeldPerson(database)
    const before = await everything(other.tenant)
    await erase(ANN_BY_EMAIL)
    expect(await everything(other.tenant)).toEqual(before)
  })

  it('marks an address that others have too as one that is not written to, and keeps nobody else out by it', async () => {
    const shared = hashAddress(ADDRESS_KEY, 'phone', ANN.phone)!
    await sql(`update recipients set phone_hash = $1 where name = 'Bo'`, [shared])
    await erase(ANN_BY_EMAIL)
    expect(await sql('select 1 as one from erased_addresses where address_hash = $1', [shared])).toEqual([])
    expect(await sql(`select 1 as one from suppressions where address_hash = $1`, [shared])).not.toEqual([])
  })

  it('lets a person come back once an admin says so, and only then', async () => {
    const { id } = await erase(ANN_BY_EMAIL)
    expect(await sql('select 1 as one from erased_records')).toHaveLength(2)
    await here((tx) => readmit(tx, { erasure: id, actor: 'user:kim' }))
    expect(await sql('select 1 as one from erased_records')).toEqual([])
    expect(await sql('select 1 as one from erased_addresses')).toEqual([])
    expect(await sql(`select 1 as one from suppressions where reason = 'erased'`)).not.toEqual([])
    await expect(here((tx) => readmit(tx, { erasure: id, actor: 'user:kim' }))).rejects.toMatchObject({
      code: 'conflict',
    })
  })
})
