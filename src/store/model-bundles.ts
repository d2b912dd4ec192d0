/**
 * Churn models of a company's own: the bundles that were trained or uploaded, whole in the database, so that every
 * process has them and a backup holds them. What is in charge of which connection stands in models.ts.
 */
import { HoldfastError } from '../contracts/errors.ts'
import type { Transaction } from './database.ts'

/** The files of a bundle by name, bundle.json among them. */
export type BundleFiles = ReadonlyMap<string, Uint8Array>

export interface NewBundle {
  readonly hash: string
  readonly name: string
  readonly version: string
  readonly origin: 'trained' | 'uploaded'
  /** Of the training; null: uploaded. */
  readonly run: string | null
  /** As the audit log names them. */
  readonly by: string
  readonly meaning: unknown
  /** Without `trainedOn`. */
  readonly card: unknown
  /** `Evaluation` as plain JSON; null: nothing was measured here. */
  readonly evaluation: unknown
  /** `ModelComparison`s as plain JSON. */
  readonly comparisons: readonly unknown[]
  readonly files: BundleFiles
}

/** Bytes a row: a backup reads a few of them at a time. */
const PIECE = 512 * 1024

/** Versions that a company keeps beside those that are or were in charge. */
const KEPT = 12

/**
 * The same bundle twice is one; the oldest that never served make room.
 *
 * @returns hashes of those that were let go
 */
export async function saveBundle(tx: Transaction, bundle: NewBundle): Promise<readonly string[]> {
  const { hash, files } = bundle
  const bytes = [...files.values()].reduce((sum, file) => sum + file.length, 0)
  const added = await tx.query(
    `insert into model_bundles (tenant_id, hash, name, version, origin, run_id, created_by, bytes, meaning, card, evaluation,
       comparisons)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10::jsonb, $11::jsonb, $12::jsonb)
     on conflict do nothing returning hash`,
    [
      tx.tenant,
      hash,
      bundle.name,
      bundle.version,
      bundle.origin,
      bundle.run,
      bundle.by,
      bytes,
      JSON.stringify(bundle.meaning),
      JSON.stringify(bundle.card ?? null),
      bundle.evaluation === null ? null : JSON.stringify(bundle.evaluation),
      JSON.stringify(bundle.comparisons),
    ],
  )
  if (added.length === 0) return []
  for (const [name, content] of files) {
    for (let at = 0, piece = 0; piece === 0 || at < content.length; at += PIECE, piece++)
      await tx.query(
        'insert into model_files (tenant_id, hash, name, piece, bytes) values ($1, $2, $3, $4, $5)',
        [tx.tenant, hash, name, piece, Buffer.from(content.subarray(at, at + PIECE))],
      )
  }
  const gone = await tx.query<{ hash: string }>(
    `delete from model_bundles b where b.tenant_id = $1
       and b.hash not in (select hash from model_bundles where tenant_id = $1 order by created_at desc, hash limit $2)
       and not exists (select from models m where m.tenant_id = $1 and m.hash = b.hash)
     returning hash`,
    [tx.tenant, KEPT],
  )
  return gone.map((row) => row.hash)
}

/**
 * The files of a bundle, whichever company's: its hash is that of its content, and whoever names it has it in `models`.
 * In a system transaction.
 *
 * @throws HoldfastError `model_missing`
 */
export async function bundleFiles(tx: Transaction, hash: string): Promise<BundleFiles> {
  const rows = await tx.query<{ name: string; bytes: Buffer }>(
    `select name, bytes from model_files f
     where hash = $1 and tenant_id = (select tenant_id from model_files where hash = $1 order by tenant_id limit 1)
     order by name, piece`,
    [hash],
  )
  if (rows.length === 0)
    throw new HoldfastError(
      'model_missing',
      `The model ${hash.slice(0, 12)} is not in the database any more. Train it again, or put another one in charge.`,
    )
  const pieces = new Map<string, Buffer[]>()
  for (const { name, bytes } of rows) pieces.set(name, [...(pieces.get(name) ?? []), bytes])
  return new Map([...pieces].map(([name, parts]) => [name, Buffer.concat(parts)]))
}

export interface KeptBundle {
  readonly hash: string
  readonly name: string
  readonly version: string
  readonly origin: 'trained' | 'uploaded'
  readonly run: string | null
  readonly by: string
  readonly createdAt: Date
  readonly bytes: number
  readonly meaning: unknown
  readonly card: unknown
  readonly comparisons: readonly unknown[]
}

const COLUMNS = `hash, name, version, origin, run_id as run, created_by as by, created_at as "createdAt", bytes, meaning, card,
  comparisons`

/** Newest first. */
export function listBundles(tx: Transaction): Promise<KeptBundle[]> {
  return tx.query<KeptBundle>(
    `select ${COLUMNS} from model_bundles where tenant_id = $1 order by created_at desc, hash`,
    [tx.tenant],
  )
}

/** Null: there is none of this hash in the company. */
export async function readBundleRow(tx: Transaction, hash: string): Promise<KeptBundle | null> {
  const [row] = await tx.query<KeptBundle>(
    `select ${COLUMNS} from model_bundles where tenant_id = $1 and hash = $2`,
    [tx.tenant, hash],
  )
  return row ?? null
}

/** What was measured of a bundle, as plain JSON; null: nothing was. */
export async function bundleEvaluation(tx: Transaction, hash: string): Promise<unknown> {
  const [row] = await tx.query<{ evaluation: unknown }>(
    'select evaluation from model_bundles where tenant_id = $1 and hash = $2',
    [tx.tenant, hash],
  )
  return row?.evaluation ?? null
}

/** One model over one connection, now or before. */
export interface ServingModel {
  readonly hash: string
  readonly connection: string
  readonly connectionName: string
  readonly name: string
  readonly version: string
  readonly location: string
  readonly status: 'champion' | 'retired'
  readonly since: Date
  /** Null: Holdfast chose it. */
  readonly by: string | null
  readonly retiredAt: Date | null
}

/** Which churn models serve or have served which connections, newest first. */
export function servingModels(tx: Transaction): Promise<ServingModel[]> {
  return tx.query<ServingModel>(
    `select m.hash, c.id as connection, c.name as "connectionName", m.name, m.version, m.location, m.status, m.since,
       m.put_by as by, m.retired_at as "retiredAt"
     from models m join connections c on c.tenant_id = m.tenant_id and (c.id = m.connection_id or m.connection_id is null)
     where m.tenant_id = $1 and m.kind = 'churn' and m.status in ('champion', 'retired')
     order by m.since desc, c.created_at, c.id`,
    [tx.tenant],
  )
}
