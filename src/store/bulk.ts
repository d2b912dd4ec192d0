/** Many rows in few statements: they travel as one JSON parameter, which PostgreSQL unpacks by its own types. */
import type { BulkColumn, Transaction } from './database.ts'

export interface BulkOptions {
  /** What follows the rows, such as `on conflict (…) do update set …` or `returning id`. */
  readonly ending?: string
  /** Rows a statement; default 2,000. */
  readonly chunk?: number
}

const NAME = /^[a-z_][a-z0-9_]*$/

/**
 * Inserts rows of a tenant; `tenant_id` is filled in from the transaction.
 *
 * @param rows values by column name; bytea as `'\\x…'`, arrays as arrays (PostgreSQL reads them from JSON)
 * @returns what `ending` returns, over all statements
 * @example
 * await insertRows(tx, 'score_history', [{ name: 'customer_id', type: 'bigint' }, …], rows)
 */
export async function insertRows<Row extends object = Record<string, unknown>>(
  tx: Transaction,
  table: string,
  columns: readonly BulkColumn[],
  rows: readonly object[],
  { ending = '', chunk = 2000 }: BulkOptions = {},
): Promise<Row[]> {
  for (const name of [table, ...columns.map((column) => column.name)])
    if (!NAME.test(name)) throw new TypeError(`${name} is no name of a table or column`)
  const names = columns.map(({ name }) => name).join(', ')
  const shape = columns.map(({ name, type }) => `${name} ${type}`).join(', ')
  const statement = `insert into ${table} (tenant_id, ${names})
    select $1::uuid, ${names} from json_to_recordset($2::json) as r (${shape}) ${ending}`
  const found: Row[] = []
  for (let at = 0; at < rows.length; at += chunk) {
    const part = JSON.stringify(rows.slice(at, at + chunk))
    found.push(...(await tx.query<Row>(statement, [tx.tenant, part])))
  }
  return found
}
