import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { migrations } from '../../src/store/migrate.ts'
import { firstDump } from '../../src/store/first-dump.ts'
import { openDatabase } from '../../src/store/open.ts'
import { ensureInstallation } from '../../src/store/tenants.ts'
import { openTestDatabase } from '../support/database.ts'

it('a new database out of the dump is one that was set up step by step, without a customer in it', async () => {
  // Makes the dump where `npm ci --ignore-scripts` left none.
  await (await openTestDatabase()).close()
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-dump-'))
  const database = await openDatabase({ url: null, folder, dump: firstDump() })
  const shape = `select table_name, column_name, data_type from information_schema.columns
    where table_schema = 'public' order by 1, 2`
  const apart = await database.asSystem('a test', async (tx) => ({
    applied: await tx.query<{ name: string }>('select name from schema_migrations order by name'),
    tenants: await tx.query('select from tenants'),
    installation: await tx.query('select from installation'),
    columns: await tx.query(shape),
  }))
  const stepwise = await openDatabase({ url: null, folder: null })
  const columns = await stepwise.asSystem('a test', (tx) => tx.query(shape))
  await stepwise.close()
  await database.close()
  rmSync(folder, { recursive: true })
  expect(apart.applied.map(({ name }) => name)).toEqual(migrations().map(({ name }) => name))
  expect(apart.tenants).toEqual([])
  expect(apart.installation).toEqual([])
  expect(apart.columns).toEqual(columns)
}, 60_000)

it('is for new databases alone: one that is there is opened as it is', async () => {
  await (await openTestDatabase()).close()
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-dump-'))
  const first = await openDatabase({ url: null, folder, dump: firstDump() })
  const { id } = await first.asSystem('a test', ensureInstallation)
  await first.close()
  const again = await openDatabase({ url: null, folder, dump: firstDump() })
  const installation = await again.asSystem('a test', ensureInstallation)
  await again.close()
  rmSync(folder, { recursive: true })
  expect(installation.id).toBe(id)
}, 60_000)

it('what a killed first start left half-made is not taken for a database', async () => {
  await (await openTestDatabase()).close()
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-dump-'))
  const half = join(folder, 'database', 'postgres.new')
  mkdirSync(half, { recursive: true })
  writeFileSync(join(half, 'PG_VERSION'), '17')
  const database = await openDatabase({ url: null, folder, dump: firstDump() })
  const left = existsSync(half)
  const tenants = await database.asSystem('a test', (tx) => tx.query('select from tenants'))
  await database.close()
  rmSync(folder, { recursive: true })
  expect(left).toBe(false)
  expect(tenants).toEqual([])
}, 60_000)
