/** The sessions of a company that last. */
import { z } from 'zod'
import type { Role } from '../../security/access.ts'
import type { Transaction } from '../database.ts'
import { LASTS, SESSIONS, type SignInMeans, type SignInPlace } from '../sessions.ts'
import { pageOf, pageSize, readCursor, type Page, type PageRequest } from './paging.ts'

/** A session as people see it. */
export interface OpenSession extends SignInPlace {
  readonly id: string
  readonly subject: string
  /** Null: nobody of the company's people. */
  readonly person: string | null
  readonly name: string | null
  readonly role: Role
  readonly installation: boolean
  readonly means: SignInMeans
  readonly startedAt: Date
  /** To the minute. */
  readonly lastSeenAt: Date
  readonly expiresAt: Date
}

const ORDER = 'sessions'

/** Those that last, newest first. */
export async function listSessions(
  tx: Transaction,
  request: PageRequest & {
    /** Only this person's. */
    readonly subject?: string | undefined
    readonly idleMinutes: number
  },
): Promise<Page<OpenSession>> {
  const size = pageSize(request)
  const after = readCursor(ORDER, request, z.tuple([z.iso.datetime(), z.uuid()]))
  const rows = await tx.query<OpenSession>(
    `select s.id, s.subject, s.person_id as person, p.name, coalesce(p.role, s.role) as role, s.installation, s.means,
       s.address, s.agent, date_trunc('milliseconds', s.created_at) as "startedAt", s.last_seen_at as "lastSeenAt",
       s.expires_at as "expiresAt"
     from ${SESSIONS}
     where s.tenant_id = $1 and ${LASTS} and ($3::text is null or s.subject = $3)
       and ($4::timestamptz is null or (date_trunc('milliseconds', s.created_at), s.id) < ($4, $5::uuid))
     order by date_trunc('milliseconds', s.created_at) desc, s.id desc limit $6`,
    [
      tx.tenant,
      request.idleMinutes,
      request.subject ?? null,
      after?.[0] ?? null,
      after?.[1] ?? null,
      size + 1,
    ],
  )
  return pageOf(rows, size, ORDER, ({ startedAt, id }) => [startedAt.toISOString(), id])
}
