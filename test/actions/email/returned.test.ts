import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readReturned } from '../../../actions/email/returned.ts'

const crlf = (text: string): Buffer => Buffer.from(text.replace(/\n/g, '\r\n'))

/** As Postfix writes it. */
const report = (fields: string): Buffer =>
  crlf(`From: MAILER-DAEMON@mx.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
Date: Sat, 21 Nov 2026 10:00:00 +0100
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.
--b
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
Arrival-Date: Sat, 21 Nov 2026 09:59:58 +0100

${fields}
--b
Content-Type: message/rfc822

From: care@acme.example
Subject: Hello

Action: delivered
--b--
`)

const read = (raw: Buffer, envelopeFrom = '') => readReturned(raw, { envelopeFrom })

describe('a report of a mail server', () => {
  it.each([
    ['failed', '5.1.1', 'smtp; 550 5.1.1 <a@b.example>: User unknown', '5.1.1', true],
    ['failed', '5.2.2', 'smtp; 552 5.2.2 Mailbox full', '5.2.2', false],
    ['failed', '5.7.1', 'smtp; 550 5.7.1 Message rejected as spam', '5.7.1', false],
    ['failed', '4.4.7', 'smtp; 451 4.4.7 Message expired', '4.4.7', false],
    // Exchange says 5.0.0 where the server before it said more.
    ['failed', '5.0.0', 'smtp; 550 5.1.10 Recipient not found', '5.1.10', true],
    ['failed', '5.0.0', 'smtp; 550 No such user here', '5.0.0', true],
    ['failed', '5.0.0', 'smtp; 550 blocked by policy', '5.0.0', false],
    ['Failed (bounced)', '5.1.1', 'x-unix; no such user', '5.1.1', true],
  ])('%s %s "%s": %s, for good: %s', async (action, status, said, found, permanent) => {
    const fields = `Final-Recipient: rfc822; a@b.example\nAction: ${action}\nStatus: ${status}\nDiagnostic-Code: ${said}`
    expect(await read(report(fields))).toMatchObject({
      kind: 'report',
      action: 'failed',
      status: found,
      permanent,
      at: new Date('2026-11-21T09:00:00Z'),
    })
  })

  it('tells what is late and what was delivered from what failed', async () => {
    for (const [action, as] of [
      ['delayed', 'delayed'],
      ['delivered', 'delivered'],
      ['relayed', 'passed_on'],
      ['expanded', 'passed_on'],
    ])
      expect(await read(report(`Action: ${action}\nStatus: 2.0.0`))).toMatchObject({
        action: as,
        permanent: false,
      })
  })

  it('takes the worst of several recipients, and reads folded lines', async () => {
    const two = `Action: delivered\nStatus: 2.0.0\n\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550\n 5.1.1 gone`
    expect(await read(report(two))).toMatchObject({ action: 'failed', detail: '550 5.1.1 gone' })
  })

  it('is no bounce when it says nothing that can be read', async () => {
    expect(await read(report('Nothing here'))).toMatchObject({ action: 'passed_on', permanent: false })
  })

  it('may be in words alone, as qmail has them', async () => {
    const qmail = crlf(`From: MAILER-DAEMON@mx.example
Subject: failure notice

Hi. This is the qmail-send program at mx.example.

<a@b.example>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 User unknown
`)
    expect(await read(qmail)).toMatchObject({
      kind: 'report',
      action: 'failed',
      status: '5.1.1',
      permanent: true,
      detail: '550 5.1.1 User unknown',
    })
  })
})

describe('a complaint', () => {
  const arf = (type: string) =>
    crlf(`From: <fbl@mailbox.example>
Subject: FW: Hello
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

This is an email abuse report.
--b
Content-Type: message/feedback-report

Feedback-Type: ${type}
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <bounce+token@acme.example>

--b
Content-Type: message/rfc822

From: care@acme.example
List-Unsubscribe: <https://x.example/u/abc.def>,
 <mailto:stop+abc@acme.example>
Subject: Hello

In the body: List-Unsubscribe: <https://x.example/u/forged>
--b--
`)

  it('says of which e-mail it is: by its fields and its headers, never by its body', async () => {
    const complaint = await read(arf('Abuse'), 'fbl@mailbox.example')
    expect(complaint).toMatchObject({ kind: 'complaint', type: 'abuse' })
    const { original } = complaint as { original: string }
    expect(original).toContain('bounce+token@acme.example')
    expect(original).toContain('<https://x.example/u/abc.def>, <mailto:stop+abc@acme.example>')
    expect(original).not.toContain('forged')
  })

  it('is of another kind where somebody says that it is no spam', async () => {
    expect(await read(arf('not-spam'))).toMatchObject({ kind: 'complaint', type: 'not-spam' })
  })
})

describe('an answer', () => {
  const mail = (headers: string, text = 'Yes, please call me.') =>
    crlf(`From: Ann Lee <ann@example.com>\nMessage-ID: <1@example.com>\n${headers}\n\n${text}\n`)

  it('is of a person who wrote it', async () => {
    expect(await read(mail('Subject: Re: Hello\nAuto-Submitted: no'), 'ann@example.com')).toMatchObject({
      kind: 'answer',
      messageId: '<1@example.com>',
      from: { name: 'Ann Lee', address: 'ann@example.com' },
      subject: 'Re: Hello',
      text: 'Yes, please call me.\n',
    })
  })

  it.each([
    'Subject: Hello\nAuto-Submitted: auto-replied (vacation)',
    'Subject: Hello\nPrecedence: auto_reply',
    'Subject: Hello\nList-Id: <list.example>',
    'Subject: Automatic reply: Hello',
    'Subject: Abwesenheitsnotiz: Hello',
    'Subject: Out of office',
  ])('is of nobody: %s', async (headers) => {
    expect((await read(mail(headers), 'ann@example.com')).kind).toBe('automatic')
  })

  it('never comes from the null sender', async () => {
    expect((await read(mail('Subject: Hello'))).kind).toBe('automatic')
  })

  it('is whatever else arrives, and reading never fails', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), fc.boolean(), async (bytes, bodies) => {
        const raw = bodies ? Buffer.concat([report('').subarray(0, 500), bytes]) : Buffer.from(bytes)
        const { kind } = await read(raw, 'x@example.com')
        expect(['report', 'complaint', 'automatic', 'answer']).toContain(kind)
      }),
      { numRuns: 60 },
    )
  })
})
