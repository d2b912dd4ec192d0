/** Rows of the vault: data keys and what they seal. Bytes only; src/security/vault.ts knows what they mean. */
import type { Transaction } from './database.ts'

interface Place {
  readonly owner: string
  readonly name: string
}

export interface DataKeyRow {
  readonly keyId: string
  readonly wrapped: Buffer
}

export interface SealedRow {
  readonly keyId: string
  readonly sealed: Buffer
}

/**
 * The tenant's vault stays under the key in force until the transaction ends. To be held before any row of it is, so that
 * who rotates the key never waits for somebody who waits for the rotation. Many hold it at once.
 */
export async function holdVault(tx: Transaction): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock_shared(${VAULT_LOCK})`, [tx.tenant])
}

/**
 * Waits for whoever holds the vault, and has it alone. Those who come later wait behind: where secrets are sealed all the
 * time, waiting for the rows themselves would never end.
 *
 * @param longestMs others wait this long behind us at most when somebody holds on
 * @throws the database's 55P03 when the wait was longer
 */
export async function lockVault(tx: Transaction, longestMs: number): Promise<void> {
  await tx.query(`set local lock_timeout = ${Math.ceil(longestMs)}`)
  await tx.query(`select pg_advisory_xact_lock(${VAULT_LOCK})`, [tx.tenant])
}

const VAULT_LOCK = "hashtextextended('holdfast vault ' || $1::text, 0)"

/** The tenant's key in force, not retired under a seal. */
export async function currentDataKey(tx: Transaction): Promise<DataKeyRow | null> {
  await holdVault(tx)
  const [row] = await tx.query<{ key_id: string; wrapped: Buffer }>(
    `select key_id, wrapped from data_keys where tenant_id = $1 and retired_at is null
     order by created_at, key_id limit 1`,
    [tx.tenant],
  )
  return row === undefined ? null : { keyId: row.key_id, wrapped: row.wrapped }
}

export async function addDataKey(tx: Transaction, keyId: string, wrapped: Buffer): Promise<DataKeyRow> {
  await tx.query('insert into data_keys (tenant_id, key_id, wrapped) values ($1, $2, $3)', [
    tx.tenant,
    keyId,
    wrapped,
  ])
  return { keyId, wrapped }
}

/** Wrapped; the caller holds a row that names it, so it is there. */
export async function dataKeyOf(tx: Transaction, keyId: string): Promise<Buffer> {
  const [row] = await tx.query<{ wrapped: Buffer }>(
    'select wrapped from data_keys where tenant_id = $1 and key_id = $2',
    [tx.tenant, keyId],
  )
  return row.wrapped
}

/** Retires every key of the tenant but one. In a transaction that has the vault alone. */
export async function retireOtherDataKeys(tx: Transaction, keyId: string): Promise<void> {
  await tx.query(
    'update data_keys set retired_at = now() where tenant_id = $1 and key_id <> $2 and retired_at is null',
    [tx.tenant, keyId],
  )
}

/**
 * Keys that seal nothing any more go, a day after they were retired: whoever read a row that they had sealed just before
 * still finds them.
 */
export async function dropRetiredDataKeys(tx: Transaction): Promise<void> {
  await tx.query(
    `delete from data_keys k where k.tenant_id = $1 and k.retired_at < now() - interval '1 day' and not exists (
       select from credentials c where c.tenant_id = k.tenant_id and c.key_id = k.key_id)`,
    [tx.tenant],
  )
}

/** No other master key comes into force until the transaction ends. Returns the id of the one that is; null: none yet. */
export async function holdMasterKey(tx: Transaction): Promise<string | null> {
  await tx.query(`select pg_advisory_xact_lock_shared(${MASTER_KEY_LOCK})`)
  const [row] = await tx.query<{ id: string | null }>('select master_key_id as id from installation')
  return row?.id ?? null
}

/** Waits for whoever makes a data key with the master key in force. In a system transaction. */
export async function lockMasterKey(tx: Transaction): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(${MASTER_KEY_LOCK})`)
}

const MASTER_KEY_LOCK = "hashtextextended('holdfast master key', 0)"

