import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { pino } from 'pino'
import { systemClock } from '../../src/contracts/clock.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { ConnectionId, TenantId } from '../../src/contracts/ids.ts'
import { runStep } from '../../src/loop/run-step.ts'
import type { LoopServices, LoopStep, StepName } from '../../src/loop/services.ts'
import type { Database } from '../../src/store/database.ts'
import { endRun, recentRuns, saveProgress, startRun } from '../../src/store/runs.ts'
import { addConnection, addTenant, databaseKind, openTestDatabase } from '../support/database.ts'

describe(`runs (${databaseKind})`, () => {
  let database: Database
  let tenant: TenantId
  let connection: ConnectionId
  beforeAll(async () => {
    database = await openTestDatabase()
  })
  afterAll(() => database?.close())
  beforeEach(async () => {
    tenant = await addTenant(database)
    connection = await addConnection(database, tenant)
  })

  const runs = () => database.withTenant(tenant, (tx) => recentRuns(tx))
  const start = (step = 'sync') =>
    database.withTenant(tenant, (tx) => startRun(tx, { connection, step, cause: 'schedule' }))

  it('shows progress while it goes on and what it did when it is done', async () => {
    const run = await start()
    await database.withTenant(tenant, (tx) => saveProgress(tx, run, { done: 40, total: 100 }))
    expect(await runs()).toMatchObject([{ id: run, status: 'running', done: 40, total: 100 }])
    await database.withTenant(tenant, (tx) => endRun(tx, run, { status: 'done', counts: { added: 3 } }))
    await database.withTenant(tenant, (tx) => saveProgress(tx, run, { done: 50, total: 100 }))
    expect(await runs()).toMatchObject([{ status: 'done', done: 40, counts: { added: 3 }, error: null }])
  })

  it('calls interrupted what a dead process left running, when the step begins anew', async () => {
    const dead = await start()
    const other = await start('score')
    const next = await start()
    expect(new Map((await runs()).map((run) => [run.id, run.status]))).toEqual(
      new Map([
        [dead, 'interrupted'],
        [other, 'running'],
        [next, 'running'],
      ]),
    )
    // The dead one was only frozen: what it says afterwards changes nothing.
    await database.withTenant(tenant, (tx) => endRun(tx, dead, { status: 'done', counts: {} }))
    expect((await runs()).find((run) => run.id === dead)?.status).toBe('interrupted')
  })

  it('shows them newest first, and of one connection where asked', async () => {
    const first = await start()
    await database.withTenant(tenant, (tx) =>
      tx.query("update runs set started_at = started_at - interval '1 hour'"),
    )
    const second = await start('score')
    expect((await runs()).map((run) => run.id)).toEqual([second, first])
    const elsewhere = await addConnection(database, tenant)
    expect(await database.withTenant(tenant, (tx) => recentRuns(tx, { connection: elsewhere }))).toEqual([])
  })

  const pass = (sync: LoopStep, signal = new AbortController().signal) => {
    const services = { database, log: pino({ level: 'silent' }), clock: systemClock } as LoopServices
    const steps = { sync } as Record<StepName, LoopStep>
    return runStep(services, steps, { tenant, connection, step: 'sync', cause: 'api', signal })
  }

  describe('one pass of a step', () => {
    it('lets a step report from inside its transactions, and notes the last of it', async () => {
      const counts = await pass(async (services, { progress }) => {
        await services.database.withTenant(tenant, async (tx) => {
          progress(5, 10)
          await tx.query('select 1')
          progress(10, 10)
        })
        return { added: 10 }
      })
      expect(counts).toEqual({ added: 10 })
      expect(await runs()).toMatchObject([
        { step: 'sync', cause: 'api', status: 'done', done: 10, total: 10, counts: { added: 10 } },
      ])
    })

    it('keeps the code and the message of an error', async () => {
      const failure = new HoldfastError('connector_unavailable', 'The CRM does not answer.', {
        retryable: true,
      })
      await expect(pass(() => Promise.reject(failure))).rejects.toBe(failure)
      expect(await runs()).toMatchObject([
        {
          status: 'failed',
          error: { code: 'connector_unavailable', message: 'The CRM does not answer.' },
        },
      ])
    })

    it('calls a defect internal', async () => {
      await expect(pass(() => Promise.reject(new TypeError('x is not a function')))).rejects.toThrow()
      expect((await runs())[0].error).toEqual({
        code: 'internal',
        message: 'Something failed inside Holdfast: x is not a function',
      })
    })

    it('is interrupted, not failed, when it was told to stop', async () => {
      const stopping = new AbortController()
      await pass(async () => {
        stopping.abort()
        return { added: 2 }
      }, stopping.signal)
      expect(await runs()).toMatchObject([{ status: 'interrupted', counts: { added: 2 } }])
    })

    it.each(['paused', 'needs_reconnect', 'disconnected'])(
      'refuses a connection that is %s',
      async (status) => {
        await database.withTenant(tenant, (tx) =>
          tx.query("update connections set status = $1, status_reason = 'token revoked'", [status]),
        )
        await expect(pass(async () => ({}))).rejects.toMatchObject({
          code: 'conflict',
          message: expect.stringContaining('token revoked'),
        })
        expect(await runs()).toEqual([])
      },
    )
  })
})
