import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FieldUpdate } from '../../connectors/connector.ts'
import { openEngines } from '../../src/loop/engines.ts'
import { scoreBook } from '../../src/loop/score-book.ts'
import type { Engines } from '../../src/loop/services.ts'
import { writeBack } from '../../src/loop/write-back.ts'
import { recordConsents } from '../../src/store/consents.ts'
import type { Database } from '../../src/store/database.ts'
import { undecidedCustomers } from '../../src/store/decisions.ts'
import { objectors } from '../../src/store/objections.ts'
import { databaseKind, openTestDatabase } from '../support/database.ts'
import { addCustomers, passes, type Place } from './scoring.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-objections-'))
let database: Database
let engines: Engines
let place: Place
let ids: number[]
const written: FieldUpdate[] = []

const query = <Row extends object>(text: string, ...values: unknown[]): Promise<Row[]> =>
  database.withTenant(place.tenant, (tx) => tx.query<Row>(text, values))
const pass = (step: typeof scoreBook) => passes(database, engines)(step, place)
const hash = (name: string): Buffer => Buffer.from(name.padEnd(32, '.'))

beforeAll(async () => {
  database = await openTestDatabase()
  engines = openEngines({ threads: 1, dataFolder: folder })
  place = await addCustomers(database, folder, 20)
  ids = (await query<{ id: number }>('select id from customers order by id')).map(({ id }) => id)
  // The first two customers have two people, the third has one with an e-mail address alone, the others nobody.
  for (const [customer, name] of [
    [0, 'ann'],
    [0, 'bob'],
    [1, 'cyd'],
    [1, 'dan'],
    [2, 'eve'],
  ] as const)
    await query(
      `insert into recipients (tenant_id, customer_id, external_id, email_hash, phone_hash)
       values (nullif(current_setting('holdfast.tenant'), '')::uuid, $1, $2, $3, $4)`,
      ids[customer],
      name,
      hash(`${name}@`),
      name === 'eve' ? null : hash(`+${name}`),
    )
  await pass(scoreBook)
}, 60_000)
afterAll(async () => {
  await engines.close()
  await database.close()
  rmSync(folder, { recursive: true, force: true })
})

const scored = async (): Promise<number[]> =>
  (await query<{ id: number }>('select customer_id as id from scores order by 1')).map(({ id }) =>
    ids.indexOf(id),
  )
const everybodyBut = (...gone: number[]): number[] =>
  ids.map((_, at) => at).filter((at) => !gone.includes(at))

async function says(
  name: string,
  status: 'granted' | 'refused',
  channels: readonly ('email' | 'sms' | 'call')[] = ['email', 'sms', 'call'],
): Promise<void> {
  await database.withTenant(place.tenant, (tx) =>
    recordConsents(
      tx,
      channels.map((channel) => ({
        hash: hash(channel === 'email' ? `${name}@` : `+${name}`),
        channel,
        status,
        source: 'a test',
      })),
    ),
  )
}

describe(`objections to profiling on ${databaseKind}`, () => {
  it('are none while somebody of a customer has not objected, nor when one channel is refused', async () => {
    await says('ann', 'refused')
    await says('eve', 'refused', ['email'])
    expect(await pass(scoreBook)).toMatchObject({ scored: 0, objected: 0 })
    expect(await scored()).toEqual(everybodyBut())
  })

  it('take score and open actions away once everybody objects, and clear our fields in the CRM', async () => {
    await query(
      `insert into interventions (tenant_id, id, customer_id, connection_id, action_key, channel, idempotency_key, state,
         due_at, expires_at, planned_cost_minor, currency, created_by, created_at, updated_at)
       select tenant_id, gen_random_uuid(), id, connection_id, 'email', 'email', 'k' || id, 'awaiting_approval',
         now(), now() + interval '1 day', 0, 'USD', 'policy', now(), now()
       from customers where id = any ($1::bigint[])`,
      [ids[0], ids[1]],
    )
    const write = (updates: readonly FieldUpdate[]) => {
      written.push(...updates)
      return Promise.resolve(updates.map(({ id }) => ({ id, ok: true as const })))
    }
    await passes(database, engines)(writeBack, place, { write })
    written.length = 0
    await says('bob', 'refused')
    expect(await pass(scoreBook)).toMatchObject({ objected: 1 })
    expect(await scored()).toEqual(everybodyBut(0))
    const states = await query(
      'select customer_id as id, state, reason_code as code from interventions order by 1',
    )
    expect(states).toEqual([
      { id: ids[0], state: 'cancelled', code: 'profiling_objection' },
      { id: ids[1], state: 'awaiting_approval', code: null },
    ])
    await passes(database, engines)(writeBack, place, { write })
    expect(written.map(({ fields }) => fields)).toMatchObject([
      { riskPercent: null, reasons: null, riskLevel: null },
    ])
  })

  it('count by themselves where the CRM says that a person objects', async () => {
    await query(`update recipients set objects = true where external_id in ('cyd', 'dan')`)
    await pass(scoreBook)
    expect(await scored()).toEqual(everybodyBut(0, 1))
    const again = await pass(scoreBook)
    expect(again).toMatchObject({ scored: 0, unchanged: 0, objected: 0 })
  })

  it('are seen in a plan before the score is gone', async () => {
    await query(`update recipients set objects = true where external_id = 'eve'`)
    const found = await database.withTenant(place.tenant, (tx) => objectors(tx, ids))
    expect([...found].map((id) => ids.indexOf(id)).toSorted()).toEqual([0, 1, 2])
    await query(`update recipients set objects = false where external_id = 'eve'`)
  })

  it('end when somebody takes one back: there is a score again, and a decision can follow', async () => {
    await says('bob', 'granted', ['call'])
    await query(`update recipients set objects = false where external_id = 'cyd'`)
    expect(await pass(scoreBook)).toMatchObject({ scored: 2, objected: 0 })
    expect(await scored()).toEqual(everybodyBut())
    const undecided = await database.withTenant(place.tenant, (tx) =>
      undecidedCustomers(tx, {
        connection: place.connection,
        period: '2026-11',
        cause: 'period',
        after: 0,
        limit: 100,
        now: new Date(),
      }),
    )
    expect(undecided).toHaveLength(20)
  })
})
