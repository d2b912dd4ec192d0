/** Which models a tenant has, and which is in charge of a connection. */
import { parseMapping, type Mapping } from '../../models/features/mapping-file.ts'
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

/** The mapping that the model in charge was trained with; undefined where there is no model, or its card has none. */
export async function championMapping(
  tx: Transaction,
  connection: ConnectionId,
): Promise<Mapping | undefined> {
  const [row] = await tx.query<{ mapping: unknown }>(
    `select card -> 'mapping' as mapping from models
     where tenant_id = $1 and kind = 'churn' and status = 'champion'
       and (connection_id = $2 or connection_id is null)
     order by connection_id nulls last limit 1`,
    [tx.tenant, connection],
  )
  const mapping = row?.mapping ?? null
  return mapping === null ? undefined : parseMapping(JSON.stringify(mapping), "The model's card")
}

/**
 * Whether a model still is in charge; where it is, it stays so until the transaction ends. Scores are saved beneath
 * this, so that none of a model that was replaced meanwhile comes after the marks of the new one.
 */
export async function holdChampion(
  tx: Transaction,
  connection: ConnectionId,
  hash: string,
): Promise<boolean> {
  await tx.query(
    `select from models where tenant_id = $1 and kind = 'churn' and status = 'champion'
       and (connection_id = $2 or connection_id is null) for share`,
    [tx.tenant, connection],
  )
  return (await championOf(tx, connection))?.hash === hash
}

export interface NewModel extends RegisteredModel {
  readonly kind: 'churn' | 'policy'
  /** What its card says, as plain JSON. */
  readonly card: unknown
  /** Who puts it there, as the audit log names them; absent: Holdfast itself. */
  readonly by?: string
}

/**
 * Puts a model in charge of a connection. The one before is retired; with a churn model, every customer who has a
 * score of another one is due for scoring.
 *
 * @example
 * await registerModel(tx, connection, { kind: 'churn', hash, name, version, location: 'shipped:telco', card })
 */
export async function registerModel(
  tx: Transaction,
  connection: ConnectionId,
  { kind, hash, name, version, location, card, by }: NewModel,
): Promise<void> {
  // Waits for who is saving scores of the model in charge.
  await tx.query(`select from models where tenant_id = $1 and kind = $2 and status = 'champion' for update`, [
    tx.tenant,
    kind,
  ])
  await tx.query(
    `update models set status = 'retired', retired_at = clock_timestamp()
     where tenant_id = $1 and connection_id = $2 and kind = $3 and status = 'champion' and hash <> $4`,
    [tx.tenant, connection, kind, hash],
  )
  await tx.query(
    `insert into models (tenant_id, hash, kind, connection_id, name, version, location, status, card, since, put_by)
     values ($1, $2, $3, $4, $5, $6, $7, 'champion', $8::jsonb, clock_timestamp(), $9)
     on conflict (tenant_id, hash, connection_id) do update set
       status = 'champion', name = excluded.name, version = excluded.version, location = excluded.location,
       card = excluded.card, retired_at = null,
       since = case when models.status = 'champion' then models.since else excluded.since end,
       put_by = case when models.status = 'champion' then models.put_by else excluded.put_by end`,
    [tx.tenant, hash, kind, connection, name, version, location, cardText(card), by ?? null],
  )
  if (kind === 'churn') await dueForModel(tx, connection, hash)
}

/** Without the marks of the customers that it was trained on, 11 bytes each: they lie in the bundle. */
function cardText(card: unknown): string {
  return JSON.stringify(card ?? null, (key, value: unknown) => (key === 'trainedOn' ? undefined : value))
}

/** Whoever has a score of another model; who has none is due anyway. */
async function dueForModel(tx: Transaction, connection: ConnectionId, hash: string): Promise<void> {
  await tx.query(
    `update customers c set score_due_at = clock_timestamp(), score_due_why = 'model'
     from scores s
     where c.tenant_id = $1 and c.connection_id = $2 and c.status = 'active'
       and s.tenant_id = c.tenant_id and s.customer_id = c.id and s.model_hash <> $3`,
    [tx.tenant, connection, hash],
  )
}
