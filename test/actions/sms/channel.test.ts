import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Attempt, Channel, SmsMessage } from '../../../actions/channel.ts'
import { openSmsChannel } from '../../../actions/sms/channel.ts'
import type { SmsFault } from '../../../actions/sms/sandbox/faults.ts'
import { startSmsSandbox, type SmsSandbox } from '../../../actions/sms/sandbox/sandbox.ts'
import { HoldfastError } from '../../../src/contracts/errors.ts'

let sandbox: SmsSandbox
let channel: Channel
let taken: (() => void)[] = []
const told: string[] = []

beforeAll(async () => {
  sandbox = await startSmsSandbox({ port: 0, host: '127.0.0.1', tells: false })
})
afterAll(() => sandbox.close())
beforeEach(() => {
  channel = channelOf()
  told.length = 0
})
afterEach(async () => {
  for (const away of taken) away()
  taken = []
  await channel.close()
  await sandbox.settled()
})

function channelOf(over: Partial<Parameters<typeof openSmsChannel>[0]> = {}): Channel {
  return openSmsChannel({
    accountSid: sandbox.accountSid,
    auth: { authToken: sandbox.authToken },
    from: { messagingServiceSid: sandbox.messagingServiceSid },
    baseUrl: sandbox.url,
    statusCallback: (key) => `http://127.0.0.1:9/sms/token/status?a=${key}`,
    clock: () => new Date(),
    timeoutMs: 2000,
    ...over,
  })
}

let count = 0
const message = (over: Partial<SmsMessage> = {}): SmsMessage => ({
  kind: 'sms',
  to: `+4917100000${10 + (count++ % 90)}`,
  text: `Acme: Hello number ${count}`,
  language: 'en',
  segments: 1,
  encoding: 'GSM-7',
  ...over,
})

function attempt(over: Partial<Attempt> = {}): Attempt {
  return {
    key: `key-${count}`,
    deadline: new Date(Date.now() + 5000),
    confirmLease: (before = 'handing_over') => {
      told.push(before)
      return Promise.resolve()
    },
    note: (phase) => void told.push(phase),
    ...over,
  }
}

function fault(one: SmsFault, times = 1): void {
  taken.push(sandbox.inject({ times, fault: one }))
}

describe('sending a text', () => {
  it('hands it to Twilio with the address that reports, and tells its id', async () => {
    const text = message()
    const sent = await channel.send(text, attempt({ key: 'abc' }))
    expect(sent).toMatchObject({ outcome: 'sent', providerId: expect.stringMatching(/^SM[0-9a-f]{32}$/) })
    expect(sandbox.deliveries().at(-1)).toMatchObject({ to: text.to, body: text.text, key: 'abc' })
  })

  it('confirms the lease before it connects, and again when the connection stands and nothing was written', async () => {
    await channel.send(message(), attempt())
    expect(told).toEqual(['connecting', 'connected', 'handing_over', 'handed_over', 'accepted'])
  })

  it('writes nothing when the lease is lost at the last moment', async () => {
    const before = sandbox.deliveries().length
    const lost = new HoldfastError('lease_lost', 'gone')
    const confirmLease = (at: string = 'handing_over') =>
      at === 'handing_over' ? Promise.reject(lost) : Promise.resolve()
    await expect(channel.send(message(), attempt({ confirmLease }))).rejects.toBe(lost)
    expect(sandbox.deliveries()).toHaveLength(before)
  })

  it('does not begin when its time is over', async () => {
    const late = await channel.send(message(), attempt({ deadline: new Date(Date.now() - 1) }))
    expect(late).toMatchObject({ outcome: 'rejected', retryable: true, code: 'sms_timeout' })
  })

  it('is tried again when nobody listens', async () => {
    const away = channelOf({ baseUrl: 'http://127.0.0.1:9' })
    expect(await away.send(message(), attempt())).toMatchObject({
      outcome: 'rejected',
      retryable: true,
      code: 'sms_unreachable',
    })
    expect(told).toEqual(['connecting'])
  })

  it.each([
    ['breaks before the text is made', { kind: 'drop', at: 'request' }],
    ['breaks after it was made', { kind: 'drop', at: 'answer' }],
    ['goes silent after it was made', { kind: 'hang', at: 'answer' }],
    ['answers 502 from something in between', { kind: 'refuse', status: 502 }],
    ['answers that Twilio itself failed', { kind: 'refuse', status: 500, code: 20500 }],
  ] as const)('is uncertain when the connection %s', async (_, one) => {
    fault(one)
    expect(await channelOf({ timeoutMs: 300 }).send(message(), attempt())).toMatchObject({
      outcome: 'uncertain',
    })
  })

  it.each([
    ['429', { status: 429, code: 20429 }, { retryable: true, code: 'sms_rate_limited' }],
    ['a full queue', { status: 400, code: 21611 }, { retryable: true, code: 'sms_rate_limited' }],
    ['a wrong sign-in', { status: 401, code: 20003 }, { retryable: false, code: 'sms_auth' }],
    ['a suspended account', { status: 403, code: 20005 }, { retryable: false, code: 'sms_account' }],
    ['an unknown error', { status: 400, code: 29999 }, { retryable: false, code: 'sms_refused' }],
    ['429 without a body', { status: 429 }, { retryable: true, code: 'sms_rate_limited' }],
  ] as const)('says what %s means', async (_, one, meaning) => {
    fault({ kind: 'refuse', ...one })
    const result = await channel.send(message(), attempt())
    expect(result).toMatchObject({ outcome: 'rejected', ...meaning })
    expect(result).not.toHaveProperty('suppress')
  })

  it.each([
    ['+15005550001', 'sms_number_invalid', false],
    ['+15005550009', 'sms_number_invalid', false],
    ['+15005550004', 'sms_opted_out', true],
  ])('takes the number %s off the list (%s)', async (to, code, optedOut) => {
    const result = await channel.send(message({ to }), attempt())
    expect(result).toMatchObject({ outcome: 'rejected', retryable: false, code, suppress: true })
    expect('optedOut' in result).toBe(optedOut)
  })

  it('is not let in with a wrong token', async () => {
    const stranger = channelOf({ auth: { authToken: 'wrong' } })
    expect(await stranger.send(message(), attempt())).toMatchObject({ outcome: 'rejected', code: 'sms_auth' })
  })
})
