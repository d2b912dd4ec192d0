/**
 * What the world answers to a mail in the sandbox inbox: bounces, complaints and people's answers, as real mails over real
 * SMTP to the addresses that the mail itself names.
 */
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { InboxMail } from './inbox.ts'

export type SandboxAnswer =
  | {
      readonly kind: 'bounce'
      /** Default 5.1.1: nobody has this address. */
      readonly status?: string
      readonly action?: 'failed' | 'delayed' | 'delivered'
    }
  | { readonly kind: 'complaint' }
  | { readonly kind: 'reply'; readonly text: string }
  | { readonly kind: 'out_of_office' }
  /** By the address that mail programs unsubscribe with. */
  | { readonly kind: 'stop' }

export interface AnswerMail {
  /** Empty: the null sender. */
  readonly from: string
  readonly to: string
  readonly raw: Buffer
}

/**
 * The mail that somebody would send back; null where the mail names no address for it.
 *
 * @param mail of the inbox
 * @example
 * const answer = answerTo(inbox.list()[0], { kind: 'bounce' }, new Date())
 * if (answer !== null) await deliver(receiver, answer)
 */
export function answerTo(mail: InboxMail, answer: SandboxAnswer, date: Date): AnswerMail | null {
  const person = mail.to
  switch (answer.kind) {
    case 'bounce':
      return mail.from === '' ? null : { from: '', to: mail.from, raw: bounceOf(mail, answer, date) }
    case 'complaint': {
      const domain = mail.from.slice(mail.from.indexOf('@') + 1)
      const from = 'fbl@mailbox.invalid'
      return mail.from === '' ? null : { from, to: `fbl@${domain}`, raw: complaintOf(mail, from, date) }
    }
    case 'reply':
    case 'out_of_office': {
      const to = mail.replyTo ?? addressIn(headerOf(mail, 'from'))
      if (to === null) return null
      const automatic = answer.kind === 'out_of_office'
      const text = automatic ? 'I am away until Monday.' : answer.text
      const subject = automatic ? `Automatic reply: ${mail.subject}` : `Re: ${mail.subject}`
      const more = automatic ? ['Auto-Submitted: auto-replied'] : []
      return { from: person, to, raw: personal(mail, { date, to, subject, text, more }) }
    }
    case 'stop': {
      const to = /<mailto:([^?>]+)/.exec(headerOf(mail, 'list-unsubscribe'))?.[1] ?? null
      return to === null
        ? null
        : { from: person, to, raw: personal(mail, { date, to, subject: 'unsubscribe', text: '', more: [] }) }
    }
  }
}

/**
 * @throws Error with the reply of the server, when it does not take the mail
 */
export function deliver(
  { host, port }: { readonly host: string; readonly port: number },
  { from, to, raw }: AnswerMail,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const connection = new SMTPConnection({
      host,
      port,
      secure: false,
      ignoreTLS: true,
      name: 'sandbox.invalid',
    })
    const fail = (error: Error) => {
      connection.close()
      reject(error)
    }
    connection.on('error', fail)
    connection.connect((failed) => {
      if (failed) return fail(failed)
      connection.send({ from, to: [to] }, raw, (error, info) => {
        if (error) return fail(error)
        connection.quit()
        resolve(info.response)
      })
    })
  })
}

function bounceOf(
  mail: InboxMail,
  { status = '5.1.1', action = 'failed' }: Extract<SandboxAnswer, { kind: 'bounce' }>,
  date: Date,
): Buffer {
  const code = status.startsWith('5') ? 550 : status.startsWith('4') ? 451 : 250
  return report(mail, {
    date,
    from: 'MAILER-DAEMON@sandbox.invalid',
    to: mail.from,
    type: 'delivery-status',
    subject: action === 'failed' ? 'Undelivered Mail Returned to Sender' : 'Delivery Status Notification',
    text: `This is what became of your message to ${mail.to}: ${action}.`,
    fields: [
      'Reporting-MTA: dns; sandbox.invalid',
      '',
      `Final-Recipient: rfc822; ${mail.to}`,
      `Action: ${action}`,
      `Status: ${status}`,
      `Diagnostic-Code: smtp; ${code} ${status} ${WORDS[status] ?? 'as the sandbox was asked'}`,
    ],
  })
}

const WORDS: Readonly<Record<string, string>> = {
  '5.1.1': 'no such user',
  '5.2.2': 'mailbox full',
  '5.7.1': 'refused by policy',
  '4.4.7': 'held up on its way',
}

function complaintOf(mail: InboxMail, from: string, date: Date): Buffer {
  return report(mail, {
    date,
    from,
    to: mail.from,
    type: 'feedback-report',
    subject: `FW: ${mail.subject}`,
    text: 'This is an e-mail abuse report for a message that was received.',
    fields: [
      'Feedback-Type: abuse',
      'User-Agent: HoldfastSandbox/1.0',
      'Version: 1',
      `Original-Mail-From: <${mail.from}>`,
      `Original-Rcpt-To: <${mail.to}>`,
    ],
  })
}

interface ReportParts {
  readonly date: Date
  readonly from: string
  readonly to: string
  readonly type: 'delivery-status' | 'feedback-report'
  readonly subject: string
  readonly text: string
  readonly fields: readonly string[]
}

/** RFC 6522: words, fields, and the headers of the original. */
function report(mail: InboxMail, { date, from, to, type, subject, text, fields }: ReportParts): Buffer {
  const original = mail.raw.toString('latin1')
  const head = original.slice(0, original.indexOf('\r\n\r\n'))
  const boundary = `sandbox-${mail.id}-${date.getTime()}`
  return Buffer.from(
    [
      `From: <${from}>`,
      `To: <${to}>`,
      `Date: ${date.toUTCString().replace('GMT', '+0000')}`,
      `Subject: ${oneLine(subject)}`,
      'Auto-Submitted: auto-generated',
      'MIME-Version: 1.0',
      `Content-Type: multipart/report; report-type=${type}; boundary="${boundary}"`,
      '',
      `--${boundary}`,
      'Content-Type: text/plain; charset=utf-8',
      '',
      text,
      `--${boundary}`,
      `Content-Type: message/${type}`,
      '',
      ...fields,
      '',
      `--${boundary}`,
      'Content-Type: text/rfc822-headers',
      '',
      head,
      '',
      `--${boundary}--`,
      '',
    ].join('\r\n'),
    'latin1',
  )
}

function personal(
  mail: InboxMail,
  {
    date,
    to,
    subject,
    text,
    more,
  }: { date: Date; to: string; subject: string; text: string; more: string[] },
): Buffer {
  return Buffer.from(
    [
      `From: <${mail.to}>`,
      `To: <${to}>`,
      `Date: ${date.toUTCString().replace('GMT', '+0000')}`,
      `Message-ID: <${mail.id}.${date.getTime()}@sandbox.invalid>`,
      `In-Reply-To: ${mail.messageId}`,
      `Subject: ${oneLine(subject)}`,
      ...more,
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: base64',
      '',
      Buffer.from(text).toString('base64'),
      '',
    ].join('\r\n'),
  )
}

const headerOf = (mail: InboxMail, name: string): string =>
  mail.headers.find((one) => one.name === name)?.value ?? ''

const addressIn = (from: string): string | null => /<([^>]+)>/.exec(from)?.[1] ?? null

/** RFC 2047 where it is not ASCII. */
function oneLine(text: string): string {
  const line = text.replace(/[\p{Cc}\s]+/gu, ' ').slice(0, 100)
  return /^[\x20-\x7e]*$/.test(line) ? line : `=?utf-8?B?${Buffer.from(line).toString('base64')}?=`
}
