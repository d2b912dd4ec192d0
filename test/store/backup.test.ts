import { randomUUID } from 'node:crypto'
import {
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  readdirSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBackup, writeBackup } from '../../src/store/backup.ts'
import type { Database } from '../../src/store/database.ts'
import { insertRows } from '../../src/store/bulk.ts'
import { firstDump } from '../../src/store/first-dump.ts'
import { openDatabase } from '../../src/store/open.ts'
import { countRows } from '../../src/store/portable.ts'
import { moveDatabase, restoreBackup, schemaOfBackup } from '../../src/store/restore.ts'
import { ensureInstallation } from '../../src/store/tenants.ts'
import { addConnection, addTenant, databaseKind, openTestDatabase } from '../support/database.ts'

const at = new Date('2026-11-20T08:00:00Z')
const folder = mkdtempSync(join(tmpdir(), 'holdfast-backup-'))
const path = join(folder, 'one.gz')
afterAll(() => rmSync(folder, { recursive: true }))

describe(`a backup (${databaseKind})`, () => {
  let source: Database
  /** It was loaded into this one, … */
  let target: Database
  let uncertain: number
  /** … and nothing into this one. */
  let empty: Database
  beforeAll(async () => {
    source = await openTestDatabase()
    await fill(source)
    await writeBackup(source, path, { at })
    target = await openTestDatabase()
    ;({ uncertain } = await restoreBackup(target, await openBackup(path), { at }))
    empty = await openTestDatabase()
  }, 60_000)
  afterAll(async () => {
    for (const database of [source, target, empty]) await database.close()
  })

  it('brings every row into an empty database, to the last digit', async () => {
    const before = await rowsOf(source, 'customers')
    expect(await rowsOf(target, 'customers')).toEqual(before)
    expect(await rowsOf(target, 'decisions')).toEqual(await rowsOf(source, 'decisions'))
    expect(await rowsOf(target, 'recipients')).toEqual(await rowsOf(source, 'recipients'))
  })

  it('gives out new ids after those that were restored', async () => {
    const [{ id, tenant_id, connection_id }] = await rowsOf(target, 'customers')
    const [added] = await target.withTenant(tenant_id as never, (tx) =>
      tx.query<{ id: number }>(
        `insert into customers (tenant_id, connection_id, object, external_id, properties, properties_hash, group_key,
           group_name) values ($1, $2, 'rows', 'another', '{}', 'x', 'another', 'policy') returning id`,
        [tenant_id, connection_id],
      ),
    )
    expect(added.id).toBeGreaterThan(Number(id))
  })

  it('starts paused, and what was on its way is uncertain', async () => {
    expect(uncertain).toBe(2)
    const states = (await rowsOf(target, 'interventions')).map((row) => row['state'])
    // The task stays as it was: the CRM knows it by its key.
    expect(states.toSorted()).toEqual(['deferred', 'sent', 'uncertain', 'uncertain'])
    const installation = await target.asSystem('a test', (tx) => ensureInstallation(tx))
    expect(installation.pausedReason).toMatch(/Restored from a backup of 2026-11-20 08:00 UTC/)
    expect(await rowsOf(target, 'sessions')).toEqual([])
    expect((await rowsOf(target, 'intervention_events')).map((row) => row['to_state'])).toContain('uncertain')
  })

  it('is refused when it was cut short, and nothing is restored', async () => {
    const cut = join(folder, 'cut.gz')
    writeFileSync(cut, readFileSync(path))
    truncateSync(cut, Math.floor(statSync(path).size * 0.8))
    await expect((async () => restoreBackup(empty, await openBackup(cut), { at }))()).rejects.toMatchObject({
      code: 'input_format',
    })
    expect(await rowsOf(empty, 'tenants')).toEqual([])
  })

  it('is refused when a line is gone, although it unpacks', async () => {
    const less = join(folder, 'less.gz')
    const lines = gunzipSync(readFileSync(path)).toString().split('\n')
    const row = lines.findIndex((line) => line.startsWith('{"tenant_id":'))
    writeFileSync(less, gzipSync(lines.toSpliced(row, 1).join('\n')))
    await expect((async () => restoreBackup(empty, await openBackup(less), { at }))()).rejects.toMatchObject({
      code: 'input_format',
    })
  })

  it('is refused by a database that holds a company, which stays as it was', async () => {
    await addTenant(empty, 'Somebody')
    await expect(restoreBackup(empty, await openBackup(path), { at })).rejects.toMatchObject({
      code: 'conflict',
    })
    expect(await rowsOf(empty, 'tenants')).toHaveLength(1)
  })

  it('is refused when it is of a newer version', async () => {
    const newer = join(folder, 'newer.gz')
    const [head, ...rest] = gunzipSync(readFileSync(path)).toString().split('\n')
    const { schema, ...others } = JSON.parse(head)
    writeFileSync(
      newer,
      gzipSync([JSON.stringify({ ...others, schema: [...schema, '9999-later'] }), ...rest].join('\n')),
    )
    const backup = await openBackup(newer)
    expect(() => schemaOfBackup(backup)).toThrow(/9999-later/)
  })

  it.each([
    ['a text file', Buffer.from('customer,plan\n1,gold\n')],
    ['an empty file', Buffer.alloc(0)],
    ['another gzipped file', gzipSync('hello\n')],
  ])('is not mistaken for %s', async (_, bytes) => {
    const other = join(folder, 'other')
    writeFileSync(other, bytes)
    await expect(openBackup(other)).rejects.toMatchObject({ code: 'input_format' })
  })

  it('says where there is none', async () => {
    await expect(openBackup(join(folder, 'none'))).rejects.toMatchObject({ code: 'input_missing' })
  })

  it('leaves nothing behind where it cannot be written', async () => {
    await expect(writeBackup(source, join(folder, 'no', 'where.gz'), { at })).rejects.toMatchObject({
      code: 'output_failed',
    })
    expect(readdirSync(folder).filter((name) => name.includes('writing'))).toEqual([])
  })
})

