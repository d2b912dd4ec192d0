import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { asTenant } from '../../src/contracts/ids.ts'
import { openBackup, writeBackup } from '../../src/store/backup.ts'
import type { Database } from '../../src/store/database.ts'
import { migrations } from '../../src/store/migrate.ts'
import { openDatabase } from '../../src/store/open.ts'
import { restoreBackup, schemaOfBackup } from '../../src/store/restore.ts'
import { requestStep } from '../../src/store/steps.ts'
import { addConnection } from '../support/database.ts'

const at = new Date('2026-11-20T08:00:00Z')
const folder = mkdtempSync(join(tmpdir(), 'holdfast-backup-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('a backup', () => {
  it('of an earlier schema is restored and then upgraded', async () => {
    const known = migrations()
    const earlier = await openDatabase({ url: null, folder: null, schema: known.slice(0, 3) })
    const old = join(folder, 'old.gz')
    const tenant = asTenant(randomUUID())
    await earlier.asSystem('a test', (tx) =>
      tx.query("insert into tenants (id, name, group_salt) values ($1, 'Earlier', 'salt')", [tenant]),
    )
    const connection = await addConnection(earlier, tenant)
    await earlier.withTenant(tenant, async (tx) => {
      await requestStep(tx, { connection, step: 'write_back', cause: 'a test' })
      await tx.query(
        `with customer as (
           insert into customers (tenant_id, connection_id, object, external_id, properties, properties_hash, status,
             group_key, group_name)
           values ($1, $2, 'row', '1', '{}', 'h', 'active', '1', 'policy') returning tenant_id, id
         )
         insert into write_backs (tenant_id, customer_id, connection_id, fields, status, written_at)
         select tenant_id, id, $2, '{"status": "active"}', 'written', now() from customer`,
        [tenant, connection],
      )
    })
    await writeBackup(earlier, old, { at })
    await earlier.close()
    const backup = await openBackup(old)
    const place = join(folder, 'upgraded')
    const first = await openDatabase({ url: null, folder: place, schema: schemaOfBackup(backup) })
    await restoreBackup(first, backup, { at })
    await first.close()
    const upgraded = await openDatabase({ url: null, folder: place })
    const [row] = await rowsOf(upgraded, 'tenants')
    expect(row['name']).toBe('Earlier')
    const applied = await upgraded.asSystem('a test', (tx) => tx.query('select from schema_migrations'))
    expect(applied).toHaveLength(known.length)
    expect(await rowsOf(upgraded, 'write_backs')).toMatchObject([{ version: null, quiet: false }])
    expect(await rowsOf(upgraded, 'customers')).toMatchObject([{ external_id: '1', merged_into: null }])
    // What came since works for whoever was there before.
    await upgraded.withTenant(tenant, (tx) =>
      requestStep(tx, { connection, step: 'refresh', cause: 'a test' }),
    )
    expect((await rowsOf(upgraded, 'steps')).map(({ step }) => step).toSorted()).toEqual([
      'refresh',
      'write_back',
    ])
    await upgraded.close()
  })
})

async function rowsOf(database: Database, table: string): Promise<Record<string, unknown>[]> {
  return database.asSystem('a test', (tx) => tx.query(`select * from ${table} order by 1, 2`))
}
