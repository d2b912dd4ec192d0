/** Addresses of other systems that hear of what happens. What is secret of them lies in the vault. */
import { randomUUID } from 'node:crypto'
import { HoldfastError } from '../contracts/errors.ts'
import type { ToldKind } from '../settings/alerts.ts'
import type { Transaction } from './database.ts'

export type WebhookFormat = 'signed' | 'slack' | 'teams'

export interface OutgoingWebhook {
  /** UUID. */
  readonly id: string
  readonly name: string
  readonly format: WebhookFormat
  /** Of the address. */
  readonly host: string
  readonly kinds: readonly ToldKind[]
  readonly status: 'active' | 'disabled'
  readonly statusReason: string | null
  readonly failingSince: Date | null
  readonly lastSentAt: Date | null
  readonly lastError: string | null
  readonly createdBy: string
  readonly createdAt: Date
}

const COLUMNS = `id, name, format, host, kinds, status, status_reason as "statusReason", failing_since as "failingSince",
  last_sent_at as "lastSentAt", last_error as "lastError", created_by as "createdBy", created_at as "createdAt"`

/** A company has no more of them than this. */
const MOST_WEBHOOKS = 20

/** Oldest first. */
export function listWebhooks(tx: Transaction): Promise<OutgoingWebhook[]> {
  return tx.query<OutgoingWebhook>(
    `select ${COLUMNS} from outgoing_webhooks where tenant_id = $1 order by created_at, id`,
    [tx.tenant],
  )
}

/** @throws HoldfastError `not_found` */
export async function readWebhook(tx: Transaction, id: string): Promise<OutgoingWebhook> {
  const [row] = await tx.query<OutgoingWebhook>(
    `select ${COLUMNS} from outgoing_webhooks where tenant_id = $1 and id = $2`,
    [tx.tenant, id],
  )
  if (row === undefined) throw new HoldfastError('not_found', 'There is no such webhook.')
  return row
}

/** @throws HoldfastError `conflict` when there are as many as there may be */
export async function addWebhook(
  tx: Transaction,
  wanted: Pick<OutgoingWebhook, 'name' | 'format' | 'host' | 'kinds' | 'createdBy'>,
): Promise<OutgoingWebhook> {
  const { name, format, host, kinds, createdBy } = wanted
  const [{ count }] = await tx.query<{ count: number }>(
    'select count(*)::integer as count from outgoing_webhooks where tenant_id = $1',
    [tx.tenant],
  )
  if (count >= MOST_WEBHOOKS)
    throw new HoldfastError(
      'conflict',
      `There are ${MOST_WEBHOOKS} webhooks already, which is as many as there may be. Delete one first.`,
    )
  const [row] = await tx.query<OutgoingWebhook>(
    `insert into outgoing_webhooks (tenant_id, id, name, format, host, kinds, created_by)
     values ($1, $2, $3, $4, $5, $6, $7) returning ${COLUMNS}`,
    [tx.tenant, randomUUID(), name, format, host, kinds, createdBy],
  )
  return row
}

/** @throws HoldfastError `not_found` */
export async function deleteWebhook(tx: Transaction, id: string): Promise<void> {
  const rows = await tx.query('delete from outgoing_webhooks where tenant_id = $1 and id = $2 returning id', [
    tx.tenant,
    id,
  ])
  if (rows.length === 0) throw new HoldfastError('not_found', 'There is no such webhook.')
}

/**
 * @returns as it is now
 * @throws HoldfastError `not_found`
 */
export async function changeWebhook(
  tx: Transaction,
  id: string,
  { name, kinds }: { readonly name?: string | undefined; readonly kinds?: readonly ToldKind[] | undefined },
): Promise<OutgoingWebhook> {
  const [row] = await tx.query<OutgoingWebhook>(
    `update outgoing_webhooks set name = coalesce($3, name), kinds = coalesce($4::text[], kinds)
     where tenant_id = $1 and id = $2 returning ${COLUMNS}`,
    [tx.tenant, id, name ?? null, kinds === undefined ? null : [...kinds]],
  )
  if (row === undefined) throw new HoldfastError('not_found', 'There is no such webhook.')
  return row
}

/** Something got through. */
export async function webhookWorked(tx: Transaction, id: string): Promise<void> {
  await tx.query(
    `update outgoing_webhooks set failing_since = null, last_error = null, last_sent_at = now()
     where tenant_id = $1 and id = $2`,
    [tx.tenant, id],
  )
}

/** @returns since when nothing has got through; null: it is gone or disabled */
export async function webhookFailed(tx: Transaction, id: string, error: string): Promise<Date | null> {
  const [row] = await tx.query<{ since: Date }>(
    `update outgoing_webhooks set failing_since = coalesce(failing_since, now()), last_error = $3
     where tenant_id = $1 and id = $2 and status = 'active' returning failing_since as since`,
    [tx.tenant, id, error.slice(0, 500)],
  )
  return row?.since ?? null
}

/** @returns whether it was active until now */
export async function disableWebhook(tx: Transaction, id: string, reason: string): Promise<boolean> {
  const rows = await tx.query(
    `update outgoing_webhooks set status = 'disabled', status_reason = $3
     where tenant_id = $1 and id = $2 and status = 'active' returning id`,
    [tx.tenant, id, reason],
  )
  return rows.length > 0
}

/** Whoever turns it on again says that it is mended. */
export async function enableWebhook(tx: Transaction, id: string): Promise<void> {
  await tx.query(
    `update outgoing_webhooks set status = 'active', status_reason = null, failing_since = null, last_error = null
     where tenant_id = $1 and id = $2`,
    [tx.tenant, id],
  )
}
