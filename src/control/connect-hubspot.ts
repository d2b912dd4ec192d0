/** Connecting a HubSpot portal from the command line: what is in it, who its customers are, and then the connection. */
import { z } from 'zod'
import { readAccount, privateAppTier, type HubSpotAccount } from '../../connectors/hubspot/account.ts'
import type { HubSpotClient } from '../../connectors/hubspot/client.ts'
import { parseHubSpotConfig, type HubSpotConfig } from '../../connectors/hubspot/config.ts'
import { openHubSpotConnector } from '../../connectors/hubspot/connector.ts'
import { countRecords, stageCounts, type StageCounts } from '../../connectors/hubspot/lifecycle.ts'
import type { PortalTokens } from '../../connectors/hubspot/oauth.ts'
import { chooseDeals, dealPipelines } from '../../connectors/hubspot/pipelines.ts'
import {
  proposeSubscription,
  subscriptionTypes,
  type SubscriptionType,
} from '../../connectors/hubspot/subscription-types.ts'
import { API_VERSION } from '../../connectors/hubspot/version.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { TenantId } from '../contracts/ids.ts'
import type { TableProfile } from '../contracts/table.ts'
import type { PortalSignIn } from '../hubspot.ts'
import { keepPortalTokens } from '../security/portal-tokens.ts'
import { portalSecret } from '../security/private-app-tokens.ts'
import type { Service } from '../service.ts'
import { recordAudit } from '../store/audit.ts'
import {
  createConnection,
  findConnectionsByExternalId,
  listConnections,
  setConnectionStatus,
  type Connection,
  type Population,
} from '../store/connections.ts'
import type { Transaction } from '../store/database.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { changeConfig } from '../store/portal-connections.ts'
import { requestStep } from '../store/steps.ts'
import { asked } from './asked.ts'
import { mappingLines, populationLines, proposedStage, sensitiveLines } from './hubspot-words.ts'
import type { ControlCommand } from './server.ts'
import { companyOf, parsePopulation } from './setup.ts'

const options = z.object({
  company: z.string().optional(),
  /** Of a private app. */
  token: z.string().trim().min(1).optional(),
  /** Of an app of this installation, by OAuth. */
  refreshToken: z.string().trim().min(1).optional(),
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
})
type Options = z.infer<typeof options>

/**
 * @param wake has the queue look at once
 */
export function connectHubSpot(service: Service, wake: () => void): ControlCommand {
  const { database } = service
  return async (given, { report }) => {
    const wanted = asked(options, given)
    const tenant = await companyOf(service, wanted.company)
    const { client, tokens } = await service.hubspot.signIn(signInOf(wanted))
    const account = await readAccount(client)
    const { portal } = account
    report(
      `HubSpot account ${portal} (${accountWords(account)}), ${account.currency ?? 'no currency'}, ${account.timeZone}.`,
    )
    const before = await alreadyConnected(service, tenant.id, portal, wanted.object)
    const store = (tx: Transaction): Promise<void> => seal(tx, service, { wanted, portal, tokens })
    if (before !== null) {
      const changes = await saidAnew(client, account, wanted, before)
      await database.withTenant(tenant.id, async (tx) => {
        await store(tx)
        await changeConfig(tx, before.id, changes)
        await setConnectionStatus(tx, before.id, 'active', null)
        await requestStep(tx, { connection: before.id, step: 'sync', cause: 'cli' })
        await recordAudit(tx, { actor: 'cli', action: 'connection.reconnect', object: before.id })
        tx.afterCommit(wake)
      })
      return {
        company: tenant.name,
        connection: before.name,
        id: before.id,
        portal,
        reconnected: true,
        warnings: [],
      }
    }

    const subscription = await chosenSubscription(client, wanted.subscription)
    const config = await configFor(client, account, { ...wanted, subscription: subscription?.id })
    const connector = openHubSpotConnector({ config, client, clock: service.clock })
    try {
      const [{ profile }] = await connector.describe()
      const stages = await stageCounts(client, wanted.object, propertyIn(wanted.customers))
      for (const line of mappingLines(profile, dayOf(service.clock()))) report(line)
      for (const line of sensitiveLines(await sensitiveProperties(client, wanted), wanted.sensitive))
        report(line)
      report(subscriptionLine(subscription))
      if (wanted.customers === undefined) throw unsaid(wanted.object, stages, report)
      const population = statedPopulation(wanted, profile, stages)
      const all = await countRecords(client, wanted.object, null)
      const customers =
        population.kind === 'everyone' ? all : await countRecords(client, wanted.object, population)
      if (customers === 0) throw nobody(wanted, stages)
      const provisioned = await connector.provision?.()
      const name = wanted.name ?? `HubSpot ${portal}${wanted.object === 'contacts' ? ' contacts' : ''}`
      const id = await database.withTenant(tenant.id, async (tx) => {
        if ((await listConnections(tx)).some((one) => one.name === name))
          throw new HoldfastError(
            'conflict',
            `There is a connection "${name}" already. Give this one --name.`,
          )
        await store(tx)
        const made = await createConnection(tx, {
          kind: 'hubspot',
          name,
          externalId: portal,
          sandbox: account.test,
          config,
          population,
        })
        await recordAudit(tx, { actor: 'cli', action: 'connection.create', object: made, detail: { name } })
        tx.afterCommit(wake)
        return made
      })
      const { settings } = await database.withTenant(tenant.id, (tx) => currentSettings(tx))
      return {
        company: tenant.name,
        connection: name,
        id,
        portal,
        population,
        customers,
        records: all,
        test: account.test,
        provisioned: { created: provisioned?.created.length ?? 0, changed: provisioned?.changed.length ?? 0 },
        warnings: [
          ...(provisioned?.problems ?? []),
          ...currencyWarning(account, settings.currency.file),
          ...webhookWarning(service, wanted),
        ],
      }
    } finally {
      await connector.close()
    }
  }
}

