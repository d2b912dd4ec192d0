/** The token of a private app: sealed in the vault, and replaced there when an admin rotated it. */
import { fixedToken, type TokenSource } from '../../connectors/hubspot/tokens.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { TenantId } from '../contracts/ids.ts'
import type { Database } from '../store/database.ts'
import type { SealedPlace, Vault } from './vault.ts'

/** Where the secrets of a portal lie in the vault: shared by all its connections. */
export const portalSecret = (
  portal: string,
  name: 'oauth' | 'private_app_token' | 'webhook_secret',
): SealedPlace => ({ owner: `hubspot:${portal}`, name })

/**
 * Never to be asked inside a transaction. A token that HubSpot refuses is looked up again: another process may have
 * connected the portal anew.
 *
 * @example
 * const tokens = privateAppTokens({ database, vault, tenant, portal: '8451236' })
 */
export function privateAppTokens({
  database,
  vault,
  tenant,
  portal,
}: {
  database: Database
  vault: Vault
  tenant: TenantId
  portal: string
}): TokenSource {
  let held: string | null = null
  const read = async (): Promise<string> => {
    const found = await database.withTenant(tenant, (tx) =>
      vault.unseal(tx, portalSecret(portal, 'private_app_token')),
    )
    if (found === null)
      throw new HoldfastError(
        'connector_reconnect',
        `There is no token for HubSpot account ${portal} any more. Connect it again: holdfast connect hubspot --token-file <file>.`,
      )
    held = found.toString('utf8')
    return held
  }
  return {
    current: async () => held ?? read(),
    renewed: async (refused) => {
      const found = await read()
      return found === refused ? fixedToken(refused).renewed(refused) : found
    },
  }
}
