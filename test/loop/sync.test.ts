import { readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ConnectionId, CustomerId, TenantId } from '../../src/contracts/ids.ts'
import { changePopulation } from '../../src/loop/population.ts'
import { hashAddress } from '../../src/security/address-hash.ts'
import { readConnection } from '../../src/store/connections.ts'
import { consentOf, recordConsent } from '../../src/store/consents.ts'
import type { Database } from '../../src/store/database.ts'
import { foldChanges, propertyChanges } from '../../src/store/property-changes.ts'
import { listSteps } from '../../src/store/steps.ts'
import { file } from '../connectors/csv/files.ts'
import { addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { syncing, type Syncing } from './syncing.ts'

let database: Database
let tenant: TenantId
let syncs: Syncing
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  tenant = await addTenant(database)
  syncs = syncing(database, tenant)
})

const HEADER =
  'customer_id,company,email,phone,email_consent,sms_consent,plan,monthly_charges,currency,agreement_start,renewal_date,notice_days,auto_renewal,parent_id,owner,type'
const columns = HEADER.split(',')
type Cells = Readonly<Record<string, string>>

const customer = (number: number, cells: Cells = {}): Cells => ({
  customer_id: `C-${number}`,
  company: `Sample ${number} Ltd`,
  email: `c${number}@example.com`,
  phone: `+4930123450${String(number).padStart(2, '0')}`,
  email_consent: 'Yes',
  sms_consent: 'No',
  plan: number % 2 === 0 ? 'Team' : 'Business',
  monthly_charges: `${10 + number}.50`,
  currency: 'EUR',
  agreement_start: '2025-02-01',
  renewal_date: '2027-02-01',
  notice_days: '30',
  auto_renewal: 'Yes',
  parent_id: '',
  owner: 'rep@example.com',
  type: 'Customer',
  ...cells,
})
const text = (rows: readonly Cells[]): string =>
  [HEADER, ...rows.map((row) => columns.map((column) => row[column]).join(',')), ''].join('\n')
const book = (count: number, differs: Readonly<Record<number, Cells>> = {}): readonly Cells[] =>
  Array.from({ length: count }, (_, i) => customer(i + 1, differs[i + 1]))

/** Which version of each row stands there: any write makes another one. */
async function versions(): Promise<object> {
  const tables = [
    'customers',
    'property_changes',
    'agreements',
    'recipients',
    'consents',
    'write_back_due',
    'steps',
  ]
  return Object.fromEntries(
    await Promise.all(
      tables.map(async (table) => [
        table,
        await syncs.rows(
          `select ctid::text, xmin::text from ${table} where tenant_id = $1 order by ctid`,
          tenant,
        ),
      ]),
    ),
  )
}

const statuses = async (): Promise<Record<string, string>> =>
  Object.fromEntries(
    (
      await syncs.rows<{ external_id: string; status: string }>(
        'select external_id, status from customers where tenant_id = $1 order by id',
        tenant,
      )
    ).map(({ external_id, status }) => [external_id, status]),
  )

/** Customers that are to be scored, with why. */
const due = async (): Promise<Record<string, string>> =>
  Object.fromEntries(
    (
      await syncs.rows<{ external_id: string; why: string }>(
        'select external_id, score_due_why as why from customers where tenant_id = $1 and score_due_at is not null order by id',
        tenant,
      )
    ).map(({ external_id, why }) => [external_id, why]),
  )

const scored = (): Promise<object[]> =>
  syncs.rows('update customers set score_due_at = null, score_due_why = null where tenant_id = $1', tenant)

const idOf = async (externalId: string): Promise<CustomerId> =>
  (
    await syncs.rows<{ id: CustomerId }>(
      'select id from customers where tenant_id = $1 and external_id = $2',
      tenant,
      externalId,
    )
  )[0].id

const stepOf = async (connection: ConnectionId, step: string) =>
  (await database.withTenant(tenant, (tx) => listSteps(tx, { connection }))).find((one) => one.step === step)!

