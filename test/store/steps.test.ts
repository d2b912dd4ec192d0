import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ConnectionId, TenantId } from '../../src/contracts/ids.ts'
import { createConnection } from '../../src/store/connections.ts'
import type { Database, Transaction } from '../../src/store/database.ts'
import { nextRun } from '../../src/store/schedule.ts'
import {
  dueSteps,
  failStep,
  finishStep,
  leaseStep,
  listSteps,
  releaseStep,
  renewStep,
  requestStep,
  setSchedule,
} from '../../src/store/steps.ts'
import { pauseTenant } from '../../src/store/tenants.ts'
import { addConnection, addTenant, databaseKind, openTestDatabase } from '../support/database.ts'

describe(`steps (${databaseKind})`, () => {
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

  const inTenant = <T>(work: (tx: Transaction) => Promise<T>): Promise<T> => database.withTenant(tenant, work)
  const ask = (step: string, at?: Date) =>
    inTenant((tx) => requestStep(tx, { connection, step, cause: 'api', at: at ?? null }))
  const lease = (owner: string, seconds = 60, step = 'sync') =>
    inTenant((tx) => leaseStep(tx, { connection, step, owner }, seconds))
  const due = (limitPerTenant = 10, limit = 100) =>
    database.asSystem('a test', (tx) => dueSteps(tx, { limitPerTenant, limit }))
  const state = async (step = 'sync') =>
    (await inTenant((tx) => listSteps(tx))).find((one) => one.step === step)
  const passTime = (interval: string) =>
    database.asSystem('a test', (tx) =>
      tx.query(
        'update steps set due_at = due_at - $1::interval, lease_until = lease_until - $1::interval where tenant_id = $2',
        [interval, tenant],
      ),
    )

  it('is due once asked for, and held by one worker at a time', async () => {
    expect(await due()).toEqual([])
    await ask('sync')
    expect(await due()).toMatchObject([{ tenant, connection, step: 'sync' }])
    expect(await Promise.all([lease('a'), lease('b')])).toHaveLength(2)
    const [a, b] = [await lease('c'), await state()]
    expect(a).toBeNull()
    expect(b?.state).toBe('running')
    expect(await due()).toEqual([])
  })

  it('is given to one of two who take it at the same time', async () => {
    await ask('sync')
    const got = await Promise.all([lease('a'), lease('b'), lease('c')])
    expect(got.filter((one) => one !== null)).toEqual([{ cause: 'api', attempts: 0 }])
  })

  it('keeps a request that comes while it runs', async () => {
    await ask('sync')
    await lease('a')
    await ask('sync')
    expect(await due()).toEqual([])
    await inTenant((tx) => finishStep(tx, { connection, step: 'sync', owner: 'a' }))
    expect(await due()).toHaveLength(1)
    await lease('b')
    await inTenant((tx) => finishStep(tx, { connection, step: 'sync', owner: 'b' }))
    expect(await due()).toEqual([])
    expect(await state()).toMatchObject({ state: 'idle', attempts: 0 })
    expect((await state())?.lastDoneAt).toBeInstanceOf(Date)
  })

  it('is due again at the next time of its schedule, in UTC', async () => {
    await inTenant((tx) => setSchedule(tx, { connection, step: 'sync', schedule: '30 2 * * *' }))
    const first = (await state())?.dueAt
    expect(first).toEqual(nextRun('30 2 * * *', new Date(), connection))
    await ask('sync')
    await lease('a')
    await inTenant((tx) => finishStep(tx, { connection, step: 'sync', owner: 'a' }))
    expect((await state())?.dueAt).toEqual(first)
    await inTenant((tx) => setSchedule(tx, { connection, step: 'sync', schedule: '0 5 * * *' }))
    expect((await state())?.dueAt).toEqual(nextRun('0 5 * * *', new Date(), connection))
    await inTenant((tx) => setSchedule(tx, { connection, step: 'sync', schedule: null }))
    expect(await state()).toMatchObject({ state: 'idle', dueAt: null })
  })

  it('of a new connection comes at once for sync, and when its schedule says for every other, in their order', async () => {
    const made = await inTenant((tx) =>
      createConnection(tx, { kind: 'csv', name: 'A file', sandbox: true, config: {}, population: null }),
    )
    const steps = await inTenant((tx) => listSteps(tx, { connection: made }))
    expect(steps.map((one) => one.step)).toEqual(['sync', 'score', 'decide', 'write_back', 'observe'])
    const [sync, ...others] = steps
    expect(sync.state).toBe('due')
    for (const { state, schedule, dueAt } of others) {
      expect(state).toBe('waiting')
      expect(dueAt).toEqual(nextRun(schedule!, new Date(), made))
    }
    // Of one night; which of them is the next depends on the time of day.
    const ofDay = others.map(({ dueAt }) => (dueAt!.getTime() - 2 * 3_600_000) % 86_400_000)
    expect(ofDay).toEqual(ofDay.toSorted((a, b) => a - b))
  })

  it('refuses a schedule that cannot be read, naming it', async () => {
    await expect(
      inTenant((tx) => setSchedule(tx, { connection, step: 'sync', schedule: 'each morning' })),
    ).rejects.toMatchObject({ code: 'settings_invalid', message: expect.stringContaining('each morning') })
  })

  it('leaves what somebody asked for when the schedule changes', async () => {
    await ask('sync')
    await inTenant((tx) => setSchedule(tx, { connection, step: 'sync', schedule: '0 5 * * *' }))
    expect(await due()).toHaveLength(1)
    await inTenant((tx) => setSchedule(tx, { connection, step: 'sync', schedule: null }))
    expect(await due()).toHaveLength(1)
  })

  it('is taken over once its lease has run out, and the late worker learns it', async () => {
    await ask('sync')
    await lease('frozen', 30)
    expect(await inTenant((tx) => renewStep(tx, { connection, step: 'sync', owner: 'frozen' }, 30))).toBe(
      true,
    )
    await passTime('1 minute')
    expect(await due()).toHaveLength(1)
    expect(await lease('other')).toEqual({ cause: 'api', attempts: 1 })
    expect(await inTenant((tx) => renewStep(tx, { connection, step: 'sync', owner: 'frozen' }, 30))).toBe(
      false,
    )
    await expect(
      inTenant((tx) => finishStep(tx, { connection, step: 'sync', owner: 'frozen' })),
    ).rejects.toMatchObject({ code: 'lease_lost' })
    expect((await state())?.state).toBe('running')
  })

  it('is another due time after each lease that ran out', async () => {
    await ask('sync')
    const [first] = await due()
    await lease('a', 30)
    await passTime('1 minute')
    const [second] = await due()
    expect(second.since).not.toBe(first.since)
  })

  it('goes at once to another one when it is released', async () => {
    await ask('sync')
    await lease('a')
    await inTenant((tx) => releaseStep(tx, { connection, step: 'sync', owner: 'a' }))
    expect(await lease('b')).toEqual({ cause: 'api', attempts: 0 })
    await inTenant((tx) => releaseStep(tx, { connection, step: 'sync', owner: 'a' }))
    expect((await state())?.state).toBe('running')
  })

  const fail = (retryable: boolean, maxAttempts = 3, chance = () => 0.5) =>
    inTenant((tx) =>
      failStep(
        tx,
        { connection, step: 'sync', owner: 'a' },
        { code: 'connector_unavailable', message: 'The CRM does not answer.', retryable },
        { maxAttempts, chance },
      ),
    )
  const waitSeconds = async () => (((await state())?.dueAt?.getTime() ?? 0) - Date.now()) / 1000

  it('waits longer after each failure, with jitter, and is then given up, its error kept', async () => {
    await ask('sync')
    for (const [attempt, [chance, seconds]] of [
      [0, 15],
      [1, 90],
    ].entries()) {
      await lease('a')
      expect(await fail(true, 3, () => chance)).toBe('waits')
      expect(await waitSeconds()).toBeGreaterThan(seconds - 3)
      expect(await waitSeconds()).toBeLessThan(seconds + 3)
      expect(await state()).toMatchObject({
        state: 'waiting',
        attempts: attempt + 1,
        error: { code: 'connector_unavailable', message: 'The CRM does not answer.' },
      })
      await passTime('5 minutes')
    }
    await lease('a')
    expect(await fail(true)).toBe('dead')
    expect(await state()).toMatchObject({
      state: 'dead',
      attempts: 3,
      error: { code: 'connector_unavailable' },
    })
    expect(await due()).toEqual([])
    await ask('sync')
    expect(await state()).toMatchObject({ state: 'due', attempts: 0 })
    await lease('a')
    await inTenant((tx) => finishStep(tx, { connection, step: 'sync', owner: 'a' }))
    expect(await state()).toMatchObject({ state: 'idle', error: null })
  })

  it('is given up at once when a retry cannot help', async () => {
    await inTenant((tx) => setSchedule(tx, { connection, step: 'sync', schedule: '0 5 * * *' }))
    await ask('sync')
    await lease('a')
    expect(await fail(false)).toBe('dead')
    expect(await state()).toMatchObject({ state: 'dead', dueAt: null })
  })

  it('is tried again at its schedule after an outage that outlasted its attempts', async () => {
    await inTenant((tx) => setSchedule(tx, { connection, step: 'sync', schedule: '0 5 * * *' }))
    await ask('sync')
    await lease('a')
    expect(await fail(true, 1)).toBe('waits')
    expect((await state())?.dueAt).toEqual(nextRun('0 5 * * *', new Date(), connection))
  })

  it('does not spin when a step asks for itself and then fails', async () => {
    await ask('sync')
    await lease('a')
    await ask('sync')
    expect(await fail(false)).toBe('waits')
    expect(await waitSeconds()).toBeGreaterThan(20)
  })

  it('waits for a connection that is not active, without counting', async () => {
    const set = (status: string) =>
      inTenant((tx) => tx.query('update connections set status = $1 where id = $2', [status, connection]))
    await ask('sync')
    for (const status of ['paused', 'needs_reconnect', 'disconnected']) {
      await set(status)
      expect(await due()).toEqual([])
      expect(await lease('a')).toBeNull()
    }
    await set('active')
    await lease('a')
    await set('needs_reconnect')
    expect(await fail(false)).toBe('waits')
    expect(await due()).toEqual([])
    expect(await state()).toMatchObject({ attempts: 0, error: { code: 'connector_unavailable' } })
    await set('active')
    expect(await due()).toHaveLength(1)
  })

  it('goes on for a paused tenant: only what is sent stops', async () => {
    await ask('score')
    await inTenant((tx) => pauseTenant(tx, tenant, 'on holiday'))
    expect(await due()).toHaveLength(1)
  })

  it('goes round the tenants, with a bound for each that counts what runs', async () => {
    const calm = await addTenant(database, 'Calm')
    const place = await addConnection(database, calm)
    for (let i = 0; i < 10; i++) {
      const flooding = await addConnection(database, tenant)
      await inTenant((tx) => requestStep(tx, { connection: flooding, step: 'sync', cause: 'api' }))
    }
    await database.withTenant(calm, (tx) =>
      requestStep(tx, { connection: place, step: 'sync', cause: 'api' }),
    )
    expect((await due(3)).map((one) => one.tenant)).toEqual([tenant, calm, tenant, tenant])
    expect((await due(3, 2)).map((one) => one.tenant)).toEqual([tenant, calm])
    const [first] = await due(3)
    await inTenant((tx) => leaseStep(tx, { connection: first.connection, step: 'sync', owner: 'a' }, 60))
    expect((await due(3)).map((one) => one.tenant)).toEqual([calm, tenant, tenant])
    const ofCalm = await database.asSystem('a test', (tx) =>
      dueSteps(tx, { limitPerTenant: 3, limit: 10, tenants: [calm] }),
    )
    expect(ofCalm.map((one) => one.tenant)).toEqual([calm])
  })
})
