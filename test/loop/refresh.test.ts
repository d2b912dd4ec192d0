import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ChangeHint } from '../../connectors/connector.ts'
import type { ConnectionId, CustomerId, TenantId } from '../../src/contracts/ids.ts'
import { changePopulation } from '../../src/loop/population.ts'
import { hashAddress } from '../../src/security/address-hash.ts'
import { readConnection, type Population } from '../../src/store/connections.ts'
import type { Database } from '../../src/store/database.ts'
import { ledgerFacts } from '../../src/store/decision-facts.ts'
import { foldChanges, propertyChanges } from '../../src/store/property-changes.ts'
import { listSteps } from '../../src/store/steps.ts'
import { suppressionOf } from '../../src/store/suppressions.ts'
import { keepReceipts, pendingReceipts } from '../../src/store/webhook-receipts.ts'
import { addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { livingCrm, type LivingCrm } from './living-crm.ts'
import { madeUpCrm, syncing, type Syncing } from './syncing.ts'

let database: Database
let tenant: TenantId
let crm: LivingCrm
let syncs: Syncing
let connection: ConnectionId
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())
const customersOnly: Population = { kind: 'property', property: 'lifecyclestage', values: ['customer'] }
beforeEach(async () => {
  tenant = await addTenant(database)
  crm = livingCrm()
  crm.kinds = {
    lifecyclestage: 'category',
    tenure_months: 'number',
    monthly_charges: 'number',
    support_tickets: 'number',
    favourite_colour: 'category',
  }
  syncs = syncing(database, tenant, madeUpCrm(), crm)
  connection = await syncs.connect({ kind: 'living', population: customersOnly })
})

const customer = (more: object = {}) => ({
  lifecyclestage: 'customer',
  tenure_months: 12,
  monthly_charges: 50,
  ...more,
})

interface Stored {
  readonly id: CustomerId
  readonly external_id: string
  readonly status: string
  readonly properties: Readonly<Record<string, unknown>>
  readonly group_name: string
  readonly group_flagged: boolean
  readonly due: string | null
}
const stored = async (of = connection): Promise<Readonly<Record<string, Stored>>> =>
  Object.fromEntries(
    (
      await syncs.rows<Stored>(
        `select id, external_id, status, properties, group_name, group_flagged, score_due_why as due
         from customers where connection_id = $1`,
        of,
      )
    ).map((row) => [row.external_id, row]),
  )
const scored = () => syncs.rows('update customers set score_due_at = null, score_due_why = null')
const hints = (...all: readonly ChangeHint[]) =>
  database.withTenant(tenant, (tx) => keepReceipts(tx, connection, all))
const read = () => database.withTenant(tenant, (tx) => readConnection(tx, connection))
const aDayLater = () => syncs.rows(`update connections set profiled_at = profiled_at - interval '1 day'`)
const dueSteps = async () =>
  (await database.withTenant(tenant, (tx) => listSteps(tx, { connection })))
    .filter(({ state }) => state === 'due')
    .map(({ step }) => step)

