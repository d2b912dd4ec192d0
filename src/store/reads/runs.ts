/** Runs as a list: the log of what the loop did, newest first. */
import { z } from 'zod'
import type { ConnectionId } from '../../contracts/ids.ts'
import type { Transaction } from '../database.ts'
import type { Run } from '../runs.ts'
import { pageOf, pageSize, readCursor, type Page, type PageRequest } from './paging.ts'

export interface RunQuery extends PageRequest {
  readonly connection?: ConnectionId | undefined
  readonly step?: string | undefined
  readonly status?: Run['status'] | undefined
}

/**
 * @throws HoldfastError `request_invalid` for a cursor of another list
 * @example
 * await listRuns(tx, { status: 'failed', limit: 10 })
 */
export async function listRuns(tx: Transaction, query: RunQuery): Promise<Page<Run>> {
  const size = pageSize(query)
  const after = readCursor('runs', query, z.tuple([z.iso.datetime({ precision: 6 }), z.uuid()]))
  const values: unknown[] = [tx.tenant]
  const parameter = (value: unknown): string => `$${values.push(value)}`
  const where = ['r.tenant_id = $1']
  if (after !== null) {
    const [at, id] = after.map(parameter)
    where.push(`r.started_at <= ${at}::timestamptz
      and (r.started_at < ${at}::timestamptz or r.id > ${id}::uuid)`)
  }
  if (query.connection !== undefined) where.push(`r.connection_id = ${parameter(query.connection)}`)
  if (query.step !== undefined) where.push(`r.step = ${parameter(query.step)}`)
  if (query.status !== undefined) where.push(`r.status = ${parameter(query.status)}`)
  const rows = await tx.query<Run & { readonly exact: string }>(
    `select ${RUN}, to_char(r.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as exact
     from runs r where ${where.join(' and ')} order by r.started_at desc, r.id limit ${parameter(size + 1)}`,
    values,
  )
  const page = pageOf(rows, size, 'runs', (row) => [row.exact, row.id])
  return { ...page, items: page.items.map(({ exact: _exact, ...run }) => run) }
}

/** A row of `runs r` as {@link Run}. */
export const RUN = `r.id, r.connection_id as connection, r.step, r.cause, r.status, r.done, r.total, r.counts,
  case when r.error_code is null then null
    else jsonb_build_object('code', r.error_code, 'message', coalesce(r.error_message, '')) end as error,
  r.started_at as "startedAt", r.finished_at as "finishedAt"`
