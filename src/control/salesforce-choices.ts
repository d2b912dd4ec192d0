/** What is chosen when a Salesforce org is connected: options as they were said, made into what its API knows. */
import { z } from 'zod'
import {
  parseSalesforceConfig,
  type SalesforceConfig,
  type SalesforceConfigInput,
} from '../../connectors/salesforce/config.ts'
import type { SalesforceContext } from '../../connectors/salesforce/context.ts'
import type { StageCounts } from '../../connectors/value-counts.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { OrgSignIn } from '../salesforce-sign-in.ts'
import type { Population } from '../store/connections.ts'
import { objectWords } from './crm-connection.ts'
import { populationLines, proposedStage } from './found-words.ts'
import { parsePopulation } from './setup.ts'

/** As the command line sends them. */
export const connectOptions = z.object({
  company: z.string().optional(),
  name: z.string().trim().min(1).max(100).optional(),
  /** By a person's consent in the browser. */
  web: z.boolean().default(false),
  /** Of an org that somebody signed in to, and that is not connected yet. */
  org: z.string().trim().min(15).optional(),
  refreshToken: z.string().trim().min(1).optional(),
  /** PEM. */
  jwtKey: z.string().trim().min(1).optional(),
  clientSecret: z.string().trim().min(1).optional(),
  clientId: z.string().trim().min(1).optional(),
  username: z.string().trim().min(1).optional(),
  loginUrl: z
    .url({ protocol: /^https?$/, error: 'takes an address such as https://acme.my.salesforce.com' })
    .optional(),
  object: z.enum(['Account', 'Contact']).default('Account'),
  /** `everyone`, or `Field=value,value`. */
  customers: z.string().optional(),
  /** What stands after WHERE in SOQL. */
  where: z.string().optional(),
  renewals: z.string().optional(),
  renewalMonths: z.number().int().min(1).max(120).default(12),
  renewalDate: z.string().min(1).optional(),
  renewalAmount: z.string().min(1).optional(),
  renewalTypes: z.array(z.string().min(1)).default([]),
  responsible: z.string().min(1).optional(),
  teamRole: z.string().min(1).optional(),
  fallbackOwner: z.string().min(1).optional(),
  roles: z.array(z.string().min(1)).default([]),
  sensitive: z.array(z.string().min(1)).default([]),
  /** Percent of the org's daily calls that are left to its other tools. */
  reserve: z.number().int().min(0).max(95).optional(),
  events: z.boolean().optional(),
  consent: z.enum(['stated', 'opt_out']).optional(),
  /** ISO 4217, where the org has one and does not tell which. */
  currency: z.string().trim().optional(),
  /** Another sign-in for a connection that works. */
  again: z.boolean().default(false),
})
export type ConnectOptions = z.infer<typeof connectOptions>

/**
 * How to sign in, where no browser is needed for it.
 *
 * @returns null: by the browser
 * @throws HoldfastError `usage` for none, two, or half of one
 */
export function signInOf(wanted: ConnectOptions): OrgSignIn | null {
  const { web, org, refreshToken, jwtKey, clientSecret, clientId, username } = wanted
  const loginUrl = wanted.loginUrl?.replace(/\/+$/, '')
  const ways = [
    web,
    org !== undefined,
    refreshToken !== undefined,
    jwtKey !== undefined,
    clientSecret !== undefined,
  ]
  if (ways.filter(Boolean).length !== 1)
    throw new HoldfastError(
      'usage',
      'Say how to sign in to Salesforce, in one way: --web (a person consents in the browser), --jwt-key-file <file> --client-id <key> --username <user>, --client-secret-file <file> --client-id <key> --domain <My Domain>, --refresh-token-file <file>, or --org <id> of a sign-in that was made before.',
    )
  if (web) return null
  if (org !== undefined) return { auth: 'stored', org, loginUrl }
  if (refreshToken !== undefined) return { auth: 'web', refreshToken, loginUrl }
  if (clientId === undefined)
    throw new HoldfastError(
      'usage',
      'Name the app with --client-id: the consumer key of the External Client App.',
    )
  if (jwtKey !== undefined) {
    if (username === undefined)
      throw new HoldfastError('usage', 'Name the user that Holdfast acts as with --username.')
    return { auth: 'jwt', clientId, username, privateKey: jwtKey, loginUrl }
  }
  if (loginUrl === undefined)
    throw new HoldfastError(
      'usage',
      "Name the org with --domain https://<name>.my.salesforce.com: an app's secret opens it at its own address alone.",
    )
  return { auth: 'client_credentials', clientId, clientSecret: clientSecret!, loginUrl }
}

