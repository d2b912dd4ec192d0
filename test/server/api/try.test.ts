import * as fc from 'fast-check'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openEngines } from '../../../src/loop/engines.ts'
import { scoreBook } from '../../../src/loop/score-book.ts'
import type { Engines } from '../../../src/loop/services.ts'
import { apiRoutes } from '../../../src/server/api/routes.ts'
import type { CustomerAnswer } from '../../../src/server/api/customer-shapes.ts'
import type { OverviewAnswer } from '../../../src/server/api/overview-shapes.ts'
import type { TriedAnswer, TryAnswer } from '../../../src/server/api/try-shapes.ts'
import type { Database } from '../../../src/store/database.ts'
import { databaseKind, openTestDatabase } from '../../support/database.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { addCustomers, passes, type Place } from '../../loop/scoring.ts'
import { SAME_SITE } from '../companies.ts'

const ROWS = 60
const folder = mkdtempSync(join(tmpdir(), 'holdfast-try-'))
let database: Database
let engines: Engines
let server: TestServer
let place: Place
let cookie: string
let scores: { id: number; probability: number; level: string }[]

beforeAll(async () => {
  database = await openTestDatabase()
  engines = openEngines({ threads: 1, dataFolder: folder })
  server = await startTestServer(database, apiRoutes, {}, { engines })
  place = await addCustomers(database, folder, ROWS)
  await passes(database, engines)(scoreBook, place)
  cookie = await server.cookie(place.tenant, 'viewer')
  scores = await rows('select customer_id as id, probability, level from scores order by customer_id')
}, 60_000)
afterAll(async () => {
  await server.close()
  await engines.close()
  await database.close()
  rmSync(folder, { recursive: true, force: true })
})

const rows = <Row extends object>(text: string, ...values: unknown[]): Promise<Row[]> =>
  database.withTenant(place.tenant, (tx) => tx.query<Row>(text, values))

async function look(id: number): Promise<TryAnswer> {
  const answer = await server.fetch(`/v1/customers/${id}/try`, { headers: { cookie, ...SAME_SITE } })
  expect(answer.status).toBe(200)
  return (await answer.json()) as TryAnswer
}

async function attempt<Body = TriedAnswer>(
  id: number,
  changes: unknown,
): Promise<{ status: number; body: Body }> {
  const answer = await server.fetch(`/v1/customers/${id}/try`, {
    method: 'POST',
    headers: { cookie, 'content-type': 'application/json', ...SAME_SITE },
    body: JSON.stringify({ changes }),
  })
  return { status: answer.status, body: (await answer.json()) as Body }
}

