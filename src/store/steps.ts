/**
 * What is to be done next for a connection, a row a step: the truth that the queue dispatches.
 *
 * A step is due when its due_at has come, or when the lease of the worker that held it has run out. Taking the
 * lease empties due_at, so that whatever asks for the step while it runs is seen when it ends.
 */
import { HoldfastError } from '../contracts/errors.ts'
import { asConnection, asTenant, type ConnectionId, type TenantId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'
import { nextRun } from './schedule.ts'
import { databaseTime } from './time.ts'

/**
 * Asks for a step; asking twice is asking once. An earlier time wins over a later one. A step that was given up
 * starts over.
 *
 * @param at default: now, in database time
 * @example
 * await requestStep(tx, { connection, step: 'score', cause: 'sync' })
 */
export async function requestStep(
  tx: Transaction,
  {
    connection,
    step,
    cause,
    at = null,
  }: { connection: ConnectionId; step: string; cause: string; at?: Date | null },
): Promise<void> {
  await tx.query(
    `insert into steps (tenant_id, connection_id, step, due_at, cause)
     values ($1, $2, $3, coalesce($4::timestamptz, now()), $5)
     on conflict (tenant_id, connection_id, step) do update set
       due_at = least(steps.due_at, excluded.due_at),
       cause = case when steps.due_at <= excluded.due_at then steps.cause else excluded.cause end,
       attempts = case when steps.due_at is null and steps.lease_until is null then 0 else steps.attempts end`,
    [tx.tenant, connection, step, at, cause],
  )
}

/**
 * The steps of a new connection: one is due at once, the others when their schedule says so.
 *
 * @param schedules cron expression in UTC, by step
 * @throws HoldfastError `settings_invalid`
 * @example
 * await addSteps(tx, { connection, schedules: { sync: '0 * * * *', observe: '30 2 * * *' }, first: 'sync' })
 */
export async function addSteps(
  tx: Transaction,
  {
    connection,
    schedules,
    first,
  }: { connection: ConnectionId; schedules: Readonly<Record<string, string>>; first: string },
): Promise<void> {
  const now = await databaseTime(tx)
  const steps = Object.entries(schedules).map(([step, schedule]) => {
    const due = step === first ? now : nextRun(schedule, now, connection)
    return { step, schedule, due_at: due, cause: step === first ? 'first' : 'schedule' }
  })
  await tx.query(
    `insert into steps (tenant_id, connection_id, step, schedule, due_at, cause)
     select $1, $2, step, schedule, due_at, cause
     from json_to_recordset($3) as s (step text, schedule text, due_at timestamptz, cause text)`,
    [tx.tenant, connection, JSON.stringify(steps)],
  )
}

/**
 * @param schedule cron expression in UTC; null: only when asked for
 * @throws HoldfastError `settings_invalid`
 * @example
 * await setSchedule(tx, { connection, step: 'sync', schedule: '0 * * * *' })
 */
export async function setSchedule(
  tx: Transaction,
  { connection, step, schedule }: { connection: ConnectionId; step: string; schedule: string | null },
): Promise<void> {
  const now = await databaseTime(tx)
  const next = schedule === null ? null : nextRun(schedule, now, connection)
  // What the old schedule had set goes; what somebody asked for stays.
  await tx.query(
    `insert into steps (tenant_id, connection_id, step, schedule, due_at, cause)
     values ($1, $2, $3, $4, $5, 'schedule')
     on conflict (tenant_id, connection_id, step) do update set
       schedule = excluded.schedule,
       due_at = case when steps.cause = 'schedule' and steps.due_at > now() then excluded.due_at
                     else least(steps.due_at, excluded.due_at) end,
       cause = case when steps.due_at is null or steps.due_at > now() and steps.cause = 'schedule'
                         or steps.due_at > excluded.due_at
                    then 'schedule' else steps.cause end`,
    [tx.tenant, connection, step, schedule, next],
  )
}

export interface DueStep {
  readonly tenant: TenantId
  readonly connection: ConnectionId
  readonly step: string
  /** Microseconds since 1970 at which it became due: another one each time. */
  readonly since: number
}

/**
 * Of each tenant and step the longest due, all tenants' first before any second. What runs counts against the bound.
 * Connections that are not active wait. In a system transaction.
 *
 * @param tenants null: of all
 */
export async function dueSteps(
  tx: Transaction,
  {
    limitPerTenant,
    limit,
    tenants = null,
  }: { limitPerTenant: number; limit: number; tenants?: readonly TenantId[] | null },
): Promise<readonly DueStep[]> {
  const rows = await tx.query<{ tenant_id: string; connection_id: string; step: string; since: number }>(
    `select tenant_id, connection_id, step, (extract(epoch from since) * 1000000)::bigint as since
     from (
       select *, row_number() over (
         partition by tenant_id, step order by running desc, since, connection_id
       ) as place
       from (
         select s.tenant_id, s.connection_id, s.step, coalesce(s.lease_until > now(), false) as running,
                coalesce(s.due_at, s.lease_until) as since
         from steps s
         join connections c on c.tenant_id = s.tenant_id and c.id = s.connection_id and c.status = 'active'
         where (s.due_at <= now() or s.lease_until is not null)
           and ($1::uuid[] is null or s.tenant_id = any ($1))
       ) as candidate
     ) as ranked
     where place <= $2 and not running
     order by place, since
     limit $3`,
    [tenants, limitPerTenant, limit],
  )
  return rows.map((row) => ({
    tenant: asTenant(row.tenant_id),
    connection: asConnection(row.connection_id),
    step: row.step,
    since: row.since,
  }))
}

/** Names one holding of a step; `owner` is never the same twice. */
export interface StepLease {
  readonly connection: ConnectionId
  readonly step: string
  readonly owner: string
}

/**
 * Takes a step that is due, in database time.
 *
 * @returns null: it is not due, somebody else holds it, or its connection is not active
 */
export async function leaseStep(
  tx: Transaction,
  { connection, step, owner }: StepLease,
  seconds: number,
): Promise<{ readonly cause: string; readonly attempts: number } | null> {
  // Whoever let a lease run out died or froze: an attempt that failed, lest a step that kills its process does for ever.
  const [row] = await tx.query<{ cause: string | null; attempts: number }>(
    `update steps s set
       lease_owner = $4, lease_until = now() + make_interval(secs => $5),
       due_at = case when due_at > now() then due_at end,
       attempts = attempts + (lease_until is not null)::int
     where tenant_id = $1 and connection_id = $2 and step = $3
       and case when lease_until is null then due_at <= now() else lease_until <= now() end
       and exists (
         select from connections c where c.tenant_id = $1 and c.id = $2 and c.status = 'active'
       )
     returning cause, attempts`,
    [tx.tenant, connection, step, owner, seconds],
  )
  return row === undefined ? null : { cause: row.cause ?? 'schedule', attempts: row.attempts }
}

/** @returns false: somebody else holds it now */
export async function renewStep(
  tx: Transaction,
  { connection, step, owner }: StepLease,
  seconds: number,
): Promise<boolean> {
  const rows = await tx.query(
    `update steps set lease_until = now() + make_interval(secs => $5)
     where tenant_id = $1 and connection_id = $2 and step = $3 and lease_owner = $4 returning step`,
    [tx.tenant, connection, step, owner, seconds],
  )
  return rows.length > 0
}

/**
 * The pass is done: due again when its schedule says so, or at once when somebody asked meanwhile.
 *
 * @throws HoldfastError `lease_lost`
 */
export async function finishStep(tx: Transaction, lease: StepLease): Promise<void> {
  const { schedule, now } = await held(tx, lease)
  const next = schedule === null ? null : nextRun(schedule, now, lease.connection)
  await tx.query(
    `update steps set
       lease_owner = null, lease_until = null, attempts = 0, error_code = null, error_message = null,
       last_done_at = now(), due_at = least(due_at, $4),
       cause = case when due_at <= $4 or $4::timestamptz is null then cause else 'schedule' end
     where tenant_id = $1 and connection_id = $2 and step = $3`,
    [tx.tenant, lease.connection, lease.step, next],
  )
}

export interface StepFailure {
  readonly code: string
  readonly message: string
  /** Whether the same pass can succeed later without anybody changing anything. */
  readonly retryable: boolean
}

/** Seconds until a failed step is tried again; the real wait is half of it to one and a half. */
const BACKOFF = { first: 30, most: 3600 } as const

/**
 * The pass failed. It is tried again after a wait that doubles with each failure in a row. A step that cannot
 * succeed by itself, or did not `maxAttempts` times, is given up until somebody asks for it, its error kept; one
 * whose error may pass and that has a schedule is tried again when that says so. While its connection is not active
 * it waits for that.
 *
 * @throws HoldfastError `lease_lost`
 */
export async function failStep(
  tx: Transaction,
  lease: StepLease,
  { code, message, retryable }: StepFailure,
  { maxAttempts, chance = Math.random }: { maxAttempts: number; chance?: () => number },
): Promise<'waits' | 'dead'> {
  const { schedule, now, attempts, asked, active } = await held(tx, lease)
  const failures = attempts + 1
  const wait = Math.min(BACKOFF.most, BACKOFF.first * 2 ** Math.min(attempts, 20)) * (0.5 + chance())
  const again = new Date(now.getTime() + wait * 1000)
  const hopeless = !retryable || failures >= maxAttempts
  const next = hopeless && retryable && schedule !== null ? nextRun(schedule, now, lease.connection) : null
  const due = !active ? now : !hopeless || asked ? again : next
  await tx.query(
    `update steps set
       lease_owner = null, lease_until = null, attempts = $4, error_code = $5, error_message = $6, due_at = $7
     where tenant_id = $1 and connection_id = $2 and step = $3`,
    [tx.tenant, lease.connection, lease.step, active ? failures : attempts, code, message, due],
  )
  return due === null ? 'dead' : 'waits'
}

/** The pass was broken off and nothing is wrong: another one may take it at once. Nothing happens to a lost lease. */
export async function releaseStep(tx: Transaction, { connection, step, owner }: StepLease): Promise<void> {
  await tx.query(
    `update steps set lease_owner = null, lease_until = null, due_at = least(due_at, now())
     where tenant_id = $1 and connection_id = $2 and step = $3 and lease_owner = $4`,
    [tx.tenant, connection, step, owner],
  )
}

export interface StepState {
  readonly connection: ConnectionId
  readonly step: string
  /** `dead`: given up until somebody asks for it. */
  readonly state: 'running' | 'due' | 'waiting' | 'dead' | 'idle'
  readonly dueAt: Date | null
  readonly schedule: string | null
  readonly attempts: number
  readonly error: { readonly code: string; readonly message: string } | null
  readonly lastDoneAt: Date | null
}

/** How the steps of a tenant stand, for people who look. */
export async function listSteps(
  tx: Transaction,
  { connection = null }: { connection?: ConnectionId | null } = {},
): Promise<readonly StepState[]> {
  const rows = await tx.query<{
    connection_id: string
    step: string
    state: StepState['state']
    due_at: Date | null
    schedule: string | null
    attempts: number
    error_code: string | null
    error_message: string | null
    last_done_at: Date | null
  }>(
    `select connection_id, step, due_at, schedule, attempts, error_code, error_message, last_done_at,
       case when lease_until > now() then 'running'
            when lease_until is not null or due_at <= now() then 'due'
            when due_at is not null then 'waiting'
            when error_code is not null then 'dead'
            else 'idle' end as state
     from steps where tenant_id = $1 and ($2::uuid is null or connection_id = $2)
     order by connection_id, array_position(array['sync', 'refresh', 'score', 'decide', 'write_back', 'observe', 'solve'], step)`,
    [tx.tenant, connection],
  )
  return rows.map((row) => ({
    connection: asConnection(row.connection_id),
    step: row.step,
    state: row.state,
    dueAt: row.due_at,
    schedule: row.schedule,
    attempts: row.attempts,
    error: row.error_code === null ? null : { code: row.error_code, message: row.error_message ?? '' },
    lastDoneAt: row.last_done_at,
  }))
}

interface Held {
  readonly schedule: string | null
  readonly now: Date
  readonly attempts: number
  readonly asked: boolean
  readonly active: boolean
}

async function held(tx: Transaction, { connection, step, owner }: StepLease): Promise<Held> {
  const [row] = await tx.query<Held>(
    `select s.schedule, now() as now, s.attempts, s.due_at is not null as asked, c.status = 'active' as active
     from steps s join connections c on c.tenant_id = s.tenant_id and c.id = s.connection_id
     where s.tenant_id = $1 and s.connection_id = $2 and s.step = $3 and s.lease_owner = $4
     for update of s`,
    [tx.tenant, connection, step, owner],
  )
  if (row !== undefined) return row
  throw new HoldfastError(
    'lease_lost',
    'This pass was held up for longer than its lease, and another worker took it over. Nothing is lost; what it does again changes nothing.',
  )
}
