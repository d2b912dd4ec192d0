import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openInbox, type Inbox } from '../../../actions/email/sandbox/inbox.ts'
import { startSmsSandbox, type SmsSandbox } from '../../../actions/sms/sandbox/sandbox.ts'
import { openChannels } from '../../../src/channels.ts'
import { systemClock } from '../../../src/contracts/clock.ts'
import type { CustomerId, TenantId } from '../../../src/contracts/ids.ts'
import type { TestAnswer } from '../../../src/server/api/template-tests.ts'
import type { PreviewAnswer, TemplateAnswer, TemplatesAnswer } from '../../../src/server/api/templates.ts'
import { apiRoutes } from '../../../src/server/api/routes.ts'
import type { Problem } from '../../../src/server/problem.ts'
import { hashAddress } from '../../../src/security/address-hash.ts'
import { createSignInLink } from '../../../src/security/sessions.ts'
import { pausePart, stopEverything } from '../../../src/loop/pausing.ts'
import type { Database } from '../../../src/store/database.ts'
import { currentSettings, saveSettings } from '../../../src/store/settings-versions.ts'
import { suppress } from '../../../src/store/suppressions.ts'
import { listAudit } from '../../../src/store/audit.ts'
import { addConnection, addTenant, databaseKind, openTestDatabase } from '../../support/database.ts'
import { addCustomer } from '../../support/ledger.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'

let database: Database
let inbox: Inbox
let world: Inbox
let texts: SmsSandbox
let server: TestServer
let tenant: TenantId
let admin: string
let customer: CustomerId

beforeAll(async () => {
  database = await openTestDatabase()
  const place = { port: 0, host: '127.0.0.1' }
  inbox = await openInbox(place)
  world = await openInbox(place)
  texts = await startSmsSandbox({ ...place, tells: false })
  const { services } = await startTestServer(database, [])
  const channels = openChannels({
    ...services,
    clock: systemClock,
    inbox,
    texts,
    publicUrl: 'https://holdfast.example.com',
    localUrl: () => 'http://localhost:3000',
  })
  server = await startTestServer(
    database,
    apiRoutes,
    {},
    {
      vault: services.vault,
      secrets: services.secrets,
      channels,
      publicUrl: 'https://holdfast.example.com',
    },
  )
})
afterAll(async () => {
  await server.close()
  await Promise.all([inbox.close(), world.close(), texts.close()])
  await database.close()
})

beforeEach(async () => {
  tenant = await addTenant(database, 'Acme')
  admin = await server.cookie(tenant, 'admin')
  const connection = await addConnection(database, tenant)
  customer = await addCustomer(
    database,
    { tenant, connection },
    { name: 'Nordlicht AG', responsible: { name: 'Jo Miller', email: 'jo@acme.example' } },
  )
  await database.withTenant(tenant, (tx) =>
    tx.query(
      `insert into recipients (tenant_id, customer_id, external_id, name, email, phone, country, language, rank)
       values ($1, $2, 'ines', 'Ines Vogt', 'ines.vogt@nordlicht.example', '0170 1234567', 'DE', 'de', 0)`,
      [tenant, customer],
    ),
  )
  inbox.clear()
  world.clear()
  texts.clear()
})

const settings = (value: object): Promise<unknown> =>
  database.withTenant(tenant, async (tx) => {
    const { version } = await currentSettings(tx)
    return saveSettings(tx, value, { expected: version, author: 'a test' })
  })

async function ask<Body>(
  route: string,
  body?: unknown,
  { as = admin, form = false }: { as?: string; form?: boolean } = {},
): Promise<{ status: number; headers: Headers; body: Body; text: string }> {
  const [method, path] = route.split(' ')
  const answer = await server.fetch(path, {
    method,
    headers: {
      cookie: as,
      'sec-fetch-site': 'same-origin',
      ...(body === undefined
        ? {}
        : { 'content-type': form ? 'application/x-www-form-urlencoded' : 'application/json' }),
    },
    ...(body === undefined
      ? {}
      : { body: form ? new URLSearchParams(body as Record<string, string>) : JSON.stringify(body) }),
  })
  const text = await answer.text()
  const isJson = answer.headers.get('content-type')?.includes('json') === true
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    body: (isJson ? JSON.parse(text) : null) as Body,
  }
}

