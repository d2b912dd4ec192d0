/** Runs as a list: the log of what the loop did, newest first. */
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import type { ConnectionId, CustomerId, RunId } from '../../contracts/ids.ts'
import type { Transaction } from '../database.ts'
import type { Run } from '../runs.ts'
import type { Level } from '../../contracts/customer-terms.ts'
import { pageOf, pageSize, readCursor, type Page, type PageRequest } from './paging.ts'

export interface RunQuery extends PageRequest {
  readonly connection?: ConnectionId | undefined
  readonly step?: string | undefined
  readonly status?: Run['status'] | undefined
  readonly cause?: string | undefined
  /** Begun at or after; begun before. */
  readonly from?: Date | undefined
  readonly until?: Date | undefined
}

/** A run, and the connection as people call it; null: of none. */
export interface NamedRun extends Run {
  readonly connectionName: string | null
}

/**
 * @throws HoldfastError `request_invalid` for a cursor of another list
 * @example
 * await listRuns(tx, { status: 'failed', limit: 10 })
 */
export async function listRuns(tx: Transaction, query: RunQuery): Promise<Page<NamedRun>> {
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
  // Named in the text, not as a parameter, so that the index of the few that went wrong is found.
  if (query.status !== undefined) where.push(`r.status = '${STATUSES[query.status]}'`)
  if (query.cause !== undefined) where.push(`r.cause = ${parameter(query.cause)}`)
  if (query.from !== undefined) where.push(`r.started_at >= ${parameter(query.from)}`)
  if (query.until !== undefined) where.push(`r.started_at < ${parameter(query.until)}`)
  const rows = await tx.query<NamedRun & { readonly exact: string }>(
    `select ${RUN}, n.name as "connectionName", to_char(r.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as exact
     from runs r left join connections n on n.tenant_id = r.tenant_id and n.id = r.connection_id
     where ${where.join(' and ')} order by r.started_at desc, r.id limit ${parameter(size + 1)}`,
    values,
  )
  const page = pageOf(rows, size, 'runs', (row) => [row.exact, row.id])
  return { ...page, items: page.items.map(({ exact: _exact, ...run }) => run) }
}

const STATUSES: Readonly<Record<Run['status'], string>> = {
  running: 'running',
  done: 'done',
  failed: 'failed',
  interrupted: 'interrupted',
}

/** @throws HoldfastError `not_found` */
export async function readRun(tx: Transaction, id: RunId): Promise<NamedRun> {
  const [row] = await tx.query<NamedRun>(
    `select ${RUN}, n.name as "connectionName"
     from runs r left join connections n on n.tenant_id = r.tenant_id and n.id = r.connection_id
     where r.tenant_id = $1 and r.id = $2`,
    [tx.tenant, id],
  )
  if (row === undefined) throw new HoldfastError('not_found', 'This run is not known here.')
  return row
}

/** A customer whose risk moved in a run. */
export interface MovedCustomer {
  readonly customer: CustomerId
  readonly name: string | null
  readonly scoredAt: Date
  readonly probability: number
  readonly level: Level
  /** Of the score before; null: it is the first. */
  readonly before: number | null
}

/** Scores are looked through from the newest on, so many at most: a run of long ago has its customers in their histories. */
const LOOKED_THROUGH = 20_000

/**
 * Whose risk moved in a run that scores, newest first: what a person watches while it goes.
 *
 * @returns `whole`: whether these are all of them
 */
export async function movedInRun(
  tx: Transaction,
  run: Run,
  limit: number,
): Promise<{ readonly items: readonly MovedCustomer[]; readonly whole: boolean }> {
  const until = run.finishedAt
  const rows = await tx.query<MovedCustomer & { readonly oldest: boolean }>(
    `with newest as materialized (
       select id, customer_id, scored_at, probability, level from score_history where tenant_id = $1
       order by id desc limit ${LOOKED_THROUGH})
     select c.id as customer, c.name, h.scored_at as "scoredAt", h.probability, h.level,
       (select b.probability from score_history b
        where b.tenant_id = $1 and b.customer_id = h.customer_id and b.id < h.id order by b.scored_at desc, b.id desc limit 1
       ) as before
     from newest h join customers c on c.tenant_id = $1 and c.id = h.customer_id
     where c.connection_id = $2 and h.scored_at >= $3 and ($4::timestamptz is null or h.scored_at <= $4)
     order by h.id desc limit $5`,
    [tx.tenant, run.connection, run.startedAt, until, limit + 1],
  )
  const [edge] = await tx.query<{ further: boolean }>(
    `select exists (
       select from (select scored_at from score_history where tenant_id = $1 order by id desc offset ${LOOKED_THROUGH} limit 1) o
       where o.scored_at >= $2) as further`,
    [tx.tenant, run.startedAt],
  )
  return { items: rows.slice(0, limit), whole: rows.length <= limit && !edge.further }
}

/** A row of `runs r` as {@link Run}. */
export const RUN = `r.id, r.connection_id as connection, r.step, r.cause, r.status, r.done, r.total, r.counts,
  case when r.error_code is null then null
    else jsonb_build_object('code', r.error_code, 'message', coalesce(r.error_message, '')) end as error,
  r.started_at as "startedAt", r.finished_at as "finishedAt"`
