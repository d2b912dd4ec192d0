/** Sign-in links and sessions: hashes of their tokens only. Times are the database's. */
import { asTenant, type TenantId } from '../contracts/ids.ts'
import type { Role } from '../security/access.ts'
import type { Transaction } from './database.ts'

export interface SignedIn {
  /** A person's address, or which part of the machine it is: `owner`, `command line`, `local admin`. */
  readonly subject: string
  readonly role: Role
  readonly installation: boolean
  /** Null: nobody of the company's people, but who holds the machine. */
  readonly person: string | null
}

/** What a session came from: a link, the local admin's password, the sign-in service. */
export type SignInMeans = 'link' | 'password' | 'service'

/** Where a session began. */
export interface SignInPlace {
  /** IP address; null: nobody knows. */
  readonly address: string | null
  /** As the browser names itself. */
  readonly agent: string | null
}

export async function insertSignInLink(
  tx: Transaction,
  {
    hash,
    subject,
    role,
    installation,
    person,
    minutes,
  }: SignedIn & { readonly hash: Buffer; readonly minutes: number },
): Promise<void> {
  await tx.query(
    `insert into sign_in_links (tenant_id, hash, subject, role, installation, person_id, expires_at)
     values ($1, $2, $3, $4, $5, $6, now() + make_interval(mins => $7))`,
    [tx.tenant, hash, subject, role, installation, person, minutes],
  )
}

/** Whose link this is, used or not. In a system transaction: nobody is known yet. */
export async function tenantOfSignInLink(tx: Transaction, hash: Buffer): Promise<TenantId | null> {
  const [row] = await tx.query<{ tenant_id: string }>('select tenant_id from sign_in_links where hash = $1', [
    hash,
  ])
  return row === undefined ? null : asTenant(row.tenant_id)
}

/** @returns null when it was used before, or is too old */
export async function takeSignInLink(tx: Transaction, hash: Buffer): Promise<SignedIn | null> {
  const [row] = await tx.query<SignedIn>(
    `update sign_in_links set used_at = now()
     where tenant_id = $1 and hash = $2 and used_at is null and expires_at > now()
     returning subject, role, installation, person_id as person`,
    [tx.tenant, hash],
  )
  return row ?? null
}

/** The links of a person that nobody opened yet lead nowhere from now on. */
export async function deleteLinksOf(tx: Transaction, person: string): Promise<void> {
  await tx.query('delete from sign_in_links where tenant_id = $1 and person_id = $2 and used_at is null', [
    tx.tenant,
    person,
  ])
}

/** @returns what others may name it by */
export async function insertSession(
  tx: Transaction,
  session: SignedIn &
    SignInPlace & { readonly hash: Buffer; readonly hours: number; readonly means: SignInMeans },
): Promise<string> {
  const { hash, subject, role, installation, person, means, address, agent, hours } = session
  const [row] = await tx.query<{ id: string }>(
    `insert into sessions (tenant_id, hash, subject, role, installation, person_id, means, address, agent, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, now() + make_interval(hours => $10)) returning id`,
    [tx.tenant, hash, subject, role, installation, person, means, address, agent, hours],
  )
  return row.id
}

/** A session that lasts, with the role that its person has now. */
export interface FoundSession extends SignedIn {
  readonly tenant: TenantId
  /** What others may name it by. */
  readonly session: string
  readonly means: SignInMeans
}

/** A session `s` with its person `p`. */
export const SESSIONS = 'sessions s left join people p on p.tenant_id = s.tenant_id and p.id = s.person_id'

/** Of these, as they are now: whose person got another role has that one. */
const SIGNED_IN = 's.subject, coalesce(p.role, s.role) as role, s.installation, s.person_id as person'

/** Whether one lasts; $2 is after how many minutes without a request it does not. */
export const LASTS = `s.revoked_at is null and s.expires_at > now() and p.disabled_at is null
  and s.last_seen_at > now() - make_interval(mins => $2)`

/**
 * Those of these sessions of a company that still last, by their hashes in hexadecimal. Asking does not keep them: whoever
 * only listens does nothing.
 */
export async function liveSessions(
  tx: Transaction,
  hashes: readonly Buffer[],
  idleMinutes: number,
): Promise<ReadonlyMap<string, SignedIn>> {
  const rows = await tx.prepared<SignedIn & { readonly hash: string }>(
    `select encode(s.hash, 'hex') as hash, ${SIGNED_IN} from ${SESSIONS}
     where s.tenant_id = $1 and ${LASTS} and s.hash = any ($3::bytea[])`,
    [tx.tenant, idleMinutes, hashes],
  )
  return new Map(rows.map(({ hash, ...session }) => [hash, session]))
}

