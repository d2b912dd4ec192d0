import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import ajvFormats from 'ajv-formats'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSmsChannel } from '../../../actions/sms/channel.ts'
import { startSmsSandbox, type SmsSandbox } from '../../../actions/sms/sandbox/sandbox.ts'
import { isSignedByTwilio, twilioClient } from '../../../actions/sms/twilio.ts'
import { signForm } from '../../../actions/sms/sandbox/callbacks.ts'

const FOLDER = fileURLToPath(new URL('../../../../shared/specs/twilio', import.meta.url))
const absent = existsSync(FOLDER) ? '' : ": skipped, Twilio's OpenAPI files are not at ../shared/specs/twilio"

type Json = { [key: string]: unknown }

/** OpenAPI 3.0 as JSON Schema: `nullable` is a type of its own there; fields that the file does not know are faults. */
function tightened(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(tightened)
  if (typeof schema !== 'object' || schema === null) return schema
  const of = Object.fromEntries(Object.entries(schema as Json).map(([key, value]) => [key, tightened(value)]))
  if (of['nullable'] === true) {
    if (typeof of['type'] === 'string') of['type'] = [of['type'], 'null']
    if (Array.isArray(of['enum'])) of['enum'] = [...of['enum'], null]
  }
  return of['properties'] === undefined ? of : { additionalProperties: false, ...of }
}

/** The schema of a successful answer, by path and method. */
function openJudge() {
  const ajv = new Ajv({ strict: false, validateSchema: false, allErrors: true })
  ajvFormats.default(ajv)
  ajv.addFormat(
    'date-time-rfc-2822',
    /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000$/,
  )
  ajv.addFormat('phone-number', /^(\+[1-9]\d{6,14}|\d{3,8})$/)
  ajv.addFormat('http-method', /^(GET|POST)$/)
  for (const name of ['uri-map', 'currency', 'phone-number-capabilities']) ajv.addFormat(name, true)
  // Twilio's own examples of pages are relative.
  ajv.addFormat('uri', /^(https:\/\/|\/)\S+$/)
  const documents = ['twilio_api_v2010.json', 'twilio_messaging_v1.json'].map((file) => {
    const document = tightened(JSON.parse(readFileSync(`${FOLDER}/${file}`, 'utf8'))) as {
      paths: Record<string, Record<string, { responses: Record<string, Json> }>>
    }
    ajv.addSchema(document, file)
    return { file, document }
  })
  return (template: string, method: string, status: number, body: unknown): readonly string[] => {
    const found = documents.find(({ document }) => document.paths[template]?.[method] !== undefined)
    if (found === undefined) return [`no file has ${method} ${template}`]
    const pointer = [
      'paths',
      template,
      method,
      'responses',
      String(status),
      'content',
      'application/json',
      'schema',
    ]
    const path = pointer.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
    const validate = ajv.getSchema(`${found.file}#/${path.join('/')}`)
    if (validate === undefined) return [`no schema of ${status} of ${method} ${template}`]
    return validate(body) === true
      ? []
      : (validate.errors ?? []).map(
          ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
        )
  }
}

let sandbox: SmsSandbox
beforeAll(async () => {
  sandbox = await startSmsSandbox({ port: 0, host: '127.0.0.1', tells: false })
})
afterAll(() => sandbox.close())

async function ask(path: string, form?: Record<string, string>): Promise<{ status: number; body: Json }> {
  const answer = await fetch(sandbox.url + path, {
    headers: { authorization: `Basic ${btoa(`${sandbox.accountSid}:${sandbox.authToken}`)}` },
    ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
  })
  return { status: answer.status, body: (await answer.json()) as Json }
}

const account = () => `/2010-04-01/Accounts/${sandbox.accountSid}`
const TO = '+491711234567'
const make = (over: Record<string, string> = {}) =>
  ask(`${account()}/Messages.json`, {
    To: TO,
    Body: 'Hello',
    MessagingServiceSid: sandbox.messagingServiceSid,
    ...over,
  })

