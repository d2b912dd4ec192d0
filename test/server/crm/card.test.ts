import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { asCustomer } from '../../../src/contracts/ids.ts'
import { setConnectionStatus } from '../../../src/store/connections.ts'
import type { Database } from '../../../src/store/database.ts'
import { holdCustomer } from '../../../src/store/holds.ts'
import { addPause } from '../../../src/store/pauses.ts'
import { insertPerson } from '../../../src/store/people.ts'
import { pendingReceipts } from '../../../src/store/webhook-receipts.ts'
import { addTenant, databaseKind, openTestDatabase } from '../../support/database.ts'
import { addDecision } from '../../support/deciding.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { addContact } from '../pages/company.ts'
import {
  APP_KEY,
  asking,
  BASE,
  change,
  connectAccount,
  recordOf,
  repOf,
  suggest,
  type Account,
} from './rig.ts'

let database: Database
let server: TestServer
let woken = 0
beforeAll(async () => {
  database = await openTestDatabase()
  const absent = () => Promise.reject(new Error('there is no queue in this test'))
  server = await startTestServer(
    database,
    [],
    {},
    { publicUrl: BASE, appKeys: [APP_KEY], queue: { wake: () => void woken++, counts: absent, queues: [] } },
  )
})
afterAll(async () => {
  await server.close()
  await database.close()
})

let account: Account
let ask: ReturnType<typeof asking>
beforeEach(async () => {
  account = await connectAccount(database)
  ask = asking(server, account)
  woken = 0
})

const sql = (text: string, values: readonly unknown[] = []) =>
  database.withTenant(account.tenant, (tx) => tx.query(text, values))
const card = async (n: number, by: Parameters<typeof ask.card>[1] = { email: repOf(n) }) => {
  const { status, body } = await ask.card(recordOf(account.first + n), by)
  expect(status, JSON.stringify(body)).toBe(200)
  return body
}
const kinds = ({ notices }: { readonly notices: readonly { readonly kind: string }[] }) =>
  notices.map(({ kind }) => kind)

