/** What a failed conversation means: for the message, for the address, and for the admin. */
import type { SendResult } from '../channel.ts'
import type { Ending, SmtpFailure } from './conversation.ts'

type Failed = Extract<Ending, { ended: 'failed' }>

/** Codes of results that are not `sent`; those of a message that was never tried are in compose.ts. */
export type SmtpCode =
  | 'smtp_address_refused'
  | 'smtp_mailbox_full'
  | 'smtp_greylisted'
  | 'smtp_deferred'
  | 'smtp_refused'
  | 'smtp_sender_refused'
  | 'smtp_too_large'
  | 'smtp_unavailable'
  | 'smtp_unreachable'
  | 'smtp_dropped'
  | 'smtp_timeout'
  | 'smtp_auth'
  | 'smtp_tls'

/**
 * A reply with a code of 4xx or 5xx is definite, whenever it came. Without one it depends on how far it got: before
 * the content nothing went out, after it nobody can say.
 */
export function judge(failed: Failed, host: string): SendResult {
  const { error, phase } = failed
  if (isTlsFailure(error)) return tlsFailed(error, host)
  if (error.responseCode !== undefined && error.responseCode >= 400 && error.responseCode < 600) {
    return judgeReply(failed, host)
  }
  if (phase === 'dot_sent') {
    return {
      outcome: 'uncertain',
      message: `${host} took the e-mail but ${failed.timedOut ? 'did not answer in time' : 'the connection broke before it answered'}. It may have been delivered, so it is not sent again by itself. Look it up in the log of the server, or ask the recipient.`,
    }
  }
  if (failed.timedOut)
    return rejected(
      'smtp_timeout',
      true,
      `${host} did not answer in time. It will be tried again; if that goes on, check smtp.host and smtp.port in the settings, and whether a firewall is in between.`,
    )
  if (error.code === 'EAUTH') return authFailed(error, host)
  if (error.code === 'EMESSAGE') {
    return rejected('smtp_too_large', false, `The e-mail is larger than ${host} takes. Shorten the template.`)
  }
  if (phase === 'connecting') {
    return rejected(
      'smtp_unreachable',
      true,
      `${host} cannot be reached (${error.originalCode ?? error.code ?? error.message}). It will be tried again; if that goes on, check smtp.host and smtp.port in the settings.`,
    )
  }
  return rejected(
    'smtp_dropped',
    true,
    `${host} broke the connection before it took the e-mail. It will be tried again.`,
  )
}

function judgeReply(failed: Failed, host: string): SendResult {
  const { error } = failed
  const code = error.responseCode ?? 0
  const text = error.response ?? ''
  // RFC 3463: class.subject.detail.
  const status = /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/.exec(text)?.[1] ?? ''
  const said = `"${quoted(text)}"`
  const atRecipient = error.command === 'RCPT TO'

  if (error.code === 'EAUTH' || [530, 534, 535, 538].includes(code)) return authFailed(error, host)
  if (/^[45]\.2\.2$/.test(status) || (atRecipient && (code === 452 || code === 552))) {
    return rejected(
      'smtp_mailbox_full',
      code < 500,
      `The recipient's mailbox is full: ${host} answered ${said}.`,
    )
  }
  if (code < 500) return deferred(failed, code, text, host)
  if (error.command === 'MAIL FROM' || status === '5.1.7' || status === '5.1.8') {
    return rejected(
      'smtp_sender_refused',
      false,
      `${host} does not take e-mails from the sender's address: it answered ${said}. Check sender.address in the settings and that the server may send for it.`,
    )
  }
  if (code === 552 || status === '5.3.4' || status === '5.2.3') {
    return rejected('smtp_too_large', false, `${host} refused the e-mail as too large: it answered ${said}.`)
  }
  if (isAddressFault(status, code, text, atRecipient)) {
    return {
      ...rejected(
        'smtp_address_refused',
        false,
        `The recipient's address does not exist or takes no e-mails: ${host} answered ${said}. It is not written to again; correct the address in the CRM.`,
      ),
      suppress: true,
    }
  }
  return rejected(
    'smtp_refused',
    false,
    `${host} refused the e-mail: it answered ${said}. That is its policy rather than the recipient's address; check the sender's reputation, SPF and DKIM.`,
  )
}

