/** Keys of a tenant that nobody enters: made at first use, sealed in the vault, the same ever after. */
import { randomBytes } from 'node:crypto'
import type { Secrets } from '../loop/services.ts'
import type { Transaction } from '../store/database.ts'
import type { Vault } from './vault.ts'

/**
 * @example
 * const secrets = openSecrets(vault)
 * const key = await secrets.addressKey(tx) // 32 bytes
 */
export function openSecrets(vault: Vault): Secrets {
  const known = new Map<string, Buffer>()

  async function keyOf(tx: Transaction, name: string): Promise<Buffer> {
    const cacheKey = `${tx.tenant} ${name}`
    const cached = known.get(cacheKey)
    if (cached !== undefined) return cached
    const place = { owner: 'tenant', name }
    const key = (await vault.unseal(tx, place)) ?? (await vault.sealFirst(tx, place, randomBytes(32)))
    // Not earlier: a key whose transaction is rolled back was never there.
    tx.afterCommit(() => known.set(cacheKey, key))
    return key
  }

  return {
    addressKey: (tx) => keyOf(tx, 'address_key'),
    linkKey: (tx) => keyOf(tx, 'link_key'),
  }
}
