/**
 * Where credentials rest: envelope encryption with AES-256-GCM. Every tenant has a data key, which the master key
 * wraps; the master key never touches the database. What is sealed is bound to its place (tenant, owner, name, key), so
 * that a row copied elsewhere does not open.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes, randomUUID } from 'node:crypto'
import { HoldfastError } from '../contracts/errors.ts'
import type { Transaction } from '../store/database.ts'
import {
  addDataKey,
  addSealed,
  currentDataKey,
  dataKeyOf,
  deleteSealed,
  dropRetiredDataKeys,
  holdMasterKey,
  listDataKeys,
  listSealed,
  lockMasterKey,
  lockVault,
  putSealed,
  readSealed,
  replaceMasterKeyNote,
  retireOtherDataKeys,
  rewrapDataKey,
} from '../store/credentials.ts'

/** Others wait behind a rotation that waits for somebody who holds on: no longer than a person waits for a page. */
const LONGEST_WAIT_MS = 3_000

/** Where a secret lies: a connection's id or a channel, and its name there. */
export interface SealedPlace {
  readonly owner: string
  readonly name: string
}

export interface Vault {
  /** First bytes of a hash, in hex: tells master keys apart and gives nothing away. */
  readonly masterKeyId: string
  /** Replaces what lay there. In a transaction of the tenant. */
  seal(tx: Transaction, place: SealedPlace, value: string | Buffer): Promise<void>
  /** As {@link seal}, unless something lies there: then that stays. Returns what lies there now. */
  sealFirst(tx: Transaction, place: SealedPlace, value: Buffer): Promise<Buffer>
  /**
   * @returns null when nothing was sealed there
   * @throws HoldfastError `vault_key` when another master key sealed it, or it was tampered with
   */
  unseal(tx: Transaction, place: SealedPlace): Promise<Buffer | null>
  /** @returns whether there was something */
  forget(tx: Transaction, place: SealedPlace): Promise<boolean>
  /**
   * A new data key for the tenant; everything of it is sealed anew, while others seal and unseal. Returns how many
   * secrets that were. See {@link rotateDataKeys} for who holds one of them just then.
   */
  rotateDataKey(tx: Transaction): Promise<number>
  /** @throws HoldfastError `vault_key` when a data key is not of this master key. In a system transaction. */
  check(tx: Transaction): Promise<void>
}

/**
 * @example
 * const vault = openVault({ masterKey })
 * await vault.seal(tx, { owner: 'email', name: 'password' }, 'secret')
 * (await vault.unseal(tx, { owner: 'email', name: 'password' }))?.toString() // 'secret'
 */
export function openVault({ masterKey }: { masterKey: Buffer }): Vault {
  const opened = new Map<string, Buffer>()

  async function dataKey(tx: Transaction, keyId: string, wrapped: Buffer): Promise<Buffer> {
    const cacheKey = `${tx.tenant} ${keyId}`
    const known = opened.get(cacheKey)
    if (known !== undefined) return known
    const key = unwrap(masterKey, tenantOf(tx), keyId, wrapped)
    tx.afterCommit(() => opened.set(cacheKey, key))
    return key
  }

  async function current(tx: Transaction): Promise<DataKey> {
    const found = (await currentDataKey(tx)) ?? (await make(tx))
    return { id: found.keyId, key: await dataKey(tx, found.keyId, found.wrapped) }
  }

  async function make(tx: Transaction): Promise<{ keyId: string; wrapped: Buffer }> {
    // Under another master key than the one in force it would open for nobody.
    const inForce = await holdMasterKey(tx)
    const mine = masterKeyIdOf(masterKey)
    if (inForce !== null && inForce !== mine) throw wrongMasterKey(mine, inForce)
    const keyId = randomUUID()
    const wrapped = wrap(masterKey, tenantOf(tx), keyId, randomBytes(32))
    return addDataKey(tx, keyId, wrapped)
  }

  async function open(tx: Transaction, place: SealedPlace, row: { keyId: string; sealed: Buffer }) {
    const wrapped = await dataKeyOf(tx, row.keyId)
    const key = await dataKey(tx, row.keyId, wrapped)
    return decrypt({ id: row.keyId, key }, aadOf(tx, place, row.keyId), row.sealed, place)
  }

  const vault: Vault = {
    masterKeyId: masterKeyIdOf(masterKey),

    seal: async (tx, place, value) => {
      const key = await current(tx)
      await putSealed(tx, place, key.id, encrypt(key, aadOf(tx, place, key.id), Buffer.from(value)))
    },

    sealFirst: async (tx, place, value) => {
      const key = await current(tx)
      await addSealed(tx, place, key.id, encrypt(key, aadOf(tx, place, key.id), value))
      const there = await vault.unseal(tx, place)
      if (there === null) throw new HoldfastError('internal', 'What was sealed is not there.')
      return there
    },

    unseal: async (tx, place) => {
      const row = await readSealed(tx, place)
      return row === null ? null : open(tx, place, row)
    },

    forget: deleteSealed,

    rotateDataKey: async (tx) => {
      // From here on nobody seals with an older key: those who began are done, those who come wait for the new one.
      await lockVault(tx, LONGEST_WAIT_MS)
      const next = await make(tx)
      const key: DataKey = { id: next.keyId, key: await dataKey(tx, next.keyId, next.wrapped) }
      await retireOtherDataKeys(tx, key.id)
      const all = await listSealed(tx)
      for (const row of all) {
        const value = await open(tx, row, row)
        await putSealed(tx, row, key.id, encrypt(key, aadOf(tx, row, key.id), value))
      }
      await dropRetiredDataKeys(tx)
      return all.length
    },

    check: async (tx) => {
      for (const { tenant, keyId, wrapped } of await listDataKeys(tx))
        unwrap(masterKey, tenant, keyId, wrapped)
    },
  }
  return vault
}

