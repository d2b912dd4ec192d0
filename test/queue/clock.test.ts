import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ConnectionId, TenantId } from '../../src/contracts/ids.ts'
import type { Database, Transaction } from '../../src/store/database.ts'
import { addIntervention } from '../store/interventions.ts'
import { addConnection, addTenant, openTestDatabase } from '../support/database.ts'
import { ask, eventually, queueKinds, recordingLog, start, type Started } from './company.ts'

const HOUR = 3_600_000

describe.each(queueKinds)('a clock that jumps, the queue $kind', ({ url }) => {
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
    vi.useRealTimers()
  })

  /** This process's clock alone: the database's goes on, and so do timers. */
  const setClock = (by: number): void => {
    vi.useRealTimers()
    const now = Date.now() + by
    vi.useFakeTimers({ toFake: ['Date'], now, shouldAdvanceTime: false })
  }

  it.each([
    ['an hour forward', HOUR],
    ['an hour back', -HOUR],
  ])('%s in a worker doubles nothing and keeps nothing waiting', async (_name, by) => {
    const runs: string[] = []
    const sends: string[] = []
    let atOnce = 0
    let most = 0
    started = await start(database, url, {
      step: async (_tenant, _connection, step) => {
        most = Math.max(most, ++atOnce)
        await sleep(400)
        runs.push(step)
        atOnce--
      },
      act: async (_tenant, intervention) => {
        // As the ledger: BullMQ, whose locks go by the process's clock, may hand a job out twice after a jump, and the
        // second worker finds it sent.
        const moved = await database.withTenant(tenant, (tx) =>
          tx.query(
            "update interventions set state = 'sent' where id = $1 and state = 'planned' returning id",
            [intervention],
          ),
        )
        if (moved.length > 0) sends.push(intervention)
      },
    })
    await ask(database, tenant, connection)
    started.queue.wake()
    await eventually(() => atOnce).toBe(1)
    setClock(by)
    const wanted = [
      await addIntervention(database, { tenant, connection, state: 'planned' }),
      await addIntervention(database, { tenant, connection, state: 'planned' }),
    ]
    await addIntervention(database, { tenant, connection, state: 'planned', due: '30 minutes' })
    await ask(database, tenant, connection, 'score')
    started.queue.wake()
    await eventually(() => runs.length).toBe(2)
    await eventually(() => sends.length).toBe(2)
    await sleep(800)
    expect(runs.toSorted()).toEqual(['score', 'sync'])
    expect(most).toBeLessThanOrEqual(2)
    expect(sends.toSorted()).toEqual(wanted.toSorted())
    setClock(0)
    await ask(database, tenant, connection, 'decide')
    started.queue.wake()
    await eventually(() => runs.at(-1)).toBe('decide')
    expect(runs).toHaveLength(3)
  })

  it('an hour back in the database leaves due what was due, and says so', async () => {
    const { log, lines } = recordingLog()
    const done: string[] = []
    const ahead = clockAhead(database, HOUR)
    started = await start(
      ahead.database,
      url,
      { step: async (_tenant, _connection, step) => void done.push(step) },
      { log },
    )
    await ask(database, tenant, connection)
    await eventually(() => done).toEqual(['sync'])
    const set = (status: string) =>
      database.withTenant(tenant, (tx) => tx.query('update connections set status = $1', [status]))
    await set('paused')
    await ask(database, tenant, connection, 'observe')
    await ahead.setBack()
    await set('active')
    await eventually(() => done).toEqual(['sync', 'observe'])
    expect(lines.map((line) => line.msg).join()).toContain('set back')
  })
})

/** The database as it looks to the queue while its clock is ahead: setting it back adds as much to every stored time. */
function clockAhead(database: Database, ms: number): { database: Database; setBack(): Promise<void> } {
  let by = ms
  const looking = (tx: Transaction): Transaction => ({
    ...tx,
    query: async <Row extends object>(text: string, values?: readonly unknown[]) => {
      const rows = await tx.query<Row>(text, values)
      if (text !== 'select clock_timestamp() as now') return rows
      const [{ now }] = rows as unknown as { now: Date }[]
      return [{ now: new Date(now.getTime() + by) }] as unknown as Row[]
    },
  })
  return {
    database: { ...database, asSystem: (why, work) => database.asSystem(why, (tx) => work(looking(tx))) },
    setBack: () =>
      database.asSystem('a test', async (tx) => {
        await tx.query(
          "update steps set due_at = due_at + interval '1 hour', lease_until = lease_until + interval '1 hour'",
        )
        by = 0
      }),
  }
}
