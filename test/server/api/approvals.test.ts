import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ConnectionId, InterventionId, TenantId } from '../../../src/contracts/ids.ts'
import { asCustomer } from '../../../src/contracts/ids.ts'
import type { ApprovalResults, ApprovalsAnswer } from '../../../src/server/api/approvals.ts'
import { apiRoutes } from '../../../src/server/api/routes.ts'
import type { Role } from '../../../src/security/access.ts'
import { hashAddress } from '../../../src/security/address-hash.ts'
import { recordConsent } from '../../../src/store/consents.ts'
import { activateTenant } from '../../../src/store/tenants.ts'
import { fillBook } from '../../support/book.ts'
import { addConnection, addTenant, databaseKind, openTestDatabase } from '../../support/database.ts'
import { addDecision } from '../../support/deciding.ts'
import { addIntervention, movesOf } from '../../support/ledger.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import type { Database } from '../../../src/store/database.ts'

let database: Database
let server: TestServer
let tenant: TenantId
let connection: ConnectionId
let first: number

beforeAll(async () => {
  database = await openTestDatabase()
  server = await startTestServer(database, apiRoutes)
})
afterAll(async () => {
  await server.close()
  await database.close()
})
beforeEach(async () => {
  tenant = await addTenant(database)
  connection = await addConnection(database, tenant)
  ;({ first } = await fillBook(database, tenant, connection, { count: 30 }))
  await database.withTenant(tenant, (tx) => activateTenant(tx, tenant))
})

