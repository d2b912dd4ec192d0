import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ConnectionId, type InterventionId, type TenantId } from '../../src/contracts/ids.ts'
import type { Database } from '../../src/store/database.ts'
import { countDue, dueInterventions, postponeIntervention } from '../../src/store/due.ts'
import { ensureInstallation, pauseInstallation, pauseTenant, resumeTenant } from '../../src/store/tenants.ts'
import { addConnection, addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { addIntervention } from './interventions.ts'

describe(`due interventions (${databaseKind})`, () => {
  let database: Database
  let tenant: TenantId
  let connection: ConnectionId
  beforeAll(async () => {
    database = await openTestDatabase()
    await database.asSystem('a test', ensureInstallation)
  })
  afterAll(() => database?.close())
  beforeEach(async () => {
    await database.asSystem('a test', async (tx) => {
      await tx.query('delete from tenants')
      await pauseInstallation(tx, null)
    })
    tenant = await addTenant(database)
    connection = await addConnection(database, tenant)
  })

  const add = (state: string, times: { due?: string; lease?: string } = {}): Promise<InterventionId> =>
    addIntervention(database, { tenant, connection, state, ...times })
  const due = (limitPerTenant = 100, limit = 1000) =>
    database.asSystem('a test', (tx) => dueInterventions(tx, { limitPerTenant, limit }))

  it.each(['planned', 'deferred', 'snoozed', 'uncertain'])('hands over what is %s and due', async (state) => {
    const id = await add(state)
    await add(state, { due: '1 hour' })
    expect(await due()).toMatchObject([{ tenant, intervention: id }])
  })

  it.each(['leased', 'sending'])('hands over what is %s only once its lease has run out', async (state) => {
    const id = await add(state, { lease: '-1 second' })
    await add(state, { lease: '1 minute' })
    expect((await due()).map((one) => one.intervention)).toEqual([id])
  })

  it.each([
    'awaiting_approval',
    'sent',
    'confirmed',
    'rejected',
    'suppressed',
    'expired',
    'cancelled',
    'dry_run',
  ])('leaves alone what is %s', async (state) => {
    await add(state)
    expect(await due()).toEqual([])
  })

  it('hands over nothing while the tenant, the connection or the installation is paused', async () => {
    await add('planned')
    await database.withTenant(tenant, (tx) => pauseTenant(tx, tenant, 'too many complaints'))
    expect(await due()).toEqual([])
    await database.withTenant(tenant, (tx) => resumeTenant(tx, tenant))
    expect(await due()).toHaveLength(1)
    await database.asSystem('a test', (tx) => pauseInstallation(tx, 'restored from a backup'))
    expect(await due()).toEqual([])
    await database.asSystem('a test', (tx) => pauseInstallation(tx, null))
    await database.withTenant(tenant, (tx) => tx.query("update connections set status = 'needs_reconnect'"))
    expect(await due()).toEqual([])
  })

  it('goes round the tenants, with a bound for each that counts what runs', async () => {
    const calm = await addTenant(database, 'Calm')
    const place = await addConnection(database, calm)
    for (let i = 0; i < 20; i++) await add('planned', { due: `-${60 - i} minutes` })
    await addIntervention(database, { tenant: calm, connection: place, state: 'planned' })
    await add('sending', { due: '-2 hours', lease: '1 minute' })
    expect((await due(3)).map((one) => one.tenant)).toEqual([calm, tenant, tenant])
    const ofCalm = await database.asSystem('a test', (tx) =>
      dueInterventions(tx, { limitPerTenant: 3, limit: 10, tenants: [calm] }),
    )
    expect(ofCalm.map((one) => one.tenant)).toEqual([calm])
  })

  it('puts off what failed unexpectedly, longer each time, unless a worker holds it', async () => {
    const id = await add('planned')
    const held = await add('sending', { lease: '1 minute' })
    const read = async (one: InterventionId) => {
      const [row] = await database.withTenant(tenant, (tx) =>
        tx.query<{ wait: number; attempts: number; state: string }>(
          'select extract(epoch from due_at - now())::float8 as wait, attempts, state from interventions where id = $1',
          [one],
        ),
      )
      return row
    }
    const postpone = (one: InterventionId) =>
      database.withTenant(tenant, (tx) => postponeIntervention(tx, one, { chance: () => 0.5 }))
    await postpone(id)
    await postpone(held)
    expect((await read(id)).wait).toBeCloseTo(30, -1)
    expect(await read(id)).toMatchObject({ state: 'planned', attempts: 1 })
    expect((await read(held)).wait).toBeLessThanOrEqual(0)
    await database.withTenant(tenant, (tx) => tx.query('update interventions set due_at = now()'))
    await postpone(id)
    expect((await read(id)).wait).toBeCloseTo(60, -1)
  })

  it('counts what waits', async () => {
    await add('planned')
    await add('planned', { due: '1 hour' })
    await add('sending', { lease: '1 minute' })
    expect(await database.asSystem('a test', countDue)).toEqual({ steps: 0, deadSteps: 0, interventions: 1 })
  })

  it('finds the few oldest of a tenant by the index, however many it has', async () => {
    await add('planned')
    const plan = await database.asSystem('a test', async (tx) => {
      await tx.query('set local enable_seqscan = off')
      return tx.query<{ 'QUERY PLAN': string }>(
        `explain select id from interventions where tenant_id = $1 and due_at <= now()
           and state in ('planned', 'deferred', 'leased', 'sending', 'snoozed', 'uncertain') order by due_at limit 4`,
        [tenant],
      )
    })
    expect(plan.map((row) => row['QUERY PLAN']).join('\n')).toContain('interventions_due')
  })
})
