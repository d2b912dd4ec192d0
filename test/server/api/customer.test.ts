import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asCustomer } from '../../../src/contracts/ids.ts'
import { apiRoutes } from '../../../src/server/api/routes.ts'
import type { CustomerAnswer } from '../../../src/server/api/customer-shapes.ts'
import type { TimelineAnswer } from '../../../src/server/api/timeline.ts'
import type { Database } from '../../../src/store/database.ts'
import { approve } from '../../../src/store/interventions.ts'
import { holdCustomer, releaseHolds } from '../../../src/store/holds.ts'
import { databaseKind, openTestDatabase } from '../../support/database.ts'
import { addIntervention } from '../../support/ledger.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { SAME_SITE } from '../companies.ts'
import { addContact, fillCompany, type Company } from '../pages/company.ts'

const NOW = new Date('2026-11-22T12:00:00Z')

let database: Database
let server: TestServer
let acme: Company
/** Of the policy group and above .5, so that an e-mail was chosen. */
let chosen: number
let holdout: number
let cookies: Record<'viewer' | 'operator' | 'admin', string>

beforeAll(async () => {
  database = await openTestDatabase()
  server = await startTestServer(database, apiRoutes, {}, { clock: () => NOW })
  acme = await fillCompany(database, { count: 60 })
  cookies = {
    viewer: await server.cookie(acme.tenant, 'viewer'),
    operator: await server.cookie(acme.tenant, 'operator'),
    admin: await server.cookie(acme.tenant, 'admin'),
  }
  ;[{ id: chosen }] = await rows<{ id: number }>(
    `select d.customer_id as id from decisions d join customers c on c.tenant_id = d.tenant_id and c.id = d.customer_id
     where d.action_key = 'email' and c.status = 'active' and c.group_name = 'policy' order by 1 limit 1`,
  )
  ;[{ id: holdout }] = await rows<{ id: number }>(
    `select id from customers where group_name = 'holdout' and status = 'active' order by 1 limit 1`,
  )
  await rows(
    `update decisions set group_name = 'holdout', action_key = 'no_action' where customer_id = $1`,
    holdout,
  )
}, 60_000)
afterAll(async () => {
  await server.close()
  await database.close()
})

const rows = <Row extends object>(text: string, ...values: unknown[]): Promise<Row[]> =>
  database
    .withTenant(acme.tenant, (tx) => tx.query<Row>(text, values))
    .catch(async (error: unknown) => {
      // What is only ever added to is changed by nobody but the owner.
      if (!/permission denied/.test(String(error))) throw error
      return database.asSystem('a test', (tx) => tx.query<Row>(text, values))
    })

async function get<Body>(path: string, role: keyof typeof cookies = 'operator'): Promise<Body> {
  const answer = await server.fetch(path, { headers: { cookie: cookies[role], ...SAME_SITE } })
  expect(answer.status, await answer.clone().text()).toBe(200)
  return (await answer.json()) as Body
}
const customer = (id: number, role?: keyof typeof cookies) => get<CustomerAnswer>(`/v1/customers/${id}`, role)

/** A contact with an address that consents can be of. */
async function contact(id: number, name: string): Promise<Buffer> {
  await addContact(database, acme.tenant, id, { name, email: 'ines.vogt@nordlicht.example' })
  const [{ hash }] = await rows<{ hash: Uint8Array }>(
    'select email_hash as hash from recipients where customer_id = $1 and name = $2',
    id,
    name,
  )
  return Buffer.from(hash)
}

