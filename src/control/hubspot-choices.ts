/** What is chosen when a HubSpot portal is connected: options as they were said, made into what its API knows. */
import { z } from 'zod'
import { privateAppTier, type HubSpotAccount } from '../../connectors/hubspot/account.ts'
import type { HubSpotClient } from '../../connectors/hubspot/client.ts'
import { parseHubSpotConfig, type HubSpotConfig } from '../../connectors/hubspot/config.ts'
import type { StageCounts } from '../../connectors/hubspot/lifecycle.ts'
import { chooseDeals, dealPipelines } from '../../connectors/hubspot/pipelines.ts'
import {
  proposeSubscription,
  subscriptionTypes,
  type SubscriptionType,
} from '../../connectors/hubspot/subscription-types.ts'
import { API_VERSION } from '../../connectors/hubspot/version.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { TableProfile } from '../contracts/table.ts'
import type { ValuePopulation } from '../store/connections.ts'
import { populationLines, proposedStage } from './found-words.ts'
import { parsePopulation } from './setup.ts'

/** As the command line sends them. */
export const connectOptions = z.object({
  company: z.string().optional(),
  /** Of a private app. */
  token: z.string().trim().min(1).optional(),
  /** Of an app of this installation, by OAuth. */
  refreshToken: z.string().trim().min(1).optional(),
  /** An account in which the app was installed in the browser; its sign-in is sealed already. */
  portal: z
    .string()
    .regex(/^\d{1,20}$/)
    .optional(),
  object: z.enum(['companies', 'contacts']).default('companies'),
  /** `everyone`, or `property=value,value`. */
  customers: z.string().optional(),
  name: z.string().trim().min(1).max(100).optional(),
  renewals: z.string().optional(),
  renewalMonths: z.number().int().min(1).max(120).default(12),
  renewalDate: z.string().min(1).optional(),
  responsible: z.string().min(1).optional(),
  fallbackOwner: z.string().min(1).optional(),
  subscription: z.string().min(1).optional(),
  roles: z.array(z.string().min(1)).default([]),
  sensitive: z.array(z.string().min(1)).default([]),
  webhookSecret: z.string().trim().min(1).optional(),
  /** Another sign-in for a connection that works. */
  again: z.boolean().default(false),
})
export type ConnectOptions = z.infer<typeof connectOptions>

/** @throws HoldfastError `usage` for deals that are not there */
export async function configFor(
  client: HubSpotClient,
  { portal, uiDomain }: HubSpotAccount,
  wanted: Omit<ConnectOptions, 'subscription'> & { readonly subscription: string | undefined },
): Promise<HubSpotConfig> {
  const auth = wanted.token === undefined ? 'oauth' : 'private_app'
  const { object, responsible, fallbackOwner, subscription, roles, sensitive, renewals } = wanted
  return parseHubSpotConfig({
    portal,
    object,
    auth,
    uiDomain,
    responsible,
    fallbackOwner,
    subscription,
    recipients: { roles },
    sensitive,
    ...(auth === 'private_app' ? { tier: await privateAppTier(client) } : {}),
    ...(renewals === undefined
      ? {}
      : {
          agreements: {
            from: 'deals',
            ...chooseDeals(renewals, await dealPipelines(client)),
            periodMonths: wanted.renewalMonths,
            renewalProperty: wanted.renewalDate ?? 'closedate',
          },
        }),
  })
}

/** Whether something is said of how a connection is set up, which one that runs can be given: not who is a customer. */
export const saysSettings = (wanted: ConnectOptions): boolean =>
  [
    wanted.renewals,
    wanted.responsible,
    wanted.fallbackOwner,
    wanted.subscription,
    wanted.roles[0],
    wanted.sensitive[0],
    wanted.webhookSecret,
  ].some((one) => one !== undefined) && wanted.customers === undefined

