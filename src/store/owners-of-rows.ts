/** Customers by what hangs on them: the deal, Opportunity or contract of an agreement, the contact of a recipient. */
import type { ConnectionId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'

/**
 * @param externalIds of agreements and recipients, in the source
 * @returns ids of their customers in the source
 */
export async function ownersOfRows(
  tx: Transaction,
  connection: ConnectionId,
  externalIds: readonly string[],
): Promise<readonly string[]> {
  if (externalIds.length === 0) return []
  const rows = await tx.query<{ id: string }>(
    `select c.external_id as id from customers c
     where c.tenant_id = $1 and c.connection_id = $2 and c.status <> 'deleted' and c.id in (
       select customer_id from agreements where tenant_id = $1 and external_id = any ($3::text[])
       union select customer_id from recipients where tenant_id = $1 and external_id = any ($3::text[])
     )`,
    [tx.tenant, connection, externalIds],
  )
  return rows.map(({ id }) => id)
}
