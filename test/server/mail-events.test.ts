import { createHmac, createSign, generateKeyPairSync, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MAILGUN_KEY, readFeedbackPath } from '../../src/loop/feedback-path.ts'
import { parseServiceSettings } from '../../src/settings/service.ts'
import { messageIdOf } from '../../actions/email/compose.ts'
import { openActing, type Acting } from '../support/acting.ts'
import { databaseKind } from '../support/database.ts'
import { sentMail, type SentMail } from '../support/sent-mail.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const sendgridKey = publicKey.export({ type: 'spki', format: 'der' }).toString('base64')

let acting: Acting
let server: TestServer
beforeAll(async () => {
  acting = await openActing()
  server = await startTestServer(acting.database, [])
})
afterAll(async () => {
  await server.close()
  await acting.close()
})

const AGREED = new Date('2026-01-01T00:00:00Z')
const sent = (feedback: object): Promise<SentMail> =>
  sentMail(acting, { agreedAt: AGREED, settings: { feedback } })

function bySendGrid({ tenant }: { tenant: string }, events: unknown, signer = privateKey): Promise<Response> {
  const body = JSON.stringify(events)
  const timestamp = '1750000000'
  return server.fetch(`/webhooks/mail/${tenant}/sendgrid`, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-twilio-email-event-webhook-timestamp': timestamp,
      'x-twilio-email-event-webhook-signature': createSign('sha256')
        .update(timestamp + body)
        .sign(signer, 'base64'),
    },
  })
}

const event = (kind: string, differs: object = {}) => ({
  event: kind,
  timestamp: 1_780_000_000,
  sg_event_id: randomUUID(),
  ...differs,
})

const eventsOf = ({ place }: SentMail) =>
  acting.sql(place, 'select kind, intervention_id as id from delivery_events order by delivery_events.id')

describe(`events of mail providers (${databaseKind})`, () => {
  it('of SendGrid: confirm, once, and are answered alike whether or not the message is ours', async () => {
    const one = await sent({ path: 'sendgrid', sendgridKey })
    const told = [
      event('delivered', { 'smtp-id': `<${one.id}@acme.example>` }),
      event('bounce', { 'smtp-id': '<somebody@else.example>', type: 'bounce', status: '5.1.1' }),
      event('open'),
    ]
    for (const _ of [1, 2]) expect((await bySendGrid(one.place, told)).status).toBe(204)
    expect(await eventsOf(one)).toEqual([
      { kind: 'delivered', id: one.id },
      { kind: 'bounced', id: null },
      { kind: 'opened', id: null },
    ])
    expect((await acting.read(one.place, one.id)).state).toBe('confirmed')
    expect(await acting.sql(one.place, 'select from suppressions')).toEqual([])
  })

  it('know a message by the Message-ID that we gave it, also where the end of sending is not known', async () => {
    const one = await sent({ path: 'sendgrid', sendgridKey })
    await acting.sql(one.place, `update interventions set state = 'uncertain', provider_id = null`)
    const told = event('delivered', { 'smtp-id': messageIdOf(one.id, 'acme.example') })
    await bySendGrid(one.place, [told])
    expect((await acting.read(one.place, one.id)).state).toBe('confirmed')
  })

  it('of Mailgun: take a complaint as a no, however late, and once', async () => {
    const one = await sent({ path: 'mailgun' })
    const path = () =>
      acting.database.withTenant(one.place.tenant, (tx) =>
        readFeedbackPath(tx, server.services.vault, parseServiceSettings({ feedback: { path: 'mailgun' } }), {
          receiver: false,
          publicUrl: 'https://holdfast.example.com',
        }),
      )
    expect((await path()).ok).toBe(false)
    const key = 'signing-key'
    await acting.database.withTenant(one.place.tenant, (tx) =>
      server.services.vault.seal(tx, MAILGUN_KEY, Buffer.from(key)),
    )
    const post = (by: string) =>
      server.fetch(`/webhooks/mail/${one.place.tenant}/mailgun`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          signature: {
            timestamp: '1',
            token: 't',
            signature: createHmac('sha256', by).update('1t').digest('hex'),
          },
          'event-data': {
            event: 'complained',
            id: 'c1',
            timestamp: Date.now() / 1000 - 3 * 86_400,
            message: { headers: { 'message-id': `${one.id}@acme.example` } },
          },
        }),
      })
    expect((await path()).ok).toBe(true)
    expect((await post('another')).status).toBe(401)
    // Days late, and once more: anything else than 200 Mailgun posts again for hours.
    for (const _ of [1, 2]) expect((await post(key)).status).toBe(200)
    expect(await eventsOf(one)).toEqual([{ kind: 'complained', id: one.id }])
    expect(await acting.sql(one.place, 'select reason from suppressions')).toEqual([{ reason: 'complained' }])
    expect(await acting.sql(one.place, 'select kind from holds')).toEqual([{ kind: 'complained' }])
  })

  it('are refused when they are not signed, of nobody here, of another provider, or no events', async () => {
    const one = await sent({ path: 'sendgrid', sendgridKey })
    const told = [event('delivered', { 'smtp-id': `<${one.id}@acme.example>` })]
    const stranger = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey
    expect((await bySendGrid(one.place, told, stranger)).status).toBe(401)
    expect((await bySendGrid({ tenant: randomUUID() }, told)).status).toBe(401)
    expect((await bySendGrid({ tenant: 'x' }, told)).status).toBe(401)
    expect((await bySendGrid(one.place, { no: 'list' })).status).toBe(400)
    const bare = await server.fetch(`/webhooks/mail/${one.place.tenant}/sendgrid`, {
      method: 'POST',
      body: JSON.stringify(told),
    })
    expect(bare.status).toBe(401)
    const other = await sent({ path: 'receiver', domain: 'back.acme.example', sendgridKey })
    expect((await bySendGrid(other.place, told)).status).toBe(401)
    expect(await eventsOf(one)).toEqual([])
  })
})
