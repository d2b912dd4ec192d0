/**
 * What mail providers tell by webhook: whether it is signed, and what it says, in the same words for each. The message is
 * known by the Message-ID that we gave it.
 *
 * No age is asked of a request. SendGrid posts again for up to 24 hours, Mailgun for 8 and warns of delays beyond its
 * control before that; a complaint or an unsubscription that comes late counts all the same, and dropping one would mean
 * to write again to somebody who said no. What is played again is known by the id of its event, and changes nothing.
 *
 * @see https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/troubleshooting
 * @see https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks
 */
import { createHmac, createPublicKey, createVerify, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { isAddressFault } from './verdict.ts'

export interface ProviderEvent {
  readonly kind:
    | 'delivered'
    | 'delayed'
    | 'bounced'
    | 'failed'
    | 'complained'
    | 'opened'
    | 'clicked'
    | 'unsubscribed'
  readonly at: Date
  /** Of the event: the same however often it is told. */
  readonly id: string
  /** With its angle brackets. */
  readonly messageId: string | null
  readonly code: string | null
  readonly detail: string | null
  /** The address itself is at fault. */
  readonly permanent: boolean
}

/**
 * SendGrid: ECDSA (P-256, SHA-256) over timestamp and body.
 *
 * @param key SubjectPublicKeyInfo, DER in base64, as the settings of the webhook show it
 * @see https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
 * @example
 * isSignedBySendGrid({ key, signature, timestamp: '1588788367', body })
 */
export function isSignedBySendGrid({
  key,
  signature,
  timestamp,
  body,
}: {
  readonly key: string
  readonly signature: string
  readonly timestamp: string
  readonly body: Buffer
}): boolean {
  try {
    const spki = createPublicKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'spki' })
    return (
      spki.asymmetricKeyType === 'ec' &&
      createVerify('sha256').update(timestamp).update(body).verify(spki, signature, 'base64')
    )
  } catch {
    return false
  }
}

/**
 * Mailgun: HMAC-SHA256 over timestamp and token, which stand in the body. It does not cover the rest of the body, so the
 * key is all that keeps others out, and https.
 *
 * @returns what is signed, or null
 */
export function signedByMailgun(key: string, body: Buffer): unknown {
  const parsed = mailgunBody.safeParse(jsonIn(body))
  if (!parsed.success) return null
  const { timestamp, token, signature } = parsed.data.signature
  const expected = createHmac('sha256', key).update(`${timestamp}${token}`).digest()
  const given = Buffer.from(signature, 'hex')
  const right = given.length === expected.length && timingSafeEqual(given, expected)
  return right ? parsed.data['event-data'] : null
}

const short = z.string().max(2000)
const mailgunBody = z.object({
  signature: z.object({
    timestamp: z.string().max(40),
    token: z.string().max(200),
    signature: z.string().regex(/^[0-9a-f]{64}$/i),
  }),
  'event-data': z.unknown(),
})

/** @returns null when it is no list of events; those that say nothing to us are left out */
export function parseSendGrid(body: Buffer): readonly ProviderEvent[] | null {
  const events = z.array(z.unknown()).max(5000).safeParse(jsonIn(body))
  if (!events.success) return null
  return events.data.flatMap((one) => {
    const { data: event } = sendGridEvent.safeParse(one)
    const said = event === undefined ? null : sendGridMeaning(event)
    return event === undefined || said === null
      ? []
      : [
          {
            ...said,
            at: new Date(event.timestamp * 1000),
            id: event.sg_event_id,
            messageId: event['smtp-id'] ?? null,
            code: event.status ?? null,
            detail: event.reason ?? null,
          },
        ]
  })
}

const sendGridEvent = z.object({
  event: short,
  timestamp: z.number().min(0).max(1e11),
  sg_event_id: z.string().min(1).max(300),
  'smtp-id': z.string().max(998).optional(),
  status: z.string().max(40).optional(),
  reason: z.string().optional(),
  type: short.optional(),
})

