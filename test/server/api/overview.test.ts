import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asCustomer, type ConnectionId, type TenantId } from '../../../src/contracts/ids.ts'
import { apiRoutes } from '../../../src/server/api/routes.ts'
import type { OverviewAnswer } from '../../../src/server/api/overview-shapes.ts'
import type { Database } from '../../../src/store/database.ts'
import { moveIntervention } from '../../../src/store/intervention-moves.ts'
import { saveSettings } from '../../../src/store/settings-versions.ts'
import { activateTenant } from '../../../src/store/tenants.ts'
import { addTenant, databaseKind, openTestDatabase } from '../../support/database.ts'
import { addIntervention } from '../../support/ledger.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { SAME_SITE } from '../companies.ts'
import { connect } from '../pages/company.ts'

const NOW = new Date('2026-11-22T12:00:00Z')
const day = (back: number, hour = 6): string => new Date(Date.UTC(2026, 10, 22 - back, hour)).toISOString()

/** One customer of the small world. */
interface Person {
  readonly name: string
  /** When and how it was scored, oldest first; the last is in force. */
  readonly scores: readonly (readonly [back: number, probability: number, level: 'HIGH' | 'MEDIUM' | 'LOW'])[]
  /** Minor units a month; null unknown. */
  readonly monthly: number | null
  readonly currency?: string
  readonly status?: 'left'
  /** Days ago that it left. */
  readonly leftBack?: number
  /** Days ago that it was first seen. */
  readonly seenBack?: number
  readonly renewal?: string
  readonly group?: 'holdout'
  readonly confidence?: number
}

const WORLD: readonly Person[] = [
  // Became high: one renews soon, one does not.
  {
    name: 'Nordlicht',
    scores: [
      [40, 0.1, 'LOW'],
      [3, 0.5, 'HIGH'],
    ],
    monthly: 100_00,
    renewal: '2026-12-30',
  },
  {
    name: 'Kestrel',
    scores: [
      [40, 0.2, 'LOW'],
      [2, 0.4, 'HIGH'],
    ],
    monthly: 50_00,
    renewal: '2027-06-01',
  },
  // High for long.
  {
    name: 'Atelier',
    scores: [
      [40, 0.6, 'HIGH'],
      [1, 0.7, 'HIGH'],
    ],
    monthly: 200_00,
  },
  // Recovered.
  {
    name: 'Bluefin',
    scores: [
      [40, 0.5, 'HIGH'],
      [4, 0.15, 'MEDIUM'],
    ],
    monthly: 80_00,
  },
  // Steady.
  // Known before the trend begins.
  {
    name: 'Steady',
    scores: [
      [70, 0.3, 'MEDIUM'],
      [20, 0.05, 'LOW'],
    ],
    monthly: 30_00,
    confidence: 0.4,
  },
  { name: 'Unknown', scores: [[40, 0.05, 'LOW']], monthly: null },
  { name: 'Held out', scores: [[40, 0.3, 'MEDIUM']], monthly: 10_00, group: 'holdout' },
  { name: 'Sterling', scores: [[40, 0.1, 'LOW']], monthly: 100_00, currency: 'GBP' },
  // Came in this week.
  { name: 'New', scores: [[2, 0.45, 'HIGH']], monthly: 20_00, seenBack: 2 },
  // Left in this week, and long ago.
  { name: 'Gone', scores: [[40, 0.5, 'HIGH']], monthly: 70_00, status: 'left', leftBack: 3 },
  { name: 'Long gone', scores: [[40, 0.5, 'HIGH']], monthly: 70_00, status: 'left', leftBack: 30 },
]

let database: Database
let server: TestServer
let tenant: TenantId
let connection: ConnectionId
const ids = new Map<string, number>()

beforeAll(async () => {
  database = await openTestDatabase()
  server = await startTestServer(database, apiRoutes, {}, { clock: () => NOW })
  tenant = await addTenant(database)
  connection = await connect(database, tenant)
  await database.withTenant(tenant, async (tx) => {
    await saveSettings(
      tx,
      { currency: { file: 'EUR', reporting: 'EUR' }, budget: 500 },
      { expected: 0, author: 'test' },
    )
    await activateTenant(tx, tenant)
  })
  for (const one of WORLD) ids.set(one.name, await addPerson(one))
}, 60_000)
afterAll(async () => {
  await server.close()
  await database.close()
})

