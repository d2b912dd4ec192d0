import { shippedActions } from '../../../actions/catalogue.ts'
import { randomUUID } from 'node:crypto'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HoldfastError } from '../../../src/contracts/errors.ts'
import { asCustomer, type ConnectionId, type TenantId } from '../../../src/contracts/ids.ts'
import type { Score, ScoreProblem } from '../../../src/server/api/score-shapes.ts'
import { scoreStored } from '../../../src/server/api/score-stored.ts'
import { basisOf, forgetBasis } from '../../../src/server/api/score-basis.ts'
import type { Database } from '../../../src/store/database.ts'
import { saveSettings } from '../../../src/store/settings-versions.ts'
import { ask, startTestApi, type ApiAnswer, type TestApi } from '../../support/api.ts'
import { BOOK_MODEL, fillBook } from '../../support/book.ts'
import { addConnection, addTenant, databaseKind } from '../../support/database.ts'

const NOW = new Date('2026-11-20T12:00:00Z')

let api: TestApi
let tenant: TenantId
let connection: ConnectionId
let key: string
let first: number

beforeAll(async () => {
  api = await startTestApi(() => NOW)
  tenant = await addTenant(api.database)
  connection = await addConnection(api.database, tenant)
  ;({ first } = await fillBook(api.database, tenant, connection, { count: 1200 }))
  // What customers pay is in euros here.
  await api.database.withTenant(tenant, (tx) =>
    saveSettings(tx, { currency: { file: 'EUR', reporting: 'EUR' } }, { expected: 0, author: 'test' }),
  )
  key = await api.key(tenant, ['score'])
})
afterAll(() => api.close())

const features = {
  tenureMonths: 2,
  contract: 'Month-to-month',
  recurringAmount: 60,
  supportTickets: 4,
  monthsToRenewal: 2,
}

function score<Body = Score>(body: unknown, as = key): Promise<ApiAnswer<Body>> {
  return ask<Body>(api, as, 'POST', '/v1/score', { body })
}

