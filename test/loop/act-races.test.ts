import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Channel, SendResult } from '../../actions/channel.ts'
import type { InterventionId } from '../../src/contracts/ids.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { ActServices } from '../../src/loop/act-services.ts'
import { recordConsent } from '../../src/store/consents.ts'
import type { Database } from '../../src/store/database.ts'
import { eraseRecord } from '../../src/store/erasure.ts'
import { cancel } from '../../src/store/interventions.ts'
import { pauseTenant } from '../../src/store/tenants.ts'
import { SANDBOX, hashOf, liveTo, openActing, type Acting, type Place } from '../support/acting.ts'
import { databaseKind } from '../support/database.ts'
import { movesOf } from '../support/ledger.ts'

let acting: Acting
beforeAll(async () => {
  acting = await openActing()
})
afterAll(() => acting.close())

type Scene = Place & { readonly email: string }
const deliveries = ({ email }: Scene) =>
  [...acting.sandbox.deliveries(), ...acting.world.deliveries()].filter(({ to }) => to === email).length

/** The real channel, with something happening around its conversation. */
function around(change: (channel: Channel) => Partial<Channel>): Partial<ActServices> {
  return {
    channels: {
      email: async (request) => {
        const channel = await acting.services.channels.email(request)
        return channel && { ...channel, ...change(channel) }
      },
    },
  }
}

/** Before the provider is spoken to, after everything was looked at. */
const before = (happens: () => Promise<unknown>): Partial<ActServices> =>
  around((channel) => ({
    send: async (message, attempt) => {
      await happens()
      return channel.send(message, attempt)
    },
  }))

/** In the middle of the conversation, when the server waits for the content. */
const amid = (happens: () => Promise<unknown>): Partial<ActServices> =>
  around((channel) => ({
    send: (message, attempt) =>
      channel.send(message, {
        ...attempt,
        confirmLease: async (before) => {
          if (before === 'handing_over') await happens()
          await attempt.confirmLease(before)
        },
      }),
  }))

/** After everything was confirmed for the last time, before the content is written: what no check can see. */
const atTheLast = (happens: () => Promise<unknown>): Partial<ActServices> =>
  around((channel) => ({
    send: (message, attempt) =>
      channel.send(message, {
        ...attempt,
        confirmLease: async (before) => {
          await attempt.confirmLease(before)
          if (before === 'handing_over') await happens()
        },
      }),
  }))

/** After the provider answered, before that is stored. */
const after = (happens: () => Promise<unknown>): Partial<ActServices> =>
  around((channel) => ({
    send: async (message, attempt) => {
      const result = await channel.send(message, attempt)
      await happens()
      return result
    },
  }))

const runOut = (scene: Scene, id: InterventionId) =>
  acting.sql(scene, `update interventions set lease_until = now() - interval '1 second' where id = $1`, [id])
const refuse = (scene: Scene) =>
  acting.database.withTenant(scene.tenant, (tx) =>
    recordConsent(tx, { hash: hashOf(scene.email), channel: 'email', status: 'refused', source: 'crm' }),
  )

