import { createHash, randomUUID } from 'node:crypto'
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openEmbedded, type Embedded } from '../../src/store/embedded.ts'
import { migrate, migrations, type Migration } from '../../src/store/migrate.ts'

const step = (name: string, sql: string): Migration => ({
  name,
  sql,
  checksum: createHash('sha256').update(sql).digest('hex'),
})

describe('migrations', () => {
  let embedded: Embedded
  let pool: Pool
  beforeAll(async () => {
    embedded = await openEmbedded({ folder: null })
    pool = new Pool({ stream: () => embedded.connect() as never, user: 'postgres', database: 'postgres' })
  })
  afterAll(async () => {
    await pool?.end()
    await embedded?.close()
  })

  const first = step('0001-one', 'create table one (a int)')
  const second = step('0002-two', 'create table two (a int)')

  it('are applied once, in order, and only what is missing', async () => {
    expect(await migrate(pool, [first])).toEqual(['0001-one'])
    expect(await migrate(pool, [first, second])).toEqual(['0002-two'])
    expect(await migrate(pool, [first, second])).toEqual([])
  })

  it('are applied once when many processes start together', async () => {
    const third = step('0003-three', 'create table three (a int)')
    const applied = await Promise.all([1, 2, 3].map(() => migrate(pool, [first, second, third])))
    expect(applied.flat()).toEqual(['0003-three'])
  })

  it('leave nothing of a step that fails in the middle', async () => {
    const broken = step('0004-four', 'create table four (a int); select nowhere')
    const known = [first, second, step('0003-three', 'create table three (a int)')]
    await expect(migrate(pool, [...known, broken])).rejects.toMatchObject({ code: '42703' })
    const mended = step('0004-four', 'create table four (a int)')
    expect(await migrate(pool, [...known, mended])).toEqual(['0004-four'])
  })

  it('refuse a database of a newer version, and one whose steps were another', async () => {
    await expect(migrate(pool, [first])).rejects.toMatchObject({
      code: 'database_version',
      message: expect.stringContaining('newer Holdfast'),
    })
    const edited = step('0001-one', 'create table one (b int)')
    await expect(migrate(pool, [edited])).rejects.toMatchObject({ code: 'database_version' })
  })

  it('of this version are named so that their order is their number', () => {
    const names = migrations().map(({ name }) => name)
    expect(names.map((name) => Number(name.slice(0, 4)))).toEqual(names.map((_, i) => i + 1))
  })
})

const server = process.env['HOLDFAST_TEST_DATABASE_URL']

// CI failed on "duplicate key value violates unique constraint pg_authid_rolname_index": roles are the server's.
// An embedded database has none beside it.
describe.skipIf(server === undefined)('two databases of one server', () => {
  it('are set up at one time, though both make the role that they share', async () => {
    const names = [1, 2].map(() => `holdfast_test_${randomUUID().replaceAll('-', '')}`)
    const role = `holdfast_test_${randomUUID().replaceAll('-', '')}`
    const admin = new Pool({ connectionString: server! })
    const pools = names.map(
      (name) => new Pool({ connectionString: Object.assign(new URL(server!), { pathname: name }).href }),
    )
    try {
      for (const name of names) await admin.query(`create database ${name}`)
      const shared = step(
        '0001-role',
        `do $$ begin
          if not exists (select from pg_roles where rolname = '${role}') then
            perform pg_sleep(1);
            create role ${role} nologin;
          end if;
          execute format('grant ${role} to %I', current_user);
        end $$`,
      )
      expect(await Promise.all(pools.map((pool) => migrate(pool, [shared])))).toEqual([
        ['0001-role'],
        ['0001-role'],
      ])
    } finally {
      for (const pool of pools) await pool.end()
      // A connection that is cut while it closes would be an error that nobody catches.
      await vi.waitFor(async () => {
        const open = await admin.query('select from pg_stat_activity where datname = any ($1)', [names])
        expect(open.rowCount).toBe(0)
      }, 10_000)
      for (const name of names) await admin.query(`drop database if exists ${name}`)
      await admin.query(`drop role if exists ${role}`)
      await admin.end()
    }
  })
})
