import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signForm, postForm } from '../../actions/sms/sandbox/callbacks.ts'
import { openSmsChannel } from '../../actions/sms/channel.ts'
import { startSmsSandbox, type SmsSandbox } from '../../actions/sms/sandbox/sandbox.ts'
import type { InterventionId, TenantId } from '../../src/contracts/ids.ts'
import { checkSms } from '../../src/doctor/sms.ts'
import { SMS_AUTH_TOKEN, smsAddresses, smsLacks } from '../../src/loop/sms-account.ts'
import { hashAddress } from '../../src/security/address-hash.ts'
import { parseServiceSettings } from '../../src/settings/service.ts'
import { consentOf } from '../../src/store/consents.ts'
import type { Database } from '../../src/store/database.ts'
import { readIntervention } from '../../src/store/interventions.ts'
import { currentSettings, saveSettings } from '../../src/store/settings-versions.ts'
import { suppressionOf } from '../../src/store/suppressions.ts'
import { addConnection, addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { addCustomer, addIntervention } from '../support/ledger.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const PUBLIC = 'https://hold.example.com'
const AUTH_TOKEN = randomBytes(16).toString('hex')

let database: Database
let sandbox: SmsSandbox
let server: TestServer
let tenant: TenantId
let linkKey: Buffer
let addressKey: Buffer
let place: { tenant: TenantId; connection: Awaited<ReturnType<typeof addConnection>> }

beforeAll(async () => {
  database = await openTestDatabase()
  sandbox = await startSmsSandbox({ port: 0, host: '127.0.0.1' })
  server = await startTestServer(database, [], {}, { publicUrl: PUBLIC, texts: sandbox })
  tenant = await addTenant(database, 'Acme & Sons')
  place = { tenant, connection: await addConnection(database, tenant) }
  const { secrets, vault } = server.services
  ;({ linkKey, addressKey } = await database.withTenant(tenant, async (tx) => {
    await vault.seal(tx, SMS_AUTH_TOKEN, Buffer.from(AUTH_TOKEN))
    return { linkKey: await secrets.linkKey(tx), addressKey: await secrets.addressKey(tx) }
  }))
})
afterAll(async () => {
  await sandbox.settled()
  await sandbox.close()
  await server.close()
  await database.close()
})

let count = 0
const newNumber = (): string => `+49171${String(1_000_000 + count++)}`
const hashOf = (number: string): Buffer => hashAddress(addressKey, 'phone', number)!

/** A text that stands in the ledger, as if its worker had got that far. */
async function text(
  state: string,
  over: { to?: string; delivery?: string; language?: string; segments?: number } = {},
) {
  const { to = newNumber(), delivery = 'live', language = 'en', segments = 1 } = over
  const customer = await addCustomer(database, place)
  const id = await addIntervention(database, { ...place, customer }, { channel: 'sms', actionKey: 'sms' })
  await database.withTenant(tenant, (tx) =>
    tx.query(
      `update interventions set state = $3, address_hash = $4, message = $5, sent_at = now() where tenant_id = $1 and id = $2`,
      [tenant, id, state, hashOf(to), { kind: 'sms', to, text: 'Hello', language, delivery, segments }],
    ),
  )
  return { id, to, customer }
}

const rowOf = (id: InterventionId) =>
  database.withTenant(tenant, async (tx) => {
    const [row] = await tx.query<{ state: string; provider_id: string | null }>(
      'select state, provider_id from interventions where tenant_id = $1 and id = $2',
      [tenant, id],
    )
    return row
  })
const eventsOf = (sid: string) =>
  database.withTenant(tenant, async (tx) =>
    (
      await tx.query<{ kind: string }>(
        `select kind from delivery_events where tenant_id = $1 and dedup_key like $2 order by kind`,
        [tenant, `twilio:${sid}:%`],
      )
    ).map(({ kind }) => kind),
  )
const standing = (number: string) =>
  database.withTenant(tenant, async (tx) => ({
    consent: await consentOf(tx, hashOf(number), 'sms'),
    suppressed: await suppressionOf(tx, hashOf(number), 'sms'),
  }))
const holdsOf = (customer: number) =>
  database.withTenant(tenant, async (tx) =>
    (
      await tx.query<{ kind: string }>('select kind from holds where tenant_id = $1 and customer_id = $2', [
        tenant,
        customer,
      ])
    ).map(({ kind }) => kind),
  )

const sidOf = (): string => `SM${randomBytes(16).toString('hex')}`

/** As Twilio posts it: signed over the public address, sent to where the server really is. */
async function post(
  what: 'inbound' | { key: string },
  form: Record<string, string>,
  by: { token?: string; url?: string } = {},
): Promise<{ status: number; body: string }> {
  const addresses = smsAddresses(PUBLIC, linkKey, tenant)
  const url = by.url ?? (what === 'inbound' ? addresses.inbound : addresses.status(what.key))
  const answer = await server.fetch(url.slice(PUBLIC.length), {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-twilio-signature': signForm(url, form, by.token ?? AUTH_TOKEN),
    },
    body: new URLSearchParams(form).toString(),
  })
  return { status: answer.status, body: await answer.text() }
}
const report = (
  { id, to }: { id: string; to: string },
  sid: string,
  status: string,
  code?: number,
): Promise<{ status: number; body: string }> =>
  post(
    { key: id },
    {
      MessageSid: sid,
      MessageStatus: status,
      To: to,
      ...(code === undefined ? {} : { ErrorCode: String(code) }),
    },
  )