describe(`trying a customer out (${databaseKind})`, () => {
  it('gives the stored probability of each customer when nothing is changed', async () => {
    for (const { id, probability, level } of scores.slice(0, 25)) {
      const { status, body } = await attempt(id, {})
      expect(status).toBe(200)
      // Answers have six digits.
      expect(Math.abs(body.tried.probability - probability)).toBeLessThan(1e-6)
      expect(body.stored).toEqual({ probability: Math.round(probability * 1e6) / 1e6, level })
      expect(body.differs).toBeNull()
    }
  })

  it('gives it also when every feature is set to what it is', async () => {
    for (const { id, probability } of scores.slice(0, 12)) {
      const { features } = await look(id)
      const { body } = await attempt(id, Object.fromEntries(features.map(({ name, value }) => [name, value])))
      expect(Math.abs(body.tried.probability - probability)).toBeLessThan(1e-6)
      expect(body.sentence).toContain('would stay at')
    }
  })

  it('says what the model looks at, with the own values, what it has seen, and what moves the score', async () => {
    const { id } = scores[0]
    const { features, model, currency } = await look(id)
    const engine = await engines.get('shipped:subscription')
    const { features: known } = engine.churn.features
    expect(features.map(({ name }) => name).toSorted()).toEqual(known.map(({ name }) => name).toSorted())
    expect(model).toMatchObject({ name: 'subscription', starter: true })
    expect(currency).toBe('USD')
    const tenure = features.find(({ name }) => name === 'tenureMonths')!
    expect(tenure).toMatchObject({
      title: 'Months as a customer',
      kind: 'number',
      unit: 'months',
      range: { min: 0, max: 120, step: 1 },
      usual: 28,
      moves: true,
    })
    expect(tenure.text).toMatch(/^\d+ (month|year)/)
    const contract = features.find(({ name }) => name === 'contract')!
    expect(contract).toMatchObject({
      kind: 'choice',
      choices: ['Month-to-month', 'One year', 'Two year'],
      range: null,
    })
    for (const { value, missing } of features) expect(value === null).toBe(missing !== null)
    expect(features.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 5)
    const weights = features.filter(({ moves }) => moves).map(({ weight }) => weight)
    expect(weights).toEqual(weights.toSorted((a, b) => b - a))
  })

  it('scores a change as the engine scores who is so, and tells what each change does alone', async () => {
    const { id } = scores[3]
    const { features } = await look(id)
    const own = Object.fromEntries(features.map(({ name, value }) => [name, value]))
    const changes = { contract: 'Two year', supportTickets: 9, paymentFailures: 3 }
    const { body } = await attempt(id, changes)
    const engine = await engines.get('shipped:subscription')
    const today = Math.floor(Date.parse(`${body.asOf}T00:00:00Z`) / 86_400_000)
    const direct = await engine.scoreFeatures({
      features: [
        { ...own, ...changes },
        { ...own, contract: 'Two year' },
        { ...own, supportTickets: 9 },
      ],
      today,
    })
    expect(body.tried.probability).toBeCloseTo(direct[0].probability, 5)
    expect(body.changes.map(({ name, to }) => [name, to])).toEqual(Object.entries(changes))
    expect(body.changes[0].alone).toBeCloseTo(direct[1].probability, 5)
    expect(body.changes[1].alone).toBeCloseTo(direct[2].probability, 5)
    expect(body.changes[1].from).toBe(own['supportTickets'])
    expect(body.sentence).toMatch(/^With 3 changes, the risk would be [\d.]+\s%, instead of [\d.]+\s%\.$/)
    expect(body.reasons.length).toBeGreaterThan(0)
    expect(body.suggestion.sentence).toMatch(/ possible\b|Nothing was worth/)
  })

  it('takes what is unknown, and says where a value lies outside of what the model has seen', async () => {
    const { id } = scores[4]
    const known = (await look(id)).features.find(({ name }) => name === 'tenureMonths')!
    const { body } = await attempt(id, { tenureMonths: null, supportTickets: 4000 })
    const [tenure, tickets] = body.changes
    expect(tenure).toMatchObject({ from: known.value, to: null, text: 'unknown', unseen: null })
    expect(tickets.unseen).toMatch(
      /^The model has seen support tickets from 0 to \d+: of 4,000 it knows nothing/,
    )
  })

  it('agrees with the customer’s own page on what is known, and how far to trust it', async () => {
    const { id, probability } = scores[1]
    const answer = await server.fetch(`/v1/customers/${id}`, { headers: { cookie, ...SAME_SITE } })
    const { score } = (await answer.json()) as CustomerAnswer
    const { features } = await look(id)
    const missing = features.filter(({ value }) => value === null)
    expect(score!.probability).toBeCloseTo(probability, 6)
    const { data, prediction } = score!.confidence
    expect(data).toMatchObject({ known: features.length - missing.length, features: features.length })
    expect(new Set(data.missing)).toEqual(new Set(missing.map(({ title }) => title)))
    expect(data.sentence).toMatch(new RegExp(`${data.known} of ${data.features} features are known`))
    expect(prediction).toMatchObject({ kind: 'assumed', auc: null })
    const engine = await engines.get('shipped:subscription')
    const { baseRate } = engine.churn.population
    expect(score!.thresholds!.high).toBeCloseTo(2 * baseRate, 9)
    const overview = (await (
      await server.fetch('/v1/overview', { headers: { cookie, ...SAME_SITE } })
    ).json()) as OverviewAnswer
    expect(overview.flags).toMatchObject({ starter: true, snapshot: false })
    expect(overview.distribution.levels[0]).toMatchObject({ kind: 'horizon', horizonDays: 90, baseRate })
    expect(overview.distribution.levels[0].sentence.replaceAll('\u00a0', ' ')).toBe(
      'High from 8.7 %, twice the base rate of 4.4 %; medium from 4.4 % on, the base rate itself.',
    )
  })

  it('suggests nothing for a customer of a comparison group, whatever is changed', async () => {
    const { id } = scores[5]
    await rows(
      `update customers set group_name = 'holdout' where tenant_id = $1 and id = $2`,
      place.tenant,
      id,
    )
    const { body } = await attempt(id, { contract: 'Month-to-month', paymentFailures: 5 })
    expect(body.suggestion).toMatchObject({ hidden: true, action: null, actions: [] })
    expect(body.suggestion.sentence).toMatch(/^This customer is in the holdout/)
    expect(JSON.stringify(body.suggestion)).not.toMatch(/email|discount|call/)
  })

  it('says why the score now is another one than that in force', async () => {
    const { id } = scores[6]
    const [{ properties }] = await rows<{ properties: Record<string, unknown> }>(
      'select properties from customers where tenant_id = $1 and id = $2',
      place.tenant,
      id,
    )
    const name = Object.keys(properties).find((key) => /tenure|months/i.test(key))!
    await rows(
      `update customers set properties = properties || jsonb_build_object($3::text, '1'), score_due_at = now()
       where tenant_id = $1 and id = $2`,
      place.tenant,
      id,
      name,
    )
    const { stored, now, differs } = await look(id)
    expect(now.probability).not.toBeCloseTo(stored!.probability, 4)
    expect(differs).toMatch(/^Something of this customer changed/)
  })

  it.each([
    [
      'a name that is none of its features',
      { engagement: 50 },
      /"engagement" is none of the features of the model/,
    ],
    [
      'a choice that there is none of',
      { contract: 'Forever' },
      /it takes one of Month-to-month, One year, Two year/,
    ],
    ['a text for a number', { tenureMonths: 'long' }, /it takes a number, or null/],
    ['a flag for a number', { tenureMonths: true }, /it takes a number/],
  ])('refuses %s', async (_, changes, says) => {
    const { status, body } = await attempt<{ detail: string }>(scores[0].id, changes)
    expect(status).toBe(400)
    expect(body.detail).toMatch(says)
  })

  it('refuses to reckon with nothing at all', async () => {
    const { features } = await look(scores[0].id)
    const nothing = Object.fromEntries(features.map(({ name }) => [name, null]))
    const { status, body } = await attempt<{ detail: string }>(scores[0].id, nothing)
    expect(status).toBe(422)
    expect(body.detail).toMatch(/^Nothing is known/)
  })

  it('reckons nothing of who left or objects', async () => {
    const [gone, objecting] = [scores[7].id, scores[8].id]
    await rows(`update customers set status = 'left' where tenant_id = $1 and id = $2`, place.tenant, gone)
    await rows(
      `insert into recipients (tenant_id, customer_id, external_id, objects) values ($1, $2, 'x', true)`,
      place.tenant,
      objecting,
    )
    for (const [id, says] of [
      [gone, /no longer in the population/],
      [objecting, /objects to being profiled/],
    ] as const) {
      const { status, body } = await attempt<{ detail: string }>(id, {})
      expect(status).toBe(409)
      expect(body.detail).toMatch(says)
    }
    expect((await attempt(999_999, {})).status).toBe(404)
  })

  it('stores nothing, whatever is tried', async () => {
    const { features } = await look(scores[0].id)
    const marks = () =>
      rows(`select (select count(*) from score_history) as history, (select count(*) from decisions) as decisions,
        (select count(*) from interventions) as interventions, (select md5(string_agg(s::text, '' order by customer_id)) from scores s) as scores`)
    const before = await marks()
    await fc.assert(
      fc.asyncProperty(
        fc.record(
          Object.fromEntries(
            features.map(({ name, kind, choices }) => [
              name,
              kind === 'number'
                ? fc.oneof(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.constant(null))
                : kind === 'yes_no'
                  ? fc.oneof(fc.boolean(), fc.constant(null))
                  : fc.constantFrom(...choices!, null),
            ]),
          ),
          { requiredKeys: ['tenureMonths'] },
        ),
        async (changes) => {
          const { status, body } = await attempt(scores[0].id, changes)
          if (status === 422) return
          expect(status).toBe(200)
          expect(body.tried.probability).toBeGreaterThanOrEqual(0)
          expect(body.tried.probability).toBeLessThanOrEqual(1)
          expect(body.changes).toHaveLength(Object.keys(changes).length)
        },
      ),
      { numRuns: 20 },
    )
    expect(await marks()).toEqual(before)
  })
})