async function as(role: Role): Promise<{
  get<T>(path: string): Promise<T>
  post<T>(path: string, body: object): Promise<{ status: number; body: T }>
}> {
  const cookie = await server.cookie(tenant, role)
  const headers = { cookie, 'sec-fetch-site': 'same-origin' }
  return {
    get: async (path) => (await (await server.fetch(path, { headers })).json()) as never,
    post: async (path, body) => {
      const answer = await server.fetch(path, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      return { status: answer.status, body: (await answer.json()) as never }
    },
  }
}

const sql = (text: string, values: readonly unknown[] = []) =>
  database.withTenant(tenant, (tx) => tx.query(text, values))

/** One that waits, of the nth customer. */
async function waiting(
  n: number,
  differs: Parameters<typeof addIntervention>[2] = {},
): Promise<InterventionId> {
  const place = { tenant, connection, customer: asCustomer(first + n) }
  return addIntervention(database, place, { state: 'awaiting_approval', currency: 'EUR', ...differs })
}

async function addRecipient(n: number): Promise<void> {
  const email = 'ines.vogt@nordlicht.example'
  await database.withTenant(tenant, async (tx) => {
    const hash = hashAddress(await server.services.secrets.addressKey(tx), 'email', email)!
    await tx.query(
      `insert into recipients (tenant_id, customer_id, external_id, name, email, email_hash)
       values ($1, $2, 'p', 'Ines Vogt', $3, $4)`,
      [tenant, first + n, email, hash],
    )
    await recordConsent(tx, { hash, channel: 'email', status: 'granted', source: 'crm' })
  })
}

describe(`the inbox of approvals (${databaseKind})`, () => {
  it('tells of each what it is worth, whom it reaches and what it would say', async () => {
    await addRecipient(1)
    const customer = asCustomer(first + 1)
    const decision = await addDecision(
      database,
      { tenant, connection, customer },
      {
        action: 'email',
        weighed: { email: [512, 'open'], sms: [300, 'no_consent'] },
        expectedValueMinor: 512,
      },
    )
    const id = await waiting(1, { decision, plannedCostMinor: 60 })
    const { items, counts } = await (await as('operator')).get<ApprovalsAnswer>('/v1/approvals')
    expect(items).toHaveLength(1)
    const [one] = items
    expect(one).toMatchObject({
      id,
      customer: { id: customer, name: 'Customer 2', object: 'rows' },
      action: { key: 'email', channel: 'email' },
      worth: { expectedMinor: 512, currency: 'EUR' },
      cost: { minor: 60, currency: 'EUR' },
      reaches: { name: 'Ines Vogt', address: 'ines.vogt@nordlicht.example' },
      askedOf: { responsible: { email: `rep${2 % 7}@example.com` }, task: false, problem: null },
    })
    expect(one.why).toMatch(/^Of 2 actions, 1 was possible/)
    expect(one.customer.valueAtRiskMinor).toBeGreaterThan(0)
    expect(one.message?.subject).toBeTruthy()
    expect(one.message?.text).toContain('Ines')
    expect(one.held).toContain('nobody can say what time it is there')
    expect(Date.parse(one.answerBy)).toBeLessThanOrEqual(Date.now() + 7 * 86_400_000)
    expect(counts).toEqual({ open: 1, mine: null, actions: [{ actionKey: 'email', open: 1 }] })
  })

  it('masks people and messages for viewers, who cannot answer', async () => {
    await addRecipient(1)
    const id = await waiting(1)
    const viewer = await as('viewer')
    const { items } = await viewer.get<ApprovalsAnswer>('/v1/approvals')
    expect(items[0].reaches).toEqual({ name: 'I••• V•••', address: 'i•••@nordlicht.example' })
    expect(items[0].message).toBeNull()
    expect(JSON.stringify(items)).not.toMatch(/Ines|ines\.vogt/)
    const answer = await viewer.post('/v1/approvals/answers', { answer: 'approve', items: [{ id }] })
    expect(answer.status).toBe(403)
  })

  it.each([
    ['value', (one: ApprovalsAnswer['items'][number]) => -(one.customer.valueAtRiskMinor ?? -1)],
    ['worth', (one: ApprovalsAnswer['items'][number]) => -(one.worth.expectedMinor ?? -1e12)],
    ['expiry', (one: ApprovalsAnswer['items'][number]) => Date.parse(one.answerBy)],
  ] as const)('pages by %s through everything that waits once, in order', async (sort, of) => {
    for (let n = 1; n < 9; n++) {
      const customer = asCustomer(first + n)
      const decision = await addDecision(
        database,
        { tenant, connection, customer },
        {
          action: 'email',
          weighed: { email: [n * 100, 'open'] },
          expectedValueMinor: n === 4 ? null : (n % 3) * 100,
        },
      )
      await waiting(n, { decision, expiresAt: new Date(Date.now() + ((n * 5) % 7) * 3_600_000 + 60_000) })
    }
    await sql('update scores set value_at_risk_minor = null where tenant_id = $1 and customer_id = $2', [
      tenant,
      first + 2,
    ])
    await waiting(1, { state: 'planned' })
    const operator = await as('operator')
    const found: ApprovalsAnswer['items'][number][] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: ApprovalsAnswer = await operator.get(
        `/v1/approvals?sort=${sort}&limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`,
      )
      found.push(...page.items)
      cursor = page.next
    }
    expect(new Set(found.map(({ id }) => id)).size).toBe(8)
    expect(found).toHaveLength(8)
    expect(found.map(of)).toEqual(found.map(of).toSorted((a, b) => a - b))
  })

  it('lists those of whoever asks by the e-mail address, and counts them', async () => {
    for (let n = 1; n < 6; n++) await waiting(n)
    await sql(
      `update customers set responsible_email = 'Ann@Acme.example' where tenant_id = $1 and id = $2`,
      [tenant, first + 3],
    )
    const cookie = await server.cookie(tenant, 'operator')
    await sql(`update sessions set subject = 'ann@acme.example' where tenant_id = $1`, [tenant])
    const answer = await server.fetch('/v1/approvals?mine=true', { headers: { cookie } })
    const { items, counts, you } = (await answer.json()) as ApprovalsAnswer
    expect(you).toBe('ann@acme.example')
    expect(counts).toMatchObject({ open: 5, mine: 1 })
    expect(items.map(({ customer }) => customer.id)).toEqual([first + 3])
  })

  it('leaves out what nobody can answer any more, as the badge does', async () => {
    await waiting(1)
    const late = await waiting(2)
    const over = await waiting(3)
    await sql(
      `update interventions set awaiting_since = now() - interval '8 days' where tenant_id = $1 and id = $2`,
      [tenant, late],
    )
    await sql(
      `update interventions set expires_at = now() - interval '1 second' where tenant_id = $1 and id = $2`,
      [tenant, over],
    )
    const viewer = await as('viewer')
    const { items, counts } = await viewer.get<ApprovalsAnswer>('/v1/approvals')
    const badges = await viewer.get<{ approvals: number; customers: number }>('/v1/badges')
    expect([items.length, counts.open, badges.approvals]).toEqual([1, 1, 1])
    expect(badges.customers).toBe(27)
  })

  it('is a file as well, without formulas', async () => {
    await waiting(1)
    await sql(`update customers set name = '=1+1' where tenant_id = $1 and id = $2`, [tenant, first + 1])
    const cookie = await server.cookie(tenant, 'operator')
    const answer = await server.fetch('/v1/approvals?format=csv', { headers: { cookie } })
    const [head, line, end] = (await answer.text()).split('\n')
    expect(answer.headers.get('content-type')).toContain('text/csv')
    expect(head).toContain('intervention,customer,customerName,level')
    expect(line).toContain(`,'=1+1,`)
    expect(end).toBe('')
  })
})

