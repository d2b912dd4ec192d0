import * as fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Agreement, ChangePage, Recipient } from '../../connectors/connector.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { ConnectionId, CustomerId, TenantId } from '../../src/contracts/ids.ts'
import { hashAddress } from '../../src/security/address-hash.ts'
import { readConnection, setConnectionStatus } from '../../src/store/connections.ts'
import { consentOf, recordConsent } from '../../src/store/consents.ts'
import type { Database } from '../../src/store/database.ts'
import { foldChanges, propertyChanges } from '../../src/store/property-changes.ts'
import { addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import {
  crmRecord,
  madeUpCrm,
  pagesOf,
  syncing,
  textProfile,
  type MadeUpCrm,
  type Syncing,
} from './syncing.ts'

let database: Database
let tenant: TenantId
let crm: MadeUpCrm
let syncs: Syncing
let connection: ConnectionId
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  tenant = await addTenant(database)
  crm = madeUpCrm()
  syncs = syncing(database, tenant, crm)
  connection = await syncs.connect({ kind: 'crm' })
})

const customers = <Row extends object>(columns: string): Promise<Row[]> =>
  syncs.rows<Row>(`select ${columns} from customers where tenant_id = $1 order by id`, tenant)
const idOf = async (id: string): Promise<CustomerId> =>
  (
    await syncs.rows<{ id: CustomerId }>(
      'select id from customers where tenant_id = $1 and external_id = $2',
      tenant,
      id,
    )
  )[0].id
const historyOf = async (id: string) => {
  const customer = await idOf(id)
  return database.withTenant(tenant, (tx) => propertyChanges(tx, customer))
}
const cursorOf = () =>
  database.withTenant(tenant, async (tx) => (await readConnection(tx, connection)).cursor)
const scored = () =>
  syncs.rows('update customers set score_due_at = null, score_due_why = null where tenant_id = $1', tenant)

const deal = (externalId: string, differs: Partial<Agreement> = {}): Agreement => ({
  externalId,
  amountMinor: 120_000,
  currency: 'EUR',
  periodMonths: 12,
  startDate: '2026-01-01',
  renewalDate: '2027-01-01',
  noticeDate: null,
  autoRenewal: true,
  ...differs,
})

const person = (customerId: string, id: string, differs: Partial<Recipient> = {}): Recipient => ({
  customerId,
  id,
  name: `Person ${id}`,
  role: null,
  email: `${id}@example.com`,
  phone: null,
  language: 'de',
  zone: 'Europe/Vienna',
  country: 'AT',
  consent: { email: 'granted', sms: 'unknown', call: 'unknown', changedAt: null },
  ...differs,
})

