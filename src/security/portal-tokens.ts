/** The tokens of a HubSpot portal: sealed in the vault, renewed before they run out, by one process at a time. */
import { z } from 'zod'
import type { PortalTokens } from '../../connectors/hubspot/oauth.ts'
import type { TokenSource } from '../../connectors/hubspot/tokens.ts'
import type { Clock } from '../contracts/clock.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { TenantId } from '../contracts/ids.ts'
import type { Database, Transaction } from '../store/database.ts'
import { notConnected, openRenewing } from './renewing.ts'
import type { SealedPlace, Vault } from './vault.ts'

/** HubSpot's run out after 30 minutes: renewed this long before. */
const EARLY_MS = 5 * 60_000
/** A token that still works for a while is used on when HubSpot's sign-in fails; asked again not before this. */
const AGAIN_MS = 30_000

/** Where the tokens of a portal lie in the vault. */
export function portalTokensPlace(portal: string): SealedPlace {
  return { owner: `hubspot:${portal}`, name: 'oauth' }
}

/** Seals what an admin's consent gave. In a transaction of the tenant. */
export function keepPortalTokens(
  tx: Transaction,
  { vault, portal, tokens }: { vault: Vault; portal: string; tokens: PortalTokens },
): Promise<void> {
  return vault.seal(tx, portalTokensPlace(portal), JSON.stringify(tokens))
}

const schema = z.object({ accessToken: z.string(), refreshToken: z.string(), expiresAt: z.iso.datetime() })

/**
 * Never to be asked inside a transaction.
 *
 * @param options.refresh asks HubSpot; `connector_reconnect` from it means that the portal took its consent back
 * @param options.sleep waits so many milliseconds
 * @example
 * const refresh = (refreshToken: string) => refreshTokens({ ...app, refreshToken, clock })
 * const tokens = openPortalTokens({ database, vault, tenant, portal, refresh, clock })
 */
export function openPortalTokens({
  portal,
  refresh,
  clock,
  ...more
}: {
  database: Database
  vault: Vault
  tenant: TenantId
  portal: string
  refresh: (refreshToken: string) => Promise<PortalTokens>
  clock: Clock
  sleep?: (ms: number) => Promise<unknown>
}): TokenSource {
  const account = `the HubSpot account ${portal}`
  const tokens = openRenewing<PortalTokens>({
    ...more,
    place: portalTokensPlace(portal),
    lease: `tokens:${more.tenant}:${portal}`,
    account,
    schema,
    grantOf: ({ refreshToken }) => refreshToken,
    renew: (before) => {
      if (before === null) throw notConnected(account)
      return refresh(before.refreshToken)
    },
  })
  let held: PortalTokens | null = null
  let againAt = 0

  const msLeft = ({ expiresAt }: PortalTokens) => Date.parse(expiresAt) - clock().getTime()
  const isFresh = (found: PortalTokens) => msLeft(found) > EARLY_MS

  async function read(): Promise<PortalTokens> {
    const found = await tokens.read()
    if (found === null) throw notConnected(account)
    held = found
    return found
  }

  async function renew(stale: string): Promise<PortalTokens> {
    held = await tokens.renewed((found) => found.accessToken !== stale && isFresh(found))
    return held
  }

  return {
    current: async () => {
      if (held !== null && isFresh(held)) return held.accessToken
      const found = await read()
      if (isFresh(found)) return found.accessToken
      const stillGood = msLeft(found) > 0
      if (stillGood && clock().getTime() < againAt) return found.accessToken
      try {
        return (await renew(found.accessToken)).accessToken
      } catch (cause) {
        if (!stillGood || !(cause instanceof HoldfastError) || !cause.retryable) throw cause
        againAt = clock().getTime() + AGAIN_MS
        return found.accessToken
      }
    },

    renewed: async (refused) => {
      const found = await read()
      if (found.accessToken !== refused && msLeft(found) > 0) return found.accessToken
      const token = (await renew(refused)).accessToken
      // The renewal under way may have been for an older one.
      return token === refused ? (await renew(refused)).accessToken : token
    },
  }
}