/**
 * Wraps every data key with another master key. In a system transaction, while no other process runs with the old one;
 * afterwards the old key opens nothing here (backups made before still need it).
 *
 * @returns how many data keys there are
 * @throws HoldfastError `vault_key` when `from` is not the key in force; nothing is changed then
 */
export async function rewrapDataKeys(
  tx: Transaction,
  { from, to }: { from: Buffer; to: Buffer },
): Promise<number> {
  await lockMasterKey(tx)
  const all = await listDataKeys(tx)
  for (const { tenant, keyId, wrapped } of all) {
    const key = unwrap(from, tenant, keyId, wrapped)
    await rewrapDataKey(tx, tenant, keyId, wrap(to, tenant, keyId, key))
  }
  await replaceMasterKeyNote(tx, masterKeyIdOf(to))
  return all.length
}

/** @example masterKeyIdOf(Buffer.alloc(32)) // 16 hex digits */
export function masterKeyIdOf(masterKey: Buffer): string {
  return createHmac('sha256', masterKey).update('holdfast master key id').digest('hex').slice(0, 16)
}

/** What a person reads when the master key is not the one that sealed. */
export function wrongMasterKey(found: string, needed: string | null): HoldfastError {
  const needs = needed === null ? 'another master key' : `the master key ${needed}`
  return new HoldfastError(
    'vault_key',
    `The secrets in this database were sealed with ${needs}, but this process has the key ${found}. Put the right key back: as the file master.key in the data folder, or in HOLDFAST_MASTER_KEY (the file's content). Every process on one database needs the same key. If it is lost for good, these are lost with it: passwords and tokens of connections and channels (enter them again), links in messages already sent, and the keyed hashes by which refusals and unsubscriptions find their address, so sending has to stay off until they are collected anew.`,
  )
}

interface DataKey {
  readonly id: string
  readonly key: Buffer
}

const VERSION = 1
const IV = 12
const TAG = 16
const KEY_ID = 16

/** version (1 byte), data key's id (16), iv (12), tag (16), ciphertext. */
function encrypt({ id, key }: DataKey, aad: Buffer, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([VERSION]), uuidBytes(id), gcm(key, aad, value)])
}

function decrypt({ id, key }: DataKey, aad: Buffer, sealed: Buffer, { owner, name }: SealedPlace): Buffer {
  const header = 1 + KEY_ID
  const value =
    sealed[0] === VERSION && sealed.subarray(1, header).equals(uuidBytes(id))
      ? ungcm(key, aad, sealed.subarray(header))
      : null
  if (value !== null) return value
  throw new HoldfastError(
    'vault_key',
    `The secret "${name}" of ${owner} was changed outside Holdfast, or was copied from another place. Enter it again.`,
  )
}

/** version (1 byte), master key's id (8), iv (12), tag (16), wrapped key (32). */
function wrap(masterKey: Buffer, tenant: string, keyId: string, key: Buffer): Buffer {
  const id = Buffer.from(masterKeyIdOf(masterKey), 'hex')
  return Buffer.concat([Buffer.from([VERSION]), id, gcm(masterKey, wrapAad(tenant, keyId), key)])
}

function unwrap(masterKey: Buffer, tenant: string, keyId: string, wrapped: Buffer): Buffer {
  const mine = masterKeyIdOf(masterKey)
  const needed = wrapped.subarray(1, 9).toString('hex')
  if (wrapped[0] !== VERSION || needed !== mine) throw wrongMasterKey(mine, needed)
  const key = ungcm(masterKey, wrapAad(tenant, keyId), wrapped.subarray(9))
  if (key !== null) return key
  throw new HoldfastError(
    'vault_key',
    `The data key ${keyId} was changed outside Holdfast. Restore the table data_keys from a backup; without it the secrets sealed with this key have to be entered again.`,
  )
}

function gcm(key: Buffer, aad: Buffer, value: Buffer): Buffer {
  const iv = randomBytes(IV)
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG }).setAAD(aad)
  const text = Buffer.concat([cipher.update(value), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), text])
}

/** Null when key, associated data or a single bit is another. */
function ungcm(key: Buffer, aad: Buffer, sealed: Buffer): Buffer | null {
  if (sealed.length < IV + TAG) return null
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV), { authTagLength: TAG })
    .setAAD(aad)
    .setAuthTag(sealed.subarray(IV, IV + TAG))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(IV + TAG)), decipher.final()])
  } catch {
    return null
  }
}

/** A list in JSON, so that no two places share their associated data. */
function aadOf(tx: Transaction, { owner, name }: SealedPlace, keyId: string): Buffer {
  return Buffer.from(JSON.stringify(['holdfast credential', tenantOf(tx), owner, name, keyId]))
}

function wrapAad(tenant: string, keyId: string): Buffer {
  return Buffer.from(JSON.stringify(['holdfast data key', tenant, keyId]))
}

function tenantOf(tx: Transaction): string {
  if (tx.tenant === null)
    throw new HoldfastError('internal', 'Secrets are sealed in a transaction of a tenant.')
  return tx.tenant.toLowerCase()
}

function uuidBytes(id: string): Buffer {
  return Buffer.from(id.replaceAll('-', ''), 'hex')
}
