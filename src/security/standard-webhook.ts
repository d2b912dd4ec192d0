/**
 * Webhooks that both sides sign with one secret, as https://www.standardwebhooks.com describes it: three headers, and an
 * HMAC-SHA256 over id, time and body, so that neither can be replayed or changed.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** `webhook-id`, `webhook-timestamp`, `webhook-signature`. */
export interface WebhookHeaders {
  readonly 'webhook-id': string
  readonly 'webhook-timestamp': string
  readonly 'webhook-signature': string
}

/**
 * A secret as both sides keep it: 32 random bytes.
 *
 * @example
 * makeWebhookSecret() // 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw…'
 */
export function makeWebhookSecret(): string {
  return `${PREFIX}${randomBytes(32).toString('base64')}`
}

const PREFIX = 'whsec_'

/**
 * @param id the same for every attempt at one event
 * @example
 * const headers = signWebhook(secret, { id: 'msg_1', at: new Date(), body: '{"type":"offer.requested"}' })
 */
export function signWebhook(
  secret: string,
  { id, at, body }: { readonly id: string; readonly at: Date; readonly body: string },
): WebhookHeaders {
  const timestamp = String(Math.floor(at.getTime() / 1000))
  const signature = macOf(secret, id, timestamp, Buffer.from(body)).toString('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}

/**
 * Whether a request is what the holder of the secret sent within the last five minutes. Of several signatures (a secret
 * is being changed) one has to be right.
 *
 * @example
 * verifyWebhook(secret, { headers, body: await request.bytes(), now: clock() })
 */
export function verifyWebhook(
  secret: string,
  { headers, body, now }: { readonly headers: WebhookHeaders; readonly body: Buffer; readonly now: Date },
): boolean {
  const timestamp = headers['webhook-timestamp']
  if (!/^\d{1,12}$/.test(timestamp)) return false
  if (Math.abs(now.getTime() - Number(timestamp) * 1000) > TOLERANCE_MS) return false
  const wanted = macOf(secret, headers['webhook-id'], timestamp, body)
  return headers['webhook-signature'].split(' ').some((one) => {
    const [version, encoded] = one.split(',')
    if (version !== 'v1' || encoded === undefined) return false
    const given = Buffer.from(encoded, 'base64')
    return given.length === wanted.length && timingSafeEqual(given, wanted)
  })
}

const TOLERANCE_MS = 5 * 60_000

function macOf(secret: string, id: string, timestamp: string, body: Buffer): Buffer {
  const key = Buffer.from(secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret, 'base64')
  return createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
}
