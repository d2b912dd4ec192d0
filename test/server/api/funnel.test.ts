import { randomUUID } from 'node:crypto'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asCustomer, type ConnectionId, type TenantId } from '../../../src/contracts/ids.ts'
import type { FunnelAnswer } from '../../../src/server/api/funnel.ts'
import { INTERVENTION_STATES } from '../../../src/store/intervention-states.ts'
import { ask, startTestApi, type TestApi } from '../../support/api.ts'
import { addConnection, addTenant, databaseKind } from '../../support/database.ts'
import { addDecision, type WantedDecision } from '../../support/deciding.ts'
import { addCustomer } from '../../support/ledger.ts'
import type { Transaction } from '../../../src/store/database.ts'

let api: TestApi
let tenant: TenantId
let connection: ConnectionId
let other: ConnectionId
let key: string

/** What is weighed, in how many ways a decision can end. */
const DECISIONS: readonly WantedDecision[] = [
  {
    action: 'email',
    weighed: { email: [500, 'open'], sms: [600, 'no_consent'] },
    expectedValueMinor: 500,
    plannedCostMinor: 60,
  },
  {
    action: 'sms',
    weighed: { email: [500, 'cooldown'], sms: [400, 'open'] },
    expectedValueMinor: 400,
    plannedCostMinor: 9,
  },
  { weighed: { email: [500, 'cooldown'], sms: [600, 'no_consent'] } },
  { weighed: { email: [500, 'cooldown'], sms: [100, 'no_consent'] } },
  { weighed: { email: [500, 'open'], sms: [900, 'no_consent'] } },
  { weighed: { email: [-5, 'open'], sms: [0, 'open'] } },
  { weighed: { email: [null, 'recurring_unknown'], sms: [null, 'recurring_unknown'] } },
  { group: 'holdout', weighed: { email: [500, 'group'] } },
  { group: 'usual', weighed: { email: [500, 'group'] } },
]

beforeAll(async () => {
  api = await startTestApi(() => new Date('2026-11-21T12:00:00Z'))
  tenant = await addTenant(api.database)
  connection = await addConnection(api.database, tenant)
  other = await addConnection(api.database, tenant, { name: 'Another file' })
  key = await api.key(tenant, ['read'])
  for (const [at, wanted] of [...DECISIONS, ...DECISIONS, ...DECISIONS.slice(0, 4)].entries()) {
    const place = { tenant, connection: at % 5 === 0 ? other : connection }
    const customer = await addCustomer(api.database, place)
    const day = at < 15 ? '2026-11-20T23:30:00Z' : at < 20 ? '2026-11-02T00:00:00Z' : '2026-10-31T23:59:59Z'
    await addDecision(api.database, { ...place, customer }, { ...wanted, at: day })
  }
  await api.database.withTenant(tenant, addInterventions)
})
afterAll(() => api.close())

/** Of every state and channel, sent in earnest, into the sandbox, or not known how, with what came back. */
async function addInterventions(tx: Transaction): Promise<void> {
  const [{ customer }] = await tx.query<{ customer: number }>(
    `insert into customers (tenant_id, connection_id, object, external_id, properties, properties_hash, group_key, group_name)
     values ($1, $2, 'row', 'many', '{}', '', 'many', 'policy') returning id as customer`,
    [tenant, connection],
  )
  let n = 0
  for (const state of INTERVENTION_STATES)
    for (const [channel, action] of CHANNELS)
      for (const [delivery, reason] of [
        ['live', 'quiet_hours'],
        ['sandbox', null],
        [null, 'cooldown'],
      ]) {
        const id = randomUUID()
        const made = n % 7 === 0 ? '2026-10-05T00:00:00Z' : '2026-11-20T10:00:00Z'
        await tx.query(
          `insert into interventions (tenant_id, id, customer_id, connection_id, action_key, channel, idempotency_key,
             state, expires_at, currency, created_by, delivery, reason_code, created_at, planned_cost_minor)
           values ($1, $2::uuid, $3, $4, $5, $6, $2::uuid::text, $7, '2026-12-31', 'EUR', 'policy', $8, $9, $10, 60)`,
          [tenant, id, customer, connection, action, channel, state, delivery, reason, made],
        )
        n++
        if (channel === 'task')
          await tx.query(
            'insert into call_outcomes (tenant_id, intervention_id, status) values ($1, $2, $3)',
            [tenant, id, n % 2 === 0 ? 'done' : 'open'],
          )
        else
          await tx.query(
            `insert into delivery_events (tenant_id, intervention_id, channel, kind, at, dedup_key)
             select $1, $2::uuid, $3, kind, now(), $2::uuid::text || kind from unnest($4::text[]) t (kind)`,
            [tenant, id, channel, KINDS.slice(0, n % 7)],
          )
        if (n % 4 === 0)
          await tx.query(
            `insert into offers (tenant_id, intervention_id, customer_id, connection_id, action_key, fulfilment, delivery,
               basis_points, months, currency, expires_on, status)
             values ($1, $2, $3, $4, $5, 'pool', 'live', 1000, 12, 'EUR', '2026-12-31', $6)`,
            [tenant, id, customer, connection, action, n % 8 === 0 ? 'redeemed' : 'issued'],
          )
      }
}