describe(`the sync of a customer file (${databaseKind})`, () => {
  it('brings everything that the file says, and asks for the scores', async () => {
    const path = file(text(book(3)))
    const connection = await syncs.connect({ kind: 'csv', config: { path } })
    const seen: [number, number | null][] = []
    const counts = await syncs.sync(connection, undefined, (done, total) => seen.push([done, total]))
    expect(counts).toEqual({
      added: 3,
      changed: 0,
      unchanged: 0,
      left: 0,
      returned: 0,
      deleted: 0,
      consents: 6,
    })
    expect(seen).toEqual([[3, 3]])
    expect(await due()).toEqual({ 'C-1': 'added', 'C-2': 'added', 'C-3': 'added' })
    expect(
      await syncs.rows(
        `select object, external_id, name, status, group_key, responsible_id, responsible_email, properties ->> 'plan' as plan
         from customers where tenant_id = $1 and external_id = 'C-2'`,
        tenant,
      ),
    ).toEqual([
      {
        object: 'rows',
        external_id: 'C-2',
        name: 'Sample 2 Ltd',
        status: 'active',
        group_key: 'C-2',
        responsible_id: 'rep@example.com',
        responsible_email: 'rep@example.com',
        plan: 'Team',
      },
    ])
    expect(
      await syncs.rows(
        `select a.external_id, amount_minor, currency, period_months, monthly_minor, start_date, renewal_date, notice_date, auto_renewal
         from agreements a where tenant_id = $1 and customer_id = $2`,
        tenant,
        await idOf('C-2'),
      ),
    ).toEqual([
      {
        external_id: 'properties',
        amount_minor: 1250,
        currency: 'EUR',
        period_months: 1,
        monthly_minor: 1250,
        start_date: '2025-02-01',
        renewal_date: '2027-02-01',
        notice_date: '2027-01-02',
        auto_renewal: true,
      },
    ])
    const key = await syncs.services.secrets.addressKey(null!)
    expect(
      await syncs.rows(
        'select external_id, email, email_hash, phone_hash, rank from recipients where tenant_id = $1 and customer_id = $2',
        tenant,
        await idOf('C-2'),
      ),
    ).toEqual([
      {
        external_id: 'C-2',
        email: 'c2@example.com',
        email_hash: hashAddress(key, 'email', 'c2@example.com'),
        phone_hash: hashAddress(key, 'phone', '+493012345002'),
        rank: 0,
      },
    ])
    expect(await stepOf(connection, 'score')).toMatchObject({ state: 'due' })
    const stored = await database.withTenant(tenant, (tx) => readConnection(tx, connection))
    expect(stored.profile?.rows).toBe(3)
    expect(stored.cursor).toMatchObject({ path, content: expect.stringMatching(/^[0-9a-f]{64}$/) })
  })

  it('writes nothing for a file that did not change, nor for one that was only written again', async () => {
    const path = file(text(book(30)))
    const connection = await syncs.connect({ kind: 'csv', config: { path } })
    await syncs.sync(connection)
    await scored()
    const before = await versions()
    const none = { added: 0, changed: 0, unchanged: 0, left: 0, returned: 0, deleted: 0, consents: 0 }
    expect(await syncs.sync(connection)).toEqual(none)
    expect(await versions()).toEqual(before)
    utimesSync(path, new Date(), new Date(Date.now() + 60_000))
    expect(await syncs.sync(connection)).toEqual(none)
    expect(await versions()).toEqual(before)
    // Other bytes, the same customers: all of them are compared, and none is written.
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll('\n', '\r\n'))
    expect(await syncs.sync(connection)).toEqual({ ...none, unchanged: 30 })
    expect(await versions()).toEqual(before)
  })

  it('records what changed of a customer, for what it is now and for what was known before', async () => {
    const path = file(text(book(25)))
    const connection = await syncs.connect({ kind: 'csv', config: { path } })
    await syncs.sync(connection)
    await scored()
    const [{ now }] = await syncs.rows<{ now: Date }>('select clock_timestamp() as now')
    writeFileSync(path, text(book(25, { 7: { plan: 'Enterprise', phone: '' } })))
    expect(await syncs.sync(connection)).toMatchObject({ added: 0, changed: 1, unchanged: 24, consents: 0 })
    expect(await due()).toEqual({ 'C-7': 'properties' })
    const id = await idOf('C-7')
    const { first, all, before } = await database.withTenant(tenant, async (tx) => {
      const all = await propertyChanges(tx, id)
      return { all, first: all[0], before: await propertyChanges(tx, id, { knownAt: now }) }
    })
    expect(all).toHaveLength(2)
    expect(all[1].changes).toEqual({ plan: 'Enterprise', phone: null })
    expect(all[1].recordedAt.getTime()).toBeGreaterThan(first.recordedAt.getTime())
    expect(all[1].validAt.getTime()).toBeGreaterThanOrEqual(first.validAt.getTime())
    expect(foldChanges(before)).toMatchObject({ plan: 'Business', phone: '+493012345007' })
    const [{ properties }] = await syncs.rows<{ properties: object }>(
      'select properties from customers where tenant_id = $1 and id = $2',
      tenant,
      id,
    )
    expect(foldChanges(all)).toEqual(properties)
    expect(properties).not.toHaveProperty('phone')
  })

  it('changes agreements and the responsible person with the file', async () => {
    const path = file(text(book(25)))
    const connection = await syncs.connect({ kind: 'csv', config: { path } })
    await syncs.sync(connection)
    await scored()
    writeFileSync(
      path,
      text(
        book(25, {
          3: { monthly_charges: '99', renewal_date: '' },
          4: { owner: 'other@example.com' },
          5: { currency: 'Gold' },
        }),
      ),
    )
    expect(await syncs.sync(connection)).toMatchObject({ changed: 3 })
    expect(await due()).toEqual({ 'C-3': 'properties', 'C-4': 'properties', 'C-5': 'properties' })
    const agreement = async (externalId: string) =>
      (
        await syncs.rows(
          'select amount_minor, currency, monthly_minor, renewal_date from agreements where tenant_id = $1 and customer_id = $2',
          tenant,
          await idOf(externalId),
        )
      )[0]
    expect(await agreement('C-3')).toEqual({
      amount_minor: 9900,
      currency: 'EUR',
      monthly_minor: 9900,
      renewal_date: null,
    })
    expect(await agreement('C-5')).toMatchObject({ amount_minor: null, currency: null, monthly_minor: null })
    expect(
      await syncs.rows(
        'select external_id from customers where tenant_id = $1 and responsible_email = $2',
        tenant,
        'other@example.com',
      ),
    ).toEqual([{ external_id: 'C-4' }])
  })

  it('marks who is gone as deleted, and takes back who returns', async () => {
    const path = file(text(book(25)))
    const connection = await syncs.connect({ kind: 'csv', config: { path } })
    await syncs.sync(connection)
    await scored()
    writeFileSync(path, text(book(25).filter(({ customer_id }) => customer_id !== 'C-9')))
    expect(await syncs.sync(connection)).toMatchObject({ deleted: 1, unchanged: 24 })
    expect((await statuses())['C-9']).toBe('deleted')
    writeFileSync(path, text(book(25)))
    expect(await syncs.sync(connection)).toMatchObject({ deleted: 0, returned: 1, changed: 1 })
    expect((await statuses())['C-9']).toBe('active')
    expect(await due()).toEqual({ 'C-9': 'returned' })
  })

  it('refuses to delete more than a fifth, until somebody says once that it is right', async () => {
    const path = file(text(book(25)))
    const connection = await syncs.connect({ kind: 'csv', config: { path } })
    await syncs.sync(connection)
    const { cursor } = await database.withTenant(tenant, (tx) => readConnection(tx, connection))
    writeFileSync(path, text(book(19)))
    await expect(syncs.sync(connection)).rejects.toMatchObject({
      code: 'connector_configuration',
      // The next file may be whole again: the schedule goes on trying.
      retryable: true,
      message: expect.stringMatching(/^6 of 25 customers .*"allowDeletions": true/),
    })
    expect(Object.values(await statuses()).filter((status) => status === 'deleted')).toEqual([])
    expect(
      await database.withTenant(tenant, async (tx) => (await readConnection(tx, connection)).cursor),
    ).toEqual(cursor)
    await syncs.rows(
      `update connections set config = config || '{"allowDeletions": true}' where tenant_id = $1`,
      tenant,
    )
    expect(await syncs.sync(connection)).toMatchObject({ deleted: 6 })
    const { config } = await database.withTenant(tenant, (tx) => readConnection(tx, connection))
    expect(config).toEqual({ path })
    writeFileSync(path, text(book(20)))
    await syncs.sync(connection)
    writeFileSync(path, text(book(15)))
    await expect(syncs.sync(connection)).rejects.toMatchObject({ code: 'connector_configuration' })
  })

  it('takes customers for what the population says, and marks who leaves it for write-back', async () => {
    const path = file(text(book(25, { 2: { type: 'Prospect' }, 3: { type: ' customer ' } })))
    const connection = await syncs.connect({
      kind: 'csv',
      config: { path },
      population: { kind: 'property', property: 'type', values: ['Customer'] },
    })
    expect(await syncs.sync(connection)).toMatchObject({ added: 25, left: 0 })
    expect(Object.entries(await statuses()).filter(([, status]) => status === 'left')).toEqual([
      ['C-2', 'left'],
    ])
    expect(await due()).not.toHaveProperty('C-2')
    await scored()
    writeFileSync(path, text(book(25, { 4: { type: 'Former customer' } })))
    expect(await syncs.sync(connection)).toMatchObject({ left: 1, returned: 1, changed: 3 })
    expect(await statuses()).toMatchObject({ 'C-2': 'active', 'C-4': 'left' })
    expect(await due()).toEqual({ 'C-2': 'returned', 'C-3': 'properties' })
    const marked = await syncs.rows(
      'select customer_id from write_back_due where tenant_id = $1 and customer_id = $2',
      tenant,
      await idOf('C-4'),
    )
    expect(marked).toHaveLength(1)
    expect(await stepOf(connection, 'write_back')).toMatchObject({ state: 'due' })
  })

  it('counts nobody as a customer before somebody said who is one, and all of them at once when somebody does', async () => {
    const path = file(text(book(25)))
    const connection = await syncs.connect({ kind: 'csv', config: { path }, population: null })
    await syncs.sync(connection)
    expect(new Set(Object.values(await statuses()))).toEqual(new Set(['left']))
    expect(await due()).toEqual({})
    const moved = await database.withTenant(tenant, (tx) =>
      changePopulation(tx, connection, { kind: 'property', property: 'plan', values: ['team'] }),
    )
    expect(moved).toEqual({ entered: 12, left: 0 })
    expect(Object.keys(await due())).toHaveLength(12)
    expect(await stepOf(connection, 'score')).toMatchObject({ state: 'due' })
    const again = await database.withTenant(tenant, (tx) =>
      changePopulation(tx, connection, { kind: 'property', property: 'plan', values: ['Business'] }),
    )
    expect(again).toEqual({ entered: 13, left: 12 })
    expect((await statuses())['C-1']).toBe('active')
  })

  it('keeps a customer in its group, and flags one whose parent would be in another', async () => {
    const path = file(text(book(30, { 1: { parent_id: 'G' }, 2: { parent_id: 'G' } })))
    const connection = await syncs.connect({ kind: 'csv', config: { path } })
    await syncs.sync(connection)
    const groups = () =>
      syncs.rows<{ external_id: string; group_key: string; group_name: string; group_flagged: boolean }>(
        'select external_id, group_key, group_name, group_flagged from customers where tenant_id = $1 order by id',
        tenant,
      )
    const before = await groups()
    expect(before[0].group_key).toBe('G')
    expect(before[1].group_name).toBe(before[0].group_name)
    expect(new Set(before.map(({ group_flagged }) => group_flagged))).toEqual(new Set([false]))
    // Each in turn below another company: some of those are of another group.
    writeFileSync(
      path,
      text(book(30, Object.fromEntries(book(30).map((_, i) => [i + 1, { parent_id: `P-${i}` }])))),
    )
    await syncs.sync(connection)
    const after = await groups()
    expect(after.map(({ group_name }) => group_name)).toEqual(before.map(({ group_name }) => group_name))
    expect(after.map(({ group_key }) => group_key)).toEqual(book(30).map((_, i) => `P-${i}`))
    const flagged = after.filter(({ group_flagged }) => group_flagged).length
    expect(flagged).toBeGreaterThan(0)
    expect(flagged).toBeLessThan(30)
  })

  it('takes the consent that the file states, and never gives back what somebody refused elsewhere', async () => {
    const path = file(text(book(25, { 2: { email: 'c1@example.com', email_consent: 'No' } })))
    const connection = await syncs.connect({ kind: 'csv', config: { path } })
    await syncs.sync(connection)
    const key = await syncs.services.secrets.addressKey(null!)
    const of = (address: string, channel: 'email' | 'sms' = 'email') =>
      database.withTenant(tenant, (tx) =>
        consentOf(tx, hashAddress(key, channel === 'email' ? 'email' : 'phone', address)!, channel),
      )
    // Two customers share an address, and one refuses.
    expect(await of('c1@example.com')).toBe('refused')
    expect(await of('c3@example.com')).toBe('granted')
    expect(await of('+493012345003', 'sms')).toBe('refused')
    await database.withTenant(tenant, (tx) =>
      recordConsent(tx, {
        hash: hashAddress(key, 'email', 'c3@example.com')!,
        channel: 'email',
        status: 'refused',
        source: 'unsubscribe',
      }),
    )
    writeFileSync(
      path,
      text(
        book(25, {
          2: { email: 'c1@example.com', email_consent: 'No' },
          3: { plan: 'Team' },
          4: { email_consent: 'No' },
        }),
      ),
    )
    expect(await syncs.sync(connection)).toMatchObject({ consents: 1 })
    expect(await of('c3@example.com')).toBe('refused')
    expect(await of('c4@example.com')).toBe('refused')
    // The source that refused may grant again: nobody else said anything.
    writeFileSync(path, text(book(25, { 4: { email_consent: 'yes' } })))
    await syncs.sync(connection)
    expect(await of('c4@example.com')).toBe('granted')
    expect(await of('c1@example.com')).toBe('granted')
    expect(await of('c3@example.com')).toBe('refused')
  })

  it('scores everybody again when the same cells mean something else', async () => {
    const path = file(text(book(25)))
    const connection = await syncs.connect({ kind: 'csv', config: { path } })
    await syncs.sync(connection)
    await scored()
    // The 3rd of February or the 2nd of March: what the other dates say decides.
    const dates = (day: number) =>
      Object.fromEntries(
        book(25).map((_, i) => [i + 1, { agreement_start: i === 24 ? `${day}/03/2025` : '03/02/2025' }]),
      )
    writeFileSync(path, text(book(25, dates(2))))
    await syncs.sync(connection)
    await scored()
    writeFileSync(path, text(book(25, dates(25))))
    expect(await syncs.sync(connection)).toMatchObject({ changed: 1, unchanged: 24 })
    expect(Object.keys(await due())).toHaveLength(25)
  })

  it('goes on where it was broken off', async () => {
    const path = file(text(book(2600)))
    const connection = await syncs.connect({ kind: 'csv', config: { path } })
    const drained = new AbortController()
    const part = await syncs.sync(connection, drained.signal, (done) => done >= 2500 && drained.abort())
    expect(part).toMatchObject({ added: 2500 })
    expect(Object.keys(await statuses())).toHaveLength(2500)
    const rest = await syncs.sync(connection)
    expect(rest).toMatchObject({ added: 100, unchanged: 2500, changed: 0, deleted: 0 })
    expect(
      await syncs.rows(
        'select count(*) as n, count(distinct customer_id) as customers from property_changes where tenant_id = $1',
        tenant,
      ),
    ).toEqual([{ n: 2600, customers: 2600 }])
    expect(await syncs.sync(connection)).toMatchObject({ added: 0, unchanged: 0 })
  })

  it('says what is wrong with the file, and stores nothing of it', async () => {
    const path = file(text([customer(1), customer(2), customer(1)]))
    const connection = await syncs.connect({ kind: 'csv', config: { path, idColumn: 'customer_id' } })
    await expect(syncs.sync(connection)).rejects.toMatchObject({
      code: 'id_duplicate',
      message: expect.stringContaining('Line 4'),
    })
    expect(await statuses()).toEqual({})
    writeFileSync(path, text(book(2)))
    expect(await syncs.sync(connection)).toMatchObject({ added: 2 })
  })
})