describe(`the card of a record in HubSpot (${databaseKind})`, () => {
  it('says what one came for: the number, what it means and is worth, why, and what is suggested', async () => {
    await addContact(database, account.tenant, account.first + 1, {
      name: 'Ines Vogt',
      email: 'ines.vogt@nordlicht.example',
    })
    const { intervention } = await suggest(database, account, 1)
    await sql(
      `insert into agreements (tenant_id, customer_id, external_id, monthly_minor, currency, renewal_date)
       values ($1, $2, 'a', 2000, 'EUR', (now() + interval '40 days')::date)`,
      [account.tenant, account.first + 1],
    )
    const body = await card(1)
    expect(body).toMatchObject({
      state: 'scored',
      name: 'Customer 2',
      risk: {
        text: expect.stringMatching(/^[\d.]+\u00a0%$/),
        means: 'chance to leave: a snapshot, without saying when',
        asOf: 'as of 20 Nov',
        trend: null,
        history: [{ date: '2026-11-20' }],
      },
      value: expect.stringMatching(/^€[\d,.]+ at risk · renews \d+ \w+/),
      suggestion: {
        title: expect.stringContaining('Ines Vogt'),
        worth: '+€512 expected',
        cost: '€60',
        standing: expect.stringMatching(/^Waits for a yes until/),
        message: { to: 'customer', text: expect.stringContaining('Ines') },
      },
      answers: { intervention, approve: 'Approve', refused: null },
      consent: [
        { channel: 'E-mail', allowed: expect.any(Boolean) },
        { channel: 'SMS' },
        { channel: 'Calls' },
      ],
      mayScore: true,
      more: null,
    })
    expect(body.sentence).toMatch(/^(High|Medium|Low) risk: €.* at risk\. .*: waits for a yes until/)
    expect(body.reasons).toHaveLength(3)
    expect(body.reasons[0]).toEqual({
      sentence: 'Pays month to month, and can leave at any time.',
      raises: true,
    })
    expect(body.suggestion!.sentences.join(' ')).toMatch(/^Of 2 actions, 1 was possible\. .*worth most/)
    expect(body.answers!.notRight.map(({ key }) => key)).toContain('wrong_contact')
    expect(kinds(body)).toEqual(['starter', 'dry_run'])
  })

  it('shows people and messages to whoever is responsible, and to operators, and to nobody else', async () => {
    await addContact(database, account.tenant, account.first + 1, {
      name: 'Ines Vogt',
      email: 'ines.vogt@nordlicht.example',
    })
    await suggest(database, account, 1)
    const stranger = await card(1, { email: 'somebody@acme.example' })
    expect(JSON.stringify(stranger)).not.toContain('Vogt')
    expect(stranger.suggestion).toMatchObject({ title: expect.stringContaining('I••• V•••'), message: null })
    expect(stranger.answers).toMatchObject({
      approve: null,
      snoozeDays: [],
      notRight: [],
      refused: 'Whoever is responsible for this customer answers, or an operator of Holdfast.',
    })
    await database.withTenant(account.tenant, (tx) =>
      insertPerson(tx, {
        id: '6f1c2a34-0000-4000-8000-000000000002',
        email: 'op@acme.example',
        name: 'Op',
        role: 'operator',
        origin: 'invited',
        createdBy: 'a test',
      }),
    )
    const operator = await card(1, { email: 'Op@acme.example' })
    expect(operator.suggestion!.message).not.toBeNull()
    expect(operator.answers!.refused).toBeNull()
    expect(operator.more).toEqual({
      label: 'Open in Holdfast',
      href: `${BASE}/app/customers/${account.first + 1}`,
    })
  })

  it('tells nothing of what would have been in groups that are left as they are', async () => {
    await suggest(database, account, 2, { group: 'holdout' })
    await sql(`update customers set group_name = 'holdout' where id = $1`, [account.first + 2])
    for (const by of [{ email: repOf(2) }, { email: 'somebody@acme.example' }]) {
      const body = await card(2, by)
      expect(body).toMatchObject({ state: 'scored', suggestion: null, answers: null })
      expect(kinds(body)).toContain('held_out')
      expect(JSON.stringify(body)).not.toMatch(/€512|expected|waits for|mail to/i)
    }
  })

  it('says so where nothing is worth doing', async () => {
    const customer = asCustomer(account.first + 1)
    await addDecision(database, { ...account, customer }, { weighed: { email: [-10, 'open'] } })
    const body = await card(1)
    expect(body.suggestion).toBeNull()
    expect(body.sentence).toMatch(/Nothing is worth doing now\.$/)
    expect(body.notices.find(({ kind }) => kind === 'in_peace')?.text).toMatch(/left in peace/)
  })

  it.each([
    ['waiting', 'not scored yet', 'delete from scores where customer_id = $1', true],
    ['left', 'No longer counted', `update customers set status = 'left' where id = $1`, true],
    ['left', 'gone from', `update customers set status = 'deleted' where id = $1`, false],
  ] as const)('is %s with a sentence (%s)', async (state, words, change, mayScore) => {
    await sql(change, [account.first + 1])
    const body = await card(1)
    expect(body).toMatchObject({ state, risk: null, suggestion: null, mayScore, name: 'Customer 2' })
    expect(body.sentence).toContain(words)
  })

  it('knows records that are none of its customers', async () => {
    const outside = await ask.card('123')
    expect(outside.body).toMatchObject({ state: 'outside', mayScore: true, name: null })
    const contact = await ask.card('123', {}, '0-1')
    expect(contact.body).toMatchObject({ state: 'outside', mayScore: false })
    expect(contact.body.sentence).toBe(
      'Holdfast looks after companies in this account, so there is nothing on a contact.',
    )
    await addContact(database, account.tenant, account.first + 1, { name: 'Ines', email: 'i@n.example' })
    await sql(`update recipients set external_id = '123' where customer_id = $1`, [account.first + 1])
    expect((await ask.card('123', {}, '0-1')).body.sentence).toMatch(/^This contact belongs to Customer 2:/)
    await sql('update connections set population = null')
    expect((await ask.card('999')).body).toMatchObject({ state: 'unknown', mayScore: false })
    await sql(`update connections set population = '{"kind": "everyone"}'`)
    await sql('update steps set last_done_at = null')
    expect((await ask.card('999')).body).toMatchObject({ state: 'unknown' })
  })

  it('says who objects to being profiled, and nothing else of them', async () => {
    await addContact(database, account.tenant, account.first + 1, { name: 'Ines', email: 'i@n.example' })
    await sql('update recipients set objects = true')
    const body = await card(1)
    expect(body).toMatchObject({ state: 'objects', risk: null, suggestion: null })
  })

  it('is closed to whom it is not shown', async () => {
    await change(database, account.tenant, { cards: { shown: 'concerned' } })
    expect(await card(1, { email: 'somebody@acme.example' })).toMatchObject({
      state: 'no_access',
      name: null,
    })
    expect(await card(1)).toMatchObject({ state: 'scored' })
    expect((await ask.score(recordOf(account.first + 1), { email: 'somebody@acme.example' })).body.tone).toBe(
      'warning',
    )
  })

  it('says what stands beside the number', async () => {
    await suggest(database, account, 1)
    await sql('update scores set data_confidence = 0.3')
    await sql(`update steps set last_done_at = now() - interval '2 days'`)
    await database.withTenant(account.tenant, async (tx) => {
      await holdCustomer(tx, {
        customer: asCustomer(account.first + 1),
        kind: 'by_hand',
        reason: 'Talks are under way.',
        actor: 'user:ann',
      })
      await addPause(tx, { scope: 'channel', name: 'email', reason: 'Too many bounces', actor: 'user:ann' })
    })
    const body = await card(1)
    expect(kinds(body)).toEqual(['stale', 'held', 'low_data', 'starter', 'paused', 'dry_run'])
    expect(body.notices.map(({ text }) => text).join(' ')).toContain('Talks are under way.')
    await database.withTenant(account.tenant, (tx) =>
      setConnectionStatus(tx, account.connection, 'needs_reconnect', null),
    )
    const away = await card(1)
    expect(kinds(away)).toContain('disconnected')
    expect(away.mayScore).toBe(false)
  })

  it('says the rest where the suggestion cannot be read', async () => {
    await suggest(database, account, 1)
    const broken = await startTestServer(
      database,
      [],
      {},
      {
        publicUrl: BASE,
        appKeys: [APP_KEY],
        secrets: {
          ...server.services.secrets,
          addressKey: () => Promise.reject(new Error('the vault is away')),
        },
      },
    )
    const { body } = await asking(broken, account).card(recordOf(account.first + 1), { email: repOf(1) })
    await broken.close()
    expect(body).toMatchObject({ state: 'scored', suggestion: null, answers: null })
    expect(kinds(body)).toContain('partial')
    expect(body.risk).not.toBeNull()
  })

  it('answers only of its own account', async () => {
    const other = await connectAccount(database)
    const theirs = recordOf(other.first + 1)
    expect((await ask.card(theirs)).body).toMatchObject({ state: 'outside', name: null })
    expect((await asking(server, other).card(theirs)).body).toMatchObject({ state: 'scored' })
    // Two companies with a record of the same id: each is told of its own.
    await database.withTenant(other.tenant, (tx) =>
      tx.query(`update customers set external_id = $2, name = 'Another' where id = $1`, [
        other.first + 1,
        recordOf(account.first + 1),
      ]),
    )
    expect((await card(1)).name).toBe('Customer 2')
    expect((await asking(server, other).card(recordOf(account.first + 1))).body.name).toBe('Another')
    const stranger = asking(server, { portal: '1' })
    expect((await stranger.card(theirs)).status).toBe(404)
    await database.withTenant(account.tenant, (tx) =>
      setConnectionStatus(tx, account.connection, 'disconnected', null),
    )
    expect((await ask.card(recordOf(account.first + 1))).status).toBe(404)
  })

  it('answers of both kinds of records of an account that one company connected both of', async () => {
    await connectAccount(database, { ...account, object: 'contacts' })
    const [{ id }] = (await sql(
      `select max(id) as id from customers where object = 'contacts' and status = 'active'`,
    )) as { id: number }[]
    expect((await ask.card(recordOf(id), {}, '0-1')).body.state).toBe('scored')
    expect((await ask.card(recordOf(id), {}, '0-2')).body.state).toBe('outside')
    expect((await card(1)).state).toBe('scored')
  })

  it('refuses what is no record, once the signature is right', async () => {
    expect((await ask.card('../1')).status).toBe(400)
    expect((await ask.card('1', {}, '0-3')).status).toBe(400)
    expect((await ask.card('../1', { key: { secret: 'guessed', base: BASE } })).status).toBe(401)
  })

  it('has a record read and scored at once, as a webhook would', async () => {
    const { body, status } = await ask.score(recordOf(account.first + 1))
    expect(status).toBe(200)
    expect(body).toMatchObject({ tone: 'success', card: { state: 'scored', mayScore: false } })
    expect(kinds(body.card)).toContain('scoring')
    expect(woken).toBe(1)
    await ask.score(recordOf(account.first + 1))
    const waiting = await database.withTenant(account.tenant, (tx) =>
      pendingReceipts(tx, account.connection, 10),
    )
    expect(waiting.map(({ hint }) => [hint.object, hint.id])).toContainEqual([
      'companies',
      recordOf(account.first + 1),
    ])
    expect(waiting.length).toBeLessThanOrEqual(2)
    const [step] = await sql(`select cause, due_at <= now() as due from steps where step = 'refresh'`)
    expect(step).toEqual({ cause: 'asked', due: true })
    await database.withTenant(account.tenant, (tx) =>
      setConnectionStatus(tx, account.connection, 'paused', null),
    )
    expect((await ask.score(recordOf(account.first + 1))).body.tone).toBe('warning')
  })

  it('writes nothing of whoever looks into the log', async () => {
    await addTenant(database)
    const email = 'canary.somebody@personal.example'
    await card(1, { email })
    await ask.card('1', { email, key: { secret: 'guessed', base: BASE } })
    await ask.card('x', { email })
    await ask.answer('1', { intervention: 'x' }, { email })
    await ask.score('1', { email })
    expect(server.log()).not.toContain('canary')
    expect(server.log()).toContain('/crm/hubspot/card')
  })
})
