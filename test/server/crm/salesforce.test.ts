import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { disconnectConnection } from '../../../src/control/disconnect.ts'
import { COMMAND_LINE } from '../../../src/control/acting-person.ts'
import {
  cardList,
  cardPressed,
  cardSettings,
  cardSettingsSaved,
  recordCard,
} from '../../../src/server/crm/card-shapes.ts'
import { salesforceCrmRoutes } from '../../../src/server/crm/salesforce-routes.ts'
import type { Service } from '../../../src/service.ts'
import { findIntervention } from '../../../src/store/interventions.ts'
import { readConnection, setConnectionStatus } from '../../../src/store/connections.ts'
import type { Database } from '../../../src/store/database.ts'
import { pendingReceipts } from '../../../src/store/webhook-receipts.ts'
import { databaseKind, openTestDatabase } from '../../support/database.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { addContact } from '../pages/company.ts'
import { addPerson, BASE, suggest } from './rig.ts'
import { accountId, askingFrom, connectOrg, contactId, userId, type Org } from './salesforce-rig.ts'

let database: Database
let server: TestServer
let woken = 0
beforeAll(async () => {
  database = await openTestDatabase()
  const absent = () => Promise.reject(new Error('there is no queue in this test'))
  const queue = { wake: () => void woken++, counts: absent, queues: [] }
  server = await startTestServer(database, [], {}, { publicUrl: BASE, queue })
})
afterAll(async () => {
  await server.close()
  await database.close()
})

let org: Org
let ask: ReturnType<typeof askingFrom>
beforeEach(async () => {
  org = await connectOrg(database, server)
  ask = askingFrom(server, org)
  woken = 0
})

const recordAt = (n: number): string => accountId(org.first + n)

describe(`the card of a record in Salesforce (${databaseKind})`, () => {
  it('is the same card as everywhere, by the org’s own words', async () => {
    await addContact(database, org.tenant, org.first + 1, {
      name: 'Ines Vogt',
      email: 'ines.vogt@nordlicht.example',
    })
    const { intervention } = await suggest(database, org, 1)
    const { status, body } = await ask.card(recordAt(1), { user: userId(1) })
    expect(status, JSON.stringify(body)).toBe(200)
    expect(recordCard.parse(body)).toEqual(body)
    expect(body).toMatchObject({
      state: 'scored',
      name: 'Customer 2',
      risk: { level: expect.stringMatching(/HIGH|MEDIUM|LOW/) },
      suggestion: { title: expect.stringContaining('mail') },
      answers: { intervention, refused: null },
    })
  })

  it('takes the owner by their id, and nobody else, for whoever is responsible', async () => {
    await addContact(database, org.tenant, org.first + 1, {
      name: 'Ines Vogt',
      email: 'ines.vogt@nordlicht.example',
    })
    await suggest(database, org, 1)
    const own = await ask.card(recordAt(1), { user: userId(1), email: null })
    expect(own.body.answers?.refused).toBeNull()
    expect(own.body.suggestion?.message).not.toBeNull()
    const other = await ask.card(recordAt(1), { user: userId(2), email: null })
    expect(other.body.answers?.refused).toContain('responsible')
    expect(other.body.suggestion?.message).toBeNull()
  })

  it('takes ids of 15 characters as well, and says of what is none what it has to be', async () => {
    expect((await ask.card(recordAt(1).slice(0, 15))).body.state).toBe('scored')
    for (const record of ['', '006Hp00000000001AA', 'x', "001' or 1=1"]) {
      const { status, body } = await ask.card(record)
      expect(status, record).toBe(400)
      expect(JSON.stringify(body)).toContain('001')
    }
  })

  it('says of others what they are, in the words of Salesforce', async () => {
    expect((await ask.card(accountId(9_999_999))).body.sentence).toBe(
      'This account is not counted as a customer, so it is not scored, and nothing is done for it. If it has just become one, score it now.',
    )
    expect((await ask.card(contactId(9_999_999))).body.sentence).toBe(
      'Holdfast looks after accounts in this org, so there is nothing on a contact.',
    )
    await database.withTenant(org.tenant, (tx) => setConnectionStatus(tx, org.connection, 'paused', 'x'))
    expect((await ask.card(recordAt(1))).body.notices).toContainEqual(
      expect.objectContaining({ kind: 'disconnected', text: expect.stringContaining('this org is paused') }),
    )
  })

  it('has a record read and scored at once, as an event would', async () => {
    const { status, body } = await ask.score(recordAt(1))
    expect(status).toBe(200)
    expect(cardPressed.parse(body)).toEqual(body)
    expect(body).toMatchObject({ tone: 'success', card: { mayScore: false } })
    const pending = await database.withTenant(org.tenant, (tx) => pendingReceipts(tx, org.connection, 10))
    expect(pending).toMatchObject([
      { hint: { origin: org.org, object: 'Account', id: recordAt(1), kind: 'changed' } },
    ])
    expect(woken).toBe(1)
  })

  it('is answered once, and who comes second is told who was first', async () => {
    const { intervention } = await suggest(database, org, 1)
    const { answers } = (await ask.card(recordAt(1), { user: userId(1) })).body
    const says = { intervention, asked: answers!.asked, answer: 'approve' }
    const by = { user: userId(1), email: 'jon@acme.example' }
    const [one, two] = [await ask.answer(recordAt(1), says, by), await ask.answer(recordAt(1), says, by)]
    expect(one).toMatchObject({ status: 200, body: { tone: 'success' } })
    expect(cardPressed.parse(one.body)).toEqual(one.body)
    expect(two).toMatchObject({
      status: 200,
      body: { tone: 'info', said: expect.stringContaining('already') },
    })
    const found = await database.withTenant(org.tenant, (tx) => findIntervention(tx, intervention))
    expect(found?.state).toBe('planned')
    const refused = await ask.answer(recordAt(1), { ...says, answer: 'snooze' }, by)
    expect(refused).toMatchObject({ status: 400 })
  })
})

