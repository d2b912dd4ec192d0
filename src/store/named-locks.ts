/** Locks by name, for what is no row. */
import type { Transaction } from './database.ts'

/**
 * Held by the transaction until it ends; whoever wants one of them waits. Taken in one order by everybody, so that no two
 * wait for each other. A name is of the tenant: others may have the same.
 *
 * @example
 * await lockNames(tx, ['customer 17'])
 */
export async function lockNames(tx: Transaction, names: readonly string[]): Promise<void> {
  if (names.length === 0) return
  await tx.prepared(
    `select pg_advisory_xact_lock(key) from (
       select distinct hashtextextended($1 || ' ' || name, 7262019) as key from unnest($2::text[]) as n (name)
       order by key
     ) k`,
    [tx.tenant, names],
  )
}