const query = <Row extends object>(text: string, ...values: unknown[]): Promise<Row[]> =>
  database.asSystem('a test', (tx) => tx.query<Row>(text, values))

async function addPerson(one: Person): Promise<number> {
  const { name, scores, monthly, currency = 'EUR', status = 'active', leftBack = 0, seenBack = 60 } = one
  const [{ id }] = await query<{ id: number }>(
    `insert into customers (tenant_id, connection_id, object, external_id, name, properties, properties_hash, status,
       status_since, group_key, group_name, grouped_at)
     values ($1, $2, 'companies', $3, $4, '{}', '', $5, $6, $3, $7, $8) returning id`,
    tenant,
    connection,
    randomUUID(),
    name,
    status,
    status === 'left' ? day(leftBack) : day(seenBack),
    one.group ?? 'policy',
    day(seenBack),
  )
  for (const [back, probability, level] of scores)
    await query(
      `insert into score_history (tenant_id, customer_id, scored_at, probability, level, model_hash) values ($1, $2, $3, $4, $5, 'x')`,
      tenant,
      id,
      day(back),
      probability,
      level,
    )
  // One after the other, as they come: lists know from it what was before.
  for (const [at, [back, probability, level]] of scores.entries()) {
    const since = scores.findLast(
      (_, to) => to <= at && (to === 0 || scores[to - 1][2] !== scores[to][2]),
    )![0]
    await query(
      `insert into scores (tenant_id, customer_id, connection_id, scored_at, as_of, probability, kind, monthly_hazard,
         level, level_since, reasons, data_confidence, monthly_minor, currency, value_at_risk_minor, model_hash,
         feature_set_hash, input_hash, state)
       values ($1, $2, $3, $4, '2026-11-20', $5, 'snapshot', 0.01, $6, $7, '[]', $8, $9, $10, $11, 'x', 'x', 'x', '{}')
       on conflict (tenant_id, customer_id) do update set scored_at = excluded.scored_at,
         probability = excluded.probability, level = excluded.level, level_since = excluded.level_since,
         value_at_risk_minor = excluded.value_at_risk_minor`,
      tenant,
      id,
      connection,
      day(back),
      probability,
      level,
      day(since),
      one.confidence ?? 0.9,
      monthly,
      monthly === null ? null : currency,
      monthly === null ? null : Math.round(probability * 12 * monthly),
    )
  }
  if (one.renewal !== undefined)
    await query(
      `insert into agreements (tenant_id, customer_id, external_id, renewal_date) values ($1, $2, 'a', $3)`,
      tenant,
      id,
      one.renewal,
    )
  return id
}

async function look(role: 'viewer' | 'operator' | 'admin' = 'viewer', of = tenant): Promise<OverviewAnswer> {
  const found = await ask(role, of)
  // What is worked out once a day may come a moment later.
  return found.trend.ready ? found : look(role, of)
}

async function ask(role: 'viewer' | 'operator' | 'admin', of: TenantId): Promise<OverviewAnswer> {
  const cookie = await server.cookie(of, role)
  const answer = await server.fetch('/v1/overview', { headers: { cookie, ...SAME_SITE } })
  expect(answer.status, await answer.clone().text()).toBe(200)
  return (await answer.json()) as OverviewAnswer
}

