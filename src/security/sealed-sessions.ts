/**
 * The session of a Salesforce org: sealed in the vault for all its connections and processes, renewed by one of them at
 * a time when it was refused.
 *
 * A refresh token of Salesforce may be replaced at each use, and whoever uses a replaced one ends the consent. That a
 * renewal begins is therefore sealed before Salesforce is asked, and what it gave before it is used. A process that dies
 * in between leaves the access token, which is good for a while yet, and the old refresh token: where Salesforce never
 * got to replace it, it still works; where it did, the new one died with the process, and the org is to be connected
 * again.
 */
import { z } from 'zod'
import type { Session, SessionSource } from '../../connectors/salesforce/sessions.ts'
import type { Clock } from '../contracts/clock.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { TenantId } from '../contracts/ids.ts'
import type { Database, Transaction } from '../store/database.ts'
import { notConnected, openRenewing } from './renewing.ts'
import type { SealedPlace, Vault } from './vault.ts'

/** What opens sessions of an org. */
export interface OrgSession extends Session {
  /** Null where a session is opened anew instead of renewed: by a key or a secret. */
  readonly refreshToken: string | null
}

/** Where the secrets of an org lie in the vault: shared by all its connections. */
export const orgSecret = (org: string, name: 'oauth' | 'jwt_key' | 'client_secret'): SealedPlace => ({
  owner: `salesforce:${org}`,
  name,
})

/** Seals what a sign-in gave. In a transaction of the tenant. */
export function keepOrgSession(
  tx: Transaction,
  { vault, org, session, clock }: { vault: Vault; org: string; session: OrgSession; clock: Clock },
): Promise<void> {
  return vault.seal(tx, orgSecret(org, 'oauth'), JSON.stringify(sealedNow(session, clock)))
}

const schema = z.object({
  accessToken: z.string(),
  refreshToken: z.string().nullable(),
  instanceUrl: z.string(),
  /** ISO 8601, UTC. */
  renewedAt: z.iso.datetime(),
  /** Since when a renewal is under way, or died; null: none. */
  renewing: z.iso.datetime().nullable(),
})
type Sealed = z.infer<typeof schema>

const sealedNow = ({ accessToken, refreshToken, instanceUrl }: OrgSession, clock: Clock): Sealed => ({
  accessToken,
  refreshToken,
  instanceUrl,
  renewedAt: clock().toISOString(),
  renewing: null,
})

/**
 * Never to be asked inside a transaction.
 *
 * @param options.renew asks Salesforce, with the refresh token of the consent, or null where there is none: then a session
 *   is opened anew by key or secret. `connector_reconnect` from it means that the consent is dead
 * @param options.hasConsent whether there has to be one (default true); otherwise a first session is opened by `renew`
 * @example
 * const renew = (refreshToken: string | null) => refreshSession({ ...app, refreshToken: refreshToken! })
 * const sessions = openSealedSessions({ database, vault, tenant, org, renew, clock })
 */
export function openSealedSessions({
  org,
  renew,
  clock,
  hasConsent = true,
  ...more
}: {
  database: Database
  vault: Vault
  tenant: TenantId
  org: string
  renew: (refreshToken: string | null) => Promise<OrgSession>
  clock: Clock
  hasConsent?: boolean
  sleep?: (ms: number) => Promise<unknown>
}): SessionSource {
  const account = `the Salesforce org ${org}`
  const sessions = openRenewing<Sealed>({
    ...more,
    place: orgSecret(org, 'oauth'),
    lease: `tokens:${more.tenant}:${org}`,
    account,
    schema,
    grantOf: ({ refreshToken }) => refreshToken,
    marked: (before) => ({ ...before, renewing: clock().toISOString() }),
    renew: async (before) => {
      if (before === null && hasConsent) throw notConnected(account)
      try {
        return sealedNow(await renew(before?.refreshToken ?? null), clock)
      } catch (cause) {
        const died = before === null || before.refreshToken === null ? null : before.renewing
        throw died === null ? cause : diedBetween(cause, died, org)
      }
    },
  })
  let held: Session | null = null

  const hold = ({ accessToken, instanceUrl }: Sealed): Session => (held = { accessToken, instanceUrl })

  async function renewedFrom(refused: string | null): Promise<Session> {
    const isGood = ({ accessToken }: Sealed) => accessToken !== refused
    const found = await sessions.renewed(isGood)
    // The renewal under way may have been for an older one.
    return hold(isGood(found) ? found : await sessions.renewed(isGood))
  }

  return {
    current: async () => {
      if (held !== null) return held
      const found = await sessions.read()
      if (found !== null) return hold(found)
      if (hasConsent) throw notConnected(account)
      return renewedFrom(null)
    },

    renewed: async (refused) => {
      const found = await sessions.read()
      return found !== null && found.accessToken !== refused ? hold(found) : renewedFrom(refused)
    },
  }
}

/** The renewal before this one never came to its end: what Salesforce says now may be of that. */
function diedBetween(cause: unknown, since: string, org: string): unknown {
  if (!(cause instanceof HoldfastError) || cause.code !== 'connector_reconnect') return cause
  const at = `${since.slice(0, 16).replace('T', ' ')} UTC`
  return new HoldfastError(
    'connector_reconnect',
    `Holdfast was stopped, or cut off, while it renewed the sign-in to the Salesforce org ${org} (${at}), and Salesforce had replaced the refresh token by then: the new one is lost and the old one no longer works. Connect the org again; nothing else is lost.`,
    { cause },
  )
}
