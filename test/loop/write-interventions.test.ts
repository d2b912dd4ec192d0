import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { HoldfastError } from '../../src/contracts/errors.ts'
import { asRun } from '../../src/contracts/ids.ts'
import type { Counts } from '../../src/loop/services.ts'
import { writeBack } from '../../src/loop/write-back.ts'
import { eraseRecord } from '../../src/store/erasure.ts'
import { moveIntervention } from '../../src/store/intervention-moves.ts'
import { watchCrms } from '../../src/store/reads/crm-connections.ts'
import { SANDBOX, liveTo, openActing, type Acting, type Place } from '../support/acting.ts'
import { databaseKind } from '../support/database.ts'
import { ADDRESS_KEY } from '../support/keys.ts'

let acting: Acting
beforeAll(async () => {
  acting = await openActing()
})
afterAll(() => acting.close())
beforeEach(() => {
  acting.crm.interventions.length = 0
  Object.assign(acting.crm, { refuse: () => null, fails: null, can: ['tasks', 'interventions'] })
})

const CRM = { kind: 'crm', name: 'The CRM' }
const ANN = { email: 'ann@example.com', name: 'Ann', consent: 'granted' } as const

/** A write-back pass, as the queue runs it. */
function pass({ tenant, connection }: Place): Promise<Counts> {
  const { services } = acting
  const all = {
    ...services,
    engines: { get: () => Promise.reject(new Error('none')), close: async () => undefined },
  }
  const context = { tenant, connection, run: asRun(randomUUID()), cause: 'act', progress: () => undefined }
  return writeBack(all, { ...context, signal: new AbortController().signal })
}

const live = () => acting.scene({ settings: liveTo(ANN.email), connection: CRM, recipients: [ANN] })
async function sent(place: Place) {
  const id = await acting.plan(place)
  expect(await acting.act(place, id)).toBe('sent')
  return id
}