describe(`between the decision and the send (${databaseKind})`, () => {
  it('an opt-out stops it: 0 sent', async () => {
    const scene = await acting.scene()
    await acting.settings(scene, liveTo(scene.email))
    const id = await acting.plan(scene)
    expect(await acting.act(scene, id, { services: before(() => refuse(scene)) })).toBe('suppressed')
    expect(await acting.read(scene, id)).toMatchObject({ reasonCode: 'consent_refused', sendingAt: null })
    expect(deliveries(scene)).toBe(0)
  })

  it('an opt-out stops it even while the mail server is spoken to', async () => {
    const scene = await acting.scene({ settings: SANDBOX })
    const id = await acting.plan(scene)
    expect(await acting.act(scene, id, { services: amid(() => refuse(scene)) })).toBe('suppressed')
    expect((await movesOf(acting.database, scene.tenant, id)).at(-1)?.from_state).toBe('leased')
    expect(deliveries(scene)).toBe(0)
  })

  it('what was on its way to a person who is forgotten meanwhile is noted without the person', async () => {
    const scene = await acting.scene()
    await acting.settings(scene, liveTo(scene.email))
    const id = await acting.plan(scene)
    const [recipient] = await acting.sql(scene, 'select external_id as id from recipients')
    const erase = () =>
      acting.database.withTenant(scene.tenant, (tx) =>
        eraseRecord(tx, {
          connection: scene.connection,
          object: 'contacts',
          id: String(recipient['id']),
          key: Buffer.alloc(32),
        }),
      )
    expect(await acting.act(scene, id, { services: atTheLast(erase) })).toBe('sent')
    expect(await acting.read(scene, id)).toMatchObject({ message: null, recipient: null, providerId: null })
    const kept = ['interventions', 'intervention_events', 'activities', 'recipients'].map((table) =>
      acting.sql(scene, `select * from ${table}`),
    )
    expect(JSON.stringify(await Promise.all(kept))).not.toContain(scene.email)
  })

  it('an address that is taken off the test list is not written to any more: what was meant for it is a dry run', async () => {
    const scene = await acting.scene()
    await acting.settings(scene, liveTo(scene.email))
    const id = await acting.plan(scene)
    const takeOff = () => acting.settings(scene, liveTo('someone.else@example.com'))
    expect(await acting.act(scene, id, { services: amid(takeOff) })).toBe('deferred')
    expect(await acting.read(scene, id)).toMatchObject({ reasonCode: 'delivery_changed', sendingAt: null })
    expect(await acting.act(scene, id)).toBe('dry_run')
    expect(await acting.read(scene, id)).toMatchObject({ reasonCode: 'not_on_test_list' })
    expect(deliveries(scene)).toBe(0)
  })

  it('a pause, another way of delivery and a person who cancels stop it too', async () => {
    const scene = await acting.scene({ settings: SANDBOX })
    const paused = await acting.plan(scene)
    const pause = () => acting.database.asSystem('a test', (tx) => pauseTenant(tx, scene.tenant, 'stop'))
    expect(await acting.act(scene, paused, { services: before(pause) })).toBe('deferred')
    expect(await acting.read(scene, paused)).toMatchObject({ reasonCode: 'tenant_paused', attempts: 0 })

    const other = await acting.scene({ settings: SANDBOX })
    const id = await acting.plan(other)
    const toLive = () => acting.settings(other, liveTo(other.email))
    expect(await acting.act(other, id, { services: before(toLive) })).toBe('deferred')
    expect(await acting.act(other, id)).toBe('sent')
    expect((await acting.read(other, id)).message).toMatchObject({ delivery: 'live' })

    const stopped = await acting.plan(other)
    const byHand = () =>
      acting.database.withTenant(other.tenant, (tx) => cancel(tx, stopped, { actor: 'Kim' }))
    expect(await acting.act(other, stopped, { services: before(byHand) })).toBeNull()
    expect((await acting.read(other, stopped)).state).toBe('cancelled')
    expect([deliveries(scene), deliveries(other)]).toEqual([0, 1])
  })
})

