/** Customer files that were uploaded to train on: rows that say where a file lies, until when. */
import type { Transaction } from './database.ts'

export interface TrainingFile {
  readonly id: string
  readonly name: string
  readonly format: 'csv' | 'parquet' | 'xlsx'
  readonly bytes: number
  /** Which data folder holds it. */
  readonly place: string
  readonly createdBy: string
  readonly createdAt: Date
  readonly expiresAt: Date
}

const COLUMNS = `id, name, format, bytes, place, created_by as "createdBy", created_at as "createdAt", expires_at as "expiresAt"`

/** @param hours that it is kept for; longer while a run needs it */
export async function addTrainingFile(
  tx: Transaction,
  file: Omit<TrainingFile, 'createdAt' | 'expiresAt'>,
  hours: number,
): Promise<TrainingFile> {
  const [row] = await tx.query<TrainingFile>(
    `insert into training_files (tenant_id, id, name, format, bytes, place, created_by, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(hours => $8::integer)) returning ${COLUMNS}`,
    [tx.tenant, file.id, file.name, file.format, file.bytes, file.place, file.createdBy, hours],
  )
  return row
}

/** Null: there is none, or not any more. */
export async function readTrainingFile(tx: Transaction, id: string): Promise<TrainingFile | null> {
  const [row] = await tx.query<TrainingFile>(
    `select ${COLUMNS} from training_files where tenant_id = $1 and id = $2 and expires_at > now()`,
    [tx.tenant, id],
  )
  return row ?? null
}

/** Bytes that a company has lying about. */
export async function heldBytes(tx: Transaction): Promise<number> {
  const [{ bytes }] = await tx.query<{ bytes: number }>(
    'select coalesce(sum(bytes), 0)::bigint as bytes from training_files where tenant_id = $1',
    [tx.tenant],
  )
  return bytes
}

/** From now on there is no such file. */
export async function dropTrainingFile(tx: Transaction, id: string): Promise<void> {
  await tx.query('delete from training_files where tenant_id = $1 and id = $2', [tx.tenant, id])
}

/** Files of a place that are still needed, after those whose time is up and that no run needs are gone. In a system transaction. */
export async function neededFiles(tx: Transaction, place: string): Promise<ReadonlySet<string>> {
  await tx.query(
    `delete from training_files f where f.place = $1 and f.expires_at < now() and not exists (
       select from training_runs r where r.tenant_id = f.tenant_id and r.file_id = f.id and r.state in ('queued', 'running'))`,
    [place],
  )
  const rows = await tx.query<{ id: string }>('select id from training_files where place = $1', [place])
  return new Set(rows.map(({ id }) => id))
}