describe(`the overview (${databaseKind})`, () => {
  it('says what is at risk in money and customers, and of what', async () => {
    const { book, currency } = await look()
    expect(currency).toBe('EUR')
    expect(book.customers).toEqual({ count: 9, rows: { list: 'customers', query: {} } })
    expect(book.unvalued).toBe(1)
    // Nordlicht .5, Kestrel .4, Atelier .7, New .45
    const high = 12 * (0.5 * 100_00 + 0.4 * 50_00 + 0.7 * 200_00 + 0.45 * 20_00)
    expect(book.high.customers).toEqual({ count: 4, rows: { list: 'customers', query: { level: 'HIGH' } } })
    expect(book.high.atRisk.byCurrency).toEqual([{ currency: 'EUR', minor: high }])
    const euros = 12 * (100_00 + 50_00 + 200_00 + 80_00 + 30_00 + 10_00 + 20_00)
    expect(book.yearly.byCurrency).toEqual([
      { currency: 'EUR', minor: euros },
      { currency: 'GBP', minor: 12 * 100_00 },
    ])
    // Nobody said what a pound is worth: no share is better than a wrong one.
    expect(book.yearly.reporting).toEqual({ currency: 'EUR', minor: euros, complete: false })
    expect(book.high.share).toBeNull()
    expect(book.levels.map(({ level, customers }) => [level, customers.count])).toEqual([
      ['HIGH', 4],
      ['MEDIUM', 2],
      ['LOW', 3],
    ])
  })

  it('leads from each number of customers to just these, by the query beside it', async () => {
    const counts: { readonly said: number; readonly query: Record<string, string> }[] = []
    const walk = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return
      const { rows, customers, count } = value as {
        rows?: { list: string; query: Record<string, string> }
        customers?: unknown
        count?: unknown
      }
      const said = typeof customers === 'number' ? customers : count
      if (rows?.list === 'customers' && typeof said === 'number') counts.push({ said, query: rows.query })
      for (const inner of Object.values(value)) walk(inner)
    }
    walk(await look())
    expect(counts.length).toBeGreaterThan(9)
    const cookie = await server.cookie(tenant, 'viewer')
    for (const { said, query } of counts) {
      const answer = await server.fetch(`/v1/customers/count?${new URLSearchParams(query)}`, {
        headers: { cookie },
      })
      const { customers } = (await answer.json()) as { customers: number }
      expect(customers, JSON.stringify(query)).toBe(said)
    }
  })

  it('says what changed since a week ago, in customers and money, and who of them renews soon', async () => {
    const { changes } = await look()
    expect(changes).toMatchObject({
      since: '2026-11-15T00:00:00.000Z',
      became: {
        customers: 2,
        rows: {
          list: 'customers',
          query: { changed: 'high', changedSince: '2026-11-15T00:00:00.000Z' },
        },
        renewing: { customers: 1, days: 60 },
      },
      recovered: { customers: 1 },
      came: { customers: 1 },
      left: { customers: 1 },
    })
    expect(changes!.became.atRisk.reporting.minor).toBe(12 * (0.5 * 100_00 + 0.4 * 50_00))
    expect(changes!.became.renewing.rows.query).toMatchObject({ changed: 'high', renewsWithin: '60' })
    expect(changes!.recovered.atRisk.reporting.minor).toBe(144_00)
    expect(changes!.left.atRisk.reporting.minor).toBe(12 * 0.5 * 70_00)
  })

  it('tells each day at its end as it was, whatever moved since', async () => {
    const { trend } = await look()
    expect(trend).toMatchObject({ short: false, since: '2026-09-28' })
    expect(trend.days).toHaveLength(56)
    for (const { day: date, high, medium, low } of trend.days) {
      const end = new Date(`${date}T23:59:59Z`)
      const level = { HIGH: 0, MEDIUM: 0, LOW: 0 }
      for (const one of WORLD) {
        if (one.status === 'left' && new Date(day(one.leftBack!)) <= end) continue
        const known = one.scores.findLast(([back]) => new Date(day(back)) <= end)
        if (known !== undefined) level[known[2]]++
      }
      expect({ date, high, medium, low }).toEqual({
        date,
        high: level.HIGH,
        medium: level.MEDIUM,
        low: level.LOW,
      })
    }
    const value = (name: string, probability: number) =>
      Math.round(12 * probability * WORLD.find((one) => one.name === name)!.monthly!)
    const on = (date: string) => trend.days.find((one) => one.day === date)!.atRiskMinor
    const close = (is: number, wanted: number) => expect(Math.abs(is - wanted)).toBeLessThanOrEqual(3)
    close(
      on('2026-11-22'),
      value('Nordlicht', 0.5) + value('Kestrel', 0.4) + value('Atelier', 0.7) + value('New', 0.45),
    )
    close(on('2026-11-10'), value('Atelier', 0.6) + value('Bluefin', 0.5) + value('Gone', 0.5))
  })

  it('shows the distribution by level without losing anybody, and what levels mean', async () => {
    const { distribution } = await look()
    const sum = distribution.bins.reduce((all, { high, medium, low }) => all + high + medium + low, 0)
    expect(sum).toBe(9)
    // Up to the last that somebody is in: .7 in single precision lies below .7.
    expect(distribution.bins.at(-1)).toEqual({ from: 0.69, to: 0.7, high: 1, medium: 0, low: 0 })
    expect(distribution.levels).toHaveLength(1)
  })

  it('names whom to care for first, with what the risk was', async () => {
    const { first } = await look()
    expect(first.slice(0, 3).map(({ name }) => name)).toEqual(['Atelier', 'Nordlicht', 'Kestrel'])
    expect(first[1]).toMatchObject({ was: 0.1, renewalDate: '2026-12-30', level: 'HIGH' })
    expect(first.every(({ status }) => status === 'active')).toBe(true)
  })

  it('flags what a reader has to know: starter, snapshot, little data, stale, dry run', async () => {
    const { flags } = await look()
    expect(flags).toMatchObject({
      lowData: { customers: 1, rows: { list: 'customers', query: { lowData: 'true' } } },
      stale: false,
      dryRun: true,
    })
  })

  it('names whoever is responsible to those who are shown people alone', async () => {
    await query(
      `update customers set responsible_name = 'Mara Lindt' where tenant_id = $1 and id = $2`,
      tenant,
      ids.get('Atelier'),
    )
    const named = async (role: 'viewer' | 'operator') =>
      (await look(role)).first.find(({ name }) => name === 'Atelier')?.responsible
    expect(await named('operator')).toBe('Mara Lindt')
    expect(await named('viewer')).toBe('M••• L•••')
  })
})