describe(`a move (${databaseKind})`, () => {
  it('takes everything along and leaves the old one paused', async () => {
    const from = await openDatabase({ url: null, folder: null, dump: firstDump() })
    await fill(from)
    const to = await openTestDatabase()
    const counts = await from.asSystem('a test', countRows)
    const moved = await moveDatabase(from, to, { to: 'postgres://database/holdfast' })
    expect(moved.tables).toEqual(counts)
    expect(await rowsOf(to, 'decisions')).toEqual(await rowsOf(from, 'decisions'))
    expect((await rowsOf(to, 'interventions')).map((row) => row['state']).toSorted()).toEqual([
      'awaiting_approval',
      'deferred',
      'planned',
      'sent',
    ])
    const left = await from.asSystem('a test', (tx) => ensureInstallation(tx))
    const here = await to.asSystem('a test', (tx) => ensureInstallation(tx))
    expect(left.pausedReason).toMatch(/Moved to postgres:/)
    expect(here).toMatchObject({ id: left.id, pausedReason: null })
    await from.close()
    await to.close()
  })
})

async function rowsOf(database: Database, table: string): Promise<Record<string, unknown>[]> {
  return database.asSystem('a test', (tx) => tx.query(`select * from ${table} order by 1, 2`))
}

async function fill(database: Database): Promise<void> {
  await database.asSystem('a test', (tx) => ensureInstallation(tx))
  const tenant = await addTenant(database)
  await addTenant(database, 'Another company')
  const connection = await addConnection(database, tenant)
  await database.withTenant(tenant, async (tx) => {
    const text = (name: string) => ({ name, type: 'text' })
    const customers = await insertRows<{ id: number }>(
      tx,
      'customers',
      [
        { name: 'connection_id', type: 'uuid' },
        { name: 'properties', type: 'jsonb' },
        ...['object', 'external_id', 'name', 'properties_hash', 'group_key', 'group_name'].map(text),
      ],
      Array.from({ length: 2500 }, (_, index) => ({
        connection_id: connection,
        object: 'rows',
        external_id: `C-${index}`,
        name: index === 7 ? 'Tab\tand "quotes", Ünïcode 🙂\nand a line' : `Customer ${index}`,
        properties: { plan: 'gold', seats: 12, paid: 0.1 + 0.2, gone: null },
        properties_hash: 'h',
        group_key: `C-${index}`,
        group_name: 'policy',
      })),
      { ending: 'returning id' },
    )
    const [{ id: customer }] = customers
    await tx.query(
      `insert into recipients (tenant_id, customer_id, external_id, email, email_hash) values ($1, $2, 'r', 'a@example.com', '\\x00ff10')`,
      [tenant, customer],
    )
    await tx.query(
      `insert into decisions (tenant_id, customer_id, connection_id, period, decided_at, group_name, group_salt_id,
         data_as_of, probability, monthly_hazard, level, state, state_version, feature_set_hash, model_hash, policy_hash,
         settings_version, action_keys, masks, gains, costs, effect_means, effect_sds, lambda, probabilities,
         action_key, propensity, draw, draw_identity, planned_cost_minor, currency)
       values ($1, $2, $3, '2026-11', '2026-11-20T08:00:00.123456Z', 'policy', 's', '2026-11-20', 0.1, 0.012345678,
         'LOW', '{0.1,NaN,-1e-7}', 1, 'f', 'm', 'p', 0, '{no_action,email}', '{open,open}', '{0,NaN}',
         '{0,1e300}', '{0,0.1}', '{0,0.1}', 0.1, '{0.3333333333333333,0.6666666666666667}', 'email', 0.1, 0.2, 'd', 6, 'EUR')`,
      [tenant, customer, connection],
    )
    for (const [key, state] of Object.entries({
      a: 'planned',
      b: 'awaiting_approval',
      c: 'sent',
      d: 'deferred',
    }))
      await tx.query(
        `insert into interventions (tenant_id, id, customer_id, connection_id, action_key, channel, idempotency_key,
           state, expires_at, currency, created_by) values ($1, $2, $3, $4, 'email', $7, $5, $6, now(), 'EUR', 'test')`,
        [tenant, randomUUID(), customer, connection, key, state, key === 'd' ? 'task' : 'email'],
      )
    // What Holdfast does in a CRM: what it owes it, and whom it must not store.
    await tx.query(
      `insert into activities (tenant_id, intervention_id, connection_id, state, external_id)
       select tenant_id, id, connection_id, 'logged', '5001' from interventions where state = 'sent'`,
    )
    await tx.query(
      `insert into consent_outbox (tenant_id, connection_id, address_hash, channel, status, changed_at)
       values ($1, $2, '\\x00ff10', 'email', 'refused', '2026-11-20T08:00:00.123456Z')`,
      [tenant, connection],
    )
    await tx.query(
      `insert into erased_records (tenant_id, connection_id, object, id_hash) values ($1, $2, 'contacts', '\\x0a')`,
      [tenant, connection],
    )
    await tx.query(
      `insert into sessions (tenant_id, hash, subject, role, expires_at) values ($1, '\\x01', 'somebody', 'admin', now())`,
      [tenant],
    )
  })
}
