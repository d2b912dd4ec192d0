import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ConnectionId, TenantId } from '../../src/contracts/ids.ts'
import type { Database } from '../../src/store/database.ts'
import { requestStep } from '../../src/store/steps.ts'
import { addIntervention } from '../store/interventions.ts'
import { addConnection, addTenant, openTestDatabase } from '../support/database.ts'
import { ask, eventually, queueKinds, start, type Started } from './company.ts'

describe.each(queueKinds)('what the queue takes from the database, $kind', ({ url }) => {
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

  it('is nothing before it is committed, and never what was rolled back', async () => {
    const done: string[] = []
    started = await start(database, url, {
      step: async (_tenant, _connection, step) => void done.push(step),
    })
    const { queue } = started
    await database
      .withTenant(tenant, async (tx) => {
        await requestStep(tx, { connection, step: 'sync', cause: 'api' })
        tx.afterCommit(() => queue.wake(tenant))
        queue.wake(tenant)
        await sleep(300)
        throw new Error('thought better of it')
      })
      .catch(() => undefined)
    await ask(database, tenant, connection, 'score')
    queue.wake(tenant)
    await eventually(() => done).toEqual(['score'])
    await sleep(500)
    expect(done).toEqual(['score'])
  })

  it('is nothing of a paused connection, and all of it once that is resumed', async () => {
    const done: string[] = []
    started = await start(database, url, {
      step: async (_tenant, _connection, step) => void done.push(step),
      act: async (_tenant, id) => {
        await database.withTenant(tenant, (tx) =>
          tx.query("update interventions set state = 'sent' where id = $1", [id]),
        )
        done.push('act')
      },
    })
    const { queue } = started
    const set = (status: string) =>
      database.withTenant(tenant, (tx) =>
        tx.query('update connections set status = $1 where id = $2', [status, connection]),
      )
    const other = await addConnection(database, tenant)
    await set('paused')
    await ask(database, tenant, connection)
    await addIntervention(database, { tenant, connection, state: 'planned' })
    await ask(database, tenant, other, 'score')
    queue.wake(tenant)
    await eventually(() => done).toEqual(['score'])
    // Its job, put there by hand, does nothing either.
    await queue.queues[0].add('sync', { tenant, connection })
    await sleep(500)
    expect(done).toEqual(['score'])
    await set('active')
    queue.wake(tenant)
    await eventually(() => done.toSorted()).toEqual(['act', 'score', 'sync'])
  })
})