describe(`one customer (${databaseKind})`, () => {
  it('says what it pays, when it renews and whom an action reaches', async () => {
    await contact(chosen, 'Ines Vogt')
    await rows(
      `insert into agreements (tenant_id, customer_id, external_id, monthly_minor, currency, renewal_date, notice_date)
       values ($1, $2, 'a', 100, 'EUR', '2026-11-01', '2026-10-01'), ($1, $2, 'b', 200, 'EUR', '2027-01-12', '2026-12-12')`,
      acme.tenant,
      chosen,
    )
    const [{ monthly }] = await rows<{ monthly: number }>(
      'select monthly_minor as monthly from scores where customer_id = $1',
      chosen,
    )
    const { pays, reaches, responsible } = await customer(chosen)
    expect(pays).toEqual({
      yearlyMinor: monthly * 12,
      currency: 'EUR',
      renewalDate: '2027-01-12',
      noticeDate: '2026-12-12',
    })
    expect(reaches).toEqual({ name: 'Ines Vogt', role: 'Head of Operations' })
    expect(responsible?.name).toMatch(/^Rep \d$/)
  })

  it('compares the risk with that of a month ago, and with nothing where there was none', async () => {
    expect((await customer(chosen)).score!.monthAgo).toBeNull()
    const past = [
      ['2026-09-01T00:00:00Z', 0.31],
      ['2026-10-20T00:00:00Z', 0.17],
      ['2026-10-30T00:00:00Z', 0.25],
    ]
    for (const [at, probability] of past)
      await rows(
        `insert into score_history (tenant_id, customer_id, scored_at, probability, level, model_hash)
         values ($1, $2, $3, $4, 'LOW', 'x')`,
        acme.tenant,
        chosen,
        at,
        probability,
      )
    const { score } = await customer(chosen)
    expect(score!.monthAgo).toMatchObject({ scoredAt: '2026-10-20T00:00:00.000Z', probability: 0.17 })
  })

  it('tells the decision as sentences and as data: worth, odds, cost, or why not', async () => {
    const { told, decision } = await customer(chosen)
    expect(told!.hidden).toBe(false)
    expect(told!.next).toBe('2026-12-01')
    expect(told!.sentences.join(' ').replaceAll('\u00a0', ' ')).toMatch(
      /^Of 5 actions, 3 were possible\. .*Send Email is worth most: \+€5\.12 expected at a cost of €0\.60\. Chosen with a chance of 90 % on 20 Nov; the next decision is on 1 Dec\.$/,
    )
    const [first, ...others] = told!.actions
    expect(first).toEqual({
      key: 'email',
      name: 'Send Email',
      chosen: true,
      possible: true,
      why: null,
      expectedValueMinor: 512,
      costMinor: 60,
      odds: 0.9,
      state: null,
    })
    const sms = others.find(({ key }) => key === 'sms')!
    expect(sms).toMatchObject({
      possible: false,
      odds: 0,
      why: 'the customer has not agreed to this channel',
    })
    expect(told!.actions).toHaveLength(decision!.actions.length)
    expect(others.map(({ possible }) => possible)).toEqual([true, true, true, false, false])
  })

  it('says who agreed to what, by whom it was said, and that a refusal counts more at the same time', async () => {
    const hash = await contact(chosen, 'Otto Ohm')
    const at = '2026-11-10T08:00:00Z'
    const said = (status: string, source: string) =>
      rows(
        `insert into consents (tenant_id, address_hash, channel, status, source, changed_at) values ($1, $2, 'email', $3, $4, $5)`,
        acme.tenant,
        hash,
        status,
        source,
        at,
      )
    await said('refused', 'unsubscribe')
    await said('granted', 'hubspot')
    const otto = (await customer(chosen)).recipients.find(({ name }) => name === 'Otto Ohm')!
    expect(otto.consent).toEqual({ email: 'refused', sms: null, call: null })
    expect(otto.consentSource.email).toEqual({ source: 'unsubscribe', at: '2026-11-10T08:00:00.000Z' })
  })

  it('says what may be pressed now: by whom, and as long as it can be', async () => {
    const place = { tenant: acme.tenant, connection: acme.connection, customer: asCustomer(chosen) }
    const waiting = await addIntervention(database, place, {
      state: 'awaiting_approval',
      expiresAt: new Date(NOW.getTime() + 8 * 86_400_000),
    })
    const { may } = await customer(chosen)
    expect(may).toMatchObject({ hold: true, release: false })
    expect(may.answer.find(({ intervention }) => intervention === waiting)).toMatchObject({
      name: 'Send Email',
      approve: true,
      reject: true,
      snoozeDays: 7,
    })
    expect((await customer(chosen, 'viewer')).may).toEqual({ answer: [], hold: false, release: false })
    await database.withTenant(acme.tenant, (tx) => approve(tx, waiting, { actor: 'user:mara@acme.example' }))
    const after = (await customer(chosen)).may.answer.find(({ intervention }) => intervention === waiting)
    expect(after).toMatchObject({ approve: false, reject: true })
  })

  it('shows no suggestion of a customer in the holdout, but to whoever may export decisions', async () => {
    const [{ gains }] = await rows<{ gains: number[] }>(
      'select gains from decisions where customer_id = $1',
      holdout,
    )
    expect(gains).toContain(512)
    for (const role of ['viewer', 'operator'] as const) {
      const { told, decision, timeline } = await customer(holdout, role)
      expect(told).toMatchObject({ hidden: true, actions: [] })
      expect(told!.sentences[0]).toMatch(/^This customer is in the holdout/)
      expect(decision!.actions.every((one) => one.expectedValueMinor === null && one.probability === 0)).toBe(
        true,
      )
      expect(JSON.stringify({ told, decision: decision!.actions, timeline })).not.toMatch(/512|0\.9\b/)
    }
    expect((await customer(holdout, 'admin')).decision!.actions[1].expectedValueMinor).toBe(512)
  })

  it('does not need the model to be there, and says so of what only the model knows', async () => {
    const { score } = await customer(chosen)
    expect(score!.confidence.prediction).toBeNull()
    expect(score!.confidence.data).toMatchObject({ share: 0.9, known: null, features: null, low: false })
    expect(server.log()).toContain('the model of a customer cannot be opened')
  })

  it('knows of no customer of another company', async () => {
    const other = await fillCompany(database, { count: 3, name: 'Other' })
    for (const path of [`/v1/customers/${other.first}`, `/v1/customers/${other.first}/timeline`]) {
      const answer = await server.fetch(path, { headers: { cookie: cookies.admin, ...SAME_SITE } })
      expect(answer.status).toBe(404)
    }
  })
})

