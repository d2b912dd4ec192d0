/** Training runs: asked for, taken by one process under a lease, followed while they go on, and kept as history. */
import type { ConnectionId, TenantId } from '../contracts/ids.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { Transaction } from './database.ts'

export type TrainingState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled'

export interface TrainingRun {
  readonly id: string
  readonly createdBy: string
  readonly createdAt: Date
  readonly source: 'upload' | 'connection'
  readonly sourceName: string
  readonly file: string | null
  readonly connection: ConnectionId | null
  /** What was asked for, as plain JSON. */
  readonly request: unknown
  readonly state: TrainingState
  /** 0 to 1. */
  readonly progress: number
  readonly phase: string
  readonly cancelAsked: boolean
  readonly startedAt: Date | null
  readonly finishedAt: Date | null
  readonly errorCode: string | null
  readonly errorMessage: string | null
  readonly result: unknown
  readonly bundle: string | null
  readonly attempts: number
}

/** A row of `training_runs` as {@link TrainingRun}. */
export const TRAINING_RUN = `id, created_by as "createdBy", created_at as "createdAt", source, source_name as "sourceName",
  file_id as file, connection_id as connection, request, state, progress, phase, cancel_asked as "cancelAsked",
  started_at as "startedAt", finished_at as "finishedAt", error_code as "errorCode", error_message as "errorMessage", result,
  bundle_hash as bundle, attempts`

export interface NewTrainingRun {
  readonly id: string
  readonly by: string
  readonly source: 'upload' | 'connection'
  readonly sourceName: string
  readonly file: string | null
  readonly connection: ConnectionId | null
  readonly request: unknown
  /** Of the file; null: anywhere. */
  readonly place: string | null
}

/** Runs that a company may have waiting. */
const MOST_WAITING = 5

/** @throws HoldfastError `conflict` when too many wait already */
export async function addTrainingRun(tx: Transaction, run: NewTrainingRun): Promise<TrainingRun> {
  const [{ waiting }] = await tx.query<{ waiting: number }>(
    "select count(*) as waiting from training_runs where tenant_id = $1 and state = 'queued'",
    [tx.tenant],
  )
  if (waiting >= MOST_WAITING)
    throw new HoldfastError(
      'conflict',
      `${waiting} trainings wait already; they run one after the other. Cancel one, or wait until one is done.`,
    )
  const [row] = await tx.query<TrainingRun>(
    `insert into training_runs (tenant_id, id, created_by, source, source_name, file_id, connection_id, request, place)
     values ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9) returning ${TRAINING_RUN}`,
    [
      tx.tenant,
      run.id,
      run.by,
      run.source,
      run.sourceName,
      run.file,
      run.connection,
      JSON.stringify(run.request),
      run.place,
    ],
  )
  return row
}

/** Null: there is none in the company. */
export async function readTrainingRun(tx: Transaction, id: string): Promise<TrainingRun | null> {
  const [row] = await tx.query<TrainingRun>(
    `select ${TRAINING_RUN} from training_runs where tenant_id = $1 and id = $2`,
    [tx.tenant, id],
  )
  return row ?? null
}

/**
 * One that waits is cancelled at once; one that runs is asked to stop.
 *
 * @returns null when there is none
 * @throws HoldfastError `conflict` when it has ended already
 */
export async function cancelTrainingRun(tx: Transaction, id: string): Promise<TrainingRun | null> {
  const [row] = await tx.query<TrainingRun>(
    `update training_runs set
       state = case when state = 'queued' then 'cancelled' else state end,
       finished_at = case when state = 'queued' then now() else finished_at end,
       phase = case when state = 'queued' then 'Cancelled' else 'Stopping' end,
       cancel_asked = true
     where tenant_id = $1 and id = $2 and state in ('queued', 'running') returning ${TRAINING_RUN}`,
    [tx.tenant, id],
  )
  if (row !== undefined) return row
  const found = await readTrainingRun(tx, id)
  if (found === null) return null
  throw new HoldfastError('conflict', 'This training has ended already; there is nothing to cancel.')
}

/** A run that a process has taken, with whose it is. */
export interface TakenRun extends TrainingRun {
  readonly tenant: TenantId
}

export interface Taker {
  /** Of the process. */
  readonly owner: string
  /** Its data folder. */
  readonly place: string
  readonly seconds: number
}

/**
 * The next run for a process: of the company that has waited longest since its last one, its oldest; none of a company that
 * has one running. In a system transaction.
 */