/** @throws HoldfastError `usage` for options that exclude each other, `connector_configuration` naming a setting */
export function configFor(
  signedIn: Pick<SalesforceConfig, 'org' | 'auth' | 'username' | 'instanceUrl'> &
    Partial<SalesforceConfigInput>,
  namespace: string | null,
  wanted: ConnectOptions,
): SalesforceConfig {
  const { responsible, teamRole, fallbackOwner, reserve, events, consent, currency } = wanted
  if (responsible !== undefined && teamRole !== undefined)
    throw new HoldfastError(
      'usage',
      'Give --responsible or --team-role: one of them says who gets the tasks.',
    )
  return parseSalesforceConfig({
    ...signedIn,
    object: wanted.object,
    namespace,
    uiDomain: uiDomainOf(signedIn.instanceUrl),
    ...(responsible === undefined ? {} : { responsible: { field: responsible } }),
    ...(teamRole === undefined ? {} : { responsible: { teamRole } }),
    ...(fallbackOwner === undefined ? {} : { fallbackOwner }),
    recipients: { roles: wanted.roles },
    sensitive: wanted.sensitive,
    ...(reserve === undefined ? {} : { reserve: reserve / 100 }),
    ...(events === undefined ? {} : { events }),
    ...(consent === undefined ? {} : { consent }),
    ...(currency === undefined ? {} : { currency: currency.toUpperCase() }),
    ...(wanted.renewals === undefined ? {} : { agreements: agreementsFor(wanted.renewals, wanted) }),
  })
}

/**
 * Of the config, what was said with a new sign-in; what was not said stays as it was.
 *
 * @returns also the sign-in itself, and where the package is
 */
export function saidAnew(
  config: SalesforceConfig,
  wanted: ConnectOptions,
): Readonly<Record<string, unknown>> {
  const said: Readonly<Partial<Record<keyof SalesforceConfig, boolean>>> = {
    auth: true,
    username: true,
    instanceUrl: true,
    loginUrl: true,
    clientId: true,
    namespace: true,
    uiDomain: true,
    responsible: wanted.responsible !== undefined || wanted.teamRole !== undefined,
    fallbackOwner: wanted.fallbackOwner !== undefined,
    recipients: wanted.roles.length > 0,
    sensitive: wanted.sensitive.length > 0,
    agreements: wanted.renewals !== undefined,
    reserve: wanted.reserve !== undefined,
    events: wanted.events !== undefined,
    consent: wanted.consent !== undefined,
    currency: wanted.currency !== undefined,
  }
  return Object.fromEntries(
    Object.entries(config).filter(([key]) => said[key as keyof SalesforceConfig] === true),
  )
}

/** Whether something is said of how a connection is set up, which one that runs can be given: not who is a customer. */
export const saysSettings = (wanted: ConnectOptions): boolean =>
  [
    wanted.renewals,
    wanted.responsible,
    wanted.teamRole,
    wanted.fallbackOwner,
    wanted.roles[0],
    wanted.sensitive[0],
    wanted.reserve,
    wanted.events,
    wanted.consent,
    wanted.currency,
  ].some((one) => one !== undefined) &&
  wanted.customers === undefined &&
  wanted.where === undefined

/** @example uiDomainOf('https://acme.my.salesforce.com') // 'acme.lightning.force.com' */
function uiDomainOf(instanceUrl: string): string | undefined {
  const { hostname } = new URL(instanceUrl)
  const match = /^(.+)\.my\.salesforce\.com$/.exec(hostname)
  return match === null ? undefined : `${match[1]}.lightning.force.com`
}

/** @example agreementsFor('opportunities/Closed Won', { renewalMonths: 12, … }) */
function agreementsFor(said: string, wanted: ConnectOptions): SalesforceConfigInput['agreements'] {
  const [from, list = ''] = said.split(/\/(.*)/s).map((part) => part.trim())
  const words = list.split(',').flatMap((word) => (word.trim() === '' ? [] : [word.trim()]))
  const { renewalMonths: periodMonths, renewalDate, renewalAmount: amountField, renewalTypes: types } = wanted
  const date = renewalDate === undefined ? {} : { renewalField: renewalDate }
  if (from === 'opportunities')
    return {
      from,
      stages: words,
      types,
      periodMonths,
      ...date,
      ...(amountField === undefined ? {} : { amountField }),
    }
  if (from === 'contracts') {
    if (amountField === undefined)
      throw new HoldfastError(
        'usage',
        "Salesforce's Contracts have no amount: name the field that has it with --renewal-amount.",
      )
    return { from, ...(words.length === 0 ? {} : { statuses: words }), amountField, periodMonths, ...date }
  }
  throw new HoldfastError(
    'usage',
    `--renewals takes opportunities or contracts, with stages or statuses after a slash if wished ("opportunities/Closed Won"), not "${said}".`,
  )
}

