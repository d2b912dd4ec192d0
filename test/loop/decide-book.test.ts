import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shippedActions } from '../../actions/catalogue.ts'
import { MASK_REASONS } from '../../models/policy/masks.ts'
import { STATE_SIZE, STATE_VERSION } from '../../models/policy/state.ts'
import type { ConnectionId, TenantId } from '../../src/contracts/ids.ts'
import { decideBook } from '../../src/loop/decide-book.ts'
import type { LoopServices } from '../../src/loop/services.ts'
import type { Database } from '../../src/store/database.ts'
import { saveSettings } from '../../src/store/settings-versions.ts'
import { databaseKind, openTestDatabase } from '../support/database.ts'
import { addBook, addScored, addScoredConnection, loopServices, stepContext } from './decidable.ts'

const NOVEMBER = new Date('2026-11-20T10:00:00Z')
const DECEMBER = new Date('2026-12-01T10:00:00Z')
const DAY = 86_400_000

/** So that something is worth doing for a third of the customers. */
const LIVELY = { gate: { threshold: 0.5 }, margin: { gross: 0.9 } }

let database: Database
let services: LoopServices
let now = NOVEMBER
beforeAll(async () => {
  database = await openTestDatabase()
  services = loopServices(database, () => now)
})
afterAll(async () => {
  await services.engines.close()
  await database.close()
})

interface Place {
  readonly tenant: TenantId
  readonly connection: ConnectionId
}

interface Options {
  readonly count?: number
  readonly settings?: object
  readonly activated?: string | null
  readonly context?: object
}

async function book({ count = 60, settings = {}, activated, context }: Options = {}): Promise<Place> {
  now = NOVEMBER
  const place = await addBook(database, {
    settings: { ...LIVELY, ...settings },
    ...(activated === undefined ? {} : { activated }),
  })
  await addScored(database, place, 1, count, context)
  return place
}

const decideAll = ({ tenant, connection }: Place, using: LoopServices = services) =>
  decideBook(using, stepContext(tenant, connection))

const read = <Row extends object>({ tenant }: Place, text: string, values: readonly unknown[] = []) =>
  database.withTenant(tenant, (tx) => tx.query<Row>(text, values))

interface DecisionRow {
  readonly id: number
  readonly customer_id: number
  readonly external_id: string
  readonly period: string
  readonly decided_at: Date
  readonly run_id: string
  readonly group_name: string
  readonly group_salt_id: string
  readonly data_as_of: string
  readonly probability: number
  readonly monthly_hazard: number
  readonly level: string
  readonly state: number[]
  readonly state_version: number
  readonly feature_set_hash: string
  readonly model_hash: string
  readonly policy_hash: string
  readonly settings_version: number
  readonly action_keys: string[]
  readonly masks: string[]
  readonly gains: (number | null)[]
  readonly costs: number[]
  readonly benefits: number[]
  readonly effect_means: number[]
  readonly effect_sds: number[]
  readonly lambda: number
  readonly probabilities: number[]
  readonly action_key: string
  readonly propensity: number
  readonly draw: number
  readonly draw_identity: string
  readonly expected_value_minor: number | null
  readonly planned_cost_minor: number
  readonly currency: string
  readonly monthly_minor: number | null
  readonly renewal_date: string | null
}

const decisions = (place: Place) =>
  read<DecisionRow>(
    place,
    'select d.*, c.external_id from decisions d join customers c on c.id = d.customer_id order by d.id',
  )

const ACTIONS = shippedActions.map(({ key }) => key)

