import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { setConnectionStatus } from '../../../src/store/connections.ts'
import type { Database } from '../../../src/store/database.ts'
import { pendingReceipts } from '../../../src/store/webhook-receipts.ts'
import { databaseKind, openTestDatabase } from '../../support/database.ts'
import { addContact } from '../pages/company.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import {
  addPerson,
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
const list = async (query: Record<string, string>, email = 'ann@acme.example') => {
  const { status, body } = await ask.customers(query, { email })
  expect(status, JSON.stringify(body)).toBe(200)
  return body
}
const object = async (n: number) => {
  await addContact(database, account.tenant, account.first + n, { name: 'Ines', email: `i${n}@n.example` })
  await sql('update recipients set objects = true')
}
const worth = (text: string | null): number => Number(text?.replace(/[^\d.]/g, '') ?? 0)

describe(`customers by value at risk in HubSpot (${databaseKind})`, () => {
  it('are those of whoever looks, the most value at risk first', async () => {
    const { sentence, lines, whose, mayAll, more } = await list({}, repOf(0))
    expect(whose).toBe('mine')
    expect(mayAll).toBe(true)
    expect(lines.map(({ objectId }) => objectId).toSorted()).toEqual(
      [recordOf(account.first), recordOf(account.first + 7)].toSorted(),
    )
    expect(sentence).toMatch(/^€[\d,]+ a year is at risk in your 2 customers\.$/)
    const sum = lines.reduce((total, { valueAtRisk }) => total + worth(valueAtRisk), 0)
    expect(Math.abs(worth(sentence.split(' ')[0]) - sum)).toBeLessThanOrEqual(2)
    expect(worth(lines[0].valueAtRisk)).toBeGreaterThanOrEqual(worth(lines[1].valueAtRisk))
    expect(lines[0]).toMatchObject({
      objectTypeId: '0-2',
      name: expect.stringMatching(/^Customer \d/),
      risk: expect.stringMatching(/^[\d.]+\u00a0%$/),
      levelText: expect.stringMatching(/^(High|Medium|Low)$/),
      reason: 'Pays month to month, and can leave at any time.',
    })
    // Whoever does not sign in to Holdfast would land on its sign-in page.
    expect(more).toBeNull()
  })

  it('are all of the account where one asks for them', async () => {
    const { lines, sentence } = await list({ whose: 'all' })
    // One of the twelve is no customer any more.
    expect(lines).toHaveLength(11)
    expect(sentence).toMatch(/ a year is at risk in 11 customers\.$/)
    const amounts = lines.map(({ valueAtRisk }) => worth(valueAtRisk))
    expect(amounts).toEqual(amounts.toSorted((a, b) => b - a))
  })

  it('are only the own ones where the settings say so, unless somebody is of Holdfast', async () => {
    await change(database, account.tenant, { cards: { shown: 'concerned', answers: 'responsible' } })
    expect(await list({ whose: 'all' }, repOf(0))).toMatchObject({ whose: 'mine', mayAll: false })
    await addPerson(database, account.tenant, { email: 'viv@acme.example', role: 'viewer' })
    const found = await list({ whose: 'all' }, 'viv@acme.example')
    expect(found).toMatchObject({ whose: 'all', mayAll: true, more: { href: `${BASE}/app/customers` } })
    expect(found.lines).toHaveLength(11)
  })

  it('are nobody to whom HubSpot names the owner of none', async () => {
    expect(await list({})).toMatchObject({
      sentence: 'HubSpot names you as the owner of none of the customers that Holdfast knows.',
      lines: [],
      next: null,
    })
  })

  it('come in pages that neither repeat nor skip anybody', async () => {
    await sql(
      `insert into customers (tenant_id, connection_id, object, external_id, name, properties, properties_hash, status, group_key, group_name)
       select $1, $2, 'companies', (90000 + n)::text, 'More ' || n, '{}', md5(n::text), 'active', 'm' || n, 'policy'
       from generate_series(1, 40) n`,
      [account.tenant, account.connection],
    )
    await sql(
      `insert into scores (tenant_id, customer_id, connection_id, scored_at, as_of, probability, kind, monthly_hazard, level,
         level_since, reasons, data_confidence, monthly_minor, currency, value_at_risk_minor, model_hash, feature_set_hash, input_hash, state, context)
       select s.tenant_id, c.id, s.connection_id, s.scored_at, s.as_of, 0.5, 'snapshot', 0.05, 'LOW', s.level_since, '[]', 0.9, 1000,
         'EUR', 6000, s.model_hash, s.feature_set_hash, md5(c.id::text), s.state, s.context
       from customers c, (select * from scores where tenant_id = $1 and connection_id = $2 limit 1) s
       where c.tenant_id = $1 and c.connection_id = $2 and c.name like 'More %'`,
      [account.tenant, account.connection],
    )
    const seen: string[] = []
    for (let after: string | null = ''; after !== null;) {
      const page: Awaited<ReturnType<typeof list>> = await list({
        whose: 'all',
        ...(after === '' ? {} : { after }),
      })
      expect(page.lines.length).toBeLessThanOrEqual(25)
      seen.push(...page.lines.map(({ objectId }) => objectId))
      after = page.next
    }
    expect(seen).toHaveLength(51)
    expect(new Set(seen).size).toBe(51)
    expect((await ask.customers({ whose: 'all', after: 'made-up' })).status).toBe(400)
  })

  it('say what is suggested, and nothing of what would have been for those that are left as they are', async () => {
    await suggest(database, account, 1)
    // Of the holdout.
    await suggest(database, account, 0, { group: 'holdout' })
    const { lines } = await list({ whose: 'all' })
    const of = (n: number) => lines.find(({ objectId }) => objectId === recordOf(account.first + n))
    expect(of(1)?.suggestion).toMatch(/, waits for approval$/)
    expect(of(0)?.suggestion).toBeNull()
  })

  it('leave out who does not want to be profiled', async () => {
    await object(1)
    const { lines } = await list({ whose: 'all' })
    expect(lines).toHaveLength(10)
  })

  it('of another account are not among them', async () => {
    const other = await connectAccount(database)
    const { lines } = await list({ whose: 'all' })
    const theirs = Array.from({ length: 12 }, (_, n) => recordOf(other.first + n))
    expect(lines.filter(({ objectId }) => theirs.includes(objectId))).toEqual([])
  })
})

