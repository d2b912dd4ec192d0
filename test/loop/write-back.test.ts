import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FieldUpdate, RiskFields, WriteResult } from '../../connectors/connector.ts'
import { openEngines } from '../../src/loop/engines.ts'
import { scoreBook } from '../../src/loop/score-book.ts'
import type { Engines } from '../../src/loop/services.ts'
import { writeBack } from '../../src/loop/write-back.ts'
import type { Database } from '../../src/store/database.ts'
import { saveSettings } from '../../src/store/settings-versions.ts'
import { databaseKind, openTestDatabase } from '../support/database.ts'
import { addCustomers, DAY, passes, type PassOptions, type Place } from './scoring.ts'

const ROWS = 80
const MINUTE = 60_000
const folder = mkdtempSync(join(tmpdir(), 'holdfast-write-'))
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

/** A scored book and a CRM that remembers what was written onto which record. */
async function open() {
  const place = await addCustomers(database, folder, ROWS)
  const run = passes(database, engines)
  await run(scoreBook, place)
  const written: FieldUpdate[] = []
  let refuse: (id: string) => WriteResult | null | undefined = () => undefined
  const write = async (updates: readonly FieldUpdate[]): Promise<readonly WriteResult[]> =>
    updates.flatMap((update): WriteResult[] => {
      const refused = refuse(update.id)
      if (refused === null) return []
      if (refused !== undefined) return [refused]
      written.push(update)
      return [{ id: update.id, ok: true }]
    })
  const rowsOf = <Row extends object>(text: string, ...values: unknown[]): Promise<Row[]> =>
    database.withTenant(place.tenant, (tx) => tx.query<Row>(text, values))
  const ids = (
    await rowsOf<{ id: number; external: string }>(
      'select id, external_id as external from customers order by id',
    )
  ).map(({ id, external }) => ({ id, external }))
  return {
    place,
    written,
    rowsOf,
    ids,
    refuse: (how: typeof refuse) => void (refuse = how),
    pass: (options: PassOptions = {}) => run(writeBack, place, { write, ...options }),
    /** A pass so many days from now. */
    later: (days: number) => run(writeBack, place, { write, clock: () => new Date(Date.now() + days * DAY) }),
    /** Everybody is looked at, as after a scoring. */
    mark: () => mark(place),
  }
}

const mark = ({ tenant, connection }: Place) =>
  database.withTenant(tenant, (tx) =>
    tx.query(
      `insert into write_back_due (tenant_id, customer_id, connection_id) select tenant_id, id, $2 from customers
       where tenant_id = $1 on conflict (tenant_id, customer_id) do update set due_at = excluded.due_at`,
      [tenant, connection],
    ),
  )