describe(`reading a CRM (${databaseKind})`, () => {
  it('settles the mapping at the first sync, and asks for no more than it needs', async () => {
    crm.add('1', customer({ favourite_colour: 'red' }))
    await syncs.sync(connection)
    const mapped = (await read()).mapping?.columns.map(({ column, feature }) => [column, feature])
    expect(mapped).toContainEqual(['tenure_months', 'tenureMonths'])
    expect(mapped).toContainEqual(['monthly_charges', 'recurringAmount'])
    expect(mapped?.flat()).not.toContain('favourite_colour')
    expect(crm.reading?.properties).toEqual([...crm.reading!.properties!].sort())
    expect(crm.reading?.properties).toEqual(expect.arrayContaining(['lifecyclestage', 'tenure_months']))
    expect(crm.reading?.properties).not.toContain('favourite_colour')
    expect(Object.keys((await stored())['1'].properties)).not.toContain('favourite_colour')
    const before = crm.reading
    await syncs.sync(connection)
    expect(crm.calls['describe']).toBe(1)
    expect(crm.reading).toEqual(before)
  })

  it('says of a mapped property that is gone or of another type what that means, and does without it', async () => {
    crm.add('1', customer({ support_tickets: 3 }))
    crm.add('2', customer({ support_tickets: 0 }))
    await syncs.sync(connection)
    await scored()
    expect((await stored())['1'].properties).toHaveProperty('tenure_months', 12)
    const kinds = crm.kinds
    const { tenure_months: _gone, ...rest } = kinds
    crm.kinds = { ...rest, monthly_charges: 'category', months_as_customer: 'number' }
    await aDayLater()
    await syncs.sync(connection)
    const { notes, profile, mapping } = await read()
    expect(notes.map(({ code, subject }) => [code, subject]).toSorted()).toEqual([
      ['property_missing', 'tenure_months'],
      ['property_type', 'monthly_charges'],
    ])
    expect(notes.find(({ code }) => code === 'property_missing')?.message).toMatch(
      /"tenure_months" is not in the CRM any more.*Restore/,
    )
    expect(profile?.columns.map(({ header }) => header)).not.toContain('monthly_charges')
    // Missing, not zero; and no other property takes its place without a word.
    const one = (await stored())['1']
    expect(Object.keys(one.properties)).not.toContain('tenure_months')
    expect(Object.keys(one.properties)).not.toContain('monthly_charges')
    expect(one.due).not.toBeNull()
    expect(mapping?.columns.find(({ column }) => column === 'months_as_customer')?.use ?? 'ignore').toBe(
      'ignore',
    )
    // Both again as they were: all is read once more, and nothing is left to say.
    crm.kinds = kinds
    await aDayLater()
    await syncs.sync(connection)
    expect((await read()).notes).toEqual([])
    expect((await stored())['1'].properties).toMatchObject({ tenure_months: 12, monthly_charges: 50 })
  })

  it('takes nobody for gone when the property is gone that says who is a customer', async () => {
    for (let i = 0; i < 5; i++) crm.add(`${i}`, customer())
    await syncs.sync(connection)
    const { lifecyclestage: _gone, ...rest } = crm.kinds
    crm.kinds = rest
    for (let i = 0; i < 5; i++) crm.change(`${i}`, { tenure_months: 13 })
    await expect(syncs.sync(connection)).rejects.toMatchObject({ code: 'connector_configuration' })
    await expect(syncs.sync(connection)).rejects.toThrow('lifecyclestage')
    expect(Object.values(await stored()).map(({ status }) => status)).toEqual(Array(5).fill('active'))
    crm.kinds = { ...rest, lifecyclestage: 'category' }
    await syncs.sync(connection)
    expect((await read()).notes).toEqual([])
    expect((await stored())['1'].properties).toHaveProperty('tenure_months', 13)
  })

  it('reads everybody once more when somebody says anew who is a customer', async () => {
    crm.kinds = { ...crm.kinds, tier: 'category' }
    crm.add('1', customer({ tier: 'gold' }))
    crm.add('2', { ...customer({ tier: 'none' }), lifecyclestage: 'lead' })
    crm.contacts.set('p2', { company: '2', email: 'bob@example.com' })
    await syncs.sync(connection)
    const say = (population: Population) =>
      database.withTenant(tenant, (tx) => changePopulation(tx, connection, population))
    expect(await say({ ...customersOnly, values: ['customer', 'lead'] })).toEqual({ entered: 1, left: 0 })
    await syncs.sync(connection)
    expect(await syncs.rows('select email from recipients where tenant_id = $1', tenant)).toHaveLength(1)
    // By a property that was never read: nobody leaves for that.
    expect(await say({ kind: 'property', property: 'tier', values: ['gold'] })).toEqual({
      entered: 0,
      left: 0,
    })
    await syncs.sync(connection)
    expect(Object.values(await stored()).map(({ external_id, status }) => [external_id, status])).toEqual(
      expect.arrayContaining([
        ['1', 'active'],
        ['2', 'left'],
      ]),
    )
  })

  it('knows the past of a property once, however often it is read', async () => {
    const past = (value: number | null, from: string, property = 'tenure_months') => ({
      property,
      value,
      from: new Date(from),
    })
    crm.add('1', customer(), [
      past(10, '2026-01-01T00:00:00Z'),
      past(11, '2026-03-01T00:00:00Z'),
      past(40, '2026-03-01T00:00:00Z', 'monthly_charges'),
      past(null, '2026-04-01T00:00:00Z', 'monthly_charges'),
    ])
    await syncs.sync(connection)
    const { id } = (await stored())['1']
    const at = async (validAt: string) =>
      foldChanges(
        await database.withTenant(tenant, (tx) => propertyChanges(tx, id, { validAt: new Date(validAt) })),
      )
    expect(await at('2026-02-01T00:00:00Z')).toEqual({ tenure_months: 10 })
    expect(await at('2026-03-02T00:00:00Z')).toEqual({ tenure_months: 11, monthly_charges: 40 })
    expect(await at('2026-04-02T00:00:00Z')).toEqual({ tenure_months: 11 })
    const rows = () => database.withTenant(tenant, (tx) => propertyChanges(tx, id))
    const before = await rows()
    expect(foldChanges(before)).toEqual((await stored())['1'].properties)
    // Everything is read again, and the record changed meanwhile.
    crm.change('1', { tenure_months: 13 })
    await syncs.rows('update connections set cursor = null')
    await syncs.sync(connection)
    await syncs.rows('update connections set cursor = null')
    await syncs.sync(connection)
    expect(await rows()).toHaveLength(before.length + 1)
    expect(foldChanges(await rows())).toEqual((await stored())['1'].properties)
  })

  it('does not look at records that are as our own writing left them', async () => {
    crm.add('1', customer())
    crm.add('2', { ...customer(), lifecyclestage: 'lead' })
    await syncs.sync(connection)
    await scored()
    const { id } = (await stored())['1']
    const wrote = async () => {
      const [result] = await crm.connector().write([{ id: '1', fields: { riskPercent: 50 } }])
      await syncs.rows(
        `insert into write_backs (tenant_id, customer_id, connection_id, fields, status, version)
         values ($1, $2, $3, '{}', 'written', $4)
         on conflict (tenant_id, customer_id) do update set version = excluded.version`,
        tenant,
        id,
        connection,
        result.ok ? result.version : null,
      )
    }
    await wrote()
    const calls = { ...crm.calls }
    expect(await syncs.sync(connection)).toMatchObject({ changed: 0, unchanged: 1 })
    expect((await stored())['1'].due).toBeNull()
    expect([crm.calls['recipients'], crm.calls['agreements']]).toEqual([
      calls['recipients'],
      calls['agreements'],
    ])
    // Somebody changed a deal after us: the record is of our version still, and is looked at.
    await wrote()
    crm.deals.set('d1', { company: '1', amountMinor: 120_000 })
    await hints(crm.hint('changed', 'deals', 'd1'))
    await syncs.refresh(connection)
    expect((await stored())['1'].due).toBe('agreement')
    // And what somebody else changed at the same time as we wrote is seen.
    await scored()
    crm.change('1', { tenure_months: 99 })
    await wrote()
    await syncs.sync(connection)
    expect((await stored())['1']).toMatchObject({ due: 'properties', properties: { tenure_months: 99 } })
  })

  it('keeps a merged customer in the group of the survivor, and says so where two groups met', async () => {
    for (let i = 0; i < 30; i++) crm.add(`${i}`, customer())
    await syncs.sync(connection)
    const before = Object.values(await stored())
    // Of the group that most are in: who is in which is drawn.
    const many = (row: Stored) => before.filter(({ group_name }) => group_name === row.group_name).length
    const [one] = before.toSorted((a, b) => many(b) - many(a))
    const other = before.find(({ group_name }) => group_name !== one.group_name)!
    const alike = before.filter((row) => row.group_name === one.group_name && row !== one)
    crm.merge(one.external_id, other.external_id)
    crm.merge(alike[0].external_id, alike[1].external_id)
    await syncs.sync(connection)
    const after = await stored()
    expect(after[one.external_id]).toMatchObject({ group_name: one.group_name, group_flagged: true })
    expect(after[other.external_id].status).toBe('deleted')
    expect(after[alike[0].external_id]).toMatchObject({ group_flagged: false, status: 'active' })
    expect(after[alike[1].external_id].status).toBe('deleted')
  })

  it('counts what reached a merged customer for the survivor, also under a new id and merged again', async () => {
    for (const id of ['1', '2', '3']) crm.add(id, customer())
    await syncs.sync(connection)
    await syncs.rows(
      `insert into interventions (tenant_id, id, customer_id, connection_id, action_key, channel, idempotency_key,
         state, expires_at, currency, created_by, sent_at)
       select tenant_id, gen_random_uuid(), id, connection_id, 'email', 'email', id || state, state,
         now() + interval '1 day', 'EUR', 'a test', case when state = 'sent' then now() end
       from customers, unnest(array['sent', 'planned']) as s (state) where tenant_id = $1 and external_id = '1'`,
      tenant,
    )
    crm.add('new', customer())
    crm.merge('new', '1')
    await syncs.sync(connection)
    const ledger = async (name: string) => {
      const { id } = (await stored())[name]
      const start = new Date(Date.now() - 86_400_000)
      return database.withTenant(tenant, (tx) => ledgerFacts(tx, { customers: [id], start, now: new Date() }))
    }
    expect(await ledger('new')).toMatchObject([
      { action_key: 'email', open: 0, sent_in_period: 1, sent_in_year: 1 },
    ])
    crm.merge('2', 'new')
    await syncs.sync(connection)
    expect(await ledger('2')).toMatchObject([{ action_key: 'email', sent_in_period: 1 }])
    expect(await ledger('3')).toEqual([])
    // Somebody took the merge back.
    crm.companies.get('2')!.merged.length = 0
    crm.add('1', customer())
    await syncs.sync(connection)
    expect(await ledger('1')).toMatchObject([{ action_key: 'email', sent_in_period: 1 }])
    expect(await ledger('2')).toEqual([])
  })
})

