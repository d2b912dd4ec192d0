/** Connecting a HubSpot portal: what is in it, who its customers are, and then the connection. */
import { readAccount, type HubSpotAccount } from '../../connectors/hubspot/account.ts'
import type { HubSpotClient } from '../../connectors/hubspot/client.ts'
import { parseHubSpotConfig, type HubSpotConfig } from '../../connectors/hubspot/config.ts'
import { openHubSpotConnector } from '../../connectors/hubspot/connector.ts'
import { countRecords, stageCounts, valueIn, type StageCounts } from '../../connectors/hubspot/lifecycle.ts'
import type { PortalTokens } from '../../connectors/hubspot/oauth.ts'
import { verify } from '../../connectors/hubspot/verify.ts'
import { viewPortal } from '../../connectors/hubspot/account-view.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { TableProfile } from '../contracts/table.ts'
import type { PortalSignIn } from '../hubspot.ts'
import { keepPortalTokens } from '../security/portal-tokens.ts'
import { portalSecret } from '../security/private-app-tokens.ts'
import type { Service } from '../service.ts'
import type { Connection, ValuePopulation } from '../store/connections.ts'
import type { Transaction } from '../store/database.ts'
import type { TenantId } from '../contracts/ids.ts'
import { connectedAs, foundIn, pickAccount, type AccountFound, type Connected } from './account-found.ts'
import { COMMAND_LINE, type Person } from './acting-person.ts'
import { asked } from './asked.ts'
import {
  connectedBefore,
  currencyWarning,
  storeConnection,
  storeReconnection,
  type CrmAccount,
} from './crm-connection.ts'
import { mappingLines, sensitiveLines } from './found-words.ts'
import {
  chosenSubscription,
  configFor,
  connectOptions,
  nobody,
  propertyIn,
  saysSettings,
  sensitiveProperties,
  statedPopulation,
  unsaid,
  type ConnectOptions,
} from './hubspot-choices.ts'
import { subscriptionLine } from './hubspot-words.ts'
import type { ControlCommand } from './server.ts'
import { companyOf } from './setup.ts'

/**
 * @param wake has the queue look at once
 */
export function connectHubSpot(service: Service, wake: () => void): ControlCommand {
  return async (given, { report }) => {
    const wanted = asked(connectOptions, given)
    const tenant = await companyOf(service, wanted.company)
    const made = await connectPortal(service, { tenant: tenant.id, wanted, by: COMMAND_LINE, report, wake })
    return { company: tenant.name, ...made }
  }
}

export interface ConnectingPortal {
  readonly tenant: TenantId
  readonly wanted: ConnectOptions
  readonly by: Person
  /** Told what was found, as it is found. */
  readonly report: (line: string) => void
  /** Has the queue look at once. */
  readonly wake: () => void
}

/**
 * Looks first, and keeps nothing unless all is well. From the command line it has to be said who is a customer; in the app
 * that is a step of its own, and until then nobody is scored.
 *
 * @throws HoldfastError what HubSpot refuses; `conflict` where it is connected already; `usage`, `column_missing`,
 *   `column_values` for what was said
 */
