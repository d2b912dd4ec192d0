/** Connecting a Salesforce org: the sign-in, who its customers are, and then the connection. */
import type { Connector } from '../../connectors/connector.ts'
import { openCrmMemory } from '../../connectors/memory.ts'
import type { SalesforceConfig } from '../../connectors/salesforce/config.ts'
import type { SalesforceContext } from '../../connectors/salesforce/context.ts'
import type { SalesforceOrg } from '../../connectors/salesforce/org.ts'
import type { StageCounts } from '../../connectors/value-counts.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { TenantId } from '../contracts/ids.ts'
import type { OrgSignIn, SignedInOrg } from '../salesforce-sign-in.ts'
import type { Service } from '../service.ts'
import type { Population } from '../store/connections.ts'
import { connectedAs, foundIn, type AccountFound, type Connected } from './account-found.ts'
import { COMMAND_LINE, type Person } from './acting-person.ts'
import { asked } from './asked.ts'
import {
  connectedBefore,
  currencyWarning,
  objectWords,
  storeConnection,
  storeReconnection,
  type CrmAccount,
} from './crm-connection.ts'
import { FIELD, mappingLines, sensitiveLines } from './found-words.ts'
import {
  configFor,
  connectOptions,
  fieldsIn,
  findNamespace,
  keptSignIn,
  nobody,
  saidAnew,
  saysSettings,
  signInOf,
  statedPopulation,
  unsaid,
  type ConnectOptions,
} from './salesforce-choices.ts'
import type { ControlCommand } from './server.ts'
import { companyOf } from './setup.ts'

/** Where browsers come back to, beneath the address of this installation. */
const CALLBACK = '/oauth/salesforce/callback'

/** @param wake has the queue look at once */
export function connectSalesforce(service: Service, wake: () => void): ControlCommand {
  return async (given, { report, signal }) => {
    const wanted = asked(connectOptions, given)
    if (wanted.customers !== undefined && wanted.where !== undefined)
      throw new HoldfastError('usage', 'Give --customers or --where: one of them says who is a customer.')
    const tenant = await companyOf(service, wanted.company)
    const how = signInOf(wanted) ?? (await byBrowser(service, tenant.id, wanted, { report, signal }))
    const signedIn = await service.salesforce.signIn(tenant.id, how)
    try {
      const made = await connectOrg(service, {
        tenant: tenant.id,
        wanted,
        signedIn,
        by: COMMAND_LINE,
        report,
        wake,
      })
      return { company: tenant.name, ...made }
    } catch (cause) {
      throw keptSignIn(cause, signedIn.config.org, wanted)
    }
  }
}

export interface ConnectingOrg {
  readonly tenant: TenantId
  readonly wanted: ConnectOptions
  readonly signedIn: SignedInOrg
  readonly by: Person
  /** Told what was found, as it is found. */
  readonly report: Parameters<ControlCommand>[1]['report']
  /** Has the queue look at once. */
  readonly wake: () => void
}

/**
 * Looks first, and keeps nothing but a consent unless all is well. From the command line it has to be said who is a
 * customer; in the app that is a step of its own, and until then nobody is scored.
 */
