/**
 * Change events through the loop: followed, kept as hints, read again and stored, while streams break, events are lost or
 * told twice, and followers die. In the end the store says what the org says.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPubSub, type SandboxPubSub } from '../../connectors/salesforce/sandbox/pubsub.ts'
import { random } from '../../models/random.ts'
import { followEvents, type Following } from '../../src/loop/follow.ts'
import { streamHealth } from '../../src/store/event-streams.ts'
import { loopOn, startReading, type ReadOrg } from '../connectors/salesforce/reading.ts'
import { databaseKind } from '../support/database.ts'
import { openLooping, type Looping } from '../support/looping.ts'

const ACCOUNTS = 80
const ROUNDS = 40

describe(`an org whose events are followed (${databaseKind})`, () => {
  let org: ReadOrg
  let pubsub: SandboxPubSub
  let looping: Looping
  let following: Following
  let wakes = 0

  beforeAll(async () => {
    org = await startReading({
      seed(state) {
        state.selectForChangeEvents(['Account', 'Contact'])
        state.define('Account', 'MRR__c', { type: 'double' })
        state.define('Account', 'Support_Cases_30d__c', { type: 'double' })
        for (let at = 0; at < ACCOUNTS; at++) add(state, at)
      },
    })
    pubsub = await startPubSub(org.sandbox)
    looping = await openLooping({
      clock: () => new Date(),
      ...loopOn(org, { eventsAddress: pubsub.address }),
    })
    await looping.run('sync')
    following = follow()
    await until(() => pubsub.subscriptions().length >= 2)
  })
  afterAll(async () => {
    await following?.close()
    await looping?.close()
    await pubsub?.close()
    await org?.sandbox.close()
  })

  const add = (state: ReadOrg['state'], at: number): string => {
    const AccountId = state.createRecord('Account', {
      Name: `Company ${at}`,
      Type: 'Customer',
      MRR__c: 100 + at,
      Support_Cases_30d__c: at % 7,
    })
    state.createRecord('Contact', { LastName: `Berger ${at}`, AccountId, Email: `c${at}@example.com` })
    return AccountId
  }

  function follow(): Following {
    const { database, connectors, log, clock } = looping.services
    return followEvents(
      { database, connectors, log, clock, wake: () => void wakes++ },
      // Streams are tried again at once.
      { kinds: ['salesforce'], everyMs: 20, sleep: (ms, signal) => pause(Math.min(ms, 50), signal) },
    )
  }
  const pause = (ms: number, signal: AbortSignal) => wait(ms, undefined, { signal }).catch(() => undefined)

  async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
    for (const late = performance.now() + 30_000; !(await holds()); await wait(20))
      if (performance.now() > late) throw new Error('It did not come about.')
  }

  /** What is due is done, as the queue would. */
  async function work(): Promise<void> {
    const due = await looping.rows<{ step: 'sync' | 'refresh' }>(
      `select step from steps where due_at <= now() and step in ('sync', 'refresh')`,
    )
    for (const { step } of due) {
      await looping.rows('update steps set due_at = null where step = $1', step)
      await looping.run(step, 'events')
    }
  }

  const stored = async (): Promise<ReadonlyMap<string, unknown>> =>
    new Map(
      (
        await looping.rows<{ id: string; properties: Record<string, unknown> }>(
          "select external_id as id, properties from customers where status = 'active'",
        )
      ).map(({ id, properties }) => [
        id,
        [properties['MRR__c'] ?? null, properties['Support_Cases_30d__c'] ?? null],
      ]),
    )
  const there = (): ReadonlyMap<string, unknown> =>
    new Map(
      [...org.state.records('Account')]
        .filter(({ deleted, values }) => !deleted && values['Type'] === 'Customer')
        .map(({ id, values }) => [id, [values['MRR__c'] ?? null, values['Support_Cases_30d__c'] ?? null]]),
    )
  const isAsThere = async () => {
    await work()
    return JSON.stringify([...(await stored())].toSorted()) === JSON.stringify([...there()].toSorted())
  }

  it('has a change in the store as soon as it is told, with what was missing of people', async () => {
    const [first] = there().keys()
    org.state.updateRecord('Account', first, { MRR__c: 4711 })
    await until(isAsThere)
    expect(wakes).toBeGreaterThan(0)
    const added = add(org.state, 500)
    await until(isAsThere)
    const people = await looping.rows<{ email: string }>(
      'select r.email from recipients r join customers c on c.tenant_id = r.tenant_id and c.id = r.customer_id where c.external_id = $1',
      added,
    )
    expect(people).toEqual([{ email: 'c500@example.com' }])
  })

  it.each([1, 2, 3])(
    'is stored as it is in the end, whatever happens to the stream (seed %i)',
    async (seed) => {
      const rng = random(seed)
      for (let round = 0; round < ROUNDS; round++) {
        const ids = [...there().keys()]
        const one = ids[rng.integer(ids.length)]
        const draw = rng.next()
        if (draw < 0.55) org.state.updateRecord('Account', one, { MRR__c: rng.integer(9000) })
        else if (draw < 0.65) org.state.updateRecord('Account', one, { Type: 'Former Customer' })
        else if (draw < 0.75) add(org.state, 1000 * seed + round)
        else if (draw < 0.82) org.state.deleteRecord('Account', one)
        else if (draw < 0.88)
          org.state.mergeRecords('Account', one, [ids[(ids.indexOf(one) + 1) % ids.length]])
        else if (draw < 0.92) pubsub.duplicate(3)
        else if (draw < 0.95) pubsub.bus.gap(2)
        else if (draw < 0.97) pubsub.disconnect()
        else if (draw < 0.985) {
          // What happens meanwhile is told by no event that can still be had.
          await following.close()
          org.state.updateRecord('Account', one, { MRR__c: rng.integer(9000) })
          pubsub.bus.forget()
          following = follow()
        } else {
          pubsub.bus.setOverflow(1)
          org.state.updateRecord('Account', one, { Support_Cases_30d__c: rng.integer(30) })
          pubsub.bus.setOverflow(100_000)
        }
        if (rng.next() < 0.2) await wait(rng.integer(40))
        if (rng.next() < 0.3) await work()
        if (rng.next() < 0.05) {
          await following.close()
          following = follow()
        }
      }
      await until(isAsThere)
      expect(
        await looping.database.withTenant(looping.tenant, (tx) => streamHealth(tx, looping.connection)),
      ).toMatchObject({ problem: null })
    },
  )
})
