/**
 * What the files of a HubSpot project may say, held as strictly as the documents allow: HubSpot's own schemas can be had only
 * after signing in with its command line, and are not looked at here.
 *
 * @see https://developers.hubspot.com/docs/apps/developer-platform/build-apps/app-configuration
 * @see https://developers.hubspot.com/docs/apps/developer-platform/add-features/configure-webhooks
 */
import { z } from 'zod'

/** Of the platform, in hsproject.json. */
export const PLATFORM_VERSION = '2026.09'

/** As HubSpot's command line takes it (`MAX_UID_LENGTH` and its pattern in @hubspot/project-parsing-lib). */
const uid = z
  .string()
  .regex(/^[a-zA-Z0-9_.-]{1,64}$/, 'takes up to 64 letters, digits, dots, underscores and hyphens')

/** Of the open internet: HubSpot calls nothing else. */
const https = z
  .url({ protocol: /^https$/, error: 'takes an address that begins with https://' })
  .refine((given) => !given.includes('#'), 'takes no part behind #')

/** HubSpot lets browsers go back to this machine too, for trying things out. */
const redirect = z.union([https, z.url({ protocol: /^http$/, hostname: /^localhost$/ })], {
  error: 'takes an address that begins with https://, or with http://localhost',
})

const scope = z.string().regex(/^[a-z][a-z0-9_.-]*$/, 'takes the name of a scope')

const unique = <T>(schema: z.ZodType<T>) =>
  z
    .array(schema)
    .refine((all) => new Set(all.map((one) => JSON.stringify(one))).size === all.length, 'names one twice')

const app = z.strictObject({
  name: z.string().min(1).max(200),
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

const webhooks = z.strictObject({
  settings: z.strictObject({ targetUrl: https, maxConcurrentRequests: z.int().min(5) }),
  subscriptions: z.strictObject({
    crmObjects: unique(crmObject),
    hubEvents: unique(z.strictObject({ subscriptionType: z.literal('contact.privacyDeletion'), active })),
  }),
})

const component = <const Type extends string, Config extends z.ZodType>(type: Type, config: Config) =>
  z.strictObject({ uid, type: z.literal(type), config })

/** By type: where its files lie beneath `src`, and what they say. There is one of each. */
export const COMPONENTS = {
  app: { folder: 'app', shape: component('app', app) },
  webhooks: { folder: 'app/webhooks', shape: component('webhooks', webhooks) },
} as const

export type ComponentType = keyof typeof COMPONENTS
export type AppFile = z.infer<(typeof COMPONENTS)['app']['shape']>
export type WebhooksFile = z.infer<(typeof COMPONENTS)['webhooks']['shape']>

export const projectShape = z.strictObject({
  name: z.string().regex(/^[\w .-]{1,100}$/, 'takes up to 100 letters, digits, blanks, dots and hyphens'),
  srcDir: z.literal('src'),
  platformVersion: z.literal(PLATFORM_VERSION),
})