function sendGridMeaning(
  event: z.infer<typeof sendGridEvent>,
): Pick<ProviderEvent, 'kind' | 'permanent'> | null {
  const { type, status = '', reason = '' } = event
  switch (event.event) {
    case 'delivered':
      return { kind: 'delivered', permanent: false }
    case 'deferred':
      return { kind: 'delayed', permanent: false }
    case 'open':
      return { kind: 'opened', permanent: false }
    case 'click':
      return { kind: 'clicked', permanent: false }
    case 'spamreport':
      return { kind: 'complained', permanent: false }
    case 'unsubscribe':
    case 'group_unsubscribe':
      return { kind: 'unsubscribed', permanent: false }
    case 'bounce':
      return { kind: 'bounced', permanent: type !== 'blocked' && isFault(status, replyIn(reason), reason) }
    // It keeps lists of its own and did not try.
    case 'dropped':
      if (/^spam report/i.test(reason)) return { kind: 'complained', permanent: false }
      if (/^unsubscribed/i.test(reason)) return { kind: 'unsubscribed', permanent: false }
      return { kind: 'failed', permanent: /^(bounced address|invalid$)/i.test(reason) }
    default:
      return null
  }
}

/** @param data `event-data` of a body that {@link signedByMailgun} took */
export function parseMailgun(data: unknown): readonly ProviderEvent[] | null {
  const { data: event } = mailgunEvent.safeParse(data)
  if (event === undefined) return null
  const said = mailgunMeaning(event)
  if (said === null) return []
  const status = event['delivery-status']
  const bare = event.message?.headers?.['message-id']
  return [
    {
      ...said,
      at: new Date(event.timestamp * 1000),
      id: event.id,
      messageId: bare === undefined ? null : `<${bare.replace(/^<|>$/g, '')}>`,
      code: status?.['enhanced-code'] || (status?.code === undefined ? null : String(status.code)),
      detail: status?.message || status?.description || event.reason || null,
    },
  ]
}

const mailgunEvent = z.object({
  event: short,
  id: z.string().min(1).max(300),
  timestamp: z.number().min(0).max(1e11),
  severity: short.optional(),
  reason: short.optional(),
  message: z
    .object({ headers: z.object({ 'message-id': z.string().max(998).optional() }).optional() })
    .optional(),
  'delivery-status': z
    .object({
      code: z.number().optional(),
      'enhanced-code': z.string().max(40).optional(),
      message: z.string().optional(),
      description: z.string().nullable().optional(),
    })
    .optional(),
})

function mailgunMeaning(
  event: z.infer<typeof mailgunEvent>,
): Pick<ProviderEvent, 'kind' | 'permanent'> | null {
  const status = event['delivery-status']
  switch (event.event) {
    case 'delivered':
    case 'opened':
    case 'clicked':
    case 'complained':
    case 'unsubscribed':
      return { kind: event.event, permanent: false }
    case 'rejected':
      return { kind: 'failed', permanent: false }
    case 'failed': {
      if (event.severity === 'temporary') return { kind: 'delayed', permanent: false }
      // It keeps lists of its own and did not try.
      if (event.reason === 'suppress-complaint') return { kind: 'complained', permanent: false }
      if (event.reason === 'suppress-unsubscribe') return { kind: 'unsubscribed', permanent: false }
      const fault = isFault(status?.['enhanced-code'] ?? '', status?.code ?? 0, status?.message ?? '')
      return { kind: 'bounced', permanent: event.reason === 'suppress-bounce' || fault }
    }
    default:
      return null
  }
}

function isFault(status: string, code: number, text: string): boolean {
  const exact = /^[245]\.\d{1,3}\.\d{1,3}$/.test(status) && !status.endsWith('.0.0') ? status : statusIn(text)
  return isAddressFault(exact, code, text, true)
}

const statusIn = (text: string): string => {
  const found = /\b[45]\.\d{1,3}\.\d{1,3}\b/.exec(text)?.[0] ?? ''
  return found.endsWith('.0.0') ? '' : found
}

const replyIn = (text: string): number => Number(/^([45]\d\d)\b/.exec(text)?.[1] ?? 0)

function jsonIn(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return null
  }
}
