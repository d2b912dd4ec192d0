/** The book (0030-book.sql) keeps itself by triggers; what changes because time passes is looked after here. */
import type { TenantId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'

/**
 * Companies of which a list still shows a renewal that has passed: one look into an index for each. In a system transaction.
 *
 * @param today 'YYYY-MM-DD', UTC
 */
export async function tenantsToMoveOn(tx: Transaction, today: string): Promise<readonly TenantId[]> {
  const rows = await tx.query<{ id: TenantId }>(
    `select t.id from tenants t
     where exists (select from book b where b.tenant_id = t.id and b.renewal_date < $1::date)`,
    [today],
  )
  return rows.map(({ id }) => id)
}

/**
 * Renewals that have passed give way to the next ones. About one customer in 365 a day, found by an index. Rows that
 * somebody writes just then are left to the next round, so that neither waits for the other.
 *
 * @param today 'YYYY-MM-DD', UTC
 * @param most in one transaction
 * @returns how many were moved
 */
export async function moveRenewalsOn(tx: Transaction, today: string, most = 2000): Promise<number> {
  const [{ count }] = await tx.query<{ count: number }>(
    `with passed as materialized (
       select customer_id from book where tenant_id = $1 and renewal_date < $2::date
       order by customer_id limit $3 for update skip locked
     ), moved as (
       update book set renewal_date = next_renewal(tenant_id, customer_id, $2::date)
       where tenant_id = $1 and customer_id = any (array(select customer_id from passed)) returning 1
     ) select count(*)::integer as count from moved`,
    [tx.tenant, today, most],
  )
  return count
}

/** Counts of the book are summed up, however few were added since. */
export async function settleBookCounts(tx: Transaction): Promise<void> {
  await tx.query('select settle_book_counts($1, true)', [tx.tenant])
}