/** The session with this hash, while it lasts; notes that it is in use, once a minute. In a system transaction. */
export async function findSession(
  tx: Transaction,
  hash: Buffer,
  idleMinutes: number,
): Promise<FoundSession | null> {
  const [row] = await tx.query<Omit<FoundSession, 'tenant'> & { tenant: string; noted: boolean }>(
    `select s.tenant_id as tenant, s.id as session, ${SIGNED_IN}, s.means,
       s.last_seen_at > now() - interval '1 minute' as noted
     from ${SESSIONS}
     where s.hash = $1 and ${LASTS}`,
    [hash, idleMinutes],
  )
  if (row === undefined) return null
  const { noted, ...found } = row
  const tenant = asTenant(found.tenant)
  if (!noted) {
    await tx.query('update sessions set last_seen_at = now() where tenant_id = $1 and hash = $2', [
      tenant,
      hash,
    ])
  }
  return { ...found, tenant }
}

export async function revokeSession(tx: Transaction, hash: Buffer): Promise<void> {
  await tx.query(
    'update sessions set revoked_at = now() where tenant_id = $1 and hash = $2 and revoked_at is null',
    [tx.tenant, hash],
  )
}

/** When a session is over in any case; null: it is. */
export async function sessionEnd(tx: Transaction, session: string): Promise<Date | null> {
  const [row] = await tx.query<{ at: Date }>(
    'select expires_at as at from sessions where tenant_id = $1 and id = $2 and revoked_at is null',
    [tx.tenant, session],
  )
  return row?.at ?? null
}

/**
 * A session goes on in another company and ends here: one that holds the installation with the same role, one of a
 * person as what they are there. In a system transaction, which has to be given up unless it went on.
 *
 * @param move.to hash of the token that goes on
 * @param move.person who they are there; null: whoever holds the installation
 * @returns `over`: the session here has ended, be it by going on elsewhere at this very moment; `nowhere`: there is no
 *   such company, or it does not hold the installation and names no person there
 */
export async function moveSession(
  tx: Transaction,
  {
    from,
    to,
    tenant,
    person,
  }: {
    readonly from: Buffer
    readonly to: Buffer
    readonly tenant: TenantId
    readonly person: string | null
  },
): Promise<'moved' | 'over' | 'nowhere'> {
  // The end first: of two at a time the second waits here, and then finds nothing to go on with.
  const ended = await tx.query(
    `update sessions set revoked_at = now() where hash = $1 and revoked_at is null and expires_at > now()
     returning 1 as one`,
    [from],
  )
  if (ended.length === 0) return 'over'
  const begun = await tx.query(
    `insert into sessions (tenant_id, hash, subject, role, installation, person_id, means, address, agent, expires_at)
     select t.id, $2, s.subject, coalesce(p.role, s.role), s.installation, p.id, s.means, s.address, s.agent, s.expires_at
     from sessions s join tenants t on t.id = $3
       left join people p on p.tenant_id = t.id and p.id = $4 and p.disabled_at is null
     where s.hash = $1 and (p.id is not null or (s.installation and $4::uuid is null))
     returning 1 as one`,
    [from, to, tenant, person],
  )
  return begun.length === 0 ? 'nowhere' : 'moved'
}

/** Every session of a person, or every one but that of this id; returns how many lasted. */
export async function revokeSessionsOf(
  tx: Transaction,
  subject: string,
  { idleMinutes, but = null }: { readonly idleMinutes: number; readonly but?: string | null },
): Promise<number> {
  const rows = await tx.query<{ lasted: boolean }>(
    `update sessions set revoked_at = now()
     where tenant_id = $1 and subject = $3 and revoked_at is null and id is distinct from $4::uuid
       and expires_at > now() returning last_seen_at > now() - make_interval(mins => $2) as lasted`,
    [tx.tenant, idleMinutes, subject, but],
  )
  return rows.filter(({ lasted }) => lasted).length
}

/** @returns whose it was; null when there is no such session that lasts */
export async function revokeSessionById(
  tx: Transaction,
  id: string,
  { idleMinutes, subject = null }: { readonly idleMinutes: number; readonly subject?: string | null },
): Promise<string | null> {
  const [row] = await tx.query<{ subject: string }>(
    `update sessions set revoked_at = now()
     where tenant_id = $1 and id = $3 and revoked_at is null and expires_at > now()
       and last_seen_at > now() - make_interval(mins => $2)
       and ($4::text is null or subject = $4) returning subject`,
    [tx.tenant, idleMinutes, id, subject],
  )
  return row?.subject ?? null
}
