/** @see https://developers.hubspot.com/docs/apps/developer-platform/add-features/add-telemetry */
import { z } from 'zod'
import { kind, UIDS } from './kind.ts'
import { component, unique } from './shape.ts'

const LOG_TYPES = [
  'API_CALL',
  'EXTENSION_LOG',
  'EXTENSION_RENDER',
  'DATA_FETCH',
  'ENDPOINT_FUNCTION',
  'APP_FUNCTION',
  'WEBHOOKS',
  'APP_SETTINGS',
  'CRM_LEGACY_CARD',
] as const

const config = z.strictObject({
  providerType: z.enum(['SENTRY', 'HONEYCOMB']),
  datasetName: z.string().regex(/^[\w.-]{1,100}$/, 'takes letters, digits, dots, underscores and hyphens'),
  logTypes: unique(z.enum(LOG_TYPES)).refine((all) => all.length > 0, 'takes at least one'),
  logLevels: unique(z.enum(['ERROR', 'WARN', 'INFO'])).refine((all) => all.length > 0, 'takes at least one'),
})

/** Only where somebody says where to: HubSpot then tells Sentry what failed, and nothing of what went well. */
export const telemetry = kind(component('telemetry', config))({
  type: 'telemetry',
  folder: 'app/telemetry',
  count: 'one',
  files: ({ sentryDataset = null }) =>
    sentryDataset === null
      ? {}
      : {
          telemetry: {
            uid: UIDS.telemetry,
            type: 'telemetry',
            config: {
              providerType: 'SENTRY',
              datasetName: sentryDataset,
              logTypes: ['API_CALL', 'DATA_FETCH', 'EXTENSION_LOG', 'EXTENSION_RENDER', 'WEBHOOKS'],
              logLevels: ['ERROR'],
            },
          },
        },
})
