/** Whether anything moved since a page last looked: look-ups in an index, instead of going over everything again. */
import type { Transaction } from '../database.ts'

/**
 * Equal marks are, but for who belongs to the population, equal books: the newest of what is only ever added to.
 * Three look-ups in an index.
 */
export async function bookMark(tx: Transaction): Promise<string> {
  const [row] = await tx.query<Record<string, number | null>>(
    `select (select max(id) from score_history where tenant_id = $1) as scores,
       (select max(id) from property_changes where tenant_id = $1) as changes,
       (select max(id) from decisions where tenant_id = $1) as decisions`,
    [tx.tenant],
  )
  return JSON.stringify(row)
}

/** Every move in the ledger adds an event, so equal marks are equal outboxes. */
export async function outboxMark(tx: Transaction): Promise<number | null> {
  const [row] = await tx.query<{ newest: number | null }>(
    'select max(id) as newest from intervention_events where tenant_id = $1',
    [tx.tenant],
  )
  return row.newest
}