/** By id or name; the closest to "about your agreement" where none was said; null: there is none, or it may not be read. */
export async function chosenSubscription(
  client: HubSpotClient,
  said: string | undefined,
): Promise<SubscriptionType | null> {
  const types = await subscriptionTypes(client).catch((cause: unknown) => {
    if (cause instanceof HoldfastError && !cause.retryable && said === undefined) return []
    throw cause
  })
  if (said === undefined) return proposeSubscription(types)
  const found = types.find(({ id, name }) => id === said || name.toLowerCase() === said.toLowerCase())
  if (found !== undefined) return found
  throw new HoldfastError(
    'usage',
    `The account has no subscription type "${said}" for e-mails. There are: ${types.map(({ name }) => `"${name}"`).join(', ') || 'none'}.`,
  )
}

/** The property that says who is a customer; none for everyone. */
export const propertyIn = (customers: string | undefined): readonly string[] =>
  customers === undefined || customers === 'everyone' ? [] : [customers.split('=')[0].trim()]

/** What a person has to say before anything is connected. */
export function unsaid(
  object: HubSpotConfig['object'],
  stages: readonly StageCounts[],
  report: (line: string) => void,
): HoldfastError {
  for (const line of populationLines(object, stages)) report(line)
  const proposed = proposedStage(stages)
  const option =
    proposed === null
      ? '--customers everyone'
      : `--customers "${proposed.property}=${proposed.values.join(',')}"`
  return new HoldfastError(
    'usage',
    `Say which ${object} are customers: ${option} looks right for this account${proposed === null ? '' : ` (${proposed.records} of them)`}. Nobody else is ever scored or written to.`,
  )
}

/** As it was said, with the values that people see put into those of the API. */
export function statedPopulation(
  { customers = '', object }: ConnectOptions,
  profile: TableProfile,
  stages: readonly StageCounts[],
): ValuePopulation {
  const said = parsePopulation(customers)
  if (said.kind === 'everyone') return said
  const { property } = said
  const known = stages.find((one) => one.property === property)
  if (known === undefined && !profile.columns.some(({ header }) => header === property))
    throw new HoldfastError(
      'column_missing',
      `The ${object} of this account have no property "${property}". Use its internal name, as HubSpot shows it in the property's settings.`,
    )
  const values = said.values.map(
    (value) =>
      known?.values.find((one) => one.value === value || one.label.toLowerCase() === value.toLowerCase())
        ?.value ?? value,
  )
  return { kind: 'property', property, values }
}

/** Nobody is a customer by what was said. */
export function nobody(
  { customers = '', object }: ConnectOptions,
  stages: readonly StageCounts[],
): HoldfastError {
  if (customers === 'everyone')
    return new HoldfastError(
      'column_values',
      `The account has no ${object} yet, so there is nobody to score, and nothing was connected. Connect it once there are some, or name the other object with --object.`,
    )
  const [property] = propertyIn(customers)
  const known = stages.find((one) => one.property === property)
  const values = known?.values.map(({ value, records }) => `${value} (${records})`).join(', ')
  return new HoldfastError(
    'column_values',
    `None of the ${object} has ${customers}.${values === undefined ? '' : ` Values of ${property} that occur: ${values}.`} Correct --customers.`,
  )
}

const definitions = z.object({
  results: z.array(
    z.object({ name: z.string(), label: z.string().catch(''), dataSensitivity: z.string().optional() }),
  ),
})

/** Those that HubSpot holds back unless asked for by their kind; an account without them, or an app that may not, has none. */
export async function sensitiveProperties(
  client: HubSpotClient,
  { object }: ConnectOptions,
): Promise<readonly string[]> {
  try {
    const { body } = await client.call({
      method: 'GET',
      path: `/crm/properties/${API_VERSION}/${object}`,
      query: { dataSensitivity: 'sensitive' },
      schema: definitions,
    })
    return body.results
      .filter(({ dataSensitivity }) => dataSensitivity !== undefined && dataSensitivity !== 'non_sensitive')
      .map(({ name }) => name)
  } catch (cause) {
    if (cause instanceof HoldfastError && !cause.retryable) return []
    throw cause
  }
}
