import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { HoldfastError } from '../../src/contracts/errors.ts'
import { asRun } from '../../src/contracts/ids.ts'
import { takeConsent } from '../../src/loop/own-consent.ts'
import type { Counts } from '../../src/loop/services.ts'
import { writeBack } from '../../src/loop/write-back.ts'
import { recordConsent } from '../../src/store/consents.ts'
import { watchCrms } from '../../src/store/reads/crm-connections.ts'
import { recordSourceConsents } from '../../src/store/source-consents.ts'
import { hashOf, openActing, type Acting, type Place } from '../support/acting.ts'
import { addConnection, databaseKind } from '../support/database.ts'
import { addCustomer } from '../support/ledger.ts'

let acting: Acting
beforeAll(async () => {
  acting = await openActing()
})
afterAll(() => acting.close())
beforeEach(() => {
  acting.crm.consents.length = 0
  acting.crm.fields.length = 0
  Object.assign(acting.crm, { refuse: () => null, fails: null, can: ['tasks', 'activities', 'consent'] })
})

const CRM = { kind: 'crm', name: 'The CRM' }
/** Nothing is on record of her. */
const ADA = { email: 'ada@example.com', name: 'Ada' }

function pass({ tenant, connection }: Pick<Place, 'tenant' | 'connection'>): Promise<Counts> {
  const { services } = acting
  const all = {
    ...services,
    engines: { get: () => Promise.reject(new Error('none')), close: async () => undefined },
  }
  const context = {
    tenant,
    connection,
    run: asRun(randomUUID()),
    cause: 'consent',
    progress: () => undefined,
  }
  return writeBack(all, { ...context, signal: new AbortController().signal })
}

type Said = Parameters<typeof takeConsent>[2]
const say = (
  place: Place & { email: string },
  status: Said['status'],
  more: { changedAt?: Date; rehearsal?: boolean } = {},
): Promise<void> => {
  const { rehearsal = false, ...rest } = more
  const said: Said = { hash: hashOf(place.email), channel: 'email', status, source: 'unsubscribe', ...rest }
  return acting.database.withTenant(place.tenant, (tx) =>
    takeConsent(tx, acting.crm.connectors, said, { rehearsal }),
  )
}
const outbox = (place: Place) =>
  acting.sql(place, 'select status, state, error_message as message from consent_outbox')

