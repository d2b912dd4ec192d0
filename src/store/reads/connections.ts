/** Connections as people watch them: how each stands, what its steps wait for, and how each step went last. */
import type { ConnectionId } from '../../contracts/ids.ts'
import type { ConnectionErasure } from '../connection-erasures.ts'
import type { Transaction } from '../database.ts'
import type { Run } from '../runs.ts'
import { TROUBLED } from './live.ts'
import { RUN } from './runs.ts'

export interface StepView {
  readonly step: string
  /** Null: nothing to do until something asks for it or the schedule does. */
  readonly dueAt: Date | null
  readonly cause: string | null
  /** Cron expression in UTC. */
  readonly schedule: string | null
  /** A worker has it now. */
  readonly running: boolean
  readonly lastDoneAt: Date | null
  /** Of the last try, when it failed. */
  readonly error: { readonly code: string; readonly message: string } | null
  /** The newest one; null: it never ran. */
  readonly lastRun: Run | null
}

export interface ConnectionView {
  readonly id: ConnectionId
  readonly kind: string
  readonly name: string
  readonly sandbox: boolean
  readonly status: 'active' | 'paused' | 'needs_reconnect' | 'disconnected'
  readonly statusReason: string | null
  /** Whether somebody said who counts as a customer; nothing is scored before. */
  readonly populationStated: boolean
  readonly createdAt: Date
  /** That what was known of its customers is being erased, or was; null: it is kept. */
  readonly erasure: Omit<ConnectionErasure, 'id'> | null
  /** In the order of the loop. */
  readonly steps: readonly StepView[]
  /** Records that the CRM refused at the last writing. */
  readonly failedWrites: number
}

export interface ConnectionFilter {
  readonly connection?: ConnectionId | null
  /** Those alone that somebody has to do something about. */
  readonly troubled?: boolean
}

/** Most connections that a list holds. */
const MOST = 200

/**
 * Oldest first; all of them (a tenant has a handful), at most 200.
 *
 * @example
 * const [{ steps }] = await watchConnections(tx)
 */
export async function watchConnections(
  tx: Transaction,
  { connection = null, troubled = false }: ConnectionFilter = {},
): Promise<readonly ConnectionView[]> {
  const connections = await tx.query<Omit<ConnectionView, 'steps' | 'erasure'> & ErasureColumns>(
    `select n.id, n.kind, n.name, n.sandbox, n.status, n.status_reason as "statusReason",
       n.population is not null as "populationStated", n.created_at as "createdAt",
       e.asked_at as "askedAt", e.customers, e.gone, e.done_at as "doneAt",
       (select count(*)::integer from write_backs w
        where w.tenant_id = n.tenant_id and w.connection_id = n.id and w.status = 'failed') as "failedWrites"
     from connections n
     left join lateral (
       select * from connection_erasures e where e.tenant_id = n.tenant_id and e.connection_id = n.id
       order by e.asked_at desc limit 1
     ) e on true
     where n.tenant_id = $1 and ($2::uuid is null or n.id = $2)${troubled ? ` and ${TROUBLED}` : ''}
     order by n.created_at, n.id limit ${MOST}`,
    [tx.tenant, connection],
  )
  const steps = await tx.query<StepView & { readonly connection: ConnectionId }>(
    `select t.connection_id as connection, t.step, t.due_at as "dueAt", t.cause, t.schedule,
       coalesce(t.lease_until > now(), false) as running, t.last_done_at as "lastDoneAt",
       case when t.error_code is null then null
         else jsonb_build_object('code', t.error_code, 'message', coalesce(t.error_message, '')) end as error,
       last.run as "lastRun"
     from steps t
     left join lateral (
       select to_jsonb(x) as run from (
         select ${RUN} from runs r
         where r.tenant_id = t.tenant_id and r.connection_id = t.connection_id and r.step = t.step
         order by r.started_at desc limit 1
       ) x
     ) last on true
     where t.tenant_id = $1 and t.connection_id = any($2::uuid[])
     order by array_position(array['sync', 'refresh', 'score', 'decide', 'write_back', 'observe', 'solve'], t.step)`,
    [tx.tenant, connections.map(({ id }) => id)],
  )
  return connections.map(({ askedAt, customers, gone, doneAt, ...connection }) => ({
    ...connection,
    erasure: askedAt === null ? null : { askedAt, customers, gone, doneAt },
    steps: steps
      .filter((step) => step.connection === connection.id)
      .map(({ connection: _connection, lastRun, ...step }) => ({ ...step, lastRun: withDates(lastRun) })),
  }))
}

/** Null in all of them where nobody asked for one. */
type ErasureColumns = Omit<ConnectionErasure, 'id' | 'askedAt'> & { readonly askedAt: Date | null }

/** What travelled as JSON has its times as text. */
function withDates(run: Run | null): Run | null {
  if (run === null) return null
  const { startedAt, finishedAt } = run
  return {
    ...run,
    startedAt: new Date(startedAt),
    finishedAt: finishedAt === null ? null : new Date(finishedAt),
  }
}