const CHANNELS = [
  ['email', 'email'],
  ['sms', 'sms'],
  ['task', 'call_discount_30'],
] as const
const KINDS = ['delivered', 'bounced', 'failed', 'replied', 'complained', 'unsubscribed']

const sql = (text: string, values: readonly unknown[]) =>
  api.database.withTenant(tenant, (tx) => tx.query(text, values))

async function funnel(query = ''): Promise<FunnelAnswer> {
  const { status, body } = await ask<FunnelAnswer>(api, key, 'GET', `/v1/funnel${query}`)
  expect(status, JSON.stringify(body)).toBe(200)
  return body
}

interface Named {
  readonly count: number
  readonly list: string
}

/** Every count that names a list. */
function named(value: unknown): Named[] {
  if (typeof value !== 'object' || value === null) return []
  const own = 'list' in value && 'count' in value ? [value as Named] : []
  return [...own, ...Object.values(value).flatMap(named)]
}

async function rowsOf(list: string): Promise<number> {
  let rows = 0
  for (let cursor = ''; ;) {
    const { status, body } = await ask<{ items: unknown[]; next: string | null }>(
      api,
      key,
      'GET',
      `${list}&limit=60${cursor}`,
    )
    expect(status, list).toBe(200)
    rows += body.items.length
    if (body.next === null) return rows
    cursor = `&cursor=${body.next}`
  }
}

