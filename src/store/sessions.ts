/** Sign-in links and sessions: hashes of their tokens only. Times are the database's. */
import { asTenant, type TenantId } from '../contracts/ids.ts'
import type { Role } from '../security/access.ts'
import type { Transaction } from './database.ts'

export interface SignedIn {
  readonly subject: string
  readonly role: Role
  readonly installation: boolean
}

export async function insertSignInLink(
  tx: Transaction,
  {
    hash,
    subject,
    role,
    installation,
    minutes,
  }: SignedIn & { readonly hash: Buffer; readonly minutes: number },
): Promise<void> {
  await tx.query(
    `insert into sign_in_links (tenant_id, hash, subject, role, installation, expires_at)
     values ($1, $2, $3, $4, $5, now() + make_interval(mins => $6))`,
    [tx.tenant, hash, subject, role, installation, minutes],
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
     returning subject, role, installation`,
    [tx.tenant, hash],
  )
  return row ?? null
}

export async function insertSession(
  tx: Transaction,
  { hash, subject, role, installation, hours }: SignedIn & { readonly hash: Buffer; readonly hours: number },
): Promise<void> {
  await tx.query(
    `insert into sessions (tenant_id, hash, subject, role, installation, expires_at)
     values ($1, $2, $3, $4, $5, now() + make_interval(hours => $6))`,
    [tx.tenant, hash, subject, role, installation, hours],
  )
}

/** The session with this hash, while it lasts; notes that it is in use, once a minute. In a system transaction. */
export async function findSession(
  tx: Transaction,
  hash: Buffer,
  idleMinutes: number,
): Promise<(SignedIn & { readonly tenant: TenantId }) | null> {
  const [row] = await tx.query<SignedIn & { tenant: string; noted: boolean }>(
    `select tenant_id as tenant, subject, role, installation,
       last_seen_at > now() - interval '1 minute' as noted
     from sessions
     where hash = $1 and revoked_at is null and expires_at > now()
       and last_seen_at > now() - make_interval(mins => $2)`,
    [hash, idleMinutes],
  )
  if (row === undefined) return null
  const tenant = asTenant(row.tenant)
  if (!row.noted) {
    await tx.query('update sessions set last_seen_at = now() where tenant_id = $1 and hash = $2', [
      tenant,
      hash,
    ])
  }
  return { tenant, subject: row.subject, role: row.role, installation: row.installation }
}

export async function revokeSession(tx: Transaction, hash: Buffer): Promise<void> {
  await tx.query(
    'update sessions set revoked_at = now() where tenant_id = $1 and hash = $2 and revoked_at is null',
    [tx.tenant, hash],
  )
}

/**
 * A session of the installation goes on in another company: one of the same person, role and end there, and none here
 * any more. In a system transaction.
 *
 * @param to hash of the token that goes on
 * @returns null when there is no such session or company, or it does not hold the installation
 */
export async function moveSession(
  tx: Transaction,
  { from, to, tenant }: { readonly from: Buffer; readonly to: Buffer; readonly tenant: TenantId },
): Promise<SignedIn | null> {
  const [row] = await tx.query<SignedIn>(
    `insert into sessions (tenant_id, hash, subject, role, installation, expires_at)
     select t.id, $2, s.subject, s.role, true, s.expires_at from sessions s, tenants t
     where s.hash = $1 and t.id = $3 and s.installation and s.revoked_at is null and s.expires_at > now()
     returning subject, role, installation`,
    [from, to, tenant],
  )
  if (row === undefined) return null
  await tx.query('update sessions set revoked_at = now() where hash = $1', [from])
  return row
}

/** Every session of a person; returns how many there were. */
export async function revokeSessionsOf(tx: Transaction, subject: string): Promise<number> {
  const rows = await tx.query(
    'update sessions set revoked_at = now() where tenant_id = $1 and subject = $2 and revoked_at is null returning 1 as one',
    [tx.tenant, subject],
  )
  return rows.length
}

/** The tenant's links and sessions that ended a month ago or earlier. */
export async function deleteEndedSessions(tx: Transaction): Promise<void> {
  for (const table of ['sign_in_links', 'sessions'])
    await tx.query(`delete from ${table} where tenant_id = $1 and expires_at < now() - interval '30 days'`, [
      tx.tenant,
    ])
}
