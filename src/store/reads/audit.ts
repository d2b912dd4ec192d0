/** The audit log, for admins to search. */
import { z } from 'zod'
import type { RecordedEntry } from '../audit.ts'
import type { Transaction } from '../database.ts'
import { pageOf, pageSize, readCursor, type Page, type PageRequest } from './paging.ts'

export interface AuditRequest extends PageRequest {
  /** As entries have it: `user:ann@example.com`, `key:Warehouse`, `cli`. */
  readonly actor?: string | undefined
  /** One action such as `person.role`, or all of a kind such as `person`. */
  readonly action?: string | undefined
  /** From this moment on. */
  readonly from?: Date | undefined
  /** Before this moment. */
  readonly to?: Date | undefined
}

/** An entry, and what it was about as people call it; null: its `object` says it, or nothing is called so any more. */
export interface NamedEntry extends RecordedEntry {
  readonly objectName: string | null
}

const ORDER = 'audit'

/** Newest first. */
export async function searchAudit(tx: Transaction, request: AuditRequest = {}): Promise<Page<NamedEntry>> {
  const { actor = null, action = null, from = null, to = null } = request
  const size = pageSize(request)
  const after = readCursor(ORDER, request, z.tuple([z.int().positive()]))
  const rows = await tx.query<NamedEntry>(
    `with entries as (
       select id, at, actor, action, object, detail, request_id from audit_log
       where tenant_id = $1 and ($2::text is null or actor = $2)
         and ($3::text is null or action = $3 or action like $4) and ($5::timestamptz is null or at >= $5)
         and ($6::timestamptz is null or at < $6) and ($7::bigint is null or id < $7)
       order by id desc limit $8)
     select e.id, e.at, e.actor, e.action, e.object, e.detail, e.request_id as "requestId",
       coalesce(connection.name, customer.name) as "objectName"
     from entries e
     left join connections connection on e.action like 'connection.%'
       and connection.tenant_id = $1 and connection.id::text = e.object
     left join customers customer on e.action like 'customer.%' and e.object ~ '^[0-9]{1,15}$'
       and customer.tenant_id = $1
       and customer.id = case when e.object ~ '^[0-9]{1,15}$' then e.object::bigint end
     order by e.id desc`,
    [tx.tenant, actor, action, `${escaped(action ?? '')}.%`, from, to, after?.[0] ?? null, size + 1],
  )
  return pageOf(rows, size, ORDER, ({ id }) => [id])
}

const escaped = (text: string): string => text.replace(/[\\%_]/g, '\\$&')
