import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TenantId } from '../../../src/contracts/ids.ts'
import { endRun, startRun } from '../../../src/store/runs.ts'
import { requestStep } from '../../../src/store/steps.ts'
import { ask, startTestApi, type TestApi } from '../../support/api.ts'
import { fillBook } from '../../support/book.ts'
import { addConnection, addTenant, databaseKind } from '../../support/database.ts'

let api: TestApi
let tenant: TenantId
let key: string
beforeAll(async () => {
  api = await startTestApi()
  tenant = await addTenant(api.database)
  key = await api.key(tenant)
})
afterAll(() => api.close())

interface Listed {
  readonly items: readonly {
    readonly id: string
    readonly name: string
    readonly trouble: boolean
    readonly freshness: { readonly state: string }
    readonly problems: readonly {
      readonly about: string
      readonly message: string
      readonly again: boolean
    }[]
  }[]
}

const listed = async (query = ''): Promise<Listed['items']> =>
  (await ask<Listed>(api, key, 'GET', `/v1/connections${query}`)).body.items

describe(`how connections fare (${databaseKind})`, () => {
  it('finds the same ones troubled by their rows as by what each shows, whatever their state', async () => {
    const { database } = api
    for (const status of ['active', 'paused', 'needs_reconnect', 'disconnected'])
      for (const step of ['fine', 'waits', 'given up', 'running'])
        await database.withTenant(tenant, async (tx) => {
          const id = (
            await tx.query<{ id: string }>(
              `insert into connections (tenant_id, id, kind, name, status)
               values ($1, gen_random_uuid(), 'csv', $2, $3) returning id`,
              [tenant, `${status}, ${step}`, status],
            )
          )[0].id
          await requestStep(tx, { connection: id as never, step: 'sync', cause: 'api' })
          await tx.query(
            `update steps set
               due_at = case when $3 in ('given up', 'running') then null else due_at end,
               lease_until = case when $3 = 'running' then now() + interval '1 hour' end,
               error_code = case when $3 <> 'fine' then 'input_missing' end, error_message = 'The file is gone.'
             where tenant_id = $1 and connection_id = $2`,
            [tenant, id, step],
          )
        })
    const all = await listed()
    const troubled = await listed('?trouble=true')
    expect(troubled.map(({ id }) => id)).toEqual(all.filter(({ trouble }) => trouble).map(({ id }) => id))
    expect(troubled.map(({ name }) => name).toSorted()).toEqual([
      'active, given up',
      'needs_reconnect, fine',
      'needs_reconnect, given up',
      'needs_reconnect, running',
      'needs_reconnect, waits',
    ])
    const given = all.find(({ name }) => name === 'active, given up')!
    expect(given.problems).toMatchObject([{ about: 'step', message: 'The file is gone.', again: false }])
    expect(all.find(({ name }) => name === 'active, waits')!.problems).toMatchObject([{ again: true }])
  })

  it('is stale once a sync is later than it should be, and fresh until then', async () => {
    const { database } = api
    const id = await addConnection(database, tenant, { name: 'Old' })
    const done = (ago: string): Promise<unknown> =>
      database.withTenant(tenant, async (tx) => {
        await requestStep(tx, { connection: id, step: 'sync', cause: 'schedule' })
        await tx.query(
          `update steps set schedule = '*/5 * * * *', last_done_at = now() - $3::interval
           where tenant_id = $1 and connection_id = $2`,
          [tenant, id, ago],
        )
      })
    const state = async () => (await listed()).find((one) => one.id === id)!.freshness.state
    expect(await state()).toBe('never')
    await done('4 minutes')
    expect(await state()).toBe('fresh')
    await done('40 minutes')
    expect(await state()).toBe('stale')
  })

  it('keeps names apart, and says which is taken', async () => {
    const [one, other] = [
      await addConnection(api.database, tenant, { name: 'One' }),
      await addConnection(api.database, tenant, { name: 'Other' }),
    ]
    const taken = await ask<{ code: string }>(api, key, 'PATCH', `/v1/connections/${one}`, {
      body: { name: 'Other' },
    })
    expect([taken.status, taken.body.code]).toEqual([409, 'conflict'])
    expect(
      (await ask(api, key, 'PATCH', `/v1/connections/${other}`, { body: { name: 'Third' } })).status,
    ).toBe(200)
    expect((await ask(api, key, 'PATCH', `/v1/connections/${one}`, { body: { name: 'Other' } })).status).toBe(
      200,
    )
  })
})

describe('runs', () => {
  it('are a file with the same filters, and one of them says at which pace it goes', async () => {
    const { database } = api
    const connection = await addConnection(database, tenant, { name: '=cmd()' })
    const { first } = await fillBook(database, tenant, connection, { count: 3 })
    const run = await database.withTenant(tenant, async (tx) => {
      const begun = await startRun(tx, { connection, step: 'score', cause: 'api' })
      await tx.query(
        `update runs set done = 50, total = 200, started_at = now() - interval '10 seconds' where tenant_id = $1 and id = $2`,
        [tenant, begun],
      )
      await tx.query(
        `insert into score_history (tenant_id, customer_id, scored_at, probability, level, model_hash)
         values ($1, $2, now(), 0.7, 'HIGH', 'm')`,
        [tenant, first],
      )
      return begun
    })
    const one = (await ask<Record<string, number>>(api, key, 'GET', `/v1/runs/${run}`)).body
    expect(one['perSecond']).toBeGreaterThan(3)
    expect(one['perSecond']).toBeLessThanOrEqual(5)
    expect(one['secondsLeft']).toBeGreaterThan(20)
    const moved = (
      await ask<{ items: readonly { customer: number; before: number | null }[]; whole: boolean }>(
        api,
        key,
        'GET',
        `/v1/runs/${run}/customers`,
      )
    ).body
    expect(moved).toMatchObject({ items: [{ customer: first }], whole: true })
    expect(moved.items[0].before).not.toBeNull()
    await database.withTenant(tenant, (tx) => endRun(tx, run, { status: 'done', counts: { scored: 50 } }))
    const ended = (await ask<Record<string, unknown>>(api, key, 'GET', `/v1/runs/${run}`)).body
    expect(ended).toMatchObject({ status: 'done', secondsLeft: null })
    const file = await fetch(`${api.url}/v1/runs?connection=${connection}&format=csv`, {
      headers: { authorization: `Bearer ${key}` },
    })
    const lines = (await file.text()).trim().split('\n')
    expect(lines).toHaveLength(2)
    // A name that a spreadsheet would run as a formula.
    expect(lines[1]).toContain("'=cmd()")
  })
})
