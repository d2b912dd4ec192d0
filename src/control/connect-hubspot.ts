/** Connecting a HubSpot portal from the command line: what is in it, who its customers are, and then the connection. */
import { readAccount, type HubSpotAccount } from '../../connectors/hubspot/account.ts'
import type { HubSpotClient } from '../../connectors/hubspot/client.ts'
import { parseHubSpotConfig, type HubSpotConfig } from '../../connectors/hubspot/config.ts'
import { openHubSpotConnector } from '../../connectors/hubspot/connector.ts'
import { countRecords, stageCounts, type StageCounts } from '../../connectors/hubspot/lifecycle.ts'
import type { PortalTokens } from '../../connectors/hubspot/oauth.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { TableProfile } from '../contracts/table.ts'
import type { PortalSignIn } from '../hubspot.ts'
import { keepPortalTokens } from '../security/portal-tokens.ts'
import { portalSecret } from '../security/private-app-tokens.ts'
import type { Service } from '../service.ts'
import type { Connection, ValuePopulation } from '../store/connections.ts'
import type { Transaction } from '../store/database.ts'
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
    const { client, tokens } = await service.hubspot.signIn(signInOf(wanted))
    const account = await readAccount(client)
    const { portal } = account
    report(
      `HubSpot account ${portal} (${accountWords(account)}), ${account.currency ?? 'no currency'}, ${account.timeZone}.`,
    )
    const crm = crmOf(account)
    const before = await connectedBefore(service, tenant.id, crm, {
      object: wanted.object,
      anew: saysSettings(wanted),
    })
    const sealed = (tx: Transaction): Promise<void> => seal(tx, service, { wanted, portal, tokens })
    if (before !== null) {
      const changes = await saidAnew(client, account, wanted, before)
      const config = parseHubSpotConfig({ ...before.config, ...changes })
      const said =
        wanted.customers === undefined ? null : await populationIn(service, { client, config, wanted })
      const population = said?.population ?? null
      const stored = await storeReconnection(service, tenant.id, {
        before,
        changes,
        population,
        seal: sealed,
        wake,
      })
      return {
        company: tenant.name,
        connection: before.name,
        id: before.id,
        portal,
        reconnected: true,
        changed: before.status === 'active',
        ...(stored.populationChanged ? { population, customers: said?.customers } : {}),
        warnings: [
          ...currencyWarning(crm, stored.settings.currency.file),
          ...webhookWarning(service, wanted),
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
      for (const line of sensitiveLines(
        'HubSpot',
        await sensitiveProperties(client, wanted),
        wanted.sensitive,
      ))
        report(line)
      report(subscriptionLine(subscription))
      if (wanted.customers === undefined) throw unsaid(wanted.object, stages, report)
      const { population, customers, all } = await countedPopulation(client, { wanted, profile, stages })
      const provisioned = await connector.provision?.()
      const name = wanted.name ?? `HubSpot ${portal}${wanted.object === 'contacts' ? ' contacts' : ''}`
      const { id, adopted, settings } = await storeConnection(service, tenant.id, {
        account: crm,
        connection: { name, config, population },
        seal: sealed,
        wake,
      })
      return {
        company: tenant.name,
        connection: name,
        id,
        portal,
        population,
        customers,
        records: all,
        test: account.test,
        currency: adopted,
        provisioned: { created: provisioned?.created.length ?? 0, changed: provisioned?.changed.length ?? 0 },
        warnings: [
          ...(provisioned?.problems ?? []),
          ...currencyWarning(crm, settings.currency.file),
          ...webhookWarning(service, wanted),
        ],
      }
    } finally {
      await connector.close()
    }
  }
}

function signInOf({ token, refreshToken }: ConnectOptions): PortalSignIn {
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
    population.kind === 'everyone' ? all : await countRecords(client, wanted.object, population)
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
  else await vault.seal(tx, portalSecret(portal, 'private_app_token'), wanted.token!)
  if (wanted.webhookSecret !== undefined)
    await vault.seal(tx, portalSecret(portal, 'webhook_secret'), wanted.webhookSecret)
}

function webhookWarning({ publicUrl }: Service, { token, webhookSecret }: ConnectOptions): readonly string[] {
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
