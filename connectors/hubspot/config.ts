/** What is stored with a connection of kind `hubspot`: which portal and object, and how its records are read. */
import { z } from 'zod'
import { HoldfastError } from '../../src/contracts/errors.ts'
import { isOurs } from './fields.ts'

/** Internal name of a property; HubSpot allows lower-case letters, digits and underscores, older ones more. */
const property = z.string().trim().min(1).max(250)

const dealsSchema = z.strictObject({
  from: z.literal('deals'),
  /** Id of the pipeline; null: deals of every pipeline. */
  pipeline: z.string().min(1).nullable(),
  /** Ids of the stages in which a deal is an agreement that runs; empty: deals in every stage. */
  stages: z.array(z.string().min(1)),
  amountProperty: property.default('amount'),
  /** Months that the amount is for: the same for all deals, or a property of the deal that says it. */
  periodMonths: z.union([z.number().int().min(1).max(1200), z.strictObject({ property })]),
  startProperty: property.optional(),
  renewalProperty: property.optional(),
  noticeProperty: property.optional(),
  autoRenewalProperty: property.optional(),
  currencyProperty: property.default('deal_currency_code'),
})

const configSchema = z.strictObject({
  /** Id of the portal, digits. */
  portal: z.string().regex(/^\d{1,20}$/, 'is the id of the portal, digits alone'),
  /** Whose records are the customers. */
  object: z.enum(['companies', 'contacts']),
  /** The sandbox that this process hosts; where it answers is known only while it runs. */
  builtIn: z.literal(true).optional(),
  auth: z.enum(['oauth', 'private_app']),
  /** Property that names the user who owns the relationship. */
  responsible: property.default('hubspot_owner_id'),
  /** Id of the owner who gets what has no owner; null: nobody. */
  fallbackOwner: z.string().min(1).nullable().default(null),
  agreements: z
    .union([z.strictObject({ from: z.literal('properties') }), dealsSchema])
    .default({ from: 'properties' }),
  /** Job titles, buying roles or labels of associations, those to be reached first at the front. */
  recipients: z.strictObject({ roles: z.array(z.string().trim().min(1)) }).default({ roles: [] }),
  /** Id of the subscription type that our e-mails belong to; null: only the opt-outs from all e-mail count. */
  subscription: z.string().min(1).nullable().default(null),
  /** Properties marked as sensitive that an admin allowed to be read. */
  sensitive: z.array(property).default([]),
  /** Of a private app: what its calls are limited by. */
  tier: z.enum(['free', 'pro']).default('free'),
  /** Where people use the account, such as `app-eu1.hubspot.com`: for links to records. */
  uiDomain: z
    .string()
    .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/)
    .optional(),
  /** A permission that the sync looks at and takes back. */
  allowDeletions: z.boolean().optional(),
})

/** As it is stored with the connection, defaults filled in. */
export type HubSpotConfig = z.infer<typeof configSchema>
export type DealAgreements = z.infer<typeof dealsSchema>
/** What may be left out where a connection is made. */
export type HubSpotConfigInput = z.input<typeof configSchema>

/**
 * @throws HoldfastError `connector_configuration` naming the setting
 * @example
 * parseHubSpotConfig({ portal: '4711', object: 'companies', auth: 'private_app' }).responsible // 'hubspot_owner_id'
 */
export function parseHubSpotConfig(config: unknown): HubSpotConfig {
  const parsed = configSchema.safeParse(config)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const setting = issue.path.length === 0 ? 'It' : `"${issue.path.join('.')}"`
    const what = issue.message.replace(/\.$/, '')
    throw new HoldfastError(
      'connector_configuration',
      `The connection to HubSpot is not set up as it has to be. ${setting}: ${what}. Correct it in the connection's settings.`,
    )
  }
  const ours = parsed.data.sensitive.concat(parsed.data.responsible).find(isOurs)
  if (ours !== undefined)
    throw new HoldfastError(
      'connector_configuration',
      `"${ours}" is a property that Holdfast writes; it cannot be read as one of the portal's. Name another one.`,
    )
  return parsed.data
}
