import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ConnectionId, TenantId } from '../../src/contracts/ids.ts'
import { settleAfterJump } from '../../src/store/clock-jump.ts'
import type { Database } from '../../src/store/database.ts'
import { dueInterventions } from '../../src/store/due.ts'
import { takeLease } from '../../src/store/leases.ts'
import { dueSteps, leaseStep, requestStep } from '../../src/store/steps.ts'
import { addConnection, addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { addIntervention } from './interventions.ts'

/** A clock that is set back by an hour is, for every row, the same as an hour added to its times. */
describe(`the clock set back by an hour (${databaseKind})`, () => {
  let database: Database
  let tenant: TenantId
  let connection: ConnectionId
  beforeAll(async () => {
    database = await openTestDatabase()
  })
  afterAll(() => database?.close())
  beforeEach(async () => {
    await database.asSystem('a test', (tx) => tx.query('delete from tenants'))
    tenant = await addTenant(database)
    connection = await addConnection(database, tenant)
  })

  const ask = (step: string, at: Date | null = null) =>
    database.withTenant(tenant, (tx) => requestStep(tx, { connection, step, cause: 'api', at }))
  const setBack = () =>
    database.asSystem('a test', async (tx) => {
      for (const table of ['steps', 'interventions'])
        await tx.query(
          `update ${table} set due_at = due_at + interval '1 hour', lease_until = lease_until + interval '1 hour'`,
        )
      await tx.query("update leases set until = until + interval '1 hour'")
    })
  const settle = () =>
    database.asSystem('a test', (tx) =>
      settleAfterJump(tx, { before: new Date(Date.now() + 3_600_000), leaseSeconds: 60 }),
    )
  const due = () =>
    database.asSystem('a test', async (tx) => ({
      steps: (await dueSteps(tx, { limitPerTenant: 9, limit: 9 })).map((one) => one.step),
      sends: (await dueInterventions(tx, { limitPerTenant: 9, limit: 9 })).map((one) => one.intervention),
    }))

  it('leaves due what was due, and brings nothing forward that was not', async () => {
    await ask('sync')
    await ask('score', new Date(Date.now() + 600_000))
    const sent = await addIntervention(database, { tenant, connection, state: 'planned' })
    await addIntervention(database, { tenant, connection, state: 'deferred', due: '10 minutes' })
    await setBack()
    expect(await due()).toEqual({ steps: [], sends: [] })
    expect(await settle()).toEqual({ steps: 1, interventions: 1 })
    expect(await due()).toEqual({ steps: ['sync'], sends: [sent] })
    expect(await settle()).toEqual({ steps: 0, interventions: 0 })
  })

  it('lets nobody hold a step or a send for longer than was meant', async () => {
    await ask('sync')
    await database.withTenant(tenant, (tx) => leaseStep(tx, { connection, step: 'sync', owner: 'dead' }, 60))
    await addIntervention(database, { tenant, connection, state: 'sending', lease: '1 minute' })
    await setBack()
    await settle()
    const held = await database.asSystem('a test', (tx) =>
      tx.query<{ seconds: number }>(
        `select extract(epoch from lease_until - now())::float8 as seconds from steps
         union all select extract(epoch from lease_until - now())::float8 from interventions`,
      ),
    )
    expect(held[0].seconds).toBeGreaterThan(50)
    expect(held[0].seconds).toBeLessThanOrEqual(60)
    expect(held[1].seconds).toBeGreaterThan(590)
    expect(held[1].seconds).toBeLessThanOrEqual(600)
    expect(await due()).toEqual({ steps: [], sends: [] })
  })

  it("does not leave the dispatcher's place to one that is gone", async () => {
    const take = (owner: string) =>
      database.asSystem('a test', (tx) => takeLease(tx, { name: 'dispatcher', owner, seconds: 15 }))
    expect(await take('gone')).toBe(true)
    expect(await take('next')).toBe(false)
    await setBack()
    expect(await take('next')).toBe(true)
    expect(await take('gone')).toBe(false)
  })
})
