/** What billing tells of offers: webhooks signed with the secret of the company (Standard Webhooks). */
import { z } from 'zod'
import { HoldfastError } from '../contracts/errors.ts'
import { asTenant } from '../contracts/ids.ts'
import { BILLING_SECRET, billingEvent, takeBillingEvent } from '../loop/offer-billing.ts'
import { makeWebhookSecret, verifyWebhook } from '../security/standard-webhook.ts'
import { recordAudit } from '../store/audit.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { route } from './route.ts'

/** Nobody knows it: whoever has set up no secret is answered like whoever signs with a wrong one. */
const NOBODYS = makeWebhookSecret()

const headers = z.object({
  'webhook-id': z.string().max(200).optional(),
  'webhook-timestamp': z.string().max(20).optional(),
  'webhook-signature': z.string().max(2000).optional(),
})

/**
 * @example
 * const routes = [...publicRoutes, ...webhookRoutes(), billingWebhook]
 */
export const billingWebhook = route({
  method: 'post',
  path: '/webhooks/billing/{tenant}',
  summary: 'What billing says of offers, signed with the secret of POST /v1/billing-secret',
  description:
    'One event: offer.confirmed, offer.refused, offer.redeemed, offer.charged or offer.ended (docs/offers.md). It can come again without harm. An answer with 200 and the result "refused" says that the same again would be refused too.',
  tag: 'Public',
  access: 'public',
  crossSite: true,
  params: z.strictObject({ tenant: z.string().max(64) }),
  headers,
  answers: {
    200: {
      description: 'What became of it',
      schema: z.object({
        result: z.enum(['taken', 'known', 'refused']),
        code: z.string().optional(),
        message: z.string().optional(),
      }),
    },
  },
  handle: async (request, { database, vault, clock, queue, countWebhook }) => {
    const body = await request.bytes()
    const {
      'webhook-id': id = '',
      'webhook-timestamp': timestamp = '',
      'webhook-signature': signature = '',
    } = request.headers
    const said = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature }
    const tenant = z.uuid().safeParse(request.params.tenant).data
    const sealed =
      tenant === undefined
        ? null
        : await database.withTenant(asTenant(tenant), (tx) => vault.unseal(tx, BILLING_SECRET))
    const signed = verifyWebhook(sealed?.toString() ?? NOBODYS, { headers: said, body, now: clock() })
    if (!signed || tenant === undefined || id === '') {
      countWebhook('forged', 1)
      throw new HoldfastError('unauthenticated', 'The request is not signed as it has to be.')
    }
    const { data: event, error } = billingEvent.safeParse(jsonIn(body))
    if (event === undefined) {
      countWebhook('unreadable', 1)
      const [{ path, message }] = error.issues
      throw new HoldfastError(
        'request_invalid',
        `The body is no event of docs/offers.md: ${path.join('.') || 'the event'}: ${message}.`,
      )
    }
    const result = await database.withTenant(asTenant(tenant), async (tx) => {
      const { settings } = await currentSettings(tx)
      const done = await takeBillingEvent(tx, event, { settings, now: clock() })
      if (done.result !== 'known')
        await recordAudit(tx, {
          actor: 'billing',
          action: event.type,
          object: 'offer' in event.data ? event.data.offer : event.data.code,
          detail: done,
          requestId: request.requestId,
        })
      if (queue !== null && done.result === 'taken') tx.afterCommit(() => queue.wake(asTenant(tenant)))
      return done
    })
    countWebhook(result.result === 'known' ? 'known' : 'taken', 1)
    return { status: 200, body: result }
  },
})

function jsonIn(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    return null
  }
}