describe.skipIf(absent !== '')(`the sandbox's answers are as Twilio's OpenAPI files say${absent}`, () => {
  const judge = absent === '' ? openJudge() : () => []
  const MESSAGES = '/2010-04-01/Accounts/{AccountSid}/Messages.json'

  it('of a new text, by a service and by a number', async () => {
    for (const over of [{}, { From: sandbox.number, MessagingServiceSid: '' }]) {
      const form = Object.fromEntries(Object.entries(over).filter(([, value]) => value !== ''))
      const one =
        'From' in over
          ? await ask(`${account()}/Messages.json`, { To: TO, Body: 'Hello', ...form })
          : await make(form)
      expect(one.status).toBe(201)
      expect(judge(MESSAGES, 'post', 201, one.body)).toEqual([])
    }
  })

  it('of a text in each state, of lists and of their pages', async () => {
    for (const fault of [null, { kind: 'fail_later', status: 'failed', code: 30003 }] as const) {
      const away = fault === null ? () => undefined : sandbox.inject({ fault })
      const { body } = await make()
      await sandbox.settled()
      away()
      const fetched = await ask(`${account()}/Messages/${String(body['sid'])}.json`)
      expect(
        judge('/2010-04-01/Accounts/{AccountSid}/Messages/{Sid}.json', 'get', 200, fetched.body),
      ).toEqual([])
      expect(fetched.body['status']).toBe(fault === null ? 'delivered' : 'failed')
    }
    await sandbox.receive({ from: TO, body: 'Hello yourself' })
    const day = new Date().toISOString().slice(0, 10)
    for (const query of ['', `?To=%2B491711234567&PageSize=1&Page=1`, `?DateSent%3E=${day}`, `?From=%2B1`]) {
      const listed = await ask(`${account()}/Messages.json${query}`)
      expect(judge(MESSAGES, 'get', 200, listed.body)).toEqual([])
    }
  })

  it('of the account, its numbers and its messaging service', async () => {
    const service = `/messaging/v1/Services/${sandbox.messagingServiceSid}`
    for (const [path, template] of [
      [`${account()}.json`, '/2010-04-01/Accounts/{Sid}.json'],
      [
        `${account()}/IncomingPhoneNumbers.json`,
        '/2010-04-01/Accounts/{AccountSid}/IncomingPhoneNumbers.json',
      ],
      [service, '/v1/Services/{Sid}'],
      [`${service}/PhoneNumbers`, '/v1/Services/{ServiceSid}/PhoneNumbers'],
      [`${service}/ShortCodes`, '/v1/Services/{ServiceSid}/ShortCodes'],
    ] as const) {
      const { status, body } = await ask(path)
      expect([template, status, judge(template, 'get', 200, body)]).toEqual([template, 200, []])
    }
  })

  it('and a judge that would notice', async () => {
    const { body } = await make()
    expect(judge(MESSAGES, 'post', 201, { ...body, sid: 'SM1' })).not.toEqual([])
    expect(judge(MESSAGES, 'post', 201, { ...body, surprise: 1 })).not.toEqual([])
    expect(judge(MESSAGES, 'post', 201, { ...body, date_created: new Date().toISOString() })).not.toEqual([])
  })
})

describe("Twilio's own client and the sandbox", () => {
  const open = () =>
    twilioClient(
      { accountSid: sandbox.accountSid, auth: { authToken: sandbox.authToken }, baseUrl: sandbox.url },
      { timeoutMs: 3000 },
    )

  it('agree on texts, on pages of them and on refusals', async () => {
    const client = await open()
    const to = '+491711234599'
    const sids: string[] = []
    for (let n = 0; n < 5; n++) {
      const made = await client.messages.create({
        to,
        body: `Number ${n}`,
        messagingServiceSid: sandbox.messagingServiceSid,
      })
      expect(made).toMatchObject({ to, body: `Number ${n}`, status: 'accepted', direction: 'outbound-api' })
      sids.push(made.sid)
    }
    await sandbox.settled()
    const listed = await client.messages.list({ to, pageSize: 2 })
    expect(listed.map(({ sid }) => sid)).toEqual(sids.toReversed())
    expect(await client.messages.list({ to, dateSentAfter: new Date(Date.now() + 2 * 86_400_000) })).toEqual(
      [],
    )
    await expect(client.messages(`SM${'0'.repeat(32)}`).fetch()).rejects.toMatchObject({
      status: 404,
      code: 20404,
    })
    await expect(client.messages.create({ to: '12', body: 'x', from: sandbox.number })).rejects.toMatchObject(
      {
        status: 400,
        code: 21211,
      },
    )
  })

  it('agree on signatures, also of names that come twice and of other scripts', async () => {
    const url = 'https://hold.example.com/sms/t/inbound?a=1'
    const form = { Body: 'Grüße 👋 & more', From: '+49171', b: '', A: '2' }
    const signature = signForm(url, form, 'token')
    expect(await isSignedByTwilio({ authToken: 'token', signature, url, form })).toBe(true)
    for (const wrong of [
      { authToken: 'other' },
      { url: `${url}2` },
      { form: { ...form, Body: 'x' } },
      { signature: '' },
    ])
      expect(await isSignedByTwilio({ authToken: 'token', signature, url, form, ...wrong })).toBe(false)
  })
})