describe(`writing back on ${databaseKind}`, () => {
  it('writes every record once, and then nothing without asking the CRM', async () => {
    const { pass, written, rowsOf, mark: markAll } = await open()
    expect(await pass()).toEqual({ written: ROWS, failed: 0, dryRun: 0, unchanged: 0 })
    expect(new Set(written.map(({ id }) => id)).size).toBe(ROWS)
    const [{ fields }] = written
    expect(fields).toMatchObject({ status: 'active', group: 'policy', currency: 'USD' })
    expect(fields.reasons!.length).toBeGreaterThan(0)
    expect(await pass({ write: undefined as never })).toEqual({
      written: 0,
      failed: 0,
      dryRun: 0,
      unchanged: 0,
    })
    const versions = 'select customer_id, xmin::text as version from write_backs order by 1'
    const before = await rowsOf(versions)
    await markAll()
    expect(await pass()).toMatchObject({ written: 0, unchanged: ROWS })
    expect(await rowsOf(versions)).toEqual(before)
    expect(await rowsOf('select * from write_back_due')).toEqual([])
  })

  it('writes again for what matters, and for nothing else', async () => {
    const { pass, written, rowsOf, ids, mark: markAll } = await open()
    // Far from the thresholds, so that each case moves what it says alone.
    await rowsOf(`update scores set probability = .5, level = 'MEDIUM'`)
    await rowsOf(
      `update connections set thresholds = '{"high": 0.7, "medium": 0.3, "strict": false, "highBy": "fixed"}'`,
    )
    await pass()
    const cases: readonly (readonly [change: string, writes: boolean])[] = [
      ['probability = .47', true],
      ['probability = .529', false],
      [`level = 'HIGH'`, false],
      [`level = 'HIGH', probability = .52`, false],
      [`reasons = '[{"sentence": "No payments failed: half the usual risk"}]'`, true],
      [`reasons = jsonb_path_query_array(reasons, '$[1 to 4]')`, true],
      ['value_at_risk_minor = value_at_risk_minor * 3', false],
      ['data_confidence = .1', false],
      ["scored_at = scored_at + interval '1 hour'", false],
    ]
    for (const [at, [change]] of cases.entries())
      await rowsOf(`update scores set ${change} where customer_id = $1`, ids[at].id)
    written.length = 0
    await markAll()
    await pass()
    const expected = cases.flatMap(([, writes], at) => (writes ? [ids[at].external] : []))
    expect(written.map(({ id }) => id).toSorted()).toEqual(expected.toSorted())
  })

  it('writes a new level once it is past the threshold by a tenth', async () => {
    const { pass, written, rowsOf, ids, mark: markAll } = await open()
    await rowsOf(
      `update connections set thresholds = '{"high": 0.2, "medium": 0.1, "strict": false, "highBy": "fixed"}'`,
    )
    await rowsOf(`update scores set probability = .195, level = 'MEDIUM'`)
    await pass()
    written.length = 0
    await rowsOf(`update scores set probability = .21, level = 'HIGH' where customer_id = $1`, ids[0].id)
    await rowsOf(`update scores set probability = .221, level = 'HIGH' where customer_id = $1`, ids[1].id)
    await markAll()
    await pass()
    expect(written.map(({ id }) => id)).toEqual([ids[1].external])
  })

  it('shows a suggestion when it is decided on, and how its execution fares', async () => {
    const { pass, written, rowsOf, ids, place } = await open()
    await pass()
    written.length = 0
    const [{ period }] = await rowsOf<{ period: string }>(
      `select to_char(now() at time zone 'UTC', 'YYYY-MM') as period`,
    )
    await rowsOf(
      `insert into decisions (tenant_id, customer_id, connection_id, period, decided_at, group_name, group_salt_id,
         data_as_of, probability, monthly_hazard, level, state, state_version, feature_set_hash, model_hash, policy_hash,
         settings_version, action_keys, masks, gains, costs, effect_means, effect_sds, lambda, probabilities, action_key,
         propensity, draw, draw_identity, planned_cost_minor, currency)
       select $1, $2, $3, $4, now(), 'policy', 's', '2026-11-01', .3, .02, 'LOW', '{}', 1, 'f', 'm', 'p', 0, '{}', '{}', '{}',
         '{}', '{}', '{}', 0, '{}', 'email', 1, .5, 'd', 100, 'USD'`,
      place.tenant,
      ids[3].id,
      place.connection,
      period,
    )
    expect(await pass()).toMatchObject({ written: 1 })
    expect(written[0]).toMatchObject({
      id: ids[3].external,
      fields: { suggestedAction: 'Send Email', actionStatus: 'suggested' },
    })
  })

  it('writes a small change after seven days, and no record for the days alone', async () => {
    const { pass, later, written, rowsOf, ids, mark: markAll } = await open()
    await pass()
    written.length = 0
    await rowsOf('update scores set probability = probability + .01 where customer_id = $1', ids[5].id)
    await markAll()
    expect(await later(6.9)).toMatchObject({ written: 0, unchanged: ROWS })
    expect(await later(7.1)).toMatchObject({ written: 1 })
    expect(written.map(({ id }) => id)).toEqual([ids[5].external])
    await markAll()
    expect(await later(20)).toMatchObject({ written: 0, unchanged: ROWS })
  })

  it('spreads small changes over nights where there are many', async () => {
    const { pass, later, rowsOf, mark: markAll } = await open()
    await pass()
    await rowsOf('update scores set probability = probability + .01')
    await markAll()
    // A quiet night writes ten records of a small book.
    expect(await later(8)).toMatchObject({ written: 10, unchanged: ROWS - 10 })
    expect(await later(8.5)).toMatchObject({ written: 0 })
    for (let night = 1; night < ROWS / 10; night++)
      expect(await later(8 + 1.01 * night)).toMatchObject({ written: 10 })
    expect(await later(30)).toMatchObject({ written: 0, unchanged: 0 })
  })

  it('writes other reasons at once, as many as a night takes, on the day of the first writing too', async () => {
    const { pass, later, rowsOf, mark: markAll } = await open()
    await rowsOf(`update scores set probability = .5, level = 'MEDIUM'`)
    await pass()
    await rowsOf(`update scores set reasons = '[{"sentence": "No payments failed: half the usual risk"}]'`)
    await markAll()
    expect(await later(0.01)).toMatchObject({ written: 10, unchanged: ROWS - 10 })
    // What has to be written takes nothing from what could wait.
    await rowsOf(`update scores set probability = .8 where customer_id in
      (select id from customers order by id desc limit 30)`)
    await markAll()
    expect(await later(0.02)).toMatchObject({ written: 30, unchanged: ROWS - 30 })
    await markAll()
    expect(await later(1.1)).toMatchObject({ written: 10 })
  })

  it('keeps what the CRM refused, tries again after growing pauses, and writes the rest', async () => {
    const { pass, refuse, rowsOf, ids, place, mark: markAll } = await open()
    const failure = (id: string, retryable: boolean): WriteResult => ({
      id,
      ok: false,
      code: retryable ? 'busy' : 'field_missing',
      message: retryable ? 'The CRM is busy.' : 'The field holdfast_risk is missing. Add it.',
      retryable,
    })
    const [busy, missing, silent] = ids.map(({ external }) => external)
    refuse((id) =>
      id === busy
        ? failure(id, true)
        : id === missing
          ? failure(id, false)
          : id === silent
            ? null
            : undefined,
    )
    const start = Date.now()
    const at = (minutes: number) => pass({ clock: () => new Date(start + minutes * MINUTE) })
    expect(await at(0)).toMatchObject({ written: ROWS - 3, failed: 3 })
    const failed = `select customer_id as id, error_code as code, error_message as message, attempts, written_at,
      (extract(epoch from retry_at) * 1000 - $1) / 60000 as minutes from write_backs where status = 'failed' order by 1`
    expect(await rowsOf(failed, start)).toMatchObject([
      { id: ids[0].id, code: 'busy', message: 'The CRM is busy.', attempts: 1, minutes: 1, written_at: null },
      { id: ids[1].id, code: 'field_missing', attempts: 1, minutes: null },
      { id: ids[2].id, code: 'no_answer', attempts: 1, minutes: 1 },
    ])
    const [step] = await rowsOf<{ due: Date }>(
      `select due_at as due from steps where connection_id = $1 and step = 'write_back'`,
      place.connection,
    )
    expect(step.due.getTime()).toBeLessThanOrEqual(start + MINUTE)
    // A pass that something else asked for in between has taken the time from the step, and gives it back.
    await rowsOf(
      `update steps set due_at = null where connection_id = $1 and step = 'write_back'`,
      place.connection,
    )
    expect(await at(0.5)).toMatchObject({ written: 0, failed: 0 })
    const [again] = await rowsOf<{ due: Date | null }>(
      `select due_at as due from steps where connection_id = $1 and step = 'write_back'`,
      place.connection,
    )
    expect(again.due?.getTime()).toBe(start + MINUTE)
    expect(await at(1)).toMatchObject({ failed: 2 })
    expect(await at(4.9)).toMatchObject({ failed: 0 })
    expect(await at(5)).toMatchObject({ failed: 2 })
    expect(await rowsOf(failed, start)).toMatchObject([
      { attempts: 3, minutes: 21 },
      { attempts: 1 },
      { attempts: 3, minutes: 21 },
    ])
    // The one that no further try mends waits until its fields change; marking it is not enough.
    await markAll()
    refuse(() => undefined)
    expect(await at(21)).toMatchObject({ written: 2, failed: 0 })
    await rowsOf('update scores set probability = 0.99 where customer_id = $1', ids[1].id)
    await markAll()
    expect(await at(22)).toMatchObject({ written: 1 })
    expect(await rowsOf(failed, start)).toEqual([])
  })

  it('goes on where it was stopped, and writes no record twice', async () => {
    const { pass, written } = await open()
    const stop = new AbortController()
    const first = await pass({
      writeBatch: 10,
      signal: stop.signal,
      write: async (updates) => {
        written.push(...updates)
        if (written.length === 30) stop.abort()
        return updates.map(({ id }) => ({ id, ok: true }))
      },
    })
    expect(first).toMatchObject({ written: 30 })
    expect(await pass()).toMatchObject({ written: ROWS - 30 })
    expect(new Set(written.map(({ id }) => id)).size).toBe(ROWS)
    expect(written).toHaveLength(ROWS)
  })

  it('keeps what was written when the CRM goes away in the middle', async () => {
    const { pass, written } = await open()
    const gone = pass({
      writeBatch: 10,
      write: async (updates) => {
        if (written.length === 20) throw new Error('The CRM does not answer.')
        written.push(...updates)
        return updates.map(({ id }) => ({ id, ok: true }))
      },
    })
    await expect(gone).rejects.toThrow('does not answer')
    expect(await pass()).toMatchObject({ written: ROWS - 20 })
    expect(written).toHaveLength(ROWS)
  })

  it('only records while writing is off, and writes what was recorded once it is on', async () => {
    const { pass, place, written, rowsOf } = await open()
    const enabled = (on: boolean, expected: number) =>
      database.withTenant(place.tenant, (tx) =>
        saveSettings(tx, { writeBack: { enabled: on } }, { expected, author: 'test' }),
      )
    await enabled(false, 0)
    expect(await pass({ write: undefined as never })).toMatchObject({ written: 0, dryRun: ROWS })
    expect(await rowsOf(`select 1 from write_backs where written_at is not null`)).toEqual([])
    await enabled(true, 1)
    expect(await pass()).toMatchObject({ written: ROWS, dryRun: 0 })
    expect(written).toHaveLength(ROWS)
  })

  it('takes back what it suggested when a customer leaves, and says nothing of who is deleted', async () => {
    const { pass, written, rowsOf, ids } = await open()
    await pass()
    written.length = 0
    await rowsOf(`update customers set status = 'left' where id = $1`, ids[0].id)
    await rowsOf(`update customers set status = 'deleted' where id = $1`, ids[1].id)
    await rowsOf(`delete from scores where customer_id = $1`, ids[2].id)
    await rowsOf(`update customers set group_name = 'exempt' where id = $1`, ids[2].id)
    expect(await pass()).toMatchObject({ written: 2 })
    const fields = new Map(written.map((update): [string, RiskFields] => [update.id, update.fields]))
    expect(fields.get(ids[0].external)).toEqual({ status: 'left', suggestedAction: null, actionStatus: null })
    expect(fields.get(ids[2].external)).toMatchObject({ riskPercent: null, reasons: null })
  })
})
