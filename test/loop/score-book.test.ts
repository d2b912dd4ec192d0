import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { STATE_SIZE } from '../../models/policy/state.ts'
import { openEngines } from '../../src/loop/engines.ts'
import { artefactFolder } from '../../src/loop/models.ts'
import { scoreBook, scoring } from '../../src/loop/score-book.ts'
import type { Engines, LoopStep } from '../../src/loop/services.ts'
import type { Database } from '../../src/store/database.ts'
import { championOf, registerModel } from '../../src/store/models.ts'
import { saveSettings } from '../../src/store/settings-versions.ts'
import { databaseKind, openTestDatabase } from '../support/database.ts'
import { addCustomers, DAY, passes, type Place, type PassOptions } from './scoring.ts'

const ROWS = 120
const folder = mkdtempSync(join(tmpdir(), 'holdfast-score-'))
let database: Database
let engines: Engines
beforeAll(async () => {
  database = await openTestDatabase()
  engines = openEngines({ threads: 1, dataFolder: folder })
}, 60_000)
afterAll(async () => {
  await engines.close()
  await database.close()
  rmSync(folder, { recursive: true, force: true })
})

const pass = (step: LoopStep, place: Place, options?: PassOptions) =>
  passes(database, engines)(step, place, options)
const rowsOf = <Row extends object>({ tenant }: Place, text: string, ...values: unknown[]): Promise<Row[]> =>
  database.withTenant(tenant, (tx) => tx.query<Row>(text, values))
const countOf = async (place: Place, from: string): Promise<number> =>
  (await rowsOf<{ count: number }>(place, `select count(*) as count from ${from}`))[0].count
const allDue = (place: Place) => rowsOf(place, 'update customers set score_due_at = clock_timestamp()')
const DUE = 'customers where score_due_at is not null'

/** Engines that do something else whenever they are given a page to score. */
function whileScoring(work: () => Promise<unknown>): Engines {
  const get: Engines['get'] = async (location) => {
    const engine = await engines.get(location)
    return {
      ...engine,
      reader: (request) => {
        const reader = engine.reader(request)
        const scoreChanged: typeof reader.scoreChanged = async (rows, known) => {
          await work()
          return reader.scoreChanged(rows, known)
        }
        return { ...reader, scoreChanged }
      },
    }
  }
  return { ...engines, get }
}

/** A book that is scored. */
async function scoredBook(): Promise<Place> {
  const place = await addCustomers(database, folder, ROWS)
  expect(await pass(scoreBook, place)).toMatchObject({ scored: ROWS, unchanged: 0, objected: 0 })
  return place
}