/** Of all tenants. In a system transaction. */
export async function listDataKeys(
  tx: Transaction,
): Promise<readonly (DataKeyRow & { readonly tenant: string })[]> {
  return tx.query<DataKeyRow & { tenant: string }>(
    'select tenant_id as tenant, key_id as "keyId", wrapped from data_keys order by tenant_id, key_id for update',
  )
}

/** In a system transaction. */
export async function rewrapDataKey(
  tx: Transaction,
  tenant: string,
  keyId: string,
  wrapped: Buffer,
): Promise<void> {
  await tx.query('update data_keys set wrapped = $3 where tenant_id = $1 and key_id = $2', [
    tenant,
    keyId,
    wrapped,
  ])
}

export async function putSealed(
  tx: Transaction,
  { owner, name }: Place,
  keyId: string,
  sealed: Buffer,
): Promise<void> {
  await tx.query(
    `insert into credentials (tenant_id, owner, name, key_id, sealed) values ($1, $2, $3, $4, $5)
     on conflict (tenant_id, owner, name) do update set
       key_id = excluded.key_id, sealed = excluded.sealed, updated_at = now()`,
    [tx.tenant, owner, name, keyId, sealed],
  )
}

/** As {@link putSealed}, unless something lies there; waits for a transaction that is about to put something. */
export async function addSealed(
  tx: Transaction,
  { owner, name }: Place,
  keyId: string,
  sealed: Buffer,
): Promise<void> {
  await tx.query(
    `insert into credentials (tenant_id, owner, name, key_id, sealed) values ($1, $2, $3, $4, $5)
     on conflict (tenant_id, owner, name) do nothing`,
    [tx.tenant, owner, name, keyId, sealed],
  )
}

export async function readSealed(tx: Transaction, { owner, name }: Place): Promise<SealedRow | null> {
  const [row] = await tx.query<SealedRow>(
    'select key_id as "keyId", sealed from credentials where tenant_id = $1 and owner = $2 and name = $3',
    [tx.tenant, owner, name],
  )
  return row ?? null
}

/** Nobody else replaces it until the transaction ends. */
export async function lockSealed(tx: Transaction, { owner, name }: Place): Promise<void> {
  await holdVault(tx)
  await tx.query('select from credentials where tenant_id = $1 and owner = $2 and name = $3 for update', [
    tx.tenant,
    owner,
    name,
  ])
}

/** Every secret of the tenant, held until the transaction ends. In a transaction that has the vault alone. */
export async function listSealed(tx: Transaction): Promise<readonly (SealedRow & Place)[]> {
  return tx.query<SealedRow & Place>(
    'select owner, name, key_id as "keyId", sealed from credentials where tenant_id = $1 order by owner, name for update',
    [tx.tenant],
  )
}

export async function deleteSealed(tx: Transaction, { owner, name }: Place): Promise<boolean> {
  await holdVault(tx)
  const rows = await tx.query(
    'delete from credentials where tenant_id = $1 and owner = $2 and name = $3 returning name',
    [tx.tenant, owner, name],
  )
  return rows.length > 0
}

/** Whose master key seals here, and whether anything is sealed. The installation's row must be there. */
export async function readMasterKeyNote(
  tx: Transaction,
): Promise<{ readonly masterKeyId: string | null; readonly sealed: boolean }> {
  const [row] = await tx.query<{ masterKeyId: string | null; sealed: boolean }>(
    'select master_key_id as "masterKeyId", exists (select from data_keys) as sealed from installation',
  )
  return row
}

/**
 * Notes the master key, unless another one is noted; of two processes that start at once the first wins.
 *
 * @returns the one that is noted now
 */
export async function claimMasterKey(tx: Transaction, id: string): Promise<string> {
  await tx.query('update installation set master_key_id = $1 where master_key_id is null', [id])
  const note = await readMasterKeyNote(tx)
  return note.masterKeyId ?? id
}

/** In a system transaction. */
export async function replaceMasterKeyNote(tx: Transaction, id: string): Promise<void> {
  await tx.query('update installation set master_key_id = $1', [id])
}
