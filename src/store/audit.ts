/** Who changed what: append-only, for the tenant's admins to read. */
import type { TenantId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'

export interface AuditEntry {
  /** `user:<subject>`, `key:<name>`, `cli`, or a part of Holdfast. */
  readonly actor: string
  /** What was done, such as `sign_in`, `api_key.create`, `settings.save`. */
  readonly action: string
  /** What it was done to: an id or a name. */
  readonly object?: string | null
  /** No secrets and no addresses. */
  readonly detail?: unknown
  readonly requestId?: string | null
}

export interface RecordedEntry {
  readonly id: number
  readonly at: Date
  readonly actor: string
  readonly action: string
  readonly object: string | null
  readonly detail: unknown
  readonly requestId: string | null
}

/**
 * In the transaction of the change itself, so that neither is there without the other.
 *
 * @param tenant whose log it is, in a system transaction
 * @example
 * await recordAudit(tx, { actor: caller.actor, action: 'settings.save', object: 'version 4', requestId })
 */
export async function recordAudit(
  tx: Transaction,
  entry: AuditEntry,
  tenant: TenantId | null = tx.tenant,
): Promise<void> {
  const { actor, action, object = null, detail = null, requestId = null } = entry
  await tx.query(
    'insert into audit_log (tenant_id, actor, action, object, detail, request_id) values ($1, $2, $3, $4, $5, $6)',
    [tenant, actor, action, object, detail === null ? null : JSON.stringify(detail), requestId],
  )
}

/** Newest first; `before` is the id of the last entry of the page before. */
export async function listAudit(
  tx: Transaction,
  { before = null, limit = 100 }: { before?: number | null; limit?: number } = {},
): Promise<readonly RecordedEntry[]> {
  return tx.query<RecordedEntry>(
    `select id, at, actor, action, object, detail, request_id as "requestId" from audit_log
     where tenant_id = $1 and ($2::bigint is null or id < $2) order by id desc limit $3`,
    [tx.tenant, before, limit],
  )
}

/** How often something was done since. */
export async function countAudit(
  tx: Transaction,
  { action, since }: { readonly action: string; readonly since: Date },
): Promise<number> {
  const [{ count }] = await tx.query<{ count: number }>(
    'select count(*)::integer as count from audit_log where tenant_id = $1 and action = $2 and at > $3',
    [tx.tenant, action, since],
  )
  return count
}
