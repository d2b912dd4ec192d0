/**
 * The database as every other file sees it: PostgreSQL, embedded (PGlite) or served (DATABASE_URL), through one
 * interface. Only SQL that PostgreSQL 15 has.
 *
 * Work of a tenant runs in {@link Database.withTenant}: the transaction takes the role `holdfast_tenant`, which
 * row-level security binds to the one tenant. Work across tenants (dispatching, migrations, sign-in before a
 * tenant is known) says why through {@link Database.asSystem}.
 *
 * Types of results: bigint arrives as number (amounts in minor units and ids stay below 2^53), timestamptz as
 * Date, date as 'YYYY-MM-DD', json as parsed, arrays as arrays, bytea as Buffer.
 */
import type { Pool } from 'pg'
import type { TenantId } from '../contracts/ids.ts'

export interface Queryable {
  /**
   * @param text one statement with $1, $2, …
   * @returns the rows
   * @example
   * await tx.query<{ name: string }>('select name from tenants where id = $1', [id])
   */
  query<Row extends object = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<Row[]>
}

export interface Transaction extends Queryable {
  /**
   * As {@link Queryable.query}, but parsed and planned once a connection rather than each time: for the statements that
   * run again with every batch that is sent, of which planning is the larger part. The text is always the same one; what
   * differs is in the values. Rows are found by their keys, as after `preferKeys`, here and in the rest of the
   * transaction: nothing that reads much of a table comes after it.
   *
   * @see https://www.postgresql.org/docs/15/sql-prepare.html
   */
  prepared<Row extends object = Record<string, unknown>>(
    text: string,
    values: readonly unknown[],
  ): Promise<Row[]>
  /** The tenant that this transaction is bound to; null for the system. */
  readonly tenant: TenantId | null
  /** Runs when the transaction has committed, never when it has not: where jobs are announced. */
  afterCommit(work: () => void): void
}

export interface Database {
  readonly kind: 'embedded' | 'served'
  /** For what brings its own SQL (the queue). Never to be used inside `withTenant` or `asSystem`. */
  readonly pool: Pool
  /**
   * One transaction of one tenant: committed when `work` returns, rolled back when it throws.
   *
   * @param options `byKeys`: what it reads it looks up by keys, as {@link Transaction.prepared} does; said at the start it
   *   costs nothing
   * @throws HoldfastError `database_unavailable` (retryable) when the database cannot be reached
   */
  withTenant<T>(
    tenant: TenantId,
    work: (tx: Transaction) => Promise<T>,
    options?: { readonly byKeys?: boolean },
  ): Promise<T>
  /** One transaction across tenants; `why` goes to the log and to a counter. */
  asSystem<T>(why: string, work: (tx: Transaction) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Tables that rows are written to in bulk pass through here, a few thousand rows a statement. */
export interface BulkColumn {
  readonly name: string
  /** As PostgreSQL names it: `text`, `bigint`, `jsonb`, `float8[]`, … */
  readonly type: string
}