describe(`the funnel (${databaseKind})`, () => {
  it.each([
    '',
    '?from=2026-10-01',
    '?group=policy',
    '?group=holdout',
    '?channel=sms',
    '?action=email',
    '?to=2026-11-15',
  ])('has of every count%s a list with exactly so many rows', async (query) => {
    const all = named(await funnel(query))
    expect(all.length).toBeGreaterThan(30)
    const seen = new Map<string, number>()
    for (const { count, list } of all) {
      const rows = seen.get(list) ?? (await rowsOf(list))
      seen.set(list, rows)
      expect([list, count]).toEqual([list, rows])
    }
    if (query === '') expect([...seen.values()].filter((rows) => rows > 0).length).toBeGreaterThan(30)
  })

  it('says how far each decision got, and what held it back', async () => {
    const { decided, compared, unvalued, notWorth, total, actions } = await funnel('?from=2026-10-01')
    expect(decided.count).toBe(22)
    expect([compared.count, unvalued.count, notWorth.count]).toEqual([4, 2, 2])
    expect(compared.groups.map(({ group, count }) => [group, count])).toEqual([
      ['holdout', 2],
      ['usual', 2],
    ])
    const { worth, possible, heldBack, passedOver, chosen } = total.decided
    expect([worth, possible, heldBack, passedOver, chosen].map(({ count }) => count)).toEqual([
      14, 8, 6, 2, 6,
    ])
    expect(worth.count + unvalued.count + notWorth.count + compared.count).toBe(decided.count)
    expect(heldBack.reasons.map(({ code, words, count }) => [code, words, count])).toEqual(
      [
        ['no_consent', 'no consent is on record', 3],
        ['cooldown', 'contacted too recently', 3],
      ].toSorted((a, b) => (a[1] < b[1] ? -1 : 1)),
    )
    expect(chosen.money).toEqual([{ currency: 'EUR', expectedValueMinor: 2700, plannedCostMinor: 207 }])
    const email = actions.find(({ actionKey }) => actionKey === 'email')!
    // The one that was worth more was not possible: it is about the one that was.
    expect([
      email.decided.passedOver.count,
      email.decided.heldBack.count,
      email.decided.chosen.count,
    ]).toEqual([2, 3, 3])
  })

  it('counts each intervention in one place, simulated ones and dry runs apart', async () => {
    const { total, channels } = await funnel('?from=2026-10-01')
    const { made } = total
    const parts = [
      made.awaitingApproval,
      made.underWay,
      made.snoozed,
      made.putOff,
      made.heldBack,
      made.ended,
      made.dryRun,
      made.uncertain,
      made.sent,
      made.simulated,
    ].map(({ count }) => count)
    expect(parts.reduce((sum, one) => sum + one, 0)).toBe(made.made.count)
    expect(made.made.count).toBe(INTERVENTION_STATES.length * 9)
    expect([made.sent.count, made.simulated.count, made.dryRun.count]).toEqual([12, 6, 9])
    expect(channels.map(({ made: one }) => one.made.count).reduce((sum, one) => sum + one, 0)).toBe(
      made.made.count,
    )
    expect(made.heldBack.reasons.map(({ code, count }) => [code, count])).toEqual([
      ['cooldown', 3],
      [null, 3],
      ['quiet_hours', 3],
    ])
  })

  it('goes with the customers who are erased, in its counts as in its lists', async () => {
    const before = await funnel('?from=2026-10-01')
    const [{ customer }] = await sql(
      `select customer_id as customer from decisions where tenant_id = $1 and stage = 'chosen' limit 1`,
      [tenant],
    )
    await sql('delete from customers where tenant_id = $1 and id = $2', [
      tenant,
      asCustomer(Number(customer)),
    ])
    const after = await funnel('?from=2026-10-01')
    expect(after.decided.count).toBe(before.decided.count - 1)
    expect(after.total.decided.chosen.count).toBe(before.total.decided.chosen.count - 1)
    expect(await rowsOf(after.total.decided.chosen.list)).toBe(after.total.decided.chosen.count)
  })

  it('begins with the decision period, and refuses spans that make no sense', async () => {
    expect(await funnel()).toMatchObject({ from: '2026-11-01', to: '2026-11-22' })
    for (const query of [
      '?from=2026-11-22&to=2026-11-22',
      '?from=2020-01-01',
      '?from=2026-13-01',
      '?from=x',
      '?action=%00',
    ])
      expect((await ask(api, key, 'GET', `/v1/funnel${query}`)).status, query).toBe(400)
  })

  it('answers whatever is asked of it and its lists, and never breaks', async () => {
    const value = fc.oneof(
      fc.string({ maxLength: 30 }),
      fc.constantFrom(
        '2026-11-20',
        '0000-01-01',
        '9999-12-31',
        'sent,confirmed',
        'true',
        'none',
        '%00',
        '-1',
        'policy',
      ),
    )
    const names = [
      'from',
      'to',
      'action',
      'channel',
      'group',
      'connection',
      'state',
      'stage',
      'lead',
      'reason',
      'cursor',
      'limit',
      'simulated',
      'heard',
      'responsible',
      'sort',
      'unseen',
      'customer',
      'mine',
      'dryRun',
    ]
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('funnel', 'decisions', 'interventions', 'approvals', 'attention', 'badges', 'holds'),
        fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 4 }),
        async (list, query) => {
          const { status } = await ask(api, key, 'GET', `/v1/${list}?${new URLSearchParams(query)}`)
          expect([200, 400]).toContain(status)
        },
      ),
      { numRuns: 150 },
    )
  })
})
