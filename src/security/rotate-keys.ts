/** New data keys while everything runs: a tenant a transaction, and whoever holds a secret just then is waited for. */
import { setTimeout as wait } from 'node:timers/promises'
import type { TenantId } from '../contracts/ids.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { recordAudit } from '../store/audit.ts'
import type { Database } from '../store/database.ts'
import { listTenants } from '../store/tenants.ts'
import type { Vault } from './vault.ts'

export interface RotatedKeys {
  readonly companies: number
  /** Secrets that were sealed anew. */
  readonly secrets: number
}

/** Between tries; a sign-in that is renewed holds its secret for milliseconds. */
const PAUSE_MS = 50
const LONGEST_MS = 60_000

/**
 * Broken off anywhere, each tenant has its old key or its new one, and everything opens; run again it goes over all.
 *
 * @throws HoldfastError of the first tenant that it could not be done for, when all others are done: `vault_key` where a
 *   secret does not open, `conflict` (retryable) where one is held without an end
 * @example
 * await rotateDataKeys({ database, vault }, { actor: 'cli' }) // { companies: 2, secrets: 9 }
 */
export async function rotateDataKeys(
  services: { readonly database: Database; readonly vault: Vault },
  {
    actor,
    onTenant = () => undefined,
  }: { readonly actor: string; readonly onTenant?: (done: number) => void },
): Promise<RotatedKeys> {
  const tenants = await services.database.asSystem('new data keys', listTenants)
  let secrets = 0
  const failures: unknown[] = []
  for (const [at, { id }] of tenants.entries()) {
    secrets += await rotateOne(services, id, actor).catch((cause: unknown) => {
      failures.push(cause)
      return 0
    })
    onTenant(at + 1)
  }
  if (failures.length > 0) throw failures[0]
  return { companies: tenants.length, secrets }
}

async function rotateOne(
  { database, vault }: { readonly database: Database; readonly vault: Vault },
  tenant: TenantId,
  actor: string,
): Promise<number> {
  for (const begun = performance.now(); performance.now() - begun < LONGEST_MS;) {
    try {
      return await database.withTenant(tenant, async (tx) => {
        const secrets = await vault.rotateDataKey(tx)
        await recordAudit(tx, { actor, action: 'vault.rotate', detail: { secrets } })
        return secrets
      })
    } catch (cause) {
      if (!HELD.has((cause as { code?: string }).code ?? '')) throw cause
      await wait(PAUSE_MS)
    }
  }
  throw new HoldfastError(
    'conflict',
    'A secret of a company was in use for a minute without an end, so its keys were not changed. Nothing is lost; run the command again.',
    { retryable: true },
  )
}

/** Somebody holds a row, waits for us, or both. */
const HELD: ReadonlySet<string> = new Set(['55P03', '40P01', '40001'])
