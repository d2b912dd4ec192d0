/** Passes of steps over connections, with their progress: what a person watches, and what is left when one ends. */
import { randomUUID } from 'node:crypto'
import { asConnection, asRun, type ConnectionId, type RunId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'

export interface Run {
  readonly id: RunId
  readonly connection: ConnectionId | null
  readonly step: string
  /** schedule, webhook, events, api, cli, settings, first, or the step before. */
  readonly cause: string
  /** `interrupted`: its process ended or drained; the step runs again. */
  readonly status: 'running' | 'done' | 'failed' | 'interrupted'
  readonly done: number
  /** Null: not known beforehand. */
  readonly total: number | null
  readonly counts: Readonly<Record<string, number>>
  readonly error: { readonly code: string; readonly message: string } | null
  readonly startedAt: Date
  readonly finishedAt: Date | null
}

/**
 * Begins a run. Whoever calls holds the step's lease, so a run of it that still says `running` is of a process that
 * died: it becomes `interrupted`.
 *
 * @example
 * const run = await startRun(tx, { connection, step: 'sync', cause: 'schedule' })
 */
export async function startRun(
  tx: Transaction,
  { connection, step, cause }: { connection: ConnectionId; step: string; cause: string },
): Promise<RunId> {
  await tx.query(
    `update runs set status = 'interrupted', finished_at = now()
     where tenant_id = $1 and connection_id = $2 and step = $3 and status = 'running'`,
    [tx.tenant, connection, step],
  )
  const run = asRun(randomUUID())
  await tx.query(
    `insert into runs (tenant_id, id, connection_id, step, cause, status) values ($1, $2, $3, $4, $5, 'running')`,
    [tx.tenant, run, connection, step, cause],
  )
  return run
}

/** Nothing happens to a run that has ended meanwhile. */
export async function saveProgress(
  tx: Transaction,
  run: RunId,
  { done, total }: { done: number; total: number | null },
): Promise<void> {
  await tx.query(
    `update runs set done = $3, total = $4 where tenant_id = $1 and id = $2 and status = 'running'`,
    [tx.tenant, run, done, total],
  )
}

export type RunEnd =
  | { readonly status: 'done' | 'interrupted'; readonly counts: Readonly<Record<string, number>> }
  | { readonly status: 'failed'; readonly error: { readonly code: string; readonly message: string } }

/** Ends a run that is still `running`; one that another process declared interrupted stays so. */
export async function endRun(tx: Transaction, run: RunId, end: RunEnd): Promise<void> {
  const error = end.status === 'failed' ? end.error : null
  const counts = end.status === 'failed' ? {} : end.counts
  await tx.query(
    `update runs set status = $3, counts = $4, error_code = $5, error_message = $6, finished_at = now()
     where tenant_id = $1 and id = $2 and status = 'running'`,
    [tx.tenant, run, end.status, JSON.stringify(counts), error?.code ?? null, error?.message ?? null],
  )
}

interface Row {
  readonly id: string
  readonly connection_id: string | null
  readonly step: string
  readonly cause: string
  readonly status: Run['status']
  readonly done: number
  readonly total: number | null
  readonly counts: Readonly<Record<string, number>>
  readonly error_code: string | null
  readonly error_message: string | null
  readonly started_at: Date
  readonly finished_at: Date | null
}

/** Newest first. */
export async function recentRuns(
  tx: Transaction,
  { connection = null, limit = 50 }: { connection?: ConnectionId | null; limit?: number } = {},
): Promise<readonly Run[]> {
  const rows = await tx.query<Row>(
    `select id, connection_id, step, cause, status, done, total, counts, error_code, error_message,
            started_at, finished_at
     from runs where tenant_id = $1 and ($2::uuid is null or connection_id = $2)
     order by started_at desc, id limit $3`,
    [tx.tenant, connection, limit],
  )
  return rows.map((row) => ({
    id: asRun(row.id),
    connection: row.connection_id === null ? null : asConnection(row.connection_id),
    step: row.step,
    cause: row.cause,
    status: row.status,
    done: row.done,
    total: row.total,
    counts: row.counts,
    error: row.error_code === null ? null : { code: row.error_code, message: row.error_message ?? '' },
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  }))
}