const answer = (from: string, body: string, over: Record<string, string> = {}) =>
  post('inbound', { MessageSid: sidOf(), From: from, To: '+15005550006', Body: body, ...over })

describe(`reports of texts (${databaseKind})`, () => {
  it('confirm a text, whichever order they come in and however often', async () => {
    for (const order of [
      ['queued', 'sent', 'delivered'],
      ['delivered', 'sent', 'queued', 'delivered', 'sent'],
    ]) {
      const one = await text('sent')
      const sid = sidOf()
      for (const status of order) expect((await report(one, sid, status)).status).toBe(204)
      expect(await rowOf(one.id)).toEqual({ state: 'confirmed', provider_id: sid })
      expect(await eventsOf(sid)).toEqual(['accepted', 'delivered'])
    }
  })

  it('tell of a text whose worker died before it knew, and under which id it can be asked for', async () => {
    const one = await text('uncertain')
    const sid = sidOf()
    await report(one, sid, 'queued')
    expect(await rowOf(one.id)).toEqual({ state: 'sent', provider_id: sid })
    await report(one, sid, 'delivered')
    expect((await rowOf(one.id)).state).toBe('confirmed')
  })

  it('book what the parts of a text cost, whoever says first that it went out', async () => {
    await database.withTenant(tenant, async (tx) => {
      const { version, settings } = await currentSettings(tx)
      const sms = { ...settings.sms, pricePerSegment: 0.05, pricesByCountry: { DE: 0.08 } }
      await saveSettings(
        tx,
        { ...settings, currency: { ...settings.currency, file: 'USD' }, sms },
        { expected: version, author: 'a test' },
      )
    })
    const costOf = async (one: { id: InterventionId }): Promise<number | null> =>
      (await database.withTenant(tenant, (tx) => readIntervention(tx, one.id))).actualCostMinor
    const [german, swiss] = [
      await text('uncertain', { segments: 3 }),
      await text('uncertain', { segments: 2, to: '+41791234567' }),
    ]
    for (const one of [german, swiss]) await report(one, sidOf(), 'sent')
    expect(await Promise.all([german, swiss].map(costOf))).toEqual([24, 10])
  })

  it.each([
    [30005, 'bounced', 'bounced'],
    [30006, 'bounced', 'bounced'],
    [30003, 'failed', null],
    [30007, 'failed', null],
    [undefined, 'failed', null],
  ] as const)(
    'of a failure %s are kept as %s, and suppress a number that is at fault',
    async (code, kind, reason) => {
      const one = await text('sent')
      const sid = sidOf()
      await report(one, sid, 'sent')
      await report(one, sid, 'undelivered', code)
      expect(await eventsOf(sid)).toEqual(['accepted', kind])
      expect((await standing(one.to)).suppressed).toBe(reason)
      expect((await rowOf(one.id)).state).toBe('sent')
    },
  )

  it('that the person told Twilio to stop are an opt-out', async () => {
    const one = await text('sent')
    await report(one, sidOf(), 'failed', 21610)
    expect(await standing(one.to)).toEqual({ consent: 'refused', suppressed: 'unsubscribed' })
    expect((await rowOf(one.id)).state).toBe('sent')
  })

  it('of foreign texts, of another number or of the other world change nothing and are taken', async () => {
    const one = await text('sent')
    const sid = sidOf()
    const stranger = { id: 'no-uuid', to: newNumber() }
    expect((await report(stranger, sid, 'undelivered', 30005)).status).toBe(204)
    expect((await standing(stranger.to)).suppressed).toBeNull()
    expect((await report({ id: one.id, to: newNumber() }, sidOf(), 'delivered')).status).toBe(204)
    const unknown = { id: '00000000-0000-4000-8000-000000000000', to: one.to }
    expect((await report(unknown, sidOf(), 'delivered')).status).toBe(204)
    const rehearsed = await text('sent', { delivery: 'sandbox' })
    await report(rehearsed, sidOf(), 'delivered')
    for (const { id } of [one, rehearsed])
      expect(await rowOf(id)).toEqual({ state: 'sent', provider_id: null })
  })

  it('are refused with a wrong signature, for another address, to another company, or without a status', async () => {
    const { id, to } = await text('sent')
    const form = { MessageSid: sidOf(), MessageStatus: 'delivered', To: to }
    expect((await post({ key: id }, form, { token: 'wrong' })).status).toBe(401)
    const { inbound } = smsAddresses(PUBLIC, linkKey, tenant)
    const unsigned = await server.fetch(inbound.slice(PUBLIC.length), { method: 'POST', body: '' })
    expect(unsigned.status).toBe(401)
    const others = smsAddresses(PUBLIC, randomBytes(32), tenant).status(id)
    expect((await post({ key: id }, form, { url: others })).status).toBe(404)
    expect((await post({ key: id }, form, { url: `${PUBLIC}/sms/nothing/status?a=${id}` })).status).toBe(404)
    expect((await post({ key: id }, { MessageSid: 'SM1' })).status).toBe(400)
    // The sandbox's signature counts for nothing that is said to be Twilio's.
    expect((await post({ key: id }, form, { token: sandbox.authToken })).status).toBe(401)
    expect(await rowOf(id)).toEqual({ state: 'sent', provider_id: null })
  })
})

