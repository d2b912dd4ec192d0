/** Keys of a company's programs, for the page that lists them. */
import { z } from 'zod'
import type { ApiKey } from '../api-keys.ts'
import type { Transaction } from '../database.ts'
import { pageOf, pageSize, readCursor, type Page, type PageRequest } from './paging.ts'

export interface KeysRequest extends PageRequest {
  /** Absent: both. */
  readonly status?: 'active' | 'revoked' | undefined
}

const ORDER = 'api keys'

/** Newest first. */
export async function listKeys(tx: Transaction, request: KeysRequest = {}): Promise<Page<ApiKey>> {
  const { status = null } = request
  const size = pageSize(request)
  const after = readCursor(ORDER, request, z.tuple([z.iso.datetime(), z.uuid()]))
  const rows = await tx.query<ApiKey & { place: Date }>(
    `select id, name, prefix, scopes, account, created_by as "createdBy", created_at as "createdAt",
       last_used_at as "lastUsedAt", revoked_at as "revokedAt", date_trunc('milliseconds', created_at) as place
     from api_keys
     where tenant_id = $1 and ($2::text is null or (revoked_at is null) = ($2 = 'active'))
       and ($3::timestamptz is null or (date_trunc('milliseconds', created_at), id) < ($3, $4::uuid))
     order by date_trunc('milliseconds', created_at) desc, id desc limit $5`,
    [tx.tenant, status, after?.[0] ?? null, after?.[1] ?? null, size + 1],
  )
  const page = pageOf(rows, size, ORDER, ({ place, id }) => [place.toISOString(), id])
  return { ...page, items: page.items.map(keyOf) }
}

export interface KeyCounts {
  readonly active: number
  readonly revoked: number
}

export async function countKeys(tx: Transaction): Promise<KeyCounts> {
  const [counts] = await tx.query<KeyCounts>(
    `select count(*) filter (where revoked_at is null)::int as active,
       count(*) filter (where revoked_at is not null)::int as revoked
     from api_keys where tenant_id = $1`,
    [tx.tenant],
  )
  return counts
}

function keyOf(row: ApiKey & { place: Date }): ApiKey {
  const { place: _, ...key } = row
  return key
}
