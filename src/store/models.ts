/** Which models a tenant has, and which is in charge of a connection. */
import type { ConnectionId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'

export interface RegisteredModel {
  /** SHA-256 over its bundle. */
  readonly hash: string
  readonly name: string
  readonly version: string
  /** `shipped:<name>` or `models/<hash>`: what `Engines.get` takes. */
  readonly location: string
}

/**
 * The churn model in charge: the connection's own, else the tenant's.
 *
 * @returns null before the first scoring, which chooses one
 * @example
 * const { location } = await championOf(tx, connection)
 */
export async function championOf(tx: Transaction, connection: ConnectionId): Promise<RegisteredModel | null> {
  const [row] = await tx.query<RegisteredModel>(
    `select hash, name, version, location from models
     where tenant_id = $1 and kind = 'churn' and status = 'champion'
       and (connection_id = $2 or connection_id is null)
     order by connection_id nulls last limit 1`,
    [tx.tenant, connection],
  )
  return row ?? null
}

export interface NewModel extends RegisteredModel {
  readonly kind: 'churn' | 'policy'
  /** What its card says, as plain JSON. */
  readonly card: unknown
}

/**
 * Puts a model in charge of a connection. The one before is retired; where that was another churn model, every
 * customer is due for scoring.
 *
 * @example
 * await registerModel(tx, connection, { kind: 'churn', hash, name, version, location: 'shipped:telco', card })
 */
export async function registerModel(
  tx: Transaction,
  connection: ConnectionId,
  { kind, hash, name, version, location, card }: NewModel,
): Promise<void> {
  const retired = await tx.query<{ hash: string }>(
    `update models set status = 'retired'
     where tenant_id = $1 and connection_id = $2 and kind = $3 and status = 'champion' and hash <> $4
     returning hash`,
    [tx.tenant, connection, kind, hash],
  )
  await tx.query(
    `insert into models (tenant_id, hash, kind, connection_id, name, version, location, status, card)
     values ($1, $2, $3, $4, $5, $6, $7, 'champion', $8::jsonb)
     on conflict (tenant_id, hash, connection_id) do update set
       status = 'champion', name = excluded.name, version = excluded.version, location = excluded.location,
       card = excluded.card`,
    [tx.tenant, hash, kind, connection, name, version, location, JSON.stringify(card ?? null)],
  )
  if (kind === 'churn' && retired.length > 0) await dueForModel(tx, connection)
}

async function dueForModel(tx: Transaction, connection: ConnectionId): Promise<void> {
  await tx.query(
    `update customers set score_due_at = clock_timestamp(), score_due_why = 'model'
     where tenant_id = $1 and connection_id = $2 and status = 'active'`,
    [tx.tenant, connection],
  )
}