describe('a worker that died', () => {
  it('before it spoke to the provider: another takes over once the lease is over, and sends once', async () => {
    const scene = await acting.scene({ settings: SANDBOX })
    const id = await acting.plan(scene)
    const dies = before(() => Promise.reject(new HoldfastError('database_unavailable', 'gone')))
    // A death leaves the row as it was leased; here the process lives on, so its last write is undone.
    await acting.act(scene, id, { services: dies })
    await acting.sql(
      scene,
      `update interventions set state = 'leased', lease_owner = 'dead', lease_until = now() + interval '1 hour',
         due_at = now() - interval '1 hour' where id = $1`,
      [id],
    )
    expect(await acting.act(scene, id)).toBe('leased')
    expect(deliveries(scene)).toBe(0)
    await runOut(scene, id)
    expect(await acting.act(scene, id)).toBe('sent')
    expect(deliveries(scene)).toBe(1)
  })

  it('while it spoke to the provider, which waits for the content: certainly nothing went out, so another sends', async () => {
    const scene = await acting.scene({ settings: SANDBOX })
    const id = await acting.plan(scene)
    const { promise: waiting, resolve } = Promise.withResolvers<void>()
    const dies = amid(() => {
      resolve()
      return new Promise(() => {})
    })
    acting.act(scene, id, { services: dies }).catch(() => undefined)
    await waiting
    expect(await acting.act(scene, id)).toBe('leased')
    await runOut(scene, id)
    expect(await acting.act(scene, id)).toBe('sent')
    expect(deliveries(scene)).toBe(1)
  })

  it('while it sent: uncertain once the lease is over, and not before', async () => {
    const scene = await acting.scene({ settings: SANDBOX })
    const id = await acting.plan(scene)
    // Its answer never comes.
    const stuck = acting.act(scene, id, { services: after(() => new Promise(() => {})) })
    await expect.poll(() => deliveries(scene), { timeout: 5000 }).toBe(1)
    expect(await acting.act(scene, id)).toBe('sending')
    await runOut(scene, id)
    expect(await acting.act(scene, id)).toBe('uncertain')
    expect(await acting.read(scene, id)).toMatchObject({
      reason: expect.stringContaining('It may have been delivered'),
    })
    expect(deliveries(scene)).toBe(1)
    stuck.catch(() => undefined)
  })

  it.each<[string, SendResult | null, string]>([
    ['sent', { outcome: 'sent', providerId: 'p-1' }, 'sent'],
    [
      'never arrived',
      { outcome: 'rejected', retryable: true, code: 'unknown', message: 'Never arrived.' },
      'deferred',
    ],
    ['not known', null, 'uncertain'],
  ])('is asked about at a provider that can be asked: %s', async (_, answer, state) => {
    const scene = await acting.scene({ settings: SANDBOX })
    const id = await acting.plan(scene)
    acting.act(scene, id, { services: after(() => new Promise(() => {})) }).catch(() => undefined)
    await expect.poll(() => deliveries(scene), { timeout: 5000 }).toBe(1)
    await runOut(scene, id)
    const asked: unknown[] = []
    const services = around(() => ({
      reconcile: (attempt) => {
        asked.push(attempt)
        return Promise.resolve(answer)
      },
    }))
    expect(await acting.act(scene, id, { services })).toBe(state)
    expect(asked).toMatchObject([{ key: id, to: scene.email, startedAt: expect.any(Date) }])
    expect(deliveries(scene)).toBe(1)
  })
})

describe('a worker that was frozen past its lease', () => {
  it('before it spoke: it finds the lease lost and sends nothing', async () => {
    const scene = await acting.scene({ settings: SANDBOX })
    const id = await acting.plan(scene)
    const frozen = before(async () => {
      await runOut(scene, id)
      expect(await acting.act(scene, id)).toBe('sent')
    })
    expect(await acting.act(scene, id, { services: frozen })).toBeNull()
    expect((await acting.read(scene, id)).state).toBe('sent')
    expect(deliveries(scene)).toBe(1)
  })

  it('when nobody took over: it sends nothing all the same, and the next one does', async () => {
    const scene = await acting.scene({ settings: SANDBOX })
    const id = await acting.plan(scene)
    expect(await acting.act(scene, id, { services: before(() => runOut(scene, id)) })).toBeNull()
    expect(deliveries(scene)).toBe(0)
    expect(await acting.act(scene, id)).toBe('sent')
    expect(deliveries(scene)).toBe(1)
  })

  it('in the middle of the conversation: another sends it meanwhile, and it stops before the content', async () => {
    const scene = await acting.scene({ settings: SANDBOX })
    const id = await acting.plan(scene)
    const frozen = amid(async () => {
      await runOut(scene, id)
      expect(await acting.act(scene, id)).toBe('sent')
    })
    expect(await acting.act(scene, id, { services: frozen })).toBeNull()
    expect((await acting.read(scene, id)).state).toBe('sent')
    expect(deliveries(scene)).toBe(1)
  })

  it('right before the content was written: nobody else sends it, and it is sent once', async () => {
    const scene = await acting.scene({ settings: SANDBOX })
    const id = await acting.plan(scene)
    const frozen = atTheLast(async () => {
      await runOut(scene, id)
      expect(await acting.act(scene, id)).toBe('uncertain')
    })
    expect(await acting.act(scene, id, { services: frozen })).toBe('sent')
    expect(deliveries(scene)).toBe(1)
  })

  it('for a channel that asks once more after it began: it says that nothing went out, and another sends', async () => {
    const scene = await acting.scene({ settings: SANDBOX })
    const id = await acting.plan(scene)
    const twice = around((channel) => ({
      send: async (message, attempt) => {
        await attempt.confirmLease('handing_over')
        await runOut(scene, id)
        expect(await acting.act(scene, id)).toBe('uncertain')
        return channel.send(message, attempt)
      },
    }))
    expect(await acting.act(scene, id, { services: twice })).toBe('deferred')
    expect(await acting.read(scene, id)).toMatchObject({ reasonCode: 'lease_lost' })
    expect(await acting.act(scene, id)).toBe('sent')
    expect(deliveries(scene)).toBe(1)
  })

  it('after the dot: what it knows late makes uncertain sent', async () => {
    const scene = await acting.scene({ settings: SANDBOX })
    const id = await acting.plan(scene)
    const late = after(async () => {
      await runOut(scene, id)
      expect(await acting.act(scene, id)).toBe('uncertain')
    })
    expect(await acting.act(scene, id, { services: late })).toBe('sent')
    const moves = await movesOf(acting.database, scene.tenant, id)
    expect(moves.map(({ to_state }) => to_state)).toEqual([
      'planned',
      'leased',
      'sending',
      'uncertain',
      'sent',
    ])
    expect(deliveries(scene)).toBe(1)
  })
})

