/** Locks by name, for what is no row. */
import type { Transaction } from './database.ts'

/** Of names of the tenant $1 in $2. */
const KEY = `hashtextextended($1 || ' ' || name, 7262019)`

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
       select distinct ${KEY} as key from unnest($2::text[]) as n (name)
       order by key
     ) k`,
    [tx.tenant, names],
  )
}

/**
 * As {@link lockNames}, of those that nobody else has at the moment: it never waits, so it can be asked for at any time
 * and in any order.
 *
 * @returns those that are held from now on
 */
export async function tryLockNames(tx: Transaction, names: readonly string[]): Promise<ReadonlySet<string>> {
  if (names.length === 0) return new Set()
  const tried = await tx.prepared<{ name: string; held: boolean }>(
    `select name, pg_try_advisory_xact_lock(${KEY}) as held from unnest($2::text[]) as n (name)`,
    [tx.tenant, names],
  )
  return new Set(tried.flatMap(({ name, held }) => (held ? [name] : [])))
}