function signInOf({ token, refreshToken }: Options): PortalSignIn {
  if (token !== undefined && refreshToken === undefined) return { auth: 'private_app', token }
  if (refreshToken !== undefined && token === undefined) return { auth: 'oauth', refreshToken }
  throw new HoldfastError(
    'usage',
    'Say how to sign in to HubSpot: --token-file <file> with the token of a private app, or --refresh-token-file <file> with the refresh token of an OAuth app; "-" reads it from standard input.',
  )
}

function accountWords({ test, accountType }: HubSpotAccount): string {
  return test
    ? `a test account (${accountType}): risk is written there, and everything else stays a dry run`
    : 'a live account'
}

/** A connection that waits to be signed in to again; null: none. */
async function alreadyConnected(
  { database }: Service,
  tenant: TenantId,
  portal: string,
  object: HubSpotConfig['object'],
): Promise<Connection | null> {
  const placed = await database.asSystem('whether a portal is connected already', (tx) =>
    findConnectionsByExternalId(tx, 'hubspot', portal),
  )
  for (const one of placed) {
    const connections = await database.withTenant(one.tenant, listConnections)
    const found = connections.find(({ id }) => id === one.connection)
    if (found === undefined || parseHubSpotConfig(found.config).object !== object) continue
    if (one.tenant !== tenant) {
      if (found.status === 'disconnected') continue
      throw new HoldfastError(
        'conflict',
        `The ${object} of HubSpot account ${portal} are connected to another company of this installation: both would write over each other. Disconnect it there first.`,
      )
    }
    if (found.status === 'active')
      throw new HoldfastError(
        'conflict',
        `The ${object} of HubSpot account ${portal} are connected already, as "${found.name}". To sign in with another token: holdfast disconnect "${found.name}", then connect again; its customers and their history stay.`,
      )
    return found
  }
  return null
}

async function configFor(
  client: HubSpotClient,
  { portal, uiDomain }: HubSpotAccount,
  wanted: Omit<Options, 'subscription'> & { readonly subscription: string | undefined },
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

/** Of the options that were given with a new sign-in; what was not said stays as it was. */
async function saidAnew(
  client: HubSpotClient,
  account: HubSpotAccount,
  wanted: Options,
  { config: stored }: Connection,
): Promise<Partial<HubSpotConfig>> {
  const subscription =
    wanted.subscription === undefined
      ? undefined
      : (await chosenSubscription(client, wanted.subscription))?.id
  const config = await configFor(client, account, { ...wanted, subscription })
  const said: Readonly<Partial<Record<keyof HubSpotConfig, boolean>>> = {
    auth: true,
    tier: true,
    responsible: wanted.responsible !== undefined,
    fallbackOwner: wanted.fallbackOwner !== undefined,
    subscription: subscription !== undefined,
    recipients: wanted.roles.length > 0,
    sensitive: wanted.sensitive.length > 0,
    agreements: wanted.renewals !== undefined,
  }
  const changed = Object.entries(config).filter(([key]) => said[key as keyof HubSpotConfig] === true)
  parseHubSpotConfig({ ...stored, ...Object.fromEntries(changed) })
  return Object.fromEntries(changed)
}

/** By id or name; the closest to "about your agreement" where none was said; null: there is none, or it may not be read. */
async function chosenSubscription(
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

function subscriptionLine(subscription: SubscriptionType | null): string {
  return subscription === null
    ? 'No subscription type is known that our e-mails belong to: only opt-outs from all e-mail count as a no (--subscription names one).'
    : `Our e-mails belong to the subscription type "${subscription.name}": whoever is out of it gets none (--subscription names another).`
}

const propertyIn = (customers: string | undefined): readonly string[] =>
  customers === undefined || customers === 'everyone' ? [] : [customers.split('=')[0].trim()]

function unsaid(
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
function statedPopulation(
  { customers = '', object }: Options,
  profile: TableProfile,
  stages: readonly StageCounts[],
): Population {
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

function nobody({ customers = '', object }: Options, stages: readonly StageCounts[]): HoldfastError {
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
async function sensitiveProperties(client: HubSpotClient, { object }: Options): Promise<readonly string[]> {
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

async function seal(
  tx: Transaction,
  { vault }: Service,
  { wanted, portal, tokens }: { wanted: Options; portal: string; tokens: PortalTokens | null },
): Promise<void> {
  if (tokens !== null) await keepPortalTokens(tx, { vault, portal, tokens })
  else await vault.seal(tx, portalSecret(portal, 'private_app_token'), wanted.token!)
  if (wanted.webhookSecret !== undefined)
    await vault.seal(tx, portalSecret(portal, 'webhook_secret'), wanted.webhookSecret)
}

function currencyWarning({ currency }: HubSpotAccount, file: string): readonly string[] {
  if (currency === null || currency === file) return []
  return [
    `The account's currency is ${currency}, and the settings reckon in ${file} (currency.file). Amounts without a rate are left out of every decision: set currency.file to ${currency}.`,
  ]
}

function webhookWarning({ publicUrl }: Service, { token, webhookSecret }: Options): readonly string[] {
  if (publicUrl === null)
    return [
      'PUBLIC_URL is not set, so HubSpot cannot tell of changes as they happen: they are found within five minutes.',
    ]
  if (token !== undefined && webhookSecret === undefined)
    return [
      `For changes within a second, add webhooks to the private app with the address ${publicUrl}/webhooks/hubspot, and connect with --webhook-secret-file (the app's client secret). Without it they are found within five minutes.`,
    ]
  return []
}

const dayOf = (date: Date): number => Math.floor(date.getTime() / 86_400_000)