describe(`records that are ticked in a list of HubSpot (${databaseKind})`, () => {
  it('are read again, each once', async () => {
    const ids = [recordOf(account.first), recordOf(account.first + 1), recordOf(account.first), '999999']
    const { status, body } = await ask.bulk(ids)
    expect(status, JSON.stringify(body)).toBe(200)
    expect(body).toMatchObject({ taken: 3, tone: 'success', left: [] })
    expect(body.said).toMatch(/^3 companies are being read and scored\./)
    const pending = await database.withTenant(account.tenant, (tx) =>
      pendingReceipts(tx, account.connection, 10),
    )
    expect(pending.map(({ hint }) => hint.id).toSorted()).toEqual([...new Set(ids)].toSorted())
    expect(woken).toBe(1)
  })

  it('are left out with a reason where nothing may come of them', async () => {
    await sql(`update customers set status = 'deleted' where id = $1`, [account.first + 2])
    await object(3)
    const { body } = await ask.bulk([0, 2, 3].map((n) => recordOf(account.first + n)))
    expect(body).toMatchObject({
      taken: 1,
      left: [
        { why: 'they are gone from the account', count: 1 },
        { why: 'they do not want to be profiled', count: 1 },
      ],
    })
    expect(body.said).toMatch(/^1 company is being read/)
  })

  it('are only the own ones where the settings say so', async () => {
    await change(database, account.tenant, { cards: { shown: 'concerned', answers: 'responsible' } })
    const { body } = await ask.bulk([recordOf(account.first), recordOf(account.first + 1)], {
      email: repOf(0),
    })
    expect(body).toMatchObject({ taken: 1, left: [{ why: 'they are not shown to you', count: 1 }] })
  })

  it('are refused as a whole with what is in the way', async () => {
    expect((await ask.bulk(['1'], {}, '0-1')).body).toMatchObject({
      taken: 0,
      tone: 'warning',
      said: 'Holdfast does not look after contacts in this account.',
    })
    expect((await ask.bulk(Array.from({ length: 1001 }, (_, n) => String(n)))).status).toBe(400)
    expect((await ask.bulk([])).status).toBe(400)
    await database.withTenant(account.tenant, (tx) =>
      setConnectionStatus(tx, account.connection, 'paused', 'a test'),
    )
    expect((await ask.bulk(['1'])).body.said).toBe('The account is not being read at the moment.')
  })
})