describe('when something breaks around a send', () => {
  /** A database that is away for the given calls, counted from when it is told to. */
  function flaky(away: number): { database: Database; start(): void } {
    let left = 0
    return {
      start: () => void (left = away),
      database: {
        ...acting.database,
        withTenant: (tenant, work) => {
          if (left === 0) return acting.database.withTenant(tenant, work)
          left--
          return Promise.reject(new HoldfastError('database_unavailable', 'away', { retryable: true }))
        },
      },
    }
  }

  it('a database that is away while the result is stored: it is stored when it is back', async () => {
    const scene = await acting.scene({ settings: SANDBOX })
    const id = await acting.plan(scene)
    const { database, start } = flaky(2)
    const services = { database, ...after(() => Promise.resolve(start())) }
    expect(await acting.act(scene, id, { services })).toBe('sent')
    expect(deliveries(scene)).toBe(1)
  })

  it('a database that is away when the lease is confirmed: nothing is sent, and it is tried again', async () => {
    const scene = await acting.scene({ settings: SANDBOX })
    const id = await acting.plan(scene)
    const { database, start } = flaky(1)
    const services = { database, ...before(() => Promise.resolve(start())) }
    expect(await acting.act(scene, id, { services })).toBe('deferred')
    expect(await acting.read(scene, id)).toMatchObject({ reasonCode: 'attempt_failed', sendingAt: null })
    expect(deliveries(scene)).toBe(0)
  })

  it('a channel that throws after it may have spoken: uncertain; before: tried again', async () => {
    const scene = await acting.scene({ settings: SANDBOX })
    const [spoken, silent] = [await acting.plan(scene), await acting.plan(scene)]
    const defect = () => Promise.reject(new Error('a defect'))
    expect(await acting.act(scene, spoken, { services: after(defect) })).toBe('uncertain')
    expect(await acting.act(scene, silent, { services: before(defect) })).toBe('deferred')
    expect(deliveries(scene)).toBe(1)
  })

  it('a channel that forgets to confirm its lease: the ledger says that it was sent', async () => {
    const scene = await acting.scene({ settings: SANDBOX })
    const id = await acting.plan(scene)
    const forgetful = around(() => ({
      send: () => Promise.resolve({ outcome: 'sent' as const, providerId: randomUUID() }),
    }))
    expect(await acting.act(scene, id, { services: forgetful })).toBe('sent')
  })

  it('a mail server that cannot be reached: tried again later, and nothing is lost', async () => {
    const scene = await acting.scene({ settings: SANDBOX })
    const id = await acting.plan(scene)
    const { openEmailChannel } = await import('../../actions/email/channel.ts')
    const channel = openEmailChannel({
      host: '127.0.0.1',
      port: 1,
      security: 'none',
      user: null,
      password: null,
      dkim: null,
      clock: () => new Date(),
      timeoutMs: 2000,
    })
    const services = { channels: { email: () => Promise.resolve(channel) } }
    expect(await acting.act(scene, id, { services })).toBe('deferred')
    expect(await acting.read(scene, id)).toMatchObject({
      reasonCode: 'smtp_unreachable',
      reason: expect.stringContaining('smtp.host'),
    })
    // However long it is away: what it never saw is not given up before it expires.
    await acting.sql(scene, 'update interventions set attempts = 11, due_at = now() where id = $1', [id])
    expect(await acting.act(scene, id, { services })).toBe('deferred')
    expect(await acting.read(scene, id)).toMatchObject({ reasonCode: 'smtp_unreachable', attempts: 11 })
  })
})