describe(`what a person told us of consent (${databaseKind})`, () => {
  it('is told to the CRM soon, once', async () => {
    const place = await acting.scene({ connection: CRM })
    await say(place, 'refused')
    const [step] = await acting.sql(
      place,
      `select cause, due_at <= now() as due from steps where step = 'write_back'`,
    )
    expect(step).toEqual({ cause: 'consent', due: true })
    expect(await pass(place)).toMatchObject({ told: 1, untold: 0 })
    expect(acting.crm.consents).toMatchObject([{ email: place.email, channel: 'email', status: 'refused' }])
    expect(acting.crm.consents[0].changedAt.getTime()).toBeGreaterThan(Date.now() - 60_000)
    expect(await pass(place)).toMatchObject({ told: 0 })
    expect(acting.crm.consents).toHaveLength(1)
  })

  it('is told to every connection that has the address, and to no other', async () => {
    const place = await acting.scene({ connection: CRM })
    const [second, third] = [
      await addConnection(acting.database, place.tenant, CRM),
      await addConnection(acting.database, place.tenant, CRM),
    ]
    const customer = await addCustomer(acting.database, { tenant: place.tenant, connection: second })
    await acting.sql(
      place,
      `insert into recipients (tenant_id, customer_id, external_id, email, email_hash) values ($1, $2, 'other', $3, $4)`,
      [place.tenant, customer, place.email, hashOf(place.email)],
    )
    await say(place, 'refused')
    for (const [connection, told] of [
      [place.connection, 1],
      [second, 1],
      [third, 0],
    ] as const)
      expect(await pass({ tenant: place.tenant, connection })).toMatchObject({ told })
    expect(acting.crm.consents.map(({ recipientId }) => recipientId)).toContain('other')
  })

  it('makes no loop when it is read back, whatever the CRM says of its date', async () => {
    const place = await acting.scene({ connection: CRM })
    await say(place, 'refused')
    await pass(place)
    const rows = () => acting.sql(place, 'select 1 from consents')
    const before = (await rows()).length
    for (const changed_at of [null, new Date().toISOString(), new Date(Date.now() + 60_000).toISOString()])
      await acting.database.withTenant(place.tenant, (tx) =>
        recordSourceConsents(tx, place.connection, [
          {
            address_hash: `\\x${hashOf(place.email).toString('hex')}`,
            channel: 'email',
            status: 'refused',
            changed_at,
          },
        ]),
      )
    expect(await rows()).toHaveLength(before)
    expect(await pass(place)).toMatchObject({ told: 0 })
  })

  it('is not told once somebody said something newer: the newest wins', async () => {
    const place = { ...(await acting.scene({ connection: CRM, recipients: [ADA] })), email: ADA.email }
    await say(place, 'refused', { changedAt: new Date(Date.now() - 60_000) })
    await acting.database.withTenant(place.tenant, (tx) =>
      recordConsent(tx, {
        hash: hashOf(place.email),
        channel: 'email',
        status: 'granted',
        source: 'connection:x',
      }),
    )
    expect(await pass(place)).toMatchObject({ told: 0, untold: 0 })
    expect(acting.crm.consents).toEqual([])
    expect(await outbox(place)).toMatchObject([{ state: 'dropped' }])
    // An answer to us that is newer still is told.
    await say(place, 'refused')
    expect(await pass(place)).toMatchObject({ told: 1 })
  })

  it('is no failure where the CRM was told something else since', async () => {
    const place = await acting.scene({ connection: CRM })
    await say(place, 'refused')
    acting.crm.refuse = () => ({ code: 'newer_there' })
    expect(await pass(place)).toMatchObject({ told: 0, untold: 0 })
    expect(await outbox(place)).toMatchObject([{ state: 'dropped', message: null }])
  })

  it('is replaced by a newer one while it waits, and not overwritten by an older one', async () => {
    const place = { ...(await acting.scene({ connection: CRM, recipients: [ADA] })), email: ADA.email }
    acting.crm.refuse = () => ({ retryable: true })
    await say(place, 'refused', { changedAt: new Date(Date.now() - 60_000) })
    expect(await pass(place)).toMatchObject({ untold: 1 })
    await say(place, 'granted')
    await say(place, 'refused', { changedAt: new Date(Date.now() - 120_000) })
    acting.crm.refuse = () => null
    expect(await pass(place)).toMatchObject({ told: 1 })
    expect(acting.crm.consents.map(({ status }) => status)).toEqual(['granted'])
  })

  it('shows what could not be told, and tries again what can pass', async () => {
    const place = await acting.scene({ connection: CRM })
    await say(place, 'refused')
    acting.crm.refuse = () => ({ retryable: true, message: 'HubSpot is busy.' })
    expect(await pass(place)).toMatchObject({ told: 0, untold: 1 })
    expect(await outbox(place)).toMatchObject([{ state: 'waiting', message: 'HubSpot is busy.' }])
    acting.crm.refuse = () => ({ message: 'There is no subscription of that name.' })
    await acting.sql(place, 'update consent_outbox set due_at = now()')
    expect(await pass(place)).toMatchObject({ untold: 1 })
    const portals = await acting.database.withTenant(place.tenant, watchCrms)
    expect(portals.find(({ connection }) => connection === place.connection)?.refusals).toMatchObject([
      { what: 'consent', count: 1, again: false, message: 'There is no subscription of that name.' },
    ])
  })

  it('is told although the record may not be written, and the record although it may not be told', async () => {
    const place = await acting.scene({ connection: CRM })
    await say(place, 'refused')
    const { connectors } = acting.crm
    const error = new HoldfastError('connector_configuration', 'The scope for preferences is missing.')
    const open: typeof connectors.open = async (of) => ({
      ...(await connectors.open(of)),
      writeConsent: () => Promise.reject(error),
    })
    const { services } = acting
    Object.assign(services, { connectors: { ...connectors, open } })
    await acting.sql(place, `update customers set status = 'left' where id = $1`, [place.customer])
    await acting.sql(
      place,
      `insert into write_backs (tenant_id, customer_id, connection_id, fields, written_at, status)
       values ($1, $2, $3, '{"riskPercent": 40}', now(), 'written')`,
      [place.tenant, place.customer, place.connection],
    )
    try {
      await expect(pass(place)).rejects.toThrow('The scope for preferences is missing.')
      expect(acting.crm.fields).toMatchObject([{ fields: { status: 'left' } }])
    } finally {
      Object.assign(services, { connectors })
    }
    expect(await pass(place)).toMatchObject({ told: 1 })
  })

  it('of a rehearsal is told to the CRM sandbox of this installation alone', async () => {
    const real = await acting.scene({ connection: CRM })
    await say(real, 'refused', { rehearsal: true })
    expect(await outbox(real)).toEqual([])
    const built = await acting.scene({ connection: { ...CRM, sandbox: true, config: { builtIn: true } } })
    await say(built, 'refused', { rehearsal: true })
    expect(await pass(built)).toMatchObject({ told: 1 })
  })

  it('is owed to nobody where the CRM takes no consent', async () => {
    acting.crm.can = ['tasks']
    const place = await acting.scene({ connection: CRM })
    await say(place, 'refused')
    expect(await outbox(place)).toEqual([])
  })
})
