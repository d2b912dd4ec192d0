import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { HoldfastError } from '../../src/contracts/errors.ts'
import { lockPeople } from '../../src/loop/act-people.ts'
import { takeInterventions } from '../../src/loop/act-take.ts'
import { hashAddress } from '../../src/security/address-hash.ts'
import { recordConsent } from '../../src/store/consents.ts'
import { pauseTenant, resumeTenant } from '../../src/store/tenants.ts'
import { ADDRESS_KEY } from '../support/keys.ts'
import { SANDBOX, liveTo, openActing, type Acting, type Place } from '../support/acting.ts'
import { databaseKind } from '../support/database.ts'
import { movesOf } from '../support/ledger.ts'

let acting: Acting
beforeAll(async () => {
  acting = await openActing()
})
afterAll(() => acting.close())
beforeEach(() => {
  Object.assign(acting.crm, {
    refuse: () => null,
    fails: null,
    answers: () => Promise.resolve(),
    can: ['tasks', 'activities', 'consent'],
  })
})

const LIVE = liveTo('nobody@example.com')
const JO = { id: '77', name: 'Jo Miller', email: 'jo@acme.example' }
const CRM = { kind: 'crm', name: 'The CRM' }
const BUILT_IN = { ...CRM, config: { builtIn: true }, sandbox: true }
const OFFER = { actionKey: 'discount_10', channel: 'task' } as const
const CALL = { actionKey: 'call_discount_30', channel: 'task' } as const
const ANN = { email: 'ann@example.com', name: 'Ann Lee', phone: '+43 1 234567' }

const statesOf = async (place: Place, id: Awaited<ReturnType<Acting['plan']>>) =>
  (await movesOf(acting.database, place.tenant, id)).map(({ to_state }) => to_state)

