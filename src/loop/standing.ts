/** Letting things be sent again: what was put off because of the pause is due at once, not when it was put off to. */
import type { TenantId } from '../contracts/ids.ts'
import type { Database, Transaction } from '../store/database.ts'
import { releaseDeferred } from '../store/intervention-sweeps.ts'
import { listTenants, pauseInstallation, resumeTenant } from '../store/tenants.ts'

/** @param tenant of the transaction */
export async function resumeSending(tx: Transaction, tenant: TenantId): Promise<void> {
  await resumeTenant(tx, tenant)
  await releaseDeferred(tx, ['tenant_paused'])
}

/** For everybody. Where this breaks off, the rest is due when it was put off to. */
export async function resumeEverything(database: Database): Promise<void> {
  const tenants = await database.asSystem('resume everything', async (tx) => {
    await pauseInstallation(tx, null)
    return listTenants(tx)
  })
  for (const { id } of tenants)
    await database.withTenant(id, (tx) => releaseDeferred(tx, ['installation_paused']))
}
