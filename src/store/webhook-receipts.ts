/** Hints that a CRM sent by itself: kept until the records that they name were read again, and a while longer. */
import type { ChangeHint } from '../../connectors/connector.ts'
import type { ConnectionId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'

/** A hint that waits. */
export interface PendingReceipt {
  readonly key: string
  readonly hint: ChangeHint
}

interface StoredHint extends Omit<ChangeHint, 'at'> {
  readonly at: string
}

/**
 * Keeps what is news to a connection; the same event counts once, however often it is sent.
 *
 * @returns how many were news
 * @example
 * const news = await keepReceipts(tx, connection, hints)
 */
export async function keepReceipts(
  tx: Transaction,
  connection: ConnectionId,
  hints: readonly ChangeHint[],
): Promise<number> {
  if (hints.length === 0) return 0
  const rows = await tx.query(
    `insert into webhook_receipts (tenant_id, connection_id, dedup_key, hint)
     select $1, $2, key, hint from unnest($3::text[], $4::jsonb[]) as h (key, hint)
     -- In one order, so that two that bring the same events at once do not wait for each other.
     order by key
     on conflict (tenant_id, connection_id, dedup_key) do nothing returning 1`,
    [tx.tenant, connection, hints.map(({ key }) => key), hints.map((hint) => JSON.stringify(hint))],
  )
  return rows.length
}

/** Those that came first, at most `limit`. */
export async function pendingReceipts(
  tx: Transaction,
  connection: ConnectionId,
  limit: number,
): Promise<readonly PendingReceipt[]> {
  const rows = await tx.query<{ key: string; hint: StoredHint }>(
    `select dedup_key as key, hint from webhook_receipts
     where tenant_id = $1 and connection_id = $2 and processed_at is null
     order by received_at, dedup_key limit $3`,
    [tx.tenant, connection, limit],
  )
  return rows.map(({ key, hint }) => ({ key, hint: { ...hint, at: new Date(hint.at) } }))
}

/** Together with what was read for them: in its transaction. */
export async function markProcessed(
  tx: Transaction,
  connection: ConnectionId,
  keys: readonly string[],
): Promise<void> {
  if (keys.length === 0) return
  await tx.query(
    `update webhook_receipts set processed_at = now()
     where tenant_id = $1 and connection_id = $2 and dedup_key = any ($3::text[]) and processed_at is null`,
    [tx.tenant, connection, keys],
  )
}

/**
 * Of a connection that everything is still to be read of.
 *
 * @returns how many waited
 */
export async function markAllProcessed(tx: Transaction, connection: ConnectionId): Promise<number> {
  const [{ count }] = await tx.query<{ count: number }>(
    `with done as (
       update webhook_receipts set processed_at = now()
       where tenant_id = $1 and connection_id = $2 and processed_at is null returning 1
     ) select count(*)::integer as count from done`,
    [tx.tenant, connection],
  )
  return count
}