export async function connectOrg(
  service: Service,
  { tenant, wanted, signedIn, by, report, wake }: ConnectingOrg,
): Promise<Readonly<Record<string, unknown>> & Connected> {
  const { readOrg } = await import('../../connectors/salesforce/org.ts')
  const org = await readOrg(signedIn.client)
  report(orgLine(org, signedIn))
  const account = accountOf(org, wanted)
  const before = await connectedBefore(service, tenant, account, {
    object: wanted.object,
    anew: saysSettings(wanted) || wanted.again,
    by,
  })
  const namespace = await findNamespace(signedIn)
  const config = configFor({ ...before?.config, ...signedIn.config }, namespace, wanted)
  const seal = signedIn.seal
  if (before !== null) {
    const changes = saidAnew(config, wanted)
    const found = await openFound(service, signedIn, {
      ...config,
      ...before.config,
      ...changes,
    } as SalesforceConfig)
    const anew = wanted.customers !== undefined || wanted.where !== undefined
    const said = anew ? await counted(found.context, wanted, await stagesOf(found.context, wanted)) : null
    const population = said?.population ?? null
    const stored = await storeReconnection(service, tenant, { before, changes, population, by, seal, wake })
    return {
      connection: before.name,
      id: before.id,
      org: org.id,
      reconnected: true,
      changed: before.status === 'active',
      ...(stored.populationChanged ? { population, customers: said?.customers } : {}),
      warnings: [
        ...currencyWarning(account, stored.settings.currency.file),
        ...(await troubles(found.context, population)),
      ],
    }
  }

  const { connector, context } = await openFound(service, signedIn, config)
  try {
    const [{ profile }] = await connector.describe()
    const stages = await stagesOf(context, wanted)
    for (const line of mappingLines(profile, dayOf(service.clock()), FIELD)) report(line)
    for (const line of await sensitiveIn(context, wanted)) report(line)
    const said = wanted.customers !== undefined || wanted.where !== undefined
    if (!said && by.way === 'cli') throw unsaid(wanted, stages, report)
    const found = said ? await counted(context, wanted, stages) : null
    const population = found?.population ?? null
    const what = wanted.object === 'Contact' ? ' contacts' : ''
    const name = wanted.name ?? `Salesforce ${org.name === '' ? org.id : org.name}${what}`
    const { id, adopted, settings } = await storeConnection(service, tenant, {
      account,
      connection: { name, config, population },
      by,
      seal,
      wake,
    })
    return {
      connection: name,
      id,
      org: org.id,
      population,
      customers: found?.customers ?? null,
      records: found?.all ?? null,
      test: org.sandbox,
      currency: adopted,
      provisioned: { created: 0, changed: 0 },
      warnings: [
        ...currencyWarning(account, settings.currency.file),
        ...(await troubles(context, population)),
      ],
    }
  } finally {
    await connector.close()
  }
}

/**
 * What a sign-in opens, with nothing kept but a consent: the org, what our user may do there, who could be a customer, which
 * field would feed what.
 */
export async function lookAtOrg(
  service: Service,
  { tenant, wanted, signedIn, by }: Pick<ConnectingOrg, 'tenant' | 'wanted' | 'signedIn' | 'by'>,
): Promise<AccountFound> {
  const { readOrg } = await import('../../connectors/salesforce/org.ts')
  const { viewOrg } = await import('../../connectors/salesforce/account-view.ts')
  const { verify } = await import('../../connectors/salesforce/verify.ts')
  const { sensitiveFields } = await import('../../connectors/salesforce/classification.ts')
  const org = await readOrg(signedIn.client)
  const before = await connectedBefore(service, tenant, accountOf(org, wanted), {
    object: wanted.object,
    anew: true,
    by,
  })
  const namespace = await findNamespace(signedIn)
  const config = configFor({ ...before?.config, ...signedIn.config }, namespace, wanted)
  const { connector, context } = await openFound(service, signedIn, config)
  try {
    const [{ profile }] = await connector.describe()
    const view = viewOrg(context)
    const { currency } = accountOf(org, wanted)
    return {
      system: 'Salesforce',
      account: {
        id: org.id,
        name: org.name === '' ? null : org.name,
        kind: `${kindOf(org)}${org.edition === null ? '' : `, ${org.edition}`}; signed in as ${config.username}`,
        test: org.sandbox,
        currency,
        timeZone: org.timeZone,
      },
      object: wanted.object,
      connectedAs: connectedAs(before),
      records: await view.count(null),
      checks: await verify(context),
      ...(await foundIn(view, profile, dayOf(service.clock()))),
      sensitive: [...((await sensitiveFields(context, wanted.object)) ?? [])],
      notes: [],
    }
  } finally {
    await connector.close()
  }
}

const accountOf = (org: SalesforceOrg, wanted: ConnectOptions): CrmAccount => ({
  kind: 'salesforce',
  word: 'Salesforce org',
  externalId: org.id,
  test: org.sandbox,
  currency: org.currency ?? wanted.currency?.toUpperCase() ?? null,
})

