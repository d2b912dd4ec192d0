import { createHash } from 'node:crypto'
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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