describe(`POST /v1/score (${databaseKind})`, () => {
  it('scores a described customer as the engine does, with level, reasons and the action worth most', async () => {
    const { status, body } = await score({ features })
    expect(status).toBe(200)
    const engine = await api.services.engines.get('shipped:subscription')
    const today = NOW.getTime() / 86_400_000
    const [direct] = await engine.scoreFeatures({ features: [features], today: Math.floor(today) })
    expect(body.probability).toBeCloseTo(direct.probability, 5)
    expect(body).toMatchObject({
      id: null,
      kind: 'horizon',
      horizonDays: 90,
      level: 'HIGH',
      currency: 'EUR',
      model: engine.churn.hash,
      scoredAt: NOW.toISOString(),
    })
    expect(body.reasons.length).toBeGreaterThan(1)
    expect(body.reasons[0].sentence).toMatch(/\w+ \w+/)
    const possible = body.actions.filter((one) => one.possible)
    const best = possible.toSorted((a, b) => b.expectedValueMinor! - a.expectedValueMinor!)[0]
    expect(body.action.key).toBe(best.key)
    expect(body.expectedValueMinor).toBe(best.expectedValueMinor)
    expect(body.expectedValueMinor).toBeGreaterThan(0)
    expect(body.actions.map((one) => one.key)).toEqual(
      expect.arrayContaining(['no_action', 'email', 'sms', 'discount_10', 'call_discount_30']),
    )
  })

  it('takes what a customer pays from the feature, or from an amount in minor units', async () => {
    const { recurringAmount: _dropped, ...others } = features
    const major = (await score({ features })).body
    const minor = (await score({ features, recurring: { amountMinor: 6000, currency: 'EUR' } })).body
    const unknown = (await score({ features: others })).body
    expect(minor.actions).toEqual(major.actions)
    expect(unknown.expectedValueMinor).toBeNull()
    expect(unknown.actions.every((one) => one.costMinor === null)).toBe(true)
  })

  it('answers by id with the score in force and what would be best now', async () => {
    const { status, body } = await score({ id: first + 1 })
    expect(status).toBe(200)
    const [row] = await api.database.withTenant(tenant, (tx) =>
      tx.query<{ probability: number; level: string }>(
        'select probability, level from scores where tenant_id = $1 and customer_id = $2',
        [tenant, first + 1],
      ),
    )
    expect(body).toMatchObject({ id: first + 1, kind: 'snapshot', horizonDays: null, model: BOOK_MODEL })
    expect(body.probability).toBeCloseTo(row.probability, 5)
    expect(body.level).toBe(row.level)
    expect(body.scoredAt).toBe('2026-11-20T06:00:00.000Z')
    expect(body.reasons[0]).toEqual({
      feature: 'contract',
      sentence: 'Pays month to month, and can leave at any time.',
      raises: true,
    })
    expect(body.actions.some((one) => one.expectedValueMinor !== null)).toBe(true)
  })

  it('suggests nothing for a customer of a comparison group, and says why', async () => {
    const { body } = await score({ id: first })
    expect(body.action.key).toBe('no_action')
    expect(body.actions).toHaveLength(shippedActions.length)
    expect(body.actions.slice(1).every((one) => !one.possible)).toBe(true)
    expect(body.actions[1].why).toMatch(/group/)
  })

  it('scores a thousand in one request, in their order', async () => {
    const ids = Array.from({ length: 1000 }, (_, n) => first + ((n * 7) % 1200))
    const asked = ids.map((id, n) => (n % 2 === 0 ? { features: { tenureMonths: n % 60 } } : { id }))
    const { status, body } = await score<{ results: (Score | ScoreProblem)[] }>({ customers: asked })
    expect(status).toBe(200)
    expect(body.results).toHaveLength(1000)
    for (const [n, one] of body.results.entries()) {
      if (n % 2 === 0) expect(one.id).toBeNull()
      // Every tenth left the population and has no score here.
      else if ((ids[n] - first + 1) % 10 === 0) expect(one).toMatchObject({ error: { code: 'not_found' } })
      else expect(one).toMatchObject({ id: ids[n], kind: 'snapshot' })
    }
    const alone = (await score({ features: { tenureMonths: 8 } })).body
    expect(body.results[8]).toMatchObject({ probability: alone.probability, reasons: alone.reasons })
  })

  it('gives each wrong one among many an error in its place', async () => {
    const { body } = await score<{ results: ScoreProblem[] }>({
      customers: [
        7,
        {},
        { features: { tenure: 1 } },
        { id: 999_999_999 },
        { id: first + 1 },
        { features: {} },
      ],
    })
    expect(body.results.map(({ error }) => error?.code ?? null)).toEqual([
      'request_invalid',
      'request_invalid',
      'request_invalid',
      'not_found',
      null,
      'no_features',
    ])
    expect(body.results[2].error.message).toContain('Did you mean "tenureMonths"?')
    expect(body.results[3].id).toBe(999_999_999)
  })

  it('reads what is asked for at the same time together, each with its own answer', async () => {
    const ids = Array.from({ length: 60 }, (_, n) => first + n)
    const answers = await Promise.all(ids.map((id) => score({ id })))
    for (const [n, { status, body }] of answers.entries()) {
      expect(status).toBe((n + 1) % 10 === 0 ? 404 : 200)
      if (status === 200) expect(body.id).toBe(ids[n])
    }
  })

  it('scores for one connection by its thresholds', async () => {
    const other = await addConnection(api.database, tenant, { name: 'Another file' })
    const thresholds = { high: 0.999, medium: 0.998, strict: false, highBy: 'fixed' }
    await api.database.withTenant(tenant, (tx) =>
      tx.query('update connections set thresholds = $3 where tenant_id = $1 and id = $2', [
        tenant,
        other,
        JSON.stringify(thresholds),
      ]),
    )
    expect((await score({ features, connection })).body.level).toBe('HIGH')
    expect((await score({ features, connection: other })).body.level).toBe('LOW')
  })

  it('goes by new settings at once', async () => {
    const stranger = await addTenant(api.database)
    const theirs = await api.key(stranger, ['score', 'admin'])
    const possible = async (): Promise<boolean | undefined> =>
      (await score({ features }, theirs)).body.actions.find((one) => one.key === 'email')?.possible
    expect(await possible()).toBe(true)
    const saved = await ask(api, theirs, 'PUT', '/v1/settings', {
      body: { catalogue: { email: { enabled: false } } },
      headers: { 'if-match': '"0"' },
    })
    expect(saved.status, JSON.stringify(saved.body)).toBe(200)
    expect(await possible()).toBe(false)
  })

  it('knows no customer and no connection of another tenant', async () => {
    const stranger = await api.key(await addTenant(api.database), ['score'])
    const byId = await score<ScoreProblem>({ id: first + 1 }, stranger)
    const byConnection = await score<ScoreProblem>({ features, connection }, stranger)
    expect([byId.status, byConnection.status]).toEqual([404, 404])
  })

  it('writes nothing: every row of every table is what it was', async () => {
    await score({ id: first + 1 })
    const before = await contents(api.database)
    await score({ features })
    await score({ id: first + 2 })
    await score({ customers: [{ id: first + 3 }, { features }, {}] })
    await score({ id: 999_999_999 })
    expect(await contents(api.database)).toEqual(before)
    expect(Object.keys(before).length).toBeGreaterThan(20)
  })

  it('answers whatever JSON it is sent with a score or with what is wrong', async () => {
    const anything = fc.jsonValue({ maxDepth: 3 })
    const close = fc.record(
      {
        id: fc.oneof(fc.integer(), anything),
        features: fc.oneof(fc.dictionary(fc.constantFrom(...Object.keys(features)), anything), anything),
        recurring: fc.oneof(fc.record({ amountMinor: fc.integer(), currency: fc.string() }), anything),
        customers: fc.oneof(fc.array(anything, { maxLength: 3 }), anything),
        connection: fc.constantFrom(randomUUID(), 'none'),
      },
      { requiredKeys: [] },
    )
    await fc.assert(
      fc.asyncProperty(fc.oneof(anything, close), async (body) => {
        const { status, headers, body: said } = await score<Record<string, unknown>>(JSON.stringify(body))
        if (status === 200) return
        expect([400, 404, 422]).toContain(status)
        expect(headers.get('content-type')).toBe('application/problem+json')
        expect(said['detail']).toMatch(/\w/)
      }),
      { numRuns: 150 },
    )
  })

  it('fails while the database is away, and answers as soon as it is back', async () => {
    let away = true
    const flaky: Database = {
      ...api.database,
      withTenant: (of, work) =>
        away
          ? Promise.reject(new HoldfastError('database_unavailable', 'It is away.', { retryable: true }))
          : api.database.withTenant(of, work),
    }
    const services = { ...api.services, database: flaky }
    const id = asCustomer(first + 1)
    await expect(scoreStored(services, tenant, id)).rejects.toMatchObject({ code: 'database_unavailable' })
    await expect(basisOf(services, tenant, null)).rejects.toMatchObject({ code: 'database_unavailable' })
    away = false
    expect((await scoreStored(services, tenant, id)).id).toBe(id)
    expect((await basisOf(services, tenant, null)).currency).toBe('EUR')
  })

  it('reads settings and model anew when they were forgotten, and not for each request', async () => {
    let transactions = 0
    const counting: Database = {
      ...api.database,
      withTenant: (of, work) => {
        transactions++
        return api.database.withTenant(of, work)
      },
    }
    const services = { ...api.services, database: counting }
    await Promise.all(Array.from({ length: 50 }, () => basisOf(services, tenant, null)))
    expect(transactions).toBe(1)
    forgetBasis(counting, tenant)
    await basisOf(services, tenant, null)
    expect(transactions).toBe(2)
  })
})

/** Of each table how many rows it has, and what is in them; when a key was used last is noted by the door. */
async function contents(database: Database): Promise<Readonly<Record<string, string>>> {
  return database.asSystem('a test', async (tx) => {
    const tables = await tx.query<{ name: string }>(
      `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'p') and not c.relispartition
         and n.nspname not in ('pg_catalog', 'information_schema', 'bullmq') order by 1`,
    )
    const found: Record<string, string> = {}
    for (const { name } of tables) {
      const content = name.endsWith('api_keys') ? "''" : 't::text'
      const [row] = await tx.query<{ count: string; sum: string }>(
        `select count(*)::text as count, coalesce(sum(hashtextextended(${content}, 0)::numeric), 0)::text as sum from ${name} t`,
      )
      found[name] = `${row.count} ${row.sum}`
    }
    return found
  })
}
