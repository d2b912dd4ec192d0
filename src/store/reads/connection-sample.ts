/** Some customers of a connection, to try something on. */
import type { ConnectionId } from '../../contracts/ids.ts'
import type { Transaction } from '../database.ts'

/**
 * Ids in the source, spread over all of them; those in the population, and while there are none any that are stored.
 *
 * @example
 * await connectionSample(tx, connection, 200)
 */
export async function connectionSample(
  tx: Transaction,
  connection: ConnectionId,
  limit: number,
): Promise<readonly string[]> {
  for (const status of ['active', 'left'] as const) {
    const rows = await tx.query<{ id: string }>(
      `with ends as (
         select min(id) as first, max(id) as last from customers where tenant_id = $1 and connection_id = $2
       )
       select distinct on (c.id) c.external_id as id from ends,
         generate_series(0, $4::integer - 1) n,
         lateral (
           select id, external_id from customers
           where tenant_id = $1 and connection_id = $2 and status = $3
             and id >= ends.first + (ends.last - ends.first) * n / $4
           order by id limit 1
         ) c
       where ends.first is not null`,
      [tx.tenant, connection, status, limit],
    )
    if (rows.length > 0) return rows.map(({ id }) => id)
  }
  return []
}
