/** The texts of the sandbox: what it was given and what people answered, in the words of Twilio's API. */
import { randomBytes } from 'node:crypto'
import { segmentsOf } from '../segments.ts'

export type TextStatus = 'accepted' | 'queued' | 'sent' | 'delivered' | 'undelivered' | 'failed' | 'received'

export interface SandboxText {
  /** SM… */
  readonly sid: string
  readonly at: Date
  readonly direction: 'outbound-api' | 'outbound-reply' | 'inbound'
  /** Null until a number of the service was chosen. */
  readonly from: string | null
  readonly to: string
  readonly body: string
  readonly segments: number
  readonly status: TextStatus
  readonly errorCode: number | null
  readonly sentAt: Date | null
  readonly updatedAt: Date
  /** MG…, where it was sent by a service. */
  readonly service: string | null
  /** Where what becomes of it is told. */
  readonly callback: string | null
}

export interface NewText extends Pick<
  SandboxText,
  'direction' | 'from' | 'to' | 'body' | 'status' | 'service' | 'callback'
> {}

/** @example newText({ direction: 'inbound', from: '+49171…', to, body: 'STOP', status: 'received', service: null, callback: null }) */
export function newText(text: NewText): SandboxText {
  const at = new Date()
  return {
    ...text,
    sid: `SM${randomBytes(16).toString('hex')}`,
    at,
    segments: segmentsOf(text.body).segments,
    errorCode: null,
    sentAt: text.direction === 'outbound-api' ? null : at,
    updatedAt: at,
  }
}

/** As `api.v2010.account.message` of Twilio's OpenAPI description. */
export function messageJson(text: SandboxText, account: string): Record<string, unknown> {
  const uri = `/2010-04-01/Accounts/${account}/Messages/${text.sid}`
  return {
    account_sid: account,
    api_version: '2010-04-01',
    body: text.body,
    date_created: rfc2822(text.at),
    date_sent: text.sentAt === null ? null : rfc2822(text.sentAt),
    date_updated: rfc2822(text.updatedAt),
    direction: text.direction,
    error_code: text.errorCode,
    error_message: text.errorCode === null ? null : 'The sandbox was told to fail it',
    from: text.from,
    messaging_service_sid: text.service,
    num_media: '0',
    // A service chooses its sender later, and counts then.
    num_segments: text.status === 'accepted' ? '0' : String(text.segments),
    price: null,
    price_unit: 'USD',
    sid: text.sid,
    status: text.status,
    subresource_uris: { media: `${uri}/Media.json` },
    to: text.to,
    uri: `${uri}.json`,
  }
}

/** `Thu, 24 Aug 2023 05:01:45 +0000`: whole seconds, as Twilio has them. */
export function rfc2822(at: Date): string {
  return at.toUTCString().replace('GMT', '+0000')
}
