/**
 * What is written to a CRM beside the fields of a record, and how it ended: the same for the timeline and for consent.
 * Due times are database time.
 */
import type { ConnectionId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'

/** How one thing that was to be written ended. */
export type OutwardEnd =
  | { readonly ok: true; readonly externalId: string | null }
  | {
      readonly ok: false
      readonly code: string
      readonly message: string
      /** Until it is tried again; null: never. */
      readonly retryInMs: number | null
    }

/** As the statements that settle what was owed take an end, beside what it is the end of. */
export function endRow(end: OutwardEnd) {
  return {
    ok: end.ok,
    external_id: end.ok ? end.externalId : null,
    code: end.ok ? null : end.code,
    message: end.ok ? null : end.message,
    retry: end.ok ? null : end.retryInMs,
  }
}

/**
 * When the next of what waits is to be written, a minute from now at the earliest: what is owed asks for its step
 * itself, so what is due here was just refused. Null: nothing waits.
 */
export async function nextOutward(tx: Transaction, connection: ConnectionId): Promise<Date | null> {
  const [{ at }] = await tx.query<{ at: Date | null }>(
    `select case when next is not null then greatest(clock_timestamp() + interval '1 minute', next) end as at from (select least(
       (select min(due_at) from activities where tenant_id = $1 and connection_id = $2 and state = 'waiting'),
       (select min(due_at) from approval_tasks where tenant_id = $1 and connection_id = $2 and state = 'waiting'
          and attempts > 0),
       (select min(due_at) from erasure_clearings where tenant_id = $1 and connection_id = $2 and state = 'waiting'),
       (select min(due_at) from crm_interventions where tenant_id = $1 and connection_id = $2 and state = 'waiting'),
       (select min(due_at) from consent_outbox where tenant_id = $1 and connection_id = $2 and state = 'waiting')
     ) as next) n`,
    [tx.tenant, connection],
  )
  return at
}

/** The kind of a connection, and whether it leads to the CRM sandbox of this installation. */
export async function outwardPlace(
  tx: Transaction,
  connection: ConnectionId,
): Promise<{ readonly kind: string; readonly builtIn: boolean }> {
  return (await outwardPlaces(tx, [connection])).get(connection)!
}

/** By connection its kind, and whether it leads to the CRM sandbox of this installation. */
export async function outwardPlaces(
  tx: Transaction,
  connections: readonly ConnectionId[],
): Promise<ReadonlyMap<ConnectionId, { readonly kind: string; readonly builtIn: boolean }>> {
  const rows = await tx.prepared<{ id: ConnectionId; kind: string; builtIn: boolean }>(
    `select id, kind, coalesce(config -> 'builtIn' = 'true', false) as "builtIn" from connections
     where tenant_id = $1 and id = any ($2::uuid[])`,
    [tx.tenant, connections],
  )
  return new Map(rows.map((row) => [row.id, row]))
}
