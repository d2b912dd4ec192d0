import { createHmac } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  isSignedBySendGrid,
  parseMailgun,
  parseSendGrid,
  signedByMailgun,
} from '../../../actions/email/provider-events.ts'

const body = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

describe('events of SendGrid', () => {
  // The example that SendGrid's own libraries are tested with (sendgrid-nodejs, eventwebhook).
  const example = {
    key: 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEDr2LjtURuePQzplybdC+u4CwrqDqBaWjcMMsTbhdbcwHBcepxo7yAQGhHPTnlvFYPAZFceEu/1FwCM/QmGUhA==',
    signature:
      'MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2nlxFDWYNH2j/0=',
    timestamp: '1588788367',
    body: body({ category: 'example_payload', event: 'test_event', message_id: 'message_id' }),
  }

  it('are signed as SendGrid signs its example, and in no other way', () => {
    expect(isSignedBySendGrid(example)).toBe(true)
    for (const other of [
      { timestamp: '1588788368' },
      { body: Buffer.concat([example.body, Buffer.from(' ')]) },
      { signature: '' },
      { signature: 'MEUCIQCtIHJeH93Y' },
      { key: '' },
      { key: `${example.key.slice(0, -8)}AAAAAA==` },
    ])
      expect(isSignedBySendGrid({ ...example, ...other })).toBe(false)
  })

  const said = (event: object) =>
    parseSendGrid(body([{ timestamp: 1_750_000_000, sg_event_id: 'e1', 'smtp-id': '<1@x>', ...event }]))

  it.each([
    [{ event: 'delivered' }, 'delivered', false],
    [{ event: 'deferred' }, 'delayed', false],
    [{ event: 'spamreport' }, 'complained', false],
    [{ event: 'group_unsubscribe' }, 'unsubscribed', false],
    [{ event: 'bounce', type: 'bounce', status: '5.1.1', reason: '550 5.1.1 no user' }, 'bounced', true],
    [{ event: 'bounce', type: 'bounce', status: '5.0.0', reason: '550 No such user' }, 'bounced', true],
    [{ event: 'bounce', type: 'bounce', status: '5.2.2', reason: '552 full' }, 'bounced', false],
    [{ event: 'bounce', type: 'blocked', status: '5.1.1', reason: '550 5.1.1' }, 'bounced', false],
    [{ event: 'dropped', reason: 'Bounced Address' }, 'failed', true],
    [{ event: 'dropped', reason: 'Unsubscribed Address' }, 'unsubscribed', false],
    [{ event: 'dropped', reason: 'Spam Reporting Address' }, 'complained', false],
    [{ event: 'dropped', reason: 'Recipient List over Package Quota' }, 'failed', false],
  ])('%j: %s', (event, kind, permanent) => {
    expect(said(event)).toEqual([
      expect.objectContaining({
        kind,
        permanent,
        id: 'e1',
        messageId: '<1@x>',
        at: new Date(1_750_000_000_000),
      }),
    ])
  })

  it('are left out where they say nothing, and one that is wrong keeps back no other', () => {
    expect(said({ event: 'processed' })).toEqual([])
    const mixed = [{ event: 'delivered' }, 7, { event: 'open', timestamp: 1, sg_event_id: 'e2' }]
    expect(parseSendGrid(body(mixed))).toMatchObject([{ kind: 'opened', messageId: null }])
    expect(parseSendGrid(body({}))).toBeNull()
    expect(parseSendGrid(Buffer.from('x'))).toBeNull()
  })
})

describe('events of Mailgun', () => {
  const key = 'key-3ax6xnjp29jd6fds4gc373sgvjxteol0'
  const signed = (data: unknown, by = key) =>
    body({
      signature: {
        timestamp: '1529006854',
        token: 'a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0',
        signature: createHmac('sha256', by)
          .update('1529006854a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0')
          .digest('hex'),
      },
      'event-data': data,
    })

  it('are those that are signed with the key', () => {
    expect(signedByMailgun(key, signed({ event: 'delivered' }))).toEqual({ event: 'delivered' })
    expect(signedByMailgun(key, signed({}, 'another'))).toBeNull()
    expect(signedByMailgun(key, body({}))).toBeNull()
  })

  const said = (event: object) =>
    parseMailgun({
      id: 'e1',
      timestamp: 1_750_000_000.5,
      message: { headers: { 'message-id': '1@x' } },
      ...event,
    })

  it.each([
    [{ event: 'delivered' }, 'delivered', false],
    [{ event: 'complained' }, 'complained', false],
    [{ event: 'unsubscribed' }, 'unsubscribed', false],
    [{ event: 'failed', severity: 'temporary', 'delivery-status': { code: 451 } }, 'delayed', false],
    [
      {
        event: 'failed',
        severity: 'permanent',
        reason: 'generic',
        'delivery-status': { code: 550, 'enhanced-code': '5.1.1', message: 'no such user' },
      },
      'bounced',
      true,
    ],
    [
      { event: 'failed', severity: 'permanent', 'delivery-status': { code: 550, message: '5.7.1 spam' } },
      'bounced',
      false,
    ],
    [{ event: 'failed', severity: 'permanent', reason: 'suppress-bounce' }, 'bounced', true],
    [{ event: 'failed', severity: 'permanent', reason: 'suppress-unsubscribe' }, 'unsubscribed', false],
    [{ event: 'rejected' }, 'failed', false],
  ])('%j: %s', (event, kind, permanent) => {
    expect(said(event)).toEqual([expect.objectContaining({ kind, permanent, messageId: '<1@x>' })])
  })

  it('are no events where they have not their form', () => {
    expect(said({ event: 'stored' })).toEqual([])
    expect(parseMailgun({ event: 'delivered' })).toBeNull()
    fc.assert(fc.property(fc.anything(), (value) => (parseMailgun(value)?.length ?? 0) <= 1))
  })
})