describe(`decisions (${databaseKind})`, () => {
  it('are one a customer and period under 100 rescorings, each with its interventions', async () => {
    const place = await book()
    for (let pass = 0; pass < 100; pass++) {
      await read(place, 'update scores set probability = $1', [0.1 + pass / 200])
      await decideAll(place)
    }
    const rows = await decisions(place)
    expect(rows).toHaveLength(60)
    expect(rows.every((row) => row.probability === 0.1)).toBe(true)
    const ledger = await read<{ decision_id: number; action_key: string }>(
      place,
      'select decision_id, action_key from interventions order by decision_id',
    )
    const acted = rows.filter((row) => row.action_key !== 'no_action')
    expect(acted.length).toBeGreaterThan(0)
    expect(ledger).toEqual(acted.map((row) => ({ decision_id: row.id, action_key: row.action_key })))
  })

  it('hold everything that they were made from', async () => {
    const place = await book({ settings: { budget: 20 } })
    await read(
      place,
      `insert into agreements (tenant_id, customer_id, external_id, renewal_date)
       select tenant_id, id, d::text, d from customers, unnest(array[date '2026-01-31', '2027-01-31', '2028-01-31']) d
       where tenant_id = $1 and external_id = '1'`,
      [place.tenant],
    )
    const context = stepContext(place.tenant, place.connection)
    await decideBook(services, context)
    const rows = await decisions(place)
    const scores = await read<DecisionRow & { as_of: string }>(
      place,
      'select * from scores order by customer_id',
    )
    const { policy } = await services.engines.get('shipped:subscription')
    for (const [at, row] of rows.entries()) {
      const score = scores[at]
      expect(row.state).toHaveLength(STATE_SIZE)
      for (const name of [
        'customer_id',
        'state',
        'probability',
        'monthly_hazard',
        'level',
        'feature_set_hash',
        'model_hash',
        'monthly_minor',
        'currency',
      ] as const)
        expect(row[name], name).toEqual(score[name])
      expect(row).toMatchObject({
        period: '2026-11',
        decided_at: NOVEMBER,
        run_id: context.run,
        data_as_of: score.as_of,
        state_version: STATE_VERSION,
        policy_hash: policy.hash,
        settings_version: 1,
        action_keys: ACTIONS,
        renewal_date: row.external_id === '1' ? '2027-01-31' : null,
      })
      expect(row.group_salt_id).toMatch(/^[0-9a-f]{16}$/)
      expect(row.masks).toHaveLength(ACTIONS.length)
      expect(row.masks.every((mask) => (MASK_REASONS as readonly string[]).includes(mask))).toBe(true)
      for (const list of [row.gains, row.costs, row.benefits, row.effect_means, row.effect_sds])
        expect(list).toHaveLength(ACTIONS.length)
      // What an action costs is its share of a year, in cents.
      expect(row.costs[ACTIONS.indexOf('email')]).toBe(Math.round(0.01 * 12 * row.monthly_minor!))
      expect(row.lambda).toBe(rows[0].lambda)
      const chosen = ACTIONS.indexOf(row.action_key)
      expect(row.masks[chosen]).toBe('open')
      expect(row.planned_cost_minor).toBe(row.costs[chosen])
      expect(row.expected_value_minor).toBe(Math.round(row.gains[chosen]!))
      row.probabilities.forEach((p, a) => expect(p === 0 || row.masks[a] === 'open').toBe(true))
    }
    expect(rows[0].lambda).toBeGreaterThan(0)
  })

  it('leave comparison groups as they are', async () => {
    const place = await book({ count: 200 })
    await read(place, `update customers set group_name = 'usual' where external_id::integer % 10 = 5`)
    await decideAll(place)
    const rows = await decisions(place)
    const compared = rows.filter((row) => row.group_name !== 'policy')
    expect(compared.filter((row) => row.group_name === 'holdout')).toHaveLength(20)
    expect(compared.filter((row) => row.group_name === 'usual')).toHaveLength(20)
    for (const { action_key, propensity, probabilities, masks } of compared) {
      expect({ action_key, propensity }).toEqual({ action_key: 'no_action', propensity: 1 })
      expect(probabilities).toEqual([1, 0, 0, 0, 0, 0, 0])
      expect(masks[1]).toBe('group')
    }
    expect(rows.some((row) => row.action_key !== 'no_action')).toBe(true)
  })

  it('are shown and carried out by nobody until actions were activated, nor made up for then', async () => {
    const place = await book({ activated: null })
    expect(await decideAll(place)).toMatchObject({ decided: 60, planned: 0 })
    expect((await decisions(place)).some((row) => row.action_key !== 'no_action')).toBe(true)
    await database.asSystem('a test', (tx) =>
      tx.query('update tenants set activated_at = $2 where id = $1', [place.tenant, NOVEMBER]),
    )
    expect(await decideAll(place)).toEqual({ decided: 0, planned: 0 })
    expect(await read(place, 'select id from interventions')).toEqual([])
    now = DECEMBER
    const counts = await decideAll(place)
    expect(counts['decided']).toBe(60)
    expect(counts['planned']).toBeGreaterThan(0)
  })

  it('plan nothing while delivery is off', async () => {
    const place = await book({ settings: { delivery: { mode: 'off' } } })
    expect(await decideAll(place)).toEqual({ decided: 60, planned: 0 })
  })

  it('wait for a person where the settings say so, and expire with their period', async () => {
    const place = await book({ settings: { delivery: { approval: { email: true, sms: true } } } })
    await decideAll(place)
    const rows = await read<{ state: string; expires_at: Date; due_at: Date; created_by: string }>(
      place,
      'select state, expires_at, due_at, created_by from interventions',
    )
    expect(rows.length).toBeGreaterThan(0)
    for (const row of rows)
      expect(row).toEqual({
        state: 'awaiting_approval',
        expires_at: new Date('2026-12-01T00:00:00Z'),
        due_at: NOVEMBER,
        created_by: 'policy',
      })
  })

  it('are made anew in each period, with another draw', async () => {
    const place = await book()
    await decideAll(place)
    now = DECEMBER
    expect(await decideAll(place)).toMatchObject({ decided: 60 })
    const rows = await decisions(place)
    expect(rows.map((row) => row.period).slice(58, 62)).toEqual(['2026-11', '2026-11', '2026-12', '2026-12'])
    expect(new Set(rows.map((row) => row.draw)).size).toBe(120)
  })

  it('wait for whoever is to be scored again, and pass over who is no customer', async () => {
    const place = await book()
    await read(place, `update customers set score_due_at = now() where external_id in ('1', '2')`)
    await read(place, `update customers set status = 'left' where external_id = '3'`)
    expect(await decideAll(place)).toMatchObject({ decided: 57 })
    await read(place, 'update customers set score_due_at = null')
    expect(await decideAll(place)).toMatchObject({ decided: 2 })
  })

  it('mask what records, addresses and the ledger rule out, and say why', async () => {
    const pool = { by: 'pool', pool: 'spring' }
    const place = await book({
      count: 9,
      settings: { offers: { fulfilment: { discount_10: pool, discount_20: pool, call_discount_30: pool } } },
    })
    const at = (days: number) => new Date(NOVEMBER.getTime() - days * DAY)
    const hash = (id: number) => `sha256('${id}'::bytea)`
    const began = (id: number, key: string, state: string, sent: Date | null) =>
      read(
        place,
        `insert into interventions (tenant_id, id, customer_id, connection_id, action_key, channel, idempotency_key, state,
           expires_at, currency, created_by, created_at, sent_at)
         select tenant_id, gen_random_uuid(), id, connection_id, $2, 'email', $2 || id || $3, $3, $4, 'USD', 'test', $5, $5
         from customers where external_id = $1`,
        [String(id), key, state, DECEMBER, sent],
      )
    await read(
      place,
      `update scores set context = '{"openDispute": 1}' where customer_id = (select id from customers where external_id = '1')`,
    )
    await read(
      place,
      `insert into consents (tenant_id, address_hash, channel, status, source, changed_at)
       values ($1, ${hash(2)}, 'email', 'refused', 'test', $2)`,
      [place.tenant, at(1)],
    )
    await read(
      place,
      `insert into suppressions (tenant_id, address_hash, channel, reason, source)
       values ($1, ${hash(3)}, 'email', 'bounced', 'test')`,
      [place.tenant],
    )
    await read(
      place,
      `delete from recipients where customer_id = (select id from customers where external_id = '4')`,
    )
    await began(5, 'email', 'planned', NOVEMBER)
    await began(6, 'sms', 'sent', at(2))
    await began(7, 'discount_10', 'confirmed', at(200))
    await read(
      place,
      `update scores set context = '{"emailConsent": 0, "paymentFailures": 1}' where customer_id = (select id from customers where external_id = '8')`,
    )
    await began(9, 'email', 'cancelled', NOVEMBER)
    await decideAll(place)
    const masks = (await decisions(place)).map((row) =>
      Object.fromEntries(ACTIONS.map((key, a) => [key, row.masks[a]])),
    )
    expect(masks[0]).toMatchObject({ email: 'dispute', sms: 'dispute', call_discount_30: 'dispute' })
    expect(masks[1]).toMatchObject({ email: 'no_consent', discount_20: 'no_consent' })
    expect(masks[2]).toMatchObject({ email: 'suppressed', discount_10: 'suppressed' })
    expect(masks[3]).toMatchObject({ email: 'no_address', sms: 'no_address', discount_10: 'no_address' })
    expect(masks[4]).toMatchObject({ email: 'in_force' })
    expect(masks[5]).toMatchObject({ email: 'cooldown', sms: 'cooldown', discount_10: 'cooldown' })
    expect(masks[6]).toMatchObject({ discount_10: 'discount_running', call_discount_30: 'discount_running' })
    expect(masks[7]).toMatchObject({ email: 'no_consent', call_discount_30: 'payment_failed' })
    for (const [id, key] of [
      [1, 'sms'],
      [2, 'sms'],
      [6, 'email'],
      [7, 'sms'],
      [8, 'email'],
      [8, 'sms'],
    ] as const)
      expect(['open', 'unproven'], `${id} ${key}`).toContain(masks[id][key])
    expect(masks.every((mask) => mask['no_action'] === 'open')).toBe(true)
  })

  it('keep within budget and places over all passes of a period, and begin anew with the next', async () => {
    const place = await book({ count: 300, settings: { budget: 300, catalogue: { sms: { capacity: 3 } } } })
    await decideAll(place)
    const held = async () => {
      const [row] = await read<{ spent: number; sms: number }>(
        place,
        `select coalesce(sum(planned_cost_minor), 0)::bigint as spent,
           count(*) filter (where action_key = 'sms') as sms from interventions where created_at >= $1`,
        [now],
      )
      return row
    }
    const first = await held()
    expect(first.spent).toBeGreaterThan(20_000)
    await addScored(database, place, 301, 600)
    await decideAll(place)
    const both = await held()
    expect(both.spent).toBeLessThanOrEqual(30_000)
    expect(both.sms).toBeLessThanOrEqual(3)
    now = DECEMBER
    await decideAll(place)
    expect((await held()).spent).toBeGreaterThan(0)
    expect((await held()).spent).toBeLessThanOrEqual(30_000)
  })

  it('give back what an intervention that ended unsent had taken', async () => {
    const place = await book({ count: 300, settings: { budget: 300 } })
    await decideAll(place)
    await addScored(database, place, 301, 600)
    await read(place, `update interventions set state = 'cancelled'`)
    const { planned } = await decideAll(place)
    expect(planned).toBeGreaterThan(20)
  })

  it('share one budget between two connections that decide at the same time', async () => {
    const place = await book({ count: 300, settings: { budget: 250 } })
    const other = { ...place, connection: await addScoredConnection(database, place.tenant) }
    await addScored(database, other, 301, 600)
    const counts = await Promise.all([decideAll(place), decideAll(other)])
    expect(counts.map(({ decided }) => decided)).toEqual([300, 300])
    const [{ spent }] = await read<{ spent: number }>(
      place,
      'select sum(planned_cost_minor)::bigint as spent from interventions',
    )
    expect(spent).toBeGreaterThan(15_000)
    expect(spent).toBeLessThanOrEqual(25_000)
  })

  it('name the version of the settings that they were made under', async () => {
    const place = await book({ count: 10 })
    await decideAll(place)
    await database.withTenant(place.tenant, (tx) =>
      saveSettings(tx, { catalogue: { email: { enabled: false } } }, { expected: 1, author: 'test' }),
    )
    await addScored(database, place, 11, 20)
    await decideAll(place)
    const rows = await decisions(place)
    expect(rows.map((row) => row.settings_version)).toEqual([...Array(10).fill(1), ...Array(10).fill(2)])
    expect(rows[10].masks[1]).toBe('disabled')
  })
})
