/**
 * The tokens of a HubSpot portal: sealed in the vault, renewed before they run out, by one process at a time.
 *
 * Who renews holds a lease in database time, not a transaction: HubSpot may take seconds to answer, and an embedded
 * database has no second session. Everybody else waits and finds the new token in the vault.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import type { PortalTokens } from '../../connectors/hubspot/oauth.ts'
import type { TokenSource } from '../../connectors/hubspot/tokens.ts'
import type { Clock } from '../contracts/clock.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { TenantId } from '../contracts/ids.ts'
import { lockSealed } from '../store/credentials.ts'
import type { Database, Transaction } from '../store/database.ts'
import { giveLeaseBack, takeLease } from '../store/leases.ts'
import type { SealedPlace, Vault } from './vault.ts'

/** HubSpot's run out after 30 minutes: renewed this long before. */
const EARLY_MS = 5 * 60_000
/** Outlasts the request for a token, whose time limit is 15 seconds. */
const LEASE_SECONDS = 30
/** Whoever waits for another's renewal looks this often, and gives up after two leases. */
const LOOK_MS = 150
const LONGEST_LOOK_MS = 2 * LEASE_SECONDS * 1000
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

const sealed = z.object({ accessToken: z.string(), refreshToken: z.string(), expiresAt: z.iso.datetime() })

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
  database,
  vault,
  tenant,
  portal,
  refresh,
  clock,
  sleep = (ms) => wait(ms),
}: {
  database: Database
  vault: Vault
  tenant: TenantId
  portal: string
  refresh: (refreshToken: string) => Promise<PortalTokens>
  clock: Clock
  sleep?: (ms: number) => Promise<unknown>
}): TokenSource {
  const place = portalTokensPlace(portal)
  const lease = { name: `tokens:${tenant}:${portal}`, owner: randomUUID() }
  let held: PortalTokens | null = null
  let renewing: Promise<PortalTokens> | null = null
  /** What HubSpot no longer takes: asking again would be refused again. */
  let dead: { refreshToken: string; error: HoldfastError } | null = null
  let againAt = 0

  const msLeft = ({ expiresAt }: PortalTokens) => Date.parse(expiresAt) - clock().getTime()
  const isFresh = (tokens: PortalTokens) => msLeft(tokens) > EARLY_MS

  async function read(): Promise<PortalTokens> {
    const found = await database.withTenant(tenant, (tx) => unsealed(tx))
    if (found === null) throw notConnected(portal)
    held = found
    return found
  }

  async function unsealed(tx: Transaction): Promise<PortalTokens | null> {
    const text = await vault.unseal(tx, place)
    return text === null ? null : sealed.parse(JSON.parse(text.toString()))
  }

  /** Calls that come meanwhile share one renewal. */
  function renew(stale: string): Promise<PortalTokens> {
    renewing ??= renewInTurn(stale).finally(() => (renewing = null))
    return renewing
  }

  async function renewInTurn(stale: string): Promise<PortalTokens> {
    for (let waited = 0; waited <= LONGEST_LOOK_MS; waited += LOOK_MS) {
      const found = await read()
      if (found.accessToken !== stale && isFresh(found)) return found
      if (dead?.refreshToken === found.refreshToken) throw dead.error
      if (
        await database.asSystem('renewing a token', (tx) =>
          takeLease(tx, { ...lease, seconds: LEASE_SECONDS }),
        )
      )
        return renewWithLease(stale)
      await sleep(LOOK_MS)
    }
    throw new HoldfastError(
      'connector_unavailable',
      `Another process is renewing the sign-in to the HubSpot account ${portal} and does not get done. It is tried again.`,
      { retryable: true },
    )
  }

  async function renewWithLease(stale: string): Promise<PortalTokens> {
    try {
      // Whoever had the lease before may just have renewed it.
      const before = await read()
      if (before.accessToken !== stale && isFresh(before)) return before
      const after = await refresh(before.refreshToken).catch(async (cause: unknown) => {
        if (!(cause instanceof HoldfastError) || cause.code !== 'connector_reconnect') throw cause
        // Somebody may have connected it anew while HubSpot refused the old consent.
        const latest = await read()
        if (latest.refreshToken !== before.refreshToken) return latest
        dead = { refreshToken: before.refreshToken, error: cause }
        throw cause
      })
      held = await keep(before, after)
      return held
    } finally {
      await database
        .asSystem('renewing a token', (tx) => giveLeaseBack(tx, lease))
        // It runs out by itself.
        .catch(() => undefined)
    }
  }

  /** Unless somebody connected the portal anew meanwhile: then that stays. */
  function keep(before: PortalTokens, after: PortalTokens): Promise<PortalTokens> {
    return database.withTenant(tenant, async (tx) => {
      await lockSealed(tx, place)
      const there = await unsealed(tx)
      if (there === null) throw notConnected(portal)
      if (there.refreshToken !== before.refreshToken) return there
      await keepPortalTokens(tx, { vault, portal, tokens: after })
      return after
    })
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

function notConnected(portal: string): HoldfastError {
  return new HoldfastError(
    'connector_reconnect',
    `There is no sign-in for the HubSpot account ${portal}. Connect the account.`,
  )
}
