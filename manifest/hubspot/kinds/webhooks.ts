/** @see https://developers.hubspot.com/docs/apps/developer-platform/add-features/configure-webhooks */
import { z } from 'zod'
import { APP_PATHS, WATCHED_PROPERTIES } from '../../../connectors/hubspot/app.ts'
import { kind, UIDS } from './kind.ts'
import { component, https, unique } from './shape.ts'

const objectType = z.enum(['contact', 'company'])
const active = z.boolean()
const crmObject = z.discriminatedUnion('subscriptionType', [
  z.strictObject({
    subscriptionType: z.literal('object.propertyChange'),
    objectType,
    propertyName: z.string().regex(/^[a-z][a-z0-9_]*$/, 'takes the internal name of a property'),
    active,
  }),
  z.strictObject({
    subscriptionType: z.enum(['object.creation', 'object.deletion', 'object.merge', 'object.restore']),
    objectType,
    active,
  }),
])

const config = z.strictObject({
  settings: z.strictObject({ targetUrl: https, maxConcurrentRequests: z.int().min(5) }),
  subscriptions: z.strictObject({
    crmObjects: unique(crmObject),
    hubEvents: unique(z.strictObject({ subscriptionType: z.literal('contact.privacyDeletion'), active })),
  }),
})

export const webhooks = kind(component('webhooks', config))({
  type: 'webhooks',
  folder: 'app/webhooks',
  count: 'one',
  files: ({ publicUrl }) => ({
    webhooks: {
      uid: UIDS.webhooks,
      type: 'webhooks',
      config: {
        settings: { targetUrl: publicUrl + APP_PATHS.webhooks, maxConcurrentRequests: 10 },
        subscriptions: {
          crmObjects: (['company', 'contact'] as const).flatMap((objectType) => [
            ...(['creation', 'deletion', 'merge', 'restore'] as const).map((event) => ({
              subscriptionType: `object.${event}` as const,
              objectType,
              active: true,
            })),
            ...WATCHED_PROPERTIES[objectType].map((propertyName) => ({
              subscriptionType: 'object.propertyChange' as const,
              objectType,
              propertyName,
              active: true,
            })),
          ]),
          hubEvents: [{ subscriptionType: 'contact.privacyDeletion', active: true }],
        },
      },
    },
  }),
})