describe('answers to texts', () => {
  it('STOP ends texts at once, also what waits; START lets them begin again', async () => {
    const one = await text('sent')
    const waiting = await text('planned', { to: one.to })
    const stopped = await answer(one.to, 'Stop.')
    expect(stopped).toMatchObject({ status: 200, body: expect.stringContaining('<Response></Response>') })
    expect(await standing(one.to)).toEqual({ consent: 'refused', suppressed: 'unsubscribed' })
    expect((await rowOf(waiting.id)).state).toBe('cancelled')
    await answer(one.to, 'START')
    expect(await standing(one.to)).toEqual({ consent: 'granted', suppressed: null })
  })

  it('STOP of somebody whom we never wrote to counts as well', async () => {
    const stranger = newNumber()
    expect((await answer(stranger, 'STOP')).status).toBe(200)
    expect(await standing(stranger)).toEqual({ consent: 'refused', suppressed: 'unsubscribed' })
  })

  it('YES begins again for who had stopped, and is an answer from everybody else', async () => {
    const one = await text('sent')
    await answer(one.to, 'Yes')
    expect(await standing(one.to)).toEqual({ consent: null, suppressed: null })
    expect(await holdsOf(one.customer)).toEqual(['replied'])
    await answer(one.to, 'STOP')
    await answer(one.to, 'YES')
    expect(await standing(one.to)).toEqual({ consent: 'granted', suppressed: null })
  })

  it('HELP is answered once, in the language of the text, and not where Twilio has answered', async () => {
    const one = await text('sent', { language: 'de' })
    const form = { MessageSid: sidOf() }
    const help = await answer(one.to, 'Hilfe', form)
    expect(help.body).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><Response><Message>Acme &amp; Sons: Nachrichten zu Ihrem Vertrag. Abmelden: STOP antworten.</Message></Response>',
    )
    expect((await answer(one.to, 'Hilfe', form)).body).not.toContain('<Message>')
    expect((await answer(one.to, 'HELP', { OptOutType: 'HELP' })).body).not.toContain('<Message>')
    expect(await holdsOf(one.customer)).toEqual([])
  })

  it('anything else stops automation for the customer until a person has read it', async () => {
    const one = await text('sent')
    await answer(one.to, 'Our invoice is wrong, call me on 030 1234567')
    expect(await holdsOf(one.customer)).toEqual(['replied'])
    expect((await rowOf(one.id)).state).toBe('confirmed')
    const kept = await database.withTenant(tenant, (tx) =>
      tx.query('select 1 from delivery_events where tenant_id = $1 and detail like $2', [
        tenant,
        '%invoice%',
      ]),
    )
    expect(kept).toEqual([])
  })

  it('from what is no number, or empty, are taken', async () => {
    expect((await answer('ACME', 'STOP')).status).toBe(200)
    expect((await answer(newNumber(), '')).status).toBe(200)
    expect((await post('inbound', { Body: 'STOP' })).status).toBe(400)
  })
})

