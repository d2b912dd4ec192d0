/** By which people who were erased are known again, though nothing of them is kept: keyed hashes of ids and addresses. */
import type { ConnectionId } from '../../contracts/ids.ts'
import type { Transaction } from '../database.ts'

/** Whether anybody was ever erased here; in most companies nobody was, and nothing more has to be asked. */
export async function anybodyErased(tx: Transaction, connection: ConnectionId): Promise<boolean> {
  const [{ any }] = await tx.query<{ any: boolean }>(
    `select exists (select from erased_records where tenant_id = $1 and connection_id = $2)
       or exists (select from erased_addresses where tenant_id = $1) as any`,
    [tx.tenant, connection],
  )
  return any
}

export interface Handed {
  /** Of `recordHash`, hex. */
  readonly records: readonly string[]
  /** Of `hashAddress`, hex. */
  readonly addresses: readonly string[]
}

export interface Known {
  /** Objects under which a hash was erased. */
  readonly records: ReadonlyMap<string, ReadonlySet<string>>
  readonly addresses: ReadonlySet<string>
}

/** Which of what a source hands over was erased; noted, so that an admin sees that the source still has it. */
export async function erasedAmongHanded(
  tx: Transaction,
  connection: ConnectionId,
  { records, addresses }: Handed,
): Promise<Known> {
  const found = await tx.query<{ hash: string; object: string }>(
    `select encode(id_hash, 'hex') as hash, object from erased_records
     where tenant_id = $1 and connection_id = $2
       and id_hash = any (array(select decode(hash, 'hex') from unnest($3::text[]) hash))`,
    [tx.tenant, connection, records],
  )
  const known = await tx.query<{ hash: string }>(
    `select encode(address_hash, 'hex') as hash from erased_addresses
     where tenant_id = $1 and address_hash = any (array(select decode(hash, 'hex') from unnest($2::text[]) hash))`,
    [tx.tenant, addresses],
  )
  const byHash = Map.groupBy(found, ({ hash }) => hash)
  return {
    records: new Map([...byHash].map(([hash, rows]) => [hash, new Set(rows.map(({ object }) => object))])),
    addresses: new Set(known.map(({ hash }) => hash)),
  }
}

/** Once a day is often enough to say that the source still has somebody. */
const SEEN_AGAIN = `(seen_at is null or seen_at < now() - interval '1 day')`

export async function noteSeen(
  tx: Transaction,
  connection: ConnectionId,
  { records, addresses }: Handed,
): Promise<void> {
  if (records.length > 0)
    await tx.query(
      `update erased_records set seen_at = now() where tenant_id = $1 and connection_id = $2 and ${SEEN_AGAIN}
         and id_hash = any (array(select decode(hash, 'hex') from unnest($3::text[]) hash))`,
      [tx.tenant, connection, records],
    )
  if (addresses.length > 0)
    await tx.query(
      `update erased_addresses set seen_at = now() where tenant_id = $1 and ${SEEN_AGAIN}
         and address_hash = any (array(select decode(hash, 'hex') from unnest($2::text[]) hash))`,
      [tx.tenant, addresses],
    )
}