describe(`interventions as records in a CRM (${databaseKind})`, () => {
  it('are kept once each was carried out, and not before', async () => {
    const place = await live()
    await acting.plan(place)
    const id = await sent(place)
    expect(await pass(place)).toMatchObject({ kept: 1, unkept: 0 })
    expect(acting.crm.interventions).toMatchObject([
      { key: id, action: 'email', actionName: 'Send Email', channel: 'email', status: 'sent' },
    ])
    expect(acting.crm.interventions[0].sentAt).toBeInstanceOf(Date)
    expect(await pass(place)).toMatchObject({ kept: 0 })
  })

  it('name an action of one’s own as people named it', async () => {
    const place = await acting.scene({
      settings: {
        ...liveTo(ANN.email),
        actions: {
          own: [{ key: 'gift', name: 'A small gift', channel: 'email', effect: { mean: 0.05, sd: 0.03 } }],
        },
        templates: { en: { gift: { subject: 'For you', text: 'Thank you.', html: '<p>Thank you.</p>' } } },
      },
      connection: CRM,
      recipients: [ANN],
    })
    expect(await acting.act(place, await acting.plan(place, { actionKey: 'gift' }))).toBe('sent')
    await pass(place)
    expect(acting.crm.interventions).toMatchObject([{ action: 'gift', actionName: 'A small gift' }])
  })

  it('are written again under the same key when more is known of them', async () => {
    const place = await live()
    const id = await sent(place)
    await acting.sql(place, `update interventions set state = 'uncertain' where id = $1`, [id])
    await pass(place)
    expect(acting.crm.interventions).toMatchObject([{ key: id, status: 'uncertain whether sent' }])
    await acting.database.withTenant(place.tenant, (tx) =>
      moveIntervention(tx, { id, from: ['uncertain'], to: 'sent', actor: 'a person' }),
    )
    expect(await pass(place)).toMatchObject({ kept: 1 })
    expect(acting.crm.interventions[1]).toMatchObject({ key: id, status: 'sent' })
  })

  it('that move while they are being written are written once more', async () => {
    const place = await live()
    const id = await sent(place)
    await acting.sql(place, `update interventions set state = 'uncertain' where id = $1`, [id])
    acting.crm.refuse = () => {
      // In the middle of the call.
      moving = acting.database.withTenant(place.tenant, (tx) =>
        moveIntervention(tx, { id, from: ['uncertain'], to: 'sent', actor: 'a person' }),
      )
      acting.crm.refuse = () => null
      return null
    }
    let moving: Promise<unknown> = Promise.resolve()
    await pass(place)
    await moving
    await pass(place)
    expect(acting.crm.interventions.at(-1)).toMatchObject({ key: id, status: 'sent' })
  })

  it('that the CRM refuses show why; what can pass is tried again', async () => {
    const place = await live()
    const [soon, never] = [await sent(place), await sent(place)]
    acting.crm.refuse = (key) => ({ retryable: key === soon, message: 'The package is missing.' })
    expect(await pass(place)).toMatchObject({ kept: 0, unkept: 2 })
    const rows = await acting.sql(
      place,
      'select intervention_id as id, state, error_message from crm_interventions',
    )
    expect(new Map(rows.map(({ id, state }) => [id, state]))).toEqual(
      new Map([
        [soon, 'waiting'],
        [never, 'failed'],
      ]),
    )
    expect(rows[0]['error_message']).toBe('The package is missing.')
    const crms = await acting.database.withTenant(place.tenant, watchCrms)
    expect(crms.find(({ connection }) => connection === place.connection)?.refusals).toMatchObject([
      { what: 'intervention', count: 1, message: 'The package is missing.' },
    ])
    acting.crm.refuse = () => null
    await acting.sql(place, 'update crm_interventions set due_at = now()')
    expect(await pass(place)).toMatchObject({ kept: 1 })
  })

  it('wait while the CRM is away', async () => {
    const place = await live()
    const id = await sent(place)
    acting.crm.fails = new HoldfastError('connector_unavailable', 'The CRM is away.', { retryable: true })
    await expect(pass(place)).rejects.toThrow('The CRM is away.')
    acting.crm.fails = null
    expect(await pass(place)).toMatchObject({ kept: 1 })
    expect(acting.crm.interventions.map(({ key }) => key)).toEqual([id])
  })

  it('are none of dry runs and of the sandbox inbox, and those of a sandbox CRM are in it', async () => {
    const dry = await acting.scene({ settings: {}, connection: CRM, recipients: [ANN] })
    expect(await acting.act(dry, await acting.plan(dry))).toBe('dry_run')
    const rehearsed = await acting.scene({ settings: SANDBOX, connection: CRM, recipients: [ANN] })
    await sent(rehearsed)
    for (const place of [dry, rehearsed]) expect(await pass(place)).toMatchObject({ kept: 0 })
    const built = { ...CRM, sandbox: true, config: { builtIn: true } }
    const sandbox = await acting.scene({ settings: SANDBOX, connection: built, recipients: [ANN] })
    const id = await sent(sandbox)
    expect(await pass(sandbox)).toMatchObject({ kept: 1 })
    expect(acting.crm.interventions.map(({ key }) => key)).toEqual([id])
  })

  it('name nobody any more who asked to be forgotten', async () => {
    const place = await live()
    const [told, refused] = [await sent(place), await sent(place)]
    await acting.sql(place, `update interventions set reason = 'Ann''s server took it.'`)
    acting.crm.refuse = (key) => (key === refused ? { retryable: false, message: 'No place for Ann.' } : null)
    await pass(place)
    const [{ id }] = await acting.sql(place, 'select external_id as id from recipients')
    expect(acting.crm.interventions).toMatchObject([{ reason: "Ann's server took it.", recipientId: id }])
    acting.crm.refuse = () => null
    await acting.database.withTenant(place.tenant, (tx) =>
      eraseRecord(tx, { connection: place.connection, object: 'contacts', id: String(id), key: ADDRESS_KEY }),
    )
    expect(
      await acting.sql(place, 'select error_message from crm_interventions where error_message is not null'),
    ).toEqual([])
    expect(await pass(place)).toMatchObject({ kept: 2 })
    const after = acting.crm.interventions.slice(1)
    expect(after.map(({ key }) => key).toSorted()).toEqual([told, refused].toSorted())
    for (const one of after)
      expect(one).toMatchObject({ recipientId: null, reason: 'The person asked to be forgotten.' })
  })
})