describe(`answers to several (${databaseKind})`, () => {
  const asked = async (): Promise<ApprovalsAnswer['items']> =>
    (await (await as('operator')).get<ApprovalsAnswer>('/v1/approvals')).items
  const answer = async (body: object) =>
    (await as('operator')).post<ApprovalResults>('/v1/approvals/answers', body)

  it('approves all of them, each in the ledger and in the audit log', async () => {
    for (let n = 1; n < 4; n++) await waiting(n)
    const items = (await asked()).map(({ id, asked: seen }) => ({ id, asked: seen }))
    const { status, body } = await answer({ answer: 'approve', items, note: 'Go.' })
    expect([status, body.answered]).toEqual([200, 3])
    expect(body.results.map(({ id, outcome, state }) => [id, outcome, state])).toEqual(
      items.map(({ id }) => [id, 'done', 'planned']),
    )
    const moves = await movesOf(database, tenant, items[0].id as InterventionId)
    expect(moves.at(-1)).toMatchObject({ to_state: 'planned', actor: 'user:operator' })
    expect(moves.at(-1)?.reason).toContain('Go.')
    const audited = await sql(
      `select object from audit_log where tenant_id = $1 and action = 'intervention.approve'`,
      [tenant],
    )
    expect(audited).toHaveLength(3)
  })

  it('tells who answered meanwhile and when, and answers the others', async () => {
    const [one, two] = [await waiting(1), await waiting(2)]
    const before = Date.now()
    await answer({ answer: 'reject', items: [{ id: one }] })
    const { body } = await answer({ answer: 'approve', items: [{ id: one }, { id: two }] })
    expect(body.answered).toBe(1)
    expect(body.results[0]).toMatchObject({ outcome: 'already', state: 'rejected', by: 'user:operator' })
    expect(body.results[0].message).toMatch(/^It was rejected by operator on 20\d\d-/)
    expect(Date.parse(body.results[0].at ?? '')).toBeGreaterThan(before - 2000)
    expect(body.results[1].outcome).toBe('done')
  })

  it('answers none of them where all are meant and one cannot be', async () => {
    const [one, two] = [await waiting(1), await waiting(2)]
    await answer({ answer: 'approve', items: [{ id: two }] })
    const { body } = await answer({ answer: 'reject', allOrNone: true, items: [{ id: one }, { id: two }] })
    expect(body.answered).toBe(0)
    expect(body.results.map(({ outcome }) => outcome)).toEqual(['left', 'already'])
    const [row] = await sql('select state from interventions where tenant_id = $1 and id = $2', [tenant, one])
    expect(row).toEqual({ state: 'awaiting_approval' })
  })

  it('does not answer what is asked about anew since it was seen', async () => {
    const id = await waiting(1)
    const [seen] = await asked()
    await sql(`update interventions set awaiting_since = now() where tenant_id = $1 and id = $2`, [
      tenant,
      id,
    ])
    const { body } = await answer({ answer: 'approve', items: [{ id, asked: seen.asked }] })
    expect(body.results[0]).toMatchObject({ outcome: 'changed', state: 'awaiting_approval' })
    const [again] = await asked()
    const second = await answer({ answer: 'approve', items: [{ id, asked: again.asked }] })
    expect(second.body.answered).toBe(1)
  })

  it('snoozes until a time before each expires', async () => {
    const [short, long] = [await waiting(1, { expiresAt: inHours(2) }), await waiting(2)]
    const until = inHours(5).toISOString()
    const { body } = await answer({ answer: 'snooze', until, items: [{ id: short }, { id: long }] })
    expect(body.results.map(({ outcome, state }) => [outcome, state])).toEqual([
      ['refused', 'awaiting_approval'],
      ['done', 'snoozed'],
    ])
    expect(body.results[0].message).toContain('Snooze until a time before that')
  })

  it('knows nothing of another company, and refuses what makes no sense', async () => {
    const id = await waiting(1)
    const here = tenant
    tenant = await addTenant(database)
    const { body } = await answer({ answer: 'approve', items: [{ id }] })
    expect(body.results[0]).toMatchObject({ outcome: 'not_found', state: null, by: null })
    tenant = here
    const bad: object[] = [
      { answer: 'approve', items: [] },
      { answer: 'approve', items: [{ id }, { id }] },
      { answer: 'snooze', items: [{ id }] },
      { answer: 'approve', items: [{ id }], until: inHours(1).toISOString() },
      { answer: 'snooze', items: [{ id }], until: inHours(-1).toISOString() },
      { answer: 'approve', items: [{ id, asked: 'x\0' }] },
    ]
    for (const one of bad)
      expect([(await answer(one)).status, JSON.stringify(one)]).toEqual([400, JSON.stringify(one)])
  })

  it('gives of two at once each to one of them', async () => {
    const items = await Promise.all([1, 2, 3, 4, 5].map(async (n) => ({ id: await waiting(n) })))
    const both = await Promise.all([
      answer({ answer: 'approve', items }),
      answer({ answer: 'reject', items: items.toReversed() }),
    ])
    expect(both.map(({ status }) => status)).toEqual([200, 200])
    const answered = both.map(({ body }) => body.answered)
    expect(answered[0] + answered[1]).toBe(5)
  })
})

const inHours = (hours: number): Date => new Date(Date.now() + hours * 3_600_000)