export async function connectPortal(
  service: Service,
  { tenant, wanted, by, report, wake }: ConnectingPortal,
): Promise<Readonly<Record<string, unknown>> & Connected> {
  const { client, tokens } = await service.hubspot.signIn(signInOf(wanted, tenant))
  const account = await readAccount(client)
  const { portal } = account
  report(
    `HubSpot account ${portal} (${accountWords(account)}), ${account.currency ?? 'no currency'}, ${account.timeZone}.`,
  )
  const crm = crmOf(account)
  const before = await connectedBefore(service, tenant, crm, {
    object: wanted.object,
    anew: saysSettings(wanted) || wanted.again,
    by,
  })
  const sealed = (tx: Transaction): Promise<void> => seal(tx, service, { wanted, portal, tokens })
  if (before !== null) {
    // Of one whose data was erased it has to be said anew.
    if (before.population === null && wanted.customers === undefined && by.way === 'cli')
      throw unsaid(wanted.object, await stageCounts(client, wanted.object, undefined), report)
    const changes = await saidAnew(client, account, wanted, before)
    const config = parseHubSpotConfig({ ...before.config, ...changes })
    const said =
      wanted.customers === undefined ? null : await populationIn(service, { client, config, wanted })
    const population = said?.population ?? null
    const stored = await storeReconnection(service, tenant, {
      before,
      changes,
      population,
      by,
      seal: sealed,
      wake,
    })
    return {
      connection: before.name,
      id: before.id,
      portal,
      reconnected: true,
      changed: before.status === 'active',
      ...(stored.populationChanged ? { population, customers: said?.customers } : {}),
      warnings: [
        ...currencyWarning(crm, stored.settings.currency.file),
        ...webhookWarning(service, wanted, by),
      ],
    }
  }

  const subscription = await chosenSubscription(client, wanted.subscription)
  const config = await configFor(client, account, { ...wanted, subscription: subscription?.id })
  const connector = openHubSpotConnector({ config, client, clock: service.clock })
  try {
    const [{ profile }] = await connector.describe()
    const stages = await stageCounts(client, wanted.object, propertyIn(wanted.customers))
    for (const line of mappingLines(profile, dayOf(service.clock()))) report(line)
    for (const line of sensitiveLines('HubSpot', await sensitiveProperties(client, wanted), wanted.sensitive))
      report(line)
    report(subscriptionLine(subscription, by))
    if (wanted.customers === undefined && by.way === 'cli') throw unsaid(wanted.object, stages, report)
    const counted =
      wanted.customers === undefined ? null : await countedPopulation(client, { wanted, profile, stages })
    const provisioned = await connector.provision?.()
    const name = wanted.name ?? `HubSpot ${portal}${wanted.object === 'contacts' ? ' contacts' : ''}`
    const population = counted?.population ?? null
    const { id, adopted, settings } = await storeConnection(service, tenant, {
      account: crm,
      connection: { name, config, population },
      by,
      seal: sealed,
      wake,
    })
    return {
      connection: name,
      id,
      portal,
      population,
      customers: counted?.customers ?? null,
      records: counted?.all ?? null,
      test: account.test,
      currency: adopted,
      provisioned: { created: provisioned?.created.length ?? 0, changed: provisioned?.changed.length ?? 0 },
      warnings: [
        ...(provisioned?.problems ?? []),
        ...currencyWarning(crm, settings.currency.file),
        ...webhookWarning(service, wanted, by),
      ],
    }
  } finally {
    await connector.close()
  }
}

/**
 * What a token opens, with nothing kept: the account, what the app may do there, who could be a customer, which property
 * would feed what.
 *
 * @throws HoldfastError what HubSpot refuses; `conflict` where it is connected to another company
 */
export async function lookAtPortal(
  service: Service,
  { tenant, wanted, by }: Pick<ConnectingPortal, 'tenant' | 'wanted' | 'by'>,
): Promise<AccountFound> {
  const { client, granted } = await service.hubspot.signIn(signInOf(wanted, tenant))
  const account = await readAccount(client)
  const before = await connectedBefore(service, tenant, crmOf(account), {
    object: wanted.object,
    anew: true,
    by,
  })
  const subscription = await chosenSubscription(client, wanted.subscription)
  const config = await configFor(client, account, { ...wanted, subscription: subscription?.id })
  const connector = openHubSpotConnector({ config, client, clock: service.clock })
  try {
    const [{ profile }] = await connector.describe()
    const view = viewPortal({ client, config, clock: service.clock })
    return {
      system: 'HubSpot',
      account: { id: account.portal, name: null, kind: accountWords(account), ...pickAccount(account) },
      object: wanted.object,
      connectedAs: connectedAs(before),
      records: await view.count(null),
      checks: await verify(client, { config, granted }),
      ...(await foundIn(view, profile, dayOf(service.clock()))),
      sensitive: await sensitiveProperties(client, wanted),
      notes: [subscriptionLine(subscription, by), ...webhookWarning(service, wanted, by)],
    }
  } finally {
    await connector.close()
  }
}

