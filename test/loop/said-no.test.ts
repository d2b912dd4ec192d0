import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asIntervention } from '../../src/contracts/ids.ts'
import { takeFeedback } from '../../src/loop/feedback.ts'
import { takeInboundSms } from '../../src/loop/sms-inbound.ts'
import { hashAddress } from '../../src/security/address-hash.ts'
import { addressAnswers } from '../../src/store/address-answers.ts'
import { refusals } from '../../src/loop/act-facts.ts'
import { recordConsent } from '../../src/store/consents.ts'
import { eraseRecord } from '../../src/store/erasure.ts'
import { suppressionOf } from '../../src/store/suppressions.ts'
import { liveTo, openActing, type Acting, type Place } from '../support/acting.ts'
import { databaseKind } from '../support/database.ts'
import { ADDRESS_KEY } from '../support/keys.ts'
import { movesOf } from '../support/ledger.ts'
import { sentMail } from '../support/sent-mail.ts'

let acting: Acting
beforeAll(async () => {
  acting = await openActing()
})
afterAll(() => acting.close())

let count = 0
const newNumber = (): string => `+49171${String(2_000_000 + count++)}`
const phoneHash = (number: string): Buffer => hashAddress(ADDRESS_KEY, 'phone', number)!

function text(place: Place, from: string, body: string, over: { sandbox?: boolean; behindMs?: number } = {}) {
  const services = { ...acting.services, clock: () => new Date(Date.now() - (over.behindMs ?? 0)) }
  const sandbox = over.sandbox ?? false
  return takeInboundSms(services, place.tenant, {
    sid: `SM${randomUUID()}`,
    from,
    body,
    optOutType: null,
    sandbox,
  })
}

const standing = (place: Place, number: string) =>
  acting.database.withTenant(place.tenant, async (tx) => {
    const hash = phoneHash(number)
    const refusal = refusals(await addressAnswers(tx, [{ hash, channel: 'sms' }]))
    return {
      live: refusal(hash, 'sms', true)?.code ?? null,
      sandbox: refusal(hash, 'sms', false)?.code ?? null,
      suppressed: await suppressionOf(tx, hash, 'sms'),
    }
  })

const HOUR = 3_600_000

describe(`who said no (${databaseKind})`, () => {
  it('is not called, however the CRM writes the number', async () => {
    const place = await acting.scene({
      settings: liveTo('nobody@example.com'),
      connection: { kind: 'crm', name: 'The CRM' },
      recipients: [{ name: 'Ann', phone: '0664 1234567' }],
    })
    // As a sync keeps it: under the number's international form.
    const hash = phoneHash('+436641234567')
    await acting.sql(place, `update recipients set country = 'AT', phone_hash = $1`, [hash])
    await acting.database.withTenant(place.tenant, (tx) =>
      recordConsent(tx, { hash, channel: 'call', status: 'refused', source: 'crm' }),
    )
    const id = await acting.plan(place, { actionKey: 'call_discount_30', channel: 'task' })
    expect(await acting.act(place, id)).toBe('suppressed')
    expect((await acting.read(place, id)).reasonCode).toBe('consent_refused')
  })

  it('does not say yes by START in the sandbox, where somebody only plays', async () => {
    const place = await acting.scene()
    const [stopped, refused, asked] = [newNumber(), newNumber(), newNumber()]
    await text(place, stopped, 'STOP')
    await acting.database.withTenant(place.tenant, (tx) =>
      recordConsent(tx, { hash: phoneHash(refused), channel: 'sms', status: 'refused', source: 'crm' }),
    )
    for (const number of [stopped, refused, asked]) await text(place, number, 'START', { sandbox: true })
    expect(await standing(place, stopped)).toMatchObject({ live: 'suppressed', suppressed: 'unsubscribed' })
    expect(await standing(place, refused)).toMatchObject({
      live: 'consent_refused',
      sandbox: 'consent_refused',
    })
    expect(await standing(place, asked)).toMatchObject({ live: 'no_consent', sandbox: null })
  })

  it('can be played in the sandbox, and ended there', async () => {
    const place = await acting.scene()
    const number = newNumber()
    await text(place, number, 'STOP', { sandbox: true })
    expect(await standing(place, number)).toMatchObject({ live: 'suppressed', sandbox: 'suppressed' })
    await text(place, number, 'START', { sandbox: true })
    expect(await standing(place, number)).toEqual({
      live: 'consent_refused',
      sandbox: null,
      suppressed: null,
    })
    await text(place, number, 'START')
    expect((await standing(place, number)).live).toBeNull()
  })

  it('has said so last, also to a process whose clock is hours behind', async () => {
    const place = await acting.scene()
    const number = newNumber()
    await text(place, number, 'START')
    expect((await standing(place, number)).live).toBeNull()
    await text(place, number, 'STOP', { behindMs: 2 * HOUR })
    expect(await standing(place, number)).toMatchObject({ live: 'suppressed', suppressed: 'unsubscribed' })
  })

  it('is forgotten also where a hold, what it keeps back and what a provider said name them', async () => {
    const { place, id } = await sentMail(acting, { agreedAt: new Date(Date.now() - HOUR) })
    await acting.settings(place, liveTo('nobody@example.com'))
    await acting.database.withTenant(place.tenant, async (tx) => {
      const said = {
        channel: 'email',
        at: null,
        intervention: asIntervention(id),
        hash: null,
        code: null,
      } as const
      await takeFeedback(tx, acting.services, { ...said, kind: 'replied', dedupKey: 'a', detail: null })
      await takeFeedback(tx, acting.services, {
        ...said,
        kind: 'delayed',
        dedupKey: 'b',
        detail: 'The mailbox of Ann is full',
      })
    })
    const call = await acting.plan(place, { actionKey: 'call_discount_30', channel: 'task' })
    await acting.act(place, call)
    const [{ external_id: person }] = await acting.sql(place, 'select external_id from recipients')
    await acting.database.withTenant(place.tenant, (tx) =>
      eraseRecord(tx, {
        connection: place.connection,
        object: 'contacts',
        id: String(person),
        key: ADDRESS_KEY,
      }),
    )
    expect(await acting.sql(place, 'select reason, detail from holds, delivery_events')).not.toHaveLength(0)
    const left = [
      await acting.sql(place, 'select reason from holds where ended_at is null'),
      await acting.sql(place, 'select detail from delivery_events'),
      await acting.sql(place, 'select reason from interventions'),
      await movesOf(acting.database, place.tenant, call),
      await movesOf(acting.database, place.tenant, id),
    ]
    expect(JSON.stringify(left)).not.toMatch(/\bAnn\b/)
  })
})
