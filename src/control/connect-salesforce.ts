/** Connecting a Salesforce org from the command line: the sign-in, who its customers are, and then the connection. */
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
import type { Tenant } from '../store/tenants.ts'
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
      return await connectOrg(service, { tenant, wanted, signedIn, report, wake })
    } catch (cause) {
      throw keptSignIn(cause, signedIn.config.org, wanted)
    }
  }
}

interface Connecting {
  readonly tenant: Pick<Tenant, 'id' | 'name'>
  readonly wanted: ConnectOptions
  readonly signedIn: SignedInOrg
  readonly report: Parameters<ControlCommand>[1]['report']
  readonly wake: () => void
}

async function connectOrg(
  service: Service,
  { tenant, wanted, signedIn, report, wake }: Connecting,
): Promise<Readonly<Record<string, unknown>>> {
  const { readOrg } = await import('../../connectors/salesforce/org.ts')
  const org = await readOrg(signedIn.client)
  report(orgLine(org, signedIn))
  const account: CrmAccount = {
    kind: 'salesforce',
    word: 'Salesforce org',
    externalId: org.id,
    test: org.sandbox,
    currency: org.currency ?? wanted.currency?.toUpperCase() ?? null,
  }
  const before = await connectedBefore(service, tenant.id, account, {
    object: wanted.object,
    anew: saysSettings(wanted),
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
    const stored = await storeReconnection(service, tenant.id, { before, changes, population, seal, wake })
    return {
      company: tenant.name,
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
    if (wanted.customers === undefined && wanted.where === undefined) throw unsaid(wanted, stages, report)
    const { population, customers, all } = await counted(context, wanted, stages)
    const what = wanted.object === 'Contact' ? ' contacts' : ''
    const name = wanted.name ?? `Salesforce ${org.name === '' ? org.id : org.name}${what}`
    const { id, adopted, settings } = await storeConnection(service, tenant.id, {
      account,
      connection: { name, config, population },
      seal,
      wake,
    })
    return {
      company: tenant.name,
      connection: name,
      id,
      org: org.id,
      population,
      customers,
      records: all,
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

function orgLine(
  { id, name, sandbox, edition, currency, timeZone, personAccounts }: SalesforceOrg,
  { config }: SignedInOrg,
): string {
  const kind = sandbox
    ? 'a sandbox: risk is written there, and everything else stays a dry run'
    : 'a live org'
  const more = [edition, currency ?? 'no currency', timeZone, personAccounts ? 'with person accounts' : null]
  return `Salesforce org ${id} "${name}" (${kind}), ${more.filter((one) => one !== null).join(', ')}; signed in as ${config.username}.`
}

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
