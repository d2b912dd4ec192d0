import { Client, Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openEmbedded, type Embedded } from '../../src/store/embedded.ts'

describe('many clients of the embedded database', () => {
  let embedded: Embedded
  let pool: Pool
  const client = async (options?: string): Promise<Client> => {
    const made = new Client({
      stream: () => embedded.connect() as never,
      user: 'postgres',
      database: 'postgres',
      ...(options === undefined ? {} : { options }),
    })
    await made.connect()
    return made
  }
  beforeAll(async () => {
    embedded = await openEmbedded({ folder: null })
    pool = new Pool({ stream: () => embedded.connect() as never, user: 'postgres', database: 'postgres' })
    await pool.query(
      'create table things (name text); create schema other; create table other.things (n int)',
    )
  })
  afterAll(async () => {
    await pool?.end()
    await embedded?.close()
  })

  it('each see the schema that they asked for, in any order', async () => {
    const [plain, other] = [await client(), await client('-c search_path=other')]
    for (let i = 0; i < 3; i++) {
      expect((await other.query('select * from things')).fields.map(({ name }) => name)).toEqual(['n'])
      expect((await plain.query('select * from things')).fields.map(({ name }) => name)).toEqual(['name'])
    }
    await Promise.all([plain.end(), other.end()])
  })

  it('wait while another one is in a transaction', async () => {
    const [one, two] = [await client(), await client()]
    const order: string[] = []
    await one.query('begin')
    const waiting = two.query('select 1').then(() => order.push('two'))
    await one.query("insert into things values ('waited')")
    await one.query('commit').then(() => order.push('one'))
    await waiting
    expect(order).toEqual(['one', 'two'])
    await Promise.all([one.end(), two.end()])
  })

  it('take with them what they left undone', async () => {
    const leaving = await client()
    await leaving.query('begin')
    await leaving.query("insert into things values ('never')")
    await leaving.end()
    const { rows } = await pool.query("select * from things where name = 'never'")
    expect(rows).toEqual([])
  })

  it('share what one of them prepared, also where running it failed', async () => {
    const [one, two] = [await client(), await client()]
    const half = { name: 'half', text: 'select 100 / $1::integer as share' }
    await expect(one.query({ ...half, values: [0] })).rejects.toThrow('division by zero')
    for (const each of [two, one, two])
      expect((await each.query({ ...half, values: [2] })).rows).toEqual([{ share: 50 }])
    await one.end()
    expect((await two.query({ ...half, values: [4] })).rows).toEqual([{ share: 25 }])
    await two.end()
  })

  it('are refused settings that would hold for the others too', async () => {
    await expect(client('-c statement_timeout=5')).rejects.toThrow('search_path')
  })
})