describe(`the funnel (${databaseKind})`, () => {
  it('counts each decision and each action once, with what each would cost', async () => {
    const decide = (name: string, action: string, masks: readonly string[], group = 'policy') =>
      query(
        `insert into decisions (tenant_id, customer_id, connection_id, period, decided_at, group_name, group_salt_id,
           data_as_of, probability, monthly_hazard, level, state, state_version, feature_set_hash, model_hash,
           policy_hash, settings_version, action_keys, masks, gains, costs, effect_means, effect_sds, lambda,
           probabilities, action_key, propensity, draw, draw_identity, expected_value_minor, planned_cost_minor, currency)
         values ($1, $2, $3, '2026-11', $4, $5, 'x', '2026-11-20', 0.5, 0.1, 'HIGH', '{}', 1, 'x', 'x', 'x', 1,
           array['no_action', 'email', 'sms'], $6::text[], array[0, 500, 300], array[0, 60, 10], '{0,0,0}', '{0,0,0}', 0,
           '{0,1,0}', $7, 1, 0.5, 'x', $8, $9, 'EUR')`,
        tenant,
        ids.get(name),
        connection,
        day(1),
        group,
        `{${masks.join()}}`,
        action,
        action === 'email' ? 500 : 0,
        action === 'email' ? 60 : 0,
      )
    await decide('Nordlicht', 'email', ['open', 'open', 'no_consent'])
    await decide('Kestrel', 'email', ['open', 'open', 'no_consent'])
    await decide('Atelier', 'no_action', ['open', 'no_consent', 'no_consent'])
    await decide('Bluefin', 'no_action', ['open', 'open', 'no_consent'])
    await decide('Held out', 'no_action', ['open', 'group', 'group'], 'holdout')
    const act = (name: string) =>
      addIntervention(
        database,
        { tenant, connection, customer: asCustomer(ids.get(name)!) },
        { currency: 'EUR', plannedCostMinor: 60 },
      )
    // Interventions are of the real clock: the period is that of today.
    await query(
      `update interventions set created_at = $2, updated_at = $2 where tenant_id = $1`,
      tenant,
      day(1),
    )
    const [planned, dry, held] = [await act('Nordlicht'), await act('Kestrel'), await act('Steady')]
    await database.withTenant(tenant, async (tx) => {
      await moveIntervention(tx, { id: dry, from: ['planned'], to: 'dry_run', actor: 'worker' })
      await moveIntervention(tx, {
        id: held,
        from: ['planned'],
        to: 'suppressed',
        actor: 'worker',
        reasonCode: 'no_consent',
        reason: 'Ines Vogt never agreed',
      })
    })
    await query(
      `update interventions set created_at = $2, updated_at = $2 where tenant_id = $1`,
      tenant,
      day(0, 7),
    )
    const { funnel } = await look()
    expect(funnel).toMatchObject({
      period: '2026-11',
      name: 'November 2026',
      acting: true,
      mode: 'dry_run',
      decided: { count: 5, rows: { list: 'decisions', query: { period: '2026-11' } } },
      undecided: 4,
      worth: { count: 2, rows: { query: { period: '2026-11', stage: 'chosen' } } },
      leftInPeace: { decisions: { count: 2, rows: { query: { action: 'no_action', group: 'policy' } } } },
      compared: { holdout: { count: 1 }, usual: { count: 0 }, exempt: { count: 0 } },
      underWay: { count: 1 },
      waiting: { count: 0 },
      simulated: 0,
    })
    expect(
      new Set(funnel.leftInPeace.because.map((one) => `${one.decisions.count} ${one.sentence}`)),
    ).toEqual(
      new Set([
        '1 The budget does more for others, or chance had it.',
        '1 The customer has not agreed to this channel.',
      ]),
    )
    expect(funnel.actions).toHaveLength(1)
    expect(funnel.actions[0]).toMatchObject({
      key: 'email',
      decisions: { count: 2 },
      expected: { reporting: { minor: 1000 } },
      cost: { reporting: { minor: 120 } },
    })
    expect(funnel.heldBack.because).toMatchObject([
      {
        code: 'no_consent',
        sentence: 'No consent is on record.',
        interventions: { count: 1, rows: { query: { state: 'suppressed', reason: 'no_consent' } } },
      },
    ])
    expect(funnel.wouldBeSent).toMatchObject({
      interventions: { count: 1 },
      channels: [{ channel: 'email', interventions: { count: 1 }, cost: { reporting: { minor: 60 } } }],
    })
    expect(JSON.stringify(funnel)).not.toContain('Ines')
    expect(planned).toBeTruthy()
  })

  it('says what is left of the budget', async () => {
    const { budget } = await look()
    expect(budget).toMatchObject({ period: '2026-11', currency: 'EUR', limitMinor: 50_000 })
  })
})

