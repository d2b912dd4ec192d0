/**
 * Signing in: a link that works once becomes a session, which a cookie names. Both are kept as hashes in the database,
 * so that they can be ended from there and survive a restart.
 */
import { HoldfastError } from '../contracts/errors.ts'
import type { TenantId } from '../contracts/ids.ts'
import { recordAudit } from '../store/audit.ts'
import type { Database, Transaction } from '../store/database.ts'
import {
  deleteEndedSessions,
  findSession,
  insertSession,
  insertSignInLink,
  moveSession,
  revokeSession,
  takeSignInLink,
  tenantOfSignInLink,
} from '../store/sessions.ts'
import type { Role, SessionCaller } from './access.ts'
import { looksLikeToken, newToken, rememberVerified, tokenHash, type Verified } from './tokens.ts'

/** Minutes that a sign-in link works. */
export const LINK_MINUTES = 15
/** Minutes without a request after which a session is over. */
export const IDLE_MINUTES = 120
/** Hours after which a session is over in any case: a working day. */
export const SESSION_HOURS = 12

/**
 * A token for `<address>/sign-in?token=…`, which works once, within 15 minutes.
 *
 * @param installation whether whoever opens it holds the machine, and so may see what spans tenants
 * @example
 * const token = await createSignInLink(tx, { subject: 'owner', role: 'admin', installation: true, actor: 'cli' })
 */
export async function createSignInLink(
  tx: Transaction,
  {
    subject,
    role,
    installation = false,
    actor,
  }: { subject: string; role: Role; installation?: boolean; actor: string },
): Promise<string> {
  const token = newToken()
  // Every session begins with a link, so that no more gather than are made in a month.
  await deleteEndedSessions(tx)
  await insertSignInLink(tx, {
    hash: tokenHash(token),
    subject,
    role,
    installation,
    minutes: LINK_MINUTES,
  })
  await recordAudit(tx, {
    actor,
    action: 'sign_in_link.create',
    object: subject,
    detail: { role, installation },
  })
  return token
}

export interface Sessions extends Verified<SessionCaller> {
  /**
   * @returns the session's token for the cookie: always a new one, whatever cookie came with the request
   * @throws HoldfastError `unauthenticated` when the link was used, is too old or never was
   */
  signIn(
    token: string,
    requestId: string,
  ): Promise<{ readonly token: string; readonly caller: SessionCaller }>
  /**
   * Goes on in another company, for who holds the installation: the session here ends.
   *
   * @returns the token of the session there, which ends when the one here would have
   * @throws HoldfastError `forbidden` for everybody else; `not_found` where there is no such company
   */
  switchTo(token: string, tenant: TenantId, requestId: string): Promise<string>
  /** Ends the session that this token names, if there is one. */
  signOut(token: string, requestId: string): Promise<void>
}

/** @param now milliseconds that only go forward */
export function openSessions(
  database: Database,
  { now, keepMs }: { now: () => number; keepMs?: number },
): Sessions {
  const verified = rememberVerified<SessionCaller>({
    now,
    ...(keepMs === undefined ? {} : { keepMs }),
    find: async (hash) => {
      const row = await database.asSystem('verify a session', (tx) => findSession(tx, hash, IDLE_MINUTES))
      return row === null ? null : { kind: 'session', ...row, actor: `user:${row.subject}` }
    },
  })
  const verify = (token: string) => (looksLikeToken(token) ? verified.verify(token) : null)

  return {
    ...verified,
    verify,

    signIn: async (linkToken, requestId) => {
      const link = looksLikeToken(linkToken) ? tokenHash(linkToken) : null
      const tenant =
        link === null ? null : await database.asSystem('sign in', (tx) => tenantOfSignInLink(tx, link))
      if (link === null || tenant === null) throw linkIsVoid()
      const token = newToken()
      const caller = await database.withTenant(tenant, async (tx): Promise<SessionCaller | null> => {
        const who = await takeSignInLink(tx, link)
        if (who === null) return null
        await insertSession(tx, { ...who, hash: tokenHash(token), hours: SESSION_HOURS })
        const actor = `user:${who.subject}`
        await recordAudit(tx, { actor, action: 'sign_in', detail: { role: who.role }, requestId })
        return { kind: 'session', tenant, ...who, actor }
      })
      if (caller === null) throw linkIsVoid()
      return { token, caller }
    },

    switchTo: async (token, tenant, requestId) => {
      const caller = await verify(token)
      if (caller === null || !caller.installation)
        throw new HoldfastError('forbidden', 'This is open to those alone who hold the installation.')
      const next = newToken()
      const moved = await database.asSystem('switch to another company', (tx) =>
        moveSession(tx, { from: tokenHash(token), to: tokenHash(next), tenant }),
      )
      if (moved === null) throw new HoldfastError('not_found', 'This company is not known here any more.')
      verified.forget((other) => other.tenant === caller.tenant && other.subject === caller.subject)
      const { actor } = caller
      await database.withTenant(caller.tenant, (tx) =>
        recordAudit(tx, { actor, action: 'session.leave', requestId }),
      )
      await database.withTenant(tenant, (tx) =>
        recordAudit(tx, { actor, action: 'session.enter', detail: { role: moved.role }, requestId }),
      )
      return next
    },

    signOut: async (token, requestId) => {
      const caller = await verify(token)
      if (caller === null) return
      await database.withTenant(caller.tenant, async (tx) => {
        await revokeSession(tx, tokenHash(token))
        await recordAudit(tx, { actor: caller.actor, action: 'sign_out', requestId })
      })
      verified.forget((other) => other.tenant === caller.tenant && other.subject === caller.subject)
    },
  }
}

function linkIsVoid(): HoldfastError {
  return new HoldfastError(
    'unauthenticated',
    `This link does not work: it was used before, or is older than ${LINK_MINUTES} minutes. Ask for a new one.`,
  )
}
