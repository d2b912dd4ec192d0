import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { ConnectionId, TenantId } from '../../src/contracts/ids.ts'
import { KEPT } from '../../src/queue/limits.ts'
import type { Database } from '../../src/store/database.ts'
import { watchConnections } from '../../src/store/reads/connections.ts'
import { listSteps } from '../../src/store/steps.ts'
import { addIntervention } from '../store/interventions.ts'
import { addConnection, addTenant, openTestDatabase } from '../support/database.ts'
import { ask, eventually, queueKinds, recordingLog, start, type Started } from './company.ts'

describe.each(queueKinds)('what failed, the queue $kind', ({ url }) => {
  let database: Database
  let tenant: TenantId
  let connection: ConnectionId
  let started: Started | null = null
  beforeAll(async () => {
    database = await openTestDatabase()
  })
  afterAll(() => database?.close())
  beforeEach(async () => {
    await database.asSystem('a test', (tx) => tx.query('delete from tenants'))
    tenant = await addTenant(database)
    connection = await addConnection(database, tenant)
  })
  afterEach(async () => {
    await started?.stop()
    started = null
  })
  const state = async () => (await database.withTenant(tenant, (tx) => listSteps(tx)))[0]

  it('for good is shown with what to do, counted, and done once somebody asks for it again', async () => {
    let broken = true
    let runs = 0
    started = await start(database, url, {
      step: async () => {
        runs++
        if (broken)
          throw new HoldfastError('connector_configuration', 'The file has no column "id". Name another one.')
      },
    })
    const { queue } = started
    await ask(database, tenant, connection)
    queue.wake()
    await eventually(async () => (await state()).state).toBe('dead')
    // As the page and GET /v1/connections show it, and as the metrics count it.
    const [shown] = await database.withTenant(tenant, watchConnections)
    const [step] = shown.steps
    expect(step.error).toEqual({
      code: 'connector_configuration',
      message: 'The file has no column "id". Name another one.',
    })
    expect((await queue.counts()).deadSteps).toBe(1)
    await sleep(500)
    expect(runs).toBe(1)

    broken = false
    await ask(database, tenant, connection)
    queue.wake(tenant)
    await eventually(async () => (await state()).state).toBe('idle')
    expect(runs).toBe(2)
    expect(await state()).toMatchObject({ error: null, attempts: 0 })
    expect((await queue.counts()).deadSteps).toBe(0)
  })

  it('on the way is tried again by itself, and its error is gone when it succeeds', async () => {
    let runs = 0
    started = await start(database, url, {
      step: async () => {
        if (++runs < 3) throw new HoldfastError('connector_unavailable', 'No answer.', { retryable: true })
      },
    })
    await ask(database, tenant, connection)
    for (const attempts of [1, 2]) {
      await eventually(state).toMatchObject({ state: 'waiting', attempts })
      await database.asSystem('a test', (tx) => tx.query('update steps set due_at = now()'))
    }
    await eventually(state).toMatchObject({ state: 'idle', attempts: 0, error: null })
    expect(runs).toBe(3)
  })

  it('since the database was away is tried again soon, and nobody is told that the step failed', async () => {
    const away = new HoldfastError('database_unavailable', 'The database cannot be reached.', {
      retryable: true,
    })
    let calls = 0
    const id = await addIntervention(database, { tenant, connection, state: 'planned' })
    started = await start(database, url, {
      act: async () => {
        if (++calls < 3) throw away
        await database.withTenant(tenant, (tx) =>
          tx.query("update interventions set state = 'sent' where id = $1", [id]),
        )
      },
    })
    await eventually(() => calls).toBe(3)
    await sleep(600)
    expect(calls).toBe(3)
    expect((await started.queue.counts()).queues.act.delayed).toBe(0)
  })

  it('leaves its newest jobs on the queue board, and no more however many there were', async () => {
    const { log, lines } = recordingLog()
    const many = KEPT.completed + 260
    const connections = await addConnections(database, tenant, many)
    let done = 0
    started = await start(
      database,
      url,
      { step: async () => void done++ },
      { log, limits: { stepsPerTenant: 50, concurrency: { sync: 20 } } },
    )
    await database.withTenant(tenant, (tx) =>
      tx.query(
        `insert into steps (tenant_id, connection_id, step, due_at, cause)
         select $1, id, 'sync', now(), 'api' from unnest($2::uuid[]) as id`,
        [tenant, connections],
      ),
    )
    started.queue.wake()
    await eventually(() => done).toBe(many)
    await ask(database, tenant, connection, 'sync')
    const { queue } = started
    await eventually(async () => (await queue.counts()).queues.sync.active).toBe(0)
    const { completed } = (await queue.counts()).queues.sync
    expect(completed).toBeGreaterThanOrEqual(KEPT.completed)
    // A hundred may end before they are looked at again, and as many as are in flight.
    expect(completed).toBeLessThanOrEqual(KEPT.completed + 151)
    expect(lines.filter((line) => line.level >= 40)).toEqual([])
  })
})

async function addConnections(database: Database, tenant: TenantId, count: number): Promise<string[]> {
  const rows = await database.withTenant(tenant, (tx) =>
    tx.query<{ id: string }>(
      `insert into connections (tenant_id, id, kind, name)
       select $1, gen_random_uuid(), 'csv', 'File ' || n from generate_series(1, $2::integer) n returning id`,
      [tenant, count],
    ),
  )
  return rows.map((row) => row.id)
}