describe(`a task that is due (${databaseKind})`, () => {
  it('is made once under the id of its intervention, for whoever is responsible', async () => {
    const place = await acting.scene({ settings: LIVE, connection: CRM, responsible: JO, recipients: [ANN] })
    const id = await acting.plan(place, OFFER)
    expect(await acting.act(place, id)).toBe('sent')
    const task = acting.crm.tasks.get(id)
    expect(task).toMatchObject({
      key: id,
      responsibleId: '77',
      kind: 'todo',
      action: 'discount_10',
      subject: 'Offer Ada Ltd 10 % off for 12 months',
      body: expect.stringContaining('Ann Lee, +43 1 234567'),
    })
    expect(task?.body).toMatch(/record it under HF-[0-9A-Z]{10}:/)
    expect(task?.dueAt.getTime()).toBeGreaterThan(Date.now())
    expect(await acting.read(place, id)).toMatchObject({
      state: 'sent',
      reasonCode: 'sent',
      reason: 'It is on the list of Jo Miller.',
      providerId: `crm-${id}`,
      // A discount costs what is taken of it, once it is.
      actualCostMinor: null,
      message: { kind: 'task', delivery: 'live', subject: task?.subject },
    })
    expect(await statesOf(place, id)).toEqual(['planned', 'sending', 'sent'])
    // Done is done.
    expect(await acting.act(place, id)).toBe('sent')
    expect(acting.crm.upserts.get(id)).toBe(1)
  })

  it('is made without an owner where the record has none, and says so', async () => {
    const place = await acting.scene({ settings: LIVE, connection: CRM, recipients: [] })
    const id = await acting.plan(place, CALL)
    expect(await acting.act(place, id)).toBe('sent')
    expect(acting.crm.tasks.get(id)).toMatchObject({ responsibleId: null, recipientId: null, kind: 'call' })
    expect((await acting.read(place, id)).reason).toMatch(/nobody’s list: the record has no owner/)
  })

  it('goes to a colleague who steps in where the responsible person is full, and else waits', async () => {
    const people = { 88: { stepsIn: true, perPeriod: 1, name: 'Bo', zone: 'Asia/Tokyo' } }
    const talk = { en: { call_discount_30: 'Hello {{ person.name }}, {{ offer.percent }} % off?' } }
    const place = await acting.scene({
      settings: {
        ...LIVE,
        contact: { cooldownDays: 0, perPeriod: null },
        discounts: { perYear: null },
        calls: { perPerson: 1, people, talk },
      },
      connection: CRM,
      responsible: JO,
      recipients: [ANN],
    })
    const ids = [
      await acting.plan(place, CALL),
      await acting.plan(place, CALL),
      await acting.plan(place, CALL),
    ]
    expect([
      await acting.act(place, ids[0]),
      await acting.act(place, ids[1]),
      await acting.act(place, ids[2]),
    ]).toEqual(['sent', 'sent', 'deferred'])
    expect(ids.map((id) => acting.crm.tasks.get(id)?.responsibleId)).toEqual(['77', '88', undefined])
    const [first, second] = ids.map((id) => acting.crm.tasks.get(id))
    expect(first?.body).toContain('Hello Ann Lee, 30 % off?')
    expect(first?.dueAt.toISOString()).toContain('T12:00:00.000Z')
    expect(second?.dueAt.toISOString()).toContain('T03:00:00.000Z')
    expect(await acting.read(place, ids[2])).toMatchObject({
      reasonCode: 'no_call_place',
      reason: expect.stringContaining('Jo Miller has one call in this'),
    })
  })

  it('is made once, however many workers are sent to it', async () => {
    const place = await acting.scene({ settings: LIVE, connection: CRM })
    const id = await acting.plan(place, OFFER)
    await Promise.all(Array.from({ length: 5 }, () => acting.act(place, id)))
    expect((await acting.read(place, id)).state).toBe('sent')
    expect(acting.crm.upserts.get(id)).toBe(1)
  })

  it('is made again, and never in doubt, where a worker died while it was made', async () => {
    const place = await acting.scene({ settings: LIVE, connection: CRM, responsible: JO })
    const id = await acting.plan(place, OFFER)
    const leases = { prepareMs: 300, marginMs: 100, taskMs: 200 }
    // It reached the CRM, and nobody ever hears of it.
    let reached = (): void => undefined
    const there = new Promise<void>((resolve) => (reached = resolve))
    acting.crm.answers = () => (reached(), new Promise(() => undefined))
    const database = { ...acting.database }
    const dead = acting.act(place, id, { services: { leases, database } })
    await there
    database.withTenant = () => new Promise(() => undefined)
    const first = acting.crm.tasks.get(id)
    acting.crm.answers = () => Promise.resolve()
    expect(await acting.act(place, id)).toBe('sending')
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(await acting.act(place, id)).toBe('sent')
    expect(await statesOf(place, id)).toEqual(['planned', 'sending', 'deferred', 'sending', 'sent'])
    // Word for word what may be on somebody's list already.
    expect(acting.crm.tasks.get(id)).toEqual(first)
    expect(acting.crm.upserts.get(id)).toBe(2)
    void dead
  })

  it('is refused for good where the CRM says so for this record, with its reason', async () => {
    const place = await acting.scene({ settings: LIVE, connection: CRM })
    const id = await acting.plan(place, OFFER)
    acting.crm.refuse = () => ({ message: 'A rule of the portal asks for a reason. Change it.' })
    expect(await acting.act(place, id)).toBe('rejected')
    expect(await acting.read(place, id)).toMatchObject({
      reasonCode: 'refused',
      reason: 'A rule of the portal asks for a reason. Change it.',
    })
  })

  it.each([
    ['is away', new HoldfastError('connector_unavailable', 'HubSpot is away.', { retryable: true }), 1],
    ['wants a new sign-in', new HoldfastError('connector_reconnect', 'Sign in again.'), 0],
    ['lacks a right', new HoldfastError('connector_configuration', 'The scope is missing.'), 0],
  ])('waits while the CRM %s, and says why', async (_, error, attempts) => {
    const place = await acting.scene({ settings: LIVE, connection: CRM })
    const id = await acting.plan(place, OFFER)
    acting.crm.fails = error
    expect(await acting.act(place, id)).toBe('deferred')
    expect(await acting.read(place, id)).toMatchObject({
      reasonCode: error.code,
      reason: error.message,
      attempts,
    })
    acting.crm.fails = null
    await acting.sql(place, 'update interventions set due_at = now() where id = $1', [id])
    expect(await acting.act(place, id)).toBe('sent')
  })

  it('waits where its owner is no user any more, and goes to the next one', async () => {
    const place = await acting.scene({ settings: LIVE, connection: CRM, responsible: JO })
    const id = await acting.plan(place, OFFER)
    acting.crm.refuse = () => ({ code: 'owner_unknown', message: 'Give the record another owner.' })
    expect(await acting.act(place, id)).toBe('deferred')
    expect(await acting.read(place, id)).toMatchObject({ reason: 'Give the record another owner.' })
    acting.crm.refuse = () => null
    await acting.sql(place, `update customers set responsible_id = '88' where id = $1`, [place.customer])
    await acting.sql(place, 'update interventions set due_at = now() where id = $1', [id])
    expect(await acting.act(place, id)).toBe('sent')
    expect(acting.crm.tasks.get(id)).toMatchObject({ responsibleId: '88' })
  })

  it('is tried again where the CRM refuses it for now, without using up what a mail would', async () => {
    const place = await acting.scene({ settings: LIVE, connection: CRM })
    const id = await acting.plan(place, OFFER)
    acting.crm.refuse = () => ({ retryable: true, code: 'connector_unavailable' })
    expect(await acting.act(place, id)).toBe('deferred')
    acting.crm.refuse = () => null
    await acting.sql(place, 'update interventions set due_at = now() where id = $1', [id])
    expect(await acting.act(place, id)).toBe('sent')
  })

  it('asks nobody to call a person who refused calls, and needs no consent to e-mails', async () => {
    const bob = { email: 'bob@example.com', name: 'Bob', phone: '+43 1 999' }
    const refused = { ...ANN, calls: 'refused' as const }
    const both = await acting.scene({
      settings: LIVE,
      connection: CRM,
      recipients: [refused, { ...bob, consent: 'refused' }],
    })
    const first = await acting.plan(both, CALL)
    expect(await acting.act(both, first)).toBe('sent')
    expect(acting.crm.tasks.get(first)?.body).toMatch(/Bob, \+43 1 999\nDo not write an e-mail/)
    const none = await acting.scene({ settings: LIVE, connection: CRM, recipients: [refused] })
    const second = await acting.plan(none, CALL)
    expect(await acting.act(none, second)).toBe('suppressed')
    expect(await acting.read(none, second)).toMatchObject({ reasonCode: 'consent_refused' })
    expect(acting.crm.tasks.has(second)).toBe(false)
  })

  const refuseCalls = (place: Place) =>
    acting.database.withTenant(place.tenant, (tx) =>
      recordConsent(tx, {
        hash: hashAddress(ADDRESS_KEY, 'phone', ANN.phone)!,
        channel: 'call',
        status: 'refused',
        source: 'a person',
      }),
    )

  it('is not made where calls are refused while the process stands still between taking it and the call', async () => {
    const place = await acting.scene({ settings: LIVE, connection: CRM, recipients: [ANN] })
    const id = await acting.plan(place, CALL)
    let transactions = 0
    const database: Acting['database'] = {
      ...acting.database,
      withTenant: async (tenant, work) => {
        const done = await acting.database.withTenant(tenant, work)
        if (++transactions > 1) return done
        await refuseCalls(place)
        await new Promise((resolve) => setTimeout(resolve, 1100))
        return done
      },
    }
    expect(await acting.act(place, id, { services: { database } })).toBe('suppressed')
    expect(acting.crm.tasks.has(id)).toBe(false)
    expect(await statesOf(place, id)).toEqual(['planned', 'sending', 'suppressed'])
    // Nothing of it left: a code in it would go back to its pool.
    const [{ sent }] = await acting.sql(place, 'select sending_at as sent from interventions where id = $1', [
      id,
    ])
    expect(sent).toBeNull()
  })

  it('does not begin with another of its customer in the same transaction: that is looked at once more', async () => {
    const settings = { ...LIVE, contact: { cooldownDays: 30, perPeriod: 1 } }
    const place = await acting.scene({ settings, connection: CRM, recipients: [ANN] })
    const ids = [await acting.plan(place, CALL), await acting.plan(place, CALL)]
    const takings = await acting.database.withTenant(place.tenant, (tx) =>
      takeInterventions(
        tx,
        acting.services,
        ids.map((intervention) => ({ intervention, worker: 'worker' })),
      ),
    )
    expect(takings.map((taking) => 'begunAt' in taking)).toEqual([true, false])
    expect(await statesOf(place, ids[0])).toEqual(['planned', 'sending'])
    expect(await statesOf(place, ids[1])).toEqual(['planned', 'leased'])
    await acting.sql(place, 'update interventions set lease_until = now() where id = $1', [ids[1]])
    expect(await acting.act(place, ids[1])).toBe('deferred')
    expect((await acting.read(place, ids[1])).reason).toContain('another message')
  })

  // The embedded database has one transaction at a time: nobody can hold a lock meanwhile.
  it.runIf(databaseKind !== 'embedded')(
    'waits for whoever sends to its person just now, and is not made where calls were refused meanwhile',
    async () => {
      const place = await acting.scene({ settings: LIVE, connection: CRM, recipients: [ANN] })
      const id = await acting.plan(place, CALL)
      let release = (): void => undefined
      const released = new Promise<void>((resolve) => (release = resolve))
      let isLocked = (): void => undefined
      const locked = new Promise<void>((resolve) => (isLocked = resolve))
      const other = acting.database.withTenant(place.tenant, async (tx) => {
        await lockPeople(tx, [{ customer: place.customer, hash: null }])
        isLocked()
        await released
      })
      await locked
      const made = acting.act(place, id)
      while ((await statesOf(place, id)).at(-1) !== 'leased')
        await new Promise((resolve) => setTimeout(resolve, 20))
      await refuseCalls(place)
      release()
      await other
      expect(await made).toBe('suppressed')
      expect(acting.crm.tasks.has(id)).toBe(false)
    },
  )

  it('ends when the customer left, was merged away or deleted; waits while paused', async () => {
    for (const status of ['left', 'deleted']) {
      const place = await acting.scene({ settings: LIVE, connection: CRM })
      const id = await acting.plan(place, OFFER)
      await acting.sql(place, 'update customers set status = $2 where id = $1', [place.customer, status])
      expect(await acting.act(place, id)).toBe('cancelled')
    }
    // Nobody knows whether this one was made before its worker died: whoever reads the ledger is told.
    const doubtful = await acting.scene({ settings: LIVE, connection: CRM })
    const begun = await acting.plan(doubtful, OFFER)
    await acting.sql(
      doubtful,
      `update interventions set state = 'sending', lease_until = now() where id = $1`,
      [begun],
    )
    await acting.sql(doubtful, `update customers set status = 'left'`)
    expect(await acting.act(doubtful, begun)).toBe('cancelled')
    expect((await acting.read(doubtful, begun)).reason).toMatch(/may be on a list already/)
    const place = await acting.scene({ settings: LIVE, connection: CRM })
    const id = await acting.plan(place, OFFER)
    await acting.database.withTenant(place.tenant, (tx) => pauseTenant(tx, place.tenant, 'a holiday'))
    expect(await acting.act(place, id)).toBe('deferred')
    await acting.database.withTenant(place.tenant, (tx) => resumeTenant(tx, place.tenant))
    await acting.sql(place, 'update interventions set due_at = now() where id = $1', [id])
    expect(await acting.act(place, id)).toBe('sent')
  })

  it('is only recorded where it has nowhere to go: dry run, test portals, other connections, files', async () => {
    const dry = { delivery: { mode: 'dry_run' } }
    for (const [settings, connection, code] of [
      [dry, CRM, 'dry_run'],
      [LIVE, { ...CRM, sandbox: true }, 'sandbox_connection'],
      [LIVE, BUILT_IN, 'sandbox_connection'],
      [SANDBOX, CRM, 'no_sandbox'],
      [LIVE, { kind: 'csv' }, 'no_provider'],
    ] as const) {
      const place = await acting.scene({ settings, connection })
      const id = await acting.plan(place, OFFER)
      expect(await acting.act(place, id)).toBe('dry_run')
      expect(await acting.read(place, id)).toMatchObject({
        reasonCode: code,
        message: { kind: 'task', delivery: 'dry_run', subject: 'Offer Ada Ltd 10 % off for 12 months' },
      })
      expect(acting.crm.tasks.has(id)).toBe(false)
    }
    const idle = await acting.scene({ settings: LIVE, connection: CRM, activated: false })
    const id = await acting.plan(idle, OFFER)
    expect(await acting.act(idle, id)).toBe('dry_run')
    expect(await acting.read(idle, id)).toMatchObject({ reasonCode: 'not_activated' })
  })

  it('goes into the CRM sandbox of this installation, at no cost', async () => {
    const place = await acting.scene({
      settings: SANDBOX,
      connection: BUILT_IN,
      activated: false,
      responsible: JO,
    })
    const id = await acting.plan(place, OFFER)
    expect(await acting.act(place, id)).toBe('sent')
    expect(await acting.read(place, id)).toMatchObject({
      reasonCode: 'sandbox',
      reason: 'It is on the list of Jo Miller in the CRM sandbox; no real list has it.',
      actualCostMinor: 0,
    })
    expect(acting.crm.tasks.has(id)).toBe(true)
  })
})
