/** What our own writes left on records: the version where the CRM told it, until a sync has met it. */
import type { ConnectionId, CustomerId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'

/** A record as it was left by us, and what was known of it then. */
export interface OwnWrite {
  readonly object: string
  readonly external_id: string
  readonly properties_hash: string
  /** When the CRM last changed it, as far as is known here. */
  readonly source_updated_at: Date | null
  /** Null: the CRM did not tell, or it was met since. */
  readonly version: Date | null
}

/**
 * Of customers in the population.
 *
 * @param ids object and id in the source, pairwise
 */
export async function ownWrites(
  tx: Transaction,
  connection: ConnectionId,
  ids: { readonly objects: readonly string[]; readonly externalIds: readonly string[] },
): Promise<readonly OwnWrite[]> {
  return tx.query<OwnWrite>(
    `select c.object, c.external_id, c.properties_hash, c.source_updated_at, w.version
     from unnest($3::text[], $4::text[]) as wanted (object, external_id)
     cross join lateral (
       select id, object, external_id, properties_hash, source_updated_at from customers
       where tenant_id = $1 and connection_id = $2 and object = wanted.object and external_id = wanted.external_id
         and status = 'active'
       limit 1
     ) c
     join write_backs w on w.tenant_id = $1 and w.customer_id = c.id`,
    [tx.tenant, connection, ids.objects, ids.externalIds],
  )
}

/** They were met: the next record of that version is handed over for another reason. */
export async function forgetVersions(tx: Transaction, customers: readonly CustomerId[]): Promise<void> {
  if (customers.length === 0) return
  await tx.query(
    'update write_backs set version = null where tenant_id = $1 and customer_id = any ($2::bigint[])',
    [tx.tenant, customers],
  )
}