const preview = async (request: object) =>
  (await ask<PreviewAnswer & Problem>('POST /v1/templates/preview', request)).body
const mail = { channel: 'email', action: 'email', language: 'en' }
const draft = {
  subject: 'Dear {{ recipient.name }}',
  text: 'Hello {{ customer.name }}',
  html: '<p>{{ customer.name }}</p>',
}

describe(`templates of the API (${databaseKind})`, () => {
  it('are listed by channel, action and language: what ships, what is one’s own, and who is written to in none', async () => {
    await settings({
      sender: { language: 'fr' },
      templates: { de: { email: draft } },
      actions: { own: [{ key: 'gift', name: 'Gift', channel: 'email', effect: { mean: 0.05, sd: 0.03 } }] },
    })
    const { body } = await ask<TemplatesAnswer>('GET /v1/templates')
    const line = (channel: string, action: string, language: string) =>
      body.items.find((one) => one.channel === channel && one.action === action && one.language === language)
    expect(line('email', 'email', 'de')).toMatchObject({
      origin: 'own',
      ships: true,
      used: true,
      languageName: 'German',
      path: 'templates.de.email',
    })
    expect(line('email', 'email', 'en')).toMatchObject({ origin: 'shipped', insteadIn: null })
    expect(line('email', 'email', 'fr')).toMatchObject({ origin: 'none', insteadIn: null })
    expect(line('email', 'gift', 'en')).toMatchObject({ origin: 'none', ships: false })
    // Nobody fulfils it, so a person offers it.
    expect(line('email', 'discount_10', 'en')).toMatchObject({ origin: 'shipped', used: false })
    expect(line('task', 'discount_10', 'en')).toMatchObject({ used: true, path: 'calls.talk.en.discount_10' })
    expect(line('sms', 'sms', 'de')).toMatchObject({ origin: 'shipped', used: true })
    expect(body.variables.email).toContainEqual({
      name: 'recipient.name',
      about: 'Whom it is sent to',
      example: 'Ana Silva',
      optional: true,
      offer: false,
    })
  })

  it('have a source, or one to begin from', async () => {
    await settings({ templates: { de: { email: draft } } })
    const source = async (place: string) => (await ask<TemplateAnswer>(`GET /v1/templates/${place}`)).body
    expect(await source('email/de/email')).toMatchObject({ origin: 'own', template: draft, start: null })
    expect((await source('email/de/email')).shipped).toMatchObject({
      text: expect.stringContaining('Guten Tag'),
    })
    expect(await source('sms/fr/sms')).toMatchObject({
      origin: 'none',
      template: null,
      start: { language: 'en', template: { text: expect.stringContaining('sender.company') } },
    })
    expect((await ask('GET /v1/templates/email/de/fax')).status).toBe(404)
    expect((await ask('GET /v1/templates/fax/de/email')).status).toBe(400)
  })
})