export async function takeTrainingRun(
  tx: Transaction,
  { owner, place, seconds }: Taker,
): Promise<TakenRun | null> {
  const [row] = await tx.query<TakenRun>(
    `update training_runs set state = 'running', lease_owner = $1, lease_until = now() + make_interval(secs => $3),
       attempts = attempts + 1, started_at = coalesce(started_at, now()), phase = 'Starting', progress = 0
     where (tenant_id, id) = (
       select r.tenant_id, r.id from training_runs r
       where r.state = 'queued' and (r.place is null or r.place = $2)
         and not exists (select from training_runs o where o.tenant_id = r.tenant_id and o.state = 'running')
       order by (select max(p.started_at) from training_runs p where p.tenant_id = r.tenant_id) nulls first, r.created_at, r.id
       limit 1 for update skip locked)
       and state = 'queued'
     returning tenant_id as tenant, ${TRAINING_RUN}`,
    [owner, place, seconds],
  )
  return row ?? null
}

/**
 * Says how far it is and holds it for longer.
 *
 * @returns what became of it meanwhile: `lost`: another process has it, or it has ended
 */
export async function tellTraining(
  tx: Transaction,
  id: string,
  { owner, seconds, progress, phase }: { owner: string; seconds: number; progress: number; phase: string },
): Promise<'go_on' | 'cancel' | 'lost'> {
  const [row] = await tx.query<{ cancel_asked: boolean }>(
    `update training_runs set lease_until = now() + make_interval(secs => $4), progress = greatest(progress, $5),
       phase = case when cancel_asked then phase else $6 end
     where tenant_id = $1 and id = $2 and state = 'running' and lease_owner = $3 returning cancel_asked`,
    [tx.tenant, id, owner, seconds, progress, phase],
  )
  if (row === undefined) return 'lost'
  return row.cancel_asked ? 'cancel' : 'go_on'
}

export type TrainingEnd =
  | { readonly state: 'done'; readonly result: unknown; readonly bundle: string }
  | { readonly state: 'failed'; readonly code: string; readonly message: string }
  | { readonly state: 'cancelled' }

/** @returns false: it is not this process's any more, and nothing of it counts */
export async function endTrainingRun(
  tx: Transaction,
  id: string,
  owner: string,
  end: TrainingEnd,
): Promise<boolean> {
  const ended = await tx.query(
    `update training_runs set state = $4, finished_at = now(), lease_owner = null, lease_until = null,
       phase = $5, progress = case when $4 = 'done' then 1 else progress end,
       error_code = $6, error_message = $7, result = $8::jsonb, bundle_hash = $9
     where tenant_id = $1 and id = $2 and state = 'running' and lease_owner = $3 returning id`,
    [
      tx.tenant,
      id,
      owner,
      end.state,
      ENDED[end.state],
      end.state === 'failed' ? end.code : null,
      end.state === 'failed' ? end.message : null,
      end.state === 'done' ? JSON.stringify(end.result) : null,
      end.state === 'done' ? end.bundle : null,
    ],
  )
  return ended.length > 0
}

const ENDED = { done: 'Done', failed: 'Failed', cancelled: 'Cancelled' } as const

/**
 * What became of runs whose process died: once they are taken up again, since the same file and seed give the same model;
 * the second time they have failed. In a system transaction.
 *
 * @param place of this process; what belongs to another is left to it for ten minutes, and then waits for it without
 *   keeping the company's other trainings from running
 * @returns how many
 */
export async function reviveTrainingRuns(tx: Transaction, { place }: { place: string }): Promise<number> {
  const rows = await tx.query(
    `update training_runs set
       state = case when cancel_asked then 'cancelled' when attempts < 2 then 'queued' else 'failed' end,
       phase = case when cancel_asked then 'Cancelled' when attempts < 2 then 'Waiting to be taken up again' else 'Failed' end,
       progress = case when attempts < 2 then 0 else progress end,
       finished_at = case when cancel_asked or attempts >= 2 then now() end,
       error_code = case when not cancel_asked and attempts >= 2 then 'internal' end,
       error_message = case when not cancel_asked and attempts >= 2 then
         'The process that trained ended twice before it was done, most likely for want of memory. Train on fewer rows or columns, or give the machine more memory.' end,
       lease_owner = null, lease_until = null
     where state = 'running' and lease_until < now()
       and (place is null or place = $1 or lease_until < now() - interval '10 minutes')
     returning id`,
    [place],
  )
  return rows.length
}

/** The process ends in order: another one, or this one after its start, begins anew. */
export async function giveTrainingBack(tx: Transaction, id: string, owner: string): Promise<void> {
  await tx.query(
    `update training_runs set state = case when cancel_asked then 'cancelled' else 'queued' end, progress = 0,
       phase = case when cancel_asked then 'Cancelled' else 'Waiting to be taken up again' end,
       finished_at = case when cancel_asked then now() end, attempts = attempts - 1, lease_owner = null, lease_until = null
     where tenant_id = $1 and id = $2 and state = 'running' and lease_owner = $3`,
    [tx.tenant, id, owner],
  )
}
