/**
 * What a new installation begins with: a sample company over synthetic customers, whose mails reach the sandbox inbox
 * and nobody else. It shows the whole loop before anything is connected, and can be deleted.
 */
import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { writeWorld } from '../connectors/world/write.ts'
import type { Clock } from './contracts/clock.ts'
import type { TenantId } from './contracts/ids.ts'
import { createConnection, listConnections } from './store/connections.ts'
import type { Database } from './store/database.ts'
import { currentSettings, saveSettings } from './store/settings-versions.ts'
import { activateTenant, createTenant, listTenants, lockFirstStart } from './store/tenants.ts'

/** Enough for levels and a plan that mean something, few enough to be there within seconds. */
const CUSTOMERS = 2000
const SEED = 42

/**
 * Makes the sample company where there is no company yet.
 *
 * The sample is activated, unlike any real company: its mails cannot leave the machine.
 *
 * @returns the company that people sign in to: the oldest
 * @throws HoldfastError `output_full`, `output_denied` when the sample file cannot be written
 * @example
 * const tenant = await firstStart(database, { folder: config.data, clock: systemClock })
 */
export async function firstStart(
  database: Database,
  { folder, clock }: { folder: string; clock: Clock },
): Promise<{ readonly tenant: TenantId; readonly created: boolean }> {
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
  const path = join(folder, 'sample', 'customers.csv')
  // One that was left by an installation before stays as its owner left it.
  if ((await stat(path).catch(() => null)) === null) {
    await mkdir(join(folder, 'sample'), { recursive: true })
    await writeWorld(path, { rows: CUSTOMERS, seed: SEED, asOf: clock().toISOString().slice(0, 10) })
  }
  await database.withTenant(tenant, async (tx) => {
    await saveSettings(tx, sampleSettings, {
      expected: 0,
      author: 'first start',
      note: 'The sample company: mails reach the sandbox inbox and nobody else.',
    })
    await activateTenant(tx, tenant)
    await createConnection(tx, {
      kind: 'csv',
      name: 'Sample customers',
      sandbox: true,
      config: { path },
      population: { kind: 'everyone' },
    })
  })
  return { tenant, created }
}

const sampleSettings = {
  currency: { file: 'EUR', reporting: 'EUR' },
  delivery: { mode: 'sandbox' },
  sender: {
    name: 'Sample company',
    company: 'Sample company',
    address: 'hello@sample.example',
    replyTo: 'hello@sample.example',
    postalAddress: 'Sample company, 1 Example Street, 10115 Berlin, Germany',
    language: 'en',
  },
}
