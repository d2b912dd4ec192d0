/** What is stored with a connection of kind `salesforce`: which org and object, and how its records are read. */
import { z } from 'zod'
import { HoldfastError } from '../../src/contracts/errors.ts'
import { packageNames } from './package.ts'

/** API name of a field or an object. */
const name = z
  .string()
  .trim()
  .regex(/^[A-Za-z]\w{0,79}$/, 'is no API name: letters, digits and underscores, such as Segment__c')
const words = z.array(z.string().trim().min(1).max(255))
const address = z
  .url({ protocol: /^https?$/, error: 'is no address, such as https://example.my.salesforce.com' })
  .transform((url) => url.replace(/\/+$/, ''))
/** Months that the amount is for: the same for all, or a field of the record that says it. */
const periodMonths = z.union([z.number().int().min(1).max(1200), z.strictObject({ field: name })])

const dates = {
  noticeField: name.optional(),
  autoRenewalField: name.optional(),
  /** Only of orgs with several currencies; all others have the org's. */
  currencyField: name.optional(),
}

const opportunitiesSchema = z.strictObject({
  from: z.literal('opportunities'),
  /** Stages in which an opportunity is an agreement that runs; empty: those that are won. */
  stages: words.default([]),
  /** Types of opportunities, such as Renewal; empty: every type. */
  types: words.default([]),
  /** Record types by their developer names; empty: every one. */
  recordTypes: words.default([]),
  amountField: name.default('Amount'),
  periodMonths,
  startField: name.optional(),
  renewalField: name.default('CloseDate'),
  ...dates,
})

const contractsSchema = z.strictObject({
  from: z.literal('contracts'),
  statuses: words.default(['Activated']),
  /** Contracts of Salesforce have no amount of their own. */
  amountField: name,
  periodMonths,
  startField: name.default('StartDate'),
  renewalField: name.default('EndDate'),
  ...dates,
})

const configSchema = z.strictObject({
  /** Id of the org. */
  org: z.string().regex(/^00D[A-Za-z0-9]{15}$/, 'is the id of the org, 18 characters that begin with 00D'),
  /** Whose records are the customers; person accounts are Accounts. */
  object: z.enum(['Account', 'Contact']),
  /** The sandbox that this process hosts; where it answers is known only while it runs. */
  builtIn: z.literal(true).optional(),
  auth: z.enum(['web', 'jwt', 'client_credentials']),
  username: z.string().trim().min(1).max(255),
  /** Where the org's API answers. */
  instanceUrl: address,
  /** Where people and keys sign in. */
  loginUrl: address.default('https://login.salesforce.com'),
  /** Of the customer's own app, where it is not the installation's: `jwt` and `client_credentials`. */
  clientId: z.string().min(1).optional(),
  /** Of the installed package; null: it has none. */
  namespace: z
    .string()
    .regex(/^[A-Za-z]\w{0,14}$/, 'is the namespace of the package, at most 15 letters and digits')
    .nullable()
    .default(null),
  /** A lookup to the user who owns the relationship, or the role that this user has in the account team. */
  responsible: z
    .union([z.strictObject({ field: name }), z.strictObject({ teamRole: z.string().trim().min(1) })])
    .default({ field: 'OwnerId' }),
  /** Id of the user who gets what nobody is responsible for; null: nobody. */
  fallbackOwner: z
    .string()
    .regex(/^005[A-Za-z0-9]{12}([A-Za-z0-9]{3})?$/, 'is the id of a user, which begins with 005')
    .nullable()
    .default(null),
  agreements: z
    .discriminatedUnion('from', [
      z.strictObject({ from: z.literal('properties') }),
      opportunitiesSchema,
      contractsSchema,
    ])
    .default({ from: 'properties' }),
  /** Roles or job titles of people, those to be reached first at the front. */
  recipients: z.strictObject({ roles: words }).default({ roles: [] }),
  /**
   * Whether only those count as having agreed to e-mail or calls of whom it is stated, or everybody who has not opted
   * out: what the law allows towards customers is for the company to say.
   */
  consent: z.enum(['stated', 'opt_out']).default('stated'),
  /** Fields classified as sensitive that an admin allowed to be read. */
  sensitive: z.array(name).default([]),
  /** ISO 4217, of amounts in an org of one currency that does not tell which it is. */
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'is the code of a currency, such as EUR')
    .optional(),
  /** Share of the org's daily API calls that is left to its other tools. */
  reserve: z.number().min(0).max(0.95).default(0.2),
  /** Whether change events are followed, where the org has them. */
  events: z.boolean().default(true),
  /** Where people use the org, such as `example.lightning.force.com`: for links to records. */
  uiDomain: z
    .string()
    .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/)
    .optional(),
  /** A permission that the sync looks at and takes back. */
  allowDeletions: z.boolean().optional(),
})

/** As it is stored with the connection, defaults filled in. */
export type SalesforceConfig = z.infer<typeof configSchema>
/** What may be left out where a connection is made. */
export type SalesforceConfigInput = z.input<typeof configSchema>
export type OpportunityAgreements = z.infer<typeof opportunitiesSchema>
export type ContractAgreements = z.infer<typeof contractsSchema>

/**
 * @throws HoldfastError `connector_configuration` naming the setting
 * @example
 * parseSalesforceConfig({ org, object: 'Account', auth: 'web', username, instanceUrl }).responsible // { field: 'OwnerId' }
 */
export function parseSalesforceConfig(config: unknown): SalesforceConfig {
  const parsed = configSchema.safeParse(config)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const setting = issue.path.length === 0 ? 'It' : `"${issue.path.join('.')}"`
    throw misconfigured(`${setting}: ${issue.message.replace(/\.$/, '')}.`)
  }
  const { namespace, responsible, sensitive, object } = parsed.data
  if (object === 'Contact' && 'teamRole' in responsible)
    throw misconfigured('"responsible.teamRole": only Accounts have a team. Name a field of the Contact.')
  const read = 'field' in responsible ? sensitive.concat(responsible.field) : sensitive
  const ours = read.find(packageNames(namespace).isOurs)
  if (ours !== undefined)
    throw new HoldfastError(
      'connector_configuration',
      `"${ours}" is a field that Holdfast writes; it cannot be read as one of the org's. Name another one.`,
    )
  return parsed.data
}

function misconfigured(what: string): HoldfastError {
  return new HoldfastError(
    'connector_configuration',
    `The connection to Salesforce is not set up as it has to be. ${what} Correct it in the connection's settings.`,
  )
}