describe(`the timeline (${databaseKind})`, () => {
  let id: number

  beforeAll(async () => {
    ;[{ id }] = await rows<{ id: number }>(
      `select id from customers where status = 'active' and group_name = 'policy' and id <> $1 order by id desc limit 1`,
      chosen,
    )
    await rows('delete from score_history where customer_id = $1', id)
    const risk = (at: string, probability: number, level: string) =>
      rows(
        `insert into score_history (tenant_id, customer_id, scored_at, probability, level, model_hash) values ($1, $2, $3, $4, $5, 'x')`,
        acme.tenant,
        id,
        at,
        probability,
        level,
      )
    await risk('2026-09-01T06:00:00Z', 0.17, 'LOW')
    await risk('2026-10-01T06:00:00Z', 0.19, 'LOW')
    await risk('2026-11-21T06:00:00Z', 0.41, 'HIGH')
    const hash = await contact(id, 'Ines Vogt')
    await rows(
      `insert into consents (tenant_id, address_hash, channel, status, source, changed_at) values ($1, $2, 'email', 'granted', 'hubspot', '2026-09-02T06:00:00Z')`,
      acme.tenant,
      hash,
    )
    const place = { tenant: acme.tenant, connection: acme.connection, customer: asCustomer(id) }
    const intervention = await addIntervention(database, place, { state: 'awaiting_approval' })
    await database.withTenant(acme.tenant, async (tx) => {
      await approve(tx, intervention, { actor: 'user:mara@acme.example', note: 'Ines Vogt asked for it' })
      await holdCustomer(tx, {
        customer: asCustomer(id),
        kind: 'replied',
        reason: 'Ines Vogt answered',
        actor: 'user:mara@acme.example',
      })
      await releaseHolds(tx, asCustomer(id), 'user:mara@acme.example')
      await tx.query(
        `insert into delivery_events (tenant_id, intervention_id, channel, kind, at, dedup_key) values ($1, $2, 'email', 'opened', '2026-11-20T06:00:00Z', $3)`,
        [acme.tenant, intervention, randomUUID()],
      )
      await tx.query(
        `insert into write_backs (tenant_id, customer_id, connection_id, fields, written_at, status)
         values ($1, $2, $3, '{"riskPercent": 41, "suggestedAction": "Send Email"}', '2026-11-21T06:01:00Z', 'written')`,
        [acme.tenant, id, acme.connection],
      )
    })
  })

  const whole = (role?: keyof typeof cookies) =>
    get<TimelineAnswer>(`/v1/customers/${id}/timeline?limit=100`, role)
  const sentences = async (role?: keyof typeof cookies): Promise<Record<string, string[]>> => {
    const { items } = await whole(role)
    const of = Map.groupBy(items, ({ kind }) => kind)
    return Object.fromEntries(
      [...of].map(([kind, all]) => [kind, all.map((one) => one.sentence.replaceAll('\u00a0', ' '))]),
    )
  }

  it('tells each thing as a plain sentence', async () => {
    expect(await sentences()).toMatchObject({
      level: ['Risk rose to 41 %, from 19 %: high now.', 'Scored for the first time: 17 %, low risk.'],
      consent: ['Ines Vogt agreed to e-mails (HubSpot).'],
      intervention: [
        'Send Email: approved by mara@acme.example. Ines Vogt asked for it.',
        'Send Email: waits for approval.',
      ],
      feedback: ['Send Email: opened.'],
      hold: ['Left alone until somebody has looked: answered. Ines Vogt answered.'],
      release: ['No longer left alone (answered): released by mara@acme.example.'],
      written: ['Written to Customers: risk 41 %, suggested: Send Email.'],
    })
  })

  it('is newest first, and the same in pages of any size', async () => {
    const { items, next } = await whole()
    expect(next).toBeNull()
    const at = items.map((one) => one.at)
    expect(at).toEqual(at.toSorted().toReversed())
    for (const limit of [1, 2, 5]) {
      const read: TimelineAnswer['items'] = []
      let cursor: string | null = null
      do {
        const page: TimelineAnswer = await get(
          `/v1/customers/${id}/timeline?limit=${limit}${cursor === null ? '' : `&cursor=${cursor}`}`,
        )
        expect(page.items.length).toBeLessThanOrEqual(limit)
        read.push(...page.items)
        cursor = page.next
      } while (cursor !== null)
      expect(read).toEqual(items)
    }
  })

  it('tells of properties that the model or the policy looks at, with what they were', async () => {
    await rows(`update connections set profile = $2, mapping = null where id = $1`, acme.connection, {
      path: 'a file',
      format: 'csv',
      rows: 60,
      columns: ['tenure', 'MonthlyCharges', 'nickname'].map((header) => ({
        header,
        kind: header === 'nickname' ? 'text' : 'number',
        missing: 0,
        distinct: 40,
        values: [],
        unreadable: 0,
        ...(header === 'nickname' ? {} : { min: 0, max: 100 }),
      })),
    })
    const change = (at: string, changes: object) =>
      rows(
        `insert into property_changes (tenant_id, customer_id, valid_at, changes) values ($1, $2, $3, $4)`,
        acme.tenant,
        id,
        at,
        changes,
      )
    await change('2026-08-01T06:00:00Z', { tenure: 11, MonthlyCharges: 80, nickname: 'Noor' })
    await change('2026-10-01T06:00:00Z', { nickname: 'Nordlicht' })
    await change('2026-10-02T06:00:00Z', { MonthlyCharges: 95.5, nickname: 'Nord' })
    await change('2026-10-03T06:00:00Z', { MonthlyCharges: null })
    // The reading of a connection is kept for some seconds.
    await new Promise((done) => setTimeout(done, 3100))
    expect((await sentences())['property']).toEqual([
      'Monthly charges is no longer known (was 95.5).',
      'Monthly charges: 80 → 95.5.',
      'Read from Customers for the first time.',
    ])
  })

  it('shows viewers no people, and nothing that somebody wrote', async () => {
    const answer = await server.fetch(`/v1/customers/${id}`, {
      headers: { cookie: cookies.viewer, ...SAME_SITE },
    })
    const text = (await answer.text()) + JSON.stringify(await whole('viewer'))
    expect(text).not.toMatch(/Ines Vogt|mara@acme|ines\.vogt|asked for it|rep\d@example/)
    expect(text).toContain('I••• V•••')
    const seen = await sentences('viewer')
    expect(seen['intervention'][0]).toBe('Send Email: approved by m•••@acme.example.')
    expect(seen['hold']).toEqual(['Left alone until somebody has looked: answered.'])
  })

  it('refuses a cursor of another list', async () => {
    const cursor = Buffer.from(JSON.stringify(['customers by value', [1, 2]])).toString('base64url')
    const answer = await server.fetch(`/v1/customers/${id}/timeline?cursor=${cursor}`, {
      headers: { cookie: cookies.viewer, ...SAME_SITE },
    })
    expect(answer.status).toBe(400)
  })
})