/**
 * Only the address's own fault takes it off the list. Of the 550s many mean us (5.7: policy, spam, relaying); where
 * no enhanced code tells, a refusal at RCPT TO means the address unless its words say otherwise.
 *
 * @param status RFC 3463, empty where there is none
 * @param code of the SMTP reply; 0: none is known
 * @example
 * isAddressFault('5.1.1', 550, 'no such user', true) // true
 */
export function isAddressFault(status: string, code: number, text: string, atRecipient: boolean): boolean {
  if (status !== '') return /^5\.1\.(0|1|2|3|6|10)$/.test(status) || status === '5.2.1'
  return atRecipient && [550, 551, 553].includes(code) && !POLICY_WORDS.test(text)
}

const POLICY_WORDS =
  /relay|authenticat|spam|blocked|block ?list|black ?list|polic|reputation|spf|dkim|dmarc|not permitted|denied|client host|sender/i

function deferred(failed: Failed, code: number, text: string, host: string): SendResult {
  const said = `"${quoted(text)}"`
  if (code === 421 || failed.phase === 'connecting') {
    return rejected(
      'smtp_unavailable',
      true,
      `${host} is not available: it answered ${said}. It will be tried again.`,
    )
  }
  const early = failed.phase !== 'dot_sent'
  if (early && (/gr[ae]y ?-?list/i.test(text) || code === 450)) {
    return rejected(
      'smtp_greylisted',
      true,
      `${host} wants the e-mail a little later: it answered ${said}. It will be tried again.`,
    )
  }
  return rejected(
    'smtp_deferred',
    true,
    `${host} cannot take the e-mail now: it answered ${said}. It will be tried again.`,
  )
}

function authFailed(error: SmtpFailure, host: string): SendResult {
  // 454: the server itself cannot check passwords at the moment (RFC 4954 section 6).
  const temporary = error.responseCode !== undefined && error.responseCode >= 400 && error.responseCode < 500
  const said = error.response === undefined ? error.message : error.response
  return temporary
    ? rejected(
        'smtp_unavailable',
        true,
        `${host} cannot sign anybody in at the moment: "${quoted(said)}". It will be tried again.`,
      )
    : rejected(
        'smtp_auth',
        false,
        `${host} did not accept the sign-in: "${quoted(said)}". Check smtp.user and its password; until then no e-mail goes out.`,
      )
}

function isTlsFailure(error: SmtpFailure): boolean {
  return error.code === 'ETLS' || TLS_CODES.test(`${error.originalCode ?? ''} ${error.message}`)
}

const TLS_CODES =
  /CERT_|_CERT|ERR_TLS|ERR_SSL|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|EPROTO\b|certificate|does not support required STARTTLS/

function tlsFailed(error: SmtpFailure, host: string): SendResult {
  const refused = error.command === 'STARTTLS' && error.responseCode !== undefined
  const why = refused
    ? `it refuses STARTTLS: "${quoted(error.response ?? '')}"`
    : quoted(error.originalCode ?? error.message)
  return rejected(
    'smtp_tls',
    // 454: not at the moment (RFC 3207 section 4).
    error.responseCode === 454,
    `The conversation with ${host} could not be encrypted, so nothing was sent (${why}). Check smtp.security and smtp.port, and that the server's certificate is valid for this name.`,
  )
}

function rejected(code: SmtpCode, retryable: boolean, message: string) {
  return { outcome: 'rejected', retryable, code, message } as const
}

function quoted(text: string): string {
  const line = text.replace(/[\p{Cc}\s]+/gu, ' ').trim()
  return line.length > 200 ? `${line.slice(0, 199)}…` : line
}
