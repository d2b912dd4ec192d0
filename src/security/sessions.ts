/**
 * Signing in: a link that works once, the local admin's password or the sign-in service becomes a session, which a cookie
 * names. Links and sessions are kept as hashes in the database, so that they can be ended from there and survive a restart.
 */
import { HoldfastError } from '../contracts/errors.ts'
import type { TenantId } from '../contracts/ids.ts'
import { recordAudit } from '../store/audit.ts'
import type { Database, Transaction } from '../store/database.ts'
import { bindIdentity, membershipsOf, noteSignIn } from '../store/people.ts'
import {
  findSession,
  insertSession,
  insertSignInLink,
  moveSession,
  revokeSession,
  takeSignInLink,
  tenantOfSignInLink,
  type SignedIn,
  type SignInMeans,
  type SignInPlace,
} from '../store/sessions.ts'
import { listTenantNames } from '../store/tenants.ts'
import type { Role, SessionCaller } from './access.ts'
import { looksLikeToken, newToken, rememberVerified, tokenHash, type Verified } from './tokens.ts'

/** Minutes that a sign-in link works. */
export const LINK_MINUTES = 15
/** Minutes without a request after which a session is over. */
export const IDLE_MINUTES = 120
/** Hours after which a session is over in any case: a working day. */
export const SESSION_HOURS = 12

/**
 * A token for `<address>/sign-in?token=…`, which works once, within 15 minutes unless it says otherwise.
 *
 * @param link.installation whether whoever opens it holds the machine, and so may see what spans tenants
 * @param link.person of the company's people: with the role that they have when they open it
 * @example
 * const token = await createSignInLink(tx, { subject: 'owner', role: 'admin', installation: true, actor: 'cli' })
 */
export async function createSignInLink(
  tx: Transaction,
  {
    subject,
    role,
    installation = false,
    person = null,
    minutes = LINK_MINUTES,
    actor,
    requestId = null,
  }: {
    subject: string
    role: Role
    installation?: boolean
    person?: string | null
    minutes?: number
    actor: string
    requestId?: string | null
  },
): Promise<string> {
  const token = newToken()
  await insertSignInLink(tx, { hash: tokenHash(token), subject, role, installation, person, minutes })
  await recordAudit(tx, {
    actor,
    action: 'sign_in_link.create',
    object: subject,
    detail: { role, installation },
    requestId,
  })
  return token
}

/** How and from where somebody signs in. */
export interface SigningIn extends SignInPlace {
  readonly requestId: string
}

/** Told by tests and by what has no browser. */
const NOWHERE: SignInPlace = { address: null, agent: null }

export interface NewSession {
  /** For the cookie: always a new one, whatever cookie came with the request. */
  readonly token: string
  readonly caller: SessionCaller
}

export interface Sessions extends Verified<SessionCaller> {
  /**
   * @returns the session of the link
   * @throws HoldfastError `unauthenticated` when the link was used, is too old, never was, or is of somebody removed
   */
  signIn(token: string, requestId: string, place?: SignInPlace): Promise<NewSession>
  /**
   * A session for somebody who proved who they are by other means than a link.
   *
   * @returns null for a person who was removed
   */
  begin(
    tx: Transaction,
    who: SignedIn & { readonly tenant: TenantId; readonly means: SignInMeans },
    from: SigningIn,
  ): Promise<NewSession | null>
  /** Companies that the caller may go on in, beside the one where they are, oldest first; at most 200. */
  companiesOf(caller: SessionCaller): Promise<readonly { readonly id: TenantId; readonly name: string }[]>
  /**
   * Goes on in another company, for who holds the installation, and for people of both whom the sign-in service knows:
   * the session here ends.
   *
   * @returns the session there, which ends when the one here would have
   * @throws HoldfastError `forbidden` for everybody else; `not_found` where there is no such company; `unauthenticated`
   *   where the session is over, such as when it went on elsewhere at the same moment
   */
  switchTo(token: string, tenant: TenantId, requestId: string): Promise<NewSession>
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
    begin: beginSession,

    signIn: async (linkToken, requestId, place = NOWHERE) => {
      const link = looksLikeToken(linkToken) ? tokenHash(linkToken) : null
      const tenant =
        link === null ? null : await database.asSystem('sign in', (tx) => tenantOfSignInLink(tx, link))
      if (link === null || tenant === null) throw linkIsVoid()
      const session = await database.withTenant(tenant, async (tx) => {
        const who = await takeSignInLink(tx, link)
        return who === null
          ? null
          : beginSession(tx, { ...who, tenant, means: 'link' }, { ...place, requestId })
      })
      if (session === null) throw linkIsVoid()
      return session
    },

    companiesOf: async (caller) => {
      const known = await database.asSystem('companies to switch to', (tx) => companiesOpenTo(tx, caller))
      return known.filter(({ id }) => id !== caller.tenant).map(({ id, name }) => ({ id, name }))
    },

