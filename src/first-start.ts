/**
 * What a new installation begins with: a sample company whose customers live in a HubSpot sandbox on this machine, and
 * whose mails and tasks stay there and reach nobody. It shows the whole loop before anything is connected, and can be
 * deleted. A process that hosts no sandbox makes the sample from a file instead.
 */
import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { HubSpotConfigInput } from '../connectors/hubspot/config.ts'
import { SUBSCRIPTIONS } from '../connectors/hubspot/sandbox/sample-portal.ts'
import { writeWorld } from '../connectors/world/write.ts'
import type { TenantId } from './contracts/ids.ts'
import type { SandboxHost } from './hubspot-sandbox.ts'
import { keepPortalTokens } from './security/portal-tokens.ts'
import type { Service } from './service.ts'
import { createConnection, listConnections, type NewConnection } from './store/connections.ts'
import type { Transaction } from './store/database.ts'
import { currentSettings, saveSettings } from './store/settings-versions.ts'
import { activateTenant, createTenant, listTenants, lockFirstStart } from './store/tenants.ts'

/** Of the sample file: enough for levels and a plan that mean something. */
const CUSTOMERS = 2000
const SEED = 42

/**
 * Makes the sample company where there is no company yet.
 *
 * The sample is activated, unlike any real company: its mails cannot leave the machine, its tasks lie in the sandbox.
 *
 * @param options.sandbox whether this process may host the sandbox
 * @returns the company that people sign in to: the oldest
 * @throws HoldfastError `output_full`, `output_denied` when the sample cannot be written
 * @example
 * const { tenant } = await firstStart(service, { sandbox: true })
 */
export async function firstStart(
  service: Service,
  { sandbox }: { sandbox: boolean },
): Promise<{ readonly tenant: TenantId; readonly created: boolean }> {
  const { database, vault } = service
  const { tenant, created } = await database.asSystem('the companies at the start', async (tx) => {
    await lockFirstStart(tx)
    const [oldest] = await listTenants(tx)
    return oldest === undefined
      ? { tenant: await createTenant(tx, 'Sample company'), created: true }
      : { tenant: oldest.id, created: false }
  })
  // A start that was broken off half-way is taken up again.
  const begun = await database.withTenant(
    tenant,
    async (tx) => (await currentSettings(tx)).version > 0 || (await listConnections(tx)).length > 0,
  )
  if (begun) return { tenant, created }
  const host = sandbox ? await service.startSandbox() : null
  const connection = host === null ? await sampleFile(service) : sandboxConnection(host)
  const tokens = host?.authorize()
  await database.withTenant(tenant, async (tx) => {
    await begin(tx, tenant)
    if (host !== null && tokens !== undefined)
      await keepPortalTokens(tx, { vault, portal: host.portal, tokens })
    await createConnection(tx, connection)
  })
  return { tenant, created }
}

async function begin(tx: Transaction, tenant: TenantId): Promise<void> {
  await saveSettings(tx, sampleSettings, {
    expected: 0,
    author: 'first start',
    note: 'The sample company: mails and tasks stay on this machine. Its offers are credit for its own service, which at a gross margin of 90 % costs a tenth of its price to provide.',
  })
  await activateTenant(tx, tenant)
}

function sandboxConnection({ portal }: SandboxHost): NewConnection {
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
const sampleSettings = {
  currency: { file: 'EUR', reporting: 'EUR' },
  margin: { gross: 0.9 },
  catalogue: {
    email: { share: 0.004, durationMonths: 3 },
    discount_10: { share: 0.01, durationMonths: 3, capacity: 120 },
    discount_20: { enabled: false },
    call_discount_30: { share: 0.03, fixedCost: 5, durationMonths: 3, capacity: 40 },
  },
  delivery: { mode: 'sandbox', approval: { discounts: false, calls: false } },
  sender: {
    name: 'Sample company',
    company: 'Sample company',
    address: 'hello@sample.example',
    replyTo: 'hello@sample.example',
    postalAddress: 'Sample company, 1 Example Street, 10115 Berlin, Germany',
    language: 'en',
  },
}