describe(`a preview of a template (${databaseKind})`, () => {
  it('reads as the customer’s person would read it, in the language that is asked for', async () => {
    await settings({
      sender: { company: 'Acme', address: 'hello@acme.example', postalAddress: 'Ring 1, Wien' },
    })
    const shown = await preview({ ...mail, customer })
    expect(shown).toMatchObject({
      language: 'en',
      to: 'Ines Vogt <ines.vogt@nordlicht.example>',
      from: 'Jo Miller, Acme <hello@acme.example>',
      subject: 'How are things going?',
      customer: { name: 'Nordlicht AG' },
      madeUp: false,
      problems: [],
    })
    expect(shown.text).toContain('Hello Ines Vogt,')
    expect(shown.html).toContain('Ring 1, Wien')
    expect((await preview({ ...mail, language: 'de', customer })).subject).toBe(
      'Läuft alles, wie Sie es brauchen?',
    )
    const sample = await preview(mail)
    expect(sample).toMatchObject({ madeUp: true, to: null, customer: null })
    expect(sample.text).toContain('Ana Silva')
  })

  it('is of a draft that nobody saved, and keeps nothing', async () => {
    const shown = await preview({ ...mail, draft, customer })
    expect([shown.subject, shown.problems]).toEqual(['Dear Ines Vogt', []])
    const kept = await database.withTenant(tenant, (tx) =>
      tx.query<{ n: number }>(
        `select (select count(*) from settings_versions where tenant_id = $1)::integer
           + (select count(*) from interventions where tenant_id = $1)::integer
           + (select count(*) from offers where tenant_id = $1)::integer as n`,
        [tenant],
      ),
    )
    expect(kept).toEqual([{ n: 0 }])
  })

  it('says what is wrong with each part and in which line, instead of failing', async () => {
    const wrong = {
      subject: '{{ x }}',
      text: 'One\nTwo {{ recipient.nam }}',
      html: '{% for i in (1..100000000) %}x{% endfor %}',
    }
    const shown = await preview({ ...mail, draft: wrong })
    expect(shown).toMatchObject({ subject: null, html: null })
    expect(shown.problems).toEqual([
      { part: 'subject', line: 1, message: expect.stringContaining('"x"') },
      { part: 'text', line: 2, message: expect.stringContaining('Did you mean "recipient.name"') },
      { part: 'HTML', line: 1, message: expect.stringContaining('limit') },
    ])
    const document = { subject: 'Hello', text: 'Hello', html: '<html><body>Hello</body></html>' }
    expect((await preview({ ...mail, draft: document })).problems).toEqual([
      { part: 'HTML', line: null, message: expect.stringContaining('no link to unsubscribe') },
    ])
  })

  it('makes an offer as it would be made, and says where nobody would make it', async () => {
    const offer = { channel: 'email', action: 'discount_10', language: 'en' }
    const unfulfilled = await preview(offer)
    expect(unfulfilled.subject).toBe('10% off for 12 months')
    expect(unfulfilled.notices).toEqual([expect.stringContaining('Nobody fulfils this offer')])
    await settings({
      offers: {
        fulfilment: { discount_10: { by: 'billing' } },
        terms: { default: { en: 'Not with other offers.' } },
      },
    })
    const shown = await preview(offer)
    expect(shown.notices).toEqual([])
    expect(shown.text).toMatch(/Your code is TEST-[0-9A-Z]+/)
    expect(shown.text).toContain('Not with other offers.')
  })

  it('counts the parts of a text and what they cost', async () => {
    await settings({ sms: { pricePerSegment: 0.05, pricesByCountry: { DE: 0.08 } } })
    const sms = { channel: 'sms', action: 'sms', language: 'en' }
    const own = await preview({ ...sms, customer, draft: { text: `${'a'.repeat(200)} STOP` } })
    expect(own).toMatchObject({
      to: '+491701234567',
      sms: { parts: 2, encoding: 'GSM-7', costMinor: 16, currency: 'USD' },
    })
    expect((await preview({ ...sms, draft: { text: 'Да. STOP' } })).sms).toMatchObject({
      parts: 1,
      encoding: 'UCS-2',
      costMinor: 5,
    })
  })

  it('shows the task with its talk track', async () => {
    const talk = { channel: 'task', action: 'call_discount_30', language: 'en' }
    const shown = await preview({
      ...talk,
      customer,
      draft: { text: 'Hello {{ person.name }}, {{ offer.percent }} % off.' },
    })
    expect(shown.subject).toContain('Nordlicht AG')
    expect(shown.text).toContain('Hello Ines Vogt, 30 % off.')
    expect((await preview(talk)).text).toContain('Logins fell 62 % in 30 days.')
  })

  it('is a document that can do nothing in its frame', async () => {
    const request = JSON.stringify({
      ...mail,
      draft: { ...draft, html: '<script>alert(1)</script><p>Hi</p>' },
    })
    const { status, headers, text } = await ask(
      'POST /v1/templates/preview/html',
      { request },
      { form: true },
    )
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
    const policy = headers.get('content-security-policy')
    expect(policy).toMatch(/default-src 'none'/)
    expect(policy).toMatch(/;sandbox$/)
    expect(policy).not.toMatch(/script-src|allow-/)
    expect(headers.get('x-frame-options')).toBe('SAMEORIGIN')
    expect(text).toContain('<p>Hi</p>')
    const broken = JSON.stringify({ ...mail, draft: { ...draft, html: '{% if %}' } })
    expect((await ask('POST /v1/templates/preview/html', { request: broken }, { form: true })).status).toBe(
      422,
    )
    expect((await ask('POST /v1/templates/preview/html', { request: '{' }, { form: true })).status).toBe(400)
  })

  it('is for operators and admins, and of one’s own customers', async () => {
    const viewer = await server.cookie(tenant, 'viewer')
    expect((await ask('POST /v1/templates/preview', mail, { as: viewer })).status).toBe(403)
    const stranger = await server.cookie(await addTenant(database), 'admin')
    expect((await ask('POST /v1/templates/preview', { ...mail, customer }, { as: stranger })).status).toBe(
      404,
    )
  })
})

