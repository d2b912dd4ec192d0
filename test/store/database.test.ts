import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TenantId } from '../../src/contracts/ids.ts'
import { insertRows } from '../../src/store/bulk.ts'
import type { Database } from '../../src/store/database.ts'
import { planFreely } from '../../src/store/prefer-keys.ts'
import { readPauses } from '../../src/store/pauses.ts'
import { currentSettings } from '../../src/store/settings-versions.ts'
import { addConnection, addTenant, databaseKind, openTestDatabase } from '../support/database.ts'

describe(`the database (${databaseKind})`, () => {
  let database: Database
  let ours: TenantId
  let theirs: TenantId
  beforeAll(async () => {
    database = await openTestDatabase()
    ours = await addTenant(database, 'Ours')
    theirs = await addTenant(database, 'Theirs')
  })
  afterAll(() => database?.close())

  it('returns numbers, dates, times, JSON, arrays and bytes as they are meant', async () => {
    const [row] = await database.asSystem('a test', (tx) =>
      tx.query(
        `select 9007199254740991::bigint as big, 1.5::numeric as decimal, date '2026-02-28' as day,
          timestamptz '2026-01-01T00:00:00Z' as time, '{"a": [1]}'::jsonb as json, array['a', 'b'] as texts,
          array[1.5, null]::float8[] as numbers, '\\x00ff'::bytea as bytes, null as nothing`,
      ),
    )
    expect(row).toEqual({
      big: 9007199254740991,
      decimal: 1.5,
      day: '2026-02-28',
      time: new Date('2026-01-01T00:00:00Z'),
      json: { a: [1] },
      texts: ['a', 'b'],
      numbers: [1.5, null],
      bytes: Buffer.from([0, 255]),
      nothing: null,
    })
  })

  it('takes and returns megabytes', async () => {
    const text = 'x'.repeat(5_000_000)
    const [row] = await database.asSystem('a test', (tx) =>
      tx.query<{ text: string }>('select $1::text as text', [text]),
    )
    expect(row.text.length).toBe(5_000_000)
  })

  it('leaves nothing of a transaction that failed, and announces nothing', async () => {
    const announced: string[] = []
    await expect(
      database.withTenant(ours, async (tx) => {
        tx.afterCommit(() => announced.push('failed'))
        await tx.query("update tenants set name = 'Changed'")
        throw new Error('on purpose')
      }),
    ).rejects.toThrow('on purpose')
    await database.withTenant(ours, async (tx) => {
      tx.afterCommit(() => announced.push('committed'))
      expect(await tx.query('select name from tenants')).toEqual([{ name: 'Ours' }])
    })
    expect(announced).toEqual(['committed'])
  })

  it('goes on after a statement that PostgreSQL refuses, and keeps its code', async () => {
    await expect(database.asSystem('a test', (tx) => tx.query('select nowhere'))).rejects.toMatchObject({
      code: '42703',
    })
    expect(await database.asSystem('a test', (tx) => tx.query('select 1 as one'))).toEqual([{ one: 1 }])
  })

  it('plans as it always does after the looks that every transaction begins with', async () => {
    await database.withTenant(ours, async (tx) => {
      await currentSettings(tx)
      await readPauses(tx)
      const [plans] = await tx.query(
        "select current_setting('enable_seqscan') as whole, current_setting('enable_hashjoin') as hashed",
      )
      expect(plans).toEqual({ whole: 'on', hashed: 'on' })
    })
  })

  it('plans a report as it always does where rows are found by their keys otherwise', async () => {
    await database.withTenant(
      ours,
      async (tx) => {
        const hashed = async () => {
          const [row] = await tx.query<{ is: string }>("select current_setting('enable_hashjoin') as is")
          return row.is
        }
        const before = await hashed()
        const within = await planFreely(tx, hashed)
        expect([before, within, await hashed()]).toEqual(['off', 'on', 'off'])
      },
      { byKeys: true },
    )
  })

  it('compares rows with what they were by hashes, however few they were when that was planned', async () => {
    const comparing = await database.asSystem('a test', (tx) =>
      tx.query<{ name: string; settings: string[] | null }>(
        `select proname as name, proconfig as settings from pg_proc
         where prosrc like '%was\\_so%' and prosrc like '%now\\_so%' order by proname`,
      ),
    )
    const byHash = ['enable_nestloop=off', 'enable_hashjoin=on']
    expect(comparing).toEqual([
      { name: 'book_moved', settings: byHash },
      { name: 'mark_moves', settings: byHash },
      { name: 'offers_follow', settings: [...byHash, 'enable_seqscan=off'] },
    ])
  })

  it('keeps many transactions at once apart', async () => {
    const counts = await Promise.all(
      Array.from({ length: 25 }, (_, i) =>
        database.withTenant(i % 2 === 0 ? ours : theirs, async (tx) => {
          await tx.query('insert into audit_log (tenant_id, actor, action) values ($1, $2, $3)', [
            tx.tenant,
            'test',
            `transaction ${i}`,
          ])
          await tx.query('select pg_sleep(0.001)')
          const [{ count }] = await tx.query<{ count: number }>(
            'select count(*)::int as count from audit_log where action = $1',
            [`transaction ${i}`],
          )
          return count
        }),
      ),
    )
    expect(counts).toEqual(Array.from({ length: 25 }, () => 1))
  })

  it('refuses a transaction inside another one instead of waiting for ever', async () => {
    await expect(
      database.withTenant(ours, () => database.withTenant(theirs, async () => undefined)),
    ).rejects.toMatchObject({ code: 'internal' })
  })

  it('tells every listener of a notification once it is committed', async () => {
    const heard: string[] = []
    const listeners = await Promise.all([database.pool.connect(), database.pool.connect()])
    for (const [i, client] of listeners.entries()) {
      client.on('notification', ({ payload }) => heard.push(`${i} ${payload}`))
      await client.query('listen news')
    }
    await database.asSystem('a test', async (tx) => {
      await tx.query("select pg_notify('news', 'first')")
      expect(heard).toEqual([])
    })
    await expect.poll(() => heard.toSorted()).toEqual(['0 first', '1 first'])
    await listeners[0].query('unlisten news')
    await database.asSystem('a test', (tx) => tx.query("select pg_notify('news', 'second')"))
    await expect.poll(() => heard.toSorted()).toEqual(['0 first', '1 first', '1 second'])
    for (const client of listeners) client.release(true)
  })

  it('writes rows in bulk with every type', async () => {
    const connection = await addConnection(database, ours)
    const rows = Array.from({ length: 4500 }, (_, i) => ({
      connection_id: connection,
      object: 'rows',
      external_id: `C-${i}`,
      properties: { plan: 'Team', seats: i, note: null },
      properties_hash: String(i),
      group_key: `C-${i}`,
      group_name: 'policy',
    }))
    const columns = [
      { name: 'connection_id', type: 'uuid' },
      { name: 'object', type: 'text' },
      { name: 'external_id', type: 'text' },
      { name: 'properties', type: 'jsonb' },
      { name: 'properties_hash', type: 'text' },
      { name: 'group_key', type: 'text' },
      { name: 'group_name', type: 'text' },
    ]
    const ids = await database.withTenant(ours, (tx) =>
      insertRows<{ id: number }>(tx, 'customers', columns, rows, { ending: 'returning id' }),
    )
    expect(new Set(ids.map(({ id }) => id)).size).toBe(4500)
    const [found] = await database.withTenant(ours, (tx) =>
      tx.query("select properties from customers where external_id = 'C-4321'"),
    )
    expect(found).toEqual({ properties: { plan: 'Team', seats: 4321, note: null } })
  })

  describe('tenants', () => {
    it('see nothing of one another in any table', async () => {
      const tables = await tenantTables(database)
      expect(tables.length).toBeGreaterThan(20)
      await addConnection(database, theirs)
      const [{ count }] = await database.withTenant(theirs, (tx) =>
        tx.query<{ count: number }>('select count(*)::int as count from connections'),
      )
      expect(count).toBe(1)
      for (const table of tables) {
        const rows = await database.withTenant(ours, (tx) =>
          tx.query(`select 1 from ${table} where tenant_id = $1`, [theirs]),
        )
        expect(rows, table).toEqual([])
      }
    })

    it('change and remove nothing of one another, and write nothing in another name', async () => {
      await addConnection(database, theirs)
      await database.withTenant(ours, async (tx) => {
        expect(
          await tx.query("update connections set name = 'taken' where tenant_id = $1 returning id", [theirs]),
        ).toEqual([])
        expect(await tx.query('delete from connections where tenant_id = $1 returning id', [theirs])).toEqual(
          [],
        )
      })
      await expect(
        database.withTenant(ours, (tx) =>
          tx.query('insert into audit_log (tenant_id, actor, action) values ($1, $2, $3)', [
            theirs,
            'us',
            'x',
          ]),
        ),
      ).rejects.toMatchObject({ code: '42501' })
    })

    it('see each only themselves in the list of tenants', async () => {
      expect(await database.withTenant(ours, (tx) => tx.query('select name from tenants'))).toEqual([
        { name: 'Ours' },
      ])
    })

    it.each([
      'decisions',
      'property_changes',
      'intervention_events',
      'audit_log',
      'score_history',
      'consents',
    ])('cannot rewrite what was logged in %s', async (table) => {
      for (const statement of [`delete from ${table}`, `update ${table} set tenant_id = tenant_id`])
        await expect(database.withTenant(ours, (tx) => tx.query(statement))).rejects.toMatchObject({
          code: '42501',
        })
    })

    it('have no rows where the transaction names no tenant', async () => {
      const rows = await database.asSystem('a test', async (tx) => {
        await tx.query('set local role holdfast_tenant')
        return tx.query('select 1 from connections')
      })
      expect(rows).toEqual([])
    })
  })
})

async function tenantTables(database: Database): Promise<string[]> {
  const rows = await database.asSystem('a test', (tx) =>
    tx.query<{ table_name: string }>(
      "select table_name from information_schema.columns where column_name = 'tenant_id' and table_schema = 'public'",
    ),
  )
  return rows.map(({ table_name: name }) => name)
}
