/** @see https://developers.hubspot.com/docs/apps/developer-platform/build-apps/app-configuration */
import { z } from 'zod'
import { APP_PATHS } from '../../../connectors/hubspot/app.ts'
import { APP_SCOPES } from '../../../connectors/hubspot/scopes.ts'
import { kind, UIDS } from './kind.ts'
import { component, https, named, unique } from './shape.ts'

/** HubSpot lets browsers go back to this machine too, for trying things out. */
const redirect = z.union([https, z.url({ protocol: /^http$/, hostname: /^localhost$/ })], {
  error: 'takes an address that begins with https://, or with http://localhost',
})

const scope = z.string().regex(/^[a-z][a-z0-9_.-]*$/, 'takes the name of a scope')

const config = z.strictObject({
  name: named(200),
  description: z.string().min(1).max(8192),
  distribution: z.enum(['private', 'marketplace']),
  auth: z
    .strictObject({
      type: z.literal('oauth'),
      redirectUrls: unique(redirect).refine((all) => all.length > 0, 'takes at least one'),
      requiredScopes: unique(scope).refine((all) => all.includes('oauth'), 'has to name oauth'),
      optionalScopes: unique(scope),
      conditionallyRequiredScopes: unique(scope),
    })
    .refine(({ requiredScopes, optionalScopes, conditionallyRequiredScopes }) => {
      const all = [...requiredScopes, ...optionalScopes, ...conditionallyRequiredScopes]
      return new Set(all).size === all.length
    }, 'names a scope in two of its lists'),
  permittedUrls: z.strictObject({ fetch: unique(https), iframe: unique(https), img: unique(https) }),
  support: z.strictObject({
    supportEmail: z.email().optional(),
    documentationUrl: https.optional(),
    supportUrl: https.optional(),
    supportPhone: z
      .string()
      .regex(/^\+[1-9]\d{6,14}$/)
      .optional(),
  }),
})

export const app = kind(component('app', config))({
  type: 'app',
  folder: 'app',
  count: 'one',
  files: ({ publicUrl, name, distribution, supportEmail }) => ({
    app: {
      uid: UIDS.app,
      type: 'app',
      config: {
        name,
        description:
          'Shows which customers may leave and why, suggests what is worth doing about it, and does it where you say so.',
        distribution,
        auth: {
          type: 'oauth',
          redirectUrls: [publicUrl + APP_PATHS.callback],
          requiredScopes: [...APP_SCOPES.required],
          optionalScopes: [...APP_SCOPES.optional],
          conditionallyRequiredScopes: [],
        },
        // What the pages inside HubSpot may ask: Holdfast, and nobody else.
        permittedUrls: { fetch: [publicUrl], iframe: [], img: [] },
        support: supportEmail === null ? {} : { supportEmail },
      },
    },
  }),
})