/** Said with what went wrong after a consent: it was given, and may not be given twice. */
export function keptSignIn(cause: unknown, org: string, { web, refreshToken }: ConnectOptions): unknown {
  if (!(cause instanceof HoldfastError) || (!web && refreshToken === undefined)) return cause
  const place = web ? '--web' : '--refresh-token-file, whose token Salesforce may have replaced'
  return new HoldfastError(
    cause.code,
    `${cause.message} You stay signed in: --org ${org} takes the place of ${place}.`,
    { cause, retryable: cause.retryable },
  )
}

/** The namespace of the installed package, by a field of ours; null: it has none, or is not installed. */
export async function findNamespace({ client }: Pick<SalesforceContext, 'client'>): Promise<string | null> {
  const described = z.object({ fields: z.array(z.object({ name: z.string() })) })
  const { body } = await client.call({ method: 'GET', path: '/sobjects/Account/describe', schema: described })
  const found = body.fields.map(({ name }) => /^(?:(\w+?)__)?Holdfast_Risk_Percent__c$/i.exec(name))
  return found.find((match) => match !== null)?.[1] ?? null
}

/** Fields that are counted because an admin names one. */
export const fieldsIn = ({ customers }: ConnectOptions): readonly string[] =>
  customers === undefined || customers === 'everyone' ? [] : [customers.split('=')[0].trim()]

/** What a person has to say before anything is connected. */
export function unsaid(
  { object }: ConnectOptions,
  stages: readonly StageCounts[],
  report: (line: string) => void,
): HoldfastError {
  const words = objectWords(object)
  for (const line of populationLines(words, stages)) report(line)
  const proposed = proposedStage(stages)
  const option =
    proposed === null
      ? '--customers everyone'
      : `--customers "${proposed.property}=${proposed.values.join(',')}"`
  const many = proposed === null ? '' : ` (${proposed.records} of them)`
  return new HoldfastError(
    'usage',
    `Say which ${words} are customers: ${option} looks right for this org${many}, or --where with a condition in SOQL. Nobody else is ever scored or written to.`,
  )
}

/**
 * As it was said, with the values that people see put into those of the API. Whether a condition is one is seen when it is counted by.
 *
 * @throws HoldfastError `column_missing`, `usage`
 */
export async function statedPopulation(
  { customers, where, object }: ConnectOptions,
  stages: readonly StageCounts[],
): Promise<Population> {
  const { conditionFor } = await import('../../connectors/salesforce/population.ts')
  if (where !== undefined) return { kind: 'condition', condition: where.trim() }
  const said = parsePopulation(customers ?? '')
  if (said.kind === 'everyone') return said
  const known = stages.find(({ property }) => property.toLowerCase() === said.property.toLowerCase())
  if (known === undefined)
    throw new HoldfastError(
      'column_missing',
      `The ${objectWords(object)} of this org cannot be told by "${said.property}": the integration user sees no such field with values, or it cannot be filtered by. Use its API name, or --where with a condition in SOQL.`,
    )
  const values = said.values.map(
    (value) =>
      known.values.find((one) => one.value === value || one.label.toLowerCase() === value.toLowerCase())
        ?.value ?? value,
  )
  return { kind: 'condition', condition: conditionFor(known.property, values, known.type) }
}

/** Nobody is a customer by what was said. */
export function nobody(
  { customers, where, object }: ConnectOptions,
  stages: readonly StageCounts[],
): HoldfastError {
  const words = objectWords(object)
  if (where !== undefined)
    return new HoldfastError('column_values', `None of the ${words} meets ${where}. Correct --where.`)
  if (customers === 'everyone')
    return new HoldfastError(
      'column_values',
      `The org has no ${words} that its integration user may see, so there is nobody to score, and nothing was connected. Share them with this user, or name the other object with --object.`,
    )
  const property = customers?.split('=')[0].trim().toLowerCase()
  const known = stages.find((one) => one.property.toLowerCase() === property)
  const values = known?.values.map(({ value, records }) => `${value} (${records})`).join(', ')
  return new HoldfastError(
    'column_values',
    `None of the ${words} has ${customers}.${values === undefined ? '' : ` Values of ${known?.property} that occur: ${values}.`} Correct --customers.`,
  )
}