describe('finding what became of a text', () => {
  const channel = (from = { messagingServiceSid: sandbox.messagingServiceSid } as const) =>
    openSmsChannel({
      accountSid: sandbox.accountSid,
      auth: { authToken: sandbox.authToken },
      from,
      baseUrl: sandbox.url,
      statusCallback: () => null,
      clock: () => new Date(),
      timeoutMs: 400,
    })
  const send = (to: string, text: string) =>
    channel().send(
      { kind: 'sms', to, text, language: 'en', segments: 1, encoding: 'GSM-7' },
      {
        key: 'k',
        deadline: new Date(Date.now() + 5000),
        confirmLease: async () => undefined,
        note: () => undefined,
      },
    )
  const asked = (to: string, over: object = {}) => ({ key: 'k', to, startedAt: new Date(), ...over })

  it.each(['drop', 'hang'] as const)(
    'finds one whose answer was lost (%s), by its words and its id',
    async (kind) => {
      const to = kind === 'drop' ? '+491711234611' : '+491711234612'
      sandbox.inject({ to, times: 1, fault: { kind, at: 'answer' } })
      expect(await send(to, 'Is all well?')).toMatchObject({ outcome: 'uncertain' })
      const made = sandbox.deliveries().find((one) => one.to === to)!
      for (const over of [{ text: 'Is all well?' }, {}, { providerId: made.sid }])
        expect(await channel().reconcile(asked(to, over))).toMatchObject({
          outcome: 'sent',
          providerId: made.sid,
        })
      await sandbox.settled()
      expect(await channel().reconcile(asked(to, { text: 'Is all well?' }))).toMatchObject({
        detail: 'delivered',
      })
    },
  )

  it('knows nothing of one that was never made, of other words, another number, sender or time', async () => {
    const to = '+491711234613'
    sandbox.inject({ to, times: 1, fault: { kind: 'drop', at: 'request' } })
    expect(await send(to, 'Is all well?')).toMatchObject({ outcome: 'uncertain' })
    expect(await channel().reconcile(asked(to, { text: 'Is all well?' }))).toBeNull()
    await send(to, 'Is all well?')
    expect(await channel().reconcile(asked(to, { text: 'Something else' }))).toBeNull()
    expect(await channel().reconcile(asked('+491711234614', { text: 'Is all well?' }))).toBeNull()
    const before = new Date(Date.now() - 3_600_000)
    expect(await channel().reconcile(asked(to, { startedAt: before }))).toBeNull()
    expect(await channel({ messagingServiceSid: `MG${'0'.repeat(32)}` }).reconcile(asked(to))).toBeNull()
    expect(await channel().reconcile(asked(to, { text: 'Is all well?' }))).toMatchObject({ outcome: 'sent' })
  })

  it('tells one that Twilio could not deliver for refused, and waits where Twilio cannot be asked', async () => {
    const to = '+491711234615'
    sandbox.inject({ to, times: 1, fault: { kind: 'fail_later', status: 'undelivered', code: 30006 } })
    await send(to, 'Hello')
    await sandbox.settled()
    expect(await channel().reconcile(asked(to))).toMatchObject({
      outcome: 'rejected',
      suppress: true,
      retryable: false,
    })
    const away = openSmsChannel({
      accountSid: sandbox.accountSid,
      auth: { apiKey: `SK${'0'.repeat(32)}`, secret: 'x' },
      from: { number: '+15005550006' },
      baseUrl: 'http://127.0.0.1:9',
      statusCallback: () => null,
      clock: () => new Date(),
    })
    expect(await away.reconcile(asked(to))).toBeNull()
    expect(await away.verify()).toMatchObject([{ name: 'Twilio account', status: 'failed' }])
  })

  it('refuses an account, a key or a sender that cannot be one', () => {
    const options = {
      accountSid: sandbox.accountSid,
      auth: { authToken: 'x' },
      from: { number: '+15005550006' },
      statusCallback: () => null,
      clock: () => new Date(),
    }
    for (const wrong of [
      { accountSid: 'AC1' },
      { auth: { apiKey: 'AC1', secret: 'x' } },
      { auth: { authToken: '' } },
      { from: { number: 'Acme' } },
      { from: { messagingServiceSid: 'MG1' } },
    ])
      expect(() => openSmsChannel({ ...options, ...wrong })).toThrow(/Texts cannot be sent/)
  })
})