function signInOf({ token, refreshToken, portal }: ConnectOptions, tenant: TenantId): PortalSignIn {
  const [one, ...more] = [
    ...(token === undefined ? [] : [{ auth: 'private_app', token } as const]),
    ...(refreshToken === undefined ? [] : [{ auth: 'oauth', refreshToken } as const]),
    ...(portal === undefined ? [] : [{ auth: 'installed', portal, tenant } as const]),
  ]
  if (one !== undefined && more.length === 0) return one
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

const crmOf = ({ portal, test, currency }: HubSpotAccount): CrmAccount => ({
  kind: 'hubspot',
  word: 'HubSpot account',
  externalId: portal,
  test,
  currency,
})

/** Who is a customer by what was said, with how many that are; refused where that is nobody. */
async function countedPopulation(
  client: HubSpotClient,
  {
    wanted,
    profile,
    stages,
  }: { wanted: ConnectOptions; profile: TableProfile; stages: readonly StageCounts[] },
): Promise<{ readonly population: ValuePopulation; readonly customers: number; readonly all: number }> {
  const population = statedPopulation(wanted, profile, stages)
  const all = await countRecords(client, wanted.object, null)
  const customers =
    population.kind === 'everyone'
      ? all
      : await countRecords(client, wanted.object, valueIn(population.property, population.values))
  if (customers === 0) throw nobody(wanted, stages)
  return { population, customers, all }
}

/** For an account that is connected again with another word on who its customers are. */
async function populationIn(
  { clock }: Service,
  { client, config, wanted }: { client: HubSpotClient; config: HubSpotConfig; wanted: ConnectOptions },
): Promise<{ readonly population: ValuePopulation; readonly customers: number }> {
  const connector = openHubSpotConnector({ config, client, clock })
  try {
    const [{ profile }] = await connector.describe()
    const stages = await stageCounts(client, wanted.object, propertyIn(wanted.customers))
    return await countedPopulation(client, { wanted, profile, stages })
  } finally {
    await connector.close()
  }
}

/** Of the options that were given with a new sign-in; what was not said stays as it was. */
async function saidAnew(
  client: HubSpotClient,
  account: HubSpotAccount,
  wanted: ConnectOptions,
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

async function seal(
  tx: Transaction,
  { vault }: Service,
  { wanted, portal, tokens }: { wanted: ConnectOptions; portal: string; tokens: PortalTokens | null },
): Promise<void> {
  if (tokens !== null) await keepPortalTokens(tx, { vault, portal, tokens })
  // Of an installation in the browser it is sealed already.
  else if (wanted.token !== undefined)
    await vault.seal(tx, portalSecret(portal, 'private_app_token'), wanted.token)
  if (wanted.webhookSecret !== undefined)
    await vault.seal(tx, portalSecret(portal, 'webhook_secret'), wanted.webhookSecret)
}

function webhookWarning(
  { publicUrl }: Service,
  { token, webhookSecret }: ConnectOptions,
  by: Person,
): readonly string[] {
  if (publicUrl === null)
    return [
      'PUBLIC_URL is not set, so HubSpot cannot tell of changes as they happen: they are found within five minutes.',
    ]
  if (token !== undefined && webhookSecret === undefined)
    return [
      `For changes within a second, add webhooks to the private app with the address ${publicUrl}/webhooks/hubspot, and ${by.way === 'cli' ? "connect with --webhook-secret-file (the app's client secret)" : "give the app's client secret with its token"}. Without it they are found within five minutes.`,
    ]
  return []
}

const dayOf = (date: Date): number => Math.floor(date.getTime() / 86_400_000)