describe(`scoring on ${databaseKind}`, () => {
  it('gives everybody who is due a score with all that shows and decides', async () => {
    const place = await scoredBook()
    const [row] = await rowsOf<Record<string, unknown> & { context: Record<string, unknown> }>(
      place,
      `select s.*, cardinality(s.state) as size, c.properties from scores s
       join customers c on c.id = s.customer_id order by s.probability desc limit 1`,
    )
    expect(row).toMatchObject({ kind: 'horizon', level: 'HIGH', currency: 'USD', size: STATE_SIZE })
    expect((row.reasons as object[])[0]).toMatchObject({ raises: true })
    expect(Object.keys((row.reasons as object[])[0]).toSorted()).toEqual([
      'contribution',
      'feature',
      'label',
      'raises',
      'sentence',
    ])
    const properties = row.properties as Record<string, string>
    expect(row.context).toMatchObject({
      tenureMonths: Number(properties['tenure_months']),
      monthlyCharge: Number(properties['monthly_charges']),
    })
    const consent = properties['email_consent']
    expect(row.context['emailConsent']).toBe(consent === '' ? undefined : Number(consent === 'Yes'))
    const minor = Math.round(Number(properties['monthly_charges']) * 100)
    expect(row.monthly_minor).toBe(minor)
    expect(row.value_at_risk_minor).toBe(Math.round((row.probability as number) * 12 * minor))
    expect(await countOf(place, 'score_history')).toBe(ROWS)
    expect(await countOf(place, 'write_back_due')).toBe(ROWS)
    expect(await countOf(place, DUE)).toBe(0)
    const steps = await rowsOf(place, `select step, cause from steps where due_at is not null order by step`)
    expect(steps).toContainEqual({ step: 'decide', cause: 'score' })
    expect(steps).toContainEqual({ step: 'write_back', cause: 'score' })
  })

  it('keeps scores as the engine gives them, to the last bit', async () => {
    const { tenant, connection } = await scoredBook()
    const stored = await rowsOf<{ probability: number; state: number[]; properties: object }>(
      { tenant, connection },
      `select s.probability, s.state, c.properties from scores s join customers c on c.id = s.customer_id
       order by c.id limit 20`,
    )
    const champion = await database.withTenant(tenant, (tx) => championOf(tx, connection))
    const engine = await engines.get(champion!.location)
    let input: Parameters<typeof engine.reader>[0] | null = null
    const watched: Engines = {
      ...engines,
      get: async () => ({ ...engine, reader: (request) => engine.reader((input = request)) }),
    }
    await passes(database, watched)(scoreBook, { tenant, connection })
    const scored = await engine.reader(input!).score(stored.map(({ properties }) => properties as never))
    expect(stored.map(({ probability }) => Math.fround(probability))).toEqual(
      scored.map(({ probability }) => probability),
    )
    expect(stored.map(({ state }) => Float32Array.from(state))).toEqual(scored.map(({ state }) => state))
  })

  it('takes the shipped model that fits best at first and puts it in charge', async () => {
    const { tenant, connection } = await scoredBook()
    const champion = await database.withTenant(tenant, (tx) => championOf(tx, connection))
    expect(champion).toMatchObject({ location: 'shipped:subscription' })
    const engine = await engines.get('shipped:subscription')
    expect(champion!.hash).toBe(engine.churn.hash)
  })

  it('scores nobody again whose input is the same, not even after a restart', async () => {
    const place = await scoredBook()
    const versions = 'select customer_id, xmin::text as version from scores order by 1'
    const before = await rowsOf(place, versions)
    expect(await pass(scoreBook, place)).toMatchObject({ scored: 0, unchanged: 0 })
    await allDue(place)
    const fresh = openEngines({ threads: 1, dataFolder: folder })
    try {
      expect(await passes(database, fresh)(scoreBook, place)).toMatchObject({ scored: 0, unchanged: ROWS })
    } finally {
      await fresh.close()
    }
    expect(await rowsOf(place, versions)).toEqual(before)
    expect(await countOf(place, 'score_history')).toBe(ROWS)
    expect(await countOf(place, DUE)).toBe(0)
  })

  it('scores who changed and nobody else, and adds to the history', async () => {
    const place = await scoredBook()
    const [{ id }] = await rowsOf<{ id: number }>(place, 'select min(id) as id from customers')
    await rowsOf(
      place,
      `update customers set score_due_at = clock_timestamp(),
         properties = case when id = $1 then properties || '{"payment_fails_last_3m": "9", "support_tickets": "30"}' else properties end`,
      id,
    )
    expect(await pass(scoreBook, place)).toMatchObject({ scored: 1, unchanged: ROWS - 1 })
    const history = await rowsOf<{ probability: number }>(
      place,
      'select probability from score_history where customer_id = $1 order by id',
      id,
    )
    expect(history).toHaveLength(2)
    expect(history[1].probability).toBeGreaterThan(history[0].probability)
    await expect(rowsOf(place, 'update score_history set probability = 0')).rejects.toThrow(/permission/)
    await expect(rowsOf(place, 'delete from score_history')).rejects.toThrow(/permission/)
  })

  it('takes what is at stake from running agreements, and keeps no history of that', async () => {
    const place = await scoredBook()
    const [{ first }] = await rowsOf<{ first: number }>(place, 'select min(id) as first from customers')
    const agreement = (customer: number, id: string, minor: number, currency: string, start = '2020-01-01') =>
      rowsOf(
        place,
        `insert into agreements (tenant_id, customer_id, external_id, monthly_minor, currency, start_date)
         values ($1, $2, $3, $4, $5, $6)`,
        place.tenant,
        customer,
        id,
        minor,
        currency,
        start,
      )
    await agreement(first, 'a', 1000, 'USD')
    await agreement(first, 'b', 234, 'USD')
    await agreement(first, 'other', 77, 'EUR')
    await agreement(first, 'later', 5000, 'USD', '2100-01-01')
    await agreement(first + 1, 'a', 500, 'EUR')
    await agreement(first + 2, 'a', 500, 'EUR')
    await agreement(first + 2, 'b', 500, 'GBP')
    await allDue(place)
    expect(await pass(scoreBook, place)).toMatchObject({ scored: 2, unchanged: ROWS - 2 })
    const amounts = await rowsOf<{ minor: number; currency: string; right: boolean }>(
      place,
      `select monthly_minor as minor, currency,
         value_at_risk_minor = round(probability::float8 * 12 * monthly_minor) as right
       from scores where customer_id in ($1::bigint, $1::bigint + 1) order by customer_id`,
      first,
    )
    expect(amounts).toEqual([
      { minor: 1234, currency: 'USD', right: true },
      { minor: 500, currency: 'EUR', right: true },
    ])
    expect(await countOf(place, 'score_history')).toBe(ROWS)
  })

  it('leaves due who changes while being scored', async () => {
    const place = await scoredBook()
    const [{ id }] = await rowsOf<{ id: number }>(place, 'select max(id) as id from customers')
    await allDue(place)
    const change = () =>
      rowsOf(
        place,
        `update customers set properties = properties || '{"payment_fails_last_3m": "9"}', score_due_at = clock_timestamp()
         where id = $1`,
        id,
      )
    const during = whileScoring(change)
    expect(await passes(database, during)(scoreBook, place)).toMatchObject({ scored: 0, unchanged: ROWS })
    expect(await rowsOf(place, `select id from ${DUE}`)).toEqual([{ id }])
    expect(await pass(scoreBook, place)).toMatchObject({ scored: 1, unchanged: 0 })
    expect(await countOf(place, DUE)).toBe(0)
  })

  it('goes on where it was stopped', async () => {
    const place = await addCustomers(database, folder, ROWS)
    const stop = new AbortController()
    const small = scoring({ page: 20 })
    let pages = 0
    const counting = whileScoring(async () => {
      if (++pages === 3) stop.abort()
    })
    const first = await passes(database, counting)(small, place, { signal: stop.signal })
    expect(first['scored']).toBe(60)
    const second = await pass(small, place)
    expect(first['scored'] + second['scored']).toBe(ROWS)
    expect(await countOf(place, 'score_history')).toBe(ROWS)
    expect(await countOf(place, DUE)).toBe(0)
  })

  it('scores everybody again under another model', async () => {
    const place = await scoredBook()
    const { tenant, connection } = place
    cpSync(artefactFolder('telco'), join(folder, 'models', 'another'), { recursive: true })
    const { hash, name, version } = (await engines.get('models/another')).churn
    const model = { kind: 'churn', hash, name, version, location: 'models/another', card: {} } as const
    await database.withTenant(tenant, (tx) => registerModel(tx, connection, model))
    expect(await countOf(place, DUE)).toBe(ROWS)
    expect(await pass(scoreBook, place)).toMatchObject({ scored: ROWS, unchanged: 0 })
    expect(await rowsOf(place, 'select distinct model_hash as hash from scores')).toEqual([{ hash }])
    expect(await rowsOf(place, `select status from models order by status`)).toEqual([
      { status: 'champion' },
      { status: 'retired' },
    ])
    // The same one put in charge again changes nothing.
    await database.withTenant(tenant, (tx) => registerModel(tx, connection, model))
    expect(await countOf(place, DUE)).toBe(0)
  })

  it('keeps no score of a model that was replaced while it scored', async () => {
    const place = await addCustomers(database, folder, ROWS)
    const { tenant, connection } = place
    cpSync(artefactFolder('telco'), join(folder, 'models', 'next'), { recursive: true })
    const { hash, name, version } = (await engines.get('models/next')).churn
    let pages = 0
    const during = whileScoring(async () => {
      if (++pages === 3)
        await database.withTenant(tenant, (tx) =>
          registerModel(tx, connection, {
            kind: 'churn',
            hash,
            name,
            version,
            location: 'models/next',
            card: {},
          }),
        )
    })
    const { scored } = await passes(database, during)(scoring({ page: 20 }), place)
    expect(scored).toBeLessThan(ROWS)
    expect(await countOf(place, DUE)).toBe(ROWS)
    expect(await rowsOf(place, `select cause from steps where step = 'score'`)).toEqual([{ cause: 'model' }])
    expect(await pass(scoreBook, place)).toMatchObject({ scored: ROWS })
    expect(await rowsOf(place, 'select distinct model_hash as hash from scores')).toEqual([{ hash }])
  })

  it('says which model is broken and what to do, loses nothing, and goes on once it is mended', async () => {
    const place = await scoredBook()
    const { tenant, connection } = place
    const spot = join(folder, 'models', 'broken')
    cpSync(artefactFolder('telco'), spot, { recursive: true })
    const { hash, name, version } = (await engines.get('models/broken')).churn
    const model = { kind: 'churn', hash, name, version, location: 'models/broken', card: {} } as const
    await database.withTenant(tenant, (tx) => registerModel(tx, connection, model))
    writeFileSync(join(spot, 'model.onnx'), 'not a model')
    const later = openEngines({ threads: 1, dataFolder: folder })
    try {
      const broken = passes(database, later)(scoreBook, place)
      await expect(broken).rejects.toMatchObject({ code: 'model_corrupt' })
      await expect(broken).rejects.toThrow(/model\.onnx.*(restore|again|put)/is)
      expect(await countOf(place, 'scores')).toBe(ROWS)
      expect(await countOf(place, DUE)).toBe(ROWS)
      cpSync(artefactFolder('telco'), spot, { recursive: true })
      expect(await passes(database, later)(scoreBook, place)).toMatchObject({ scored: ROWS })
    } finally {
      await later.close()
    }
    expect(await countOf(place, DUE)).toBe(0)
  })

  it('refuses another model where the one in charge was trained here', async () => {
    const place = await scoredBook()
    const { tenant, connection } = place
    cpSync(artefactFolder('telco'), join(folder, 'models', 'swapped'), { recursive: true })
    const model = { kind: 'churn', hash: 'x'.repeat(64), name: 'ours', version: '1', card: {} } as const
    await database.withTenant(tenant, (tx) =>
      registerModel(tx, connection, { ...model, location: 'models/swapped' }),
    )
    const swapped = pass(scoreBook, place)
    await expect(swapped).rejects.toMatchObject({ code: 'model_corrupt' })
    await expect(swapped).rejects.toThrow(/"ours".*Put that one back/s)
    expect(await countOf(place, DUE)).toBe(ROWS)
  })

  it('bounds the high level by capacity over the whole book, and levels anew when settings change', async () => {
    const place = await scoredBook()
    const { tenant } = place
    const high = `scores where level = 'HIGH'`
    const before = await countOf(place, high)
    expect(before).toBeGreaterThan(5)
    await rowsOf(place, 'delete from write_back_due')
    await database.withTenant(tenant, (tx) =>
      saveSettings(
        tx,
        { levels: { kind: 'multiple', high: 2, medium: 1, capacity: { customers: 5 } } },
        { expected: 0, author: 'test' },
      ),
    )
    const { levels, scored } = await pass(scoreBook, place, { cause: 'settings' })
    expect(scored).toBe(0)
    expect(await countOf(place, high)).toBe(5)
    expect(levels).toBe(before - 5)
    expect(await countOf(place, 'score_history')).toBe(ROWS + levels)
    expect(await countOf(place, 'write_back_due')).toBe(levels)
    const [{ thresholds }] = await rowsOf<{ thresholds: object }>(place, 'select thresholds from connections')
    expect(thresholds).toMatchObject({ highBy: 'capacity' })
    expect(await pass(scoreBook, place, { cause: 'settings' })).toMatchObject({ levels: 0 })
  })

  it('keeps no score of who objects to being profiled, and neither scores nor counts who left', async () => {
    const place = await scoredBook()
    const { tenant, connection } = place
    const [{ profile, first }] = await rowsOf<{ profile: { columns: object[] }; first: number }>(
      place,
      'select profile, (select min(id) from customers) as first from connections',
    )
    const column = {
      header: 'profiling_consent',
      kind: 'category',
      missing: 0,
      distinct: 2,
      values: ['Yes', 'No'].map((value) => ({ value, count: 60 })),
      unreadable: 0,
    }
    await rowsOf(
      place,
      'update connections set profile = $1::jsonb',
      JSON.stringify({ ...profile, columns: [...profile.columns, column] }),
    )
    await rowsOf(
      place,
      `update customers set score_due_at = clock_timestamp(), status = case when id = $1 + 1 then 'left' else status end,
         properties = properties || jsonb_build_object('profiling_consent', case when id = $1 then 'No' else 'Yes' end, 'support_tickets', '7')`,
      first,
    )
    expect(await pass(scoreBook, { tenant, connection })).toMatchObject({ objected: 1, scored: ROWS - 2 })
    expect(await rowsOf(place, 'select 1 from scores where customer_id = $1', first)).toEqual([])
    expect(await countOf(place, DUE)).toBe(0)
    expect(await countOf(place, `write_back_due where customer_id = ${first}`)).toBe(1)
  })

  it('scores who the calendar moved in the pass of the schedule, and nobody else', async () => {
    const place = await addCustomers(database, folder, ROWS, { kind: 'crm' })
    const on = (cause: string, days: number) =>
      pass(scoreBook, place, { cause, clock: () => new Date(Date.now() + days * DAY) })
    expect(await on('sync', 0)).toMatchObject({ scored: ROWS })
    expect(await on('sync', 9)).toMatchObject({ scored: 0, unchanged: 0 })
    const { scored, unchanged } = await on('schedule', 9)
    expect(scored + unchanged).toBe(ROWS)
    expect(scored).toBeGreaterThan(0)
    expect(await on('schedule', 9)).toMatchObject({ scored: 0 })
  })

  it('leaves the customers of a file as of the day of the file', async () => {
    const place = await scoredBook()
    const clock = () => new Date(Date.now() + 40 * DAY)
    expect(await pass(scoreBook, place, { cause: 'schedule', clock })).toMatchObject({
      scored: 0,
      unchanged: 0,
    })
  })
})
