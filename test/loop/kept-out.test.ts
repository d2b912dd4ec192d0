import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { CustomerRecord, Recipient } from '../../connectors/connector.ts'
import type { ConnectionId, TenantId } from '../../src/contracts/ids.ts'
import { erasePerson, findPerson, type PersonSelector } from '../../src/loop/people-data.ts'
import type { Database } from '../../src/store/database.ts'
import { listErasures, readmit } from '../../src/store/erasures.ts'
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
let test: Syncing
let connection: ConnectionId

beforeAll(async () => {
  database = await openTestDatabase()
})
beforeEach(async () => {
  tenant = await addTenant(database)
  crm = madeUpCrm()
  crm.profile = textProfile('plan', 'main_contact')
})
afterAll(() => database.close())

const contact = (customerId: string, id: string, email: string): Recipient => ({
  customerId,
  id,
  name: email.split('@')[0],
  role: null,
  email,
  phone: null,
  language: null,
  zone: null,
  country: null,
  consent: { email: 'granted', sms: 'unknown', call: 'unknown', changedAt: null },
})
const ANN = 'ann@example.com'

/** What the CRM hands over from now on, with all of its people. */
async function sync(records: readonly CustomerRecord[], people: readonly Recipient[]): Promise<void> {
  crm.changes = () => pagesOf({ upserts: records, complete: true, cursor: { at: Math.random() } })
  crm.recipients = (ids) => people.filter(({ customerId }) => ids.includes(customerId))
  await test.sync(connection)
}

/** The first look, and the kind of CRM for the rest. */
async function begin(records: readonly CustomerRecord[], people: readonly Recipient[]): Promise<void> {
  crm.recipients = () => []
  test = syncing(database, tenant, crm)
  connection = await test.connect({ kind: 'crm' })
  await sync(records, people)
}

const erase = (selector: PersonSelector) =>
  database.withTenant(tenant, async (tx) => {
    const { fingerprint } = await findPerson(tx, test.services, selector)
    return erasePerson(tx, test.services, { selector, actor: 'user:kim', reference: null, fingerprint })
  })
const names = async () =>
  (await test.rows<{ id: string }>('select external_id as id from customers order by 1')).map(({ id }) => id)
const people = async () =>
  (await test.rows<{ id: string }>('select external_id as id from recipients order by 1')).map(({ id }) => id)
const erasures = () => database.withTenant(tenant, async (tx) => (await listErasures(tx, {})).items)

const acme = crmRecord('acme', { plan: 'Team', main_contact: ANN })
const led = crmRecord('led', { plan: 'Free', main_contact: null })

describe(`whoever was erased (${databaseKind})`, () => {
  it('does not come back with the next sync as a contact, and an admin sees that the CRM still has them', async () => {
    const all = [
      contact('acme', 'c1', ANN),
      contact('acme', 'c2', 'bo@example.com'),
      contact('led', 'c1', ANN),
    ]
    await begin([acme, led], all)
    expect(await people()).toEqual(['c1', 'c1', 'c2'])
    await erase({ email: ANN })
    expect(await people()).toEqual(['c2'])
    expect((await erasures())[0].seenAt).toBeNull()
    await sync([acme, led], all)
    expect(await people()).toEqual(['c2'])
    expect(await names()).toEqual(['acme', 'led'])
    expect((await erasures())[0].seenAt).toBeInstanceOf(Date)
  })

  it('does not come back under another id with the same address, nor in a property of a company', async () => {
    await begin([acme], [contact('acme', 'c1', ANN)])
    await erase({ email: ANN })
    await sync([acme], [contact('acme', 'c9', 'ANN@example.com '), contact('acme', 'c2', 'bo@example.com')])
    expect(await people()).toEqual(['c2'])
    expect(await test.rows('select properties from customers')).toEqual([{ properties: { plan: 'Team' } }])
    expect(await test.rows(`select 1 from property_changes where changes::text like '%ann@%'`)).toEqual([])
    // The same record again is no change: nothing is written for it each night.
    const before = await test.rows('select id from property_changes')
    await sync([acme], [contact('acme', 'c2', 'bo@example.com')])
    expect(await test.rows('select id from property_changes')).toEqual(before)
  })

  it('does not come back as a customer, by the record or by the address', async () => {
    const self = crmRecord('p1', { plan: 'Team', main_contact: null })
    await begin([self, led], [contact('p1', 'p1', ANN)])
    await erase({ email: ANN })
    expect(await names()).toEqual(['led'])
    const renamed = crmRecord('p2', { plan: 'Team', main_contact: null })
    await sync([self, renamed, led], [contact('p1', 'p1', ANN), contact('p2', 'p2', ANN)])
    expect(await names()).toEqual(['led'])
  })

  it('takes nobody along: a company with the id of a contact, and who shares nothing with them', async () => {
    const company = crmRecord('c1', { plan: 'Team', main_contact: 'bo@example.com' })
    await begin([company, led], [contact('led', 'c1', ANN), contact('led', 'c2', 'bo@example.com')])
    await erase({ record: { connection, id: 'c1', object: 'contact' } })
    await sync([company, led], [contact('led', 'c1', ANN), contact('led', 'c2', 'bo@example.com')])
    expect(await names()).toEqual(['c1', 'led'])
    expect(await people()).toEqual(['c2'])
    expect(
      await test.rows(`select properties ->> 'main_contact' as at from customers where external_id = 'c1'`),
    ).toEqual([{ at: 'bo@example.com' }])
  })

  it('comes back once an admin says that they may', async () => {
    await begin([acme], [contact('acme', 'c1', ANN)])
    const erased = await erase({ email: ANN })
    await database.withTenant(tenant, (tx) => readmit(tx, { erasure: erased!.id, actor: 'user:kim' }))
    await sync([acme], [contact('acme', 'c1', ANN)])
    expect(await people()).toEqual(['c1'])
    expect(await test.rows(`select reason from suppressions`)).toEqual([{ reason: 'erased' }])
  })

  it('is kept out also where nothing was held of them yet', async () => {
    await begin([acme], [])
    await erase({ email: 'new@example.com' })
    await sync([acme], [contact('acme', 'c5', 'new@example.com')])
    expect(await people()).toEqual([])
  })
})