describe(`what a webhook hints at (${databaseKind})`, () => {
  it('is read again at once, and asked to be scored', async () => {
    for (let i = 0; i < 5; i++) crm.add(`${i}`, customer())
    await syncs.sync(connection)
    await scored()
    await syncs.rows('update steps set due_at = null')
    crm.change('1', { tenure_months: 1 })
    crm.remove('2')
    crm.add('new', customer())
    await hints(
      crm.hint('changed', 'companies', '1'),
      crm.hint('changed', 'companies', '1'),
      crm.hint('deleted', 'companies', '2'),
      crm.hint('created', 'companies', 'new'),
      // A lie: it is there.
      crm.hint('deleted', 'companies', '3'),
      crm.hint('changed', 'companies', 'nobody'),
    )
    const cursor = (await read()).cursor
    expect(await syncs.refresh(connection)).toMatchObject({ hints: 6, added: 1, changed: 1, deleted: 1 })
    const after = await stored()
    expect(after['1']).toMatchObject({ due: 'properties', properties: { tenure_months: 1 } })
    expect([after['2'].status, after['3'].status, after['new'].due]).toEqual(['deleted', 'active', 'added'])
    expect((await read()).cursor).toEqual(cursor)
    expect(await dueSteps()).toEqual(['score'])
    // Once.
    expect(await syncs.refresh(connection)).toMatchObject({ hints: 0, read: 0 })
  })

  it('costs no more than the record where nothing but a property changed', async () => {
    crm.add('1', customer())
    crm.add('2', { ...customer(), lifecyclestage: 'lead' })
    await syncs.sync(connection)
    const calls = { ...crm.calls }
    const asked = () =>
      ['read', 'recipients', 'agreements'].map((name) => crm.calls[name] - (calls[name] ?? 0))
    crm.change('1', { tenure_months: 1 })
    await hints(crm.hint('changed', 'companies', '1'))
    await syncs.refresh(connection)
    expect(asked()).toEqual([1, 0, 0])
    // Who becomes a customer is asked about.
    crm.change('2', { lifecyclestage: 'customer' })
    await hints(crm.hint('changed', 'companies', '2'))
    await syncs.refresh(connection)
    expect(asked()).toEqual([2, 1, 1])
  })

  it('waits for the first sync, which reads everything', async () => {
    crm.add('1', customer())
    await hints(crm.hint('changed', 'companies', '1'))
    expect(await syncs.refresh(connection)).toMatchObject({ hints: 1, read: 0 })
    expect(await stored()).toEqual({})
  })

  it('before the first sync is left to it, however much it is', async () => {
    await database.withTenant(tenant, (tx) =>
      keepReceipts(
        tx,
        connection,
        Array.from({ length: 450 }, (_, i) => crm.hint('changed', 'companies', `${i}`)),
      ),
    )
    expect(await syncs.refresh(connection)).toMatchObject({ hints: 450, read: 0 })
    expect(await database.withTenant(tenant, (tx) => pendingReceipts(tx, connection, 1))).toEqual([])
  })

  it('stays to be looked at when the CRM cannot be read', async () => {
    crm.add('1', customer())
    await syncs.sync(connection)
    crm.change('1', { tenure_months: 2 })
    await hints(crm.hint('changed', 'companies', '1'))
    const { connector } = crm
    const broken = { ...connector(), read: () => Promise.reject(new Error('no')) }
    Object.assign(crm, { connector: () => broken })
    const own = syncing(database, tenant, madeUpCrm(), crm)
    await expect(own.refresh(connection)).rejects.toThrow('no')
    expect(await syncs.refresh(connection)).toMatchObject({ hints: 1, changed: 1 })
  })

  it('reaches a customer through its deals and contacts, also through those that are gone', async () => {
    crm.add('1', customer())
    crm.deals.set('d1', { company: '1', amountMinor: 120_000 })
    crm.contacts.set('p1', { company: '1', email: 'ann@example.com' })
    await syncs.sync(connection)
    await scored()
    crm.deals.delete('d1')
    await hints(crm.hint('deleted', 'deals', 'd1'))
    await syncs.refresh(connection)
    expect(await syncs.rows('select from agreements where tenant_id = $1', tenant)).toEqual([])
    expect((await stored())['1'].due).toBe('agreement')
    crm.contacts.set('p1', { company: '1', email: 'anna@example.com' })
    await hints(crm.hint('changed', 'contacts', 'p1'))
    await syncs.refresh(connection)
    expect(await syncs.rows('select email from recipients where tenant_id = $1', tenant)).toEqual([
      { email: 'anna@example.com' },
    ])
  })

  it('is not undone by a page of a sync that was on its way', async () => {
    for (let i = 0; i < 4; i++) crm.add(`${i}`, customer())
    await syncs.sync(connection)
    for (let i = 0; i < 4; i++) crm.change(`${i}`, { tenure_months: 20 })
    crm.onPage = async () => {
      crm.onPage = async () => undefined
      // After the page was read, and before it is stored.
      crm.change('1', { tenure_months: 21 })
      crm.remove('2')
      await hints(crm.hint('changed', 'companies', '1'), crm.hint('deleted', 'companies', '2'))
      await syncs.refresh(connection)
    }
    await syncs.sync(connection)
    const after = await stored()
    expect(after['0'].properties).toHaveProperty('tenure_months', 20)
    expect(after['1'].properties).toHaveProperty('tenure_months', 21)
    expect(after['2'].status).toBe('deleted')
    // The page said that it is there: it is read once more, and is gone.
    expect(await dueSteps()).toContain('refresh')
    expect(await syncs.refresh(connection)).toMatchObject({ hints: 1 })
    expect((await stored())['2'].status).toBe('deleted')
  })

  it('of a person who wants to be forgotten leaves nothing but hashes', async () => {
    const email = 'ann@example.com'
    crm.add('1', customer())
    crm.contacts.set('p1', { company: '1', email })
    crm.contacts.set('p2', { company: '1', email: 'bob@example.com' })
    await syncs.sync(connection)
    const { id } = (await stored())['1']
    const [{ recipient }] = await syncs.rows<{ recipient: number }>(
      `select id as recipient from recipients where tenant_id = $1 and external_id = 'p1'`,
      tenant,
    )
    await syncs.rows(
      `insert into interventions (tenant_id, id, customer_id, connection_id, recipient_id, action_key, channel,
         idempotency_key, state, expires_at, message, currency, created_by)
       select $1, gen_random_uuid(), $2, $3, $4, 'email', 'email', state, state, now() + interval '1 day',
         '{"to": "ann@example.com"}', 'EUR', 'a test' from unnest(array['sent', 'planned']) as s (state)`,
      tenant,
      id,
      connection,
      recipient,
    )
    // She was at another company when this was sent to her.
    await syncs.rows(
      `insert into interventions (tenant_id, id, customer_id, connection_id, action_key, channel, idempotency_key,
         state, expires_at, message, currency, created_by, reason)
       values ($1, gen_random_uuid(), $2, $3, 'email', 'email', 'once', 'rejected', now() + interval '1 day',
         '{"to": "ann@example.com", "recipientId": "p1"}', 'EUR', 'a test', '550 ann@example.com is unknown')`,
      tenant,
      id,
      connection,
    )
    await syncs.rows(
      `insert into activities (tenant_id, intervention_id, connection_id, error_message)
       select tenant_id, id, connection_id, 'ann@example.com is none of ours' from interventions
       where tenant_id = $1 and state = 'sent'`,
      tenant,
    )
    await syncs.rows(
      `insert into intervention_events (tenant_id, intervention_id, to_state, actor, reason)
       select tenant_id, id, state, 'a test', 'ann@example.com took it' from interventions where tenant_id = $1`,
      tenant,
    )
    await hints(crm.hint('changed', 'contacts', 'p1'), crm.hint('erased', 'contacts', 'p1'))
    expect(await syncs.refresh(connection)).toMatchObject({ erased: 1 })
    const left = JSON.stringify(
      await Promise.all(
        [
          'recipients',
          'interventions',
          'intervention_events',
          'customers',
          'property_changes',
          'webhook_receipts',
          'activities',
        ].map((table) => syncs.rows(`select * from ${table} where tenant_id = $1`, tenant)),
      ),
    )
    expect(left).not.toContain('ann@')
    expect(left).not.toContain('"p1"')
    expect(left).toContain('bob@example.com')
    expect(
      await syncs.rows('select state from interventions where tenant_id = $1 order by state', tenant),
    ).toEqual([{ state: 'cancelled' }, { state: 'rejected' }, { state: 'sent' }])
    const key = await database.withTenant(tenant, (tx) => syncs.services.secrets.addressKey(tx))
    const hash = hashAddress(key, 'email', email)!
    expect(await database.withTenant(tenant, (tx) => suppressionOf(tx, hash, 'email'))).toBe('erased')
    // What is still on its way does not bring the person back.
    crm.change('1', { tenure_months: 3 })
    await syncs.sync(connection)
    expect(await syncs.rows('select external_id from recipients where tenant_id = $1', tenant)).toEqual([
      { external_id: 'p2' },
    ])
  })

  it('of a customer who wants to be forgotten takes everything of it along', async () => {
    crm.add('1', customer())
    crm.add('2', customer())
    await syncs.sync(connection)
    const { id } = (await stored())['1']
    await syncs.rows(
      `insert into interventions (tenant_id, id, customer_id, connection_id, action_key, channel,
         idempotency_key, state, expires_at, currency, created_by)
       values ($1, gen_random_uuid(), $2, $3, 'email', 'email', 'k', 'planned', now(), 'EUR', 'a test')`,
      tenant,
      id,
      connection,
    )
    await hints(crm.hint('erased', 'companies', '1'))
    expect(await syncs.refresh(connection)).toMatchObject({ erased: 1 })
    crm.change('1', { tenure_months: 4 })
    await syncs.sync(connection)
    expect(Object.keys(await stored())).toEqual(['2'])
    for (const table of ['property_changes', 'interventions'])
      expect(await syncs.rows(`select from ${table} where customer_id = $1`, id)).toEqual([])
  })
})
