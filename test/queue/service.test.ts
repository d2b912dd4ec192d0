import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { ConnectionId, TenantId } from '../../src/contracts/ids.ts'
import type { QueueHandlers, QueueName, QueueOptions, QueueService } from '../../src/queue/service.ts'
import type { Database } from '../../src/store/database.ts'
import { listSteps, requestStep } from '../../src/store/steps.ts'
import { addIntervention } from '../store/interventions.ts'
import { addConnection, addTenant, openTestDatabase } from '../support/database.ts'
import { ask, eventually, gate, queueKinds, start, type Started } from './company.ts'

describe.each(queueKinds)('the queue $kind', ({ url }) => {
  let database: Database
  let tenant: TenantId
  let connection: ConnectionId
  let started: Started[] = []
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
    await Promise.all(started.map((one) => one.stop()))
    started = []
  })

  async function run(
    handlers: Partial<QueueHandlers>,
    options: Partial<QueueOptions> = {},
  ): Promise<Started> {
    const one = await start(database, url, handlers, options)
    started.push(one)
    return one
  }
  const state = async (step = 'sync') => {
    const all = await database.withTenant(tenant, (tx) => listSteps(tx, { connection }))
    return all.find((one) => one.step === step)
  }
  /** Jobs of the tests before are still shown. */
  const counting = async (queue: QueueService, name: QueueName, kind: 'failed' | 'completed') => {
    const now = async () => (await queue.counts()).queues[name][kind]
    const before = await now()
    return async () => (await now()) - before
  }
  /** As act() does with its last move. */
  const sent = (intervention: string, of = tenant) =>
    database.withTenant(of, (tx) =>
      tx.query(
        "update interventions set state = 'sent', lease_owner = null, lease_until = null where id = $1",
        [intervention],
      ),
    )

  it('does at once what was asked for, with who asked, and the step that it asks for in turn', async () => {
    const done: string[] = []
    const { queue } = await run({
      step: async (of, at, step, { cause }) => {
        expect([of, at]).toEqual([tenant, connection])
        done.push(`${step} because of ${cause}`)
        if (step === 'sync')
          await database.withTenant(tenant, (tx) =>
            requestStep(tx, { connection, step: 'score', cause: 'sync' }),
          )
      },
    })
    await database.withTenant(tenant, async (tx) => {
      await requestStep(tx, { connection, step: 'sync', cause: 'api' })
      tx.afterCommit(() => queue.wake(tenant))
    })
    await eventually(() => done).toEqual(['sync because of api', 'score because of sync'])
    await eventually(async () => (await state('score'))?.state).toBe('idle')
  })

  it('finds by itself what nobody woke it for', async () => {
    let done = 0
    await run({ step: async () => void done++ })
    await ask(database, tenant, connection)
    await eventually(() => done).toBe(1)
  })

  it('runs again what was asked for while it ran, and not twice at the same time', async () => {
    let running = 0
    let most = 0
    let runs = 0
    const first = gate()
    const { queue } = await run({
      step: async () => {
        most = Math.max(most, ++running)
        if (++runs === 1) await first.opened
        running--
      },
    })
    await ask(database, tenant, connection)
    queue.wake()
    await eventually(() => runs).toBe(1)
    await ask(database, tenant, connection)
    // Its job, doubled and doubled again.
    const [sync] = queue.queues
    for (let i = 0; i < 5; i++) await sync.add('sync', { tenant, connection })
    await sleep(300)
    expect(runs).toBe(1)
    first.open()
    await eventually(() => runs).toBe(2)
    await sleep(300)
    expect([runs, most]).toEqual([2, 1])
  })

  it('does a step once when two processes have its job', async () => {
    const done: string[] = []
    const step =
      (name: string): QueueHandlers['step'] =>
      async () => {
        await sleep(50)
        done.push(name)
      }
    const [a] = await Promise.all([run({ step: step('a') }), run({ step: step('b') })])
    await ask(database, tenant, connection)
    await a.queue.queues[0].addBulk(
      Array.from({ length: 6 }, () => ({ name: 'sync', data: { tenant, connection } })),
    )
    await eventually(() => done.length).toBe(1)
    await sleep(300)
    expect(done).toHaveLength(1)
  })

  it('holds a step for longer than its lease while the work goes on', async () => {
    let runs = 0
    const step = async () => {
      runs++
      await sleep(2500)
    }
    await Promise.all([
      run({ step }, { limits: { leaseSeconds: 1 } }),
      run({ step }, { limits: { leaseSeconds: 1 } }),
    ])
    await ask(database, tenant, connection)
    await eventually(async () => (await state())?.lastDoneAt ?? null).not.toBeNull()
    expect(runs).toBe(1)
  })

  it('tells work whose lease was lost to stop, and leaves the step to whoever has it', async () => {
    const told = gate()
    const { queue } = await run(
      {
        step: async (_tenant, _connection, _step, { signal }) => {
          signal.addEventListener('abort', () => told.open())
          await told.opened
        },
      },
      { limits: { leaseSeconds: 1 } },
    )
    await ask(database, tenant, connection)
    queue.wake()
    await eventually(async () => (await state())?.state).toBe('running')
    await database.asSystem('a test', (tx) =>
      tx.query("update steps set lease_owner = 'another', lease_until = now() + interval '1 minute'"),
    )
    await told.opened
    await sleep(100)
    expect((await state())?.state).toBe('running')
  })

  it('puts off what failed and keeps its error; the others go on', async () => {
    const other = await addConnection(database, tenant)
    const done: string[] = []
    await run({
      step: async (_tenant, at) => {
        if (at === connection)
          throw new HoldfastError('connector_unavailable', 'No answer.', { retryable: true })
        done.push(at)
      },
    })
    await ask(database, tenant, connection)
    await ask(database, tenant, other)
    await eventually(() => done).toEqual([other])
    await eventually(async () => (await state())?.error?.code).toBe('connector_unavailable')
    expect(await state()).toMatchObject({ state: 'waiting', attempts: 1 })
  })

  it('gives up what cannot succeed, and counts it', async () => {
    const { queue } = await run({
      step: async () => {
        throw new HoldfastError('connector_configuration', 'There is no column "id".')
      },
    })
    const failures = await counting(queue, 'sync', 'failed')
    await ask(database, tenant, connection)
    queue.wake()
    await eventually(async () => (await state())?.state).toBe('dead')
    await eventually(failures).toBe(1)
    expect(await queue.counts()).toMatchObject({ deadSteps: 1, dueSteps: 0 })
    const [job] = await queue.queues[0].getFailed()
    expect(job.failedReason).toBe('connector_configuration')
    expect(Object.keys(job.data).sort()).toEqual(['connection', 'tenant'])
  })

  it('stops trying a step that ends its process again and again', async () => {
    let runs = 0
    await run({ step: async () => void runs++ }, { limits: { maxAttempts: 3 } })
    await ask(database, tenant, connection)
    await database.withTenant(tenant, (tx) =>
      tx.query("update steps set due_at = null, lease_owner = 'dead', lease_until = now(), attempts = 2"),
    )
    await eventually(async () => (await state())?.error?.message).toContain('3 times in a row')
    expect(runs).toBe(0)
  })

  it('sends what is due, a few of each tenant at a time', async () => {
    const calm = await addTenant(database, 'Calm')
    const place = await addConnection(database, calm)
    for (let i = 0; i < 12; i++) await addIntervention(database, { tenant, connection, state: 'planned' })
    const last = await addIntervention(database, { tenant: calm, connection: place, state: 'planned' })
    // As they begin: what ends first among those that go out at once is chance.
    const order: string[] = []
    const done = new Set<string>()
    const inFlight = new Map<string, number>()
    let most = 0
    const act: QueueHandlers['act'] = async (of, intervention, { worker }) => {
      inFlight.set(of, (inFlight.get(of) ?? 0) + 1)
      most = Math.max(most, inFlight.get(of) ?? 0)
      order.push(intervention)
      await sleep(20)
      await sent(intervention, of)
      done.add(intervention)
      inFlight.set(of, (inFlight.get(of) ?? 0) - 1)
      expect(worker).toHaveLength(36)
    }
    const { queue } = await run({ act }, { limits: { sendsPerTenant: 4, sendsBesideOthers: 2 } })
    await eventually(() => done.size).toBe(13)
    await sleep(300)
    expect(most).toBeLessThanOrEqual(4)
    expect(order.indexOf(last)).toBeLessThan(6)
    await eventually(async () => (await queue.counts()).queues.act.active).toBe(0)
    // Several go in one job.
    expect((await queue.counts()).queues.act.completed).toBeGreaterThanOrEqual(4)
  })

  it('puts off a send that fails unexpectedly, and goes on with those behind it', async () => {
    const poison = new Set<string>()
    for (let i = 0; i < 4; i++)
      poison.add(await addIntervention(database, { tenant, connection, state: 'planned', due: '-1 hour' }))
    const fine = await addIntervention(database, { tenant, connection, state: 'planned' })
    const done: string[] = []
    let failures = 0
    await run({
      act: async (_tenant, intervention) => {
        if (poison.has(intervention)) {
          failures++
          throw new TypeError('x is undefined')
        }
        await sent(intervention)
        done.push(intervention)
      },
    })
    await eventually(() => done).toEqual([fine])
    await sleep(500)
    expect(failures).toBe(4)
  })

  it('loses nothing when the queue is emptied in the middle', async () => {
    const wanted = new Set<string>()
    for (let i = 0; i < 30; i++)
      wanted.add(await addIntervention(database, { tenant, connection, state: 'planned' }))
    await ask(database, tenant, connection)
    const done = new Set<string>()
    const { queue } = await run({
      step: async () => {
        await sleep(200)
        done.add('sync')
      },
      act: async (_tenant, intervention) => {
        await sleep(10)
        await sent(intervention)
        done.add(intervention)
      },
    })
    queue.wake()
    await eventually(() => done.size).toBeGreaterThan(3)
    await Promise.all(queue.queues.map((one) => one.obliterate({ force: true })))
    // Emptying pauses a queue; a Redis that came back empty is not.
    await Promise.all(queue.queues.map((one) => one.resume()))
    await eventually(() => done.size).toBe(31)
    expect([...wanted].every((one) => done.has(one))).toBe(true)
  })

  it('drains: what runs is told to stop, and another process takes it over at once', async () => {
    const stopped = gate()
    const first = await run(
      {
        step: (_tenant, _connection, _step, { signal }) =>
          new Promise((_resolve, reject) =>
            signal.addEventListener('abort', () => {
              stopped.open()
              reject(signal.reason as Error)
            }),
          ),
      },
      { limits: { leaseSeconds: 60 } },
    )
    await ask(database, tenant, connection)
    first.queue.wake()
    await eventually(async () => (await state())?.state).toBe('running')
    let runs = 0
    await run({ step: async () => void runs++ }, { limits: { leaseSeconds: 60 } })
    const since = performance.now()
    await first.queue.drain()
    await stopped.opened
    await eventually(() => runs).toBe(1)
    expect(performance.now() - since).toBeLessThan(4000)
    expect(await state()).toMatchObject({ attempts: 0, error: null })
  })

  it('drains in the time it is given, whatever does not stop', async () => {
    const never = gate()
    const { queue } = await run({ step: () => never.opened })
    await ask(database, tenant, connection)
    queue.wake()
    await eventually(async () => (await state())?.state).toBe('running')
    const since = performance.now()
    await queue.drain(200)
    expect(performance.now() - since).toBeLessThan(2000)
    expect((await state())?.state).toBe('running')
    never.open()
  })

  it('has one dispatcher however many processes, and another one when that goes', async () => {
    const leader = async () => {
      const rows = await database.asSystem('a test', (tx) =>
        tx.query<{ owner: string }>("select owner from leases where name = 'dispatcher' and until > now()"),
      )
      return rows[0]?.owner
    }
    const first = await run({}, { role: 'scheduler' })
    await eventually(leader).toBeDefined()
    const before = await leader()
    await run({}, { role: 'scheduler' })
    await sleep(500)
    expect(await leader()).toBe(before)
    await first.queue.drain()
    await expect.poll(leader, { timeout: 4500 }).not.toBe(before)
    await eventually(leader).toBeDefined()
  })

  it('works with web, worker and scheduler apart: woken from one, done by another', async () => {
    const done: string[] = []
    await run({}, { role: 'scheduler', limits: { sweepMs: 60_000 } })
    await run(
      {
        step: async (_tenant, _connection, step) => {
          done.push(step)
          if (step === 'sync')
            await database.withTenant(tenant, (tx) =>
              requestStep(tx, { connection, step: 'score', cause: 'sync' }),
            )
        },
      },
      { role: 'worker' },
    )
    const web = await run({}, { role: 'web' })
    await sleep(300)
    await ask(database, tenant, connection)
    web.queue.wake(tenant)
    // No sweep comes within this time: each of the two was announced.
    await eventually(() => done).toEqual(['sync', 'score'])
  })

  it('may be woken from inside a transaction', async () => {
    let done = 0
    const { queue } = await run({ step: async () => void done++ })
    await sleep(300)
    await database.withTenant(tenant, async (tx) => {
      await requestStep(tx, { connection, step: 'sync', cause: 'api' })
      queue.wake(tenant)
      await sleep(50)
    })
    await eventually(() => done).toBe(1)
  })

  it('leaves a job that names nothing among the failed, and goes on', async () => {
    let done = 0
    const { queue } = await run({ step: async () => void done++ })
    const failures = [await counting(queue, 'sync', 'failed'), await counting(queue, 'act', 'failed')]
    await queue.queues[0].add('sync', { tenant })
    await queue.queues.find(({ name }) => name === 'act')!.add('act', { tenant: 'nobody', connection })
    await ask(database, tenant, connection)
    await eventually(() => done).toBe(1)
    for (const failed of failures) await eventually(failed).toBe(1)
  })
})
