/** Customers of the population, for the navigation. */
import type { Transaction } from '../database.ts'

/**
 * Summed up from `book_counts`, of which a company of a million has some thousand rows.
 *
 * @example
 * const customers = await countActive(tx)
 */
export async function countActive(tx: Transaction): Promise<number> {
  const [row] = await tx.query<{ count: number }>(
    `select coalesce(sum(customers), 0)::integer as count from book_counts where tenant_id = $1 and status = 'active'`,
    [tx.tenant],
  )
  return row.count
}
