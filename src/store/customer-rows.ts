/** Rows that hang on a customer and are keyed (customer, id in the source): which of them differ from those stored. */
import type { CustomerId } from '../contracts/ids.ts'
import type { BulkColumn, Transaction } from './database.ts'

export interface CustomerRow {
  readonly customer_id: CustomerId
  readonly external_id: string
}

/**
 * @param columns that are compared
 * @returns what has to be written, and what is stored and no longer wanted
 */
export function compareRows<Row extends CustomerRow, Stored extends Row & { readonly id: number }>(
  stored: readonly Stored[],
  wanted: readonly Row[],
  columns: readonly BulkColumn[],
): { readonly put: readonly Row[]; readonly gone: readonly Stored[] } {
  const known = new Map(stored.map((row) => [keyOf(row), row]))
  const put = wanted.filter((row) => {
    const before = known.get(keyOf(row))
    known.delete(keyOf(row))
    return (
      before === undefined || columns.some(({ name }) => Reflect.get(before, name) !== Reflect.get(row, name))
    )
  })
  return { put, gone: [...known.values()] }
}

function keyOf({ customer_id, external_id }: CustomerRow): string {
  return `${customer_id} ${external_id}`
}

/** @param table `agreements` or `recipients` */
export async function deleteRows(
  tx: Transaction,
  table: 'agreements' | 'recipients',
  rows: readonly { readonly id: number }[],
): Promise<void> {
  if (rows.length === 0) return
  await tx.query(`delete from ${table} where tenant_id = $1 and id = any ($2::bigint[])`, [
    tx.tenant,
    rows.map(({ id }) => id),
  ])
}

/** A row that is there takes the new values. */
export function upsertEnding(columns: readonly BulkColumn[]): string {
  const values = columns.filter(({ name }) => name !== 'customer_id' && name !== 'external_id')
  return `on conflict (tenant_id, customer_id, external_id) do update set ${values
    .map(({ name }) => `${name} = excluded.${name}`)
    .join(', ')}`
}