describe(`the sync of a CRM (${databaseKind})`, () => {
  it('stores each page with the cursor behind it, and goes on from there', async () => {
    const asked: unknown[] = []
    crm.changes = (since) => {
      asked.push(since)
      return pagesOf([crmRecord('1', { plan: 'a' })], [crmRecord('2', { plan: 'b' })])
    }
    expect(await syncs.sync(connection)).toMatchObject({ added: 2 })
    crm.changes = (since) => {
      asked.push(since)
      return pagesOf({
        upserts: [crmRecord('2', { plan: 'c' })],
        deleted: ['1', 'never seen'],
        cursor: { at: 'next' },
      })
    }
    expect(await syncs.sync(connection)).toMatchObject({ added: 0, changed: 1, deleted: 1 })
    expect(asked).toEqual([null, { at: 2 }])
    expect(await cursorOf()).toEqual({ at: 'next' })
    expect(await customers('external_id, status')).toEqual([
      { external_id: '1', status: 'deleted' },
      { external_id: '2', status: 'active' },
    ])
    // A pass without a page changes nothing.
    crm.changes = () => pagesOf()
    expect(await syncs.sync(connection)).toMatchObject({ added: 0, changed: 0, unchanged: 0 })
    expect(await cursorOf()).toEqual({ at: 'next' })
  })

  it('keeps the cursor when the page after it fails', async () => {
    crm.changes = async function* (): AsyncGenerator<ChangePage> {
      yield* pagesOf([crmRecord('1', { plan: 'a' })])
      throw new HoldfastError('connector_unavailable', 'The CRM answered 503. Try again later.', {
        retryable: true,
      })
    }
    await expect(syncs.sync(connection)).rejects.toMatchObject({ code: 'connector_unavailable' })
    expect(await cursorOf()).toEqual({ at: 1 })
    expect(await customers('external_id')).toEqual([{ external_id: '1' }])
  })

  it('stores nothing of a page, its cursor included, when one row of it cannot be stored', async () => {
    crm.changes = () =>
      pagesOf(
        [crmRecord('1', { plan: 'a' })],
        [crmRecord('2', { plan: 'b' }, { agreements: [deal('d', { startDate: 'no date' })] })],
      )
    await expect(syncs.sync(connection)).rejects.toThrow()
    expect(await cursorOf()).toEqual({ at: 1 })
    expect(await customers('external_id')).toEqual([{ external_id: '1' }])
  })

  it('knows when a property became so and when it was learnt of, whatever the clock of the CRM says', async () => {
    const at = (time: string) => ({ updatedAt: new Date(time) })
    crm.changes = () => pagesOf([crmRecord('1', { plan: 'a' }, at('2026-03-01T00:00:00Z'))])
    await syncs.sync(connection)
    crm.changes = () => pagesOf([crmRecord('1', { plan: 'b' }, at('2026-05-01T00:00:00Z'))])
    await syncs.sync(connection)
    crm.changes = () => pagesOf([crmRecord('1', { plan: 'c' }, at('2026-04-01T00:00:00Z'))])
    await syncs.sync(connection)
    crm.changes = () => pagesOf([crmRecord('1', { plan: 'd' }, at('2999-01-01T00:00:00Z'))])
    await syncs.sync(connection)
    crm.changes = () => pagesOf([crmRecord('1', { plan: 'e' }, at('2026-06-01T00:00:00Z'))])
    await syncs.sync(connection)
    const history = await historyOf('1')
    // What is older than what is known is no news; a time that has not come is no time to compare with.
    expect(history.map(({ changes }) => changes['plan'])).toEqual(['a', 'b', 'd', 'e'])
    expect(history.slice(0, 2).map(({ validAt }) => validAt.toISOString().slice(0, 10))).toEqual([
      '2026-03-01',
      '2026-05-01',
    ])
    expect(history[2].validAt).toEqual(history[2].recordedAt)
    expect(history[3].validAt).toEqual(history[2].validAt)
    const customer = await idOf('1')
    const inApril = await database.withTenant(tenant, (tx) =>
      propertyChanges(tx, customer, { validAt: new Date('2026-04-15T00:00:00Z') }),
    )
    expect(foldChanges(inApril)).toEqual({ plan: 'a' })
  })

  it('marks a customer for scoring when a deal of it changes, and only then', async () => {
    const sees = async (...agreements: Agreement[]) => {
      crm.changes = () => pagesOf([crmRecord('1', { plan: 'a' }, { agreements })])
      const counts = await syncs.sync(connection)
      const stored = await syncs.rows(
        'select external_id, monthly_minor, renewal_date from agreements where tenant_id = $1 order by external_id',
        tenant,
      )
      const [{ due }] = await customers<{ due: string | null }>('score_due_why as due')
      await scored()
      return { changed: counts['changed'], stored, due }
    }
    expect(await sees(deal('d1'), deal('d2', { periodMonths: 1, amountMinor: 5000 }))).toMatchObject({
      due: 'added',
      stored: [
        { external_id: 'd1', monthly_minor: 10_000, renewal_date: '2027-01-01' },
        { external_id: 'd2', monthly_minor: 5000 },
      ],
    })
    expect(await sees(deal('d1'), deal('d2', { periodMonths: 1, amountMinor: 5000 }))).toMatchObject({
      due: null,
    })
    expect(await sees(deal('d1', { renewalDate: '2028-01-01' }))).toEqual({
      changed: 0,
      due: 'agreement',
      stored: [{ external_id: 'd1', monthly_minor: 10_000, renewal_date: '2028-01-01' }],
    })
    // An amount in no currency is no amount.
    expect(await sees(deal('d1', { currency: null }))).toMatchObject({
      due: 'agreement',
      stored: [{ monthly_minor: null }],
    })
    expect(await sees()).toMatchObject({ due: 'agreement', stored: [] })
  })

  it('keeps the people of a customer in the order of the CRM, and forgets who left', async () => {
    let people: readonly Recipient[] = [
      person('1', 'b'),
      person('1', 'a'),
      person('2', 'c', { email: 'no address' }),
      person('9', 'x'),
    ]
    crm.recipients = () => people
    crm.changes = () => pagesOf([crmRecord('1', {}), crmRecord('2', {})])
    await syncs.sync(connection)
    const stored = () =>
      syncs.rows(
        'select external_id, rank, email_hash is null as unreachable from recipients where tenant_id = $1 order by customer_id, rank',
        tenant,
      )
    expect(await stored()).toEqual([
      { external_id: 'b', rank: 0, unreachable: false },
      { external_id: 'a', rank: 1, unreachable: false },
      { external_id: 'c', rank: 0, unreachable: true },
    ])
    people = [person('1', 'a'), person('2', 'c', { email: 'c@example.com' })]
    await syncs.sync(connection)
    expect(await stored()).toEqual([
      { external_id: 'a', rank: 0, unreachable: false },
      { external_id: 'c', rank: 0, unreachable: false },
    ])
  })

  it('dates each channel by itself where the source does', async () => {
    const key = await syncs.services.secrets.addressKey(null!)
    const hash = hashAddress(key, 'phone', '+49 151 5550101')!
    await database.withTenant(tenant, (tx) =>
      recordConsent(tx, {
        hash,
        channel: 'call',
        status: 'granted',
        source: 'person',
        changedAt: new Date('2026-03-01T00:00:00Z'),
      }),
    )
    crm.changes = () => pagesOf([crmRecord('1', {})])
    const states = async (call: Date | null) => {
      const changedAtBy = { email: new Date('2026-04-01T00:00:00Z'), call }
      crm.recipients = () => [
        person('1', 'a', {
          phone: '+49 151 5550101',
          consent: { email: 'granted', sms: 'unknown', call: 'refused', changedAt: null, changedAtBy },
        }),
      ]
      await syncs.sync(connection)
      return database.withTenant(tenant, (tx) => consentOf(tx, hash, 'call'))
    }
    expect(await states(new Date('2026-02-01T00:00:00Z'))).toBe('granted')
    expect(await states(new Date('2026-03-02T00:00:00Z'))).toBe('refused')
  })

  it('believes the younger of two dated statements on consent', async () => {
    const key = await syncs.services.secrets.addressKey(null!)
    const hash = hashAddress(key, 'email', 'a@example.com')!
    const states = async (status: 'granted' | 'refused', changedAt: string) => {
      crm.recipients = () => [
        person('1', 'a', {
          consent: { email: status, sms: 'unknown', call: 'unknown', changedAt: new Date(changedAt) },
        }),
      ]
      await syncs.sync(connection)
      return database.withTenant(tenant, (tx) => consentOf(tx, hash, 'email'))
    }
    crm.changes = () => pagesOf([crmRecord('1', {})])
    expect(await states('granted', '2026-01-01T00:00:00Z')).toBe('granted')
    await database.withTenant(tenant, (tx) =>
      recordConsent(tx, {
        hash,
        channel: 'email',
        status: 'refused',
        source: 'unsubscribe',
        changedAt: new Date('2026-03-01T00:00:00Z'),
      }),
    )
    expect(await states('granted', '2026-02-01T00:00:00Z')).toBe('refused')
    expect(await states('granted', '2026-04-01T00:00:00Z')).toBe('granted')
    // A clock that is ahead does not outrun what is said later.
    expect(await states('refused', '2999-01-01T00:00:00Z')).toBe('refused')
    await database.withTenant(tenant, (tx) =>
      recordConsent(tx, { hash, channel: 'email', status: 'granted', source: 'a person' }),
    )
    expect(await database.withTenant(tenant, (tx) => consentOf(tx, hash, 'email'))).toBe('granted')
  })

  it('writes consent once, however often the CRM states it', async () => {
    const stated = {
      email: 'granted',
      sms: 'refused',
      call: 'unknown',
      changedAt: new Date('2026-02-01T00:00:00Z'),
    } as const
    crm.changes = () => pagesOf([crmRecord('1', {})])
    crm.recipients = () => [person('1', 'a', { phone: '+43123456789', consent: stated })]
    expect(await syncs.sync(connection)).toMatchObject({ consents: 2 })
    expect(await syncs.sync(connection)).toMatchObject({ consents: 0 })
    const hash = hashAddress(await syncs.services.secrets.addressKey(null!), 'email', 'a@example.com')!
    await database.withTenant(tenant, (tx) =>
      recordConsent(tx, { hash, channel: 'email', status: 'refused', source: 'unsubscribe' }),
    )
    expect(await syncs.sync(connection)).toMatchObject({ consents: 0 })
  })

  it('follows name, parent and responsible person without asking for a score', async () => {
    crm.changes = () => pagesOf([crmRecord('1', { plan: 'a' })])
    await syncs.sync(connection)
    await scored()
    const responsible = { id: 'u7', name: 'Sam Rep', email: 'sam@example.com' }
    crm.changes = () =>
      pagesOf([crmRecord('1', { plan: 'a' }, { name: 'Renamed', topParentId: 'P', responsible })])
    expect(await syncs.sync(connection)).toMatchObject({ changed: 1 })
    expect(
      await customers('name, group_key, responsible_id, responsible_name, score_due_at, score_due_why'),
    ).toEqual([
      {
        name: 'Renamed',
        group_key: 'P',
        responsible_id: 'u7',
        responsible_name: 'Sam Rep',
        score_due_at: null,
        score_due_why: null,
      },
    ])
    expect(await historyOf('1')).toHaveLength(1)
  })

  it('asks for a sign-in when the CRM does, and tries nothing until then', async () => {
    crm.changes = () => {
      throw new HoldfastError('connector_reconnect', 'The CRM no longer lets us in. Sign in again.')
    }
    await expect(syncs.sync(connection)).rejects.toMatchObject({ code: 'connector_reconnect' })
    expect(await database.withTenant(tenant, (tx) => readConnection(tx, connection))).toMatchObject({
      status: 'needs_reconnect',
      statusReason: 'The CRM no longer lets us in. Sign in again.',
    })
  })

  it('stops at the next page when somebody pauses it, and gives way to another sync that went on', async () => {
    const meanwhile = (work: () => Promise<unknown>) =>
      async function* (): AsyncGenerator<ChangePage> {
        yield* pagesOf([crmRecord('1', { plan: 'a' })], [crmRecord('2', { plan: 'a' })])
        await work()
        yield* pagesOf({ upserts: [crmRecord('3', { plan: 'a' })], cursor: { at: 3 } })
      }
    crm.changes = meanwhile(() =>
      syncs.rows(
        'update connections set cursor = \'{"at": "elsewhere"}\' where tenant_id = $1 and id = $2',
        tenant,
        connection,
      ),
    )
    await expect(syncs.sync(connection)).rejects.toMatchObject({ code: 'lease_lost' })
    expect(await cursorOf()).toEqual({ at: 'elsewhere' })
    crm.changes = meanwhile(() =>
      database.withTenant(tenant, (tx) => setConnectionStatus(tx, connection, 'paused', 'by hand')),
    )
    await expect(syncs.sync(connection)).rejects.toMatchObject({ code: 'paused' })
    expect(
      (await customers<{ external_id: string }>('external_id')).map(({ external_id }) => external_id),
    ).not.toContain('3')
  })

  it('stores what no database holds, and the last of a record that comes twice', async () => {
    crm.profile = textProfile('plan', 'note\0')
    const odd = crmRecord(
      '1',
      { plan: 'a\0b', 'note\0': '\ud800half', empty: '', blank: null },
      { name: 'N\0', responsible: { id: 'r\0', name: '\udc00', email: null } },
    )
    crm.changes = () => pagesOf([crmRecord('1', { plan: 'first' }), odd])
    expect(await syncs.sync(connection)).toMatchObject({ added: 1 })
    expect(await customers('name, properties, responsible_id, responsible_name')).toEqual([
      {
        name: 'N',
        properties: { plan: 'ab', note: '\ufffdhalf', empty: '' },
        responsible_id: 'r',
        responsible_name: '\ufffd',
      },
    ])
    expect(await syncs.sync(connection)).toMatchObject({ unchanged: 1 })
  })

  it('holds what the CRM holds, and a history that folds to it, after any changes', async () => {
    const value = fc.oneof(
      fc.constantFrom('a', 'b', '', 'ü"\\'),
      fc.constant(null),
      fc.boolean(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.string({ unit: 'binary', maxLength: 4 }),
    )
    const properties = fc.dictionary(fc.constantFrom('plan', 'seats', '__proto__', 'note'), value)
    const state = fc.dictionary(fc.constantFrom('1', '2', '3', "'; --"), properties, {
      noNullPrototype: true,
    })
    await fc.assert(
      fc.asyncProperty(fc.array(state, { minLength: 1, maxLength: 4 }), async (states) => {
        const own = await syncs.connect({ kind: 'crm' })
        for (const [at, records] of states.entries()) {
          const page = (): AsyncIterable<ChangePage> =>
            pagesOf({
              upserts: Object.entries(records).map(([id, has]) => crmRecord(id, has)),
              complete: true,
              cursor: { at },
            })
          crm.changes = page
          await syncs.sync(own)
          // The same again is nothing.
          const again = await syncs.sync(own)
          expect(again).toMatchObject({ added: 0, changed: 0, deleted: 0, returned: 0 })
          const stored = await syncs.rows<{
            id: CustomerId
            external_id: string
            properties: object
            status: string
          }>(
            'select id, external_id, properties, status from customers where tenant_id = $1 and connection_id = $2',
            tenant,
            own,
          )
          expect(
            stored
              .filter(({ status }) => status === 'active')
              .map(({ external_id }) => external_id)
              .toSorted(),
          ).toEqual(Object.keys(records).toSorted())
          for (const { id, external_id, properties: kept, status } of stored) {
            const history = await database.withTenant(tenant, (tx) => propertyChanges(tx, id))
            expect(foldChanges(history)).toEqual(kept)
            if (status !== 'active') continue
            const expected = Object.entries(records[external_id])
              .filter(([, one]) => one !== null)
              .map(([name, one]) => [
                name,
                typeof one === 'string' ? one.toWellFormed().replaceAll('\0', '') : one,
              ])
            expect(Object.entries(kept).toSorted()).toEqual(JSON.parse(JSON.stringify(expected)).toSorted())
          }
        }
      }),
      { numRuns: 6 },
    )
  })
})