    switchTo: async (token, tenant, requestId) => {
      const caller = await verify(token)
      if (caller === null) throw sessionIsOver()
      if (!caller.installation && !isKnownElsewhere(caller))
        throw new HoldfastError(
          'forbidden',
          'Going on in another company is open to who holds the installation, and to people of both companies whom the sign-in service knows.',
        )
      const next = newToken()
      const { actor } = caller
      const moved = await database.asSystem('switch to another company', async (tx) => {
        const there = caller.installation
          ? null
          : (await membershipsElsewhere(tx, caller)).find(({ id }) => id === tenant)
        if (there === undefined) throw noSuchCompany()
        const person = there?.person ?? null
        const done = await moveSession(tx, { from: tokenHash(token), to: tokenHash(next), tenant, person })
        if (done === 'over') throw sessionIsOver()
        if (done === 'nowhere') throw noSuchCompany()
        if (there !== null) {
          const who = { tenant, person: there.person }
          await bindIdentity(tx, who, there.identity)
          if ((await noteSignIn(tx, who)) === null) throw noSuchCompany()
        }
        const found = await findSession(tx, tokenHash(next), IDLE_MINUTES)
        if (found === null) throw sessionIsOver()
        const { role } = found
        await recordAudit(tx, { actor, action: 'session.leave', requestId }, caller.tenant)
        await recordAudit(tx, { actor, action: 'session.enter', detail: { role }, requestId }, tenant)
        return found
      })
      verified.forget((other) => other.session === caller.session)
      return { token: next, caller: { kind: 'session', ...moved, actor } }
    },

    signOut: async (token, requestId) => {
      const caller = await verify(token)
      if (caller === null) return
      await database.withTenant(caller.tenant, async (tx) => {
        await revokeSession(tx, tokenHash(token))
        await recordAudit(tx, { actor: caller.actor, action: 'sign_out', requestId })
      })
      verified.forget((other) => other.session === caller.session)
    },
  }
}

const beginSession: Sessions['begin'] = async (tx, who, from) => {
  const { requestId, address } = from
  // A person is what they are now, not what they were when the link was made.
  const now = who.person === null ? who : await noteSignIn(tx, { tenant: who.tenant, person: who.person })
  if (now === null) return null
  const token = newToken()
  const agent = from.agent?.slice(0, LONGEST_AGENT) ?? null
  const signed = { ...who, subject: now.subject, role: now.role }
  const session = await insertSession(tx, {
    ...signed,
    address,
    agent,
    hash: tokenHash(token),
    hours: SESSION_HOURS,
  })
  const actor = `user:${signed.subject}`
  await recordAudit(tx, {
    actor,
    action: 'sign_in',
    detail: { role: signed.role, means: signed.means },
    requestId,
  })
  return { token, caller: { kind: 'session', ...signed, session, actor } }
}

/** Characters of what a browser calls itself that are kept. */
const LONGEST_AGENT = 300
const MOST_COMPANIES = 200

/**
 * An address proves somebody in another company only where a sign-in service has verified it: a link was made by an admin
 * of this company, who may have written any address on it.
 */
const isKnownElsewhere = ({ means, person }: SessionCaller): boolean => means === 'service' && person !== null

interface OpenCompany {
  readonly id: TenantId
  readonly name: string
}

async function companiesOpenTo(tx: Transaction, caller: SessionCaller): Promise<readonly OpenCompany[]> {
  return caller.installation ? listTenantNames(tx, MOST_COMPANIES) : membershipsElsewhere(tx, caller)
}

/**
 * Companies that an admin invited the same person to, beside their own. Not those that a group of the sign-in service
 * lets them into: whether it still does is asked by signing in there.
 */
async function membershipsElsewhere(
  tx: Transaction,
  caller: SessionCaller,
): Promise<readonly (OpenCompany & { readonly person: string; readonly identity: Buffer })[]> {
  if (!isKnownElsewhere(caller)) return []
  const all = await membershipsOf(tx, caller.subject)
  const identity = all.find(({ id, tenant }) => id === caller.person && tenant === caller.tenant)?.identity
  if (identity === undefined || identity === null) return []
  return (
    all
      .filter((there) => !there.removed && there.origin === 'invited')
      // Who never signed in there has no identity there yet: their verified address is what an admin there invited.
      .filter((there) => there.identity === null || there.identity.equals(identity))
      .map((there) => ({ id: there.tenant, name: there.company, person: there.id, identity }))
  )
}

function sessionIsOver(): HoldfastError {
  return new HoldfastError('unauthenticated', 'The session is over. Sign in again.')
}

function noSuchCompany(): HoldfastError {
  return new HoldfastError('not_found', 'This company is not known here any more.')
}

function linkIsVoid(): HoldfastError {
  return new HoldfastError(
    'unauthenticated',
    'This link does not work: it was used before, or is too old. Ask for a new one.',
  )
}