async function byBrowser(
  service: Service,
  tenant: TenantId,
  { loginUrl }: ConnectOptions,
  { report, signal }: Parameters<ControlCommand>[1],
): Promise<OrgSignIn> {
  if (!service.serving && service.database.kind === 'embedded')
    throw new HoldfastError(
      'server_unreachable',
      'The server has to run for a sign-in in the browser, because Salesforce sends the browser back to it. Start it (npm start, or holdfast serve) and repeat this beside it.',
    )
  const redirectUri = `${service.publicUrl ?? service.localUrl}${CALLBACK}`
  const { address, state } = await service.salesforce.web.begin(tenant, { redirectUri, loginUrl })
  report(
    'Open this address in a browser and sign in as the integration user (it works once, for ten minutes):',
  )
  report(address)
  report(`The app has to allow ${redirectUri} as a callback. Waiting…`)
  return service.salesforce.web.wait(tenant, state, signal)
}

function orgLine(org: SalesforceOrg, { config }: SignedInOrg): string {
  const { id, name, edition, currency, timeZone, personAccounts } = org
  const more = [edition, currency ?? 'no currency', timeZone, personAccounts ? 'with person accounts' : null]
  return `Salesforce org ${id} "${name}" (${kindOf(org)}), ${more.filter((one) => one !== null).join(', ')}; signed in as ${config.username}.`
}

const kindOf = ({ sandbox }: SalesforceOrg): string =>
  sandbox ? 'a sandbox: risk is written there, and everything else stays a dry run' : 'a live org'

async function openFound(
  { clock }: Service,
  { client }: SignedInOrg,
  config: SalesforceConfig,
): Promise<{ readonly connector: Connector; readonly context: SalesforceContext }> {
  const { openSalesforceConnector } = await import('../../connectors/salesforce/connector.ts')
  const { openContext } = await import('../../connectors/salesforce/context.ts')
  const memory = openCrmMemory({ clock })
  return {
    connector: openSalesforceConnector({ config, client, clock, memory }),
    context: openContext({ config, client, clock, memory }),
  }
}

async function stagesOf(context: SalesforceContext, wanted: ConnectOptions): Promise<readonly StageCounts[]> {
  const { stageCounts } = await import('../../connectors/salesforce/population.ts')
  return stageCounts(context, fieldsIn(wanted))
}

/** Who is a customer by what was said, with how many that are; refused where that is nobody. */
async function counted(
  context: SalesforceContext,
  wanted: ConnectOptions,
  stages: readonly StageCounts[],
): Promise<{ readonly population: Population; readonly customers: number; readonly all: number }> {
  const { countRecords } = await import('../../connectors/salesforce/population.ts')
  const population = await statedPopulation(wanted, stages)
  const all = await countRecords(context, wanted.object, null)
  const customers =
    population.kind === 'condition' ? await countRecords(context, wanted.object, population.condition) : all
  if (customers === 0) throw nobody(wanted, stages)
  return { population, customers, all }
}

async function sensitiveIn(
  context: SalesforceContext,
  { object, sensitive }: ConnectOptions,
): Promise<readonly string[]> {
  const { sensitiveFields } = await import('../../connectors/salesforce/classification.ts')
  const found = await sensitiveFields(context, object)
  if (found === null)
    return [
      `How the fields of ${objectWords(object)} are classified is not shown to the integration user, so none counts as sensitive (permission "View Setup and Configuration").`,
    ]
  return sensitiveLines('Salesforce', [...found], sensitive, FIELD)
}

/** What does not work yet, as doctor says it. */
async function troubles(
  context: SalesforceContext,
  population: Population | null,
): Promise<readonly string[]> {
  const { verify } = await import('../../connectors/salesforce/verify.ts')
  const condition = population?.kind === 'condition' ? population.condition : null
  const checks = await verify(context, { condition })
  return checks
    .filter(({ status }) => status === 'failed' || status === 'warning')
    .map(({ name, message }) => `${name}: ${message}`)
}

const dayOf = (date: Date): number => Math.floor(date.getTime() / 86_400_000)
