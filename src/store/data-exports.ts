/** Who asked for the data of a person. What is held is read when it is fetched, once; until then only whom it is about is kept, sealed. */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { HoldfastError } from '../contracts/errors.ts'
import { holdVault } from './credentials.ts'
import type { Transaction } from './database.ts'
import { pageOf, pageSize, readCursor, type Page, type PageRequest } from './reads/paging.ts'

export interface DataExport {
  readonly id: string
  readonly actor: string
  readonly reference: string | null
  readonly format: 'json' | 'html'
  readonly askedAt: Date
  /** Until when it can be fetched. */
  readonly expiresAt: Date
  readonly fetchedAt: Date | null
}

const COLUMNS = `id, actor, reference, format, asked_at as "askedAt", expires_at as "expiresAt", fetched_at as "fetchedAt"`

/** Where in the vault lies whom it is about. */
export function exportPlace(id: string): { readonly owner: string; readonly name: string } {
  return { owner: `${OWNER}${id}`, name: 'subject' }
}

const OWNER = 'data-export '

export async function addExport(
  tx: Transaction,
  {
    actor,
    reference,
    format,
    now,
    expiresAt,
  }: Pick<DataExport, 'actor' | 'reference' | 'format' | 'expiresAt'> & { readonly now: Date },
): Promise<DataExport> {
  const [row] = await tx.query<DataExport>(
    `insert into data_exports (tenant_id, id, actor, reference, format, asked_at, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7) returning ${COLUMNS}`,
    [tx.tenant, randomUUID(), actor, reference, format, now, expiresAt],
  )
  return row
}

/**
 * Fetches it for good: nobody fetches it again.
 *
 * @throws HoldfastError `not_found`; `conflict` when it was fetched or has expired
 */
export async function takeExport(tx: Transaction, id: string, now: Date): Promise<DataExport> {
  const [row] = await tx.query<DataExport>(
    `select ${COLUMNS} from data_exports where tenant_id = $1 and id = $2 for update`,
    [tx.tenant, id],
  )
  if (row === undefined) throw new HoldfastError('not_found', 'There is no such export here.')
  if (row.fetchedAt !== null)
    throw new HoldfastError(
      'conflict',
      'This export was fetched already, which is possible once. Ask for another one.',
    )
  if (row.expiresAt <= now)
    throw new HoldfastError('conflict', 'This export was not fetched in time. Ask for another one.')
  await tx.query('update data_exports set fetched_at = $3 where tenant_id = $1 and id = $2', [
    tx.tenant,
    id,
    now,
  ])
  return { ...row, fetchedAt: now }
}

/** Newest first. */
export async function listExports(tx: Transaction, request: PageRequest): Promise<Page<DataExport>> {
  const size = pageSize(request)
  const after = readCursor('data exports', request, z.tuple([z.iso.datetime({ offset: true }), z.uuid()]))
  const rows = await tx.query<DataExport & { at: string }>(
    `select ${COLUMNS}, to_char(asked_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at
     from data_exports
     where tenant_id = $1 and ($2::timestamptz is null or (asked_at, id) < ($2::timestamptz, $3::uuid))
     order by asked_at desc, id desc limit $4`,
    [tx.tenant, after?.[0] ?? null, after?.[1] ?? null, size + 1],
  )
  const page = pageOf(rows, size, 'data exports', ({ at, id }) => [at, id])
  return { ...page, items: page.items.map(({ at: _at, ...line }) => line) }
}

/** Whom those are about that nobody fetched in time is forgotten. */
export async function expireExports(tx: Transaction, now: Date): Promise<void> {
  await holdVault(tx)
  await tx.query(
    `delete from credentials c using data_exports e
     where c.tenant_id = $1 and c.owner = '${OWNER}' || e.id::text and e.tenant_id = $1 and e.expires_at <= $2`,
    [tx.tenant, now],
  )
}