describe('the other pages in Salesforce', () => {
  it('list the customers of whoever looks by their records', async () => {
    const { status, body } = await ask.customers({}, { user: userId(1) })
    expect(status).toBe(200)
    expect(cardList.parse(body)).toEqual(body)
    expect(body.whose).toBe('mine')
    expect(body.lines.map(({ objectTypeId, objectId }) => [objectTypeId, objectId])).toContainEqual([
      'Account',
      recordAt(1),
    ])
    expect(body.lines.length).toBeLessThan(4)
    const all = await ask.customers({ whose: 'all' })
    expect(all.body.lines.length).toBeGreaterThan(body.lines.length)
    expect((await ask.customers({}, { user: '005Hp00000zzzzzIAA' })).body.sentence).toContain(
      'None of your customers',
    )
  })

  it('let admins of Holdfast change settings, operators pause, and others look', async () => {
    await addPerson(database, org.tenant, { email: 'ann@acme.example', role: 'admin' })
    await addPerson(database, org.tenant, { email: 'ole@acme.example', role: 'operator' })
    const looked = await ask.settings()
    expect(cardSettings.parse(looked.body)).toEqual(looked.body)
    expect(looked.body).toMatchObject({ mayChange: false, mayPause: false, sections: [] })
    expect(looked.body.sentence).toContain('accounts of this org')
    const ann = { email: 'Ann@Acme.example' }
    const { body: page } = await ask.settings(ann)
    expect(page.mayChange).toBe(true)
    const field = page.sections.flatMap(({ fields }) => fields).find(({ kind }) => kind === 'switch')!
    const change = { version: page.version, values: { [field.key]: !(field.value as boolean) } }
    const saved = await ask.changeSettings(change, ann)
    expect(saved, JSON.stringify(saved.body)).toMatchObject({ status: 200, body: { tone: 'success' } })
    expect(cardSettingsSaved.parse(saved.body)).toEqual(saved.body)
    expect((await ask.changeSettings(change, { email: 'ole@acme.example' })).status).toBe(403)
    const paused = await ask.pause(true, { email: 'ole@acme.example' })
    expect(paused.body.settings.paused).toContain('Paused in Salesforce by ole')
    expect((await ask.pause(false, { email: 'ole@acme.example' })).status).toBe(403)
    expect((await ask.pause(false, ann)).body.settings.paused).toBeNull()
  })
})

