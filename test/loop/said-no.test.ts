import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asIntervention } from '../../src/contracts/ids.ts'
import { takeFeedback } from '../../src/loop/feedback.ts'
import { takeInboundSms } from '../../src/loop/sms-inbound.ts'
import { tell } from '../../src/loop/tell.ts'
import { hashAddress } from '../../src/security/address-hash.ts'
import { addressAnswers } from '../../src/store/address-answers.ts'
import { refusals } from '../../src/loop/act-facts.ts'
import { recordConsent } from '../../src/store/consents.ts'
import { eraseRecord } from '../../src/store/erasure.ts'
import { suppressionOf } from '../../src/store/suppressions.ts'
import { dropTold } from '../../src/store/told.ts'
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

  it('is forgotten by notices, by what billing and the CRM said, and by kept answers', async () => {
    const email = `lee-${randomUUID().slice(0, 8)}@example.com`
    const place = await acting.scene({
      settings: { alerts: { email: { to: ['ops@acme.example', email], kinds: ['customer.level'] } } },
      connection: { kind: 'crm', name: 'The CRM' },
      recipients: [
        { email, name: 'Ann (Lee)', consent: 'granted' },
        { email: 'bo@example.com', name: 'Bo' },
      ],
    })
    const id = await acting.plan(place, { actionKey: 'discount_10' })
    const say = (text: string, values: readonly unknown[] = []) => acting.sql(place, text, values)
    await say(
      `insert into offers (tenant_id, intervention_id, customer_id, connection_id, action_key, fulfilment, delivery,
         basis_points, months, currency, expires_on, status, status_reason)
       values ($1, $2, $3, $4, 'discount_10', 'billing', 'live', 1000, 3, 'USD', '2030-01-01', 'refused',
         'Ann (Lee) is unknown to us')`,
      [place.tenant, id, place.customer, place.connection],
    )
    await say(
      `insert into call_outcomes (tenant_id, intervention_id, status, outcome)
       values ($1, $2, 'done', 'Ann (Lee) will think about it')`,
      [place.tenant, id],
    )
    await say(
      `insert into approval_tasks (tenant_id, intervention_id, connection_id, awaiting_since, state, error_message)
       values ($1, $2, $3, now(), 'failed', 'Ann (Lee) is locked')`,
      [place.tenant, id, place.connection],
    )
    await acting.database.withTenant(place.tenant, (tx) =>
      tell(tx, {
        kind: 'customer.level',
        level: 'info',
        subject: '2 customers may leave',
        text: 'Ann (Lee) of Ada Ltd wrote; Joann (Lee)s did not.',
        data: { customers: [place.customer, 77] },
        dedupKey: 'levels',
      }),
    )
    const [{ external_id: person }] = await say(`select external_id from recipients where name = 'Ann (Lee)'`)
    const erase = (object: string, external: unknown) =>
      acting.database.withTenant(place.tenant, (tx) =>
        eraseRecord(tx, { connection: place.connection, object, id: String(external), key: ADDRESS_KEY }),
      )
    await erase('contacts', person)
    expect(await say('select target, body, data from told')).toEqual([
      {
        target: 'ops@acme.example',
        body: 'Somebody of Ada Ltd wrote; Joann (Lee)s did not.',
        data: { customers: [place.customer, 77] },
      },
    ])
    const left = [
      await say('select status_reason from offers'),
      await say('select outcome from call_outcomes'),
      await say('select error_message from approval_tasks'),
    ]
    expect(left.map((rows) => rows.length)).toEqual([1, 1, 1])
    expect(JSON.stringify(left)).not.toMatch(/Ann/)

    await say(
      `insert into idempotent_requests (tenant_id, route, key, request_hash, status, answer)
       values ($1, 'POST /v1/offers/{code}/redemptions', 'k', '', 200, $2)`,
      [place.tenant, { id, customer: place.customer, customerName: 'Ada Ltd', percent: 10 }],
    )
    const [{ external_id: company }] = await say('select external_id from customers')
    await erase('company', company)
    expect(await say('select body, data from told')).toEqual([
      { body: 'Somebody of Somebody wrote; Joann (Lee)s did not.', data: { customers: [77] } },
    ])
    expect(await say('select answer from idempotent_requests')).toEqual([
      { answer: { id, customer: place.customer, customerName: null, percent: 10 } },
    ])
  })

  it('leaves no words in a notice that is dropped', async () => {
    const place = await acting.scene({ settings: { alerts: { email: { to: ['ops@acme.example'] } } } })
    const notice = { level: 'info', subject: 'One', text: 'Ada Ltd', dedupKey: 'a' } as const
    await acting.database.withTenant(place.tenant, async (tx) => {
      await tell(tx, { kind: 'action.stopped', ...notice })
      await dropTold(tx, { via: 'email', target: 'ops@acme.example', error: 'gone' })
    })
    expect(await acting.sql(place, 'select body from told')).toEqual([{ body: '' }])
  })
})
