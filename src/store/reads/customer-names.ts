/** What customers are called, for lists that know only their numbers. */
import type { Transaction } from '../database.ts'

export interface CustomerName {
  readonly connection: string
  readonly externalId: string
  readonly name: string | null
}

/** By our number; those who are not there any more are absent. */
export async function customerNames(
  tx: Transaction,
  ids: readonly number[],
): Promise<ReadonlyMap<number, CustomerName>> {
  const rows = await tx.query<CustomerName & { id: number }>(
    `select id, connection_id as connection, external_id as "externalId", name from customers
     where tenant_id = $1 and id = any($2::bigint[])`,
    [tx.tenant, ids],
  )
  return new Map(rows.map(({ id, ...name }) => [id, name]))
}