describe('the sandbox', () => {
  const channel = () =>
    openSmsChannel({
      accountSid: sandbox.accountSid,
      auth: { authToken: sandbox.authToken },
      from: { messagingServiceSid: sandbox.messagingServiceSid },
      baseUrl: sandbox.url,
      statusCallback: (key) => smsAddresses(server.url, linkKey, tenant).status(key),
      inboundUrl: smsAddresses(PUBLIC, linkKey, tenant).inbound,
      clock: () => new Date(),
    })
  const send = ({ id, to }: { id: string; to: string }, words = 'Hello') =>
    channel().send(
      { kind: 'sms', to, text: words, language: 'en', segments: 1, encoding: 'GSM-7' },
      {
        key: id,
        deadline: new Date(Date.now() + 10_000),
        confirmLease: async () => undefined,
        note: () => undefined,
      },
    )

  it('reports, twice and the last first, until the ledger says that it arrived', async () => {
    for (const how of ['twice', 'reversed'] as const) {
      const one = await text('sent', { delivery: 'sandbox' })
      const away = sandbox.inject({ to: one.to, fault: { kind: 'callbacks', how } })
      expect(await send(one)).toMatchObject({ outcome: 'sent' })
      await sandbox.settled()
      away()
      expect((await rowOf(one.id)).state).toBe('confirmed')
    }
  })

  it('accepts and then fails, and the number is not written to again', async () => {
    const one = await text('sent', { delivery: 'sandbox' })
    sandbox.inject({
      to: one.to,
      times: 1,
      fault: { kind: 'fail_later', status: 'undelivered', code: 30005 },
    })
    expect(await send(one)).toMatchObject({ outcome: 'sent' })
    await sandbox.settled()
    expect((await standing(one.to)).suppressed).toBe('bounced')
  })

  it('keeps an opt-out as Twilio does, tells us of it, and lets START through again', async () => {
    const one = await text('sent', { delivery: 'sandbox' })
    await send(one)
    await sandbox.settled()
    expect(await sandbox.receive({ from: one.to, body: 'HELP' })).toMatchObject({
      status: 200,
      answer: expect.stringContaining('Acme & Sons: messages about your account'),
    })
    expect(await sandbox.receive({ from: one.to, body: 'STOP' })).toEqual({ status: 200, answer: null })
    expect(await standing(one.to)).toEqual({ consent: 'refused', suppressed: 'unsubscribed' })
    expect(await send(one)).toMatchObject({ outcome: 'rejected', code: 'sms_opted_out', optedOut: true })
    await sandbox.receive({ from: one.to, body: 'START' })
    expect((await standing(one.to)).suppressed).toBeNull()
    expect(await send(one)).toMatchObject({ outcome: 'sent' })
    await sandbox.settled()
  })

  it('is not believed under the account of somebody else', async () => {
    const { id, to } = await text('sent', { delivery: 'sandbox' })
    const url = smsAddresses(server.url, linkKey, tenant).status(id)
    const form = { AccountSid: sandbox.accountSid, MessageSid: sidOf(), MessageStatus: 'delivered', To: to }
    expect((await postForm(url, form, AUTH_TOKEN))?.status).toBe(401)
    expect((await postForm(url, form, sandbox.authToken))?.status).toBe(204)
  })

  it('is looked at by doctor: account, sender, where answers go, and callbacks', async () => {
    const found = await checkSms({
      lacks: [],
      channel: channel(),
      authToken: AUTH_TOKEN,
      addresses: null,
    })
    expect(found.map(({ name, status }) => [name, status])).toEqual([
      ['Twilio account', 'ok'],
      ['Sender of texts', 'ok'],
      ['Answers to texts', 'failed'],
      ['SMS callbacks', 'failed'],
    ])
    expect(found[2].message).toContain(`Enter ${smsAddresses(PUBLIC, linkKey, tenant).inbound}`)
    const lacks = smsLacks(parseServiceSettings({}).sms)
    const [off] = await checkSms({ lacks, channel: null, authToken: null, addresses: null })
    expect(off).toMatchObject({ status: 'off', message: expect.stringContaining('sms.accountSid') })
  })
})
