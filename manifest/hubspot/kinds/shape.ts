/**
 * What every file of a HubSpot project is held to, and of what the shapes of each kind are made. As strict as the documents
 * allow: HubSpot's own schemas can be had only after signing in with its command line, and are not looked at here.
 *
 * @see https://developers.hubspot.com/docs/apps/developer-platform/build-apps/app-configuration
 */
import { z } from 'zod'

/** Of the platform, in hsproject.json. */
export const PLATFORM_VERSION = '2026.09'

/** As HubSpot's command line takes it (`MAX_UID_LENGTH` and its pattern in @hubspot/project-parsing-lib). */
const uid = z
  .string()
  .regex(/^[a-zA-Z0-9_.-]{1,64}$/, 'takes up to 64 letters, digits, dots, underscores and hyphens')

/** Of the open internet: HubSpot calls nothing else. */
export const https = z
  .url({ protocol: /^https$/, error: 'takes an address that begins with https://' })
  .refine((given) => !given.includes('#'), 'takes no part behind #')

export const unique = <T>(schema: z.ZodType<T>) =>
  z
    .array(schema)
    .refine((all) => new Set(all.map((one) => JSON.stringify(one))).size === all.length, 'names one twice')

/** Records that pages and buttons stand beside, as `objectTypes` names them. */
export const objectTypes = unique(z.enum(['contacts', 'companies'])).refine(
  (all) => all.length > 0,
  'takes at least one',
)

/** From `src`, as in `/app/cards/record-tab.tsx`: that the file is there, check.ts looks at. */
export const entrypoint = z
  .string()
  .regex(/^\/app\/[\w/-]+\.(tsx|jsx)$/, 'takes the path of a page from /app on')

/** A name that people read in HubSpot. */
export const named = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .refine((given) => given.trim() === given, 'takes no blanks around it')

export const component = <const Type extends string, Config extends z.ZodType>(type: Type, config: Config) =>
  z.strictObject({ uid, type: z.literal(type), config })

export const projectShape = z.strictObject({
  name: z.string().regex(/^[\w .-]{1,100}$/, 'takes up to 100 letters, digits, blanks, dots and hyphens'),
  srcDir: z.literal('src'),
  platformVersion: z.literal(PLATFORM_VERSION),
})