describe('whatever the package asks', () => {
  const BODIES: Readonly<Record<string, () => object>> = {
    '/crm/salesforce/card/answer': () => ({
      record: recordAt(1),
      intervention: crypto.randomUUID(),
      asked: 'x',
      answer: 'approve',
    }),
    '/crm/salesforce/card/score': () => ({ record: recordAt(1) }),
    '/crm/salesforce/settings': () => ({ version: 1, values: { 'delivery.mode': 'off' } }),
    '/crm/salesforce/pause': () => ({ paused: true }),
    '/crm/salesforce/flow': () => ({ action: 'score', calls: [{ id: 'a', record: recordAt(1) }] }),
  }
  const each = async (by: Parameters<typeof ask.card>[1], seen: (status: number, name: string) => void) => {
    for (const { method, path } of salesforceCrmRoutes) {
      const body = method === 'post' ? BODIES[path]() : undefined
      const query: Record<string, string> = path === '/crm/salesforce/card' ? { record: recordAt(1) } : {}
      const answer = await ask.raw(method === 'get' ? 'GET' : 'POST', path, { query, body }, by)
      seen(answer.status, `${method} ${path}: ${await answer.text()}`)
    }
  }

  it('is refused without a key, with a key for something else, and to people who are signed in here', async () => {
    await each({ key: null }, (status, name) => expect(status, name).toBe(401))
    await each({ key: `hf_${'x'.repeat(43)}` }, (status, name) => expect(status, name).toBe(401))
    const all = await server.key(org.tenant, 'score', 'read', 'write', 'export', 'admin', 'metrics')
    await each({ key: all }, (status, name) => expect(status, name).toBe(403))
  })

  it('is answered for the key’s own org alone', async () => {
    const beside = await connectOrg(database, server, { tenant: org.tenant })
    const elsewhere = await connectOrg(database, server)
    for (const { key } of [beside, elsewhere])
      await each({ key }, (status, name) => expect(status, name).toBe(403))
    // Whatever org it says it is: the key's.
    await each({ key: beside.key, org: beside.org }, (status, name) => {
      expect([200, 403, 404], name).toContain(status)
    })
    const seen = await ask.card(recordAt(1), { key: beside.key, org: beside.org })
    expect(seen.body).toMatchObject({ state: 'outside', risk: null, name: null })
    const { intervention } = await suggest(database, org, 1)
    const says = { intervention, asked: 'x', answer: 'approve' }
    const by = { key: beside.key, org: beside.org, user: userId(1) }
    expect((await ask.answer(recordAt(1), says, by)).status).toBe(404)
  })

  it('of an org that two companies connected is answered to each of its own', async () => {
    const other = await connectOrg(database, server, { org: org.org })
    const [here, there] = [await ask.card(recordAt(1)), await askingFrom(server, other).card(recordAt(1))]
    expect(here.body.state).toBe('scored')
    expect(there.body.state).toBe('outside')
  })

  it('opens nothing else of the API', async () => {
    for (const path of ['/v1/customers', '/v1/settings', '/v1/connections', '/v1/exports/customers']) {
      const answer = await server.fetch(path, { headers: { authorization: `Bearer ${org.key}` } })
      expect([401, 403, 404], path).toContain(answer.status)
    }
  })

  it('is over once the org is left: its keys are void', async () => {
    const described = await database.withTenant(org.tenant, (tx) => readConnection(tx, org.connection))
    const service = { ...server.services, database } as unknown as Service
    await disconnectConnection(service, {
      tenant: org.tenant,
      connection: { ...described, id: org.connection, status: 'paused' } as Parameters<
        typeof disconnectConnection
      >[1]['connection'],
      data: 'keep',
      by: COMMAND_LINE,
      wake: () => undefined,
    })
    // Whoever had seen the key shortly before finds that there is no such org.
    await each({}, (status, name) => expect([401, 404], name).toContain(status))
    const [key] = await database.withTenant(org.tenant, (tx) =>
      tx.query<{ revoked: boolean }>(
        'select revoked_at is not null as revoked from api_keys where tenant_id = $1',
        [org.tenant],
      ),
    )
    expect(key.revoked).toBe(true)
  })

  it('needs to say who asks', async () => {
    for (const [name, value] of [
      ['org', '00D1'],
      ['user', 'ann'],
      ['user', recordAt(1)],
    ] as const) {
      const { status, body } = await ask.card(recordAt(1), { [name]: value })
      expect(status, `${name} ${value}`).toBe(400)
      expect(JSON.stringify(body)).toContain(`x-holdfast-${name}`)
    }
  })
})
