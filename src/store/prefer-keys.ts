/** For statements that look up what they were told to, by its keys. */
import type { Queryable } from './database.ts'

/**
 * For the rest of the transaction: rows are found by their keys. Without statistics, as in a table that is being
 * filled, the planner reads the whole of it for each page instead. A table without an index is read all the same, at a
 * cost that is made up to be enormous; compiling such a statement (JIT) would take half a second.
 *
 * @see https://www.postgresql.org/docs/15/jit-decision.html
 */
export async function preferKeys(tx: Queryable): Promise<void> {
  await tx.query(PREFER_KEYS)
}

export const PREFER_KEYS = `select set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
  set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true)`

/**
 * A report in a transaction whose rows are found by their keys: planned as it would be anywhere else. What it writes is
 * undone.
 *
 * @example
 * const counts = await planFreely(tx, () => tx.query('select channel, count(*) from interventions group by channel'))
 */
export async function planFreely<T>(tx: Queryable, report: () => Promise<T>): Promise<T> {
  await tx.query(
    `savepoint planned_freely; set local enable_seqscan to default; set local enable_hashjoin to default;
     set local enable_mergejoin to default; set local jit to default`,
  )
  const result = await report()
  // Settings of the transaction are again what they were.
  await tx.query('rollback to savepoint planned_freely; release savepoint planned_freely')
  return result
}
