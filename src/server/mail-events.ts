/** What mail providers tell of e-mails: signed, recorded, and answered the same whether or not the message is known here. */
import { z } from 'zod'
import {
  isSignedBySendGrid,
  parseMailgun,
  parseSendGrid,
  signedByMailgun,
  type ProviderEvent,
} from '../../actions/email/provider-events.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { asTenant, type TenantId } from '../contracts/ids.ts'
import { MAILGUN_KEY } from '../loop/feedback-path.ts'
import { receiveFeedback, type FeedbackEvent } from '../loop/feedback.ts'
import { findTenant } from '../store/tenants.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { route, type Route } from './route.ts'
import type { RouteServices } from './services.ts'

/** SendGrid gathers events of some seconds: a thousand are some 700 kB. */
const BODY_LIMIT = 4 * 1024 * 1024

const shared = {
  method: 'post',
  tag: 'Public',
  access: 'public',
  crossSite: true,
  bodyLimit: BODY_LIMIT,
  params: z.strictObject({ tenant: z.string().max(64) }),
} as const

/**
 * @example
 * const routes = [...publicRoutes, ...mailEventRoutes]
 */
export const mailEventRoutes: readonly Route[] = [
  route({
    ...shared,
    path: '/webhooks/mail/{tenant}/sendgrid',
    summary: 'Events of SendGrid, signed by it',
    description:
      'The signed event webhook (ECDSA). Events that came before, and those of messages that Holdfast did not send, change nothing.',
    headers: z.object({
      'x-twilio-email-event-webhook-signature': z.string().max(500).optional(),
      'x-twilio-email-event-webhook-timestamp': z.string().max(40).optional(),
    }),
    answers: { 204: { description: 'Taken' } },
    handle: async (request, services) => {
      const body = await request.bytes()
      const { tenant, key } = await keyOf(services, request.params.tenant, 'sendgrid')
      const {
        'x-twilio-email-event-webhook-signature': signature,
        'x-twilio-email-event-webhook-timestamp': timestamp,
      } = request.headers
      const isRight =
        tenant !== null &&
        key !== null &&
        signature !== undefined &&
        timestamp !== undefined &&
        isSignedBySendGrid({ key, signature, timestamp, body })
      if (!isRight) throw forged(services)
      await take(services, tenant, 'sendgrid', parseSendGrid(body))
      return { status: 204 }
    },
  }),
  route({
    ...shared,
    path: '/webhooks/mail/{tenant}/mailgun',
    summary: 'Events of Mailgun, signed by it',
    description:
      'The signature is in the body (HMAC-SHA256). Events that came before, and those of messages that Holdfast did not send, change nothing.',
    // Whatever is not 200 it posts again, for eight hours (https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-retries).
    answers: { 200: { description: 'Taken', schema: z.object({}) } },
    handle: async (request, services) => {
      const body = await request.bytes()
      const { tenant, key } = await keyOf(services, request.params.tenant, 'mailgun')
      const signed = key === null ? null : signedByMailgun(key, body)
      if (tenant === null || signed === null) throw forged(services)
      await take(services, tenant, 'mailgun', parseMailgun(signed))
      return { status: 200, body: {} }
    },
  }),
]

type Provider = 'sendgrid' | 'mailgun'

/** Only of the provider that the settings name: who has changed it is not told things by the one before. */
async function keyOf(
  { database, vault }: RouteServices,
  named: string,
  provider: Provider,
): Promise<{ readonly tenant: TenantId | null; readonly key: string | null }> {
  const { data: id } = z.uuid().safeParse(named)
  if (id === undefined) return { tenant: null, key: null }
  const tenant = asTenant(id)
  return database.withTenant(tenant, async (tx) => {
    if ((await findTenant(tx, tenant)) === null) return { tenant: null, key: null }
    const { feedback } = (await currentSettings(tx)).settings
    if (feedback.path !== provider) return { tenant, key: null }
    const key =
      provider === 'sendgrid'
        ? feedback.sendgridKey
        : ((await vault.unseal(tx, MAILGUN_KEY))?.toString('utf8').trim() ?? null)
    return { tenant, key }
  })
}

async function take(
  services: RouteServices,
  tenant: TenantId,
  provider: Provider,
  events: readonly ProviderEvent[] | null,
): Promise<void> {
  if (events === null) {
    services.countWebhook('unreadable', 1)
    throw new HoldfastError('request_invalid', `The body is not what ${provider} sends.`)
  }
  const said = events.map(({ id, messageId, ...event }): FeedbackEvent => ({
    ...event,
    channel: 'email',
    dedupKey: `${provider}:${id}`,
    intervention: null,
    providerId: messageId,
    hash: null,
  }))
  const ends = await receiveFeedback(services, tenant, said)
  const known = ends.filter((end) => end === 'known').length
  services.countWebhook('known', known)
  services.countWebhook('taken', ends.length - known)
  if (ends.length > known) services.queue?.wake(tenant)
}

function forged({ countWebhook }: RouteServices): HoldfastError {
  countWebhook('forged', 1)
  return new HoldfastError('unauthenticated', 'The request is not signed as it has to be.')
}
