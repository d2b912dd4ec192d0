import { setTimeout as wait } from 'node:timers/promises'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ChangeHint, Connector, Cursor, HintPage } from '../../connectors/connector.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { ConnectionId, TenantId } from '../../src/contracts/ids.ts'
import { openConnectors } from '../../src/loop/connectors.ts'
import { followEvents, type FollowOptions, type Following } from '../../src/loop/follow.ts'
import { setConnectionStatus } from '../../src/store/connections.ts'
import { changeConfig } from '../../src/store/crm-connections.ts'
import type { Database } from '../../src/store/database.ts'
import { streamHealth } from '../../src/store/event-streams.ts'
import { pendingReceipts } from '../../src/store/webhook-receipts.ts'
import { addConnection, addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { livingCrm } from './living-crm.ts'

/** A stream that says what a test has it say, from any position on. */
function openStream() {
  const told: HintPage[] = []
  const listening = new Set<() => void>()
  const stream = {
    /** Positions that somebody began from. */
    begun: [] as (Cursor | null)[],
    /** Followers at this moment. */
    open: 0,
    /** Most of them at one moment. */
    most: 0,
    fails: null as unknown,
    tell(hints: readonly ChangeHint[], more: Partial<HintPage> = {}) {
      told.push({ hints, position: { at: told.length + 1 }, ...more })
      for (const listen of listening) listen()
    },
    async *subscribe(from: Cursor | null, signal: AbortSignal): AsyncGenerator<HintPage> {
      stream.begun.push(from)
      stream.most = Math.max(stream.most, ++stream.open)
      try {
        for (let at = (from?.['at'] as number | undefined) ?? 0; !signal.aborted;) {
          if (stream.fails !== null) throw stream.fails
          if (at < told.length) yield told[at++]
          else
            await new Promise<void>((resolve) => {
              listening.add(resolve)
              signal.addEventListener('abort', () => resolve(), { once: true })
            })
        }
      } finally {
        stream.open--
      }
    },
  }
  return stream
}

let database: Database
let tenant: TenantId
let connection: ConnectionId
let stream: ReturnType<typeof openStream>
let events: boolean
/** Milliseconds that closing a connector takes. */
let closing: number
let woken: TenantId[]
const following: Following[] = []
const crm = livingCrm()
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  tenant = await addTenant(database)
  connection = await addConnection(database, tenant, { kind: 'living', name: 'The CRM' })
  // What a new connection begins with.
  await database.withTenant(tenant, (tx) => tx.query('delete from steps where tenant_id = $1', [tenant]))
  stream = openStream()
  events = true
  closing = 0
  woken = []
})
afterEach(async () => {
  await Promise.all(following.splice(0).map((one) => one.close()))
  // Other tests of this file share the database.
  await database.withTenant(tenant, (tx) => setConnectionStatus(tx, connection, 'disconnected', 'test'))
})

function follow(options: Partial<FollowOptions> = {}): Following {
  const connectors = openConnectors({
    living: {
      can: ['events'],
      open: (): Connector => ({
        ...crm.connector(),
        ...(events && { subscribe: stream.subscribe }),
        close: () => wait(closing),
      }),
    },
    silent: { open: () => crm.connector() },
  })
  const one = followEvents(
    {
      database,
      connectors,
      clock: () => new Date(),
      log: pino({ level: 'silent' }),
      wake: (who) => void woken.push(who),
    },
    { kinds: ['living', 'silent'], everyMs: 20, ...options },
  )
  following.push(one)
  return one
}

let number = 0
const hint = (id: string, more: Partial<ChangeHint> = {}): ChangeHint => ({
  ...crm.hint('changed', 'companies', id),
  key: `event ${++number}`,
  ...more,
})
const kept = () =>
  database.withTenant(tenant, async (tx) =>
    (await pendingReceipts(tx, connection, 100)).map((one) => one.hint.id),
  )
const health = () => database.withTenant(tenant, (tx) => streamHealth(tx, connection))
const due = () =>
  database.withTenant(tenant, async (tx) =>
    (
      await tx.query<{ step: string }>(
        `select step from steps where tenant_id = $1 and due_at is not null and cause = 'events'`,
        [tenant],
      )
    ).map(({ step }) => step),
  )
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const late = performance.now() + 10_000; !(await holds()); await wait(10))
    if (performance.now() > late) throw new Error('It did not come about.')
}