describe(`a test of a template (${databaseKind})`, () => {
  const test = (request: object, to: string | null, as = admin) =>
    ask<TestAnswer & Problem>('POST /v1/templates/test', { request, to }, { as })
  const list = { testList: ['me@acme.example'], testNumbers: ['+4366012345678'] }

  it('goes through the real channel into the sandbox, marked, to the test list, and counts nowhere', async () => {
    await settings({ delivery: list })
    const { status, body } = await test({ ...mail, customer }, 'me@acme.example')
    expect([status, body]).toEqual([
      200,
      { through: 'sandbox', to: 'me@acme.example', outcome: 'sent', code: null, message: null },
    ])
    const [arrived] = inbox.list()
    const read = inbox.read(arrived.id)!
    expect(read.subject).toBe('[Test] How are things going?')
    expect(read.text).toMatch(
      /^This is a test of “Send Email” in English\. admin sent it on .*no customer got it\./,
    )
    expect(read.html).toMatch(/<body[^>]*><p[^>]*>This is a test of/)
    expect(JSON.stringify(read)).not.toContain('ines.vogt@nordlicht.example')
    const counted = await database.withTenant(tenant, (tx) =>
      tx.query('select 1 from interventions where tenant_id = $1', [tenant]),
    )
    expect(counted).toEqual([])
    const [entry] = await database.withTenant(tenant, (tx) => listAudit(tx, { limit: 1 }))
    expect(entry).toMatchObject({
      actor: 'user:admin',
      action: 'template.test',
      object: 'email email en',
      detail: { through: 'sandbox', draft: false, customer, own: false },
    })
    expect(JSON.stringify(entry)).not.toContain('me@acme.example')
  })

  it('goes to whoever asks where their address is known', async () => {
    const token = await database.withTenant(tenant, (tx) =>
      createSignInLink(tx, { subject: 'ines@acme.example', role: 'admin', actor: 'a test' }),
    )
    const signed = await server.fetch('/sign-in', { method: 'POST', body: new URLSearchParams({ token }) })
    const ines = signed.headers.getSetCookie()[0].split(';')[0]
    expect((await test(mail, null, ines)).body).toMatchObject({ to: 'ines@acme.example', outcome: 'sent' })
    const nobody = await test(mail, null)
    expect([nobody.status, nobody.body.detail]).toEqual([400, expect.stringContaining('delivery.testList')])
  })

  it('never goes to a customer, to a suppressed address, or while everything is stopped', async () => {
    await settings({ delivery: list })
    for (const to of [
      'ines.vogt@nordlicht.example',
      'me@acme.example.org',
      '+491701234567',
      'x',
      'a@b\r\nBcc: c@d',
    ])
      expect([to, (await test({ ...mail, customer }, to)).status]).toEqual([to, 400])
    expect((await test({ ...mail, channel: 'sms', action: 'sms' }, 'me@acme.example')).status).toBe(400)
    expect((await test({ channel: 'task', action: 'call_discount_30', language: 'en' }, null)).status).toBe(
      400,
    )
    await database.withTenant(tenant, async (tx) => {
      const hash = hashAddress(await server.services.secrets.addressKey(tx), 'email', 'me@acme.example')!
      await suppress(tx, { hash, channel: 'email', reason: 'bounced', source: 'a test' })
    })
    expect((await test(mail, 'me@acme.example')).body.detail).toContain('suppression list')
    await database.withTenant(tenant, (tx) =>
      stopEverything(tx, { reason: 'A wrong list.', actor: 'a test', requestId: 'x' }),
    )
    expect((await test(mail, 'me@acme.example')).status).toBe(409)
    expect(inbox.list()).toEqual([])
  })

  it('may be of an action that is paused: it is how its template is mended', async () => {
    await settings({ delivery: list })
    await database.withTenant(tenant, (tx) =>
      pausePart(
        tx,
        { scope: 'action', name: 'email' },
        { reason: 'A typing error.', actor: 'a test', requestId: 'x' },
      ),
    )
    expect((await test(mail, 'me@acme.example')).body.outcome).toBe('sent')
  })

  it('sends nothing of a draft that cannot be used, and says why', async () => {
    await settings({ delivery: list })
    const { status, body } = await test({ ...mail, draft: { ...draft, text: '{{ x }}' } }, 'me@acme.example')
    expect([status, body.code]).toEqual([422, 'template_invalid'])
    expect(body.fields).toEqual([
      { path: 'templates.en.email.text', message: expect.stringContaining('line 1') },
    ])
    expect(inbox.list()).toEqual([])
  })

  it('goes through the mail server of the settings once the delivery mode lets things leave', async () => {
    const live = {
      delivery: { ...list, mode: 'test_list' },
      sender: { company: 'Acme', address: 'hello@acme.example', postalAddress: 'Ring 1, Wien' },
      smtp: { host: world.host, port: world.port, security: 'none' },
    }
    await settings({ ...live, smtp: {} })
    expect((await test(mail, 'me@acme.example')).body).toMatchObject({ code: 'channel_configuration' })
    await settings(live)
    expect((await test(mail, 'me@acme.example')).body).toMatchObject({ through: 'provider', outcome: 'sent' })
    expect([world.list().length, inbox.list().length]).toEqual([1, 0])
    const mend = world.inject({ fault: { kind: 'reply', at: 'rcpt', code: 550, text: 'No such user' } })
    const refused = await test(mail, 'me@acme.example')
    mend()
    expect([refused.status, refused.body.outcome, refused.body.message]).toEqual([
      200,
      'rejected',
      expect.stringContaining('No such user'),
    ])
  })

  it('is a text with the word that it is one', async () => {
    await settings({ delivery: list })
    const { body } = await test({ channel: 'sms', action: 'sms', language: 'de', customer }, '+4366012345678')
    expect(body).toMatchObject({ through: 'sandbox', to: '+4366012345678', outcome: 'sent' })
    expect(texts.deliveries().at(-1)).toMatchObject({ to: '+4366012345678' })
    expect(texts.list()[0].body).toMatch(/^\[Test\] Acme: /)
  })

  it('is not sent by the dozen', async () => {
    await settings({ delivery: list })
    await database.withTenant(tenant, (tx) =>
      tx.query(
        `insert into audit_log (tenant_id, actor, action) select $1, 'user:admin', 'template.test' from generate_series(1, 30)`,
        [tenant],
      ),
    )
    const { status, headers } = await ask('POST /v1/templates/test', { request: mail, to: 'me@acme.example' })
    expect([status, headers.get('retry-after')]).toEqual([429, '600'])
  })
})
