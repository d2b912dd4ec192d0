/**
 * What a new installation begins with: two sample companies whose customers live in CRM sandboxes on this machine, one in
 * HubSpot's and one in Salesforce's, and whose mails and tasks stay there and reach nobody. They show the whole loop before
 * anything is connected, and can be deleted. A process that hosts no sandbox makes one sample from a file instead.
 */
import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { HubSpotConfigInput } from '../connectors/hubspot/config.ts'
import { SUBSCRIPTIONS } from '../connectors/hubspot/sandbox/sample-portal.ts'
import type { SalesforceConfigInput } from '../connectors/salesforce/config.ts'
import { writeWorld } from '../connectors/world/write.ts'
import type { TenantId } from './contracts/ids.ts'
import type { HubSpotSandboxHost } from './hubspot-sandbox.ts'
import { keepPortalTokens } from './security/portal-tokens.ts'
import { keepOrgSession } from './security/sealed-sessions.ts'
import type { SalesforceSandboxHost } from './salesforce-sandbox.ts'
import type { Service } from './service.ts'
import { createConnection, listConnections, type NewConnection } from './store/connections.ts'
import type { Transaction } from './store/database.ts'
import { currentSettings, saveSettings } from './store/settings-versions.ts'
import { listSteps } from './store/steps.ts'
import { activateTenant, createTenant, listTenants, lockFirstStart } from './store/tenants.ts'

/** Of the sample file: enough for levels and a plan that mean something. */
const CUSTOMERS = 2000
const SEED = 42

/** Who made the samples' settings. */
const AUTHOR = 'first start'

/** By their names, and as long as nobody set them up, a start knows samples whose making was broken off. */
const FIRST = 'Sample company'
const SECOND = 'Sample company on Salesforce'

export interface FirstStart {
  /** The company that people sign in to: the oldest. */
  readonly tenant: TenantId
  readonly created: boolean
  /** A second sample that is still to be connected, see {@link connectSecondSample}; null: there is none. */
  readonly second: TenantId | null
}

/**
 * Makes the sample companies where there is no company yet.
 *
 * They are activated, unlike any real company: their mails cannot leave the machine, their tasks lie in the sandboxes.
 *
 * @param options.sandbox whether this process may host the sandboxes
 * @throws HoldfastError `output_full`, `output_denied` when the sample cannot be written
 * @example
 * const { tenant } = await firstStart(service, { sandbox: true })
 */
export async function firstStart(service: Service, { sandbox }: { sandbox: boolean }): Promise<FirstStart> {
  const { database, vault } = service
  const { tenant, name, created, others } = await database.asSystem(
    'the companies at the start',
    async (tx) => {
      await lockFirstStart(tx)
      const [oldest, ...rest] = await listTenants(tx)
      if (oldest !== undefined)
        return {
          tenant: oldest.id,
          name: oldest.name,
          created: false,
          others: rest.filter((one) => one.name === SECOND),
        }
      const first = await createTenant(tx, FIRST)
      const second = sandbox ? [{ id: await createTenant(tx, SECOND) }] : []
      return { tenant: first, name: FIRST, created: true, others: second }
    },
  )
  const second = sandbox
    ? await unmade(
        service,
        others.map(({ id }) => id),
      )
    : null
  // A sample whose making was broken off is taken up again; a company that somebody added waits for its owner.
  if (name !== FIRST || (await unmade(service, [tenant])) === null) return { tenant, created, second }
  const host = sandbox ? await service.sandboxes.start('hubspot') : null
  const connection = host === null ? await sampleFile(service) : hubspotConnection(host)
  const tokens = host?.authorize()
  await database.withTenant(tenant, async (tx) => {
    await begin(tx, tenant, FIRST)
    if (host !== null && tokens !== undefined)
      await keepPortalTokens(tx, { vault, portal: host.portal, tokens })
    await createConnection(tx, connection)
  })
  return { tenant, created, second }
}

/** The first of these that nothing was ever connected to and that nobody set up. */
async function unmade({ database }: Service, tenants: readonly TenantId[]): Promise<TenantId | null> {
  for (const tenant of tenants) {
    const untouched = await database.withTenant(
      tenant,
      async (tx) => (await currentSettings(tx)).version === 0 && (await listConnections(tx)).length === 0,
    )
    if (untouched) return tenant
  }
  return null
}

/** Seconds that the second sample waits at most for the first to have been through the loop. */
const LONGEST_WAIT = 90

/**
 * Connects the second sample once the first one has been through its loop: what people look at is there as soon as ever,
 * and the two do not need their memory at the same time.
 *
 * @param signal gives up; the next start takes it up again
 */
