import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { pacersWith, type Limits, type Tier } from '../../connectors/hubspot/limiter.ts'
import type { Database } from '../../src/store/database.ts'
import { databaseSlots } from '../../src/store/pacing.ts'
import { pacingSuite, SMALL } from '../connectors/hubspot/pacing.ts'
import { virtualTime } from '../connectors/hubspot/virtual-time.ts'
import { databaseKind, openTestDatabase } from '../support/database.ts'

const START = Date.parse('2026-11-21T00:00:00Z')
let database: Database
let running = 0

beforeAll(async () => {
  const opened = await openTestDatabase()
  const asSystem: Database['asSystem'] = (why, work) => {
    running++
    return opened.asSystem(why, work).finally(() => running--)
  }
  database = { ...opened, asSystem }
})
afterAll(() => database?.close())
beforeEach(clear)

async function clear() {
  await database.asSystem('a test', (tx) => tx.query('delete from pacing'))
}

/** As one process makes them. */
const sharedPacers = ({
  limits,
  now = () => null,
  sleep,
}: {
  limits: Partial<Record<Tier, Limits>>
  now?: () => Date | null
  sleep?: (ms: number) => Promise<unknown>
}) =>
  pacersWith({
    limits,
    slots: (portal, kind, limit) =>
      databaseSlots({ database, name: `hubspot:${portal}:${kind}`, limit, now }),
    ...(sleep !== undefined && { sleep }),
  })

async function open(processes: number) {
  await clear()
  const time = virtualTime(() => running > 0)
  const one = () =>
    sharedPacers({
      limits: { oauth: SMALL },
      now: () => new Date(START + time.now()),
      sleep: time.sleep,
    })
  return { time, processes: Array.from({ length: processes }, one) }
}

pacingSuite(`the pacer in the database (${databaseKind}), of two processes`, {
  open: () => open(2),
  processes: 2,
  runs: 1,
})

describe('slots in the database', () => {
  it('come back by themselves when who held them died', async () => {
    const { time, processes } = await open(2)
    const dying = processes[0].of('1', 'oauth')
    await time.run(Promise.all(Array.from({ length: SMALL.call.calls }, () => dying.take('call'))))
    const next = processes[1].of('1', 'oauth').take('call')
    await time.run(next)
    expect(time.now()).toBeGreaterThan(60_000)
    expect(time.now()).toBeLessThan(100_000)
  })

  it('hold nobody off with times from before the clock was set back', async () => {
    const { time, processes } = await open(1)
    const pacer = processes[0].of('1', 'oauth')
    const done = await time.run(pacer.take('call'))
    done()
    await database.asSystem('a test', (tx) =>
      tx.query("update pacing set free_at = free_at + interval '1 day' where slot >= 0"),
    )
    await time.run(pacer.take('call'))
    expect(time.now()).toBe(0)
  })

  it('keep to the time of the database where none is given', async () => {
    await clear()
    const limits = { oauth: { ...SMALL, call: { calls: 3, windowMs: 250 } } }
    const pacers = [1, 2].map(() => sharedPacers({ limits }))
    const times: number[] = []
    await Promise.all(
      Array.from({ length: 9 }, async (_, at) => {
        const done = await pacers[at % 2].of('1', 'oauth').take('call')
        times.push(performance.now())
        done()
      }),
    )
    const sorted = times.sort((a, b) => a - b)
    expect(sorted[8] - sorted[0]).toBeGreaterThanOrEqual(490)
  })
})
