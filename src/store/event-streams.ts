/** Which connections a stream of events is followed for, and how far each was followed. */
import type { Cursor } from '../../connectors/connector.ts'
import { asConnection, asTenant, type ConnectionId, type TenantId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'

export interface EventStream {
  readonly tenant: TenantId
  readonly connection: ConnectionId
  readonly kind: string
  readonly config: Readonly<Record<string, unknown>>
}

/** Of all tenants, those that are active. In a system transaction. */
export async function eventStreams(
  tx: Transaction,
  kinds: readonly string[],
): Promise<readonly EventStream[]> {
  const rows = await tx.query<{ tenant_id: string; id: string; kind: string; config: EventStream['config'] }>(
    `select tenant_id, id, kind, config from connections where status = 'active' and kind = any ($1::text[])
     order by tenant_id, id`,
    [kinds],
  )
  return rows.map(({ tenant_id, id, kind, config }) => ({
    tenant: asTenant(tenant_id),
    connection: asConnection(id),
    kind,
    config,
  }))
}

/** @returns null: it was never followed, or the connection is gone */
export async function eventsPosition(tx: Transaction, connection: ConnectionId): Promise<Cursor | null> {
  const [row] = await tx.query<{ position: Cursor | null }>(
    'select events_position as position from connections where tenant_id = $1 and id = $2',
    [tx.tenant, connection],
  )
  return row?.position ?? null
}

/**
 * Moves only together with the hints that it stands for: in their transaction.
 *
 * @returns false, and nothing is changed, where the connection is no longer active
 */
export async function saveEventsPosition(
  tx: Transaction,
  connection: ConnectionId,
  position: Cursor,
): Promise<boolean> {
  const rows = await tx.query(
    `update connections set events_position = $3::jsonb, events_at = clock_timestamp(), events_problem = null
     where tenant_id = $1 and id = $2 and status = 'active' returning 1`,
    [tx.tenant, connection, JSON.stringify(position)],
  )
  return rows.length > 0
}

/** Why it is not followed, for people; null: nothing is in the way. */
export async function saveEventsProblem(
  tx: Transaction,
  connection: ConnectionId,
  problem: string | null,
): Promise<void> {
  await tx.query(
    `update connections set events_problem = $3 where tenant_id = $1 and id = $2
       and events_problem is distinct from $3`,
    [tx.tenant, connection, problem],
  )
}

export interface StreamHealth {
  /** When the stream last said something; null: never. */
  readonly at: Date | null
  readonly problem: string | null
}

/** How following a connection's stream goes. */
export async function streamHealth(tx: Transaction, connection: ConnectionId): Promise<StreamHealth> {
  const [row] = await tx.query<StreamHealth>(
    'select events_at as at, events_problem as problem from connections where tenant_id = $1 and id = $2',
    [tx.tenant, connection],
  )
  return row ?? { at: null, problem: null }
}