export async function connectSecondSample(
  service: Service,
  { first, second, signal }: { first: TenantId; second: TenantId; signal: AbortSignal },
): Promise<SalesforceSandboxHost> {
  const { database, vault, clock } = service
  for (let waited = 0; waited < LONGEST_WAIT; waited++) {
    const steps = await database.withTenant(first, listSteps)
    if (steps.some(({ step, lastDoneAt }) => step === 'write_back' && lastDoneAt !== null)) break
    await wait(1000, undefined, { signal })
  }
  const host = await service.sandboxes.start('salesforce')
  const session = host.authorize()
  await database.withTenant(second, async (tx) => {
    await begin(tx, second, SECOND)
    await keepOrgSession(tx, { vault, org: host.org, session, clock })
    await createConnection(tx, salesforceConnection(host))
  })
  return host
}

async function begin(tx: Transaction, tenant: TenantId, company: string): Promise<void> {
  await saveSettings(tx, sampleSettings(company), {
    expected: 0,
    author: AUTHOR,
    note: 'The sample company: mails and tasks stay on this machine. Its offers are credit for its own service, which at a gross margin of 90 % costs a tenth of its price to provide.',
  })
  await activateTenant(tx, tenant)
}

function hubspotConnection({ portal }: HubSpotSandboxHost): NewConnection {
  const config: HubSpotConfigInput = {
    portal,
    object: 'companies',
    builtIn: true,
    auth: 'oauth',
    subscription: String(SUBSCRIPTIONS.service.id),
    recipients: { roles: ['CEO', 'Managing Director', 'Founder', 'Owner', 'Customer Success'] },
  }
  return {
    kind: 'hubspot',
    name: 'HubSpot sandbox',
    externalId: portal,
    sandbox: true,
    config: { ...config },
    population: { kind: 'property', property: 'lifecyclestage', values: ['customer'] },
  }
}

function salesforceConnection({ org, url, username }: SalesforceSandboxHost): NewConnection {
  const config: SalesforceConfigInput = {
    org,
    object: 'Account',
    builtIn: true,
    auth: 'web',
    username,
    instanceUrl: url,
    loginUrl: url,
    // The sample's people were asked when they became customers; only who opted out is marked.
    consent: 'opt_out',
    recipients: { roles: ['CEO', 'Managing Director', 'Founder', 'Owner', 'Customer Success'] },
  }
  return {
    kind: 'salesforce',
    name: 'Salesforce sandbox',
    externalId: org,
    sandbox: true,
    config: { ...config },
    population: { kind: 'condition', condition: "Type = 'Customer'" },
  }
}

async function sampleFile({ config, clock }: Service): Promise<NewConnection> {
  const folder = join(config.data, 'sample')
  const path = join(folder, 'customers.csv')
  // One that was left by an installation before stays as its owner left it.
  if ((await stat(path).catch(() => null)) === null) {
    await mkdir(folder, { recursive: true })
    await writeWorld(path, { rows: CUSTOMERS, seed: SEED, asOf: clock().toISOString().slice(0, 10) })
  }
  return {
    kind: 'csv',
    name: 'Sample customers',
    sandbox: true,
    config: { path },
    population: { kind: 'everyone' },
  }
}

/**
 * A software company whose offers are credit for its own service, not money off the invoice: of what it is paid, nine
 * tenths are margin, so that what it gives away costs it a tenth of its price to provide. Money off the invoice costs all of
 * it; under the default costs, which reckon so, hardly any offer pays. docs/hubspot.md tells the viewer.
 */
const sampleSettings = (company: string) => ({
  currency: { file: 'EUR', reporting: 'EUR' },
  margin: { gross: 0.9 },
  catalogue: {
    email: { share: 0.004, durationMonths: 3 },
    discount_10: { share: 0.01, durationMonths: 3, capacity: 120 },
    discount_20: { enabled: false },
    call_discount_30: { share: 0.03, fixedCost: 5, durationMonths: 3, capacity: 40 },
  },
  delivery: { mode: 'sandbox', approval: { discounts: false, calls: false } },
  // On whichever day somebody tries it, there is something to see.
  guard: { email: { days: 'every' }, sms: { days: 'every' }, call: { days: 'every' } },
  sender: {
    name: company,
    company,
    address: 'hello@sample.example',
    replyTo: 'hello@sample.example',
    postalAddress: `${company}, 1 Example Street, 10115 Berlin, Germany`,
    language: 'en',
  },
})