describe(`notices (${databaseKind})`, () => {
  it('say what happened with where to go, and a button to whoever may press it', async () => {
    await query(
      `update steps set error_code = 'connector_unavailable', error_message = 'the file is gone', last_done_at = null
       where tenant_id = $1 and step = 'sync'`,
      tenant,
    )
    const failed = ({ notices }: OverviewAnswer) =>
      notices.find(({ title }) => title === 'Sync failed: Customers')!
    expect(failed(await look('viewer'))).toMatchObject({
      severity: 'bad',
      text: 'The file is gone. It never worked yet. It is tried again by itself.',
      remedy: null,
    })
    expect(failed(await look('operator')).remedy).toEqual({
      kind: 'run',
      connection,
      name: 'Customers',
      step: 'sync',
    })
    expect((await look()).connections).toMatchObject([{ name: 'Customers', failed: true, readAt: null }])
  })
})

describe(`an empty book (${databaseKind})`, () => {
  it('is told as such: nothing is null where there is nothing, and nothing is compared', async () => {
    const empty = await addTenant(database, 'Empty')
    const answer = await look('viewer', empty)
    expect(answer).toMatchObject({
      book: { customers: { count: 0 }, high: { customers: { count: 0 }, share: null } },
      changes: null,
      comparedFrom: null,
      distribution: { bins: [], levels: [] },
      trend: { days: [], short: true, since: null },
      first: [],
      connections: [],
    })
  })

  it('compares only once there is a week to compare with', async () => {
    const young = await addTenant(database, 'Young')
    const own = await connect(database, young)
    ;[tenant, connection] = [young, own]
    await addPerson({ name: 'First', scores: [[2, 0.5, 'HIGH']], monthly: 100, seenBack: 2 })
    expect(await look('viewer', young)).toMatchObject({
      changes: null,
      comparedFrom: '2026-11-28',
      trend: { short: true, since: '2026-11-20' },
    })
  })
})