describe(`following events (${databaseKind})`, () => {
  it('keeps hints, asks for a refresh, and says where it is', async () => {
    follow()
    stream.tell([hint('1'), hint('2')])
    await until(async () => (await kept()).length === 2)
    expect(await due()).toEqual(['refresh'])
    expect(woken).toContain(tenant)
    expect(await health()).toMatchObject({ at: expect.any(Date), problem: null })
  })

  it('drops what we changed ourselves, and what came before', async () => {
    follow()
    const twice = hint('1')
    stream.tell([hint('2', { own: true }), twice])
    stream.tell([twice, hint('3', { own: true, kind: 'deleted' })])
    await until(async () => (await kept()).length === 2)
    expect((await kept()).toSorted()).toEqual(['1', '3'])
  })

  it('has everything looked at when events were missed', async () => {
    follow()
    stream.tell([], { missed: 'More changed than is told one by one.' })
    await until(async () => (await due()).includes('sync'))
    expect(woken).toContain(tenant)
  })

  it('goes on where the last page was stored, whoever follows next', async () => {
    const first = follow()
    stream.tell([hint('1')])
    await until(async () => (await kept()).length === 1)
    await first.close()
    stream.tell([hint('2')])
    follow()
    await until(async () => (await kept()).length === 2)
    expect(stream.begun).toEqual([null, { at: 1 }])
  })

  it('is done by one process at a time; another takes over when it ends', async () => {
    const [one] = [follow(), follow()]
    await until(() => stream.open === 1)
    await wait(100)
    expect(stream.open).toBe(1)
    // Whichever holds it.
    await one.close()
    await until(() => stream.open === 1)
    stream.tell([hint('1')])
    await until(async () => (await kept()).length === 1)
  })

  it('leaves no lease behind, however it ends', async () => {
    const leases = () =>
      database.asSystem('test', (tx) => tx.query(`select 1 from leases where name like 'events:%'`))
    for (let round = 0; round < 12; round++) {
      const one = follow({ everyMs: 1 })
      await until(() => stream.open === 1)
      await wait(round)
      await one.close()
      expect(await leases()).toEqual([])
    }
  })

  it('is followed anew once it is set up in another way, by one follower at a time', async () => {
    follow()
    await until(() => stream.open === 1)
    await database.withTenant(tenant, (tx) =>
      tx.query(`update connections set config = '{"other": true}' where id = $1`, [connection]),
    )
    await until(() => stream.begun.length === 2 && stream.open === 1)
    await wait(100)
    expect(stream.begun.length).toBe(2)
  })

  it('notes for people what keeps it from going on, and goes on by itself', async () => {
    const paused: number[] = []
    const sleep: FollowOptions['sleep'] = async (ms, signal) => {
      if (ms !== 20) paused.push(ms)
      await wait(5, undefined, { signal }).catch(() => undefined)
    }
    stream.fails = new HoldfastError('connector_unavailable', 'The stream is away.', { retryable: true })
    follow({ sleep })
    await until(async () => paused.length >= 4)
    expect(paused.slice(0, 3)).toEqual([1000, 2000, 4000])
    expect(await health()).toEqual({ at: null, problem: 'The stream is away.' })
    stream.fails = null
    stream.tell([hint('1')])
    await until(async () => (await kept()).length === 1)
    expect((await health()).problem).toBeNull()
  })

  it('rests for an hour where somebody has to mend it, or where there is no stream', async () => {
    const paused: number[] = []
    const sleep: FollowOptions['sleep'] = async (ms, signal) => {
      if (ms !== 20) paused.push(ms)
      await wait(ms === 20 ? 5 : 60_000, undefined, { signal }).catch(() => undefined)
    }
    events = false
    const one = follow({ sleep })
    await until(() => paused.length === 1)
    expect(paused).toEqual([3_600_000])
    expect((await health()).problem).toMatch(/found by looking/)
    await one.close()
  })

  it('says that somebody has to sign in again', async () => {
    stream.fails = new HoldfastError('connector_reconnect', 'Sign in again.')
    follow()
    const statusNow = () =>
      database.withTenant(tenant, async (tx) => {
        const [row] = await tx.query<{ status: string }>('select status from connections where id = $1', [
          connection,
        ])
        return row.status
      })
    await until(async () => (await statusNow()) === 'needs_reconnect')
  })

  it('stops for a connection that is paused, and takes nothing more', async () => {
    follow()
    stream.tell([hint('1')])
    await until(async () => (await kept()).length === 1)
    await database.withTenant(tenant, (tx) => setConnectionStatus(tx, connection, 'paused', 'by the test'))
    stream.tell([hint('2')])
    await until(() => stream.open === 0)
    expect(await kept()).toEqual(['1'])
    await database.withTenant(tenant, (tx) => setConnectionStatus(tx, connection, 'active', null))
    await until(async () => (await kept()).length === 2)
  })

  it('does so for no more connections than it has places', async () => {
    const second = await addConnection(database, tenant, { kind: 'living', name: 'Another' })
    follow({ most: 1 })
    await until(() => stream.open === 1)
    await wait(100)
    expect(stream.open).toBe(1)
    await database.withTenant(tenant, (tx) => setConnectionStatus(tx, second, 'disconnected', 'test'))
  })

  it('begins anew for a connection that is set up in another way, and lets nobody in between', async () => {
    closing = 100
    let look = (): void => undefined
    const sleep: FollowOptions['sleep'] = (_, signal) =>
      new Promise((resolve) => {
        look = resolve
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    follow({ sleep })
    await until(() => stream.open === 1)
    follow()
    await database.withTenant(tenant, (tx) => changeConfig(tx, connection, { object: 'Contact' }))
    look()
    await until(() => stream.begun.length === 2)
    await wait(200)
    expect(stream).toMatchObject({ open: 1, most: 1 })
  })

  it('keeps no place for those that have no stream', async () => {
    const second = await addConnection(database, tenant, { kind: 'living', name: 'Another' })
    const first = [connection, second].toSorted()[0]
    const opened: string[] = []
    const connectors = openConnectors({
      living: {
        can: ['events'],
        open: ({ id }): Connector => {
          opened.push(id)
          return { ...crm.connector(), ...(id !== first && { subscribe: stream.subscribe }) }
        },
      },
    })
    following.push(
      followEvents(
        {
          database,
          connectors,
          clock: () => new Date(),
          log: pino({ level: 'silent' }),
          wake: () => undefined,
        },
        { kinds: ['living'], everyMs: 20, most: 1 },
      ),
    )
    await until(() => stream.open === 1)
    expect(opened).toHaveLength(2)
    await database.withTenant(tenant, (tx) => setConnectionStatus(tx, second, 'disconnected', 'test'))
  })

  it('asks the database as little for many connections as for one', async () => {
    const more = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        addConnection(database, tenant, { kind: 'living', name: `No. ${i}` }),
      ),
    )
    let looks = 0
    const counting: Database = {
      ...database,
      asSystem: (why, work) => {
        looks++
        return database.asSystem(why, work)
      },
    }
    const connectors = openConnectors({
      living: {
        can: ['events'],
        open: (): Connector => ({ ...crm.connector(), subscribe: stream.subscribe }),
      },
    })
    let sleeps = 0
    const sleep: FollowOptions['sleep'] = async (_, signal) => {
      sleeps++
      await wait(20, undefined, { signal }).catch(() => undefined)
    }
    following.push(
      followEvents(
        {
          database: counting,
          connectors,
          clock: () => new Date(),
          log: pino({ level: 'silent' }),
          wake: () => undefined,
        },
        { kinds: ['living'], sleep },
      ),
    )
    await until(() => stream.open === 21)
    const [before, at] = [looks, sleeps]
    await until(() => sleeps >= at + 5)
    expect(looks - before).toBeLessThanOrEqual(2 * (sleeps - at) + 2)
    await database.withTenant(tenant, async (tx) => {
      for (const one of more) await setConnectionStatus(tx, one, 'disconnected', 'test')
    })
  })
})
