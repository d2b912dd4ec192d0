/** Signed requests that changed something: a signature is good for minutes, and within them each is taken once. */
import type { Transaction } from './database.ts'

/** A signature may be made out five minutes ahead of us and be good five minutes after that. */
const GOOD_MS = 11 * 60_000

/**
 * @param mark SHA-256 of the signature
 * @returns false: it was taken before
 */
export async function claimRequest(
  tx: Transaction,
  { mark, now }: { readonly mark: Buffer; readonly now: Date },
): Promise<boolean> {
  await tx.query('delete from seen_requests where tenant_id = $1 and seen_at < $2', [
    tx.tenant,
    new Date(now.getTime() - GOOD_MS),
  ])
  const rows = await tx.query(
    `insert into seen_requests (tenant_id, mark, seen_at) values ($1, $2, $3)
     on conflict (tenant_id, mark) do nothing returning 1`,
    [tx.tenant, mark, now],
  )
  return rows.length > 0
}

/** What failed by our own fault may be asked again as it is. */
export async function releaseRequest(tx: Transaction, mark: Buffer): Promise<void> {
  await tx.query('delete from seen_requests where tenant_id = $1 and mark = $2', [tx.tenant, mark])
}
